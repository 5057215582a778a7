// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const (
	repository = "https://github.com/crossplane-contrib/provider-upjet-scaleway"
	module     = "github.com/crossplane-contrib/provider-upjet-scaleway"
)

// A source is where a package is in a checkout.
type source struct {
	// binary is its name in the image.
	binary string
	// module is the folder of the Go module, and main that of the command in it.
	module, main string
	// root of the package, and its examples.
	root, examples string
}

// sources of the packages, by name.
var sources = map[string]source{
	"provider-upjet-scaleway": {
		binary: "provider", module: ".", main: "./cmd/provider", root: "package", examples: "examples/container",
	},
	"function-container-access": {
		binary: "function", module: "cmd/function-container-access", main: ".", root: "cmd/function-container-access/package", examples: "examples/compositions/containeraccess",
	},
}

type buildCmd struct {
	Package      string   `help:"Package to build: ${enum}." default:"provider-upjet-scaleway" enum:"provider-upjet-scaleway,function-container-access"`
	Checkout     string   `help:"Folder of the checkout." default:"." type:"existingdir"`
	Crank        string   `help:"The crossplane CLI, which builds the package around the image." required:"" type:"existingfile"`
	Version      string   `help:"Version of the package." required:""`
	Revision     string   `help:"Commit that the checkout is at, for a label of the image."`
	Architecture []string `help:"Architectures, as Go calls them." default:"amd64,arm64" sep:","`
	Output       string   `help:"Folder to write to." required:""`
}

func (c *buildCmd) Run(ctx context.Context) error {
	if err := os.MkdirAll(c.Output, 0o755); err != nil { //nolint:gosec // A package is nobody's secret.
		return err
	}

	for _, arch := range c.Architecture {
		if machines[arch] == 0 {
			return fmt.Errorf("cannot build for the architecture %q", arch)
		}

		if err := c.build(ctx, os.Stdout, arch); err != nil {
			return fmt.Errorf("cannot build the package for %s: %w", arch, err)
		}
	}

	return nil
}

// build the package for one architecture.
func (c *buildCmd) build(ctx context.Context, out io.Writer, arch string) error {
	say(out, "Building %s %s for linux/%s (minutes the first time)\n", c.Package, c.Version, arch)

	binary := c.file("binary", arch, "")
	if err := c.compile(ctx, binary, arch); err != nil {
		return err
	}

	if err := check(binary, arch); err != nil {
		return err
	}

	bill, err := sbom(binary, c.Package, c.Version, arch)
	if err != nil {
		return err
	}

	if err := os.WriteFile(c.file("sbom", arch, ".cdx.json"), bill, 0o644); err != nil { //nolint:gosec // For everybody.
		return err
	}

	src := sources[c.Package]

	docs, err := licences(binary, filepath.Join(c.Checkout, src.module))
	if err != nil {
		return err
	}

	docs["sbom.cdx.json"] = bill

	for _, name := range []string{"LICENSE", "THIRD_PARTY_NOTICES.md"} {
		if docs[name], err = os.ReadFile(filepath.Join(c.Checkout, name)); err != nil { //nolint:gosec // The names are constants.
			return err
		}
	}

	img, err := image{
		Binary: binary, Name: src.binary, Architecture: arch, Docs: docs,
		Labels: c.labels(),
	}.build()
	if err != nil {
		return err
	}

	runtime := c.file("image", arch, ".tar")
	if err := write(img, runtime); err != nil {
		return err
	}

	pkg := c.file(c.Package, arch, ".xpkg")

	//nolint:gosec // The user names the CLI.
	cmd := exec.CommandContext(ctx, c.Crank, "xpkg", "build",
		"--package-root="+filepath.Join(c.Checkout, src.root),
		"--examples-root="+filepath.Join(c.Checkout, src.examples),
		"--embed-runtime-image-tarball="+runtime,
		"--package-file="+pkg)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}

	built, err := tarball.ImageFromPath(pkg, nil)
	if err != nil {
		return err
	}

	say(out, "%s\n", pkg)

	return describe(ctx, out, built)
}

// file is the path of what is built.
func (c *buildCmd) file(name, arch, suffix string) string {
	return filepath.Join(c.Output, name+"-"+arch+suffix)
}

func (c *buildCmd) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":    c.Package,
		"org.opencontainers.image.version":  c.Version,
		"org.opencontainers.image.source":   repository,
		"org.opencontainers.image.licenses": "Apache-2.0",
	}

	if c.Revision != "" {
		labels["org.opencontainers.image.revision"] = c.Revision
	}

	return maps.Clone(labels)
}

// compile the command. Nothing of this machine, of the checkout's path or of the
// time is left in the binary.
func (c *buildCmd) compile(ctx context.Context, output, arch string) error {
	output, err := filepath.Abs(output)
	if err != nil {
		return err
	}

	src := sources[c.Package]

	toolchain, err := toolchainOf(ctx, filepath.Join(c.Checkout, src.module))
	if err != nil {
		return err
	}

	ldflags := []string{"-s", "-w", "-buildid=", "-X", module + "/internal/version.version=" + c.Version}

	//nolint:gosec // The arguments are this package's own.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-mod=readonly", "-buildvcs=false", "-race=false", "-tags=",
		"-ldflags", strings.Join(ldflags, " "), "-o", output, src.main)
	cmd.Dir = filepath.Join(c.Checkout, src.module)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOTOOLCHAIN="+toolchain)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr

	return cmd.Run()
}

// toolchainOf returns the Go that go.mod asks for, as GOTOOLCHAIN names it. With the
// Go that a machine happens to have, the binary would have other bytes from machine
// to machine, and the known vulnerabilities of an old standard library.
func toolchainOf(ctx context.Context, checkout string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "edit", "-json")
	cmd.Dir = checkout
	cmd.Stderr = os.Stderr

	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("cannot read go.mod in %s: %w", checkout, err)
	}

	var mod struct{ Toolchain string }
	if err := json.Unmarshal(out, &mod); err != nil {
		return "", fmt.Errorf("cannot read go.mod in %s: %w", checkout, err)
	}

	if mod.Toolchain == "" {
		return "local", nil
	}

	return mod.Toolchain, nil
}
