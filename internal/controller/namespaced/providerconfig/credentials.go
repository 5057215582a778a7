// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// finalizerPrefix of the finalizer on a credentials Secret. The UID of the
// ProviderConfig follows, because several may read one Secret.
const finalizerPrefix = "scaleway.m.crossplane.io/"

// A holder keeps the Secret with the credentials of a ProviderConfig as long as
// a managed resource uses them: without them, what it has created could not be
// deleted any more.
type holder struct {
	reconcile.Reconciler

	kube      client.Client
	newConfig func() xpresource.ProviderConfig
	kind      string
	record    event.Recorder
}

// reasonNotHeld is the reason of the event that says why the Secret of a ProviderConfig
// cannot be held, until when nothing is created with it.
const reasonNotHeld event.Reason = "CannotHoldCredentials"

// Reconcile holds or releases the Secret before the use of the ProviderConfig is
// accounted for, after which it may be gone.
func (h *holder) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	pc := h.newConfig()
	if err := h.kube.Get(ctx, req.NamespacedName, pc); err != nil {
		return h.Reconciler.Reconcile(ctx, req) // It knows what to do about this.
	}

	usages, err := usagesOf(ctx, h.kube, h.kind, req.NamespacedName, client.Limit(1)) // Is there any?
	if err != nil {
		return reconcile.Result{}, err
	}

	want := types.NamespacedName{}
	if len(usages) > 0 {
		want = clients.SecretOf(pc)
	}

	if err := h.hold(ctx, pc, want); err != nil {
		if !kerrors.IsConflict(err) { // Or else it works the next time.
			h.record.Event(pc, event.Warning(reasonNotHeld, err))
		}

		return reconcile.Result{}, err
	}

	return h.Reconciler.Reconcile(ctx, req)
}

// hold the wanted Secret, and no other. An empty name wants none.
func (h *holder) hold(ctx context.Context, pc client.Object, want types.NamespacedName) error {
	finalizer := finalizerPrefix + string(pc.GetUID())

	held := pc.GetAnnotations()[clients.AnnotationHeld]
	if held != "" && (want.Name == "" || held != want.String()) {
		namespace, name, _ := strings.Cut(held, "/")

		_, err := h.change(ctx, types.NamespacedName{Namespace: namespace, Name: name}, func(s *corev1.Secret) { meta.RemoveFinalizer(s, finalizer) })
		if err != nil {
			return errors.Wrapf(err, "cannot release Secret %q", held)
		}
	}

	now := ""

	if want.Name != "" {
		s, err := h.change(ctx, want, func(s *corev1.Secret) {
			// None can be added to what is being deleted.
			if !meta.WasDeleted(s) {
				meta.AddFinalizer(s, finalizer)
			}
		})
		if err != nil {
			return errors.Wrapf(err, "cannot hold Secret %q", want)
		}

		switch {
		case meta.FinalizerExists(s, finalizer):
			now = want.String()
		case meta.WasDeleted(s):
			h.record.Event(pc, event.Warning(reasonNotHeld, errors.Errorf("cannot hold Secret %q, because it is being deleted: create it anew when it is gone", want)))
		}
	}

	if now == held {
		return nil
	}

	meta.AddAnnotations(pc, map[string]string{clients.AnnotationHeld: now})

	return errors.Wrap(h.kube.Update(ctx, pc), "cannot record which Secret is held")
}

// change a Secret, if it exists and the change makes a difference, and return it as it
// is then. Without a name it does not exist.
func (h *holder) change(ctx context.Context, name types.NamespacedName, fn func(*corev1.Secret)) (*corev1.Secret, error) {
	s := &corev1.Secret{}
	if err := h.kube.Get(ctx, name, s); err != nil {
		return &corev1.Secret{}, client.IgnoreNotFound(err)
	}

	before := slices.Clone(s.GetFinalizers())

	fn(s)

	if slices.Equal(before, s.GetFinalizers()) {
		return s, nil
	}

	if err := h.kube.Update(ctx, s); err != nil {
		return &corev1.Secret{}, client.IgnoreNotFound(err)
	}

	return s, nil
}
