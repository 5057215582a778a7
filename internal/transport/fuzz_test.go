// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
)

// Whatever Scaleway answers to a request that mints, it is taken to have minted only if it
// tells which object, and its secret.
func FuzzOutcome(f *testing.F) {
	f.Add(200, `{"id":"a","token":"b"}`)
	f.Add(200, `{"id":"a"}`)
	f.Add(200, "null")
	f.Add(502, "<html>")
	f.Add(403, `{"message":"no"}`)

	f.Fuzz(func(t *testing.T, status int, body string) {
		a := &allowed{minting: Minting{IDField: "id", ValueField: "token"}}
		outcome, object := a.outcome(&http.Response{StatusCode: status}, []byte(body), nil)

		if minted := outcome == issue.Minted; minted != (object.ID != "" && object.Secret != "") || minted && status >= http.StatusBadRequest {
			t.Errorf("outcome(%d, %q): got %v, %+v", status, body, outcome, object)
		}
	})
}

// Whatever an answer says, it does not say what was secret in its request, and what was JSON
// remains so.
func FuzzWithhold(f *testing.F) {
	const secret = "11111111-1111-4111-8111-111111111111"

	f.Add(`{"message":"bad key 11111111-1111-4111-8111-111111111111"}`)
	f.Add("plain 11111111-1111-4111-8111-111111111111")
	f.Add(`{"11111111-1111-4111-8111-111111111111":["11111111-1111-4111-8111-111111111111",1e400]}`)
	f.Add(`{"a":1} 11111111-1111-4111-8111-111111111111`)

	f.Fuzz(func(t *testing.T, body string) {
		got := newQuotations([]string{secret}).withholdBody([]byte(body))
		if bytes.Contains(got, []byte(secret)) {
			t.Errorf("withholdBody(%q): got %q", body, got)
		}

		if json.Valid([]byte(body)) && !json.Valid(got) {
			t.Errorf("withholdBody(%q) is no JSON any more: %q", body, got)
		}

		if !strings.Contains(body, "1111") && json.Valid([]byte(body)) && string(got) != body {
			t.Errorf("withholdBody(%q): got %q", body, got)
		}
	})
}
