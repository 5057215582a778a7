// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// wake has managed resources of the kind reconciled when an object that they may
// refer to gets its external name. They would find out by themselves, but with a
// back-off that doubles from level to level: half a minute for a container and
// what belongs to it, of which Scaleway needs two seconds.
func wake(mgr ctrl.Manager, o Options, k Kind, c controller.Controller) error {
	targets := map[schema.GroupVersionKind]bool{}

	for _, name := range o.Resources[k.Resource].References {
		t := o.Kinds[name]
		if targets[t] {
			continue
		}

		targets[t] = true

		object, err := mgr.GetScheme().New(t)
		if err != nil {
			return errors.Wrapf(err, "cannot watch %s, to which %s refers", t.Kind, k.GroupVersionKind.Kind)
		}

		target, ok := object.(client.Object)
		if !ok {
			return errors.Errorf("cannot watch %s, to which %s refers: %T is no object", t.Kind, k.GroupVersionKind.Kind, object)
		}

		// Not before the kind is served: a watch that cannot start ends the process.
		o.Gate.Register(func() {
			named := source.Kind(mgr.GetCache(), target, atOnce(waiting(mgr.GetClient(), k)), gotName)
			if err := c.Watch(named); err != nil {
				mgr.GetLogger().Error(err, "Cannot watch", "gvk", t.String())
			}
		}, t)
	}

	return nil
}

// repairedConfigs has managed resources of the kind whose last reconcile went wrong
// reconciled when their ProviderConfig comes to be kept, or its credentials to work. They
// would find out by themselves, but with a back-off of up to a minute.
func repairedConfigs(mgr ctrl.Manager, k Kind, holdCredentials bool) []source.Source {
	sources := make([]source.Source, 0, 2)
	for _, pc := range []client.Object{&v1beta1.ProviderConfig{}, &v1beta1.ClusterProviderConfig{}} {
		sources = append(sources, source.Kind(mgr.GetCache(), pc, atOnce(failing(mgr.GetClient(), k)), cameToWork(holdCredentials)))
	}

	return sources
}

// atOnce has what the function returns reconciled, without the back-off that has
// grown meanwhile: it would also hold up what follows, such as the observation of
// what has just been created.
func atOnce(which handler.MapFunc) handler.EventHandler {
	return handler.Funcs{UpdateFunc: func(ctx context.Context, e event.UpdateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		for _, r := range which(ctx, e.ObjectNew) {
			queue.Forget(r)
			queue.Add(r)
		}
	}}
}

// cameToWork lets through the updates by which a ProviderConfig comes to be kept, or gets
// credentials that work: right ones, or others.
func cameToWork(holdCredentials bool) predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			if !clients.IsKept(e.ObjectOld, holdCredentials) && clients.IsKept(e.ObjectNew, holdCredentials) {
				return true
			}

			before, now := configStatus(e.ObjectOld), configStatus(e.ObjectNew)
			if now.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue {
				return false
			}

			return before.GetCondition(xpv1.TypeReady).Status != corev1.ConditionTrue || before.CheckedCredentials != now.CheckedCredentials
		},
	}
}

func configStatus(o client.Object) v1beta1.ProviderConfigStatus {
	switch pc := o.(type) {
	case *v1beta1.ProviderConfig:
		return pc.Status
	case *v1beta1.ClusterProviderConfig:
		return pc.Status
	default:
		return v1beta1.ProviderConfigStatus{}
	}
}

// failing returns the managed resources of the kind that use a ProviderConfig, or a
// ClusterProviderConfig, and are not Synced.
func failing(kube client.Client, k Kind) handler.MapFunc {
	return func(ctx context.Context, pc client.Object) []reconcile.Request {
		kind := v1beta1.ClusterProviderConfigKind
		if _, ok := pc.(*v1beta1.ProviderConfig); ok {
			kind = v1beta1.ProviderConfigKind
		}

		return requests(ctx, kube, k, pc.GetNamespace(), func(mg xpresource.Managed) bool {
			mm, ok := mg.(xpresource.ModernManaged)
			if !ok {
				return false
			}

			ref := mm.GetProviderConfigReference()

			return ref != nil && ref.Kind == kind && ref.Name == pc.GetName() && mg.GetCondition(xpv1.TypeSynced).Status == corev1.ConditionFalse
		})
	}
}

// gotName lets through the updates by which an object gets its external name.
var gotName = predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		return meta.GetExternalName(e.ObjectOld) == "" && meta.GetExternalName(e.ObjectNew) != ""
	},
}

// waiting returns the managed resources of the kind, in the Kubernetes namespace
// of an object, that have no external name yet.
func waiting(kube client.Client, k Kind) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		return requests(ctx, kube, k, o.GetNamespace(), func(mg xpresource.Managed) bool { return meta.GetExternalName(mg) == "" })
	}
}

// requests returns one for each managed resource of the kind, in a Kubernetes
// namespace or in any, that the options select and that is meant.
func requests(ctx context.Context, kube client.Client, k Kind, namespace string, meant func(xpresource.Managed) bool, opts ...client.ListOption) []reconcile.Request {
	list, ok := k.List.DeepCopyObject().(xpresource.ManagedList)
	if !ok {
		return nil
	}

	if err := kube.List(ctx, list, append(opts, client.InNamespace(namespace))...); err != nil {
		return nil // They find out by themselves.
	}

	var all []reconcile.Request

	for _, mg := range list.GetItems() {
		if meant(mg) {
			all = append(all, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(mg)})
		}
	}

	return all
}
