// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"slices"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

func nameless(tk *v1beta1.Token) {
	meta.RemoveAnnotations(tk, meta.AnnotationKeyExternalName)
}

// Nothing is changed or revoked as long as nobody knows who else has the token.
func TestSharedNotListed(t *testing.T) {
	b := newBench(t)
	tk := b.Token(func(tk *v1beta1.Token) { meta.SetExternalName(tk, paris) })
	b.guard.Kube = onetimetest.NotListed(b.Kube)

	wantErr(t, "Another may have it.", "cannot list what else has the external name "+paris, b.guard.Initialize(t.Context(), tk))
}

// Two managed resources that are one token, and what the one that is not being
// deleted keeps.
func TestShared(t *testing.T) {
	observed := func(tk *v1beta1.Token) { tk.Status.AtProvider.ID = ptr.To(paris) }
	policies := func(p ...xpv1.ManagementAction) func(*v1beta1.Token) {
		return func(tk *v1beta1.Token) {
			observed(tk)
			tk.Spec.ManagementPolicies = p
		}
	}
	paused := func(tk *v1beta1.Token) {
		observed(tk)
		meta.AddAnnotations(tk, map[string]string{meta.AnnotationKeyReconciliationPaused: "true"})
	}
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
		"Both":            {reason: "Neither does anything.", other: observed, want: "is the external name of team-a/other too", handed: true},
		"BothUnobserved":  {reason: "The other is about to see it.", want: "is the external name of team-a/other too", handed: true},
		"OwnDeleted":      {reason: "The other keeps it.", own: deleted, other: observed, handed: true},
		"OtherUnobserved": {reason: "The other is about to see it, and would find that it is gone.", own: deleted, handed: true},
		"OtherDeleted": {
			reason: "It is not said to be safe before the other is gone.",
			other:  func(tk *v1beta1.Token) { observed(tk); deleted(tk) }, want: "is the external name of team-a/other too",
		},
		"BothDeleted": {
			reason: "Nobody is left to keep it.", own: deleted,
			other: func(tk *v1beta1.Token) { observed(tk); deleted(tk) },
		},
		"OtherOnlyObserves": {
			reason: "Who only observes it shares nothing, and would not revoke it either.", own: deleted,
			other: policies(xpv1.ManagementActionObserve),
		},
		"OtherNeverDeletes": {
			reason: "Who will never revoke it leaves it for ever.", own: deleted,
			other: policies(xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate),
		},
		"OtherPaused":              {reason: "Who does nothing revokes nothing.", own: deleted, other: paused},
		"AliveOtherOnlyObserves":   {reason: "It can be renewed all the same.", other: policies(xpv1.ManagementActionObserve)},
		"AliveOtherPaused":         {reason: "It can be renewed all the same.", other: paused},
		"OnlyObserves":             {reason: "Who only observes it is in nobody's way.", own: policies(xpv1.ManagementActionObserve), other: observed, handed: true},
		"OtherNamespace":           {reason: "A tenant who writes down another's name, and status, keeps it from nothing.", other: elsewhere},
		"OtherNamespaceOwnDeleted": {reason: "Least of all from being revoked.", own: deleted, other: elsewhere},
		"OtherNamespaceBoth":       {reason: "Nor does it matter whether it has been seen.", own: observed, other: elsewhere},
		"Alone":                    {reason: "Nobody else has it.", other: func(tk *v1beta1.Token) { meta.SetExternalName(tk, warsaw) }},
		"Nameless":                 {reason: "Objects that do not exist yet are not one.", own: nameless, other: nameless},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			b.Token(func(tk *v1beta1.Token) {
				tk.SetName("other")
				tk.SetUID("00000000-0000-4000-8000-000000000000")
				meta.SetExternalName(tk, paris)

				if tc.other != nil {
					tc.other(tk)
				}
			})

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)

				if tc.own != nil {
					tc.own(tk)
				}
			})

			wantErr(t, tc.reason, tc.want, b.guard.Initialize(t.Context(), tk))

			handed, err := b.guard.HandedOver(t.Context(), tk, meta.GetExternalName(tk))
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.handed, handed); diff != "" {
				t.Errorf("\n%s\nHandedOver(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.handed, slices.Contains(b.Events.Reasons, reasonLeft)); diff != "" {
				t.Errorf("\n%s\nan event says that it is left: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
