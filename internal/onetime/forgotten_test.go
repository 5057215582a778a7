// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"net/http"
	"slices"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Annotations that were replaced while an attempt was under way take its record
// along. Nothing is minted as long as what it has created is there.
func TestForgotten(t *testing.T) {
	reconciled := func(tk *v1beta1.Token) { tk.SetConditions(xpv1.ReconcileError(errors.New("it is unclear"))) }

	cases := map[string]struct {
		reason string
		// minted is the mark of what was created, if anything was.
		minted  ledger.Mark
		status  string
		change  func(*v1beta1.Token)
		prepare func(*bench)
		want    string
		// asked tells whether Scaleway is.
		asked bool
	}{
		"New":     {reason: "There was no attempt, and nothing to ask.", minted: ownMark},
		"Nothing": {reason: "No attempt has created anything.", change: reconciled, asked: true},
		"Minted":  {reason: "It would be minted twice.", minted: ownMark, change: reconciled, want: "this resource has created fr-par/", asked: true},
		"Revoked": {reason: "It is on its way out.", minted: ownMark, status: "deleting", change: reconciled, asked: true},
		"Another": {reason: "It is another object's.", minted: ledger.Mark{UID: "00000000-0000-4000-8000-000000000000", Attempt: ownAttempt}, change: reconciled, asked: true},
		"Recorded": {reason: "What was created is known.", minted: ownMark, change: func(tk *v1beta1.Token) {
			reconciled(tk)
			ledger.Record{UID: ownUID, State: ledger.StateFailed}.Write(tk)
		}},
		"OnlyObserved": {
			reason: "It mints nothing.", minted: ownMark,
			change: func(tk *v1beta1.Token) {
				reconciled(tk)
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
			},
		},
		"NotLookedUp": {
			reason: "Nobody knows what was created.", minted: ownMark, change: reconciled,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot look up what was created before", asked: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			b.Mint("of somebody")

			if tc.minted != (ledger.Mark{}) {
				name, _ := b.Mint(tc.minted.Append("token"))

				if tc.status != "" {
					if err := b.Scaleway.SetStatus(fakescaleway.KindToken, "fr-par", uuidOf(name), tc.status, ""); err != nil {
						t.Fatal(err)
					}
				}
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.prepare != nil {
				tc.prepare(b)
			}

			before := b.Alive()
			b.Scaleway.ResetRequests()

			wantErr(t, tc.reason, tc.want, b.guard.Missing(t.Context(), tk))

			if diff := cmp.Diff(tc.asked, len(b.Scaleway.Requests()) > 0); diff != "" {
				t.Errorf("\n%s\nScaleway is asked: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(b.Alive()))); diff != "" {
				t.Errorf("\n%s\ntokens: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A parent that is gone has taken along what an attempt has created: it is no
// reason to wait for ever.
func TestHealWithoutParent(t *testing.T) {
	cases := map[string]struct {
		reason string
		// others tells whether the API answers for other parents.
		others bool
		want   string
		state  ledger.State
	}{
		"ParentGone": {reason: "There is nothing left of the attempt.", others: true, state: ledger.StateFailed},
		"APIGone":    {reason: "Nobody knows what is left.", want: "nothing more is created until it is known", state: ledger.StatePending},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				b.Pending(24 * time.Hour).Write(tk)
			})
			b.Fail(fakescaleway.Fault{
				Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusNotFound, Body: `{"message":"Namespace was not found"}`,
				Match: func(r *http.Request) bool { return !tc.others || r.URL.Query().Get("namespace_id") != "" },
			})

			wantErr(t, tc.reason, tc.want, b.guard.heal(t.Context(), tk, b.Record(tk)))

			if diff := cmp.Diff(tc.state, b.Record(b.Stored()).State); diff != "" {
				t.Errorf("\n%s\nstate: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
