// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package tenants tests, with the provider that ships on a real kube-apiserver and
// the local Scaleway API, that tenants are kept apart.
package tenants

import (
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestMain(m *testing.M) {
	os.Exit(framework.Run(m))
}
