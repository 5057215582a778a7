// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"
)

// An object that Scaleway shows tells of which organization the key is, and nothing else does.
func TestOrganization(t *testing.T) {
	const shown = `{"id":"11111111-1111-4111-8111-111111111111","organization_id":"22222222-2222-4222-8222-222222222222"}`

	cases := map[string]struct {
		reason string
		// hidden tells that the object may be of anybody.
		hidden bool
		status int
		body   string
		want   string
	}{
		"Public":       {reason: "What is shown to everybody says nothing of the key.", hidden: true, status: http.StatusOK, body: shown},
		"Object":       {reason: "A key is shown what is of its organization.", status: http.StatusOK, body: shown, want: "22222222-2222-4222-8222-222222222222"},
		"Refused":      {reason: "An error may name whatever was asked for.", status: http.StatusForbidden, body: shown},
		"NotFound":     {reason: "An error may name whatever was asked for.", status: http.StatusNotFound, body: shown},
		"NoObject":     {reason: "Only what has an ID is an object.", status: http.StatusOK, body: `{"organization_id":"22222222-2222-4222-8222-222222222222"}`},
		"OfNobody":     {reason: "Not all objects say it.", status: http.StatusOK, body: `{"id":"11111111-1111-4111-8111-111111111111"}`},
		"NoJSONObject": {reason: "Nothing is told.", status: http.StatusOK, body: `[]`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tenants := NewTenants(Pace{}, logging.NewNopLogger())

			tenant, err := tenants.With("key", "https://api.scaleway.com")
			if err != nil {
				t.Fatal(err)
			}

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.scaleway.com/iam/v1alpha1/applications/11111111-1111-4111-8111-111111111111", nil)
			if err != nil {
				t.Fatal(err)
			}

			resp := &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": []string{"application/json"}}}

			o := NewObservations()
			o.Witness = func(path string) bool { return path == "/iam/v1alpha1/applications" && !tc.hidden }
			o.tap(tenant, req, resp, []byte(tc.body))

			if diff := cmp.Diff(tc.want, tenant.Organization()); diff != "" {
				t.Errorf("\n%s\nOrganization(): -want, +got:\n%s", tc.reason, diff)
			}

			other, err := tenants.With("another key", "https://api.scaleway.com")
			if err != nil {
				t.Fatal(err)
			}

			if got := other.Organization(); got != "" {
				t.Errorf("\n%s\nOrganization() of another: got %q", tc.reason, got)
			}
		})
	}

	if got := (*Tenant)(nil).Organization(); got != "" {
		t.Errorf("Organization() of nobody: got %q", got)
	}
}
