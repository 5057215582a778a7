// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	lru "github.com/hashicorp/golang-lru/v2"
)

// headerKey of a request holds the secret key. The Terraform provider drops the
// context of a request, but keeps its headers: they tell whose request it is.
const headerKey = "X-Auth-Token"

// maxTenants bounds the tenants that are remembered. It is several times the
// number of configured clients that are kept, and each use counts: a client that
// has been put out while a reconcile still uses it is no stranger.
const maxTenants = 8192

// Tenants are the API keys that ProviderConfigs hold, each with the address that
// it is for. A request with another key, or to another address, is not sent:
// neither a key of the environment nor a redirect can mix tenants up, whatever
// the code above does.
type Tenants struct {
	pace Pace
	log  logging.Logger
	now  func() time.Time
	// epoch that the moments of all are counted from.
	epoch time.Time

	mu     sync.Mutex
	byKey  *lru.Cache[digest, *Tenant]
	byUser *lru.Cache[string, *Tenant]

	listening sync.Mutex
	listeners []func(*Tenant)
}

// A digest of a secret key and the address that it is for.
type digest [sha256.Size]byte

// NewTenants returns an empty set of tenants, each of which keeps the pace. The
// log is told when Scaleway stops answering one, and when it answers again.
func NewTenants(pace Pace, log logging.Logger) *Tenants {
	byKey, err := lru.New[digest, *Tenant](maxTenants)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	byUser, err := lru.New[string, *Tenant](maxTenants)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	return &Tenants{pace: pace, log: log, now: time.Now, epoch: time.Now(), byKey: byKey, byUser: byUser}
}

// Register lets requests with the secret key through to the address of the API,
// and only there. It is called whenever a client is about to be used. Nothing is
// registered with no Tenants.
func (t *Tenants) Register(ctx context.Context, secretKey, apiURL string) error {
	tenant, err := t.With(secretKey, apiURL)
	if tenant == nil || err != nil {
		return err
	}

	if u, ok := ctx.Value(useKey{}).(*use); ok {
		u.tenant.Store(tenant)
		t.byUser.Add(u.user, tenant)
		tenant.called(u.user)
	}

	return nil
}

// With returns the tenant that has the secret key for the address of the API, who
// is registered. With no Tenants there is none.
func (t *Tenants) With(secretKey, apiURL string) (*Tenant, error) {
	if t == nil {
		return nil, nil
	}

	u, err := url.Parse(apiURL)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the address of the API")
	}

	d := digestOf(secretKey, u)

	t.mu.Lock()
	defer t.mu.Unlock()

	tenant, ok := t.byKey.Get(d)
	if !ok {
		tenant = newTenant(hex.EncodeToString(d[:]), t.pace, t.log, t.now, t.epoch)
		tenant.judged = t.judged
		t.byKey.Add(d, tenant)
	}

	return tenant, nil
}

// OnJudged has fn called, from any goroutine, with a tenant whose API key Scaleway
// accepts or refuses other than it did before.
func (t *Tenants) OnJudged(fn func(*Tenant)) {
	t.listening.Lock()
	defer t.listening.Unlock()

	t.listeners = append(t.listeners, fn)
}

func (t *Tenants) judged(tenant *Tenant) {
	t.listening.Lock()
	listeners := slices.Clone(t.listeners)
	t.listening.Unlock()

	for _, fn := range listeners {
		fn(tenant)
	}
}

// Of returns the tenant whose credentials the user has, if they have been read.
func (t *Tenants) Of(user string) (*Tenant, bool) {
	return t.byUser.Get(user)
}

// find the tenant that may make the request.
func (t *Tenants) find(req *http.Request) (*Tenant, error) {
	keys := req.Header.Values(headerKey)
	if len(keys) != 1 || keys[0] == "" {
		return nil, errors.Errorf("the request has %d API keys, and must have one", len(keys))
	}

	tenant, ok := t.byKey.Get(digestOf(keys[0], req.URL))
	if !ok {
		return nil, errors.Errorf("no ProviderConfig says that its API key may be sent to %s", origin(req.URL))
	}

	return tenant, nil
}

func digestOf(secretKey string, u *url.URL) digest {
	return sha256.Sum256([]byte(secretKey + "\n" + origin(u)))
}

// origin of an address: what decides where a request goes, and whether it is
// encrypted.
func origin(u *url.URL) string {
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// A use of credentials, and whose they have turned out to be.
type use struct {
	user   string
	tenant atomic.Pointer[Tenant]
}

// useKey is the key of a context in which credentials are used.
type useKey struct{}

// WithUser returns a context that names the ProviderConfig whose credentials are
// used, such as "ProviderConfig team-a/default", so that Register learns it.
func WithUser(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, useKey{}, &use{user: user})
}

// TenantOf returns the tenant that was registered last in a context with a user, or
// nil. A ProviderConfig says less: its key may have been rotated meanwhile, by what
// runs at the same time.
func TenantOf(ctx context.Context) *Tenant {
	if u, ok := ctx.Value(useKey{}).(*use); ok {
		return u.tenant.Load()
	}

	return nil
}
