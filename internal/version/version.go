// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package version tells which build of the provider this is.
package version

// Version of the build, set by the linker.
var version = "v0.0.0"

// String returns the version, such as v0.1.0.
func String() string {
	return version
}

// UserAgent returns how the provider names itself to Scaleway.
func UserAgent() string {
	return "crossplane-provider-upjet-scaleway/" + version
}
