// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package provider

// releaseBinary does nothing: only Linux is known well enough.
func releaseBinary() error { return nil }
