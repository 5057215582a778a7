// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command demo runs the provider end to end on a machine that has only the Go
// toolchain: a real kube-apiserver, the provider, and a local Scaleway API, on
// free ports of 127.0.0.1. It applies the examples, waits until all is Ready,
// shows what came of it, deletes everything and checks that nothing is left. Run
// it at the root of the checkout.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

type cli struct {
	Stay bool `help:"Once all is Ready, stay up until Ctrl-C, and say how to use the cluster."`

	ProviderBinary string `help:"The provider. It is built if this is not given." type:"existingfile" placeholder:"FILE"`
	FakeBinary     string `help:"The local Scaleway API. It is built if this is not given." type:"existingfile" placeholder:"FILE"`

	ScalewayCredentials string `help:"Use Scaleway's own API, with the credentials in this file: the JSON that a ProviderConfig's Secret holds. What is created there costs money until it is deleted, which happens at the end." type:"existingfile" placeholder:"FILE"`

	CRDs      []string      `name:"crds" help:"CustomResourceDefinitions to install: files, or folders of files." default:"package/crds" placeholder:"PATH"`
	Manifests []string      `help:"Manifests to apply: files, or folders of files. The default is all examples, or, at Scaleway's own API, those of tokens." placeholder:"PATH"`
	Timeout   time.Duration `help:"How long all may take to become Ready, and again to be deleted." default:"10m"`
}

func main() {
	c := &cli{}
	k := kong.Parse(c, kong.Name("demo"), kong.Description("Runs the examples end to end on this machine, then takes everything away."))
	// Without one controller-runtime prints a stack trace to complain.
	log.SetLogger(logr.Discard())

	orphaned, cancel := context.WithCancelCause(context.Background())
	go func() {
		process.AwaitParentExit(os.Getppid())
		cancel(errors.New("the process that started this one has ended"))
	}()
	ctx, stop := signal.NotifyContext(orphaned, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, func() {
		fmt.Fprintln(os.Stderr, "Stopping. Another Ctrl-C kills, and leaves temporary files behind.")
		stop()
	})

	k.FatalIfErrorf(c.run(ctx))
}

func (c *cli) run(ctx context.Context) error {
	var credentials []byte
	if c.ScalewayCredentials != "" {
		b, err := os.ReadFile(c.ScalewayCredentials)
		if err != nil {
			return errors.Wrap(err, "cannot read the credentials")
		}
		credentials = b
	}
	if len(c.Manifests) == 0 {
		c.Manifests = []string{"examples/providerconfig", "examples/container", "examples/registry", "examples/iam"}
		if credentials != nil {
			// The others need a host name of the user's.
			c.Manifests = []string{"examples/providerconfig", "examples/container/token.yaml"}
		}
	}
	objects, err := readManifests(c.Manifests...)
	if err != nil {
		return err
	}

	d := &demo{cli: c, out: os.Stdout, objects: objects, credentials: credentials}
	return d.run(ctx)
}
