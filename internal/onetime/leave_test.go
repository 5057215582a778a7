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
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// keeps has the management policies leave the object at Scaleway.
func keeps(tk *v1beta1.Token) {
	tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate}
}

// refused has Scaleway refuse requests of the method.
func refused(method string) func(*bench) {
	return func(b *bench) {
		b.Fail(fakescaleway.Fault{Method: method, Status: http.StatusForbidden, Body: `{"message":"no"}`})
	}
}

// released asks for something to be let go of.
func released(what string) func(*v1beta1.Token) {
	return func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{release.Annotation: what}) }
}

// However a managed resource goes: what is in doubt is settled, and what is left is said.
func TestLeave(t *testing.T) {
	done := func(b *bench, named string) ledger.Record { return b.Pending(0).Done(named, "") }

	// heir has the token too.
	heir := func(b *bench, name string) {
		b.Token(func(tk *v1beta1.Token) {
			tk.SetName("other")
			tk.SetUID("00000000-0000-4000-8000-000000000000")
			meta.SetExternalName(tk, name)
			tk.Status.AtProvider.ID = &name
		})
	}

	cases := map[string]struct {
		reason string
		// other is the mark of a token besides the one that is named, and published tells
		// whether the Secret has its value.
		other     ledger.Mark
		published bool
		nameless  bool
		// record returns the record, given the tokens' names. None is written without it.
		record  func(b *bench, named, other string) ledger.Record
		change  []func(*v1beta1.Token)
		prepare func(b *bench, named, other string)
		want    string
		// revoked tells whether the other is, and left how many events say that something
		// is left. Asked tells whether Scaleway is.
		revoked bool
		left    int
		asked   bool
	}{
		"Done": {
			reason: "There is nothing to settle: what it names was deleted before.",
			other:  ownMark, record: func(b *bench, named, _ string) ledger.Record { return done(b, named) },
		},
		"NeverBegun": {
			reason: "Without a finalizer nothing was ever created.", nameless: true, other: ownMark,
			change: []func(*v1beta1.Token){func(tk *v1beta1.Token) { tk.SetFinalizers([]string{"test/other"}) }},
		},
		"Pending": {
			reason: "What an interrupted attempt has created is found and revoked, though the policies leave what it names.",
			other:  ownMark, record: func(b *bench, _, _ string) ledger.Record { return b.Pending(0) },
			change: []func(*v1beta1.Token){keeps}, revoked: true, left: 0, asked: true, nameless: true,
		},
		"PendingQuiet": {
			reason: "Its request may still arrive.", nameless: true,
			record: func(b *bench, _, _ string) ledger.Record { return b.Pending(0) },
			want:   release.Annotation + "=" + ownAttempt, asked: true,
		},
		"PendingNotLookedUp": {
			reason: "Nobody knows.", nameless: true, other: ownMark,
			record:  func(b *bench, _, _ string) ledger.Record { return b.Pending(0) },
			prepare: func(b *bench, _, _ string) { refused(http.MethodGet)(b) },
			want:    release.Annotation + "=" + ownAttempt, asked: true,
		},
		"PendingReleased": {
			reason: "The user has given it up, which is said.", nameless: true, other: ownMark,
			record: func(b *bench, _, _ string) ledger.Record { return b.Pending(0) },
			change: []func(*v1beta1.Token){released(ownAttempt)}, left: 1,
		},
		"PendingReleasedAndKept": {
			reason: "The user has given it up, which is said.", nameless: true, other: ownMark,
			record: func(b *bench, _, _ string) ledger.Record { return b.Pending(0) },
			change: []func(*v1beta1.Token){keeps, released(ownAttempt)}, left: 1,
		},
		"Previous": {
			reason: "What a renewal has replaced goes, though the policies leave what has replaced it.",
			other:  ledger.Mark{UID: ownUID, Attempt: "00000001"},
			record: func(b *bench, named, other string) ledger.Record {
				r := done(b, named)
				r.Previous = other

				return r
			},
			change: []func(*v1beta1.Token){keeps}, revoked: true, left: 1, asked: true,
		},
		"PreviousNotRevoked": {
			reason: "It keeps the managed resource.",
			other:  ledger.Mark{UID: ownUID, Attempt: "00000001"},
			record: func(b *bench, named, other string) ledger.Record {
				r := done(b, named)
				r.Previous = other

				return r
			},
			prepare: func(b *bench, _, _ string) { refused(http.MethodDelete)(b) },
			want:    release.Annotation + "=fr-par/", asked: true,
		},
		"PreviousShared": {
			reason: "Another has it too.",
			other:  ledger.Mark{UID: ownUID, Attempt: "00000001"},
			record: func(b *bench, named, other string) ledger.Record {
				r := done(b, named)
				r.Previous = other

				return r
			},
			prepare: func(b *bench, _, other string) { heir(b, other) },
			left:    1,
		},
		"Revoking": {
			reason: "What is to be revoked is.",
			other:  ledger.Mark{UID: ownUID, Attempt: "00000001"},
			record: func(b *bench, named, other string) ledger.Record { return done(b, named).Revoke(other) },
			change: []func(*v1beta1.Token){keeps}, revoked: true, left: 1, asked: true,
		},
		"RevokingReleased": {
			reason: "The user has given it up.",
			other:  ledger.Mark{UID: ownUID, Attempt: "00000001"},
			record: func(b *bench, named, other string) ledger.Record { return done(b, named).Revoke(other) },
			prepare: func(b *bench, _, other string) {
				tk := b.Stored()
				released(other)(tk)
				b.Update(tk)
			},
		},
		"Abandoned": {
			reason: "What has arrived is revoked, and what may still arrive is said.", nameless: true, other: ownMark,
			record:  func(b *bench, _, _ string) ledger.Record { return b.Pending(0).Abandon(noon) },
			revoked: true, left: 1, asked: true,
		},
		"AbandonedLongAgo": {
			reason: "Nothing can arrive any more.", nameless: true,
			record: func(b *bench, _, _ string) ledger.Record { return b.Pending(0).Abandon(noon.Add(-time.Hour)) },
			asked:  true,
		},
		"AbandonedNotLookedUp": {
			reason: "Nobody knows.", nameless: true, other: ownMark,
			record:  func(b *bench, _, _ string) ledger.Record { return b.Pending(0).Abandon(noon) },
			prepare: func(b *bench, _, _ string) { refused(http.MethodGet)(b) },
			want:    release.Annotation + "=" + ownAttempt, asked: true,
		},
		"RecordLost": {
			reason: "Nothing tells what it has created, but the UID.", nameless: true, other: ownMark,
			revoked: true, asked: true,
		},
		"RecordLostPublished": {
			reason: "Nobody uses any more what is published: the Secret goes with it.", nameless: true, other: ownMark, published: true,
			revoked: true, asked: true,
		},
		"RecordLostNotLookedUp": {
			reason: "Nobody knows.", nameless: true, other: ownMark,
			prepare: func(b *bench, _, _ string) { refused(http.MethodGet)(b) },
			want:    release.Annotation + "=" + ownUID, asked: true,
		},
		"RecordLostOtherCredentials": {
			reason: "Another organization's key sees nothing of it.", nameless: true, other: ownMark,
			prepare: func(b *bench, _, _ string) { b.Use(b.Scaleway.NewKey()) },
			want:    release.Annotation + "=" + ownUID, asked: true,
		},
		"RecordLostNoCredentials": {
			reason: "Nobody knows.", nameless: true, other: ownMark,
			prepare: func(b *bench, _, _ string) { b.guard.Remote = onetimetest.NoRemote },
			want:    release.Annotation + "=" + ownUID,
		},
		"RecordLostNotRevoked": {
			reason: "It keeps the managed resource.", nameless: true, other: ownMark,
			prepare: func(b *bench, _, _ string) { refused(http.MethodDelete)(b) },
			want:    release.Annotation + "=" + ownUID, asked: true,
		},
		"RecordLostReleased": {
			reason: "The user has given it up.", nameless: true, other: ownMark,
			change: []func(*v1beta1.Token){released(ownUID)},
		},
		"RecordLostShared": {
			reason: "Another has it too.", nameless: true, other: ownMark,
			prepare: func(b *bench, _, other string) { heir(b, other) },
			left:    1, asked: true,
		},
		"RecordLostOnlyObserves": {
			reason: "It has created nothing.", other: ownMark,
			change: []func(*v1beta1.Token){func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
			}},
		},
		"NameTakenAway": {
			reason: "Its record says that there is one.", nameless: true, other: ownMark,
			record:  func(b *bench, _, other string) ledger.Record { return done(b, other) },
			revoked: true, asked: true,
		},
		"Replaced": {
			reason: "The status says that there was another attempt since.", other: ledger.Mark{UID: ownUID, Attempt: "00000001"},
			record:  func(b *bench, named, _ string) ledger.Record { return done(b, named) },
			change:  []func(*v1beta1.Token){func(tk *v1beta1.Token) { tk.SetLastAttempt("00000001") }},
			revoked: true, asked: true,
		},
		"Kept": {
			reason: "What the policies leave is said.", other: ownMark,
			record: func(b *bench, named, _ string) ledger.Record { return done(b, named) },
			change: []func(*v1beta1.Token){keeps}, left: 1,
		},
		"KeptRecordLost": {
			reason: "What the policies leave is said, with what nothing tells but the UID.", other: ownMark,
			change: []func(*v1beta1.Token){keeps, func(tk *v1beta1.Token) { tk.Status.AtProvider.ID = ptr.To(meta.GetExternalName(tk)) }},
			left:   2, asked: true,
		},
		"KeptRecordLostNotLookedUp": {
			reason: "That nobody knows is said.", other: ownMark, nameless: true,
			change:  []func(*v1beta1.Token){keeps},
			prepare: func(b *bench, _, _ string) { refused(http.MethodGet)(b) },
			left:    1, asked: true,
		},
		"KeptNotItsOwn": {
			reason: "A name that was never seen is nobody's object.",
			record: func(*bench, string, string) ledger.Record { return ledger.Record{UID: ownUID} },
			change: []func(*v1beta1.Token){keeps}, asked: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			named, _ := b.Mint("named")

			other, value := "", ""
			if tc.other != (ledger.Mark{}) {
				other, value = b.Mint(tc.other.Append("other"))
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				if !tc.nameless {
					meta.SetExternalName(tk, named)
				}

				if tc.record != nil {
					tc.record(b, named, other).Write(tk)
				}

				for _, change := range tc.change {
					change(tk)
				}

				deleted(tk)
			})

			if tc.published {
				b.Secret(tk, published, value)
			}

			if tc.prepare != nil {
				tc.prepare(b, named, other)
			}

			tk = b.Stored()

			b.Scaleway.ResetRequests()

			wantErr(t, tc.reason, tc.want, b.guard.Leave(t.Context(), tk))

			alive := b.Alive()
			if !slices.Contains(alive, named) {
				t.Errorf("\n%s\nwhat it names was revoked", tc.reason)
			}

			got := []any{other != "" && !slices.Contains(alive, other), len(b.Events.Reasons), len(b.Scaleway.Requests()) > 0}
			if diff := cmp.Diff([]any{tc.revoked, tc.left, tc.asked}, got); diff != "" {
				t.Errorf("\n%s\nthe other one is revoked, events, Scaleway is asked: -want, +got:\n%s", tc.reason, diff)
			}

			for _, reason := range b.Events.Reasons {
				if reason != reasonLeft {
					t.Errorf("\n%s\nanother event was sent: %s", tc.reason, reason)
				}
			}
		})
	}
}

// Whoever shares what it has minted keeps it, whatever is in doubt.
func TestHandedOverInDoubt(t *testing.T) {
	for name, do := range map[string]func(*bench, *v1beta1.Token) error{
		"Sweep": func(b *bench, tk *v1beta1.Token) error { return b.guard.Sweep(b.T.Context(), tk) },
		"SweepDeleted": func(b *bench, tk *v1beta1.Token) error {
			if err := b.Kube.Delete(b.T.Context(), tk); err != nil {
				b.T.Fatal(err)
			}

			return b.guard.Sweep(b.T.Context(), b.Stored())
		},
		"Leave": func(b *bench, tk *v1beta1.Token) error {
			if err := b.Kube.Delete(b.T.Context(), tk); err != nil {
				b.T.Fatal(err)
			}

			return b.guard.Leave(b.T.Context(), b.Stored())
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			handed, _ := b.Mint(ledger.Mark{UID: ownUID, Attempt: "00000001"}.Append("token"))
			named, _ := b.Mint(ownMark.Append("token"))

			b.Token(func(tk *v1beta1.Token) {
				tk.SetName("other")
				tk.SetUID("00000000-0000-4000-8000-000000000000")
				meta.SetExternalName(tk, handed)
				tk.Status.AtProvider.ID = &handed
			})

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, named)
				tk.Status.AtProvider.ID = &named
				b.Pending(0).Done(named, "").Doubt(noon).Write(tk)
			})

			wantErr(t, "What another has is in nobody's way.", "", do(b, tk))

			if diff := cmp.Diff(2, len(b.Alive())); diff != "" {
				t.Errorf("tokens: -want, +got:\n%s", diff)
			}
		})
	}
}

// An error while it is stored what was found out keeps the managed resource.
func TestLeaveNotStored(t *testing.T) {
	b := newBench(t)
	tk := b.Token(func(tk *v1beta1.Token) {
		b.Pending(time.Hour).Write(tk)
		deleted(tk)
	})
	b.Refuse = func(client.Object) error { return errors.New("no answer") }

	wantErr(t, "The next reconcile finds it out again.", "no answer", b.guard.Leave(t.Context(), tk))
}
