// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"encoding/json"
	"os"
	"runtime"
	"testing"
)

// allocationsFile holds what was recorded last, by
// RECORD=1 go test ./internal/controller/managed -run TestAllocations.
const allocationsFile = "testdata/allocations.json"

// allocationsTolerance is how much more is no regression: maps grow at random.
const allocationsTolerance = 1.05

// Allocations of doing something once.
type allocations struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// TestAllocations fails if the hot path allocates more than was recorded. Unlike
// time, that does not depend on the machine.
func TestAllocations(t *testing.T) {
	recorded := map[string]allocations{}

	if b, err := os.ReadFile(allocationsFile); err == nil {
		if err := json.Unmarshal(b, &recorded); err != nil {
			t.Fatal(err)
		}
	}

	measured := map[string]allocations{}

	for name, prepare := range hotPath {
		got, limit := measure(prepare(t)), recorded[name]
		measured[name] = got

		if float64(got.Objects) > allocationsTolerance*float64(limit.Objects) || float64(got.Bytes) > allocationsTolerance*float64(limit.Bytes) {
			if os.Getenv("RECORD") == "" {
				t.Errorf("%s allocates %d objects of %d bytes, and %d of %d were recorded: find out why, or record it with RECORD=1", name, got.Objects, got.Bytes, limit.Objects, limit.Bytes)
			}
		}
	}

	if os.Getenv("RECORD") == "" {
		return
	}

	b, err := json.MarshalIndent(measured, "", "  ")
	if err == nil {
		err = os.WriteFile(allocationsFile, append(b, '\n'), 0o644)
	}

	if err != nil {
		t.Fatal(err)
	}
}

func measure(once func()) allocations {
	const runs = 200

	var before, after runtime.MemStats

	once() // What is only done the first time is not of interest.
	runtime.ReadMemStats(&before)

	for range runs {
		once()
	}

	runtime.ReadMemStats(&after)

	return allocations{Objects: int64(after.Mallocs-before.Mallocs) / runs, Bytes: int64(after.TotalAlloc-before.TotalAlloc) / runs}
}
