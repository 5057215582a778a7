// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// What is let go of with a managed resource, and in which order: first what it
// needed, and it last, so that it is tried again.
func TestRemoveFinalizer(t *testing.T) {
	usages := schema.GroupResource{Resource: "providerconfigusages"}

	cases := map[string]struct {
		reason string
		// usage has these finalizers. There is none if they are nil.
		usage []string
		// get and update are what these end with, for the usage.
		get, update error
		// leave is what settling what is in doubt ends with.
		leave error
		want  string
		// left are the finalizers of the usage, and released tells whether the managed
		// resource has none, and is forgotten.
		left     []string
		released bool
	}{
		"Held":       {reason: "Both are let go of.", usage: []string{clients.FinalizerUsage, "other"}, left: []string{"other"}, released: true},
		"NotHeld":    {reason: "A usage of an older version is not held.", usage: []string{"other"}, update: errors.New("written for nothing"), left: []string{"other"}, released: true},
		"NoUsage":    {reason: "It never came so far that it used one.", released: true},
		"NotRead":    {reason: "It may still be held.", usage: []string{clients.FinalizerUsage}, get: errors.New("no answer"), want: "cannot get the ProviderConfigUsage", left: []string{clients.FinalizerUsage}},
		"NotWritten": {reason: "It would be held for ever.", usage: []string{clients.FinalizerUsage}, update: errors.New("no answer"), want: "cannot release the ProviderConfigUsage", left: []string{clients.FinalizerUsage}},
		"NotLeft":    {reason: "What is in doubt at Scaleway is settled first, with the credentials that are held.", usage: []string{clients.FinalizerUsage}, leave: errors.New("it is in doubt"), want: "it is in doubt", left: []string{clients.FinalizerUsage}},
		"GoneMeanwhile": {
			reason: "There is nothing left to hold.", usage: []string{clients.FinalizerUsage},
			update: kerrors.NewNotFound(usages, "usage"), left: []string{clients.FinalizerUsage}, released: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			scheme := kruntime.NewScheme()
			if err := errors.Join(v1beta1.SchemeBuilder.AddToScheme(scheme), containerv1beta1.SchemeBuilder.AddToScheme(scheme)); err != nil {
				t.Fatal(err)
			}

			kube := fake.NewClientBuilder().WithScheme(scheme).Build()

			tk := token(func(tk *containerv1beta1.Token) {
				tk.SetName("token")
				tk.SetUID(ownUID)
				tk.SetFinalizers([]string{managed.FinalizerName})
			})
			usage := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: tk.GetNamespace(), Name: ownUID, Finalizers: tc.usage}}

			err := kube.Create(t.Context(), tk)
			if tc.usage != nil {
				err = errors.Join(err, kube.Create(t.Context(), usage))
			}

			if err != nil {
				t.Fatal(err)
			}

			isUsage := func(o client.Object) bool { _, ok := o.(*v1beta1.ProviderConfigUsage); return ok }

			var forgotten, left []types.UID

			f := &finalizer{
				Finalizer: xpresource.NewAPIFinalizer(kube, managed.FinalizerName),
				kube: interceptor.NewClient(kube, interceptor.Funcs{
					Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
						if isUsage(o) && tc.get != nil {
							return tc.get
						}

						return c.Get(ctx, key, o, opts...)
					},
					Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
						if isUsage(o) && tc.update != nil {
							return tc.update
						}

						return c.Update(ctx, o, opts...)
					},
				}),
				leave: func(_ context.Context, o xpresource.Object) error {
					left = append(left, o.GetUID())

					if len(forgotten) > 0 {
						t.Errorf("\n%s\nit is forgotten before what is in doubt is settled", tc.reason)
					}

					return tc.leave
				},
				forget: func(uid types.UID) { forgotten = append(forgotten, uid) },
			}

			wantErr(t, tc.reason, tc.want, f.RemoveFinalizer(t.Context(), tk))

			if err := kube.Get(t.Context(), client.ObjectKeyFromObject(tk), tk); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff([]bool{tc.released, tc.released}, []bool{!meta.FinalizerExists(tk, managed.FinalizerName), len(forgotten) == 1 && forgotten[0] == ownUID}); diff != "" {
				t.Errorf("\n%s\nreleased, forgotten: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff([]types.UID{ownUID}, left); diff != "" {
				t.Errorf("\n%s\nwhat is in doubt is settled: -want, +got:\n%s", tc.reason, diff)
			}

			if tc.usage == nil {
				return
			}

			if err := kube.Get(t.Context(), client.ObjectKeyFromObject(usage), usage); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.left, usage.GetFinalizers()); diff != "" {
				t.Errorf("\n%s\nfinalizers of the usage: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
