// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := (&cli{Listen: "127.0.0.1:0", ProjectID: "11111111-1111-4111-8111-111111111111"}).Run(ctx, out)
		_ = out.CloseWithError(err) // So that a failure does not leave the test reading.
		done <- err
	}()

	var printed struct {
		URL            string `json:"url"`
		AccessKey      string `json:"access_key"`
		SecretKey      string `json:"secret_key"`
		OrganizationID string `json:"organization_id"`
		ProjectID      string `json:"project_id"`
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&printed); err != nil {
		t.Fatalf("cannot read what Run prints: %v", err)
	}

	cases := map[string]struct {
		reason string
		path   string
		key    string
		want   int
	}{
		"Printed": {reason: "The key that is printed is accepted.", path: "/containers/v1/regions/fr-par/namespaces", key: printed.SecretKey, want: http.StatusOK},
		"Other":   {reason: "Another UUID of this tenant is not a key.", path: "/containers/v1/regions/fr-par/namespaces", key: printed.ProjectID, want: http.StatusUnauthorized},
		"Debug":   {reason: "Scripts can see what the server holds.", path: "/_fake/objects", want: http.StatusOK},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, printed.URL+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Auth-Token", tc.key)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatalf("\n%s\n%v", tc.reason, err)
			}
			_ = res.Body.Close()
			if diff := cmp.Diff(tc.want, res.StatusCode); diff != "" {
				t.Errorf("\n%s\n-want code, +got code:\n%s", tc.reason, diff)
			}
		})
	}

	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run(...): %v", err)
	}
	if res, err := http.Get(printed.URL); err == nil {
		_ = res.Body.Close()
		t.Error("Run(...): the server still answers once Run has returned")
	}
}

func TestRunRefusesOtherMachines(t *testing.T) {
	if err := (&cli{Listen: "0.0.0.0:0"}).Run(t.Context(), io.Discard); err == nil {
		t.Error("Run(...): got no error for an address that other machines can reach")
	}
}
