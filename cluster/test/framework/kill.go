// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"os"
	"syscall"
	"time"
)

// Kill ends the provider as a node that fails does, and waits until it is gone.
func (p *Provider) Kill() {
	p.t.Helper()
	p.Signal(syscall.SIGKILL)
	p.WaitEnded()
}

// Signal sends the provider a signal.
func (p *Provider) Signal(s os.Signal) {
	p.t.Helper()

	if err := p.process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// WaitEnded waits until the provider has ended, and returns how: what
// exec.Cmd.Wait says.
func (p *Provider) WaitEnded() error {
	p.t.Helper()

	select {
	case <-p.process.Done():
	case <-time.After(timeout):
		p.t.Fatalf("waited %s for the provider to end", timeout)
	}

	return p.process.Err()
}
