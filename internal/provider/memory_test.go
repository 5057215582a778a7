// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A process that has much in memory and little to do collects garbage sooner.
func TestThrift(t *testing.T) {
	const second = uint64(restRate)

	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

	var got []int

	th, current, changes := newThrift(), gcBusy, 0
	th.now = func() time.Time { return now }
	th.set = func(percent int) int {
		changes++
		current = percent

		return 0
	}

	steps := []struct {
		reason string
		live   uint64
		// allocated since the last look, in the ten seconds between.
		allocated uint64
		want      int
	}{
		{"Nothing is known of what it does.", 2 * restLive, 0, gcBusy},
		{"It has little to do.", 2 * restLive, 10 * second, gcRest},
		{"It has little in memory.", restLive - 1, 10 * second, gcBusy},
		{"It has little to do, and just enough in memory.", restLive, 0, gcRest},
		{"It has much to do.", 2 * restLive, 10*second + 1, gcBusy},
		{"It has done it.", 2 * restLive, 1, gcRest},
	}

	var (
		want      []int
		allocated uint64
	)

	for _, s := range steps {
		now = now.Add(restInterval)
		allocated += s.allocated
		want = append(want, s.want)
		th.look(s.live, allocated)

		got = append(got, current)
	}

	if diff := cmp.Diff(5, changes); diff != "" {
		t.Errorf("look(...) sets what is set already: -want changes, +got changes:\n%s", diff)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("look(...): -want, +got:\n%s", diff)
	}
}

// The names of what the runtime measures are those that it knows.
func TestHeap(t *testing.T) {
	runtime.GC()

	if live, allocated := heap(); live == 0 || allocated < live {
		t.Errorf("heap(): got %d bytes alive of %d, want some", live, allocated)
	}
}

// Who sets GOGC has set it.
func TestThriftLeavesGOGC(t *testing.T) {
	t.Setenv("GOGC", "150")

	// It would not end before the context does.
	if err := newThrift().Start(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
