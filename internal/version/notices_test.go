// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package version

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
)

// What the notices are about: a file, and the package of the binary.
const (
	noticesFile   = "../../THIRD_PARTY_NOTICES.md"
	binaryPackage = "../../cmd/provider"
)

var (
	licenceFile  = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)
	majorVersion = regexp.MustCompile(`/v[0-9]+$`)
)

// A module that the binary is linked with.
type module struct {
	Path    string
	Version string
	Dir     string
	Main    bool
}

// The binary may only be passed on with a notice of where the source of its
// parts under the Mozilla Public License is to be had.
func TestNotices(t *testing.T) {
	b, err := os.ReadFile(noticesFile)
	if err != nil {
		t.Fatal(err)
	}

	var got []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| [") {
			got = append(got, line)
		}
	}

	var want []string
	for _, m := range linked(t) {
		if underMPL(t, m) {
			want = append(want, fmt.Sprintf("| [%s](https://%s) | %s |", m.Path, majorVersion.ReplaceAllString(m.Path, ""), m.Version))
		}
	}

	if len(want) == 0 {
		t.Error("no linked module is under the Mozilla Public License, which cannot be: the Terraform provider is")
	}

	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("modules under the Mozilla Public License that %s is linked with, in %s: -want, +got:\n%s", binaryPackage, noticesFile, diff)
	}
}

// linked returns the modules of others that the binary for Linux is linked with,
// sorted by path.
func linked(t *testing.T) []module {
	t.Helper()

	// Go reuses the result of a test until a file changes that the test itself has
	// opened. What go list reads does not count, so it is opened here too.
	opened(t, "../../go.mod")

	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Dir,Module", binaryPackage)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr

	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	modules := map[string]module{}

	for d := json.NewDecoder(out); ; {
		var pkg struct {
			Dir    string
			Module *module
		}

		err := d.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			t.Fatalf("cannot read what go list says: %v", err)
		}

		switch {
		case pkg.Module == nil: // Go's own.
		case pkg.Module.Main:
			opened(t, pkg.Dir)
		default:
			modules[pkg.Module.Path] = *pkg.Module
		}
	}

	if err := cmd.Wait(); err != nil {
		t.Fatalf("cannot list what %s is linked with: %v", binaryPackage, err)
	}

	return slices.SortedFunc(maps.Values(modules), func(a, b module) int { return strings.Compare(a.Path, b.Path) })
}

// opened opens a file or a folder, and closes it again.
func opened(t *testing.T, path string) {
	t.Helper()

	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}

	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// underMPL tells whether a module is under the Mozilla Public License. A module
// in which no licence is found fails the test.
func underMPL(t *testing.T, m module) bool {
	t.Helper()

	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		t.Fatalf("cannot look for the licence of %s: %v", m.Path, err)
	}

	found := false

	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}

		b, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}

		if strings.Contains(string(b), "Mozilla Public License") {
			return true
		}

		found = true
	}

	if !found {
		t.Errorf("%s has no licence file in its root: find out what its licence is", m.Path)
	}

	return false
}
