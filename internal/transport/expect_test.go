// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpect(t *testing.T) {
	const (
		otherKey = "66666666-6666-4666-8666-666666666666"
		missing  = containersPath + "/22222222-2222-4222-8222-222222222222"
	)

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")

		if r.URL.Path == missing {
			w.WriteHeader(http.StatusNotFound)
		}

		_, _ = w.Write([]byte(`{"id":"a","status":"creating"}`))
	}))
	t.Cleanup(s.Close)

	type sent struct{ method, path, key string }

	get := sent{method: http.MethodGet, path: containerPath}

	cases := map[string]struct {
		reason       string
		method, path string
		sent         []sent
		want         bool
	}{
		"Answered":      {reason: "There is one answer.", path: containerPath, sent: []sent{get}, want: true},
		"Unanswered":    {reason: "There is none.", path: containerPath},
		"Twice":         {reason: "Who was given which cannot be told.", path: containerPath, sent: []sent{get, get}},
		"NotFound":      {reason: "It says nothing of an object.", path: missing, sent: []sent{{method: http.MethodGet, path: missing}}},
		"OtherObject":   {reason: "It is about another object.", path: containerPath, sent: []sent{{method: http.MethodGet, path: containersPath}}},
		"OtherMethod":   {reason: "It asks for something else.", path: containerPath, sent: []sent{{method: http.MethodPatch, path: containerPath}}},
		"OtherTenant":   {reason: "Another tenant is told something else.", path: containerPath, sent: []sent{{method: http.MethodGet, path: containerPath, key: otherKey}}},
		"Deleted":       {reason: "A deletion has been answered.", method: http.MethodDelete, path: containerPath, sent: []sent{get, {method: http.MethodDelete, path: containerPath}}, want: true},
		"NoneToDelete":  {reason: "Nothing was deleted.", method: http.MethodDelete, path: missing, sent: []sent{{method: http.MethodDelete, path: missing}}},
		"BetweenOthers": {reason: "Others do not matter.", path: containerPath, sent: []sent{{method: http.MethodGet, path: missing}, get, {method: http.MethodDelete, path: containerPath}}, want: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rt := newTransport(Options{})
			seen := rt.options.Observations

			tenant, err := rt.options.Tenants.With(secretKey, s.URL)
			if err != nil {
				t.Fatal(err)
			}

			if _, err := rt.options.Tenants.With(otherKey, s.URL); err != nil {
				t.Fatal(err)
			}

			if tc.method == "" {
				tc.method = http.MethodGet
			}

			send(t, rt, tc.method, s.URL+tc.path, "") // Before.

			end := seen.Expect(tenant, tc.method, tc.path)

			for _, r := range tc.sent {
				req := newRequest(t.Context(), t, rt, r.method, s.URL+r.path, "")
				if r.key != "" {
					req.Header.Set(headerKey, r.key)
				}

				answerTo(t, rt, req)
			}

			digest, ok := end()
			if diff := cmp.Diff(tc.want, ok); diff != "" {
				t.Errorf("\n%s\nExpect(...): -want, +got:\n%s", tc.reason, diff)
			}

			// Of what Scaleway has sent, and not of what Terraform is shown.
			if want := sha256.Sum256([]byte(`{"id":"a","status":"creating"}`)); ok && digest != want {
				t.Errorf("\n%s\nExpect(...): want digest %x, got %x", tc.reason, want, digest)
			}

			send(t, rt, tc.method, s.URL+tc.path, "") // Afterwards.

			if _, after := end(); after != ok || len(seen.expected) > 0 {
				t.Errorf("\n%s\nwhat comes afterwards is still expected", tc.reason)
			}
		})
	}

	if _, ok := NewObservations().Expect(nil, http.MethodGet, containerPath)(); ok {
		t.Error("Expect(...) of nobody: want nothing")
	}
}
