// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command assets builds the control plane's binaries where they are missing and
// prints the folder that has them, for KUBEBUILDER_ASSETS. Its arguments name
// binaries wanted beside etcd and kube-apiserver.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	dir, err := controlplane.Assets(ctx, os.Stderr, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1) //nolint:gocritic // There is nothing left to clean up.
	}
	fmt.Println(dir)
}
