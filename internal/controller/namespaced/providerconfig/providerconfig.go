// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package providerconfig keeps ProviderConfigs and ClusterProviderConfigs as
// long as a managed resource uses them, and says in their status whether their
// credentials work.
package providerconfig

import (
	"context"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/ratelimiter"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/providerconfig"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
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
	// the last: it would end with a conflict, after which Crossplane's reconciler waits for
	// half a minute, and managed resources that need the ProviderConfig to be kept with it.
	own := kubeclient.NewOwn()
	kube := own.Client(mgr.GetClient())
	settled := func(r reconcile.Reconciler) reconcile.Reconciler { return own.Settled(mgr.GetClient(), newConfig(), r) }

	r := settled(&accountant{
		Reconciler: providerconfig.NewReconciler(kubeclient.Manager{Manager: mgr, Client: scoped{kubeclient.NewSparing(mgr.GetClient(), own)}},
			xpresource.ProviderConfigKinds{
				Config:    config,
				Usage:     v1beta1.ProviderConfigUsageGroupVersionKind,
				UsageList: v1beta1.ProviderConfigUsageListGroupVersionKind,
			},
			providerconfig.WithLogger(o.Logger.WithValues("controller", name)),
			providerconfig.WithRecorder(recorder)),
		kube: kube,
		live: mgr.GetAPIReader(),
		kind: config.Kind,
	})

	if o.Clients.HoldCredentials {
		r = settled(&holder{Reconciler: r, kube: kube, newConfig: newConfig, kind: config.Kind, record: recorder})
	}

	c := newChecker(r, kube, config.Kind, newConfig, o.Clients, o.Bulkhead, recorder)

	return ctrl.NewControllerManagedBy(mgr).
		Named(name).
		WithOptions(o.ForControllerRuntime()).
		// Not because of its own status, which is written here.
		For(newConfig(), builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, noLongerKept(o.Clients.HoldCredentials)))).
		Watches(&v1beta1.ProviderConfigUsage{}, account(mgr.GetClient(), config.Kind, o.Clients.HoldCredentials, newConfig)).
		WatchesRawSource(changedSecrets(mgr, o.Secrets, config)).
		WatchesRawSource(doubtedChecks(o.Clients.Tenants, c)).
		WatchesRawSource(o.Bulkhead.Calls(config.Kind)).
		Complete(ratelimiter.NewReconciler(name, c, o.GlobalRateLimiter))
}

// noLongerKept lets through the updates by which somebody takes from a ProviderConfig what
// keeps it.
func noLongerKept(holdCredentials bool) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e ctrlevent.UpdateEvent) bool {
		return clients.IsKept(e.ObjectOld, holdCredentials) && !clients.IsKept(e.ObjectNew, holdCredentials)
	}}
}

// changedSecrets is a source of requests for the configs that read a Secret whose
// content has changed.
func changedSecrets(mgr ctrl.Manager, secrets *clients.Secrets, config schema.GroupVersionKind) source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		secrets.OnChange(func(ctx context.Context, name types.NamespacedName) {
			for _, pc := range configs(ctx, mgr.GetClient(), config, name.Namespace) {
				if clients.SecretOf(pc) == name {
					queue.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pc)})
				}
			}
		})

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

// After what time a ProviderConfig is accounted for again that somebody else has written
// meanwhile, or whose finalizer could not be written. Crossplane's reconciler would wait
// for half a minute, in which nothing is created with it.
const (
	conflictWait = time.Second
	refusedWait  = 5 * time.Second
)

// An accountant accounts for the use of ProviderConfigs, each in its own Kubernetes
// namespace. Crossplane's reconciler counts the usages of all namespaces for each
// ProviderConfig of a name: one that nobody uses would be kept because of another
// tenant's, and show that tenant's number of users.
type accountant struct {
	reconcile.Reconciler

	kube client.Client
	live client.Reader
	kind string
}

// Reconcile accounts for the use of a ProviderConfig.
func (a *accountant) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if err := a.releaseOrphans(ctx, req.NamespacedName); err != nil {
		return reconcile.Result{}, err
	}

	result, err := a.Reconciler.Reconcile(context.WithValue(ctx, namespaceKey{}, req.Namespace), req)

	// What the credentials are worth is written by another reconciler. That the two
	// have met is nothing to tell anybody.
	if kerrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: conflictWait}, nil
	}

	result.RequeueAfter = min(result.RequeueAfter, refusedWait)

	return result, err
}

// releaseOrphans lets go of the usages whose managed resource is gone without having
// done so: one that never had a finalizer, because it was refused, or one from which
// somebody took it. They would keep the ProviderConfig, and their Kubernetes
// namespace, for ever.
func (a *accountant) releaseOrphans(ctx context.Context, config types.NamespacedName) error {
	usages, err := usagesOf(ctx, a.kube, a.kind, config)
	if err != nil {
		return err
	}

	for i := range usages {
		if !meta.WasDeleted(&usages[i]) || !meta.FinalizerExists(&usages[i], clients.FinalizerUsage) {
			continue
		}

		u := usages[i].DeepCopy()

		user := &metav1.PartialObjectMetadata{}
		user.SetGroupVersionKind(schema.FromAPIVersionAndKind(u.ResourceReference.APIVersion, u.ResourceReference.Kind))

		// Live, because the usage may be known before its user is.
		err := a.live.Get(ctx, types.NamespacedName{Namespace: u.GetNamespace(), Name: u.ResourceReference.Name}, user)
		if client.IgnoreNotFound(err) != nil {
			return errors.Wrapf(err, "cannot get %s %q", u.ResourceReference.Kind, u.ResourceReference.Name)
		}

		// A usage has the name of its user's UID.
		if err == nil && string(user.GetUID()) == u.GetName() {
			continue
		}

		meta.RemoveFinalizer(u, clients.FinalizerUsage)

		if err := a.kube.Update(ctx, u); client.IgnoreNotFound(err) != nil {
			return errors.Wrap(err, "cannot release the ProviderConfigUsage")
		}
	}

	return nil
}

// usagesOf returns the usages of a ProviderConfig in its Kubernetes namespace, or of
// a ClusterProviderConfig in all. There may be thousands: they are the cache's own,
// which must not be changed.
func usagesOf(ctx context.Context, kube client.Reader, kind string, config types.NamespacedName, opts ...client.ListOption) ([]v1beta1.ProviderConfigUsage, error) {
	l := &v1beta1.ProviderConfigUsageList{}
	err := kube.List(ctx, l, append(opts, client.InNamespace(config.Namespace), client.MatchingLabels{xpv1.LabelKeyProviderName: config.Name, xpv1.LabelKeyProviderKind: kind}, client.UnsafeDisableDeepCopy)...)

	return l.Items, errors.Wrap(err, "cannot list ProviderConfigUsages")
}

// namespaceKey of the Kubernetes namespace in a context that a scoped client lists.
type namespaceKey struct{}

// scoped is a client that lists only what is in the Kubernetes namespace of the
// context, if that has one.
type scoped struct {
	client.Client
}

// List objects.
func (s scoped) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if namespace, _ := ctx.Value(namespaceKey{}).(string); namespace != "" {
		opts = append(opts, client.InNamespace(namespace))
	}

	return s.Client.List(ctx, list, opts...)
}
