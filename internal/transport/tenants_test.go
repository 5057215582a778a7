// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
)

// otherKey is one that no ProviderConfig holds.
const otherKey = "99999999-9999-4999-8999-999999999999"

// counting returns a server that counts what reaches it.
func counting(t *testing.T) (*httptest.Server, *atomic.Int64) {
	t.Helper()

	var n atomic.Int64

	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	t.Cleanup(s.Close)

	return s, &n
}

// What must not leave the process does not.
func TestRoundTripRefused(t *testing.T) {
	cases := map[string]struct {
		reason string
		// registered is the address that the key is for, if not that of the server.
		registered string
		keys       []string
		want       string
	}{
		"Ambient": {
			reason: "A key from the environment, or a file, would be another tenant's.",
			keys:   []string{otherKey},
			want:   "no ProviderConfig says that its API key may be sent to",
		},
		"NoKey": {
			reason: "Without a key nobody can tell whose request it is.",
			want:   "the request has 0 API keys, and must have one",
		},
		"EmptyKey": {
			reason: "An empty key is none.",
			keys:   []string{""},
			want:   "and must have one",
		},
		"TwoKeys": {
			reason: "Scaleway might take the one that was not looked at.",
			keys:   []string{secretKey, otherKey},
			want:   "the request has 2 API keys, and must have one",
		},
		"ForeignHost": {
			reason:     "The key is for Scaleway, and for nobody else.",
			registered: "http://api.scaleway.com",
			keys:       []string{secretKey},
			want:       "no ProviderConfig says that its API key may be sent to http://127.0.0.1",
		},
		"Unencrypted": {
			reason:     "The key would be readable on its way.",
			registered: "https://{host}",
			keys:       []string{secretKey},
			want:       "no ProviderConfig says that its API key may be sent to http://127.0.0.1",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, arrived := counting(t)
			rt := newTransport(Options{})

			registered := s.URL
			if tc.registered != "" {
				registered = strings.Replace(tc.registered, "{host}", strings.TrimPrefix(s.URL, "http://"), 1)
			}

			if err := rt.options.Tenants.Register(t.Context(), secretKey, registered); err != nil {
				t.Fatal(err)
			}

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+containerPath, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}

			req.Header[headerKey] = tc.keys

			resp, body := answerTo(t, rt, req)

			if diff := cmp.Diff(http.StatusFailedDependency, resp.StatusCode); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want status, +got status:\n%s", tc.reason, diff)
			}

			if !strings.Contains(body, "GET "+containerPath+" was not sent: ") || !strings.Contains(body, tc.want) {
				t.Errorf("\n%s\nRoundTrip(...): want answer with %q, got %q", tc.reason, tc.want, body)
			}

			if strings.Contains(body, secretKey) || strings.Contains(body, otherKey) {
				t.Errorf("\n%s\nRoundTrip(...): the answer holds a key: %s", tc.reason, body)
			}

			if diff := cmp.Diff(int64(0), arrived.Load()); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want sent, +got sent:\n%s", tc.reason, diff)
			}
		})
	}
}

// An http.Client, as Terraform uses one, follows redirects, and takes the key along
// to any host.
func TestRoundTripRedirect(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			foreign, arrived := counting(t)

			var sent atomic.Int64

			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent.Add(1)
				http.Redirect(w, r, foreign.URL+r.URL.Path, status)
			}))
			t.Cleanup(s.Close)

			rt := newTransport(Options{})

			// Also where the other host is one that the key may be sent to.
			if err := rt.options.Tenants.Register(t.Context(), secretKey, foreign.URL); err != nil {
				t.Fatal(err)
			}

			resp, err := (&http.Client{Transport: rt}).Do(newRequest(t.Context(), t, rt, http.MethodPost, s.URL+containersPath, "{}"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()

			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}

			want := fmt.Sprintf("Scaleway answered POST %s with %d %s, which is not followed", containersPath, status, http.StatusText(status))
			if !strings.Contains(string(body), want) {
				t.Errorf("Do(...): want answer with %q, got %q", want, body)
			}

			if diff := cmp.Diff([]int64{1, 0}, []int64{sent.Load(), arrived.Load()}); diff != "" {
				t.Errorf("Do(...): -want requests to Scaleway and to the other host, +got:\n%s", diff)
			}
		})
	}
}

// One key at two addresses is two tenants: the outage of one is not the other's.
func TestTenantsByAddress(t *testing.T) {
	tenants := NewTenants(Pace{}, logging.NewNopLogger())

	ids := map[string]bool{}

	for _, url := range []string{"https://api.scaleway.com", "https://api.example.com", "http://api.scaleway.com", "https://API.scaleway.com"} {
		if err := tenants.Register(WithUser(t.Context(), url), secretKey, url); err != nil {
			t.Fatal(err)
		}

		tenant, ok := tenants.Of(url)
		if !ok {
			t.Fatalf("Of(%q): want the tenant that was registered", url)
		}

		ids[tenant.ID()] = true
	}

	if diff := cmp.Diff(3, len(ids)); diff != "" {
		t.Errorf("-want tenants, +got tenants:\n%s", diff)
	}
}

// A ProviderConfig whose key has changed is another tenant from then on.
func TestTenantsOfUser(t *testing.T) {
	tenants := NewTenants(Pace{}, logging.NewNopLogger())
	ctx := WithUser(t.Context(), "ProviderConfig team-a/default")

	if _, ok := tenants.Of("ProviderConfig team-a/default"); ok {
		t.Error("Of(...): want none before its credentials were read")
	}

	var ids []string

	for _, key := range []string{secretKey, otherKey} {
		if err := tenants.Register(ctx, key, "https://api.scaleway.com"); err != nil {
			t.Fatal(err)
		}

		tenant, _ := tenants.Of("ProviderConfig team-a/default")
		ids = append(ids, tenant.ID())
	}

	if ids[0] == ids[1] {
		t.Error("Of(...): want another tenant once the key has changed")
	}
}

// Keys come and go with Secrets, and must not be kept for ever; but one that is
// used stays, also if its configured client has been put out meanwhile.
func TestTenantsAreBounded(t *testing.T) {
	s, arrived := counting(t)
	rt := newTransport(Options{})
	tenants := rt.options.Tenants

	req := newRequest(t.Context(), t, rt, http.MethodGet, s.URL+containerPath, "")

	for i := range maxTenants {
		if i == maxTenants/2 {
			answerTo(t, rt, req.Clone(t.Context()))
		}

		if err := tenants.Register(t.Context(), fmt.Sprint(i), s.URL); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff(maxTenants, tenants.byKey.Len()); diff != "" {
		t.Errorf("Register(...): -want kept, +got kept:\n%s", diff)
	}

	answerTo(t, rt, req)

	if diff := cmp.Diff(int64(2), arrived.Load()); diff != "" {
		t.Errorf("RoundTrip(...): a key in use is known: -want sent, +got sent:\n%s", diff)
	}
}

// A minting request that is not sent for want of a turn, or of a tenant, has not
// used its attempt up, and nothing about it is unclear.
func TestMintingNotSent(t *testing.T) {
	cases := map[string]struct {
		reason string
		// before the request.
		before func(*testing.T, *Transport, *http.Request)
		want   string
	}{
		"Held": {
			reason: "Scaleway has asked for more time than a request waits.",
			before: func(_ *testing.T, rt *Transport, req *http.Request) {
				tenant, _ := rt.options.Tenants.find(req)
				tenant.begin()(outcome{kind: outcomeAnswered, status: http.StatusTooManyRequests}, time.Minute)
			},
			want: errHeld,
		},
		"Stranger": {
			reason: "The key is not one that a ProviderConfig holds.",
			before: func(_ *testing.T, _ *Transport, req *http.Request) { req.Header.Set(headerKey, otherKey) },
			want:   "no ProviderConfig says",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMinter(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"id":"1","token":"secret"}`))
			})

			permits := issue.NewPermits()
			r := record("0123abcd", time.Now())

			p, err := permits.Issue(r, time.Hour)
			if err != nil {
				t.Fatal(err)
			}

			rt := newMintingTransport(permits, 0)
			body := `{"description":"` + r.Mark().String() + `"}`
			req := newRequest(t.Context(), t, rt, http.MethodPost, m.URL+tokensPath, body)
			tc.before(t, rt, req)

			if _, answer := answerTo(t, rt, req); !strings.Contains(answer, tc.want) {
				t.Errorf("\n%s\nRoundTrip(...): want answer with %q, got %q", tc.reason, tc.want, answer)
			}

			o, _ := p.Result()
			if diff := cmp.Diff(issue.NotSent, o); diff != "" {
				t.Errorf("\n%s\nResult(): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(0, len(m.arrived())); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want sent, +got sent:\n%s", tc.reason, diff)
			}

			// The attempt can still be made.
			another := newMintingTransport(permits, 0)
			send(t, another, http.MethodPost, m.URL+tokensPath, body)

			if o, _ := p.Result(); o != issue.Minted {
				t.Errorf("\n%s\nResult(): the attempt was used up: want %v, got %v", tc.reason, issue.Minted, o)
			}
		})
	}
}
