// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// An error tells nothing of what is secret in the request, however it quotes it, and
// everything else as Scaleway has said it.
func TestWithhold(t *testing.T) {
	const (
		sent = `{"name":"shop","description":"a longer description","secret_environment_variables":{"PASSWORD":"correct \"horse\" & <b>"},` +
			`"env":[{"secret_list":[{"key":"LOGIN","value":"battery staple"}]}],"sqs_config":{"access_key_id":"SCWSQSSQS","secret_access_key":"tr0ub4dor&3"},` +
			`"credentials_file_content":"-----BEGIN\nabcdefghijklmnop\n-----END","pin_secret":"abc","code_secret":1234567,"data":"a declared secret"}`
		password = `correct "horse" & <b>`
	)

	quoted := strconv.Quote(sent)
	inJSON := func(message string) string { return string(mustMarshal(map[string]string{"message": message})) }

	cases := map[string]struct {
		reason string
		status int
		body   string
		// never is what must not be said, and want what must.
		never []string
		want  []string
	}{
		"Whole":          {"The request is quoted as it is.", 400, sent, nil, []string{"shop", "a longer description", "LOGIN"}},
		"InAMessage":     {"It is quoted in a message.", 400, inJSON("invalid body: " + sent), nil, []string{"invalid body", "shop"}},
		"Quoted":         {"It is quoted twice.", 400, inJSON("invalid body: " + quoted), nil, []string{"shop"}},
		"ServerError":    {"An error of the server says its message too.", 503, inJSON("no: " + password), []string{password}, []string{"no: "}},
		"TooMany":        {"So does who asks to wait.", 429, inJSON("no: battery staple"), nil, []string{"no: "}},
		"Redirect":       {"A redirect is an error too.", 302, inJSON("battery staple"), nil, nil},
		"Page":           {"A proxy answers in HTML.", 403, "<html><pre>" + sent + "</pre></html>", nil, nil},
		"Base64":         {"It is quoted in base64.", 400, inJSON(base64.StdEncoding.EncodeToString([]byte(sent))), []string{"YmF0dGVyeSBzdGFwbG", "JhdHRlcnkgc3RhcGxl"}, nil},
		"URL":            {"It is quoted as a part of a URL.", 400, inJSON(url.QueryEscape(sent)), []string{"battery+staple"}, nil},
		"Begin":          {"Only the begin is quoted.", 400, inJSON("invalid: tr0ub4dor…"), []string{"tr0ub4dor"}, []string{"invalid: "}},
		"Key":            {"The API key is quoted.", 400, inJSON("headers: " + secretKey), []string{secretKey}, []string{"headers: "}},
		"NameOfAField":   {"It is the name of a field.", 400, `{"battery staple":1,"message":"x"}`, nil, []string{`"message":"x"`}},
		"Short":          {"A short secret is withheld where it stands alone.", 400, inJSON("not abc, but abcd"), nil, []string{"abcd"}},
		"Number":         {"A secret is a number.", 400, `{"message":"no","value":1234567}`, []string{"1234567"}, []string{`"message":"no"`}},
		"Declared":       {"A field is secret because it is declared so.", 400, inJSON("bad: a declared secret"), []string{"declared"}, []string{"bad: "}},
		"Nothing":        {"What quotes nothing is passed on, byte for byte.", 400, `{"message" : "image not found", "n":1.50}`, nil, []string{`{"message" : "image not found", "n":1.50}`}},
		"HelpfulMessage": {"What is not secret of the request is said.", 400, inJSON("name shop is taken, see PASSWORD"), nil, []string{"name shop is taken, see PASSWORD"}},
	}

	// None is ever said, in the form in which it was sent.
	secrets := []string{"horse", "battery staple", "tr0ub4dor&3", "SCWSQSSQS", "abcdefghijklmnop", "a declared secret"}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer s.Close()

			rt := newTransport(Options{SecretFields: []string{"data"}})
			req := newRequest(t.Context(), t, rt, http.MethodPatch, s.URL, sent)

			if name == "Whole" {
				// What cannot be read again.
				req.GetBody = nil
				req.Body = io.NopCloser(strings.NewReader(sent))
			}

			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}

			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}

			if strings.HasPrefix(tc.body, "{") && !json.Valid(b) {
				t.Errorf("\n%s\nthe answer is no JSON any more: %s", tc.reason, b)
			}

			for _, never := range append(tc.never, secrets...) {
				if strings.Contains(string(b), never) {
					t.Errorf("\n%s\nthe answer quotes %q: %s", tc.reason, never, b)
				}
			}

			for _, want := range tc.want {
				if !strings.Contains(string(b), want) {
					t.Errorf("\n%s\nthe answer does not say %q: %s", tc.reason, want, b)
				}
			}
		})
	}
}

// What is not an error is left as it is: Terraform needs the secrets that it holds.
func TestWithholdNothing(t *testing.T) {
	const sent = `{"secret":"battery staple"}`

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, sent) }))
	defer s.Close()

	rt := newTransport(Options{})

	resp, err := rt.RoundTrip(newRequest(t.Context(), t, rt, http.MethodPatch, s.URL, sent))
	if err != nil {
		t.Fatal(err)
	}

	b, err := io.ReadAll(resp.Body)
	if diff := cmp.Diff(sent, string(b)); diff != "" || err != nil {
		t.Errorf("RoundTrip(...): -want, +got:\n%s%v", diff, err)
	}
}

// A lost answer quotes nothing either.
func TestWithholdErrors(t *testing.T) {
	rt := newTransport(Options{Next: roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("malformed HTTP response \"secret=battery staple\"")
	})})

	resp, err := rt.RoundTrip(newRequest(t.Context(), t, rt, http.MethodPatch, "http://127.0.0.1", `{"secret":"battery staple"}`))
	if err != nil {
		t.Fatal(err)
	}

	b, err := io.ReadAll(resp.Body)
	if err != nil || strings.Contains(string(b), "staple") || !strings.Contains(string(b), "malformed HTTP response") {
		t.Errorf("want what is malformed, without the secret, got %s, %v", b, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (fn roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return fn(req) }
