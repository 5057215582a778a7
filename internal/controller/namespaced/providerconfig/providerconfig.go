// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package providerconfig keeps ProviderConfigs and ClusterProviderConfigs as
// long as a managed resource uses them, and says in their status whether their
// credentials work.
package providerconfig

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/lru"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/managed"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// Setup adds controllers of ProviderConfigs and ClusterProviderConfigs.
func Setup(mgr ctrl.Manager, o managed.Options) error {
	err := setup(mgr, o, v1beta1.ProviderConfigGroupVersionKind, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} })
	if err != nil {
		return err
	}

	return setup(mgr, o, v1beta1.ClusterProviderConfigGroupVersionKind, func() xpresource.ProviderConfig { return &v1beta1.ClusterProviderConfig{} })
}

// SetupGated is Setup: the provider cannot serve any kind without these.
func SetupGated(mgr ctrl.Manager, o managed.Options) error {
	return Setup(mgr, o)
}

func setup(mgr ctrl.Manager, o managed.Options, config schema.GroupVersionKind, newConfig func() xpresource.ProviderConfig) error {
	name := providerconfig.ControllerName(config.GroupKind().String())
	recorder := event.NewAPIRecorder(mgr.GetEventRecorderFor(name)) //nolint:staticcheck // Crossplane grants a provider no rights on the newer events API.

	// Of the writes that follow one another here, none begins with what was there before
	// the last: it would end with a conflict.
	own := kubeclient.NewOwn()
	kube := own.Client(mgr.GetClient())

	h := newHolder(kube, mgr.GetAPIReader(), recorder)
	h.off, h.partial = !o.Clients.HoldCredentials, len(o.WatchNamespaces) > 0

	log := o.Logger.WithValues("controller", name)
	sweeps := &sweeper{holder: h, live: mgr.GetAPIReader(), log: log, namespaces: o.WatchNamespaces}

	// One is enough: it lets go of what is held for either kind.
	if config.Kind == v1beta1.ProviderConfigKind {
		if err := mgr.Add(sweeps); err != nil {
			return errors.Wrap(err, "cannot add what lets go of Secrets")
		}
	}

	r := own.Settled(mgr.GetClient(), newConfig(), &accountant{
		judge:     &judge{cache: mgr.GetClient(), live: mgr.GetAPIReader(), kinds: kindsOf(o), kind: config.Kind, partial: h.partial},
		holder:    h,
		sweeper:   sweeps,
		kube:      kubeclient.NewSparing(mgr.GetClient(), own),
		newConfig: newConfig,
		record:    recorder,
		log:       log,
		seen:      lru.New(remembered),
		told:      lru.New(remembered),
	})

	c := newChecker(r, kube, config.Kind, newConfig, o.Clients, o.Bulkhead, recorder)

	return ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(o.ForControllerRuntime()).
		// Not because of its own status, which is written here.
		For(newConfig(), builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, noLongerKept(o.Clients.HoldCredentials)))).
		Watches(&v1beta1.ProviderConfigUsage{}, account(mgr.GetClient(), config.Kind, o.Clients.HoldCredentials, h.partial, newConfig)).
		WatchesRawSource(changedSecrets(mgr, o.Secrets, config)).
		WatchesRawSource(doubtedChecks(o.Clients.Tenants, c)).
		WatchesRawSource(o.Bulkhead.Calls(config.Kind)).
		Complete(ratelimiter.NewReconciler(name, c, o.GlobalRateLimiter))
}

// kindsOf the managed resources that can use a config.
func kindsOf(o managed.Options) map[schema.GroupKind]schema.GroupVersionKind {
	kinds := map[schema.GroupKind]schema.GroupVersionKind{}
	for _, k := range o.Kinds {
		kinds[k.GroupKind()] = k
	}

	return kinds
}

// noLongerKept lets through the updates by which somebody takes from a ProviderConfig what
// keeps it.
func noLongerKept(holdCredentials bool) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e ctrlevent.UpdateEvent) bool {
		return clients.IsKept(e.ObjectOld, holdCredentials) && !clients.IsKept(e.ObjectNew, holdCredentials)
	}}
}

// changedSecrets is a source of requests for the configs that read a Secret whose
// content has changed, or that nothing may hold any more.
func changedSecrets(mgr ctrl.Manager, secrets *clients.Secrets, config schema.GroupVersionKind) source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		look := func(ctx context.Context, name types.NamespacedName) {
			for _, pc := range configs(ctx, mgr.GetClient(), config, name.Namespace) {
				if clients.SecretOf(pc) == name {
					queue.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pc)})
				}
			}
		}

		secrets.OnChange(look)
		secrets.OnLoosened(look)

		return nil
	})
}

// doubtedChecks is a source of requests for the configs of whose credentials Scaleway
// has said something else, to a managed resource, than the last check did.
func doubtedChecks(tenants *transport.Tenants, c *checker) source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		tenants.OnJudged(func(t *transport.Tenant) {
			for _, name := range c.doubt(t) {
				queue.Add(reconcile.Request{NamespacedName: name})
			}
		})

		return nil
	})
}

// configs returns those that may read a Secret of a Kubernetes namespace.
func configs(ctx context.Context, kube client.Reader, config schema.GroupVersionKind, namespace string) []client.Object {
	var all []client.Object

	// An error is none of the cache: it is only asked after it was filled.
	switch config.Kind {
	case v1beta1.ProviderConfigKind:
		l := &v1beta1.ProviderConfigList{}
		if err := kube.List(ctx, l, client.InNamespace(namespace)); err == nil {
			for i := range l.Items {
				all = append(all, &l.Items[i])
			}
		}
	case v1beta1.ClusterProviderConfigKind:
		l := &v1beta1.ClusterProviderConfigList{}
		if err := kube.List(ctx, l); err == nil {
			for i := range l.Items {
				all = append(all, &l.Items[i])
			}
		}
	}

	return all
}
