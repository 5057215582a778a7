// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"container/list"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// What is deferred is called when one of its tenant has ended. It comes back by itself
// too, since there may be none: at a random time, so that not all of it comes at once,
// after leastDeferral at the earliest, and within mostDeferral of when it can be expected
// to have its turn.
const (
	leastDeferral = 100 * time.Millisecond
	mostDeferral  = 2 * time.Minute
)

// requestsPerReconcile is how many requests a reconcile is expected to make, to
// tell how long a number of them takes.
const requestsPerReconcile = 4

// How long a reconcile of a tenant takes is a mean of about the last meanOf, and
// firstMean before there was one. Those that hung count as mostMean: they say nothing
// about the next.
const (
	meanOf    = 8
	firstMean = 50 * time.Millisecond
	mostMean  = 2 * time.Second
)

// mostQueued is how long the requests of reconciles that run may take together. One that
// would have to wait for longer than the transport lets it is an error.
const mostQueued = 2 * time.Second

// calledFor is how long a slot is kept for what has been called to it. Its controller may
// have no worker for it, or something else to do with it.
const calledFor = 2 * time.Second

// begunFor is how long what has just been created goes first.
const begunFor = 5 * time.Second

// patience is how long an object whose last reconcile succeeded keeps saying so
// although Scaleway has been answering 429 since.
const patience = 10 * time.Minute

// A deferral is why a reconcile is not begun yet.
type deferral string

const (
	// deferredOutage is because Scaleway does not answer the tenant.
	deferredOutage deferral = "outage"
	// deferredSlowed is because Scaleway, or the rate of requests, allows the
	// tenant no more for the moment.
	deferredSlowed deferral = "slowed"
	// deferredSlots is because as many of the tenant's reconciles run as may.
	deferredSlots deferral = "slots"
	// deferredWorkers is because the last workers are for others.
	deferredWorkers deferral = "workers"
	// deferredRate is because of the rate of reconciles.
	deferredRate deferral = "rate"
)

// BulkheadOptions of a Bulkhead.
type BulkheadOptions struct {
	// Workers of each kind.
	Workers int
	// Slots are the most reconciles of one tenant at one time, over all kinds.
	Slots int
	// Rate is the most reconciles per second, over all tenants and kinds.
	Rate int
	// Tenants that the transport knows.
	Tenants *transport.Tenants
}

// A Bulkhead keeps what happens to one tenant away from others. It stands before
// the reconcilers of all kinds, and puts off what would hold a worker in vain: an
// error inside a reconciler would be written to the object, and counted as a
// failure of it.
//
// A tenant is an API key, not a ProviderConfig: whoever has one key gets no more
// from naming it in many ProviderConfigs, and what Scaleway limits is the key.
// While the key has not been read yet, those of one Kubernetes namespace are one
// tenant, so that names that lead nowhere are worth nothing either.
type Bulkhead struct {
	options BulkheadOptions
	bucket  *rate.Limiter
	now     func() time.Time

	deferred *prometheus.CounterVec
	waiting  *prometheus.Desc

	mu sync.Mutex
	// queues of the controllers, by kind, to which is added what is called.
	queues map[string]workqueue.TypedRateLimitingInterface[reconcile.Request]
	// tenants of which something runs or waits.
	tenants map[string]*load
	// running reconciles, by kind, and by kind and Kubernetes namespace.
	kinds      map[string]int
	namespaces map[place]int
	// doubtful are those of tenants that Scaleway may not answer.
	doubtful int
	// items that were put off, with what they wait with, and how many wait in each
	// group.
	items  map[item]*ticket
	groups map[group]int
}

// load of a tenant: how many of its reconciles run and wait, and how long one takes.
type load struct {
	// tenant is nil while it is unknown.
	tenant           *transport.Tenant
	running, waiting int
	// called, of those that wait, are on their way, each to a slot that is kept for it.
	called []*ticket
	mean   time.Duration
	// lines of those that wait and can be called, one for each Kubernetes namespace, in
	// the order in which one of each is called.
	lines []*line
}

// A line is of tickets, in the order in which they are called: the first, then the rest.
type line struct {
	namespace   string
	first, rest list.List
}

// A ticket is what an item waits with.
type ticket struct {
	item  item
	group group
	// first tells that it goes before those of its line that are not.
	first bool
	// called is when the item was called, because there is a slot for it. It is zero if
	// it was not.
	called time.Time
	// place in a line. It is nil if the item is called, or its controller cannot be.
	place *list.Element
}

// isCalled tells whether the item is on its way.
func (t *ticket) isCalled() bool { return !t.called.IsZero() }

// line of a Kubernetes namespace, by its index, or -1.
func (l *load) line(namespace string) int {
	return slices.IndexFunc(l.lines, func(ln *line) bool { return ln.namespace == namespace })
}

// put a ticket at the end of the line of its Kubernetes namespace.
func (l *load) put(t *ticket) {
	n := l.line(t.group.namespace)
	if n < 0 {
		n = len(l.lines)
		l.lines = append(l.lines, &line{namespace: t.group.namespace})
	}

	if t.first {
		t.place = l.lines[n].first.PushBack(t)
	} else {
		t.place = l.lines[n].rest.PushBack(t)
	}
}

// take a ticket out of its line.
func (l *load) take(t *ticket) {
	n := l.line(t.group.namespace)
	l.lines[n].first.Remove(t.place)
	l.lines[n].rest.Remove(t.place)
	t.place = nil

	if l.lines[n].first.Len()+l.lines[n].rest.Len() == 0 {
		l.lines = slices.Delete(l.lines, n, n+1)
	}
}

// miss takes back the slots of those who were called before that moment, and have not
// come. They are called again.
func (l *load) miss(before time.Time) {
	for len(l.called) > 0 && l.called[0].called.Before(before) {
		t := l.called[0]
		t.called, t.first = time.Time{}, true
		l.called = l.called[1:]
		l.put(t)
	}
}

// next takes the ticket that is to be called out of its line, whose Kubernetes namespace
// is then the last to have another called. It is nil if there is none.
func (l *load) next() *ticket {
	if len(l.lines) == 0 {
		return nil
	}

	ln := l.lines[0]
	l.lines = append(l.lines[1:], ln)

	place := ln.first.Front()
	if place == nil {
		place = ln.rest.Front()
	}

	t, ok := place.Value.(*ticket)
	if !ok {
		return nil
	}

	l.take(t)

	return t
}

// A place is where objects of a kind are.
type place struct {
	kind, namespace string
}

// An item is one object.
type item struct {
	kind string
	name types.NamespacedName
}

// A group waits together: the objects of a tenant in a Kubernetes namespace. Of
// several teams that share credentials, the one with few objects does not wait for
// all those of the other.
type group struct {
	tenant, namespace string
}

// NewBulkhead returns a Bulkhead for the controllers of all kinds.
func NewBulkhead(o BulkheadOptions) *Bulkhead {
	o.Workers, o.Slots, o.Rate = max(o.Workers, 1), max(o.Slots, 1), max(o.Rate, 1)

	return &Bulkhead{
		options: o,
		// The burst is that of crossplane-runtime's limiter.
		bucket: rate.NewLimiter(rate.Limit(o.Rate), o.Rate*10),
		now:    time.Now,
		deferred: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scaleway_reconciles_deferred_total",
			Help: "Reconciles that were put off, by reason: outage (Scaleway does not answer the API key), slowed (it allows no more requests), slots (as many of the key run as may), workers (the last are for others), rate (of reconciles).",
		}, []string{"reason"}),
		waiting:    prometheus.NewDesc("scaleway_reconciles_waiting", "Objects whose reconcile was put off and has not begun yet.", nil, nil),
		queues:     map[string]workqueue.TypedRateLimitingInterface[reconcile.Request]{},
		tenants:    map[string]*load{},
		kinds:      map[string]int{},
		namespaces: map[place]int{},
		items:      map[item]*ticket{},
		groups:     map[group]int{},
	}
}

// Describe implements prometheus.Collector.
func (b *Bulkhead) Describe(ch chan<- *prometheus.Desc) {
	b.deferred.Describe(ch)
	ch <- b.waiting
}

// Collect implements prometheus.Collector.
func (b *Bulkhead) Collect(ch chan<- prometheus.Metric) {
	b.deferred.Collect(ch)

	b.mu.Lock()
	n := len(b.items)
	b.mu.Unlock()

	ch <- prometheus.MustNewConstMetric(b.waiting, prometheus.GaugeValue, float64(n))
}

// Calls is a source of the controller of a kind: it is given what was put off when there
// is a slot for it. What a controller without it puts off comes back by itself only.
func (b *Bulkhead) Calls(kind string) source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		b.mu.Lock()
		defer b.mu.Unlock()

		b.queues[kind] = queue

		return nil
	})
}

// Begin what asks Scaleway something on behalf of a tenant and is no reconcile of a
// managed resource, in whose turn. It ends with end; or it is not begun, but is to be
// tried again after the wait.
func (b *Bulkhead) Begin(kind string, name types.NamespacedName, tenant *transport.Tenant) (end func(), wait time.Duration) {
	return b.enter(item{kind: kind, name: name}, tenant, true)
}

// Forget what was to be tried again.
func (b *Bulkhead) Forget(kind string, name types.NamespacedName) {
	b.forget(item{kind: kind, name: name})
}

// Wrap a reconciler of objects like the supplied one, which are read through the
// client's cache.
func (b *Bulkhead) Wrap(kind string, object client.Object, kube client.Reader, inner reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		i := item{kind: kind, name: req.NamespacedName}

		mg, ok := object.DeepCopyObject().(xpresource.ModernManaged)
		if !ok {
			return reconcile.Result{}, errors.Errorf("%T is not a namespaced managed resource", object)
		}

		// It is only looked at: a copy would be for nothing.
		if err := kube.Get(ctx, req.NamespacedName, mg, client.UnsafeDisableDeepCopy); err != nil {
			if kerrors.IsNotFound(err) {
				b.forget(i)
				return reconcile.Result{}, nil
			}

			return reconcile.Result{}, errors.Wrap(err, "cannot get the managed resource")
		}

		user := userOf(mg)
		tenant, known := b.options.Tenants.Of(user)

		// Of what has just been created it is said first that it can be used.
		begun := mg.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue && b.now().Sub(meta.GetExternalCreateSucceeded(mg)) < begunFor

		leave, wait := b.enter(i, tenant, begun)
		if wait > 0 {
			return reconcile.Result{RequeueAfter: wait}, nil
		}
		defer leave()

		result, err := inner.Reconcile(keepSynced(transport.WithUser(ctx, user), mg, tenant), req)

		// What was read first tells whose it was.
		if !known {
			tenant, known = b.options.Tenants.Of(user)
		}

		if known && err == nil && result.Requeue { //nolint:staticcheck // The reconciler says so that it has failed.
			if wait := b.afterFailure(i, tenant); wait > 0 {
				return reconcile.Result{RequeueAfter: wait}, nil
			}
		}

		return result, err
	})
}

// userOf returns the name of the ProviderConfig that the managed resource uses.
func userOf(mg xpresource.ModernManaged) string {
	ref := mg.GetProviderConfigReference()

	switch {
	case ref == nil:
		return ""
	case ref.Kind == v1beta1.ProviderConfigKind:
		return ref.Kind + " " + mg.GetNamespace() + "/" + ref.Name
	default:
		return ref.Kind + " " + ref.Name
	}
}

// enter begins a reconcile, which ends with leave; or returns how long to wait
// before it is tried again, as the first of those that wait or the last. The tenant is
// nil while it is unknown.
func (b *Bulkhead) enter(i item, tenant *transport.Tenant, first bool) (leave func(), wait time.Duration) {
	g := group{tenant: "namespace " + i.name.Namespace, namespace: i.name.Namespace}
	a := transport.Admission{}

	if tenant != nil {
		g.tenant = tenant.ID()
		a = tenant.Admission()
	}

	b.mu.Lock()
	defer b.mu.Unlock()

	// Those who wait with it, before whose key was known, say, have the slot that was kept.
	if t, ok := b.items[i]; ok && t.isCalled() && t.group.tenant != g.tenant {
		defer b.call(t.group.tenant)
	}

	if why := b.refusal(i, g, a); why != "" {
		b.deferred.WithLabelValues(string(why)).Inc()
		return nil, b.wait(i, g, tenant, a, first)
	}

	b.settle(i)

	p, l, begun := place{kind: i.kind, namespace: i.name.Namespace}, b.load(g.tenant, tenant), b.now()
	l.running++
	b.kinds[p.kind]++
	b.namespaces[p]++

	doubtful := a.Limit > 0
	if doubtful {
		b.doubtful++
	}

	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()

		l.running--
		l.mean += (min(b.now().Sub(begun), mostMean) - l.mean) / meanOf
		b.unload(g.tenant)
		decrement(b.kinds, p.kind)
		decrement(b.namespaces, p)

		if doubtful {
			b.doubtful--
		}

		b.call(g.tenant)
	}, 0
}

// call as many of those of a tenant that wait as there are slots for.
func (b *Bulkhead) call(tenant string) {
	l, ok := b.tenants[tenant]
	if !ok || len(l.lines) == 0 {
		return
	}

	a := transport.Admission{}
	if l.tenant != nil {
		a = l.tenant.Admission()
	}

	// When it may be tried again is not known before: they come back by themselves.
	if a.Wait > 0 {
		return
	}

	l.miss(b.now().Add(-calledFor))

	// No more than may begin, of all tenants, but one that finds that out.
	for n := max(1, int(b.bucket.TokensAt(b.now()))); n > 0 && l.running+len(l.called) < b.slots(a); n-- {
		t := l.next()
		if t == nil {
			return
		}

		t.called = b.now()
		l.called = append(l.called, t)

		b.queues[t.item.kind].Add(reconcile.Request{NamespacedName: t.item.name})
	}
}

// load of a tenant, which is nil while it is unknown.
func (b *Bulkhead) load(id string, tenant *transport.Tenant) *load {
	l, ok := b.tenants[id]
	if !ok {
		l = &load{mean: firstMean, tenant: tenant}
		b.tenants[id] = l
	}

	return l
}

// unload forgets a tenant of which nothing runs or waits.
func (b *Bulkhead) unload(id string) {
	if l := b.tenants[id]; l.running == 0 && l.waiting == 0 {
		delete(b.tenants, id)
	}
}

// slots are the most reconciles of a tenant at one time.
func (b *Bulkhead) slots(a transport.Admission) int {
	slots := b.options.Slots
	if a.Limit > 0 {
		slots = min(slots, a.Limit)
	}

	// As many as can make a request before it would be held.
	if a.Pace > 0 {
		slots = min(slots, max(1, int(mostQueued/a.Pace)))
	}

	return slots
}

// refusal returns why the reconcile of an item does not begin, or nothing.
func (b *Bulkhead) refusal(i item, g group, a transport.Admission) deferral {
	taken := 0
	if l, ok := b.tenants[g.tenant]; ok {
		l.miss(b.now().Add(-calledFor))
		taken = l.running + len(l.called)
	}

	// The slot that is kept for it is not taken.
	if t, ok := b.items[i]; ok && t.isCalled() && t.group.tenant == g.tenant {
		taken--
	}

	switch {
	case a.Wait > 0 && a.State == transport.StateOutage:
		return deferredOutage
	case a.Wait > 0:
		return deferredSlowed
	case taken >= b.slots(a):
		return deferredSlots
	// All whom Scaleway may not answer share a quarter of the workers, however many
	// they are: an outage of a region is not one of the others.
	case a.Limit > 0 && b.doubtful >= max(1, b.options.Workers/4):
		return deferredWorkers
	// The last quarter is for those who have none.
	case b.kinds[i.kind] >= b.options.Workers-b.options.Workers/4 && b.namespaces[place{kind: i.kind, namespace: i.name.Namespace}] > 0:
		return deferredWorkers
	case !b.bucket.AllowN(b.now(), 1):
		return deferredRate
	}

	return ""
}

// wait notes that an item waits, and returns for how long unless it is called: so long
// that those who wait come back one after the other, about as fast as they can have
// their turn. It keeps its place in the line if it has one.
func (b *Bulkhead) wait(i item, g group, tenant *transport.Tenant, a transport.Admission, first bool) time.Duration {
	l := b.load(g.tenant, tenant)

	if t, ok := b.items[i]; !ok || t.isCalled() || t.group != g {
		first = first || ok && t.isCalled()
		l.waiting++ // So that it is not forgotten below.
		b.settle(i)

		t = &ticket{item: i, group: g, first: first}
		b.items[i] = t
		b.groups[g]++

		if b.queues[i.kind] != nil {
			l.put(t)
		}
	}

	// One after the other by the rate of reconciles, which all groups share; by that
	// of requests, once they are allowed again; else by how fast the slots are free.
	turn := time.Duration(len(b.groups)) * time.Second / time.Duration(b.options.Rate)
	if a.Wait > 0 || a.Limit > 0 {
		turn = max(turn, requestsPerReconcile*a.Interval)
	} else {
		turn = max(turn, l.mean/time.Duration(b.slots(a)))
	}

	spread := min(max(time.Duration(b.groups[g])*turn, leastDeferral), mostDeferral)

	return max(a.Wait, leastDeferral) + rand.N(spread) //nolint:gosec // Spreads load, protects nothing.
}

// settle notes that an item no longer waits.
func (b *Bulkhead) settle(i item) {
	t, ok := b.items[i]
	if !ok {
		return
	}

	delete(b.items, i)
	decrement(b.groups, t.group)

	l := b.tenants[t.group.tenant]
	l.waiting--

	if t.isCalled() {
		l.called = slices.DeleteFunc(l.called, func(other *ticket) bool { return other == t })
	}

	if t.place != nil {
		l.take(t)
	}

	b.unload(t.group.tenant)
}

// forget an item that is gone.
func (b *Bulkhead) forget(i item) {
	b.mu.Lock()
	defer b.mu.Unlock()

	t, ok := b.items[i]
	if !ok {
		return
	}

	b.settle(i)

	// Its slot is another's.
	b.call(t.group.tenant)
}

// afterFailure returns how long to wait before a reconcile that has failed is
// tried again, if it is the tenant that decides that.
func (b *Bulkhead) afterFailure(i item, tenant *transport.Tenant) time.Duration {
	a := tenant.Admission()
	if a.State != transport.StateOutage && a.State != transport.StateSlowed {
		return 0
	}

	b.mu.Lock()
	defer b.mu.Unlock()

	return b.wait(i, group{tenant: tenant.ID(), namespace: i.name.Namespace}, tenant, a, false)
}

func decrement[K comparable](m map[K]int, k K) {
	if m[k]--; m[k] <= 0 {
		delete(m, k)
	}
}

// syncedKey is the key of a context that says that an object was in sync when its
// reconcile began, and whose it is.
type syncedKey struct{}

// keepSynced returns a context in which the object keeps the condition that it is
// in sync when Scaleway only allows no more requests for the moment.
func keepSynced(ctx context.Context, mg xpresource.Managed, tenant *transport.Tenant) context.Context {
	if tenant == nil || mg.GetCondition(xpv1.TypeSynced).Status != corev1.ConditionTrue {
		return ctx
	}

	return context.WithValue(ctx, syncedKey{}, tenant)
}

// A patientClient is a client that does not write to an object that is in sync that
// Scaleway allows no more requests for the moment: it is no failure of the object,
// which is compared again as soon as Scaleway allows it.
type patientClient struct {
	client.Client

	patience time.Duration
}

// Status returns a client for the status of objects.
func (c patientClient) Status() client.SubResourceWriter {
	return patientWriter{c.Client.Status(), c.patience}
}

type patientWriter struct {
	client.SubResourceWriter

	patience time.Duration
}

// Update the status of an object, unless it is only to say what is not to be said.
func (w patientWriter) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	tenant, inSync := ctx.Value(syncedKey{}).(*transport.Tenant)

	if mg, ok := o.(xpresource.Managed); ok && inSync {
		c := mg.GetCondition(xpv1.TypeSynced)
		if c.Status == corev1.ConditionFalse && transport.Slowed(c.Message) && tenant.SlowedFor() < w.patience {
			return nil
		}
	}

	return w.SubResourceWriter.Update(ctx, o, opts...)
}
