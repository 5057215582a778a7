// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStartFake(t *testing.T) {
	type want struct {
		url         string
		credentials string
		err         string
	}
	cases := map[string]struct {
		reason string
		script string
		want   want
	}{
		"Introduced": {
			reason: "The credentials should be those the API made, and lead to it.",
			script: `echo '{"url":"http://127.0.0.1:1","access_key":"a","secret_key":"s","organization_id":"o","project_id":"p"}'; exec sleep 60`,
			want: want{
				url:         "http://127.0.0.1:1",
				credentials: `{"access_key":"a","api_url":"http://127.0.0.1:1","organization_id":"o","project_id":"p","secret_key":"s"}`,
			},
		},
		"Ended": {
			reason: "A process that says nothing and ends should not be waited for.",
			script: "exit 1",
			want:   want{err: "says about itself: EOF"},
		},
		"Babble": {
			reason: "What is not JSON is no introduction.",
			script: "echo hello; exec sleep 60",
			want:   want{err: "says about itself: invalid character 'h'"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), "fake")
			if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+tc.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			fake, err := startFake(t.Context(), binary, os.Stderr)
			checkError(t, tc.reason, tc.want.err, err)
			if err != nil {
				return
			}
			defer fake.process.Stop(stopGrace)

			got := want{url: fake.url, credentials: string(fake.Credentials())}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nstartFake(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	cases := map[string]struct {
		reason string
		status int
		body   string
		err    string
	}{
		"Verifies": {
			reason: "The API answers the claims of a token that it has signed.",
			status: http.StatusOK,
			body:   `{"jti":"1"}`,
		},
		"Forged": {
			reason: "A token that the API has not signed is a failure, not a remark.",
			status: http.StatusBadRequest,
			body:   `{"message":"signature is invalid"}`,
			err:    "signature is invalid",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			}))
			defer s.Close()

			_, err := (&fakeAPI{url: s.URL}).Verify(t.Context(), "a.b.c")
			checkError(t, tc.reason, tc.err, err)
			if err != nil && strings.Contains(err.Error(), "a.b.c") {
				t.Errorf("\n%s\nthe error holds the token: %v", tc.reason, err)
			}
		})
	}
}

func TestLeft(t *testing.T) {
	type want struct {
		line string
		err  string
	}
	cases := map[string]struct {
		reason string
		body   string
		want   want
	}{
		"Nothing": {
			reason: "Every kind should be counted, so that it shows what was looked for.",
			body:   `{"objects":{"token":[],"container":[]}}`,
			want:   want{line: "container 0, token 0"},
		},
		"Something": {
			reason: "An object that is left, even one that is being deleted, is a failure.",
			body:   `{"alive":{"token":0},"objects":{"token":[{"status":"deleting"}],"container":[]}}`,
			want:   want{err: "the API still has objects: container 0, token 1"},
		},
		"OtherAnswer": {
			reason: "An answer that lists nothing at all is no proof.",
			body:   `{}`,
			want:   want{err: "the API lists no kind of object: {}"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			line, err := left([]byte(tc.body))
			checkError(t, tc.reason, tc.want.err, err)
			if diff := cmp.Diff(tc.want.line, line); diff != "" {
				t.Errorf("\n%s\nleft(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
