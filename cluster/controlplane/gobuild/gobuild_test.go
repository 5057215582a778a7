// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package gobuild

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
)

func TestBuild(t *testing.T) {
	const main = "package main\n\nvar version string\n\nfunc main() { println(version) }\n"

	cases := map[string]struct {
		reason string
		source string
		flags  string
		want   string
		err    string
	}{
		"Runs": {
			reason: "The program should run, with what the linker was told.",
			source: main,
			want:   "v1\n",
		},
		"HostileGOFLAGS": {
			reason: "Flags of the environment must not break or change the build.",
			source: main,
			flags:  "-mod=mod -race -tags=x -buildvcs=true",
			want:   "v1\n",
		},
		"DoesNotCompile": {
			reason: "The error should repeat what the compiler said.",
			source: "package main\n\nfunc main() { undefined() }\n",
			err:    "main.go:3:15: undefined: undefined",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOFLAGS", tc.flags)
			dir := t.TempDir()
			write(t, filepath.Join(dir, "go.mod"), "module example.org/hello\n\ngo 1.26.0\n")
			write(t, filepath.Join(dir, "main.go"), tc.source)
			binary := filepath.Join(t.TempDir(), "hello")

			err := Build(t.Context(), Program{Name: "hello", Dir: dir, Package: ".", LDFlags: []string{"-X", "main.version=v1"}}, binary, io.Discard)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("\n%s\nBuild(...): want an error that contains %q, got %v", tc.reason, tc.err, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("\n%s\nBuild(...): %v", tc.reason, err)
			}
			got, err := exec.Command(binary).CombinedOutput()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("\n%s\noutput of the program: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBuildStops(t *testing.T) {
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)

	err := Build(ctx, Program{Name: "hello", Dir: t.TempDir(), Package: "."}, filepath.Join(t.TempDir(), "hello"), io.Discard)
	if !errors.Is(err, stop) {
		t.Errorf("Build(...) with a cancelled context: want %v, got %v", stop, err)
	}
}

func TestProgress(t *testing.T) {
	cases := map[string]struct {
		reason   string
		total    int
		output   []string
		progress string
		tail     string
	}{
		"Start": {
			reason:   "Before the go command has said anything there is still something to show.",
			progress: "reading the module",
		},
		"Downloading": {
			reason:   "Downloads come before the number of packages is known, and explain no failure.",
			output:   []string{"go: downloading k8s.io/api v0.35.4\n"},
			progress: "downloading k8s.io/api v0.35.4",
		},
		"Compiling": {
			reason:   "Lines may arrive in pieces; each package counts once.",
			total:    3,
			output:   []string{"k8s.io/a", "pi/core/v1\nk8s.io/api/apps/v1\n"},
			progress: "2 of up to 3 packages compiled, now k8s.io/api/apps/v1",
		},
		"Failing": {
			reason:   "What explains a failure should not drown in package paths.",
			total:    3,
			output:   []string{"a\n# b\nb/b.go:1:2: undefined: x\nc\nlast words"},
			progress: "2 of up to 3 packages compiled, now c",
			tail:     "# b\nb/b.go:1:2: undefined: x\nlast words",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := &toolchainOutput{}
			o.expect(tc.total)
			for _, s := range tc.output {
				if _, err := io.WriteString(o, s); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.progress, o.progress()); diff != "" {
				t.Errorf("\n%s\nprogress(): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.tail, o.tail()); diff != "" {
				t.Errorf("\n%s\ntail(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
