// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package process runs child processes that do not outlive this one.
package process

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A Process is a running child process.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start the command as a process that
//
//   - does not get the signals that a terminal sends to its foreground processes,
//     so that Ctrl-C leaves it running until Stop: it is needed to clean up;
//   - is killed by the kernel when this process ends without stopping it. Only
//     Linux does that.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	setAttributes(cmd.SysProcAttr)

	p := &Process{cmd: cmd, done: make(chan struct{})}

	started := make(chan error)
	go func() {
		// Linux takes the end of the thread that started a child for the end of
		// its parent: the thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()

		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	return p, errors.Wrapf(<-started, "cannot start %s", cmd.Path)
}

// PID of the process.
func (p *Process) PID() int {
	return p.cmd.Process.Pid
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} {
	return p.done
}

// Err returns how the process ended: what exec.Cmd.Wait says. It waits for Done.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Signal sends the process a signal. It is no error if the process has ended.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Wrapf(err, "cannot send signal %q to %s", s, p.cmd.Path)
	}
	return nil
}

// Stop asks the process to end, kills it after the grace period, and returns
// once it is gone. It is an error if the process had to be killed.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return errors.Errorf("%s did not stop within %s and was killed", filepath.Base(p.cmd.Path), grace)
}

// AwaitParentExit returns once the process with the given ID is not the parent of
// this one any more, because it has ended. "go run", for one, ends at a SIGTERM
// without passing it on.
func AwaitParentExit(pid int) {
	for os.Getppid() == pid {
		time.Sleep(time.Second)
	}
}

// Tail returns the last lines of a log file, for an error to repeat. It returns
// why where the file cannot be read.
func Tail(path string, lines int) string {
	b, err := os.ReadFile(path) //nolint:gosec // The path is the caller's own log file.
	if err != nil {
		return err.Error()
	}
	all := strings.Split(string(bytes.TrimSpace(b)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
