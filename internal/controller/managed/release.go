// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// reasonReleased is the reason of the event that says that an object was left.
const reasonReleased event.Reason = "ReleasedExternalResource"

// A finalizer lets go of what a managed resource needed, and then of the managed
// resource.
type finalizer struct {
	xpresource.Finalizer

	kube   client.Client
	leave  func(context.Context, xpresource.Object) error
	forget func(types.UID)
}

// RemoveFinalizer lets go of the ProviderConfigUsage of the managed resource too.
// It was held so that a Kubernetes namespace that is being deleted does not take
// the credentials away before everything is deleted with them.
func (f *finalizer) RemoveFinalizer(ctx context.Context, o xpresource.Object) error {
	if err := f.leave(ctx, o); err != nil {
		return err
	}

	usage := &v1beta1.ProviderConfigUsage{}

	err := f.kube.Get(ctx, types.NamespacedName{Namespace: o.GetNamespace(), Name: string(o.GetUID())}, usage)
	if err != nil && !kerrors.IsNotFound(err) {
		return errors.Wrap(err, "cannot get the ProviderConfigUsage")
	}

	if err == nil && meta.FinalizerExists(usage, clients.FinalizerUsage) {
		meta.RemoveFinalizer(usage, clients.FinalizerUsage)

		if err := f.kube.Update(ctx, usage); xpresource.IgnoreNotFound(err) != nil {
			return errors.Wrap(err, "cannot release the ProviderConfigUsage")
		}
	}

	f.forget(o.GetUID())

	return f.Finalizer.RemoveFinalizer(ctx, o)
}
