// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"net/http"
	"sync"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

// An observation settles first what is in doubt, and records who sees the object.
func TestObserveSettles(t *testing.T) {
	b := newBench(t)
	named, value := b.Mint("token")
	b.Mint(ownMark.Append("late"))

	tk := b.Token(func(tk *v1beta1.Token) {
		meta.SetExternalName(tk, named)
		tk.Status.AtProvider.ID = &named
		ledger.Record{
			UID: ownUID, Attempt: "00000001", State: ledger.StateDone, Object: named, Region: "fr-par", Parents: map[string]string{"namespace_id": b.Parent},
			Abandoned: []ledger.Abandoned{{Attempt: ownAttempt, At: noon, Region: "fr-par", Parents: map[string]string{"namespace_id": b.Parent}}},
		}.Write(tk)
	})
	b.Secret(tk, published, value)

	o, err := b.guard.Observe(t.Context(), tk, managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, xpv1.Condition{},
		func(o managed.ExternalObservation) (managed.ExternalObservation, error) { return o, nil })
	if err != nil || !o.ResourceExists || !o.ResourceUpToDate {
		t.Fatalf("Observe(...): got %v, %v", o, err)
	}

	if diff := cmp.Diff([]string{named}, b.Alive()); diff != "" {
		t.Errorf("tokens: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff([]string{b.Credentials.OrganizationID, "00000001"}, []string{b.Record(b.Stored()).Minter.Organization, tk.GetLastAttempt()}); diff != "" {
		t.Errorf("organization of the minter, last attempt: -want, +got:\n%s", diff)
	}
}

// What is remembered of a managed resource ends with it.
func TestForget(t *testing.T) {
	b := newBench(t)
	tk := b.Token(func(*v1beta1.Token) {})

	b.guard.remember(ownUID, b.Pending(0))
	b.guard.doubted.Store(tk.GetUID(), noon)
	b.guard.attempts.Store(tk.GetUID(), ownAttempt)
	b.guard.NoteDeleted(tk)

	b.guard.Forget("another")

	if _, ok := b.guard.memory.Load(tk.GetUID()); !ok {
		t.Error("Forget(...) of another forgets this one")
	}

	b.guard.Forget(tk.GetUID())

	for what, m := range map[string]*sync.Map{"memory": &b.guard.memory, "doubted": &b.guard.doubted, "attempts": &b.guard.attempts, "deleted": &b.guard.deleted} {
		m.Range(func(uid, _ any) bool {
			t.Errorf("%v is in %s although it is gone", uid, what)
			return true
		})
	}
}

// Who sees an object is recorded, and a record that was lost or replaced is begun anew.
func TestRecognise(t *testing.T) {
	const later = "00000001"

	reconciled := func(tk *v1beta1.Token) { tk.SetConditions(xpv1.ReconcileSuccess()) }
	behind := func(tk *v1beta1.Token) {
		reconciled(tk)
		tk.SetLastAttempt(later)
	}
	organization := func(b *bench, r ledger.Record) ledger.Record {
		r.Minter.Organization = b.Credentials.OrganizationID
		return r
	}

	cases := map[string]struct {
		reason string
		// record returns the record, given the external name. None is written without it.
		record func(b *bench, named string) ledger.Record
		change func(*v1beta1.Token)
		// other is the mark of another token, and published tells whether the Secret has
		// its value.
		other     ledger.Mark
		published bool
		prepare   func(*bench)
		want      string
		// stored tells whether the record is written, listed whether all that there is
		// was looked at, doubt whether more is looked for, and found whether the other one
		// is named instead.
		stored, listed, doubt, found bool
		// elsewhere tells whether more is looked for where the record says.
		elsewhere bool
		// last attempt in the status, and minter that is recorded then.
		last   string
		minter func(*bench) ledger.Minter
	}{
		"Imported": {
			reason: "Who sees it first is recorded; there is nothing else to look for.",
			other:  ownMark, stored: true,
			minter: func(b *bench) ledger.Minter { return organization(b, b.Pending(0)).Minter },
		},
		"Minted": {
			reason: "All of it was recorded before.", last: ownAttempt,
			record: func(b *bench, named string) ledger.Record { return organization(b, b.Pending(0).Done(named, "")) },
			minter: func(b *bench) ledger.Minter { return organization(b, b.Pending(0)).Minter },
		},
		"MintedOrganizationHidden": {
			reason: "The key suffices: it is not asked for at each observation.", last: ownAttempt,
			record: func(b *bench, named string) ledger.Record { return b.Pending(0).Done(named, "") },
			minter: func(b *bench) ledger.Minter { return b.Minter() },
		},
		"KeyChanged": {
			reason: "It is seen by another key now.", last: ownAttempt, stored: true,
			record: func(b *bench, named string) ledger.Record {
				r := b.Pending(0).Done(named, "")
				b.Use(b.Sibling())

				return r
			},
			minter: func(b *bench) ledger.Minter { return organization(b, b.Pending(0)).Minter },
		},
		"OlderVersion": {
			reason: "It did not say who.", last: ownAttempt, stored: true,
			change: reconciled,
			record: func(b *bench, named string) ledger.Record {
				r := b.Pending(0).Done(named, "")
				r.Minter = ledger.Minter{}

				return r
			},
			minter: func(b *bench) ledger.Minter { return organization(b, b.Pending(0)).Minter },
		},
		"KeyChangedWhileInDoubt": {
			reason: "What may still arrive is looked for where it was sent.", last: ownAttempt, stored: true, elsewhere: true,
			record: func(b *bench, named string) ledger.Record {
				r := b.Pending(0).Done(named, "")
				r.Abandoned = []ledger.Abandoned{{Attempt: "00000001", At: noon, Region: "nl-ams", Parents: map[string]string{"namespace_id": "elsewhere"}}}
				b.Use(b.Sibling())

				return r
			},
			doubt: true,
		},
		"Lost": {
			reason: "It has been observed, so that something was recorded: whatever else there is has to be looked for.", change: reconciled,
			stored: true, listed: true, doubt: true,
			minter: func(b *bench) ledger.Minter { return organization(b, b.Pending(0)).Minter },
		},
		"LostAndAnother": {
			reason: "Nobody knows which is in use.", change: reconciled, other: ownMark,
			want: "delete at Scaleway whichever", listed: true,
		},
		"LostAndAnotherPublished": {
			reason: "What is published is in use.", change: reconciled, other: ownMark, published: true,
			want: errFoundAgain.Error(), listed: true, found: true,
		},
		"LostAndNotLookedUp": {
			reason: "Nobody knows what else there is.", change: reconciled,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot look up what this resource has created", listed: true,
		},
		"Restored": {
			reason: "The status knows of a later attempt.", change: behind, last: ownAttempt,
			record: func(b *bench, named string) ledger.Record { return organization(b, b.Pending(0).Done(named, "")) },
			stored: true, listed: true, doubt: true,
			minter: func(b *bench) ledger.Minter { return organization(b, b.Pending(0)).Minter },
		},
		"RestoredAndLaterPublished": {
			reason: "Annotations were restored: the later one is in use.", change: behind, other: ledger.Mark{UID: ownUID, Attempt: later}, published: true,
			record: func(b *bench, named string) ledger.Record { return organization(b, b.Pending(0).Done(named, "")) },
			want:   errFoundAgain.Error(), listed: true, found: true,
		},
		"RestoredAndRemembered": {
			reason: "This process knows of a later attempt.", change: reconciled, other: ledger.Mark{UID: ownUID, Attempt: later}, published: true,
			record:  func(b *bench, named string) ledger.Record { return organization(b, b.Pending(0).Done(named, "")) },
			prepare: func(b *bench) { b.guard.remember(ownUID, ledger.Record{UID: ownUID, Attempt: later}) },
			want:    errFoundAgain.Error(), listed: true, found: true,
		},
		"Deleted": {
			reason: "It is settled on the way out.", other: ownMark,
			change: func(tk *v1beta1.Token) { reconciled(tk); deleted(tk) },
		},
		"OnlyObserved": {
			reason: "It has created nothing.", other: ownMark,
			change: func(tk *v1beta1.Token) {
				reconciled(tk)
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
			},
		},
		"NoCredentials": {
			reason: "Nobody sees it.", prepare: func(b *bench) { b.guard.Remote = onetimetest.NoRemote }, want: "no credentials",
		},
		"NotStored": {
			reason: "It is tried again.", prepare: func(b *bench) { b.Refuse = func(client.Object) error { return errors.New("no answer") } },
			want: "cannot store the record of attempts",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			named, _ := b.Mint(ledger.Mark{UID: ownUID, Attempt: "00000009"}.Append("token"))

			other, value := "", ""
			if tc.other != (ledger.Mark{}) {
				other, value = b.Mint(tc.other.Append("other"))
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, named)
				tk.Status.AtProvider.ID = &named

				if tc.record != nil {
					tc.record(b, named).Write(tk)
				}

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.published {
				b.Secret(tk, published, value)
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			before := b.Stored()
			b.Scaleway.ResetRequests()

			err := b.guard.recognise(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			stored := b.Stored()
			r := b.Record(stored)

			got := []any{b.Scaleway.Count(http.MethodGet, fakescaleway.RouteTokens) > 0, meta.GetExternalName(stored) == other, len(b.Alive())}
			alive := 1

			if other != "" {
				alive = 2
			}

			if diff := cmp.Diff([]any{tc.listed, tc.found, alive}, got); diff != "" {
				t.Errorf("\n%s\nall is listed, the other one is named, tokens: -want, +got:\n%s", tc.reason, diff)
			}

			if tc.found {
				if diff := cmp.Diff([]string{other, named}, append([]string{r.Object}, r.Revoking...)); diff != "" {
					t.Errorf("\n%s\nrecorded object, and what is to be revoked: -want, +got:\n%s", tc.reason, diff)
				}
			}

			if err != nil {
				return
			}

			doubts := 0
			if tc.doubt {
				doubts = 1
			}

			if diff := cmp.Diff([]any{tc.stored, doubts, tc.last}, []any{stored.GetResourceVersion() != before.GetResourceVersion(), len(r.Abandoned), tk.GetLastAttempt()}); diff != "" {
				t.Errorf("\n%s\nstored, doubts, last attempt: -want, +got:\n%s", tc.reason, diff)
			}

			for _, a := range r.Abandoned {
				where := []string{"fr-par", b.Parent}
				if tc.elsewhere {
					where = []string{"nl-ams", "elsewhere"}
				}

				if diff := cmp.Diff(where, []string{a.Region, a.Parents["namespace_id"]}); diff != "" {
					t.Errorf("\n%s\nwhere more is looked for: -want, +got:\n%s", tc.reason, diff)
				}
			}

			if tc.minter == nil {
				return
			}

			if diff := cmp.Diff(tc.minter(b), r.Minter); diff != "" {
				t.Errorf("\n%s\nminter: -want, +got:\n%s", tc.reason, diff)
			}

			if tc.stored {
				if diff := cmp.Diff([]any{time.Minute, "fr-par", b.Parent}, []any{r.Limit.Duration, r.Region, r.Parents["namespace_id"]}); diff != "" {
					t.Errorf("\n%s\nlimit, region, parent: -want, +got:\n%s", tc.reason, diff)
				}
			}

			// Once is enough.
			b.Scaleway.ResetRequests()

			if err := b.guard.recognise(t.Context(), tk); err != nil || len(b.Scaleway.Requests()) > 0 {
				t.Errorf("\n%s\nit is asked again: %v, %v", tc.reason, b.Scaleway.Requests(), err)
			}
		})
	}
}
