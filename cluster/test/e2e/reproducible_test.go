// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// TestReproducible builds the package a second time, in another folder. It must be
// the same, so that who has the commit can tell what a registry has.
func TestReproducible(t *testing.T) {
	src, second := filepath.Join(t.TempDir(), "elsewhere"), filepath.Join(t.TempDir(), "second")

	files, err := output(t.Context(), framework.Root(), "git", "ls-files", "--cached", "--others", "--exclude-standard")
	if err != nil {
		t.Fatal(err)
	}

	for f := range strings.Lines(files) {
		copyFile(t, filepath.Join(framework.Root(), strings.TrimSpace(f)), filepath.Join(src, strings.TrimSpace(f)))
	}

	if err := shared.buildProvider(t.Context(), src, shared.version, shared.revision, second); err != nil {
		t.Fatal(err)
	}

	want, got := map[string]string{}, map[string]string{}

	for _, name := range []string{"binary-ARCH", "image-ARCH.tar", "provider-upjet-scaleway-ARCH.xpkg", "sbom-ARCH.cdx.json"} {
		name = strings.Replace(name, "ARCH", runtime.GOARCH, 1)
		want[name], got[name] = digest(t, filepath.Join(shared.pkg, name)), digest(t, filepath.Join(second, name))
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("digests of what was built: -first, +second:\n%s", diff)
	}
}

// copyFile copies a file that git knows. One that was removed is left out.
func copyFile(t *testing.T, from, to string) {
	t.Helper()

	b, err := os.ReadFile(from)
	if os.IsNotExist(err) {
		return
	}

	if err != nil {
		t.Fatal(err)
	}

	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func digest(t *testing.T, file string) string {
	t.Helper()

	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}

	return hex.EncodeToString(h.Sum(nil))
}
