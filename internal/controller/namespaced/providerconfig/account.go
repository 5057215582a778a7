// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"time"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// The use of a ProviderConfig may be accounted for that much later than it changes. To
// account for it is to go through all of it: at once for each of 10,000 managed resources
// that are created or deleted one after the other, that would be most of the provider's
// work, and once a second an eighth of it.
const (
	accountInterval = time.Second      // at least
	accountPerUser  = time.Millisecond // of those that it had when it was last accounted for
	accountLive     = 5                // times that, where they are listed from the API server
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// account returns a handler that has the use of a ProviderConfig accounted for when
// it changes: at once where that has it kept, and else a little later, with all changes
// until then. While it is not kept, that is the sooner the fewer use it.
func account(kube client.Client, kind string, hold, partial bool, newConfig func() xpresource.ProviderConfig) handler.EventHandler {
	delayed := func(ctx context.Context, q queue) queue {
		return later{queue: q, wait: func(r reconcile.Request) time.Duration {
			pc := newConfig()

			// Only read.
			if err := kube.Get(ctx, r.NamespacedName, pc, client.UnsafeDisableDeepCopy); err != nil {
				return 0
			}

			users := time.Duration(pc.GetUsers()) * accountPerUser
			if partial && r.Namespace == "" {
				users *= accountLive
			}

			if !clients.IsKept(pc, hold) {
				return min(users, accountInterval) // It may have thousands, and no Secret yet.
			}

			return max(accountInterval, users)
		}}
	}

	add := func(ctx context.Context, q queue, objects ...client.Object) {
		for _, o := range objects {
			u, ok := o.(*v1beta1.ProviderConfigUsage)
			if !ok {
				continue
			}

			if k, name := configOf(u); k == kind {
				delayed(ctx, q).Add(reconcile.Request{NamespacedName: name})
			}
		}
	}

	return handler.Funcs{
		CreateFunc:  func(ctx context.Context, e event.CreateEvent, q queue) { add(ctx, q, e.Object) },
		UpdateFunc:  func(ctx context.Context, e event.UpdateEvent, q queue) { add(ctx, q, e.ObjectOld, e.ObjectNew) },
		DeleteFunc:  func(ctx context.Context, e event.DeleteEvent, q queue) { add(ctx, q, e.Object) },
		GenericFunc: func(ctx context.Context, e event.GenericEvent, q queue) { add(ctx, q, e.Object) },
	}
}

// later is a queue to which is added later what can wait.
type later struct {
	queue

	wait func(reconcile.Request) time.Duration
}

// Add a ProviderConfig.
func (l later) Add(r reconcile.Request) {
	if wait := l.wait(r); wait > 0 {
		l.AddAfter(r, wait)
		return
	}

	l.queue.Add(r)
}
