// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package bench measures the provider side by side with Terraform and with plain
// calls of Scaleway's API: see README.md.
package bench

import (
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestMain(m *testing.M) {
	if os.Getenv(envLoop) != "" {
		os.Exit(loopMain())
	}

	// A kube-apiserver takes longer than the tests that need none.
	if os.Getenv("BENCH_TOKENS") == "" && os.Getenv("BENCH_CHECK") == "" {
		os.Exit(m.Run())
	}

	os.Exit(framework.Run(m, framework.WithAudit()))
}
