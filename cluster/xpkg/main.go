// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command xpkg builds the Crossplane packages of this repository without a container
// engine: an OCI image for each architecture, from a static binary and nothing
// else, and the package around it. It also serves such packages, for tests.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	Build  buildCmd  `cmd:"" help:"Build a package, for each architecture, from a checkout."`
	Image  imageCmd  `cmd:"" help:"Build an image from a binary."`
	Push   pushCmd   `cmd:"" help:"Push a package that was built, with its bills of materials, to a registry."`
	Serve  serveCmd  `cmd:"" help:"Serve a registry on a loopback address until it is told to stop. It keeps everything in memory."`
	Unpack unpackCmd `cmd:"" help:"Write the files of an image into a folder, and print its configuration."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	c := &cli{}
	k := kong.Parse(c,
		kong.Name("xpkg"),
		kong.Description("Builds the Crossplane packages of this repository without a container engine."),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	k.FatalIfErrorf(k.Run())
}
