// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package lifeline ties a process to the one that started it.
package lifeline

import (
	"os"
	"time"
)

// ExitWithParent ends this process once its parent is gone. It does not
// return: run it in a goroutine. A test or a demo that is killed cannot stop
// what it started, which would then run for ever.
func ExitWithParent(pid int) {
	for os.Getppid() == pid {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
