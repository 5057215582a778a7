// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"fmt"
	"sync"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"k8s.io/apimachinery/pkg/types"
)

// reasonExpiresSoon is the reason of the events that come before an expiry.
const reasonExpiresSoon event.Reason = "ExpiresSoon"

// warnings are how long before an expiry an event is sent, longest first.
var warnings = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour}

// expiry returns when the object of a managed resource expires, if it does.
func (m *minter) expiry(mg mintedResource) (time.Time, bool) {
	if m.resource.Minted.ExpiryAttribute == "" {
		return time.Time{}, false
	}

	t, err := time.Parse(time.RFC3339, observed(mg, m.resource.Minted.ExpiryAttribute))

	return t, err == nil
}

// observeExpiry returns the condition of an object that has expired, and sends
// an event some time before that.
func (m *minter) observeExpiry(mg mintedResource) *xpv1.Condition {
	at, ok := m.expiry(mg)
	if !ok {
		return nil
	}

	left := at.Sub(m.now())
	if left <= 0 {
		c := unready(ReasonExpired, fmt.Sprintf("it expired at %s: delete this object, and create another that expires later", at.UTC().Format(time.RFC3339)))
		return &c
	}

	// The last warning whose time has come.
	due := -1

	for i, before := range warnings {
		if left <= before {
			due = i
		}
	}

	if due >= 0 && m.warned.first(mg.GetUID(), due) {
		m.record.Event(mg, event.Warning(reasonExpiresSoon, errors.Errorf("it expires at %s: create another that expires later, and let its users change over", at.UTC().Format(time.RFC3339))))
	}

	return nil
}

// untilExpiry returns how long a managed resource may be left alone so that its
// expiry is noticed when it comes.
func (m *minter) untilExpiry(mg mintedResource, interval time.Duration) time.Duration {
	at, ok := m.expiry(mg)
	if !ok {
		return interval
	}

	// A moment later, so that it has certainly passed.
	if left := at.Sub(m.now()) + time.Second; left > 0 {
		return min(left, interval)
	}

	return interval
}

// warned remembers which events were sent. After a restart they are sent again,
// which is better than never.
type warned struct {
	mu   sync.Mutex
	last map[types.UID]int
}

// first tells whether the warning is later than the last one for the object.
func (w *warned) first(uid types.UID, warning int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()

	if last, ok := w.last[uid]; ok && last >= warning {
		return false
	}

	if w.last == nil {
		w.last = map[types.UID]int{}
	}

	w.last[uid] = warning

	return true
}

// forget an object.
func (w *warned) forget(uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()

	delete(w.last, uid)
}
