// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClaims(t *testing.T) {
	segment := base64.RawURLEncoding.EncodeToString
	cases := map[string]struct {
		reason string
		token  string
		want   string
		err    string
	}{
		"Token": {
			reason: "Claims should be shown as they were signed, dates digit by digit.",
			token:  segment([]byte(`{"alg":"RS256"}`)) + "." + segment([]byte(`{"exp":2076312915,"aud":"functions"}`)) + ".c2VjcmV0",
			want:   "{\n  \"aud\": \"functions\",\n  \"exp\": 2076312915\n}",
		},
		"Empty": {
			reason: "A Secret without a token should not pass for one.",
			err:    "not a JSON Web Token",
		},
		"Malformed": {
			reason: "An error should not repeat what may be a working token.",
			token:  "secret.secret.secret",
			err:    "not a JSON Web Token",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := claims(tc.token)
			checkError(t, tc.reason, tc.err, err)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("\n%s\nthe error holds the token: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nclaims(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
