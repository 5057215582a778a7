// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"maps"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// What Create has found out is stored, over what somebody has changed meanwhile,
// but neither over a later attempt nor over what the user has asked for.
func TestUpdateCriticalAnnotations(t *testing.T) {
	cases := map[string]struct {
		reason    string
		meanwhile func(*bench, *v1beta1.Token)
		want      string
		named     string
		asked     map[string]string
	}{
		"Undisturbed": {
			reason: "It is stored as it is.",
			named:  warsaw,
			asked:  map[string]string{AnnotationRenew: "first", release.Annotation: paris},
		},
		"AskedForMeanwhile": {
			reason: "The user has asked for another renewal, and given the token up.",
			meanwhile: func(_ *bench, tk *v1beta1.Token) {
				meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "second", release.Annotation: warsaw})
			},
			named: warsaw,
			asked: map[string]string{AnnotationRenew: "second", release.Annotation: warsaw},
		},
		"NoLongerAskedFor": {
			reason: "The user has thought better of both.",
			meanwhile: func(_ *bench, tk *v1beta1.Token) {
				meta.RemoveAnnotations(tk, AnnotationRenew, release.Annotation)
			},
			named: warsaw,
			asked: map[string]string{},
		},
		"Superseded": {
			reason: "Another process has minted another token.",
			meanwhile: func(b *bench, tk *v1beta1.Token) {
				r := b.Pending(0)
				r.Attempt = "99999999"
				r.Write(tk)
				meta.SetExternalName(tk, paris)
			},
			want:  errSuperseded.Error(),
			named: paris,
			asked: map[string]string{AnnotationRenew: "first", release.Annotation: paris},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				b.Pending(0).Write(tk)
				meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "first", release.Annotation: paris})
			})

			if tc.meanwhile != nil {
				stored := b.Stored()
				tc.meanwhile(b, stored)
				b.Update(stored)
			}

			meta.SetExternalName(tk, warsaw)
			b.Pending(0).Done(warsaw, "").Write(tk)

			err := b.guard.Updater().UpdateCriticalAnnotations(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			stored := b.Stored()
			if diff := cmp.Diff(tc.named, meta.GetExternalName(stored)); diff != "" {
				t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want == "", b.guard.remembers(tk)); diff != "" {
				t.Errorf("\n%s\nthe record is remembered as the one that is stored: -want, +got:\n%s", tc.reason, diff)
			}

			asked := maps.Clone(stored.GetAnnotations())
			maps.DeleteFunc(asked, func(k, _ string) bool { return k != AnnotationRenew && k != release.Annotation })

			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("\n%s\nwhat the user has asked for: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What users write, and what is stored on their objects, is called the same for ever.
func TestNames(t *testing.T) {
	want := []string{
		"scaleway.m.crossplane.io/renew", "scaleway.m.crossplane.io/release",
		"scaleway.m.crossplane.io/minting", "scaleway.m.crossplane.io/publishes",
	}

	if diff := cmp.Diff(want, []string{AnnotationRenew, release.Annotation, ledger.AnnotationRecord, publish.Label}); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
