// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
)

func TestDo(t *testing.T) {
	errStep, errEnded := errors.New("cannot create Token/a: connection refused"), errors.New("the provider has ended")

	cases := map[string]struct {
		reason string
		step   error
		ended  error
		want   error
	}{
		"Done":       {reason: "A step that works is no error."},
		"Failed":     {reason: "A step that fails says why.", step: errStep, want: errStep},
		"Ended":      {reason: "A step that waited in vain failed for what ended it.", ended: errEnded, want: errEnded},
		"FailedThen": {reason: "So did one that failed on the way.", step: errStep, ended: errEnded, want: errEnded},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)

			err := (&demo{out: io.Discard}).do(ctx, "Try", func(context.Context) error {
				if tc.ended != nil {
					cancel(tc.ended)
				}
				return tc.step
			})
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("\n%s\ndo(...): want %v, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestIndenter(t *testing.T) {
	got := &strings.Builder{}
	for _, s := range []string{"one\n", "two\nthree\n"} {
		if n, err := io.WriteString(indenter{got}, s); err != nil || n != len(s) {
			t.Fatalf("Write(%q): %d, %v", s, n, err)
		}
	}
	if diff := cmp.Diff("   one\n   two\n   three\n", got.String()); diff != "" {
		t.Errorf("indented: -want, +got:\n%s", diff)
	}
}
