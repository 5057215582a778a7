// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
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
			named := source.Kind(mgr.GetCache(), target, handler.EnqueueRequestsFromMapFunc(waiting(mgr.GetClient(), k)), gotName)
			if err := c.Watch(named); err != nil {
				mgr.GetLogger().Error(err, "Cannot watch", "gvk", t.String())
			}
		}, t)
	}

	return nil
}

// gotName lets through the updates by which an object gets its external name.
var gotName = predicate.Funcs{
	CreateFunc:  func(event.CreateEvent) bool { return false },
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		return meta.GetExternalName(e.ObjectOld) == "" && meta.GetExternalName(e.ObjectNew) != ""
	},
}

// waiting returns the managed resources of the kind, in the Kubernetes namespace
// of an object, that have no external name yet.
func waiting(kube client.Client, k Kind) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		list, ok := k.List.DeepCopyObject().(xpresource.ManagedList)
		if !ok {
			return nil
		}

		if err := kube.List(ctx, list, client.InNamespace(o.GetNamespace())); err != nil {
			return nil // They find out by themselves.
		}

		var requests []reconcile.Request

		for _, mg := range list.GetItems() {
			if meta.GetExternalName(mg) == "" {
				requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: mg.GetNamespace(), Name: mg.GetName()}})
			}
		}

		return requests
	}
}
