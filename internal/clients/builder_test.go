// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A reader of Secrets that returns an error.
type broken struct{ error }

func (b broken) Get(context.Context, types.NamespacedName) (map[string][]byte, error) {
	return nil, b.error
}

func TestCredentials(t *testing.T) {
	pc := newProviderConfig("team-a")

	withoutKey := newProviderConfig("team-a")
	withoutKey.Spec.Credentials.SecretRef.Key = ""

	keys := newSecret("team-a", Credentials{})
	keys.Data = map[string][]byte{"SCW_ACCESS_KEY": []byte(testAccessKey), "SCW_SECRET_KEY": []byte(testSecretKey), "SCW_API_URL": []byte("http://10.0.0.1")}

	type want struct {
		err       error
		temporary bool
	}

	cases := map[string]struct {
		reason  string
		pc      client.Object
		secrets func(t *testing.T) SecretReader
		want    want
	}{
		"Valid": {
			reason: "There is nothing wrong.",
			pc:     pc,
			secrets: func(t *testing.T) SecretReader {
				return LiveSecrets{newKube(t, newSecret("team-a", newCredentials(1, "")))}
			},
		},
		"Missing": {
			reason: "A Secret that does not exist is the user's to create.",
			pc:     pc,
			secrets: func(*testing.T) SecretReader {
				return broken{kerrors.NewNotFound(corev1.Resource("secrets"), secretName)}
			},
			want: want{err: errors.New(`cannot use the credentials of ProviderConfig "team-a/default": key "credentials" of Secret "team-a/scaleway": cannot get the Secret: secrets "scaleway" not found`)},
		},
		"Unavailable": {
			reason:  "An API server that is away says nothing about the credentials.",
			pc:      pc,
			secrets: func(*testing.T) SecretReader { return broken{kerrors.NewServiceUnavailable("away")} },
			want:    want{err: errors.New(`key "credentials" of Secret "team-a/scaleway": cannot get the Secret: away`), temporary: true},
		},
		"ByVariables": {
			reason:  "The error names a value as the user does.",
			pc:      withoutKey,
			secrets: func(t *testing.T) SecretReader { return LiveSecrets{newKube(t, keys)} },
			want:    want{err: errors.New(`cannot use the credentials of ProviderConfig "team-a/default": Secret "team-a/scaleway": SCW_API_URL "http://10.0.0.1" is not allowed`)},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := NewBuilder(tc.secrets(t)).Credentials(t.Context(), tc.pc)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nCredentials(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.temporary, IsTemporary(err)); diff != "" {
				t.Errorf("\n%s\nIsTemporary(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBuilderCheck(t *testing.T) {
	type want struct {
		err    bool
		status int
	}

	cases := map[string]struct {
		reason  string
		handler http.HandlerFunc
		want    want
	}{
		"Accepted": {
			reason:  "A key that may list works.",
			handler: answer(http.StatusOK, `{"namespaces": [], "total_count": 0}`),
		},
		"NotPermitted": {
			reason:  "So does one that may not: what it may do is not asked.",
			handler: answer(http.StatusForbidden, `{"type": "permissions_denied", "message": "insufficient permissions", "details": []}`),
		},
		"Unknown": {
			reason:  "One that Scaleway does not know is told by the status.",
			handler: answer(http.StatusUnauthorized, `{"type": "denied_authentication", "method": "api_key", "reason": "not_found"}`),
			want:    want{err: true, status: http.StatusUnauthorized},
		},
		"Outage": {
			reason:  "An outage is something else.",
			handler: answer(http.StatusFailedDependency, `{"message": "Scaleway answered with 503"}`),
			want:    want{err: true, status: http.StatusFailedDependency},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)

			var requests []string

			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests = append(requests, fmt.Sprintf("%s %s %s", r.Method, r.URL, r.Header.Get("X-Auth-Token")))
				w.Header().Set("Content-Type", "application/json")
				tc.handler(w, r)
			}))
			t.Cleanup(s.Close)

			c := newCredentials(1, s.URL)
			c.Region = "it-mil" // Where the product is not served.

			err := NewBuilder(nil, s.URL).Check(t.Context(), c)
			if diff := cmp.Diff(tc.want.err, err != nil); diff != "" {
				t.Errorf("\n%s\nCheck(...): -want an error, +got an error:\n%s\n%v", tc.reason, diff, err)
			}

			if diff := cmp.Diff(tc.want.status, StatusCode(err)); diff != "" {
				t.Errorf("\n%s\nStatusCode(...): -want, +got:\n%s", tc.reason, diff)
			}

			want := []string{"GET /containers/v1/regions/fr-par/namespaces?page_size=1 " + c.SecretKey}
			if diff := cmp.Diff(want, requests); diff != "" {
				t.Errorf("\n%s\nCheck(...): -want requests, +got requests:\n%s", tc.reason, diff)
			}
		})
	}
}

// Many workers that meet a new tenant at the same moment configure one client.
func TestConfigureOnce(t *testing.T) {
	neutralize(t, nil)

	b := NewBuilder(nil)

	var (
		group, barrier sync.WaitGroup
		clients        [32]configured
	)

	barrier.Add(len(clients))

	for i := range clients {
		group.Go(func() {
			barrier.Done()
			barrier.Wait()

			c, err := b.configure(t.Context(), newCredentials(1, DefaultAPIURL))
			if err != nil {
				t.Error(err)
			}

			clients[i] = c
		})
	}

	group.Wait()

	for i, c := range clients {
		if c != clients[0] {
			t.Fatalf("configure(...): worker %d got another client than worker 0", i)
		}
	}
}

// A failure to configure is not kept, and returns no client.
func TestConfigureFails(t *testing.T) {
	neutralize(t, nil)

	b := NewBuilder(nil)
	c := newCredentials(1, "https://api.example.org/with/a/slash/") // As no Source returns them.

	for range 2 {
		if got, err := b.configure(t.Context(), c); err == nil || got != (configured{}) {
			t.Errorf("configure(...): want an error and no client, got %v and %v", err, got)
		}
	}

	if n := b.configured.Len(); n != 0 {
		t.Errorf("configure(...): %d clients are kept, want none", n)
	}
}

// What the clients of many tenants cost. The bound is that of the whole provider.
func TestThousandTenants(t *testing.T) {
	neutralize(t, nil)

	const tenants, bound = 1000, 200 << 20

	heap := func() uint64 {
		runtime.GC()
		runtime.GC()

		var m runtime.MemStats
		runtime.ReadMemStats(&m)

		return m.HeapAlloc
	}

	configure := func(b *Builder, first, n int) {
		for i := range n {
			if _, err := b.configure(t.Context(), newCredentials(first+i, DefaultAPIURL)); err != nil {
				t.Fatal(err)
			}
		}
	}

	b := NewBuilder(nil)
	before := heap()

	configure(b, 0, tenants)

	used := heap() - before
	t.Logf("configured clients of %d tenants: %.1f MB", tenants, float64(used)/(1<<20))

	if used > bound {
		t.Errorf("configured clients of %d tenants take %d bytes, want at most %d", tenants, used, bound)
	}

	// Rotating keys leaves nothing behind but what is bounded.
	configure(b, tenants, 100)

	if diff := cmp.Diff(maxClients, b.configured.Len()); diff != "" {
		t.Errorf("clients that are kept: -want, +got:\n%s", diff)
	}

	runtime.KeepAlive(b)
}
