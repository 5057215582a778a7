// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/client-go/discovery"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/gobuild"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

// build the binaries that are not there yet.
func (d *demo) build(ctx context.Context) error {
	log := indenter{d.out}

	// Whoever stays wants to look around, and to see deleted things go. In a folder
	// of the user's there is what there is.
	var extra []string
	if d.Stay && os.Getenv(controlplane.EnvAssets) == "" {
		d.controllers = true
		extra = append(extra, controlplane.KubeControllerManager)
		if _, err := exec.LookPath(controlplane.Kubectl); err != nil {
			extra = append(extra, controlplane.Kubectl)
		}
	}
	assets, err := controlplane.Assets(ctx, log, extra...)
	if err != nil {
		return err
	}
	d.kubectl = controlplane.Kubectl
	if slices.Contains(extra, controlplane.Kubectl) {
		d.kubectl = filepath.Join(assets, controlplane.Kubectl)
	}

	for _, b := range []struct {
		path *string
		name string
	}{
		{&d.ProviderBinary, "provider"},
		{&d.FakeBinary, "fake-scaleway"},
	} {
		if *b.path != "" {
			continue
		}
		*b.path = filepath.Join(d.binDir(), b.name)
		p := gobuild.Program{Name: b.name, Dir: ".", Package: "./cmd/" + b.name}
		if err := gobuild.Build(ctx, p, *b.path, log); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startPlane(ctx context.Context) error {
	plane, err := controlplane.Start(ctx, controlplane.Options{
		CRDPaths:          d.CRDs,
		ControllerManager: d.controllers,
		Log:               indenter{d.out},
	})
	if err != nil {
		return err
	}
	d.plane = plane
	d.stops = append(d.stops, plane.Stop)

	c, err := discovery.NewDiscoveryClientForConfig(plane.Config)
	if err != nil {
		return errors.Wrap(err, "cannot create a discovery client")
	}
	version, err := c.ServerVersion()
	if err != nil {
		return errors.Wrap(err, "cannot ask the API server for its version")
	}
	d.say("%s %s at %s", controlplane.KubeAPIServer, version.GitVersion, plane.Config.Host)
	return nil
}

func (d *demo) startAPI(ctx context.Context, ended context.CancelCauseFunc) error {
	if d.credentials != nil {
		d.api = &realAPI{credentials: d.credentials}
		d.say("none to start: this is Scaleway's own")
		return nil
	}
	log, err := d.createLog("fake-scaleway")
	if err != nil {
		return err
	}
	fake, err := startFake(ctx, d.FakeBinary, log)
	if err != nil {
		return errors.Errorf("%w\n%s", err, process.Tail(log.Name(), logTailLines))
	}
	d.api = fake
	d.watch("the local Scaleway API", fake.process, ended)
	d.say("a local one at %s", fake.url)
	return nil
}

func (d *demo) startProvider(ended context.CancelCauseFunc) error {
	log, err := d.createLog("provider")
	if err != nil {
		return err
	}
	cmd := exec.Command(d.ProviderBinary, append(d.api.ProviderFlags(), //nolint:gosec,noctx // The user names the binary, or it was just built. It ends by Stop.
		"--metrics-bind-address=127.0.0.1:0",
		"--health-probe-bind-address=127.0.0.1:0",
	)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.plane.Kubeconfig())
	cmd.Stdout, cmd.Stderr = log, log
	p, err := process.Start(cmd)
	if err != nil {
		return err
	}
	d.watch("the provider", p, ended)
	d.say("its log is %s", log.Name())
	return nil
}

// watch a process: it is stopped in the end, and ended is called should it end
// before.
func (d *demo) watch(name string, p *process.Process, ended context.CancelCauseFunc) {
	d.stops = append(d.stops, func() error { return p.Stop(stopGrace) })
	go func() {
		ended(errors.Wrapf(cmp.Or(p.Err(), errors.New("exit status 0")), "%s has ended", name))
	}()
}

// createLog creates a log file, which is closed in the end.
func (d *demo) createLog(name string) (*os.File, error) {
	f, err := os.Create(d.logPath(name))
	if err != nil {
		return nil, errors.Wrap(err, "cannot create a log file")
	}
	d.stops = append(d.stops, f.Close)
	return f, nil
}

// An indenter indents the lines that are written to it, each whole.
type indenter struct {
	w io.Writer
}

func (i indenter) Write(p []byte) (int, error) {
	lines := strings.SplitAfter(strings.TrimSuffix(string(p), "\n"), "\n")
	_, err := io.WriteString(i.w, indent+strings.Join(lines, indent)+"\n")
	return len(p), err
}
