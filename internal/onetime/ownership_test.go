// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

func nameless(tk *v1beta1.Token) {
	meta.RemoveAnnotations(tk, meta.AnnotationKeyExternalName)
}

// Nothing is changed or revoked as long as nobody knows who else has the token.
func TestSharedNotListed(t *testing.T) {
	b := newBench(t)
	tk := b.token(func(tk *v1beta1.Token) { meta.SetExternalName(tk, paris) })
	b.minter.kube = notListed(b.kube)

	wantErr(t, "Another may have it.", "cannot list what else has the external name "+paris, b.minter.Initialize(t.Context(), tk))
}

// By which Secret a managed resource is found.
func TestSecretName(t *testing.T) {
	cases := map[string]struct {
		reason string
		object client.Object
		want   string
	}{
		"Named":   {reason: "It writes that Secret.", object: token(func(*v1beta1.Token) {}), want: "token"},
		"None":    {reason: "It writes none.", object: token(func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil })},
		"NoOwner": {reason: "It cannot write one.", object: &corev1.Secret{}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, secretName(tc.object)); diff != "" {
				t.Errorf("\n%s\nsecretName(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Two managed resources that are one token, and what the one that is not being
// deleted keeps.
func TestShared(t *testing.T) {
	observed := func(tk *v1beta1.Token) { tk.Status.AtProvider.ID = ptr.To(paris) }
	elsewhere := func(tk *v1beta1.Token) {
		tk.SetNamespace("team-b")
		observed(tk)
	}

	cases := map[string]struct {
		reason     string
		own, other func(*v1beta1.Token)
		want       string
		handed     bool
	}{
		"Both":         {reason: "Neither does anything.", want: "is the external name of team-a/other too", handed: true},
		"OwnDeleted":   {reason: "The other keeps it.", own: deleted, handed: true},
		"OtherDeleted": {reason: "It is not said to be safe before the other is gone.", other: deleted, want: "is the external name of team-a/other too"},
		"BothDeleted":  {reason: "Nobody is left to keep it.", own: deleted, other: deleted},
		"OtherNamespace": {
			reason: "A tenant who writes down another's name keeps it from nothing.",
			other:  func(tk *v1beta1.Token) { tk.SetNamespace("team-b") },
		},
		"OtherNamespaceOwnDeleted": {
			reason: "Least of all from being revoked.",
			own:    deleted, other: func(tk *v1beta1.Token) { tk.SetNamespace("team-b") },
		},
		"OtherNamespaceObserved": {
			reason: "Nor does who writes it down learn that somebody has it.",
			other:  elsewhere, handed: true,
		},
		"BothObserved": {
			reason: "Two whose credentials show the object both have it. What the other is called is nobody else's business.",
			own:    observed, other: elsewhere,
			want: "is the external name of an object in another Kubernetes namespace too", handed: true,
		},
		"Alone":    {reason: "Nobody else has it.", other: func(tk *v1beta1.Token) { meta.SetExternalName(tk, warsaw) }},
		"Nameless": {reason: "Objects that do not exist yet are not one.", own: nameless, other: nameless},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			b.token(func(tk *v1beta1.Token) {
				tk.SetName("other")
				tk.SetUID("00000000-0000-4000-8000-000000000000")
				meta.SetExternalName(tk, paris)

				if tc.other != nil {
					tc.other(tk)
				}
			})

			tk := b.token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)

				if tc.own != nil {
					tc.own(tk)
				}
			})

			wantErr(t, tc.reason, tc.want, b.minter.Initialize(t.Context(), tk))

			handed, err := b.minter.handedOver(t.Context(), tk, meta.GetExternalName(tk))
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.handed, handed); diff != "" {
				t.Errorf("\n%s\nhandedOver(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A name that was found out, in the reconcile that asks for a renewal, to be another
// Kubernetes namespace's too has no token minted in its place.
func TestSharedIsNotRenewed(t *testing.T) {
	b := newBench(t)

	b.token(func(tk *v1beta1.Token) {
		tk.SetNamespace("team-b")
		tk.SetUID("00000000-0000-4000-8000-000000000000")
		meta.SetExternalName(tk, paris)
		tk.Status.AtProvider.ID = ptr.To(paris)
	})

	tk := b.token(func(tk *v1beta1.Token) {
		meta.SetExternalName(tk, paris)
		meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "now"})
		tk.Status.AtProvider.ID = ptr.To(paris)
	})

	e := &external{ExternalClient: found, connector: &Connector{
		minter: b.minter, resource: b.minter.resource, kube: b.kube, trackers: ujcontroller.NewOperationStore(logging.NewNopLogger()),
		inner: managed.ExternalConnectorFn(func(context.Context, xpresource.Managed) (managed.ExternalClient, error) {
			return nil, errors.New("it is about to be minted")
		}),
	}}

	_, err := e.Update(t.Context(), tk)
	wantErr(t, "Neither is renewed.", "is the external name of an object in another Kubernetes namespace too", err)

	if attempt := b.record(b.stored()).Attempt; attempt != "" {
		t.Errorf("Update(...): the attempt %q was recorded, want none", attempt)
	}
}
