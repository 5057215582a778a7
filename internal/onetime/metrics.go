// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"slices"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// How an interrupted creation has ended.
const (
	// endedPublished means that its secret was found in the Secret.
	endedPublished = "published"
	// endedRevoked means that its object was found without the secret, and revoked.
	endedRevoked = "revoked"
	// endedNotFound means that no object of it was found.
	endedNotFound = "not_found"
	// endedUndeliverable means that its secret could not be published, and the object
	// was revoked.
	endedUndeliverable = "undeliverable"
	// endedReleased means that the user has given it up.
	endedReleased = "released"
)

var (
	ends   = []string{endedPublished, endedRevoked, endedNotFound, endedUndeliverable, endedReleased}
	losses = []xpv1.ConditionReason{ReasonSecretLost, ReasonSecretUnknown, ReasonSecretForeign, ReasonSecretUnreadable}
)

// Names of labels.
const (
	labelKind      = "kind"
	labelReason    = "reason"
	labelOutcome   = "outcome"
	labelRemaining = "remaining"
)

// Metrics count what happens to minted objects.
type Metrics struct {
	interrupted *prometheus.CounterVec
	lost        *prometheus.CounterVec
}

// NewMetrics returns Metrics that have counted nothing.
func NewMetrics() *Metrics {
	return &Metrics{
		interrupted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scaleway_interrupted_creations_total",
			Help: "Creations whose outcome was not known at first, by what became of them.",
		}, []string{labelKind, labelOutcome}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scaleway_secret_losses_total",
			Help: "How often a condition has begun to say that a secret is not where it should be, by reason.",
		}, []string{labelKind, labelReason}),
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.interrupted.Describe(ch)
	m.lost.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.interrupted.Collect(ch)
	m.lost.Collect(ch)
}

// KindMetrics are the Metrics of one kind. A nil one counts nothing.
type KindMetrics struct {
	metrics *Metrics
	kind    string
}

// Of a kind. What has not happened yet is counted too, as 0: an alert on an
// increase would miss the first.
func (m *Metrics) Of(kind string) *KindMetrics {
	for _, outcome := range ends {
		m.interrupted.WithLabelValues(kind, outcome)
	}

	for _, reason := range losses {
		m.lost.WithLabelValues(kind, string(reason))
	}

	return &KindMetrics{metrics: m, kind: kind}
}

// interruptedEnded counts an interrupted creation that has come to an end.
func (m *KindMetrics) interruptedEnded(outcome string) {
	if m != nil {
		m.metrics.interrupted.WithLabelValues(m.kind, outcome).Inc()
	}
}

// SecretLost counts a loss, if the reason is one.
func (m *KindMetrics) SecretLost(reason xpv1.ConditionReason) {
	if m != nil && slices.Contains(losses, reason) {
		m.metrics.lost.WithLabelValues(m.kind, string(reason)).Inc()
	}
}

// remaining are the values of the label for how long an object is still valid,
// each up to the limit.
var remaining = []struct {
	label string
	limit time.Duration
}{
	{"expired", 0}, {"1h", time.Hour}, {"1d", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 30 * 24 * time.Hour},
}

// Labels of objects that are valid for longer than the last limit, and of those
// that do not expire.
const (
	remainingMore  = "more"
	remainingNever = "never"
)

func remainingLabel(left time.Duration) string {
	for _, r := range remaining {
		if left <= r.limit {
			return r.label
		}
	}

	return remainingMore
}

// A collector reports the state of the minted objects of a kind when it is
// asked to. The kind is a constant label of its metrics: a registry takes one
// collector of each description.
type collector struct {
	guard *Guard
	// limit of the objects that are reported one by one.
	limit int

	expiry, expiryOmitted, remaining, unavailable, unsettled *prometheus.Desc
}

// NewCollector returns the metrics of the objects that a guard has. Limit is how many are
// reported one by one.
func NewCollector(g *Guard, kind string, limit int) prometheus.Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, prometheus.Labels{labelKind: kind})
	}

	return &collector{
		guard: g, limit: limit,
		expiry: desc("scaleway_secret_expiry_timestamp_seconds",
			"When the secret of a managed resource expires, in seconds since 1970. Those that expire first are reported, up to a limit.",
			"namespace", "name"),
		expiryOmitted: desc("scaleway_secret_expiry_omitted",
			"Managed resources whose expiry is not reported because of the limit."),
		remaining: desc("scaleway_secrets_by_remaining_life",
			"Managed resources by how long their secret is still valid: up to the label's time, and longer than that of the one before.",
			labelRemaining),
		unavailable: desc("scaleway_secrets_unavailable",
			"Managed resources that say that their secret is not where it should be, by reason.",
			labelReason),
		unsettled: desc("scaleway_creations_unsettled",
			"Managed resources whose creation has begun, and of which it is not known yet how it has ended."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.expiry, c.expiryOmitted, c.remaining, c.unavailable, c.unsettled} {
		ch <- d
	}
}

// expiring is a managed resource that expires.
type expiring struct {
	mg Resource
	at time.Time
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	list, ok := c.guard.List.DeepCopyObject().(xpresource.ManagedList)
	if !ok {
		return
	}

	// From the cache, and only read: a copy of each object would cost more than all
	// the rest.
	if err := c.guard.Kube.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(c.expiry, err)
		return
	}

	lives, unavailable, unsettled := map[string]int{}, map[xpv1.ConditionReason]int{}, 0

	var all []expiring

	for _, mg := range list.GetItems() {
		mr, err := AsResource(mg)
		if err != nil {
			continue
		}

		if ready := mr.GetCondition(xpv1.TypeReady); ready.Status != "True" {
			unavailable[ready.Reason]++
		}

		if record, err := ledger.ReadRecord(mr); err == nil && record.State == ledger.StatePending {
			unsettled++
		}

		switch at, ok := c.guard.expiry(mr); {
		case ok:
			all = append(all, expiring{mr, at})
			lives[remainingLabel(at.Sub(c.guard.Now()))]++
		case WasObserved(mr):
			lives[remainingNever]++
		}
	}

	gauge := func(d *prometheus.Desc, value int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}

	for _, r := range remaining {
		gauge(c.remaining, lives[r.label], r.label)
	}

	gauge(c.remaining, lives[remainingMore], remainingMore)
	gauge(c.remaining, lives[remainingNever], remainingNever)

	for _, reason := range losses {
		gauge(c.unavailable, unavailable[reason], string(reason))
	}

	gauge(c.unsettled, unsettled)

	c.collectExpiries(ch, all)
}

// collectExpiries reports the expiry of each object, up to the limit.
func (c *collector) collectExpiries(ch chan<- prometheus.Metric, all []expiring) {
	if c.limit <= 0 {
		return
	}

	slices.SortFunc(all, func(a, b expiring) int { return a.at.Compare(b.at) })

	for _, e := range all[:min(c.limit, len(all))] {
		ch <- prometheus.MustNewConstMetric(c.expiry, prometheus.GaugeValue, float64(e.at.Unix()), e.mg.GetNamespace(), e.mg.GetName())
	}

	ch <- prometheus.MustNewConstMetric(c.expiryOmitted, prometheus.GaugeValue, float64(max(0, len(all)-c.limit)))
}
