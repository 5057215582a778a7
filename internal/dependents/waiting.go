// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package dependents

import (
	"context"
	"maps"
	"slices"
	"sync"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
)

// waiting are the managed resources that wait until nobody needs them, each for one
// ProviderConfig. All find out by themselves, but with a back-off of up to a minute.
type waiting struct {
	mu      *sync.Mutex
	configs map[types.UID]config
	on      map[config]map[types.UID]reconcile.Request
}

func newWaiting() waiting {
	return waiting{mu: &sync.Mutex{}, configs: map[types.UID]config{}, on: map[config]map[types.UID]reconcile.Request{}}
}

// begin to wait for a ProviderConfig, and for no other any more.
func (w waiting) begin(c config, mg xpresource.Managed) {
	w.end(mg.GetUID())

	w.mu.Lock()
	defer w.mu.Unlock()

	if w.on[c] == nil {
		w.on[c] = map[types.UID]reconcile.Request{}
	}

	w.configs[mg.GetUID()] = c
	w.on[c][mg.GetUID()] = reconcile.Request{NamespacedName: client.ObjectKeyFromObject(mg)}
}

// end the wait of a managed resource.
func (w waiting) end(uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()

	c := w.configs[uid]
	delete(w.configs, uid)
	delete(w.on[c], uid)

	if len(w.on[c]) == 0 {
		delete(w.on, c)
	}
}

// requests of those that wait for a ProviderConfig.
func (w waiting) requests(c config) []reconcile.Request {
	w.mu.Lock()
	defer w.mu.Unlock()

	return slices.Collect(maps.Values(w.on[c]))
}

// nearlyNone is how many users of a ProviderConfig are still many. That are those that
// wait themselves: an ApiKey that uses the ProviderConfig that it serves, for one.
const nearlyNone = 4

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Sources have the managed resources that wait reconciled at once when hardly anybody
// uses the ProviderConfig any more, or it has come to have another key.
func (g *Guard) Sources(c cache.Cache) []source.Source {
	if g == nil {
		return nil
	}

	usages := handler.Funcs{
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			before, now := usedBy(e.ObjectOld), usedBy(e.ObjectNew)
			if before != now {
				g.left(ctx, before, q)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { g.left(ctx, usedBy(e.Object), q) },
	}
	configs := handler.Funcs{
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || checked(e.ObjectOld) != checked(e.ObjectNew) {
				g.wake(configOf(e.ObjectNew), q)
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { g.wake(configOf(e.Object), q) },
	}

	return []source.Source{
		source.Kind(c, client.Object(&v1beta1.ProviderConfigUsage{}), handler.EventHandler(usages)),
		source.Kind(c, client.Object(&v1beta1.ProviderConfig{}), handler.EventHandler(configs)),
		source.Kind(c, client.Object(&v1beta1.ClusterProviderConfig{}), handler.EventHandler(configs)),
	}
}

// left wakes who waits for a ProviderConfig that somebody has ceased to use, unless many
// others use it: each would ask Scaleway to find that it is still needed.
func (g *Guard) left(ctx context.Context, c config, q queue) {
	if len(g.waiting.requests(c)) == 0 {
		return
	}

	l := &v1beta1.ProviderConfigUsageList{}

	// Those of another one with a long name may be among them: then it takes a minute more.
	err := g.Kube.List(ctx, l, usagesOf(c), client.InNamespace(c.Namespace), client.Limit(nearlyNone), client.UnsafeDisableDeepCopy)
	if err == nil && len(l.Items) < nearlyNone {
		g.wake(c, q)
	}
}

// wake who waits for a ProviderConfig, without the back-off that has grown meanwhile.
func (g *Guard) wake(c config, q queue) {
	for _, r := range g.waiting.requests(c) {
		q.Forget(r)
		q.Add(r)
	}
}

// usedBy returns the ProviderConfig that a usage is of.
func usedBy(o client.Object) config {
	usage, ok := o.(*v1beta1.ProviderConfigUsage)
	if !ok {
		return config{}
	}

	return refersTo(usage.GetNamespace(), usage.ProviderConfigReference)
}

// checked identifies the credentials of a ProviderConfig that were checked last.
func checked(o client.Object) string {
	switch pc := o.(type) {
	case *v1beta1.ProviderConfig:
		return pc.Status.CheckedCredentials
	case *v1beta1.ClusterProviderConfig:
		return pc.Status.CheckedCredentials
	default:
		return ""
	}
}
