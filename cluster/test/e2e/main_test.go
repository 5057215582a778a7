// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// envPackage names the folder that "make xpkg" has built the package into. Without
// it the tests build one.
const envPackage = "XPKG_DIR"

// Versions of the provider that the tests install, and change to.
const (
	version     = "v0.1.0"
	nextVersion = "v0.2.0"
)

// shared by the tests.
var shared struct {
	*tools

	// pkg is the folder of the package, and next that of the next version.
	pkg, next string
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// What envtest has to say, it says in its errors.
	ctrllog.SetLogger(logr.Discard())

	dir, err := os.MkdirTemp("", "provider-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)

	if err := build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	return m.Run()
}

func build(ctx context.Context, dir string) error {
	t, err := buildTools(ctx, dir)
	if err != nil {
		return err
	}

	shared.tools, shared.pkg, shared.next = t, os.Getenv(envPackage), filepath.Join(dir, nextVersion)

	if shared.pkg == "" {
		shared.pkg = filepath.Join(dir, version)
		if err := t.buildProvider(ctx, framework.Root(), version, shared.pkg); err != nil {
			return err
		}
	}

	return t.buildProvider(ctx, framework.Root(), nextVersion, shared.next)
}
