// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
)

// reasonExpiresSoon is the reason of the events that come before an expiry.
const reasonExpiresSoon event.Reason = "ExpiresSoon"

// warnings are how long before an expiry an event is sent, longest first.
var warnings = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour}

// expiry returns when the object of a managed resource expires, if it does.
func (g *Guard) expiry(mg Resource) (time.Time, bool) {
	if g.Kind.ExpiryAttribute() == "" {
		return time.Time{}, false
	}

	t, err := time.Parse(time.RFC3339, observed(mg, g.Kind.ExpiryAttribute()))

	return t, err == nil
}

// ObserveExpiry returns the condition of an object that has expired, and sends
// an event some time before that.
func (g *Guard) ObserveExpiry(mg Resource) *xpv1.Condition {
	at, ok := g.expiry(mg)
	if !ok {
		return nil
	}

	left := at.Sub(g.Now())
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

	if due >= 0 && g.warned.first(mg.GetUID(), due) {
		g.Recorder.Event(mg, event.Warning(reasonExpiresSoon, errors.Errorf("it expires at %s: create another that expires later, and let its users change over", at.UTC().Format(time.RFC3339))))
	}

	return nil
}

// UntilExpiry returns how long a managed resource may be left alone so that its
// expiry is noticed when it comes.
func (g *Guard) UntilExpiry(mg Resource, interval time.Duration) time.Duration {
	at, ok := g.expiry(mg)
	if !ok {
		return interval
	}

	// A moment later, so that it has certainly passed.
	if left := at.Sub(g.Now()) + time.Second; left > 0 {
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

// observed returns the text that an attribute, by its name in Terraform, has in
// status.atProvider. It is empty if the attribute has none.
func observed(mg xpresource.Managed, attribute string) string {
	v := reflect.Indirect(reflect.ValueOf(mg)).FieldByName("Status").FieldByName("AtProvider")

	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("tf"), ","); name != attribute {
			continue
		}

		if text := reflect.Indirect(v.Field(i)); text.Kind() == reflect.String {
			return text.String()
		}
	}

	return ""
}
