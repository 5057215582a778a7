// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

// stopGrace is how long the provider may take to stop.
const stopGrace = 30 * time.Second

// A Provider is a running provider process.
type Provider struct {
	process *process.Process
	log     *os.File

	t testing.TB
}

// A ProviderOption changes how the provider is started.
type ProviderOption func(*exec.Cmd)

// WithArgs adds arguments to the provider's own. A later flag wins.
func WithArgs(args ...string) ProviderOption {
	return func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, args...) }
}

// WithEnv adds environment variables, of the form NAME=value.
func WithEnv(vars ...string) ProviderOption {
	return func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, vars...) }
}

// WithKubeconfig makes the provider use another way to the kube-apiserver.
func WithKubeconfig(path string) ProviderOption {
	return WithEnv("KUBECONFIG=" + path)
}

// StartProvider starts the provider for the Env's namespace. It is stopped at
// the end of the test, and its log shown if the test has failed.
func (e *Env) StartProvider(opts ...ProviderOption) *Provider {
	e.t.Helper()

	log, err := os.Create(filepath.Join(e.t.TempDir(), "provider.log"))
	if err != nil {
		e.t.Fatal(err)
	}

	cmd := exec.Command(shared.binary,
		"--watch-namespace="+e.Namespace,
		"--allowed-api-url="+e.Scaleway.URL(),
		"--metrics-bind-address=0",
		"--health-probe-bind-address=0",
		"--poll-interval=1s",
		"--poll-jitter=0s",
	)
	// Nothing of the test's environment, as in a Pod.
	cmd.Env = []string{"KUBECONFIG=" + e.plane.Kubeconfig()}
	cmd.Stdout, cmd.Stderr = log, log

	for _, o := range opts {
		o(cmd)
	}

	pr, err := process.Start(cmd)
	if err != nil {
		e.t.Fatal(err)
	}

	p := &Provider{process: pr, log: log, t: e.t}
	e.Provider = p

	e.t.Cleanup(func() {
		if e.t.Failed() {
			e.t.Logf("End of the provider's log:\n%s", process.Tail(log.Name(), 30))
		}

		p.Stop()
	})

	return p
}

// Stop asks the provider to stop, and waits until it has.
func (p *Provider) Stop() {
	p.t.Helper()

	if err := p.process.Stop(stopGrace); err != nil {
		p.t.Error(err)
	}
}

// Ended tells whether the provider has ended by itself, or by a signal.
func (p *Provider) Ended() bool {
	select {
	case <-p.process.Done():
		return true
	default:
		return false
	}
}

// PID of the provider.
func (p *Provider) PID() int {
	return p.process.PID()
}

// Log returns what the provider has logged so far.
func (p *Provider) Log() string {
	p.t.Helper()

	b, err := os.ReadFile(p.log.Name())
	if err != nil {
		p.t.Fatal(err)
	}

	return string(b)
}
