// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package admission tests what is refused before anything is created: by the
// rules of the CRDs, and by the provider where a CRD without them is installed.
package admission

import (
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestMain(m *testing.M) {
	os.Exit(framework.Run(m, framework.WithoutRules()))
}
