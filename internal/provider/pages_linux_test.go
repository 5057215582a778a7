// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"testing"
)

// What the process has read of its binary to start is given back, and it goes on.
func TestReleaseBinary(t *testing.T) {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()

	if f.Type != elf.ET_EXEC {
		t.Skipf("nothing is released of a binary that was built as %s", f.Type)
	}

	before := filePages(t)

	if err := releaseBinary(); err != nil {
		t.Fatal(err)
	}

	if after := filePages(t); after > before/2 {
		t.Errorf("releaseBinary(): %d pages of files are mapped, of %d before", after, before)
	}

	// That walks what is alive, and needs the constants that tell where pointers are.
	runtime.GC()
}

// filePages returns how many pages of files are mapped.
func filePages(t *testing.T) int {
	t.Helper()

	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}

	var size, resident, file int
	if _, err := fmt.Sscan(string(b), &size, &resident, &file); err != nil {
		t.Fatal(err)
	}

	return file
}
