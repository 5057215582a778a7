// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/gobuild"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// provider is the name of the Provider in the examples, and of what is named after it.
const provider = "provider-upjet-scaleway"

// Versions of the provider that the tests install, and change to.
const (
	version     = "v0.1.0"
	nextVersion = "v0.2.0"
)

// tools are the programs that are started, or help to.
type tools struct {
	crossplane string
	crank      string
	kubectl    string
	xpkg       string

	// source of Crossplane, which has what is not in its binary.
	source string

	// functions are the folders of the packages of the composition functions, each
	// with its program.
	functions map[string]function
}

// A function is a composition function that the examples name.
type function struct {
	binary  string
	comment string

	// pkg is the folder of the package to build around the binary, or xpkg that of a
	// package that is built.
	pkg  string
	xpkg string
}

// ownFunction is the function of this repository.
const ownFunction = "function-container-access"

// buildTools builds what is not there yet. The small programs go into dir.
func buildTools(ctx context.Context, dir string) (*tools, error) {
	assets, err := controlplane.CrossplaneAssets(ctx, os.Stderr, controlplane.Crossplane, controlplane.Crank)
	if err != nil {
		return nil, err
	}

	kubernetes, err := controlplane.Assets(ctx, os.Stderr, controlplane.Kubectl)
	if err != nil {
		return nil, err
	}

	t := &tools{
		kubectl:    filepath.Join(kubernetes, controlplane.Kubectl),
		crossplane: filepath.Join(assets, controlplane.Crossplane),
		crank:      filepath.Join(assets, controlplane.Crank),
		xpkg:       filepath.Join(dir, "xpkg"),
		functions:  map[string]function{},
	}

	if t.source, err = controlplane.CrossplaneSource(ctx); err != nil {
		return nil, err
	}

	functions := filepath.Join(framework.Root(), "cluster", "test", "e2e", "functions")

	for _, p := range []gobuild.Program{
		{Name: "xpkg", Dir: filepath.Join(framework.Root(), "cluster", "xpkg"), Package: "."},
		{Name: "function-auto-ready", Dir: filepath.Join(functions, "auto-ready"), Package: "github.com/crossplane/function-auto-ready"},
		{Name: "function-patch-and-transform", Dir: filepath.Join(functions, "patch-and-transform"), Package: "."},
	} {
		if err := gobuild.Build(ctx, p, filepath.Join(dir, p.Name), os.Stderr); err != nil {
			return nil, err
		}
	}

	autoReady, err := output(ctx, filepath.Join(functions, "auto-ready"), "go", "list", "-f", "{{.Dir}}", "github.com/crossplane/function-auto-ready")
	if err != nil {
		return nil, err
	}

	t.functions["function-auto-ready"] = function{
		binary: filepath.Join(dir, "function-auto-ready"), pkg: filepath.Join(autoReady, "package"),
		comment: "from its own module",
	}
	t.functions["function-patch-and-transform"] = function{
		binary: filepath.Join(dir, "function-patch-and-transform"), pkg: filepath.Join(functions, "patch-and-transform", "package"),
		comment: "a stand-in of this repository, because it cannot be had as a Go module",
	}

	own := filepath.Join(dir, ownFunction)
	t.functions[ownFunction] = function{
		binary: filepath.Join(own, "binary-"+runtime.GOARCH), xpkg: own,
		comment: "as this repository has it",
	}

	return t, t.build(ctx, ownFunction, framework.Root(), version, "", own)
}

// buildProvider builds the package of the provider.
func (t *tools) buildProvider(ctx context.Context, src, version, revision, dir string) error {
	return t.build(ctx, provider, src, version, revision, dir)
}

// build a package for this machine, as "make xpkg" does, from the checkout in src.
func (t *tools) build(ctx context.Context, pkg, src, version, revision, dir string) error {
	_, err := output(ctx, framework.Root(), t.xpkg, "build", "--package="+pkg, "--checkout="+src, "--crank="+t.crank,
		"--version="+version, "--revision="+revision, "--architecture="+runtime.GOARCH, "--output="+dir)

	return err
}

// pushFunction pushes the package of a composition function.
func (t *tools) pushFunction(ctx context.Context, dir, name, ref string) error {
	f, ok := t.functions[name]
	if !ok {
		return errors.Errorf("there is no program for the function %q", name)
	}

	if f.xpkg != "" {
		_, err := output(ctx, dir, t.xpkg, "push", "--crank="+t.crank, "--dir="+f.xpkg, ref)
		return err
	}

	image, pkg := filepath.Join(dir, name+".tar"), filepath.Join(dir, name+".xpkg")

	for _, args := range [][]string{
		{t.xpkg, "image", f.binary, "--name=" + name, "--architecture=" + runtime.GOARCH, "--output=" + image},
		{t.crank, "xpkg", "build", "--package-root=" + f.pkg, "--examples-root=" + filepath.Join(dir, "none"), "--embed-runtime-image-tarball=" + image, "--package-file=" + pkg},
		{t.crank, "xpkg", "push", "--package-files=" + pkg, ref},
	} {
		if _, err := output(ctx, dir, args...); err != nil {
			return err
		}
	}

	return nil
}

// output runs a command in dir and returns what it prints.
func output(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir

	out, err := cmd.Output()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return "", errors.Errorf("%s: %w: %s%s", strings.Join(args, " "), err, out, exit.Stderr)
	}

	return strings.TrimSpace(string(out)), err
}

// say something to whoever watches the test.
func say(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}
