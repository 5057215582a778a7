// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
)

func TestAssetsFromEnvironment(t *testing.T) {
	cases := map[string]struct {
		reason string
		files  map[string]os.FileMode
		extra  []string
		want   string
	}{
		"Complete": {
			reason: "A folder that has what is wanted should be used.",
			files:  map[string]os.FileMode{Etcd: 0o700, KubeAPIServer: 0o700},
		},
		"Missing": {
			reason: "The error should name the binary that is missing, not the one that is there.",
			files:  map[string]os.FileMode{Etcd: 0o700},
			want:   "it has no executable file kube-apiserver:",
		},
		"NotExecutable": {
			reason: "A file that cannot run is as good as none.",
			files:  map[string]os.FileMode{Etcd: 0o600, KubeAPIServer: 0o700},
			want:   "it has no executable file etcd:",
		},
		"MissingExtra": {
			reason: "What is asked for in addition should be there too.",
			files:  map[string]os.FileMode{Etcd: 0o700, KubeAPIServer: 0o700},
			extra:  []string{KubeControllerManager},
			want:   "it has no executable file kube-controller-manager:",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, mode := range tc.files {
				write(t, filepath.Join(dir, name), "", mode)
			}
			t.Setenv(EnvAssets, dir)

			got, err := Assets(t.Context(), io.Discard, tc.extra...)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("\n%s\nAssets(...): want an error that contains %q, got %v", tc.reason, tc.want, err)
				}
				return
			}
			if err != nil {
				t.Fatalf("\n%s\nAssets(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(dir, got); diff != "" {
				t.Errorf("\n%s\nAssets(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAssetsWithoutHome(t *testing.T) {
	for _, name := range []string{EnvAssets, "HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	_, err := Assets(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "set HOME, or set "+EnvAssets) {
		t.Errorf("Assets(...) without a home: want an error that says what to set, got %v", err)
	}
}

func TestBuild(t *testing.T) {
	src := source(t)
	dir := filepath.Join(t.TempDir(), "cache")
	names := []string{Etcd, KubeAPIServer}

	// Both start together: one builds, the other waits and finds it done.
	logs := make([]lockedBuffer, 2)
	errs := make([]error, len(logs))
	var wg sync.WaitGroup
	for i := range logs {
		wg.Go(func() { errs[i] = build(t.Context(), &logs[i], src, dir, names) })
	}
	wg.Wait()

	built := 0
	for i := range logs {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		built += strings.Count(logs[i].String(), ": built in ")
	}
	if diff := cmp.Diff(len(names), built); diff != "" {
		t.Errorf("binaries built by two builds at once: -want, +got:\n%s", diff)
	}

	got, err := exec.Command(filepath.Join(dir, KubeAPIServer)).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("v1.2.3 1 2\n", string(got)); diff != "" {
		t.Errorf("version that the API server reports: -want, +got:\n%s", diff)
	}
}

func TestBuildCrossplane(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := build(t.Context(), io.Discard, source(t), dir, []string{Crossplane, Crank}); err != nil {
		t.Fatal(err)
	}

	// Packages ask for a version of core, and crank looks for the schemas of one.
	for name, want := range map[string]string{Crossplane: "v2.3.4\n", Crank: "v2.2.2\n"} {
		got, err := exec.Command(filepath.Join(dir, name)).CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("version that %s reports: -want, +got:\n%s", name, diff)
		}
	}
}

func TestBuildWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	other := flock.New(dir + ".lock")
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}

	log := &lockedBuffer{wrote: make(chan struct{}, 1)}
	done := make(chan error)
	// No source: whoever waited and then built would fail.
	go func() { done <- build(t.Context(), log, t.TempDir(), dir, []string{Etcd}) }()

	<-log.wrote
	if want := "Waiting for another process that builds the control plane"; !strings.HasPrefix(log.String(), want) {
		t.Errorf("build(...) while another builds: want %q, got %q", want, log.String())
	}
	write(t, filepath.Join(dir, Etcd), "", 0o700)
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("build(...) of what another has built meanwhile: %v", err)
	}
}

func TestBuildFails(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string
		source string
		want   string
	}{
		"DoesNotCompile": {
			reason: "The error should name the binary and repeat the compiler.",
			name:   Etcd,
			source: "package main\n\nfunc main() { undefined() }\n",
			want:   "cannot build etcd v3.2.1: go build in ",
		},
		"Unknown": {
			reason: "A name that is no binary's is a mistake of the caller.",
			name:   "kube-scheduler",
			source: "package main\n\nfunc main() {}\n",
			want:   `cannot build "kube-scheduler": it is no part of the control plane`,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			src := source(t)
			write(t, filepath.Join(src, "etcd", "main.go"), tc.source, 0o600)
			dir := filepath.Join(t.TempDir(), "cache")

			err := build(t.Context(), io.Discard, src, dir, []string{tc.name})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nbuild(...): want an error that contains %q, got %v", tc.reason, tc.want, err)
			}
			empty(t, dir)
		})
	}
}

func TestCacheKey(t *testing.T) {
	cases := map[string]struct {
		reason string
		file   string
		same   bool
	}{
		"Pin":    {reason: "Another version must not run the binaries of the last.", file: "kubernetes/go.mod"},
		"Sum":    {reason: "Another digest is another source.", file: "etcd/go.sum"},
		"Source": {reason: "What is compiled decides the binary.", file: "etcd/main.go"},
		"Other":  {reason: "A file that is not compiled should not cost a build of minutes.", file: "kubernetes/README.md", same: true},
		"Apart":  {reason: "What pins Crossplane should not cost a build of Kubernetes.", file: "crossplane/go.mod", same: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			src := source(t)
			before, err := cacheKey(src, modules.etcd, modules.kubernetes)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(src, tc.file), "other", 0o600)
			after, err := cacheKey(src, modules.etcd, modules.kubernetes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.same, before == after); diff != "" {
				t.Errorf("\n%s\nsame key after %s has changed: -want, +got:\n%s", tc.reason, tc.file, diff)
			}
		})
	}
}

func TestSourceDir(t *testing.T) {
	want, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	got, err := sourceDir(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sourceDir(...) elsewhere: -want, +got:\n%s", diff)
	}
}

// source makes a folder that is laid out like this package's, but whose modules
// compile in a moment and need no network.
func source(t *testing.T) string {
	t.Helper()
	src := t.TempDir()
	for path, content := range map[string]string{
		"etcd/go.mod":                         "module example.org/etcd\n\ngo 1.26.0\n\nrequire go.etcd.io/etcd/server/v3 v3.2.1\n\nreplace go.etcd.io/etcd/server/v3 => ./server\n",
		"etcd/main.go":                        "package main\n\nimport _ \"go.etcd.io/etcd/server/v3\"\n\nfunc main() {}\n",
		"etcd/server/go.mod":                  "module go.etcd.io/etcd/server/v3\n",
		"etcd/server/server.go":               "package server\n",
		"kubernetes/go.mod":                   "module example.org/kubernetes\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubernetes v1.2.3\n\tk8s.io/component-base v0.2.3\n)\n\nreplace (\n\tk8s.io/kubernetes => ./k8s\n\tk8s.io/component-base => ./base\n)\n",
		"kubernetes/k8s/go.mod":               "module k8s.io/kubernetes\n",
		"kubernetes/base/go.mod":              "module k8s.io/component-base\n",
		"kubernetes/base/version/base.go":     "package version\n\nvar gitVersion, gitMajor, gitMinor string\n\nfunc Print() { println(gitVersion, gitMajor, gitMinor) }\n",
		"crossplane/go.mod":                   "module example.org/crossplane\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/crossplane/crossplane/v2 v2.3.4\n\tgithub.com/crossplane/crossplane-runtime/v2 v2.3.0\n)\n\nreplace (\n\tgithub.com/crossplane/crossplane/v2 => ./core\n\tgithub.com/crossplane/crossplane-runtime/v2 => ./runtime\n)\n",
		"crossplane/core/go.mod":              "module github.com/crossplane/crossplane/v2\n\nrequire github.com/crossplane/crossplane-runtime/v2 v2.3.0\n",
		"crossplane/core/cmd/crossplane/a.go": "package main\n\nimport \"github.com/crossplane/crossplane-runtime/v2/pkg/version\"\n\nfunc main() { version.Print() }\n",
		"crossplane/runtime/go.mod":           "module github.com/crossplane/crossplane-runtime/v2\n",
		"crossplane/runtime/pkg/version/a.go": "package version\n\nvar version string\n\nfunc Print() { println(version) }\n",
		"crank/go.mod":                        "module example.org/crank\n\ngo 1.26.0\n\nrequire github.com/crossplane/crossplane/v2 v2.2.2\n\nreplace github.com/crossplane/crossplane/v2 => ./core\n",
		"crank/core/go.mod":                   "module github.com/crossplane/crossplane/v2\n",
		"crank/core/cmd/crank/a.go":           "package main\n\nimport \"github.com/crossplane/crossplane/v2/internal/version\"\n\nfunc main() { version.Print() }\n",
		"crank/core/internal/version/a.go":    "package version\n\nvar version string\n\nfunc Print() { println(version) }\n",
		"kubernetes/kube-apiserver/main.go":   "package main\n\nimport \"k8s.io/component-base/version\"\n\nfunc main() { version.Print() }\n",
	} {
		write(t, filepath.Join(src, path), content, 0o600)
	}
	return src
}

// A lockedBuffer may be read while it is written. It tells wrote, if set, that
// there is something to read.
type lockedBuffer struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	wrote chan struct{}
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wrote != nil {
		select {
		case b.wrote <- struct{}{}:
		default:
		}
	}
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
