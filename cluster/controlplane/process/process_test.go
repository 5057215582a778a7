// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStop(t *testing.T) {
	cases := map[string]struct {
		reason string
		script string
		grace  time.Duration
		want   string
	}{
		"Graceful": {
			reason: "A process that ends when asked to is no error.",
			script: `trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done`,
			grace:  time.Minute,
		},
		"Killed": {
			reason: "A process that ignores the request should be killed, and that said.",
			script: `trap "" TERM; echo ready; while :; do sleep 0.05; done`,
			grace:  50 * time.Millisecond,
			want:   "sh did not stop within 50ms and was killed",
		},
		"Ended": {
			reason: "Stopping a process that has ended is no error.",
			script: `echo ready`,
			grace:  time.Minute,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sh", "-c", tc.script)
			// Not StdoutPipe: that one is closed as soon as the process is waited for.
			stdout, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdout.Close()
			defer out.Close()
			cmd.Stdout = out
			p, err := Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Fatal(err)
			}

			got := ""
			if err := p.Stop(tc.grace); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nStop(...): -want, +got:\n%s", tc.reason, diff)
			}
			if err := cmd.Process.Signal(syscall.Signal(0)); err == nil {
				t.Errorf("\n%s\nStop(...): the process still runs", tc.reason)
			}
		})
	}
}

func TestStartOwnGroup(t *testing.T) {
	p, err := Start(exec.Command("sleep", "60"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)

	got, err := syscall.Getpgid(p.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if got != p.cmd.Process.Pid {
		t.Errorf("Start(...): the process is in group %d: Ctrl-C on this one would reach it", got)
	}
}

func TestStartFails(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := Start(exec.Command(missing))
	if err == nil || !strings.HasPrefix(err.Error(), "cannot start "+missing+": ") {
		t.Errorf("Start(...) of a missing program: want an error that names it, got %v", err)
	}
}

// TestDiesWithParent kills a process, this test's own binary, that has started
// another one with Start.
func TestDiesWithParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends the children of a process that was killed")
	}
	const env = "PROCESS_TEST_PARENT"
	if os.Getenv(env) != "" {
		cmd := exec.Command("sh", "-c", "echo started; exec sleep 60")
		cmd.Stdout = os.Stdout
		p, err := Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		t.Fatal(p.Err())
	}

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	parent := exec.Command(os.Args[0], "-test.run=^TestDiesWithParent$")
	parent.Env = append(os.Environ(), env+"=true")
	parent.Stdout = w
	err = parent.Start()
	_ = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(r)
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()

	// The pipe ends when the last process that could write to it has ended.
	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(out); err != nil {
		t.Errorf("the child outlives its parent: %v after %q", err, rest)
	}
}

// TestAwaitParentExit kills a shell that has started this test's own binary.
func TestAwaitParentExit(t *testing.T) {
	const env = "PROCESS_TEST_ORPHAN"
	if os.Getenv(env) != "" {
		pid := os.Getppid()
		fmt.Println("started")
		AwaitParentExit(pid)
		fmt.Println("orphaned")
		os.Exit(0)
	}

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	shell := exec.Command("sh", "-c", `"$0" -test.run='^TestAwaitParentExit$' & wait`, os.Args[0])
	shell.Env = append(os.Environ(), env+"=true")
	shell.Stdout = w
	err = shell.Start()
	_ = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(r)
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = shell.Wait()

	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got, err := out.ReadString('\n')
	if diff := cmp.Diff("orphaned\n", got); diff != "" {
		t.Errorf("what the orphan says (%v): -want, +got:\n%s", err, diff)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	cases := map[string]struct {
		reason string
		path   string
		lines  int
		want   string
	}{
		"Last":    {reason: "Only the last lines are wanted.", path: path, lines: 2, want: "two\nthree"},
		"Short":   {reason: "A short file is repeated whole.", path: path, lines: 9, want: "one\ntwo\nthree"},
		"Missing": {reason: "A missing log should not hide the error it was read for.", path: path + "x", lines: 9, want: "open " + path + "x: no such file or directory"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Tail(tc.path, tc.lines)); diff != "" {
				t.Errorf("\n%s\nTail(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
