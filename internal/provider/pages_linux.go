// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"debug/elf"
	"os"
	"syscall"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// releaseBinary gives back the pages of the binary that this process has read: those of
// its code, and of its constants. To start it has to go through Terraform's provider for
// all of Scaleway's products, and needs little of that again. What it needs is mapped anew
// from the page cache, or read.
func releaseBinary() error {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		return errors.Wrap(err, "cannot read the headers of the binary")
	}
	defer func() { _ = f.Close() }()

	// The pages of any other kind of binary hold addresses that were put there when it was
	// loaded, and that its file does not have.
	if f.Type != elf.ET_EXEC {
		return nil
	}

	page := uint64(os.Getpagesize()) //nolint:gosec // It is some kilobytes.

	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W != 0 {
			continue
		}

		// A page that a segment begins or ends in may belong to one that is written to.
		from, to := (p.Vaddr+page-1)/page*page, (p.Vaddr+p.Filesz)/page*page

		if from >= to {
			continue
		}

		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), syscall.MADV_DONTNEED); errno != 0 {
			return errors.Wrapf(errno, "cannot release the pages from %#x to %#x", from, to)
		}
	}

	return nil
}
