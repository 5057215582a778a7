// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
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

	observation, err := mg.GetObservation()
	if err != nil {
		return time.Time{}, false
	}

	text, _ := observation[m.resource.Minted.ExpiryAttribute].(string)
	t, err := time.Parse(time.RFC3339, text)

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

// expiryCollector reports the expiry of each object when it is asked to.
type expiryCollector struct {
	minter *minter
	kind   string
	limit  int
}

var (
	expiryDesc = prometheus.NewDesc("scaleway_secret_expiry_timestamp_seconds",
		"When the secret of a managed resource expires, in seconds since 1970. Those that expire first are reported, up to a limit.",
		[]string{"kind", "namespace", "name"}, nil)
	expiryOmittedDesc = prometheus.NewDesc("scaleway_secret_expiry_omitted",
		"Managed resources whose expiry is not reported because of the limit.",
		[]string{"kind"}, nil)
)

// Describe implements prometheus.Collector.
func (c *expiryCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- expiryDesc
	ch <- expiryOmittedDesc
}

// Collect implements prometheus.Collector.
func (c *expiryCollector) Collect(ch chan<- prometheus.Metric) {
	list, ok := c.minter.list.DeepCopyObject().(xpresource.ManagedList)
	if !ok {
		return
	}

	// From the cache, and only read: a copy of each object would cost more than all
	// the rest.
	if err := c.minter.kube.List(context.Background(), list, &client.ListOptions{UnsafeDisableDeepCopy: ptr.To(true)}); err != nil {
		ch <- prometheus.NewInvalidMetric(expiryDesc, err)
		return
	}

	type expiring struct {
		mg mintedResource
		at time.Time
	}

	var all []expiring

	for _, mg := range list.GetItems() {
		mr, err := asMinted(mg)
		if err != nil {
			continue
		}

		if at, ok := c.minter.expiry(mr); ok {
			all = append(all, expiring{mr, at})
		}
	}

	slices.SortFunc(all, func(a, b expiring) int { return a.at.Compare(b.at) })

	for i, e := range all {
		if i == c.limit {
			break
		}

		ch <- prometheus.MustNewConstMetric(expiryDesc, prometheus.GaugeValue, float64(e.at.Unix()), c.kind, e.mg.GetNamespace(), e.mg.GetName())
	}

	ch <- prometheus.MustNewConstMetric(expiryOmittedDesc, prometheus.GaugeValue, float64(max(0, len(all)-c.limit)), c.kind)
}
