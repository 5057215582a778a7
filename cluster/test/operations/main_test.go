// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package operations tests what whoever runs the provider counts on, with the
// provider that ships on a real kube-apiserver: its rights, its probes, several
// replicas, outages, and what it tells.
package operations

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// parallel is how many tests run at a time: they wait more than they work.
const parallel = 6

func TestMain(m *testing.M) {
	flag.Parse()

	if err := flag.Set("test.parallel", fmt.Sprint(parallel)); err != nil {
		panic(err)
	}

	os.Exit(framework.Run(m))
}
