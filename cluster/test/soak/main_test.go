// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package soak creates and deletes tokens under random faults, and counts what is
// left.
package soak

import (
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestMain(m *testing.M) {
	os.Exit(framework.Run(m))
}
