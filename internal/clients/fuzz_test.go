// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// quotable is the shortest secret that would be told from the words of an error.
const quotable = 12

// Whatever a Secret holds, credentials have both halves of a key, and an error has none.
func FuzzParseCredentials(f *testing.F) {
	for _, s := range []string{
		"", "{}", "null", `{"access_key":"SCW11111111111111111","secret_key":"11111111-1111-4111-8111-111111111111"}`,
		`{"access_key":"SCW11111111111111111","secret_key":"11111111-1111-4111-8111-111111111111","region":"nowhere"}`,
		`{"secret_key":"11111111-1111-4111-8111-111111111111"}`, `{"11111111-1111-4111-8111-111111111111":1}`, `{"secret_key":["11111111-1111-4111-8111-111111111111"]}`,
	} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, text string) {
		var sent struct {
			SecretKey string `json:"secret_key"`
		}

		_ = json.Unmarshal([]byte(text), &sent)

		check := func(name string, c Credentials, err error) {
			if err == nil && (c.AccessKey == "" || c.SecretKey == "") {
				t.Errorf("%s: half a key of %q", name, text)
			}

			if err != nil && len(sent.SecretKey) >= quotable && strings.Contains(err.Error(), sent.SecretKey) {
				t.Errorf("%s: the error quotes the secret key: %v", name, err)
			}
		}

		c, err := ParseCredentials([]byte(text))
		check("ParseCredentials", c, err)

		c, err = ParseKeys(map[string][]byte{"SCW_ACCESS_KEY": []byte(text), "SCW_SECRET_KEY": []byte(sent.SecretKey)})
		check("ParseKeys", c, err)
	})
}

// Whatever Scaleway answers, a list is as long as it says, or there is none.
func FuzzList(f *testing.F) {
	for _, s := range []string{
		"", "{}", "null", "[]", `{"tokens":[],"total_count":0}`, `{"tokens":[{"id":"a"}],"total_count":1}`, `{"tokens":[{"id":"a"}],"total_count":2}`,
		`{"tokens":{"id":"a"},"total_count":1}`, `{"tokens":null,"total_count":-1}`, `{"tokens":[null],"total_count":1}`,
	} {
		f.Add(s)
	}

	var (
		answer string
		api    *API
	)

	f.Fuzz(func(t *testing.T, body string) {
		answer = body

		if api == nil {
			api = newTestAPI(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
			t.Cleanup(func() { api = nil })
		}

		objects, err := api.List(t.Context(), mintedPath, url.Values{}, "tokens")
		if err != nil {
			return
		}

		var said struct {
			Total *int `json:"total_count"`
		}

		if err := json.Unmarshal([]byte(body), &said); err != nil || said.Total == nil || *said.Total != len(objects) {
			t.Errorf("List(...): got %d objects of %q", len(objects), body)
		}

		for _, o := range objects {
			_, _ = o.Text("id"), o.Status()
		}
	})
}
