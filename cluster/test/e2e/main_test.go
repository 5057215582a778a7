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

// Variables that name the folder that "make xpkg" has built the package into, and
// what it was told about the checkout. Without the first the tests build one.
const (
	envPackage  = "XPKG_DIR"
	envVersion  = "XPKG_VERSION"
	envRevision = "XPKG_REVISION"
)

// shared by the tests.
var shared struct {
	*tools

	// pkg is the folder of the package, which was built with version and revision.
	// next is that of the next version.
	pkg, version, revision, next string
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

	shared.tools, shared.next = t, filepath.Join(dir, nextVersion)
	shared.pkg, shared.version, shared.revision = os.Getenv(envPackage), os.Getenv(envVersion), os.Getenv(envRevision)

	if shared.pkg == "" {
		shared.pkg, shared.version = filepath.Join(dir, version), version
		if err := t.buildProvider(ctx, framework.Root(), shared.version, shared.revision, shared.pkg); err != nil {
			return err
		}
	}

	return t.buildProvider(ctx, framework.Root(), nextVersion, "", shared.next)
}
