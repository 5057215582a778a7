// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What was read when an object was created is its first observation.
func TestRecall(t *testing.T) {
	const otherKey = "66666666-6666-4666-8666-666666666666"

	type sent struct{ method, path, key string }

	post, get := sent{method: http.MethodPost, path: containersPath}, sent{method: http.MethodGet, path: containerPath}

	cases := map[string]struct {
		reason string
		status string
		// code that a GET is answered with, if not 200, and html whether by a proxy.
		code int
		html bool
		// before the object is recalled.
		before []sent
		// after is how long that was before.
		after time.Duration
		// nothing says that no collection has objects that can be recalled.
		nothing bool
		// recalled is by whom, if not by who has created it.
		recalled string
		// asked while it is recalled.
		asked []sent
		// want requests that Scaleway is sent while it is recalled.
		want int
	}{
		"Created":      {reason: "It has been read since it was created.", before: []sent{post, get}, asked: []sent{get}},
		"Once":         {reason: "It is recalled once.", before: []sent{post, get}, asked: []sent{get, get}, want: 1},
		"NotRead":      {reason: "It has not been read.", before: []sent{post}, asked: []sent{get}, want: 1},
		"NotCreated":   {reason: "It is not known to be new.", before: []sent{get}, asked: []sent{get}, want: 1},
		"Old":          {reason: "That was too long ago.", before: []sent{post, get}, after: freshness + time.Second, asked: []sent{get}, want: 1},
		"ReadTwice":    {reason: "Somebody has looked at it since.", before: []sent{post, get, get}, asked: []sent{get}, want: 1},
		"Changed":      {reason: "It has been changed since.", before: []sent{post, get, {method: http.MethodPatch, path: containerPath}}, asked: []sent{get}, want: 1},
		"NotYetRead":   {reason: "It has been changed before it was read.", before: []sent{post, {method: http.MethodPatch, path: containerPath}}, asked: []sent{get}, want: 1},
		"Deleted":      {reason: "It has been deleted since.", before: []sent{post, get, {method: http.MethodDelete, path: containerPath}}, asked: []sent{get}, want: 1},
		"Transient":    {reason: "It was not as it is to be.", status: "creating", before: []sent{post, get}, asked: []sent{get}, want: 1},
		"NotFound":     {reason: "There was none.", code: http.StatusNotFound, before: []sent{post, get}, asked: []sent{get}, want: 1},
		"Refused":      {reason: "It could not be read.", code: http.StatusForbidden, before: []sent{post, get}, asked: []sent{get}, want: 1},
		"NoAnswer":     {reason: "There was no answer.", code: http.StatusBadGateway, before: []sent{post, get}, asked: []sent{get}, want: 1},
		"Proxy":        {reason: "It was not Scaleway that answered.", code: http.StatusForbidden, html: true, before: []sent{post, get}, asked: []sent{get}, want: 1},
		"ProxyPage":    {reason: "It was not Scaleway that answered.", html: true, before: []sent{post, get}, asked: []sent{get}, want: 1},
		"OtherKind":    {reason: "There is more to compare than what a GET tells.", nothing: true, before: []sent{post, get}, asked: []sent{get}, want: 1},
		"OtherObject":  {reason: "Another object is asked for.", before: []sent{post, get}, asked: []sent{{method: http.MethodGet, path: containersPath}}, want: 1},
		"OtherMethod":  {reason: "Something else is asked for.", before: []sent{post, get}, asked: []sent{{method: http.MethodDelete, path: containerPath}}, want: 1},
		"OtherTenant":  {reason: "Another tenant may be told something else.", before: []sent{post, get}, recalled: otherKey, asked: []sent{{http.MethodGet, containerPath, otherKey}}, want: 1},
		"OtherCreated": {reason: "Another tenant has created it.", before: []sent{{http.MethodPost, containersPath, otherKey}, get}, asked: []sent{get}, want: 1},
		"Parameters":   {reason: "Something else is asked of it.", before: []sent{post, get}, asked: []sent{{method: http.MethodGet, path: containerPath + "?x=y"}}, want: 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			requests, body := 0, `{"id":"11111111-1111-4111-8111-111111111111","status":"ready"}`
			if tc.status != "" {
				body = `{"id":"11111111-1111-4111-8111-111111111111","status":"` + tc.status + `"}`
			}

			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++

				w.Header().Set("Content-Type", "application/json")

				if r.Method == http.MethodGet && tc.html {
					w.Header().Set("Content-Type", "text/html")
				}

				if r.Method == http.MethodGet && tc.code != 0 {
					w.WriteHeader(tc.code)
				}

				_, _ = w.Write([]byte(body))
			}))
			t.Cleanup(s.Close)

			rt := newTransport(Options{})
			seen, now := rt.options.Observations, time.Now()
			seen.now = func() time.Time { return now }
			seen.Recallable = func(path string) bool { return !tc.nothing && path == containersPath }

			tenant, err := rt.options.Tenants.With(secretKey, s.URL)
			if err != nil {
				t.Fatal(err)
			}

			other, err := rt.options.Tenants.With(otherKey, s.URL)
			if err != nil {
				t.Fatal(err)
			}

			ask := func(r sent) (*http.Response, string) {
				req := newRequest(t.Context(), t, rt, r.method, s.URL+r.path, "")
				if r.key != "" {
					req.Header.Set(headerKey, r.key)
				}

				return answerTo(t, rt, req)
			}

			for _, r := range tc.before {
				ask(r)
			}

			now = now.Add(tc.after)
			requests = 0

			if tc.recalled != "" {
				tenant = other
			}

			end := seen.Recall(tenant, containerPath)
			answer := seen.Expect(tenant, http.MethodGet, containerPath)

			for _, r := range tc.asked {
				resp, got := ask(r)
				if tc.want == 0 && (got != body || resp.StatusCode != http.StatusOK) {
					t.Errorf("\n%s\nwhat is recalled: want %s, got %s %s", tc.reason, body, resp.Status, got)
				}
			}

			end()

			if _, ok := answer(); tc.want == 0 && !ok {
				t.Errorf("\n%s\nwhat is recalled is expected: want it to be an answer", tc.reason)
			}

			if diff := cmp.Diff(tc.want, requests); diff != "" {
				t.Errorf("\n%s\nrequests while it is recalled: -want, +got:\n%s", tc.reason, diff)
			}

			if len(seen.recalled) > 0 {
				t.Errorf("\n%s\nafter the end it is still recalled", tc.reason)
			}

			// What is not recalled is asked for.
			requests = 0
			ask(get)

			if requests != 1 {
				t.Errorf("\n%s\nafter the end: want 1 request, got %d", tc.reason, requests)
			}
		})
	}

	NewObservations().Recall(nil, containerPath)() // Nobody recalls nothing.
}

// What was read before something else was asked for is not recalled, although the answer
// came afterwards.
func TestRecallMeanwhile(t *testing.T) {
	seen := NewObservations()
	tenant := &Tenant{id: "a"}
	key := object{tenant: "a", path: containerPath}
	get := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: containerPath}}

	for name, tc := range map[string]struct {
		meanwhile []*http.Request
		want      bool
	}{
		"Nothing": {want: true},
		"Delete":  {meanwhile: []*http.Request{{Method: http.MethodDelete, URL: get.URL}}},
		"Get":     {meanwhile: []*http.Request{get}},
	} {
		t.Run(name, func(t *testing.T) {
			seen.fresh.Add(key, fresh{created: time.Now()})
			seen.ask(tenant, get)

			for _, r := range tc.meanwhile {
				seen.ask(tenant, r)
			}

			seen.keep(key, []byte("{}"))

			defer seen.Recall(tenant, containerPath)()

			if resp, _ := seen.recall(tenant, get); (resp != nil) != tc.want {
				t.Errorf("recall(...): want an answer: %t, got %v", tc.want, resp)
			}
		})
	}
}
