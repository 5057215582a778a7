// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package process

import "syscall"

func setAttributes(a *syscall.SysProcAttr) {
	a.Setpgid = true
}
