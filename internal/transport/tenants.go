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
	"strings"
	"sync"
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

	mu     sync.Mutex
	byKey  *lru.Cache[digest, *Tenant]
	byUser *lru.Cache[string, *Tenant]
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

	return &Tenants{pace: pace, log: log, now: time.Now, byKey: byKey, byUser: byUser}
}

// Register lets requests with the secret key through to the address of the API,
// and only there. It is called whenever a client is about to be used. Nothing is
// registered with no Tenants.
func (t *Tenants) Register(ctx context.Context, secretKey, apiURL string) error {
	if t == nil {
		return nil
	}

	u, err := url.Parse(apiURL)
	if err != nil {
		return errors.Wrap(err, "cannot read the address of the API")
	}

	d := digestOf(secretKey, u)

	t.mu.Lock()
	defer t.mu.Unlock()

	tenant, ok := t.byKey.Get(d)
	if !ok {
		tenant = newTenant(hex.EncodeToString(d[:]), t.pace, t.log, t.now)
		t.byKey.Add(d, tenant)
	}

	if user, ok := ctx.Value(userKey{}).(string); ok {
		t.byUser.Add(user, tenant)
		tenant.called(user)
	}

	return nil
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

// userKey is the key of a context that names who uses credentials.
type userKey struct{}

// WithUser returns a context that names the ProviderConfig whose credentials are
// used, such as "ProviderConfig team-a/default", so that Register learns it.
func WithUser(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}
