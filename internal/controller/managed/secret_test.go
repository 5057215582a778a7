// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"maps"
	"slices"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/mint"
)

// What the Secret is found to hold, and what is published because of it.
func TestObserveSecret(t *testing.T) {
	cases := map[string]struct {
		reason string
		// held is in the Secret: the token's own value, or another text.
		held string
		// known is what this process still knows.
		known string
		// partial is a Secret that lacks what is made of the value.
		partial bool
		// moved is in the Secret that was named before.
		moved   string
		foreign bool
		change  func(*v1beta1.Token)
		want    xpv1.ConditionReason
		// details are the keys that are published, and published the value of both.
		details   []string
		published string
	}{
		"Published":   {reason: "Nothing is wrong, and nothing is to be written.", held: "own"},
		"Partial":     {reason: "It is completed, and nothing is taken away.", held: "own", partial: true, details: []string{valueKey, "token", "user"}, published: "own"},
		"Lost":        {reason: "What it holds stays.", held: "", want: ReasonSecretLost, details: []string{"user"}},
		"StillKnown":  {reason: "This process has minted it.", known: "own", details: []string{valueKey, "token"}, published: "own"},
		"KnownOther":  {reason: "What this process knows is another token's.", known: "another", want: ReasonSecretLost, details: []string{"user"}},
		"Moved":       {reason: "The value is taken along.", moved: "own", details: []string{valueKey, "token"}, published: "own"},
		"MovedOther":  {reason: "What was published before is another token's.", moved: "another", want: ReasonSecretLost, details: []string{"user"}},
		"Another":     {reason: "It is not replaced.", held: "another", want: ReasonSecretForeign, details: []string{valueKey, "token", "user"}, published: "another"},
		"Unreadable":  {reason: "It is not replaced.", held: "text", want: ReasonSecretUnreadable, details: []string{valueKey, "token", "user"}, published: "text"},
		"NotOurs":     {reason: "What another controls is not what was published.", held: "own", foreign: true, want: ReasonSecretLost},
		"NoSecret":    {reason: "Nobody has asked for one.", change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil }},
		"HiddenValue": {reason: "What Scaleway answers in place of a token is none.", known: hidden, want: ReasonSecretLost, details: []string{"user"}},
		"Imported": {
			reason: "Its value was shown to somebody else.",
			change: func(tk *v1beta1.Token) { mint.Record{UID: ownUID}.Write(tk) },
			want:   ReasonSecretUnknown, details: []string{"user"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			own, value := b.mint("own")
			_, another := b.mint("another")
			values := map[string]string{"own": value, "another": another, "text": "text", hidden: hidden}

			tk := b.token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, own)

				r := mint.Record{UID: ownUID, Object: own, State: mint.StateDone}
				if tc.moved != "" {
					r.Secret = "before"
				}

				r.Write(tk)

				if tc.change != nil {
					tc.change(tk)
				}
			})

			owner := tk.DeepCopy()
			if tc.foreign {
				owner.SetUID("another")
			}

			b.secret(owner, published, values[tc.held])

			if tc.partial {
				s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
				b.get(s)
				delete(s.Data, "token")
				b.update(s)
			}

			if tc.moved != "" {
				b.secret(owner, "before", values[tc.moved])
			}

			details := managed.ConnectionDetails{}
			if tc.known != "" {
				details[valueKey], details["token"] = []byte(values[tc.known]), []byte(values[tc.known])
				// None of them is a secret.
				details["attribute.empty"], details["attribute.hidden"] = nil, []byte(hidden)
			}

			got, c, err := b.minter.observeSecret(t.Context(), tk, details)
			if err != nil {
				t.Fatal(err)
			}

			reason := xpv1.ConditionReason("")
			if c != nil {
				reason = c.Reason
			}

			if diff := cmp.Diff(tc.want, reason); diff != "" {
				t.Errorf("\n%s\nreason: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.details, slices.Sorted(maps.Keys(got)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nkeys: -want, +got:\n%s", tc.reason, diff)
			}

			if want := values[tc.published]; string(got[valueKey]) != want || string(got["token"]) != want {
				t.Errorf("\n%s\nwhat is published is not the value of %q", tc.reason, tc.published)
			}

			// Where it was published is known from now on.
			if tc.want == "" && tc.held != "" {
				if diff := cmp.Diff(published, b.record(b.stored()).Secret); diff != "" {
					t.Errorf("\n%s\nrecorded Secret: -want, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}
