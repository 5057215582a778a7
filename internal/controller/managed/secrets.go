// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// indexSecret finds the managed resources of a kind by the Secret that they name.
const indexSecret = "connectionSecret"

// changedSecrets has managed resources of the kind reconciled when what their
// Secret holds changes: a secret that is lost is said at once, and not at the next
// poll.
func changedSecrets(mgr ctrl.Manager, k Kind, own *kubeclient.Own) source.Source {
	return source.Kind[client.Object](mgr.GetCache(), &corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(publishers(mgr.GetClient(), k)), publish.ContentChanged(k.GroupVersionKind.Kind), byOthers(own))
}

// byOthers lets through what this process has not written itself: the reconcile that
// has written it knows what it holds. One that takes a Secret over has not looked at
// what that holds. A Secret that is deleted may be in the version that was written.
func byOthers(own *kubeclient.Own) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return !own.Wrote(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !own.Wrote(e.ObjectNew) || publish.ControllerUID(e.ObjectOld) != publish.ControllerUID(e.ObjectNew)
		},
	}
}

// publishers returns the managed resources of the kind that name a Secret.
func publishers(kube client.Client, k Kind) handler.MapFunc {
	return func(ctx context.Context, o client.Object) []reconcile.Request {
		every := func(xpresource.Managed) bool { return true }
		return requests(ctx, kube, k, o.GetNamespace(), every, client.MatchingFields{indexSecret: o.GetName()})
	}
}

// index the managed resources of the kind by external name, and by the Secret that
// they name.
func index(ctx context.Context, mgr ctrl.Manager, k Kind) error {
	for name, value := range map[string]func(client.Object) string{
		onetime.IndexExternalName: func(o client.Object) string { return meta.GetExternalName(o) },
		indexSecret:               secretName,
	} {
		err := mgr.GetFieldIndexer().IndexField(ctx, k.Object, name, func(o client.Object) []string {
			if v := value(o); v != "" {
				return []string{v}
			}

			return nil
		})
		if err != nil {
			return errors.Wrapf(err, "cannot index %s by %s", k.GroupVersionKind.Kind, name)
		}
	}

	return nil
}

func secretName(o client.Object) string {
	w, ok := o.(xpresource.LocalConnectionSecretWriterTo)
	if !ok || w.GetWriteConnectionSecretToReference() == nil {
		return ""
	}

	return w.GetWriteConnectionSecretToReference().Name
}
