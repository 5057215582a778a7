// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package gobuild builds programs with the Go toolchain and shows how far it is.
package gobuild

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

const (
	progressInterval = 10 * time.Second
	cancelGrace      = 10 * time.Second

	// maxMessages is how much of the toolchain's output an error repeats.
	maxMessages = 20
)

// Flags are what every program is built with, whatever GOFLAGS says: without
// cgo there must be no race detector, and a module that is missing from go.mod
// must fail the build rather than change the pins.
var Flags = []string{"-trimpath", "-mod=readonly", "-buildvcs=false", "-race=false", "-tags="}

// A Program is a main package of a Go module.
type Program struct {
	// Name of the program in what is shown, e.g. "kube-apiserver v1.35.4".
	Name string

	// Dir is a folder of the module.
	Dir string

	// Package of the program, relative to Dir, e.g. "./cmd/provider".
	Package string

	// LDFlags for the linker, in addition to those that strip the binary.
	LDFlags []string
}

// Build the program for this machine as the file output. It writes a line to log
// at least every ten seconds while it works. An error repeats the end of what
// the Go toolchain said.
func Build(ctx context.Context, p Program, output string, log io.Writer) error {
	started := time.Now()
	out := &toolchainOutput{}

	stop := every(progressInterval, func() {
		// That progress cannot be shown is no reason to fail.
		_, _ = fmt.Fprintf(log, "  %s: %s, %s\n", p.Name, time.Since(started).Round(time.Second), out.progress())
	})
	defer stop()

	// This downloads the modules too, so building starts with all it needs.
	deps, err := p.goTool(ctx, out, append([]string{"list", "-deps"}, append(Flags, p.Package)...)...)
	if err != nil {
		return errors.Wrapf(err, "cannot list what %s is built from", p.Name)
	}
	out.expect(bytes.Count(deps, []byte("\n")))

	args := append([]string{"build", "-v"}, Flags...)
	args = append(args, "-ldflags", strings.Join(append([]string{"-s", "-w"}, p.LDFlags...), " "), "-o", output, p.Package)
	_, err = p.goTool(ctx, out, args...)
	return errors.Wrapf(err, "cannot build %s", p.Name)
}

// goTool runs the go command and returns what it printed.
func (p Program) goTool(ctx context.Context, out *toolchainOutput, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // The arguments are those of a Program.
	cmd.Dir = p.Dir
	cmd.Stderr = out
	// The program runs here, from its own module, whatever else is being built.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOWORK=off")
	// An interrupted go command removes its temporary files; a killed one does not.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = cancelGrace

	stdout, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Wrapf(err, "go %s in %s\n%s", args[0], p.Dir, out.tail())
	}
	return stdout, nil
}

// every calls fn at each interval until the returned function is called, which
// waits for a call under way.
func every(interval time.Duration, fn func()) (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fn()
			case <-stopping:
				return
			}
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

// toolchainOutput reads what the go command writes to its standard error: the
// path of each package as it is compiled, and messages.
type toolchainOutput struct {
	mu       sync.Mutex
	partial  []byte
	last     string
	built    int
	total    int
	messages []string
}

// Write takes in more output. It never fails.
func (o *toolchainOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()

	o.partial = append(o.partial, p...)
	for {
		line, rest, found := bytes.Cut(o.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		o.partial = rest
		o.line(string(line))
	}
}

func (o *toolchainOutput) line(line string) {
	o.last = strings.TrimPrefix(line, "go: ")
	switch {
	case strings.HasPrefix(line, "go: downloading "):
	case strings.Contains(line, " "):
		o.messages = append(o.messages, line)
		o.messages = o.messages[max(0, len(o.messages)-maxMessages):]
	default:
		o.built++
	}
}

// expect says how many packages the program has.
func (o *toolchainOutput) expect(packages int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total = packages
}

// progress describes what is being done, on one line.
func (o *toolchainOutput) progress() string {
	o.mu.Lock()
	defer o.mu.Unlock()

	switch {
	case o.last == "":
		return "reading the module"
	case o.total == 0:
		return o.last
	default:
		// Packages that Go has in its build cache are not counted as compiled.
		return fmt.Sprintf("%d of up to %d packages compiled, now %s", o.built, o.total, o.last)
	}
}

// tail is the last lines that are about more than progress.
func (o *toolchainOutput) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(append(o.messages, string(o.partial)), "\n")
}
