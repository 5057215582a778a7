// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package operations tests what whoever runs the provider counts on, with the
// provider that ships on a real kube-apiserver: its rights, its probes, several
// replicas, outages, and what it tells.
package operations

import (
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestMain(m *testing.M) {
	os.Exit(framework.Run(m))
}
