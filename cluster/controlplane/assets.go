// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/gofrs/flock"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/gobuild"
)

// EnvAssets is the environment variable that names a folder of ready binaries,
// which are then used instead of building any.
const EnvAssets = "KUBEBUILDER_ASSETS"

// The binaries of a control plane.
const (
	Etcd                  = "etcd"
	KubeAPIServer         = "kube-apiserver"
	KubeControllerManager = "kube-controller-manager"
	Kubectl               = "kubectl"
)

// The binaries of Crossplane.
const (
	// Crossplane is core and the RBAC manager.
	Crossplane = "crossplane"
	// Crank is Crossplane's CLI.
	Crank = "crank"
)

const (
	importPath = "github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	cacheName  = "provider-upjet-scaleway"

	crossplaneModule = "github.com/crossplane/crossplane/v2"

	lockRetry = 500 * time.Millisecond
)

// modules are the folders, beside this file, of the Go modules that pin what the
// binaries are built from. They are modules of their own so that what they need
// never decides what the provider is built with.
var modules = struct{ etcd, kubernetes, crossplane, crank string }{
	etcd: "etcd", kubernetes: "kubernetes", crossplane: "crossplane", crank: "crank",
}

// Assets returns a folder that holds the binaries etcd, kube-apiserver and those
// named in extra. It is the folder in KUBEBUILDER_ASSETS where that is set.
// Otherwise it is one in the user's cache folder, into which they are built
// first, in minutes, if they are not there yet; log is told how far that is.
// What is built is pinned by the modules in this folder: other pins, or another
// version of Go, lead to another folder.
//
// It may be called by several processes at once: one builds, the others wait.
func Assets(ctx context.Context, log io.Writer, extra ...string) (string, error) {
	names := append([]string{Etcd, KubeAPIServer}, extra...)

	if dir := os.Getenv(EnvAssets); dir != "" {
		absent, err := missing(dir, names)
		if err != nil {
			return "", errors.Wrapf(err, "cannot use %s=%s", EnvAssets, dir)
		}
		if len(absent) > 0 {
			return "", errors.Errorf("cannot use %s=%s: it has no executable file %s: put it there, or unset %s to build one", EnvAssets, dir, strings.Join(absent, ", "), EnvAssets)
		}
		return filepath.Abs(dir)
	}

	return cached(ctx, log, names, modules.etcd, modules.kubernetes)
}

// CrossplaneAssets returns a folder that holds the named binaries of Crossplane.
// It is one in the user's cache folder, apart from that of Assets, into which they
// are built as those are.
func CrossplaneAssets(ctx context.Context, log io.Writer, names ...string) (string, error) {
	return cached(ctx, log, names, modules.crossplane, modules.crank)
}

// CrossplaneSource returns the folder of the source of the Crossplane that
// CrossplaneAssets builds: its CustomResourceDefinitions and its Helm chart are not
// in the binary.
func CrossplaneSource(ctx context.Context) (string, error) {
	src, err := sourceDir(ctx)
	if err != nil {
		return "", err
	}
	// It downloads the module, should it be missing.
	out, err := goTool(ctx, filepath.Join(src, modules.crossplane), "mod", "download", "-json", crossplaneModule)
	if err != nil {
		return "", errors.Wrapf(err, "cannot find the source of %s", crossplaneModule)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &module); err != nil {
		return "", errors.Wrapf(err, "cannot find the source of %s", crossplaneModule)
	}
	return module.Dir, nil
}

// cached returns a folder that holds the named binaries, in the user's cache
// folder. They are built from the given modules if they are not there.
func cached(ctx context.Context, log io.Writer, names []string, from ...string) (string, error) {
	src, err := sourceDir(ctx)
	if err != nil {
		return "", err
	}
	dir, err := cacheDir(src, from...)
	if err != nil {
		return "", err
	}
	absent, err := missing(dir, names)
	if err != nil || len(absent) == 0 {
		return dir, err
	}
	return dir, build(ctx, log, src, dir, names)
}

// build those of the named binaries that are missing in dir.
func build(ctx context.Context, log io.Writer, src, dir string, names []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Binaries are nobody's secret.
		return errors.Wrap(err, "cannot create the folder for the control plane's binaries")
	}
	unlock, err := lock(ctx, log, dir+".lock")
	if err != nil {
		return err
	}
	defer unlock()

	// Another process may have built them while this one waited.
	absent, err := missing(dir, names)
	if err != nil || len(absent) == 0 {
		return err
	}
	say(log, "Building %s into %s. This takes minutes, once.\n", strings.Join(absent, ", "), dir)
	for _, name := range absent {
		p, err := program(ctx, src, name)
		if err != nil {
			return err
		}
		if err := buildOne(ctx, log, p, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// buildOne builds a program as the given file, which appears only once it is
// complete.
func buildOne(ctx context.Context, log io.Writer, p gobuild.Program, path string) error {
	started := time.Now()

	// What a build that was killed has left is overwritten: the lock is held.
	partial := path + ".partial"
	if err := gobuild.Build(ctx, p, partial, log); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return errors.Wrapf(err, "cannot keep the %s that was built", p.Name)
	}
	say(log, "  %s: built in %s\n", p.Name, time.Since(started).Round(time.Second))
	return nil
}

// program says how the named binary is built.
func program(ctx context.Context, src, name string) (gobuild.Program, error) {
	switch name {
	case Etcd:
		dir := filepath.Join(src, modules.etcd)
		version, err := pinned(ctx, dir, "go.etcd.io/etcd/server/v3")
		return gobuild.Program{Name: name + " " + version, Dir: dir, Package: "."}, err
	case KubeAPIServer, KubeControllerManager, Kubectl:
		dir := filepath.Join(src, modules.kubernetes)
		version, err := pinned(ctx, dir, "k8s.io/kubernetes")
		return gobuild.Program{Name: name + " " + version, Dir: dir, Package: "./" + name, LDFlags: versionFlags(version)}, err
	case Crossplane, Crank:
		dir, variable := filepath.Join(src, modules.crossplane), "github.com/crossplane/crossplane-runtime/v2/pkg/version.version"
		if name == Crank {
			dir, variable = filepath.Join(src, modules.crank), crossplaneModule+"/internal/version.version"
		}
		version, err := pinned(ctx, dir, crossplaneModule)
		return gobuild.Program{Name: name + " " + version, Dir: dir, Package: crossplaneModule + "/cmd/" + name, LDFlags: []string{"-X", variable + "=" + version}}, err
	default:
		return gobuild.Program{}, errors.Errorf("cannot build %q: it is no part of the control plane", name)
	}
}

// pinned is the version of a module that the module in dir requires.
func pinned(ctx context.Context, dir, module string) (string, error) {
	out, err := goList(ctx, dir, "-m", "-mod=readonly", "-f", "{{.Version}}", module)
	return out, errors.Wrapf(err, "cannot find the pinned version of %s in %s", module, dir)
}

// versionFlags make Kubernetes report its version, which clients decide by. Its
// own release scripts set these variables: in the module they are empty.
func versionFlags(version string) []string {
	flags := []string{}
	set := func(name, value string) {
		flags = append(flags, "-X", "k8s.io/component-base/version."+name+"="+value)
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	set("gitVersion", version)
	set("gitMajor", major)
	set("gitMinor", minor)
	set("gitCommit", "")
	return flags
}

// lock the file at path for this process. The returned function unlocks it.
func lock(ctx context.Context, log io.Writer, path string) (unlock func(), err error) {
	l := flock.New(path)
	locked, err := l.TryLock()
	if err == nil && !locked {
		say(log, "Waiting for another process that builds the control plane (it holds %s)\n", path)
		_, err = l.TryLockContext(ctx, lockRetry)
	}
	if err != nil {
		return nil, errors.Wrapf(err, "cannot lock %s", path)
	}
	return func() { _ = l.Close() }, nil
}

// missing returns those of the named binaries that dir does not have.
func missing(dir string, names []string) ([]string, error) {
	var absent []string
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name)) //nolint:gosec // The user names the folder.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Wrap(err, "cannot look for the control plane's binaries")
		}
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			absent = append(absent, name)
		}
	}
	return absent, nil
}

// sourceDir is the folder of this package's source.
func sourceDir(ctx context.Context) (string, error) {
	// The compiler knows it, whatever the working directory is now.
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		dir := filepath.Dir(file)
		if _, err := os.Stat(filepath.Join(dir, modules.kubernetes, "go.mod")); err == nil {
			return dir, nil
		}
	}
	// It does not under -trimpath, nor in a checkout that has moved.
	dir, err := goList(ctx, "", "-f", "{{.Dir}}", importPath)
	if err != nil {
		return "", errors.Wrapf(err, "cannot find the source of %s: run this in its checkout, or set %s to a folder that has the binaries", importPath, EnvAssets)
	}
	return dir, nil
}

// cacheDir is the folder for the binaries that the given modules in src lead to.
func cacheDir(src string, from ...string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", errors.Wrapf(err, "cannot find a cache folder to build the control plane into: set HOME, or set %s to a folder that has the binaries", EnvAssets)
	}
	key, err := cacheKey(src, from...)
	if err != nil {
		return "", errors.Wrap(err, "cannot read what pins the control plane")
	}
	return filepath.Join(base, cacheName, "controlplane", key), nil
}

// cacheKey is a digest of all that decides what the binaries of the given modules
// become.
func cacheKey(src string, from ...string) (string, error) {
	h := sha256.New()
	h.Write(fmt.Appendln(nil, runtime.Version(), runtime.GOOS, runtime.GOARCH, gobuild.Flags, versionFlags("")))
	for _, module := range from {
		err := filepath.WalkDir(filepath.Join(src, module), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Ext(path) {
			case ".mod", ".sum", ".go":
			default:
				return nil
			}
			b, err := os.ReadFile(path) //nolint:gosec // It is this package's own source.
			if err != nil {
				return err
			}
			name, err := filepath.Rel(src, path)
			if err != nil {
				return err
			}
			h.Write(fmt.Appendln(nil, name, len(b)))
			h.Write(b)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// say something to whoever watches. That it cannot be said is no reason to fail.
func say(log io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(log, format, args...)
}

// goList runs go list and returns the one line that it prints.
func goList(ctx context.Context, dir string, args ...string) (string, error) {
	return goTool(ctx, dir, append([]string{"list"}, args...)...)
}

// goTool runs the go command and returns what it prints.
func goTool(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // The arguments are this package's own.
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return "", errors.Errorf("go %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
