// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"testing"

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
		})
	}
}
