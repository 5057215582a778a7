// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"runtime"

	"k8s.io/client-go/rest"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
)

// WithAudit makes the kube-apiserver log each request: see Env.AuditLog.
func WithAudit() RunOption {
	return func(o *runOptions) { o.audit = true }
}

// AuditLog is the path of the kube-apiserver's audit log, if the package runs
// WithAudit.
func (e *Env) AuditLog() string {
	return e.plane.AuditLog()
}

// Config of a client of the kube-apiserver, as an administrator.
func (e *Env) Config() *rest.Config {
	return rest.CopyConfig(e.plane.Config)
}

// Usage is what the provider has used so far. The test is skipped on a system that
// does not tell.
func (p *Provider) Usage() process.Usage {
	p.t.Helper()

	if runtime.GOOS != "linux" {
		p.t.Skip("only Linux tells what a process uses")
	}

	u, err := process.UsageOf(p.process.PID())
	if err != nil {
		p.t.Fatal(err)
	}

	return u
}
