// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

const (
	// stopGrace is how long a process may take to stop before it is killed.
	stopGrace = 15 * time.Second

	logTailLines = 20
	indent       = "   "
)

// A demo is one run of this command.
type demo struct {
	*cli

	out         io.Writer
	objects     []*unstructured.Unstructured // To apply, in this order.
	credentials []byte                       // For Scaleway's own API, or nil.

	// What the steps leave to later ones.
	steps       int
	dir         string // For binaries and logs.
	kubectl     string
	controllers bool
	plane       *controlplane.ControlPlane
	api         scalewayAPI
	stops       []func() error
}

// run the steps, then stop what they have started, whatever comes of them.
func (d *demo) run(ctx context.Context) (err error) {
	d.dir, err = os.MkdirTemp("", "provider-scaleway-demo-")
	if err != nil {
		return errors.Wrap(err, "cannot create a folder for logs")
	}
	keepLogs := false
	defer func() { err = errors.Join(err, d.stop(keepLogs)) }()

	// alive ends once a process has ended that nothing works without; running ends
	// then too, and once the user has enough.
	alive, ended := context.WithCancelCause(context.WithoutCancel(ctx))
	defer ended(nil)
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(alive, func() { cancel(context.Cause(alive)) })()

	if err := d.start(running, ended); err != nil {
		return err
	}

	err = d.use(running)
	if err == nil && d.Stay {
		err = d.stay(ctx, running)
	}
	switch {
	case d.api.Persists():
		// After a failure and an interrupt too: what is left there costs money.
		err = errors.Join(err, d.cleanUp(alive))
	case err == nil && !d.Stay:
		err = d.cleanUp(running)
	}
	if err != nil && ctx.Err() == nil {
		keepLogs = true
		log := d.logPath("provider")
		err = errors.Errorf("%w\n\nThe provider's log is %s. It ends:\n%s", err, log, process.Tail(log, logTailLines))
	}
	return err
}

// start all that runs. It calls ended should any of it end by itself.
func (d *demo) start(ctx context.Context, ended context.CancelCauseFunc) error {
	if err := d.do(ctx, "Build what is missing", d.build); err != nil {
		return err
	}
	if err := d.do(ctx, "Start etcd and kube-apiserver", d.startPlane); err != nil {
		return err
	}
	if err := d.do(ctx, "Start the Scaleway API", func(ctx context.Context) error { return d.startAPI(ctx, ended) }); err != nil {
		return err
	}
	return d.do(ctx, "Start the provider", func(context.Context) error { return d.startProvider(ended) })
}

// use what was started: what this is a demo of.
func (d *demo) use(ctx context.Context) error {
	if err := d.do(ctx, "Apply "+strings.Join(d.Manifests, ", "), d.apply); err != nil {
		return err
	}
	if err := d.do(ctx, "Wait until every managed resource is Synced and Ready", d.awaitReady); err != nil {
		return err
	}
	return d.do(ctx, "Show the managed resources and the tokens", d.show)
}

// cleanUp deletes what was applied.
func (d *demo) cleanUp(ctx context.Context) error {
	if err := d.do(ctx, "Delete the managed resources", d.delete); err != nil {
		return err
	}
	return d.do(ctx, "Check that nothing is left in the Scaleway API", func(ctx context.Context) error {
		line, err := d.api.Left(ctx)
		if err == nil {
			d.say("%s", line)
		}
		return err
	})
}

// do a step, and say how long it took.
func (d *demo) do(ctx context.Context, title string, step func(context.Context) error) error {
	d.steps++
	d.print("%d. %s\n", d.steps, title)
	started := time.Now()
	err := step(ctx)
	if ctx.Err() != nil {
		// Whatever failed did so for this reason.
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	d.say("done in %s", time.Since(started).Round(100*time.Millisecond))
	return nil
}

// say something about the step, on one line.
func (d *demo) say(format string, args ...any) {
	d.print(indent+format+"\n", args...)
}

func (d *demo) print(format string, args ...any) {
	// Where nobody can read any more there is nobody to tell.
	_, _ = fmt.Fprintf(d.out, format, args...)
}

// stop all that was started, last first.
func (d *demo) stop(keepLogs bool) error {
	var errs []error
	for _, stop := range slices.Backward(d.stops) {
		errs = append(errs, stop())
	}
	files := d.dir
	if keepLogs {
		files = d.binDir()
	}
	errs = append(errs, errors.Wrap(os.RemoveAll(files), "cannot remove temporary files"))
	return errors.Join(errs...)
}

func (d *demo) binDir() string {
	return filepath.Join(d.dir, "bin")
}

func (d *demo) logPath(name string) string {
	return filepath.Join(d.dir, name+".log")
}

// managed are the managed resources among the objects.
func (d *demo) managed() []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(d.objects), func(u *unstructured.Unstructured) bool { return !isManaged(u) })
}
