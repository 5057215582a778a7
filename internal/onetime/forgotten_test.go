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
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

// Annotations that were replaced take the record of what was created along. Nothing is
// minted as long as anything of it is there, or may still arrive.
func TestForgotten(t *testing.T) {
	const (
		// known is an attempt of which it is known that its secret was never published.
		known   = "00000001"
		quiet   = "waiting until 2026-01-02T12:02:00Z: this resource was used before"
		unknown = "this resource has created fr-par/"
	)

	reconciled := func(tk *v1beta1.Token) { tk.SetConditions(xpv1.ReconcileError(errors.New("it is unclear"))) }

	// recorded has the record say that an attempt was abandoned.
	recorded := func(tk *v1beta1.Token) {
		ledger.Record{UID: ownUID, Attempt: "00000002", State: ledger.StateFailed, Abandoned: []ledger.Abandoned{{Attempt: known, At: noon}}}.Write(tk)
	}

	cases := map[string]struct {
		reason string
		// minted are the marks of what was created, and published tells whether the
		// Secret has the value of the first.
		minted    []ledger.Mark
		published bool
		status    string
		change    func(*v1beta1.Token)
		prepare   func(*bench)
		// known tells whether the status has the ID of the first.
		known bool
		// later is how much later it is tried again.
		later time.Duration
		want  string
		// listed tells whether Scaleway is asked for all that there is.
		listed bool
		// revoked are how many of what was created are revoked, and named tells whether
		// the first is named.
		revoked int
		named   bool
		// doubt tells whether a new attempt is recorded that looks for more, and
		// certain whether one is that need not.
		doubt, certain bool
	}{
		"New": {reason: "There was no attempt, and nothing to look for.", minted: []ledger.Mark{ownMark}, certain: true},
		"WaitedForItsParent": {
			reason: "It was reconciled before, and never connected: nothing can have been minted.", minted: []ledger.Mark{ownMark},
			change:  reconciled,
			prepare: func(b *bench) { b.guard.First = func(types.UID) bool { return true } },
			certain: true,
		},
		"NotFirst": {
			reason:  "Another process has worked for it before, and may have minted.",
			prepare: func(b *bench) { b.guard.First = func(types.UID) bool { return false } },
			want:    quiet, listed: true,
		},
		"NotFirstMinted": {
			reason:  "Another process has worked for it before, and has minted.",
			minted:  []ledger.Mark{ownMark},
			prepare: func(b *bench) { b.guard.First = func(types.UID) bool { return false } },
			want:    unknown, listed: true,
		},
		"Nothing":      {reason: "A request may still arrive.", change: reconciled, want: quiet, listed: true},
		"NothingStill": {reason: "A request may still arrive.", change: reconciled, later: 2*time.Minute - time.Second, want: quiet, listed: true},
		"NothingAfterwards": {
			reason: "Nothing has arrived; what does later is revoked.",
			change: reconciled, later: 2 * time.Minute, listed: true, doubt: true,
		},
		"Observed": {
			reason: "It was seen once, so that something was minted.",
			change: func(tk *v1beta1.Token) { tk.Status.AtProvider.ID = ptr.To(paris) },
			want:   quiet, listed: true,
		},
		"Attempted": {
			reason: "The status says that there was an attempt.", minted: []ledger.Mark{ownMark},
			change: func(tk *v1beta1.Token) { tk.SetLastAttempt(ownAttempt) },
			want:   unknown, listed: true,
		},
		"Remembered": {
			reason: "This process has recorded an attempt.", minted: []ledger.Mark{ownMark},
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Pending(0).Done(paris, "")) },
			want:    unknown, listed: true,
		},
		"RememberedAttempt": {
			reason: "This process remembers that the secret was never published.", minted: []ledger.Mark{ownMark},
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Pending(0)) },
			want:    quiet, listed: true, revoked: 1,
		},
		"AsRemembered": {
			reason: "The record is the one that this process has stored last.", minted: []ledger.Mark{ownMark},
			change:  recorded,
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Record(b.Stored())) },
			certain: true,
		},
		"AsRememberedButReplaced": {
			reason: "The status says that there was another attempt since, of another process.", minted: []ledger.Mark{ownMark},
			change: func(tk *v1beta1.Token) {
				recorded(tk)
				tk.SetLastAttempt(ownAttempt)
			},
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Record(b.Stored())) },
			want:    unknown, listed: true,
		},
		"NotAsRemembered": {
			reason: "Somebody has put back another record.", minted: []ledger.Mark{ownMark},
			change:  recorded,
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Pending(0).Done(paris, "")) },
			want:    unknown, listed: true,
		},
		"Minted": {reason: "It would be minted twice.", minted: []ledger.Mark{ownMark}, change: reconciled, want: unknown, listed: true},
		"MintedAfterwards": {
			reason: "No time makes it anything else.",
			minted: []ledger.Mark{ownMark}, change: reconciled, later: time.Hour, want: unknown, listed: true,
		},
		"Published": {
			reason: "It is found again by what the Secret holds.", minted: []ledger.Mark{ownMark}, published: true, change: reconciled,
			want: errFoundAgain.Error(), listed: true, named: true,
		},
		"InStatus": {
			reason: "The status, which is restored by nobody, says which it was.", minted: []ledger.Mark{ownMark}, known: true,
			want: errFoundAgain.Error(), listed: true, named: true,
		},
		"InStatusNotItsOwn": {
			reason: "What it has not minted it does not take.", minted: []ledger.Mark{{UID: "00000000-0000-4000-8000-000000000000", Attempt: ownAttempt}}, known: true,
			want: quiet, listed: true,
		},
		"PublishedAmongOthers": {
			reason: "Others are revoked once the one that is in use is named.", minted: []ledger.Mark{ownMark, {UID: ownUID, Attempt: "00000003"}}, published: true,
			change: reconciled, want: errFoundAgain.Error(), listed: true, named: true,
		},
		"Known": {
			reason: "The secret of an attempt that has not ended well was never published.", minted: []ledger.Mark{{UID: ownUID, Attempt: known}},
			change: recorded, want: quiet, listed: true, revoked: 1,
		},
		"KnownAfterwards": {
			reason: "Once it is revoked and nothing more can arrive, there is none.", minted: []ledger.Mark{{UID: ownUID, Attempt: known}},
			change: recorded, later: time.Hour, listed: true, revoked: 1, doubt: true,
		},
		"KnownAndUnknown": {
			reason: "What may be in use is left to a person, and what is not is revoked.", minted: []ledger.Mark{{UID: ownUID, Attempt: known}, ownMark},
			change: recorded, want: unknown, listed: true, revoked: 1,
		},
		"KnownNotRevoked": {
			reason: "Nothing is minted while it is there.", minted: []ledger.Mark{{UID: ownUID, Attempt: known}}, change: recorded, later: time.Hour,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusNotFound, Body: `{"message":"no"}`})
			},
			want: "but lists it", listed: true,
		},
		"SecretNotRead": {
			reason: "It may be published.", minted: []ledger.Mark{{UID: ownUID, Attempt: known}}, change: recorded,
			prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) },
			want:    "cannot check Secret", listed: true,
		},
		"Revoked": {reason: "It is on its way out.", minted: []ledger.Mark{ownMark}, status: "deleting", change: reconciled, later: time.Hour, listed: true, doubt: true},
		"Another": {
			reason: "It is another object's.", minted: []ledger.Mark{{UID: "00000000-0000-4000-8000-000000000000", Attempt: ownAttempt}},
			change: reconciled, later: time.Hour, listed: true, doubt: true,
		},
		"OnlyObserved": {
			reason: "It mints nothing.", minted: []ledger.Mark{ownMark},
			change: func(tk *v1beta1.Token) {
				reconciled(tk)
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
			},
			doubt: true,
		},
		"NotLookedUp": {
			reason: "Nobody knows what was created.", minted: []ledger.Mark{ownMark}, change: reconciled,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot look up what this resource has created before", listed: true,
		},
		"OtherCredentials": {
			reason: "Another organization's key sees nothing of it.", minted: []ledger.Mark{ownMark}, change: reconciled, later: time.Hour,
			prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) },
			want:    "its parent is not shown to this one either", listed: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			b.Mint("of somebody")

			first, value := "", ""

			for _, mark := range tc.minted {
				made, secret := b.Mint(mark.Append("token"))

				if first == "" {
					first, value = made, secret
				}

				if tc.status != "" {
					if err := b.Scaleway.SetStatus(fakescaleway.KindToken, "fr-par", uuidOf(made), tc.status, ""); err != nil {
						t.Fatal(err)
					}
				}
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				if tc.change != nil {
					tc.change(tk)
				}

				if tc.known {
					tk.Status.AtProvider.ID = &first
				}
			})

			if tc.published {
				b.Secret(tk, published, value)
			}

			// What was reconciled before was connected before, unless a case says otherwise.
			if tk.GetCondition(xpv1.TypeSynced).Reason != "" {
				b.guard.First = func(types.UID) bool { return false }
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			now := noon
			b.guard.Now = func() time.Time { return now }

			if tc.later > 0 {
				// It is noted when there was first doubt.
				if err := b.guard.Missing(t.Context(), tk.DeepCopy()); err == nil {
					t.Errorf("\n%s\nMissing(...) finds nothing in doubt", tc.reason)
				}

				now = now.Add(tc.later)
			}

			before := b.Record(tk)
			b.Scaleway.ResetRequests()

			wantErr(t, tc.reason, tc.want, b.guard.Missing(t.Context(), tk))

			if diff := cmp.Diff(tc.listed, b.Scaleway.Count(http.MethodGet, fakescaleway.RouteTokens) > 0); diff != "" {
				t.Errorf("\n%s\nScaleway is asked for all that there is: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(1+len(tc.minted)-tc.revoked, len(b.Alive())); diff != "" {
				t.Errorf("\n%s\ntokens: -want, +got:\n%s", tc.reason, diff)
			}

			after := b.Record(tk)
			attempt := after.Attempt != before.Attempt && after.State == ledger.StatePending

			doubt := slices.ContainsFunc(after.Abandoned, func(a ledger.Abandoned) bool {
				return a.Attempt == "" && a.At.Equal(now) && a.Parents["namespace_id"] == b.Parent
			})
			if diff := cmp.Diff([]bool{tc.doubt, tc.certain}, []bool{attempt && doubt, attempt && !doubt}); diff != "" {
				t.Errorf("\n%s\nan attempt with, and without a doubt: -want, +got:\n%s\n%v", tc.reason, diff, after)
			}

			stored := b.Stored()
			if diff := cmp.Diff(tc.named, meta.GetExternalName(stored) != "" && meta.GetExternalName(stored) == first); diff != "" {
				t.Errorf("\n%s\nit is named: -want, +got:\n%s", tc.reason, diff)
			}

			if !tc.named {
				return
			}

			// What it was found by is known from now on, and what else there was is in doubt.
			r := b.Record(stored)
			if diff := cmp.Diff([]any{ledger.StateDone, first, tc.published, len(tc.minted) - 1, "fr-par", b.Parent}, []any{r.State, r.Object, r.Fingerprint.Digest != "", len(r.Revoking), r.Region, r.Parents["namespace_id"]}); diff != "" {
				t.Errorf("\n%s\nstate, object, fingerprint, what is to be revoked, region, parent: -want, +got:\n%s", tc.reason, diff)
			}

			if err := b.guard.Sweep(t.Context(), stored); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(2, len(b.Alive())); diff != "" {
				t.Errorf("\n%s\ntokens after what is in doubt was settled: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A parent that is gone has taken along what an attempt has created: it is no
// reason to wait for ever.
func TestHealWithoutParent(t *testing.T) {
	cases := map[string]struct {
		reason string
		// others tells whether the API answers for other parents, and gone whether the
		// parent is.
		others, gone bool
		prepare      func(*bench)
		want         string
		state        ledger.State
	}{
		"ParentGone":  {reason: "There is nothing left of the attempt.", others: true, gone: true, state: ledger.StateFailed},
		"ParentThere": {reason: "One answer is wrong, and nobody knows which.", others: true, want: "Scaleway shows the parent, and does not list what it has", state: ledger.StatePending},
		"ParentHidden": {
			reason: "These credentials need not see what the attempt has created.", others: true, gone: true,
			prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) },
			want:    "it was created with another API key", state: ledger.StatePending,
		},
		"APIGone": {reason: "Nobody knows what is left.", gone: true, want: "nothing more is created until it is known", state: ledger.StatePending},
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

			if tc.gone {
				b.ParentGone()
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			wantErr(t, tc.reason, tc.want, b.guard.heal(t.Context(), tk, b.Record(tk)))

			if diff := cmp.Diff(tc.state, b.Record(b.Stored()).State); diff != "" {
				t.Errorf("\n%s\nstate: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
