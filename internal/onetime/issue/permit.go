// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package issue lets each attempt send one request that mints, and learns what became
// of it. A request that no Permit allows is refused where it would leave the process.
package issue

import (
	"context"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// An Outcome of the request that a Permit allows.
type Outcome int

// Outcomes of a request.
const (
	// NotSent means that Scaleway never saw it.
	NotSent Outcome = iota
	// Refused means that Scaleway said that it created nothing.
	Refused
	// Unclear means that it may have created the object, or may still do so.
	Unclear
	// Minted means that it created the object and returned the secret.
	Minted
)

// An Object that was minted, as the answer to the request tells.
type Object struct {
	// ID of the object, less its region.
	ID string
	// Secret that is shown once.
	Secret string
	// Attributes besides, whose values are published with the secret.
	Attributes map[string]string
}

// A Permit allows one minting request of one attempt.
type Permit struct {
	mark    ledger.Mark
	minter  ledger.Minter
	expires time.Time

	mu      sync.Mutex
	used    bool
	outcome Outcome
	object  Object
}

// Mark that the request must carry.
func (p *Permit) Mark() ledger.Mark {
	return p.mark
}

// use the permit for the one request that it allows.
func (p *Permit) use(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.used {
		return errors.New("the attempt has sent its request already: another could create a second object")
	}

	// By the clock on the wall: the other one stands still in a process that is
	// stopped, whose attempt another process may have given up meanwhile.
	if now.Round(0).After(p.expires) {
		return errors.New("the attempt is too old to send its request: another process may have given it up")
	}

	// Until the answer is known.
	p.used, p.outcome = true, Unclear

	return nil
}

// Finish records the outcome of the request, with the object if it was minted.
func (p *Permit) Finish(outcome Outcome, object Object) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.outcome, p.object = outcome, object
}

// Result returns the outcome of the request, with the object if it was minted.
func (p *Permit) Result() (Outcome, Object) {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.outcome, p.object
}

// Permits are those that were issued and not withdrawn. A minting request that
// none of them allows is refused where it would leave the process.
type Permits struct {
	mu     sync.Mutex
	issued map[ledger.Mark]*Permit
}

// NewPermits returns an empty set of permits.
func NewPermits() *Permits {
	return &Permits{issued: map[ledger.Mark]*Permit{}}
}

// Issue a permit for the attempt in the record. It allows a request to begin
// until the limit after the attempt was recorded. It must be withdrawn.
func (p *Permits) Issue(r ledger.Record, limit time.Duration) (*Permit, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	mark := r.Mark()
	if _, ok := p.issued[mark]; ok {
		return nil, errors.Errorf("attempt %s is under way already", mark)
	}

	permit := &Permit{mark: mark, minter: r.Minter, expires: r.At.Add(limit)}
	p.issued[mark] = permit

	return permit, nil
}

// Withdraw a permit, so that it allows nothing any more.
func (p *Permits) Withdraw(permit *Permit) {
	p.mu.Lock()
	defer p.mu.Unlock()

	delete(p.issued, permit.mark)
}

// Use the permit that allows a request with the supplied description, and the secret half of
// an API key. It must be the key that was recorded: what is looked for afterwards is looked
// for with that one, and what another does not see would be taken for gone.
func (p *Permits) Use(description, secretKey string, now time.Time) (*Permit, error) {
	_, mark, ok := ledger.Strip(description)
	if !ok {
		return nil, errors.New("a minting request without a mark is never sent")
	}

	p.mu.Lock()
	permit, ok := p.issued[mark]
	p.mu.Unlock()

	if !ok {
		return nil, errors.Errorf("no attempt %s is under way: its request is not sent", mark)
	}

	if permit.minter.Key != ledger.KeyDigest(mark.UID, secretKey) {
		return permit, errors.New("the attempt was recorded for another API key than its request carries: the credentials have changed meanwhile")
	}

	return permit, permit.use(now)
}

type permitKey struct{}

// WithPermit returns a context that carries a permit to the function that builds
// the request.
func WithPermit(ctx context.Context, p *Permit) context.Context {
	return context.WithValue(ctx, permitKey{}, p)
}

// PermitFrom returns the permit that the context carries.
func PermitFrom(ctx context.Context) (*Permit, bool) {
	p, ok := ctx.Value(permitKey{}).(*Permit)
	return p, ok
}
