// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	ctrlevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

func TestHold(t *testing.T) {
	const finalizer = finalizerPrefix + "config-uid"

	name := types.NamespacedName{Namespace: "team-a", Name: "default"}
	labels := map[string]string{xpv1.LabelKeyProviderName: name.Name, xpv1.LabelKeyProviderKind: v1beta1.ProviderConfigKind}
	usage := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: "usage", Labels: labels}}

	secret := func(finalizers ...string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: "scaleway", Finalizers: finalizers}}
	}

	config := func(held string) *v1beta1.ProviderConfig {
		pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name, UID: "config-uid"}}
		pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
		pc.Spec.Credentials.SecretRef.Name = "scaleway"

		if held != "" {
			pc.SetAnnotations(map[string]string{clients.AnnotationHeld: held})
		}

		return pc
	}

	leaving := secret("example.org/busy")
	now := metav1.Now()
	leaving.SetDeletionTimestamp(&now)

	type want struct {
		finalizers []string
		held       string
		// events are how many there are.
		events int
	}

	cases := map[string]struct {
		reason  string
		objects []client.Object
		// refused is how the write of the Secret ends.
		refused error
		want    want
	}{
		"InUse": {
			reason:  "The Secret stays as long as something needs it.",
			objects: []client.Object{config(""), usage, secret()},
			want:    want{finalizers: []string{finalizer}, held: "team-a/scaleway"},
		},
		"NotInUse": {
			reason:  "Nobody needs it any more.",
			objects: []client.Object{config("team-a/scaleway"), secret("example.org/busy", finalizer)},
			want:    want{finalizers: []string{"example.org/busy"}},
		},
		"Missing": {
			reason:  "What is not there is not held, and may be there by the time that something is created with it.",
			objects: []client.Object{config(""), usage},
		},
		"MissingAgain": {
			reason:  "Somebody has taken the finalizer away, and deleted it.",
			objects: []client.Object{config("team-a/scaleway"), usage},
		},
		"Refused": {
			reason:  "Whoever owns the ProviderConfig may not read the provider's log.",
			objects: []client.Object{config(""), usage, secret()},
			refused: errors.New("no finalizers here"),
			want:    want{events: 1},
		},
		"Conflict": {
			reason:  "It works the next time.",
			objects: []client.Object{config(""), usage, secret()},
			refused: kerrors.NewConflict(corev1.Resource("secrets"), "scaleway", errors.New("it was modified")),
		},
		"BeingDeleted": {
			reason:  "A finalizer cannot be added to it: it goes when the others are gone.",
			objects: []client.Object{config(""), usage, leaving},
			want:    want{finalizers: []string{"example.org/busy"}, events: 1},
		},
	}

	for n, tc := range cases {
		t.Run(n, func(t *testing.T) {
			s := k8sruntime.NewScheme()
			if err := errors.Join(corev1.AddToScheme(s), v1beta1.SchemeBuilder.AddToScheme(s)); err != nil {
				t.Fatal(err)
			}

			kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(s).WithObjects(tc.objects...).Build(), interceptor.Funcs{
				Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
					if _, ok := o.(*corev1.Secret); ok && tc.refused != nil {
						return tc.refused
					}

					return c.Update(ctx, o, opts...)
				},
			})
			inner := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, nil })

			events := &recorder{}

			h := &holder{Reconciler: inner, kube: kube, kind: v1beta1.ProviderConfigKind, newConfig: func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} }, record: events}
			if _, err := h.Reconcile(t.Context(), reconcile.Request{NamespacedName: name}); !errors.Is(err, tc.refused) {
				t.Fatalf("\n%s\nReconcile(...): want %v, got %v", tc.reason, tc.refused, err)
			}

			pc := &v1beta1.ProviderConfig{}
			if err := kube.Get(t.Context(), name, pc); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want.events, len(events.reasons)); diff != "" {
				t.Errorf("\n%s\nevents: -want, +got:\n%s%v", tc.reason, diff, events.reasons)
			}

			if diff := cmp.Diff(tc.want.held, pc.GetAnnotations()[clients.AnnotationHeld]); diff != "" {
				t.Errorf("\n%s\nSecret that is held: -want, +got:\n%s", tc.reason, diff)
			}

			got := &corev1.Secret{}
			if err := client.IgnoreNotFound(kube.Get(t.Context(), types.NamespacedName{Namespace: name.Namespace, Name: "scaleway"}, got)); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want.finalizers, got.GetFinalizers(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nfinalizers of the Secret: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNoLongerKept(t *testing.T) {
	kept := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{"in-use.crossplane.io"}}}
	free := &v1beta1.ProviderConfig{}

	cases := map[string]struct {
		reason string
		event  ctrlevent.UpdateEvent
		want   bool
	}{
		"Taken":   {"Until it is kept again it could be deleted.", ctrlevent.UpdateEvent{ObjectOld: kept, ObjectNew: free}, true},
		"Given":   {"That is this provider's own doing.", ctrlevent.UpdateEvent{ObjectOld: free, ObjectNew: kept}, false},
		"Never":   {"It is tried already.", ctrlevent.UpdateEvent{ObjectOld: free, ObjectNew: free}, false},
		"Another": {"Something else has changed.", ctrlevent.UpdateEvent{ObjectOld: kept, ObjectNew: kept}, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := noLongerKept(false).Update(tc.event); got != tc.want {
				t.Errorf("\n%s\nUpdate(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}
