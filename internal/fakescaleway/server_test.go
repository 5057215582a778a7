// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
)

// request serves a request without a network.
func request(s *Server, k Key, method, path, body string) (code int, answer string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if k.SecretKey != "" {
		r.Header.Set(authHeader, k.SecretKey)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

const tokensPath = "/containers/v1beta1/regions/fr-par/tokens"

func TestAnswers(t *testing.T) {
	s := New()
	key := s.NewKey()
	missing := uuid.NewString()
	namespaces := "/containers/v1/regions/fr-par/namespaces"

	type want struct {
		code int
		body string
	}
	cases := map[string]struct {
		reason string
		key    Key
		method string
		path   string
		body   string
		want   want
	}{
		"UnknownPath": {
			reason: "A path that the API does not have is a JSON 404 without a type.",
			key:    key, method: http.MethodGet, path: "/containers/v1/regions/fr-par/nope",
			want: want{http.StatusNotFound, `{"message":"path not found"}`},
		},
		"WrongMethod": {
			reason: "A method that a path does not have is a JSON 405.",
			key:    key, method: http.MethodPatch, path: tokensPath + "/" + missing,
			want: want{http.StatusMethodNotAllowed, `{"message":"method not allowed"}`},
		},
		"NoKey": {
			reason: "A request without a key is refused.",
			method: http.MethodGet, path: tokensPath,
			want: want{http.StatusUnauthorized, `{"message":"authentication is denied","method":"api_key","reason":"invalid_argument","type":"denied_authentication"}`},
		},
		"UnknownKey": {
			reason: "A key that was never made is refused.",
			key:    Key{SecretKey: missing}, method: http.MethodGet, path: tokensPath,
			want: want{http.StatusUnauthorized, `{"message":"authentication is denied","method":"api_key","reason":"not_found","type":"denied_authentication"}`},
		},
		"EmptyList": {
			reason: "A list without objects is an empty array, not null.",
			key:    key, method: http.MethodGet, path: tokensPath,
			want: want{http.StatusOK, `{"tokens":[],"total_count":0}`},
		},
		"TokenNotFound": {
			reason: "Tokens have a 404 without a type.",
			key:    key, method: http.MethodGet, path: tokensPath + "/" + missing,
			want: want{http.StatusNotFound, `{"message":"Token was not found"}`},
		},
		"NamespaceNotFound": {
			reason: "Other kinds have a 404 with their type.",
			key:    key, method: http.MethodDelete, path: namespaces + "/" + missing,
			want: want{http.StatusNotFound, `{"message":"resource is not found","resource":"namespace","resource_id":"` + missing + `","type":"not_found"}`},
		},
		"NotJSON": {
			reason: "A body that is not JSON is refused.",
			key:    key, method: http.MethodPost, path: namespaces, body: `{`,
			want: want{http.StatusBadRequest, `{"details":[{"argument_name":"body","help_message":"unexpected EOF","reason":"format"}],"message":"invalid argument(s)","type":"invalid_arguments"}`},
		},
		"WrongType": {
			reason: "A member of the wrong type is named.",
			key:    key, method: http.MethodPost, path: "/containers/v1/regions/fr-par/containers", body: `{"min_scale":"1"}`,
			want: want{http.StatusBadRequest, `{"details":[{"argument_name":"min_scale","help_message":"json: cannot unmarshal string into Go struct field .containerRequest.min_scale of type uint32","reason":"format"}],"message":"invalid argument(s)","type":"invalid_arguments"}`},
		},
		"NoProject": {
			reason: "A namespace must have a project.",
			key:    key, method: http.MethodPost, path: namespaces, body: `{"name":"ns","project_id":""}`,
			want: want{http.StatusBadRequest, `{"details":[{"argument_name":"project_id","help_message":"","reason":"required"}],"message":"invalid argument(s)","type":"invalid_arguments"}`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			code, body := request(s, tc.key, tc.method, tc.path, tc.body)
			if diff := cmp.Diff(tc.want, want{code, body}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// More requests of a key than are allowed in a second are answered 429, with nothing else.
func TestRequestLimit(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	s := New(WithRequestLimit(2), WithClock(func() time.Time { return now }))
	one, other := s.NewKey(), s.NewKey()

	var got []int

	for _, step := range []struct {
		key   Key
		after time.Duration
	}{{key: one}, {key: one}, {key: one}, {key: other}, {key: one, after: 999 * time.Millisecond}, {key: one, after: time.Millisecond}} {
		now = now.Add(step.after)

		code, body := request(s, step.key, http.MethodGet, tokensPath, "")
		if code == http.StatusTooManyRequests && body != "" {
			t.Errorf("429 with a body: %s", body)
		}

		got = append(got, code)
	}

	if diff := cmp.Diff([]int{200, 200, 429, 200, 429, 200}, got); diff != "" {
		t.Errorf("-want answers, +got answers:\n%s", diff)
	}
}

func TestHiddenToken(t *testing.T) {
	s, c := newTestSDK(t)
	id := c.token(t, c.namespace(t, "ns").ID).ID
	_, body := request(s, c.key, http.MethodGet, tokensPath+"/"+id, "")
	if !strings.Contains(body, `"token":"<hidden>"`) {
		t.Errorf("a token that is read must hide its value as the API writes it: %s", body)
	}
}

func TestRequests(t *testing.T) {
	s := New(WithRequestLog(2))
	key := s.NewKey()
	request(s, key, http.MethodGet, "/nope", "")
	request(s, key, http.MethodGet, tokensPath+"?page=2", "")
	request(s, key, http.MethodPost, tokensPath, `{}`)

	want := []Request{
		{Method: http.MethodGet, Path: tokensPath, Route: RouteTokens, Query: "page=2", SecretKey: key.SecretKey, Status: http.StatusOK, Applied: true},
		{Method: http.MethodPost, Path: tokensPath, Route: RouteTokens, SecretKey: key.SecretKey, Body: []byte(`{}`), Status: http.StatusBadRequest},
	}
	ignoreTimes := cmpopts.IgnoreFields(Request{}, "Time", "Duration")
	if diff := cmp.Diff(want, s.Requests(), ignoreTimes, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("s.Requests(): only the newest are kept, in order: -want, +got:\n%s", diff)
	}
	counts := map[string]int{http.MethodGet + " ": 1, "GET " + RouteTokens: 1, "POST " + RouteTokens: 1}
	if diff := cmp.Diff(counts, s.Counts()); diff != "" {
		t.Errorf("s.Counts(): all are counted: -want, +got:\n%s", diff)
	}
	for _, c := range []struct {
		method, route string
		want          int
	}{{"", "", 3}, {"GET", "", 2}, {"", RouteTokens, 2}, {"POST", RouteTokens, 1}, {"PATCH", RouteTokens, 0}} {
		if got := s.Count(c.method, c.route); got != c.want {
			t.Errorf("s.Count(%q, %q): got %d, want %d", c.method, c.route, got, c.want)
		}
	}
	s.ResetRequests()
	if got, kept := s.Count("", ""), len(s.Requests()); got != 0 || kept != 0 {
		t.Errorf("s.ResetRequests(): %d are still counted, and %d kept", got, kept)
	}
}

func TestNewKey(t *testing.T) {
	s := New()
	k, other := s.NewKey(), s.NewKey()
	if !regexp.MustCompile(`^SCW[A-Z0-9]{17}$`).MatchString(k.AccessKey) {
		t.Errorf("s.NewKey(): access key %q", k.AccessKey)
	}
	seen := map[string]bool{}
	for _, id := range []string{k.SecretKey, k.OrganizationID, k.ProjectID, other.SecretKey, other.OrganizationID, other.ProjectID} {
		if uuid.Validate(id) != nil || seen[id] {
			t.Errorf("s.NewKey(): %q is not a new UUID", id)
		}
		seen[id] = true
	}
}

func TestListen(t *testing.T) {
	cases := map[string]struct {
		reason  string
		address string
		wantErr bool
	}{
		"Loopback":  {reason: "A loopback address is fine.", address: "127.0.0.1:0"},
		"Any":       {reason: "No other machine may connect.", address: "0.0.0.0:0", wantErr: true},
		"NoHost":    {reason: "No host means any address.", address: ":0", wantErr: true},
		"Name":      {reason: "A name may mean any address.", address: "localhost:0", wantErr: true},
		"Malformed": {reason: "An address has a port.", address: "127.0.0.1", wantErr: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := New()
			t.Cleanup(s.Close)
			url, err := s.Listen(tc.address)
			if (err != nil) != tc.wantErr {
				t.Fatalf("\n%s\ns.Listen(%q): %v", tc.reason, tc.address, err)
			}
			if tc.wantErr {
				return
			}
			res, err := http.Get(url + "/")
			if err != nil {
				t.Fatalf("\n%s\nhttp.Get(...): %v", tc.reason, err)
			}
			_ = res.Body.Close()
			if diff := cmp.Diff(http.StatusNotFound, res.StatusCode); diff != "" {
				t.Errorf("\n%s\nhttp.Get(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDebug(t *testing.T) {
	s, c := newTestSDK(t, WithDebug())
	tok := c.token(t, c.namespace(t, "ns").ID)
	get := func(method, path, body string, wantCode int) map[string]any {
		t.Helper()
		code, answer := request(s, Key{}, method, path, body)
		if code != wantCode {
			t.Errorf("%s %s: got code %d, want %d: %s", method, path, code, wantCode, answer)
		}
		out := map[string]any{}
		if err := json.Unmarshal([]byte(answer), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}

	objects := get(http.MethodGet, "/_fake/objects", "", http.StatusOK)
	alive := map[string]any{"namespace": 1.0, "token": 1.0}
	if diff := cmp.Diff(alive, objects["alive"]); diff != "" {
		t.Errorf("GET /_fake/objects: -want alive, +got alive:\n%s", diff)
	}
	if b, _ := json.Marshal(objects); strings.Contains(string(b), tok.Token) {
		t.Error("GET /_fake/objects: gives a token away")
	}
	requests := get(http.MethodGet, "/_fake/requests", "", http.StatusOK)
	want := map[string]any{"total": 2.0, "counts": map[string]any{"POST " + RouteNamespaces: 1.0, "POST " + RouteTokens: 1.0}}
	if diff := cmp.Diff(want, requests); diff != "" {
		t.Errorf("GET /_fake/requests: -want, +got:\n%s", diff)
	}
	if got := get(http.MethodPost, "/_fake/verify", tok.Token+"\n", http.StatusOK)["jti"]; got != tok.ID {
		t.Errorf("POST /_fake/verify: got jti %v, want %s", got, tok.ID)
	}
	get(http.MethodPost, "/_fake/verify", tok.Token+"x", http.StatusBadRequest)

	if code, _ := request(New(), Key{}, http.MethodGet, "/_fake/objects", ""); code != http.StatusNotFound {
		t.Errorf("GET /_fake/objects without WithDebug: got code %d, want 404", code)
	}
}
