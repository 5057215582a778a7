// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

// What a renewal has replaced is revoked once that is certain.
func TestSweepPrevious(t *testing.T) {
	cases := map[string]struct {
		reason    string
		state     ledger.State
		named     bool
		published bool
		shared    bool
		prepare   func(*bench)
		want      string
		revoked   bool
		noted     bool
	}{
		"Done":      {reason: "The new one is published and named.", state: ledger.StateDone, named: true, revoked: true, noted: true},
		"Pending":   {reason: "There may be no new one.", state: ledger.StatePending, named: true},
		"Failed":    {reason: "There is no new one.", state: ledger.StateFailed, named: true},
		"NotNamed":  {reason: "The managed resource is still the old one.", state: ledger.StateDone},
		"Published": {reason: "The Secret holds the old one.", state: ledger.StateDone, named: true, published: true, want: "refusing to revoke"},
		"Shared":    {reason: "Another managed resource is the old one.", state: ledger.StateDone, named: true, shared: true, noted: true},
		"NotFound": {
			reason: "A single answer is not believed.", state: ledger.StateDone, named: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Times: 1, Status: http.StatusNotFound, Body: `{"message":"no"}`})
			},
			want: "but lists it",
		},
		"NotDeleted": {
			reason: "A deletion that deletes nothing is not believed.", state: ledger.StateDone, named: true,
			prepare: func(b *bench) { b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusNoContent}) },
			want:    "Scaleway shows it after it has accepted its deletion",
		},
		"PerhapsShared": {
			reason: "Nobody knows who else has the old one.", state: ledger.StateDone, named: true,
			prepare: func(b *bench) { b.guard.Kube = onetimetest.NotListed(b.Kube) },
			want:    "cannot list what else has the external name",
		},
		"Forbidden": {
			reason: "It is tried again.", state: ledger.StateDone, named: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "a renewal has left the old object",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			old, oldValue := b.Mint("old")
			fresh, freshValue := b.Mint("new")

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, old)
				if tc.named {
					meta.SetExternalName(tk, fresh)
				}

				r := b.Pending(0)
				r.State, r.Object, r.Previous = tc.state, fresh, old
				r.Write(tk)
			})

			if tc.published {
				freshValue = oldValue
			}

			b.Secret(tk, published, freshValue)

			if tc.shared {
				b.Token(func(tk *v1beta1.Token) {
					tk.SetName("other")
					tk.SetUID("00000000-0000-4000-8000-000000000000")
					meta.SetExternalName(tk, old)
				})
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			wantErr(t, tc.reason, tc.want, b.guard.Sweep(t.Context(), tk))

			got := []bool{!slices.Contains(b.Alive(), old), b.Record(b.Stored()).Previous == "", slices.Contains(b.Alive(), fresh)}
			if diff := cmp.Diff([]bool{tc.revoked, tc.noted, true}, got); diff != "" {
				t.Errorf("\n%s\nrevoked, noted, the new one alive: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.shared, slices.Contains(b.Events.Reasons, reasonLeft)); diff != "" {
				t.Errorf("\n%s\nan event says that it is left: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A renewal ends with the new token named and the old one recorded, or changes
// nothing.
func TestRotate(t *testing.T) {
	cases := map[string]struct {
		reason  string
		outcome issue.Outcome
		change  func(*v1beta1.Token)
		prepare func(*bench)
		during  func(*bench)
		want    string
		sent    int
		// connect and observe are what these end with, and stopped is set if the process
		// is asked to stop during the request.
		connect, observe error
		stopped          bool
		// renewed tells whether the new one has taken the place of the old one, and
		// published whether its value has, though it is not named.
		renewed, published bool
		state              ledger.State
		// certain tells whether nothing else is looked for, and abandoned how many
		// attempts that are known are.
		certain   bool
		abandoned int
	}{
		"Renewed": {reason: "The old one stands on the object until it is revoked.", outcome: issue.Minted, sent: 1, renewed: true, state: ledger.StateDone},
		"Refused": {reason: "Nothing has changed.", outcome: issue.Refused, want: "http error 500", sent: 1, state: ledger.StateFailed},
		"Unclear": {reason: "It is looked up later.", outcome: issue.Unclear, want: "it is unclear", sent: 1, state: ledger.StatePending},
		"NoSecret": {
			reason: "Nobody could read the new one.", outcome: issue.Minted,
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil },
			want:   "cannot renew the secret, as annotation " + AnnotationRenew + " asks for: spec.writeConnectionSecretToRef is not set",
		},
		"Expired": {
			reason: "The new one would be born dead.", outcome: issue.Minted,
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To(noon.Format(time.RFC3339)) },
			want:   "cannot renew the secret, as annotation " + AnnotationRenew + " asks for: spec.forProvider.expiresAt",
		},
		"NameMalformed": {
			reason: "Nobody knows what the old one is.", outcome: issue.Minted,
			change: func(tk *v1beta1.Token) { meta.SetExternalName(tk, "shop") },
			want:   "cannot renew the secret",
		},
		"Remembered": {
			reason: "The record is the one that this process has stored last: nothing else is looked for.", outcome: issue.Minted,
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Record(b.Stored())) },
			sent:    1, renewed: true, state: ledger.StateDone, certain: true,
		},
		"CredentialsOfOthers": {
			reason: "They were changed since the token was read: these would not see it.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.guard.remember(ownUID, b.Record(b.Stored()))
				b.Use(b.Scaleway.NewKey())
			},
			want: "nothing is taken for gone", state: ledger.StateDone,
		},
		"AnotherOfItsOwn": {
			reason: "There would be three.", outcome: issue.Minted,
			prepare: func(b *bench) { b.Mint(ownMark.Append("token")) },
			want:    "annotations were replaced since", state: ledger.StateDone,
		},
		"AnotherNeverPublished": {
			reason: "What is nobody's is revoked first.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.Mint(ownMark.Append("token"))

				tk := b.Stored()
				r := b.Record(tk)
				r.Abandoned = []ledger.Abandoned{{Attempt: ownAttempt, At: noon, Region: "fr-par", Parents: map[string]string{"namespace_id": b.Parent}}}
				r.Write(tk)
				b.Update(tk)
			},
			sent: 1, renewed: true, state: ledger.StateDone, abandoned: 1,
		},
		"NotLookedUp": {
			reason: "Nobody knows what else there is.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot look up what this resource has created", state: ledger.StateDone,
		},
		"NotInStatus": {
			reason: "A restored annotation would not be known as such.", outcome: issue.Minted,
			prepare: func(b *bench) {
				writes := 0
				b.Refuse = func(o client.Object) error {
					if _, ok := o.(*v1beta1.Token); !ok {
						return nil
					}

					if writes++; writes == 2 {
						return errors.New("no answer")
					}

					return nil
				}
			},
			want: "cannot store the last attempt in the status", state: ledger.StateFailed,
		},
		"NotRecorded": {
			reason: "Nobody could find again what is minted.", outcome: issue.Minted,
			prepare: func(b *bench) { b.Refuse = func(client.Object) error { return errors.New("no answer") } },
			want:    "cannot store the record of attempts", state: ledger.StateDone,
		},
		"NotConnected": {
			reason: "Nothing is sent.", outcome: issue.Minted, connect: errors.New("no ProviderConfig"),
			want: "no ProviderConfig", state: ledger.StateFailed,
		},
		"NotPrepared": {
			reason: "Upjet has nothing to create from.", outcome: issue.Minted, observe: errors.New("no answer"),
			want: "cannot prepare the renewal", state: ledger.StateFailed,
		},
		"NotNamed": {
			reason: "The next reconcile finds the new one by its mark.", outcome: issue.Minted,
			during: func(b *bench) {
				b.Refuse = func(o client.Object) error {
					if _, ok := o.(*v1beta1.Token); ok {
						return errors.New("no answer")
					}

					return nil
				}
			},
			want: "takes the place of fr-par/", sent: 1, state: ledger.StatePending, published: true,
		},
		"NotNamedBecauseUnread": {
			reason: "Another attempt may have begun.", outcome: issue.Minted,
			during: func(b *bench) {
				b.Refuse = func(o client.Object) error {
					if _, ok := o.(*v1beta1.Token); ok {
						b.guard.Live = unavailable(b.Kube)
						return kerrors.NewConflict(schema.GroupResource{Resource: "tokens"}, "token", errors.New("again"))
					}

					return nil
				}
			},
			want: "no answer from the API server", sent: 1, state: ledger.StatePending, published: true,
		},
		"Stopped": {
			reason: "A process that is asked to stop names the new one first.", outcome: issue.Minted,
			stopped: true, sent: 1, renewed: true, state: ledger.StateDone,
		},
		"Conflict": {
			reason: "Somebody has changed the object meanwhile.", outcome: issue.Minted,
			during: func(b *bench) {
				tk := b.Stored()
				tk.SetLabels(map[string]string{"changed": "meanwhile"})
				b.Update(tk)
			},
			sent: 1, renewed: true, state: ledger.StateDone,
		},
		"NotPublished": {
			reason: "The old value is still that of the object.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.Refuse = func(o client.Object) error {
					if _, ok := o.(*corev1.Secret); ok {
						return kerrors.NewForbidden(corev1.Resource("secrets"), published, errors.New("no"))
					}

					return nil
				}
			},
			want: "could not be published", state: ledger.StateFailed,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			old, value := b.Mint("old")

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, old)
				meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "now"})
				ledger.Record{UID: ownUID, Object: old, State: ledger.StateDone, Secret: published}.Write(tk)
				tk.Status.AtProvider.ID, tk.Spec.ForProvider.Region = &old, nil

				if tc.change != nil {
					tc.change(tk)
				}
			})
			b.Secret(tk, published, value)
			named := meta.GetExternalName(tk)

			if tc.prepare != nil {
				tc.prepare(b)
			}

			var during func()
			if tc.during != nil {
				during = func() { tc.during(b) }
			}

			ctx, stop := context.WithCancel(t.Context())
			defer stop()

			if tc.stopped {
				during = stop
			}

			goOn := during
			during = func() {
				// Before the request is sent, a restored annotation is known as such.
				if stored := b.Stored(); stored.GetLastAttempt() == "" || stored.GetLastAttempt() != b.Record(stored).Attempt {
					t.Errorf("\n%s\nthe last attempt in the status is %q: want %q", tc.reason, stored.GetLastAttempt(), b.Record(stored).Attempt)
				}

				if goOn != nil {
					goOn()
				}
			}

			// What was restored meanwhile is read as it is stored.
			b.Get(tk)
			tk.Status.AtProvider.ID = &old

			sent := 0
			inner, ok := b.terraform(tc.outcome, during, &sent).(*managed.ExternalClientFns)
			if !ok {
				t.Fatal("another client")
			}

			inner.ObserveFn = func(_ context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
				another, ok := mg.(*v1beta1.Token)
				if !ok || meta.GetExternalName(mg) != "" || another.GetID() != "" {
					return managed.ExternalObservation{}, errors.New("the old one was observed")
				}

				if region := ptr.Deref(another.Spec.ForProvider.Region, ""); region != "fr-par" {
					return managed.ExternalObservation{}, errors.Errorf("the new one would be in %q", region)
				}

				return managed.ExternalObservation{}, tc.observe
			}

			err := b.guard.Rotate(ctx, tk, func(context.Context, Resource) (managed.ExternalClient, error) { return inner, tc.connect })
			wantErr(t, tc.reason, tc.want, err)

			if diff := cmp.Diff(tc.sent, sent); diff != "" {
				t.Errorf("\n%s\nrequests: -want, +got:\n%s", tc.reason, diff)
			}

			stored := b.Stored()
			r := b.Record(stored)

			if !slices.Contains(b.Alive(), old) {
				t.Errorf("\n%s\nthe old token was revoked before the new one was observed", tc.reason)
			}

			if !tc.renewed {
				if tc.published == (b.Value(published) == value) {
					t.Errorf("\n%s\nthe value is the new one: want %t", tc.reason, tc.published)
				}

				if diff := cmp.Diff(named, meta.GetExternalName(stored)); diff != "" {
					t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
				}

				if diff := cmp.Diff(0, len(b.Events.Reasons)); diff != "" {
					t.Errorf("\n%s\nevents: -want, +got:\n%s", tc.reason, diff)
				}

				if diff := cmp.Diff(r, b.Record(tk)); tc.sent > 0 && !tc.published && diff != "" {
					t.Errorf("\n%s\nthe record in memory: -stored, +got:\n%s", tc.reason, diff)
				}

				// A secret that is lost later is not taken for somebody else's.
				if diff := cmp.Diff(old, r.Object); diff != "" {
					t.Errorf("\n%s\nobject: -want, +got:\n%s", tc.reason, diff)
				}

				previous := ""
				if tc.state == ledger.StatePending {
					previous = old
				}

				if tc.state != "" {
					if diff := cmp.Diff([]string{string(tc.state), "", previous}, []string{string(r.State), r.Renewed, r.Previous}); diff != "" {
						t.Errorf("\n%s\nstate, renewed, previous: -want, +got:\n%s", tc.reason, diff)
					}
				}

				return
			}

			doubts := tc.abandoned
			if !tc.certain {
				doubts++
			}

			if diff := cmp.Diff([]any{b.Credentials.OrganizationID, time.Minute, published, doubts}, []any{r.Minter.Organization, r.Limit.Duration, r.Target, len(r.Abandoned)}); diff != "" {
				t.Errorf("\n%s\nminter, limit, target, doubts: -want, +got:\n%s", tc.reason, diff)
			}

			if !tc.certain != (b.Scaleway.Count(http.MethodGet, fakescaleway.RouteTokens) > 0) {
				t.Errorf("\n%s\nwhat else there is was looked for: want %t", tc.reason, !tc.certain)
			}

			// What the reconciler goes on with is what is stored.
			if diff := cmp.Diff([]any{stored.GetResourceVersion(), stored.GetAnnotations()}, []any{tk.GetResourceVersion(), tk.GetAnnotations()}); diff != "" {
				t.Errorf("\n%s\nresource version, annotations: -stored, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff([]event.Reason{reasonRenewed}, b.Events.Reasons); diff != "" {
				t.Errorf("\n%s\nevents: -want, +got:\n%s", tc.reason, diff)
			}

			name := meta.GetExternalName(stored)
			want := []string{string(ledger.StateDone), "now", old, name, name}

			id, err := b.Resource.Minted.Identify(b.Value(published))
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(want, []string{string(r.State), r.Renewed, r.Previous, r.Object, "fr-par/" + id}); diff != "" || name == old {
				t.Errorf("\n%s\nstate, renewed, previous, object, published: -want, +got:\n%s", tc.reason, diff)
			}

			for what, annotations := range map[string]map[string]string{"again": stored.GetAnnotations(), "because nobody asks for it any more": nil} {
				stored.SetAnnotations(annotations)

				if b.guard.RotationDue(stored, r) {
					t.Errorf("\n%s\nit would be renewed %s", tc.reason, what)
				}
			}
		})
	}
}

// A process that was frozen names nothing that has been replaced since.
func TestFinishRenewalSuperseded(t *testing.T) {
	b := newBench(t)

	tk := b.Token(func(tk *v1beta1.Token) {
		meta.SetExternalName(tk, paris)
		b.Pending(0).Write(tk)
	})

	another := tk.DeepCopy()
	meta.SetExternalName(another, warsaw)
	b.Pending(0).Done(warsaw, "").Write(another)

	b.supersede(ledger.StateDone)

	err := b.guard.finishRenewal(t.Context(), tk, another)
	wantErr(t, "A later attempt has named another token.", errSuperseded.Error(), err)

	if diff := cmp.Diff(paris, meta.GetExternalName(b.Stored())); diff != "" {
		t.Errorf("external name: -want, +got:\n%s", diff)
	}
}
