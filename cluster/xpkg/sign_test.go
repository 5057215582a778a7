// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Everything that was pushed is signed, and each bill of materials attested.
func TestSign(t *testing.T) {
	cases := map[string]struct {
		reason, pushed string
		want           []string
		fails          bool
	}{
		"Pushed": {
			reason: "As pushCmd prints it.",
			pushed: "registry.example.org/team/one@sha256:aa\n" +
				"  linux/amd64: sha256:bb, bill of materials sha256:cc\n" +
				"  linux/arm64: sha256:dd, bill of materials sha256:ee\n" +
				"registry.example.org/team/two@sha256:ff\n" +
				"  linux/amd64: sha256:00, bill of materials sha256:11\n",
			want: []string{
				"sign --yes --recursive registry.example.org/team/one@sha256:aa",
				"attest --yes --type cyclonedx --predicate packages/one/sbom-amd64.cdx.json registry.example.org/team/one@sha256:bb",
				"attest --yes --type cyclonedx --predicate packages/one/sbom-arm64.cdx.json registry.example.org/team/one@sha256:dd",
				"sign --yes --recursive registry.example.org/team/two@sha256:ff",
				"attest --yes --type cyclonedx --predicate packages/two/sbom-amd64.cdx.json registry.example.org/team/two@sha256:00",
			},
		},
		"Nothing": {reason: "A release that is not signed must not look like one.", pushed: "make: nothing to be done\n", fails: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			said := filepath.Join(dir, "said")

			if err := os.WriteFile(filepath.Join(dir, "cosign"), []byte("#!/bin/sh\necho \"$@\" >>'"+said+"'\n"), 0o700); err != nil {
				t.Fatal(err)
			}

			cmd := exec.CommandContext(t.Context(), "./sign.sh", "packages")
			cmd.Env = []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")}
			cmd.Stdin = strings.NewReader(tc.pushed)

			if out, err := cmd.CombinedOutput(); (err != nil) != tc.fails {
				t.Errorf("\n%s\nsign.sh: %v: %s", tc.reason, err, out)
			}

			b, err := os.ReadFile(said)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}

			var got []string
			if len(b) > 0 {
				got = strings.Split(strings.TrimSpace(string(b)), "\n")
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncosign: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
