// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestToolchainOf(t *testing.T) {
	cases := map[string]struct {
		reason string
		mod    string
		want   string
		fails  bool
	}{
		"Named": {
			reason: "What go.mod names should be built with, whatever the machine has.",
			mod:    "module example.org/program\n\ngo 1.26.0\n\ntoolchain go1.26.1\n",
			want:   "go1.26.1",
		},
		"NotNamed": {
			reason: "A checkout of an older version is built with what there is.",
			mod:    "module example.org/program\n\ngo 1.26.0\n",
			want:   "local",
		},
		"Malformed": {
			reason: "What cannot be read should not be built with just any Go.",
			mod:    "toolchain\n",
			fails:  true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "go.mod"), tc.mod, 0o600)

			got, err := toolchainOf(t.Context(), dir)
			if (err != nil) != tc.fails {
				t.Fatalf("\n%s\ntoolchainOf(...): %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ntoolchainOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
