// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package matrix interrupts the creation of tokens in every way that is known,
// and counts what is left: at Scaleway, in Kubernetes, and in Secrets.
package matrix

import (
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestMain(m *testing.M) {
	os.Exit(framework.Run(m))
}
