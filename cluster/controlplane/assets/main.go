// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command assets builds the control plane's binaries where they are missing and
// prints the folder that has them, for KUBEBUILDER_ASSETS. Its arguments name
// binaries wanted beside etcd and kube-apiserver. Where they name crossplane or
// crank, it is those that are built, and their folder that is printed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	assets := controlplane.Assets
	if slices.Contains(os.Args[1:], controlplane.Crossplane) || slices.Contains(os.Args[1:], controlplane.Crank) {
		assets = controlplane.CrossplaneAssets
	}

	dir, err := assets(ctx, os.Stderr, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1) //nolint:gocritic // There is nothing left to clean up.
	}
	fmt.Println(dir)
}
