// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command kube-apiserver is the pinned kube-apiserver, as its own module builds it.
package main

import (
	"os"
	_ "time/tzdata" // The machine may have no time zone database.

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/kubernetes/internal/lifeline"
)

func main() {
	go lifeline.ExitWithParent(os.Getppid())
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
