// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// What it means that Terraform finds no token.
func TestMissing(t *testing.T) {
	// list is a fault of the list of tokens.
	list := func(status int) func(*bench) {
		return func(b *bench) {
			b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: status, Body: `{"message":"no"}`})
		}
	}

	cases := map[string]struct {
		reason string
		// name is the external name, if the managed resource has one. Alive tells
		// whether the token exists, though it was not found.
		name, alive bool
		own         func(tk *v1beta1.Token, name string)
		change      func(*v1beta1.Token)
		prepare     func(*bench)
		want        string
		// attempt tells whether another attempt is recorded. It is certain if nothing
		// else is looked for, and the organization is hidden if Scaleway does not tell.
		attempt, certain, hidden bool
		// found tells whether another token is named instead, and revoked how many are.
		found   bool
		revoked int
		// recorded tells whether it is recorded who has minted the token.
		recorded bool
		// everywhere tells whether the tokens of all parents are listed.
		everywhere bool
	}{
		"First": {
			reason:  "A token that has no name is minted.",
			change:  func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "now"}) },
			attempt: true,
		},
		"DeletedWithoutName": {
			reason:  "Nothing is asked of Scaleway.",
			change:  deleted,
			prepare: list(http.StatusInternalServerError),
		},
		"Unknown": {
			reason: "A name that is somebody's mistake is no reason to mint.",
			name:   true,
			own:    func(*v1beta1.Token, string) {},
			want:   "Scaleway does not know and this object did not create",
		},
		"Gone": {
			reason:  "Its own token is minted again.",
			name:    true,
			attempt: true,
		},
		"GoneAfterAdoption": {
			reason:  "A token that it has seen was there.",
			name:    true,
			own:     func(tk *v1beta1.Token, name string) { tk.Status.AtProvider.ID = &name },
			attempt: true,
		},
		"GoneAndDeleted": {
			reason: "What is being deleted is minted never.",
			name:   true,
			change: deleted,
		},
		"Listed": {
			reason: "A look-up that is behind must not mint a second token.",
			name:   true, alive: true,
			want: "but lists it",
		},
		"ListedAndDeleted": {
			reason: "A look-up that is behind must not leave the token.",
			name:   true, alive: true,
			change: deleted,
			want:   release.Annotation + "=fr-par/",
		},
		"ListedElsewhere": {
			reason: "It is looked for where Scaleway said that it is, whatever the arguments say now.",
			name:   true, alive: true,
			own: func(tk *v1beta1.Token, name string) {
				tk.Status.AtProvider.ID = &name
				tk.Status.AtProvider.NamespaceID = ptr.To("fr-par/" + ptr.Deref(tk.Spec.ForProvider.NamespaceID, ""))
				tk.Spec.ForProvider.NamespaceID = ptr.To(paris)
			},
			want: "but lists it",
		},
		"ParentGone": {
			reason: "A parent that is gone has taken its tokens along, as the key sees that has minted them.",
			name:   true, recorded: true,
			prepare: func(b *bench) { b.ParentGone() },
			attempt: true,
		},
		"ParentGoneUnknownMinter": {
			reason: "Who has minted it is not recorded, so that nobody knows whether these credentials see it.",
			name:   true, alive: true,
			prepare: func(b *bench) { b.ParentGone() },
			want:    "cannot be confirmed",
		},
		"ParentThere": {
			reason: "One answer is wrong, and nobody knows which.",
			name:   true, recorded: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{
					Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusNotFound, Body: `{"message":"Namespace was not found"}`,
					Match: func(r *http.Request) bool { return r.URL.Query().Get("namespace_id") != "" },
				})
			},
			want: "Scaleway shows the parent, and does not list what it has",
		},
		"OtherCredentials": {
			reason: "Another organization's key sees nothing of it.",
			name:   true, alive: true, recorded: true,
			prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) },
			want:    "it was created with an API key of organization ",
		},
		"OtherCredentialsAndDeleted": {
			reason: "The object stays until it is certain, or the user lets go of it.",
			name:   true, alive: true, recorded: true, change: deleted,
			prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) },
			want:    release.Annotation + "=fr-par/",
		},
		"SameOrganization": {
			reason: "Another key that sees the parent sees what it has.",
			name:   true, recorded: true,
			prepare: func(b *bench) { b.Use(b.Sibling()) },
			attempt: true,
		},
		"Remembered": {
			reason:  "The record is the one that this process has stored last: nothing else is looked for.",
			name:    true,
			prepare: func(b *bench) { b.guard.remember(ownUID, b.Record(b.Stored())) },
			attempt: true, certain: true,
		},
		"GoneAndAnotherOfItsOwn": {
			reason:  "It would be minted twice.",
			name:    true,
			prepare: func(b *bench) { b.Mint(ownMark.Append("token")) },
			want:    "annotations were replaced since",
		},
		"GoneAndAnotherIsPublished": {
			reason: "Annotations were restored: what is published is the later one.",
			name:   true, found: true,
			prepare: func(b *bench) {
				_, value := b.Mint(ownMark.Append("token"))
				b.Secret(b.Stored(), published, value)
			},
			want: errFoundAgain.Error(),
		},
		"GoneAndDeletedAnother": {
			reason: "What it has minted besides goes too.",
			name:   true, change: deleted, revoked: 1,
			prepare: func(b *bench) { b.Mint(ownMark.Append("token")) },
		},
		"GoneAndDeletedAnotherReleased": {
			reason: "The user has given it up.",
			name:   true,
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				meta.AddAnnotations(tk, map[string]string{release.Annotation: ownAttempt})
			},
			prepare: func(b *bench) { b.Mint(ownMark.Append("token")) },
		},
		"GoneAndDeletedAnotherNotRevoked": {
			reason: "What it has minted besides keeps it.",
			name:   true, change: deleted,
			prepare: func(b *bench) {
				b.Mint(ownMark.Append("token"))
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: release.Annotation + "=fr-par/",
		},
		"NotFound":         {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusNotFound), want: "ContainersPrivateAccess"},
		"MethodNotAllowed": {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusMethodNotAllowed), want: "ContainersPrivateAccess"},
		"EndedForGood":     {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusGone), want: "ContainersPrivateAccess"},
		"NotImplemented":   {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusNotImplemented), want: "ContainersPrivateAccess"},
		"OthersListed": {
			reason:  "Other tokens of the parent are none of this one's business.",
			name:    true,
			prepare: func(b *bench) { b.Mint("another") },
			attempt: true,
		},
		"BeingRevoked": {
			reason: "A token that is still listed on its way out will not come back.",
			name:   true, alive: true,
			prepare: func(b *bench) {
				if err := b.Scaleway.SetStatus(fakescaleway.KindToken, "fr-par", uuidOf(b.Alive()[0]), "deleting", ""); err != nil {
					b.T.Fatal(err)
				}
			},
			attempt: true,
		},
		"ParentsOfRecord": {
			reason: "Before it was ever seen, it is looked for where it was minted.",
			name:   true, alive: true,
			own: func(tk *v1beta1.Token, name string) {
				ledger.Record{UID: ownUID, Object: name, State: ledger.StateDone, Parents: map[string]string{"namespace_id": *tk.Spec.ForProvider.NamespaceID}}.Write(tk)
				tk.Spec.ForProvider.NamespaceID = ptr.To(paris)
			},
			want: "but lists it",
		},
		"NotFoundWithoutParent": {
			reason: "There is no parent that could have taken it along.",
			name:   true, everywhere: true,
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = nil },
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Times: 1, Status: http.StatusNotFound, Body: `{"message":"no"}`})
			},
			want: "ContainersPrivateAccess",
		},
		"ForbiddenParent": {
			reason: "That the API answers for other parents says nothing of this one.",
			name:   true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Times: 1, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot be confirmed",
		},
		"NoCredentials": {
			reason:  "Without credentials nobody knows, and nothing is recorded.",
			prepare: func(b *bench) { b.guard.Remote = onetimetest.NoRemote },
			want:    "no credentials",
		},
		"Forbidden":   {reason: "Without the list nobody knows.", name: true, prepare: list(http.StatusForbidden), want: "cannot be confirmed"},
		"Unavailable": {reason: "Without the list nobody knows.", name: true, prepare: list(http.StatusServiceUnavailable), want: "cannot be confirmed"},
		"NoSecret": {
			reason: "Nobody could read the value of another one.",
			name:   true,
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil },
			want:   "no Token is created in place of the one that is gone: spec.writeConnectionSecretToRef is not set",
		},
		"Expired": {
			reason: "Another one would be born dead.",
			name:   true,
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To(noon.Format(time.RFC3339)) },
			want:   "no Token is created in place of the one that is gone: spec.forProvider.expiresAt",
		},
		"OnlyObserved": {
			reason: "It mints nothing, and needs no Secret.",
			name:   true,
			change: func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
				tk.Spec.WriteConnectionSecretToReference = nil
			},
			attempt: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			old := ""
			if tc.name {
				old, _ = b.Mint("old")
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				if tc.name {
					meta.SetExternalName(tk, old)
				}

				switch {
				case tc.own != nil:
					tc.own(tk, old)
				case tc.name:
					r := ledger.Record{UID: ownUID, Object: old, State: ledger.StateDone}
					if tc.recorded {
						r.Minter = b.Minter()
						r.Minter.Organization = b.Credentials.OrganizationID
					}

					r.Write(tk)
				}

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.name && !tc.alive {
				if err := b.Scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(old)); err != nil {
					t.Fatal(err)
				}
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			before, there := b.Record(tk), b.Alive()

			err := b.guard.Missing(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			if diff := cmp.Diff(tc.revoked, len(there)-len(b.Alive())); diff != "" {
				t.Errorf("\n%s\nrevoked tokens: -want, +got:\n%s", tc.reason, diff)
			}

			if err != nil && tk.DeletionTimestamp == nil && strings.Contains(err.Error(), release.Annotation) {
				t.Errorf("\n%s\nthe user is told how to release what is not being deleted: %v", tc.reason, err)
			}

			for _, r := range b.Scaleway.Requests() {
				if r.Method == http.MethodGet && strings.Contains(r.Query, "page_size=100") && strings.Contains(r.Query, "namespace_id="+b.Parent) == tc.everywhere {
					t.Errorf("\n%s\nthe tokens of other parents are listed: %t, with query %s", tc.reason, !tc.everywhere, r.Query)
				}
			}

			after := b.Record(tk)
			if tc.found {
				if stored := b.Stored(); meta.GetExternalName(stored) != there[0] || b.Record(stored).Object != there[0] {
					t.Errorf("\n%s\nexternal name: want %s, got %s", tc.reason, there[0], meta.GetExternalName(stored))
				}

				return
			}

			if !tc.attempt {
				if diff := cmp.Diff(before, after); diff != "" {
					t.Errorf("\n%s\nrecord: -want, +got:\n%s", tc.reason, diff)
				}

				return
			}

			want := b.Pending(0)
			want.Version, want.Limit.Duration, want.Target = after.Version, b.guard.Timeout, secretName(tk)
			want.Renewed = tk.GetAnnotations()[AnnotationRenew]

			if !tc.hidden {
				want.Minter.Organization = b.Credentials.OrganizationID
			}

			if tc.name && !tc.certain {
				want = want.Doubt(noon)
			}

			if diff := cmp.Diff(want, after, cmpopts.IgnoreFields(ledger.Record{}, "Attempt")); diff != "" || after.Attempt == before.Attempt {
				t.Errorf("\n%s\nrecord: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// One attempt ends with a published token, or with none, or is looked up later.
func TestCreate(t *testing.T) {
	isSecret := func(o client.Object) bool { _, ok := o.(*corev1.Secret); return ok }

	// refuse each write of a Secret, from the number on.
	refuse := func(from, to int, err error) func(*bench) {
		return func(b *bench) {
			n := 0
			b.Refuse = func(o client.Object) error {
				if !isSecret(o) {
					return nil
				}

				n++
				if n >= from && n <= to {
					return err
				}

				return nil
			}
		}
	}

	forbidden := kerrors.NewForbidden(corev1.Resource("secrets"), published, errors.New("no"))
	conflict := kerrors.NewConflict(corev1.Resource("secrets"), published, errors.New("again"))

	cases := map[string]struct {
		reason  string
		outcome issue.Outcome
		// change the managed resource that the API server has, and prepare what the
		// guard meets.
		change  func(*v1beta1.Token)
		prepare func(*bench)
		during  func(*bench)
		// after is what Terraform does once Scaleway has answered.
		after func(xpresource.Managed) error
		// stopped is set if the process is asked to stop during the request, and
		// underWay if another part of it makes the same attempt.
		stopped, underWay bool
		// before is the external name of a token that is gone.
		before string
		want   string
		state  ledger.State
		// sent requests that mint, and what they leave alive and in the Secret.
		sent, alive int
		published   bool
		// lost is set if the Secret has the value, and this process does not know, and
		// added if it has what somebody has added.
		lost, added bool
	}{
		"Minted": {
			reason: "The secret is published before anything else.", outcome: issue.Minted,
			state: ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"Unclear": {
			reason: "It may have been created, so that the record stays.", outcome: issue.Unclear,
			want: "it is unclear whether Scaleway has created a Token for attempt " + ownMark.String(), state: ledger.StatePending, sent: 1,
		},
		"Refused": {
			reason: "Nothing was created.", outcome: issue.Refused,
			want: "http error 500", state: ledger.StateFailed, sent: 1,
		},
		"NotSent": {
			reason: "Terraform has done something else.", outcome: issue.NotSent,
			want: "Terraform sent no request", state: ledger.StateFailed, sent: 1,
		},
		"MintedThenFailed": {
			reason: "A token that exists is published and named, whatever Terraform makes of it.", outcome: issue.Minted,
			after: func(mg xpresource.Managed) error {
				meta.RemoveAnnotations(mg, meta.AnnotationKeyExternalName)
				return errors.New("cannot read it")
			},
			state: ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"MintedInPlaceOfAnother": {
			reason: "The name is that of the new one.", outcome: issue.Minted, before: paris,
			state: ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"UnclearInSilence": {
			reason: "That Terraform sees nothing wrong proves nothing.", outcome: issue.Unclear,
			after: func(xpresource.Managed) error { return nil },
			want:  "the answer cannot be read", state: ledger.StatePending, sent: 1,
		},
		"ForbiddenInPlaceOfAnother": {
			reason: "The name stays that of the one that is gone.", outcome: issue.Minted, before: paris,
			prepare: refuse(2, 100, forbidden),
			want:    "which has been revoked again", state: ledger.StateFailed, sent: 1,
		},
		"ForbiddenMeanwhileAndNoCredentials": {
			reason: "What cannot be revoked either is looked up later.", outcome: issue.Minted,
			prepare: refuse(2, 100, forbidden),
			during:  func(b *bench) { b.guard.Remote = onetimetest.NoRemote },
			want:    "no credentials", state: ledger.StatePending, sent: 1, alive: 1,
		},
		"PublishedInSpiteOfAnError": {
			reason: "The API server has done it, and its answer was lost: what can be read is not revoked.", outcome: issue.Minted,
			prepare: func(b *bench) {
				n := 0
				b.Refuse = func(o client.Object) error {
					s, ok := o.(*corev1.Secret)
					if !ok {
						return nil
					}

					if n++; n != 2 {
						return nil
					}

					b.Create(s)

					return kerrors.NewForbidden(corev1.Resource("secrets"), published, errors.New("no"))
				}
			},
			want: "refusing to revoke", state: ledger.StatePending, sent: 1, alive: 1, lost: true,
		},
		"InvalidMeanwhile": {
			reason: "What the API server will never take is not tried again.", outcome: issue.Minted,
			prepare: refuse(2, 100, kerrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Secret").GroupKind(), published, nil)),
			want:    "which has been revoked again", state: ledger.StateFailed, sent: 1,
		},
		"SecretTakenMeanwhile": {
			reason: "Nor is what belongs to somebody else.", outcome: issue.Minted,
			during: func(b *bench) {
				b.Secret(&v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", UID: "another"}}, published, "")
			},
			want: errNotOurs.Error(), state: ledger.StateFailed, sent: 1,
		},
		"IntoOwnSecret": {
			reason: "What somebody has added to it stays.", outcome: issue.Minted,
			prepare: func(b *bench) { b.Secret(b.Stored(), published, "") },
			state:   ledger.StateDone, sent: 1, alive: 1, published: true, added: true,
		},
		"IntoHollowSecret": {
			reason: "It is filled.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{
					Namespace: "team-a", Name: published,
					OwnerReferences: []metav1.OwnerReference{meta.AsController(meta.TypedReferenceTo(b.Stored(), v1beta1.Token_GroupVersionKind))},
				}})
			},
			state: ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"SecretUnreadable": {
			reason: "It may be somebody else's.", outcome: issue.Minted,
			prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) },
			want:    "no Token is created, because its secret could not be published", state: ledger.StateFailed,
		},
		"RecordNotRead": {
			reason: "Another attempt may have begun.", outcome: issue.Minted,
			prepare: func(b *bench) { b.guard.Live = unavailable(b.Kube) },
			want:    "no Token is created, because its secret could not be published", state: ledger.StateFailed,
		},
		"RecordNotReadMeanwhile": {
			reason: "That the API server does not answer is no other attempt.", outcome: issue.Minted,
			during: func(b *bench) {
				b.guard.Live = interceptor.NewClient(b.Kube, interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
					b.guard.Live = b.Kube
					return errors.New("no answer from the API server")
				}})
			},
			state: ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"UndeliverableUntilTimeout": {
			reason: "What was tried for long enough is revoked, which is given time of its own.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.guard.Delivery = publishInterval / 10
				refuse(2, 100, errors.New("no answer from the API server"))(b)
			},
			want: "which has been revoked again", state: ledger.StateFailed, sent: 1,
		},
		"ForbiddenMeanwhileAndUnreadable": {
			reason: "Its secret may be published.", outcome: issue.Minted,
			prepare: func(b *bench) {
				n := 0
				b.Refuse = func(o client.Object) error {
					if n++; !isSecret(o) || n == 1 {
						return nil
					}

					b.Unreadable = onetimetest.CannotRead(published)

					return forbidden
				}
			},
			want: "nor revoke it yet", state: ledger.StatePending, sent: 1, alive: 1,
		},
		"NotRecorded": {
			reason: "An attempt that nobody could find again is not made.", outcome: issue.Minted,
			change: func(tk *v1beta1.Token) {
				ledger.Record{UID: ownUID, Attempt: ownAttempt, State: ledger.StateFailed}.Write(tk)
			},
			want: "without a recorded attempt", state: ledger.StateFailed,
		},
		"UnderWay": {
			reason: "An attempt is made once at a time.", outcome: issue.Minted,
			prepare: func(b *bench) {
				if _, err := b.guard.Permits.Issue(b.Pending(0), time.Hour); err != nil {
					b.T.Fatal(err)
				}
			},
			underWay: true,
			want:     "is under way already", state: ledger.StatePending,
		},
		"SecretForeign": {
			reason: "Nothing is minted that cannot be published.", outcome: issue.Minted,
			prepare: func(b *bench) {
				b.Secret(&v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", UID: "another"}}, published, "")
			},
			want: "no Token is created, because its secret could not be published", state: ledger.StateFailed,
		},
		"SecretForbidden": {
			reason: "Nothing is minted that cannot be published.", outcome: issue.Minted,
			prepare: refuse(1, 1, forbidden),
			want:    "no Token is created, because its secret could not be published", state: ledger.StateFailed,
		},
		"Superseded": {
			reason: "Another process has begun another attempt.", outcome: issue.Minted,
			prepare: func(b *bench) { b.supersede(ledger.StatePending) },
			want:    "another attempt has begun meanwhile", state: ledger.StateFailed,
		},
		"ForbiddenMeanwhile": {
			reason: "What cannot be published is revoked at once.", outcome: issue.Minted,
			prepare: refuse(2, 100, forbidden),
			want:    "which has been revoked again", state: ledger.StateFailed, sent: 1,
		},
		"ForbiddenMeanwhileAndNotRevoked": {
			reason: "What cannot be revoked either is looked up later.", outcome: issue.Minted,
			prepare: func(b *bench) {
				refuse(2, 100, forbidden)(b)
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "nor revoke it yet", state: ledger.StatePending, sent: 1, alive: 1,
		},
		"ConflictMeanwhile": {
			reason: "A value that only this process has is kept until it is published.", outcome: issue.Minted,
			prepare: refuse(2, 2, conflict),
			state:   ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"StoppedMeanwhile": {
			reason: "A process that is asked to stop publishes first.", outcome: issue.Minted,
			stopped: true,
			state:   ledger.StateDone, sent: 1, alive: 1, published: true,
		},
		"SupersededMeanwhile": {
			reason: "Another attempt may have published its own secret.", outcome: issue.Minted,
			during: func(b *bench) { b.supersede(ledger.StatePending) },
			want:   "another attempt has begun meanwhile", state: ledger.StateFailed, sent: 1,
		},
		"GivenUpMeanwhile": {
			reason: "Another process has given the attempt up, and mints the next.", outcome: issue.Minted,
			during: func(b *bench) {
				tk := b.Stored()
				r := b.Pending(0)
				r.State = ledger.StateFailed
				r.Write(tk)
				b.Update(tk)
			},
			want: "another attempt has begun meanwhile", state: ledger.StateFailed, sent: 1,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				b.Pending(0).Write(tk)

				if tc.before != "" {
					meta.SetExternalName(tk, tc.before)
				}

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.prepare != nil {
				tc.prepare(b)
			}

			counted := NewMetrics()
			b.guard.Metrics = counted.Of("Token")

			var during func()
			if tc.during != nil {
				during = func() { tc.during(b) }
			}

			ctx, stop := context.WithCancel(t.Context())
			defer stop()

			if tc.stopped {
				during = stop
			}

			sent := 0

			inner := b.terraform(tc.outcome, during, &sent)
			if tc.after != nil {
				inner = after(inner, tc.after)
			}

			creation, err := b.guard.Create(ctx, tk, inner)
			wantErr(t, tc.reason, tc.want, err)

			undeliverable := 0
			if tc.sent > 0 && tc.outcome == issue.Minted && tc.state == ledger.StateFailed {
				undeliverable = 1
			}

			if diff := cmp.Diff(undeliverable, count(t, counted, endedUndeliverable)); diff != "" {
				t.Errorf("\n%s\ncreations that could not be delivered: -want, +got:\n%s", tc.reason, diff)
			}

			if _, err := b.guard.Permits.Use(ownMark.Append("new"), b.Credentials.SecretKey, noon); (err == nil) != tc.underWay {
				t.Errorf("\n%s\nanother request of the attempt: got %v", tc.reason, err)
			}

			alive := b.Alive()

			got := []any{b.Record(tk).State, sent, len(alive), b.Value(published) != ""}
			if diff := cmp.Diff([]any{tc.state, tc.sent, tc.alive, tc.published || tc.lost}, got); diff != "" {
				t.Errorf("\n%s\nstate, requests, alive, published: -want, +got:\n%s", tc.reason, diff)
			}

			if !tc.published {
				name, named := tk.GetAnnotations()[meta.AnnotationKeyExternalName]
				if diff := cmp.Diff([]any{tc.before, tc.before != ""}, []any{name, named}); diff != "" {
					t.Errorf("\n%s\nexternal name, whether there is one: -want, +got:\n%s", tc.reason, diff)
				}

				return
			}

			r := b.Record(tk)
			if diff := cmp.Diff([]string{alive[0], alive[0], published}, []string{meta.GetExternalName(tk), r.Object, r.Secret}); diff != "" {
				t.Errorf("\n%s\nexternal name, recorded object and Secret: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(b.Value(published), b.Key(published, "token")); diff != "" {
				t.Errorf("\n%s\nkey token: -want, +got:\n%s", tc.reason, diff)
			}

			if len(creation.ConnectionDetails) > 0 {
				t.Errorf("\n%s\nthe reconciler is given %d details of what is published already", tc.reason, len(creation.ConnectionDetails))
			}

			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
			b.Get(s)

			if diff := cmp.Diff([]any{"Token", tc.added}, []any{s.GetLabels()[publish.Label], len(s.Data["user"]) > 0}); diff != "" {
				t.Errorf("\n%s\nlabel of the Secret, whether it has what was added: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// How an attempt ends that was interrupted.
func TestInitialize(t *testing.T) {
	type left struct {
		State     ledger.State
		Named     bool
		Revoked   bool
		Abandoned int
		// Doubles are tokens of the same attempt.
		Doubles int
	}

	cases := map[string]struct {
		reason string
		// before noon the attempt was recorded, and the creation marked as pending.
		before, pending time.Duration
		// ended is how the attempt is counted.
		ended   string
		renewal bool
		// minted tells whether Scaleway has applied the request, and published whether
		// its secret is in the Secret, which another controls if it is foreign.
		minted, published, foreign bool
		status                     string
		change                     func(*v1beta1.Token)
		prepare                    func(*bench)
		want                       string
		left                       left
		// at is when the attempt is stored to have been recorded. Optional.
		at time.Time
	}{
		"Published": {
			reason: "That its secret is published proves which token it is.",
			minted: true, published: true,
			left:  left{State: ledger.StateDone, Named: true},
			ended: endedPublished,
		},
		"PublishedInFormerSecret": {
			reason: "The user has named another Secret since.",
			minted: true, published: true,
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference.Name = "another" },
			left:   left{State: ledger.StateDone, Named: true},
			ended:  endedPublished,
		},
		"PublishedInForeignSecret": {
			reason: "A secret that can be read may be in use, whoever controls the Secret.",
			minted: true, published: true, foreign: true,
			left:  left{State: ledger.StateDone, Named: true},
			ended: endedPublished,
		},
		"Lost": {
			reason: "A token whose value nobody has is revoked.",
			minted: true,
			ended:  endedRevoked,
			left:   left{State: ledger.StateFailed, Revoked: true},
		},
		"PublishedAndDoubled": {
			reason: "What lies between has sent the request twice: one of the two is published.",
			minted: true, published: true, ended: endedPublished,
			prepare: func(b *bench) { b.Mint(ownMark.Append("token")) },
			left:    left{State: ledger.StateDone, Named: true},
		},
		"LostAndDoubled": {
			reason: "What lies between has sent the request twice: nobody has the value of either.",
			minted: true, ended: endedRevoked,
			prepare: func(b *bench) { b.Mint(ownMark.Append("token")) },
			left:    left{State: ledger.StateFailed, Revoked: true},
		},
		"LostAndNotRevoked": {
			reason: "Nothing more is minted while it is there.",
			minted: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "an interrupted attempt has left an object whose secret is lost",
			left: left{State: ledger.StatePending},
		},
		"BeingRevoked": {
			reason: "What is on its way out is not looked for again.",
			before: time.Hour, pending: time.Hour,
			minted: true, status: "deleting",
			ended: endedNotFound,
			left:  left{State: ledger.StateFailed, Abandoned: 1},
		},
		"NoCredentials": {
			reason: "Nobody knows, and nothing more is minted.",
			minted: true, prepare: func(b *bench) { b.guard.Remote = onetimetest.NoRemote },
			want: "cannot look up what attempt " + ownMark.String(),
			left: left{State: ledger.StatePending},
		},
		"SecretNotRead": {
			reason: "Its secret may be published.",
			minted: true, prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) },
			want: "cannot check Secret",
			left: left{State: ledger.StatePending},
		},
		"LostWithoutSecret": {
			reason: "Nobody can have its value.",
			minted: true, ended: endedRevoked,
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil },
			left:   left{State: ledger.StateFailed, Revoked: true},
		},
		"NotStored": {
			reason: "It is looked up again.",
			before: time.Hour, pending: time.Hour,
			prepare: func(b *bench) { b.Refuse = func(client.Object) error { return errors.New("no answer") } },
			want:    "cannot store that attempt " + ownMark.String() + " has failed",
			left:    left{State: ledger.StatePending},
		},
		"SameSecond": {
			reason: "The reconciler's annotation has whole seconds, and came after the record.",
			before: -time.Second / 2,
			want:   "waiting until",
			left:   left{State: ledger.StatePending},
		},
		"ForgedParents": {
			reason: "Users can write records: Scaleway is asked by nothing but the parent.",
			minted: true, ended: endedRevoked,
			change: func(tk *v1beta1.Token) {
				r, err := ledger.ReadRecord(tk)
				if err != nil {
					panic(err) // It was written a moment ago.
				}

				r.Parents["order_by"] = "forged"
				r.Write(tk)
			},
			left: left{State: ledger.StateFailed, Revoked: true},
		},
		"Quiet": {
			reason: "A request may arrive for twice as long as it may take.",
			before: 2*time.Minute - time.Second, pending: 2*time.Minute - time.Second,
			want: "waiting until 2026-01-02T12:00:01Z for the outcome of attempt " + ownMark.String(),
			left: left{State: ledger.StatePending},
		},
		"GivenUp": {
			reason: "After that it is given up, and looked for while it may arrive all the same.",
			ended:  endedNotFound,
			before: 2 * time.Minute, pending: 2 * time.Minute,
			left: left{State: ledger.StateFailed, Abandoned: 1},
		},
		"NotLookedUp": {
			reason: "Without the list nobody knows.",
			minted: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "nothing more is created until it is known; objects in question have \"" + ownMark.String(),
			left: left{State: ledger.StatePending},
		},
		"PendingTakenAway": {
			reason: "Crossplane advises to take the annotation away. That proves nothing.",
			minted: true,
			change: func(tk *v1beta1.Token) { meta.RemoveAnnotations(tk, meta.AnnotationKeyExternalCreatePending) },
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "nothing more is created until it is known",
			left: left{State: ledger.StatePending},
		},
		"SaidToHaveFailed": {
			reason: "Nor does what anybody has written there.",
			minted: true, ended: endedRevoked,
			change: func(tk *v1beta1.Token) { meta.SetExternalCreateFailed(tk, noon.Add(time.Hour)) },
			left:   left{State: ledger.StateFailed, Revoked: true},
		},
		"PendingLongBefore": {
			reason: "A renewal is recorded after the annotation of the creation.",
			minted: true, ended: endedRevoked, pending: time.Hour,
			left: left{State: ledger.StateFailed, Revoked: true},
		},
		"QuietOfASlowerProcess": {
			reason: "The process that made the attempt allowed a request more time.",
			before: 3 * time.Minute, pending: 3 * time.Minute,
			change: func(tk *v1beta1.Token) { limited(tk, 5*time.Minute) },
			want:   "waiting until 2026-01-02T12:07:00Z",
			left:   left{State: ledger.StatePending},
		},
		"QuietOfNobody": {
			reason: "No request takes so long, whoever has written that down.",
			before: 20 * time.Minute, pending: 20 * time.Minute, ended: endedNotFound,
			change: func(tk *v1beta1.Token) { limited(tk, 24*365*time.Hour) },
			left:   left{State: ledger.StateFailed, Abandoned: 1},
		},
		"InTheFuture": {
			reason: "A time that cannot be is taken for now, and stored: it would never pass.",
			before: -time.Hour, pending: -time.Hour,
			want: "waiting until 2026-01-02T12:02:00Z",
			left: left{State: ledger.StatePending}, at: noon,
		},
		"SkewedClock": {
			reason: "Clocks may differ a little.",
			before: -maxSkew, pending: -maxSkew,
			want: "waiting until 2026-01-02T12:10:05Z for attempt " + ownMark.String() + ", which another process has begun",
			left: left{State: ledger.StatePending}, at: noon.Add(maxSkew),
		},
		"PublishedAndDoubleNotRevoked": {
			reason: "What nobody has the value of is not left because another is published.",
			minted: true, published: true,
			prepare: func(b *bench) {
				b.Mint(ownMark.Append("token"))
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "an interrupted attempt has left an object whose secret is lost",
			left: left{State: ledger.StatePending, Doubles: 1},
		},
		"RenewalPending": {
			reason:  "A renewal is no creation to the reconciler.",
			pending: time.Hour, renewal: true,
			ended:  endedRevoked,
			minted: true,
			left:   left{State: ledger.StateFailed, Revoked: true},
		},
		"Deleted": {
			reason: "A token that is being deleted may be left behind by name.",
			change: deleted,
			want:   release.Annotation + "=" + ownAttempt,
			left:   left{State: ledger.StatePending},
		},
		"Released": {
			reason: "The user has given it up.",
			minted: true,
			ended:  endedReleased,
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				meta.AddAnnotations(tk, map[string]string{release.Annotation: ownAttempt})
			},
			left: left{State: ledger.StateFailed},
		},
		"ReleasedWhileAlive": {
			reason: "Only what is being deleted is let go of.",
			minted: true,
			ended:  endedRevoked,
			change: func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{release.Annotation: ownAttempt}) },
			left:   left{State: ledger.StateFailed, Revoked: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)

			// Others that look like it.
			others := make([]string, 3)
			others[0], _ = b.Mint("token")
			others[1], _ = b.Mint(ledger.Mark{UID: ownUID, Attempt: "00000000"}.Append("token"))
			others[2], _ = b.Mint(ledger.Mark{UID: "00000000-0000-4000-8000-000000000000", Attempt: ownAttempt}.Append("token"))

			name, value := "", ""
			if tc.minted {
				name, value = b.Mint(ownMark.Append("token"))
			}

			if tc.status != "" {
				if err := b.Scaleway.SetStatus(fakescaleway.KindToken, "fr-par", uuidOf(name), tc.status, ""); err != nil {
					t.Fatal(err)
				}
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				r := b.Pending(tc.before)
				r.Target = published
				if tc.renewal {
					r.Previous = others[0]
				}

				r.Write(tk)
				meta.SetExternalCreatePending(tk, noon.Add(-tc.pending))

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.published {
				owner := tk.DeepCopy()
				if tc.foreign {
					owner.SetUID("another")
				}

				b.Secret(owner, published, value)
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			counted := NewMetrics()
			b.guard.Metrics = counted.Of("Token")

			err := b.guard.Initialize(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			if err != nil && tk.DeletionTimestamp == nil && strings.Contains(err.Error(), release.Annotation) {
				t.Errorf("\n%s\nthe user is told how to release what is not being deleted: %v", tc.reason, err)
			}

			for _, end := range ends {
				want := 0
				if end == tc.ended {
					want = 1
				}

				if diff := cmp.Diff(want, count(t, counted, end)); diff != "" {
					t.Errorf("\n%s\ncreations that ended as %s: -want, +got:\n%s", tc.reason, end, diff)
				}
			}

			for _, q := range b.Scaleway.Requests() {
				if q.Method == http.MethodGet && q.Route == fakescaleway.RouteTokens && !strings.Contains(q.Query, "namespace_id="+b.Parent) {
					t.Errorf("\n%s\nthe tokens of other parents are listed, with query %s", tc.reason, q.Query)
				}

				if strings.Contains(q.Query, "forged") {
					t.Errorf("\n%s\nScaleway is asked with query %s", tc.reason, q.Query)
				}
			}

			stored := b.Stored()
			r := b.Record(stored)
			alive := b.Alive()

			got := left{
				State: r.State, Named: meta.GetExternalName(stored) != "" && meta.GetExternalName(stored) == name,
				Revoked: tc.minted && !slices.Contains(alive, name), Abandoned: len(r.Abandoned),
			}
			for _, a := range alive {
				if a != name && !slices.Contains(others, a) {
					got.Doubles++
				}
			}

			if diff := cmp.Diff(tc.left, got); diff != "" {
				t.Errorf("\n%s\nwhat is left: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.ended == endedReleased, slices.Contains(b.Events.Reasons, reasonLeft)); diff != "" {
				t.Errorf("\n%s\nan event says what may be left: -want, +got:\n%s", tc.reason, diff)
			}

			if !tc.at.IsZero() && !r.At.Equal(tc.at) {
				t.Errorf("\n%s\nthe attempt was recorded at %s: want %s", tc.reason, r.At, tc.at)
			}

			for _, o := range others {
				if !slices.Contains(alive, o) {
					t.Errorf("\n%s\nsomebody else's token was revoked", tc.reason)
				}
			}

			if tc.want == "" && r.State != ledger.StatePending && meta.ExternalCreateIncomplete(stored) {
				t.Errorf("\n%s\nthe reconciler would take the creation for interrupted: %v", tc.reason, stored.GetAnnotations())
			}

			if diff := cmp.Diff(tc.left.Named, !meta.GetExternalCreateSucceeded(stored).IsZero()); diff != "" {
				t.Errorf("\n%s\nthe creation has succeeded: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// limited has the record say that a request took that long at most.
func limited(tk *v1beta1.Token, limit time.Duration) {
	r, err := ledger.ReadRecord(tk)
	if err != nil {
		panic(err) // It was written a moment ago.
	}

	r.Limit.Duration = limit
	r.Write(tk)
}

// An external name is that of the token that the managed resource is.
func TestRestoreName(t *testing.T) {
	cases := map[string]struct {
		reason           string
		name, id, object string
		want             string
		named            string
	}{
		"None":                 {reason: "There is no token yet."},
		"Same":                 {reason: "Nothing is wrong.", name: paris, id: paris, named: paris},
		"Imported":             {reason: "It has not been seen yet.", name: paris, named: paris},
		"TakenAway":            {reason: "Without it the token would be minted again.", id: paris, named: paris},
		"TakenAwayUnobserved":  {reason: "It was minted, and has not been seen yet.", object: paris, named: paris},
		"TakenAwayMintedAgain": {reason: "It is the new one, which has not been seen yet.", id: paris, object: warsaw, named: warsaw},
		"ChangedUnobserved":    {reason: "What is written to is not what this is.", name: warsaw, object: paris, want: "set it back to that", named: warsaw},
		"ChangedBack":          {reason: "The old one is gone, or about to be.", name: paris, id: paris, object: warsaw, want: "set it back to that", named: paris},
		"Changed":              {reason: "What is written to is not what the user means, or not what this is.", name: warsaw, id: paris, want: "set it back to that", named: warsaw},
		"MintedAgain":          {reason: "The token has been minted again, and not yet been seen.", name: warsaw, id: paris, object: warsaw, named: warsaw},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				if tc.name != "" {
					meta.SetExternalName(tk, tc.name)
				}

				if tc.id != "" {
					tk.Status.AtProvider.ID = &tc.id
				}

				ledger.Record{UID: ownUID, State: ledger.StateDone, Object: tc.object}.Write(tk)
			})

			wantErr(t, tc.reason, tc.want, b.guard.Initialize(t.Context(), tk))

			if diff := cmp.Diff(tc.named, meta.GetExternalName(b.Stored())); diff != "" {
				t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is revoked after all, and when it is no longer looked for.
func TestSweep(t *testing.T) {
	cases := map[string]struct {
		reason string
		// abandoned is how long ago that was.
		abandoned time.Duration
		// arrived tells whether the request was applied, and published whether the
		// Secret holds its value.
		arrived, published bool
		// previous is set if a renewal has left an old token.
		previous, previousPublished bool
		prepare                     func(*bench)
		want                        string
		kept, alive                 int
		// stored tells whether the object is written, named whether what has arrived is
		// named, and at when the attempt is said to have been abandoned. Optional.
		stored, named bool
		at            time.Time
		// deleted tells whether the managed resource is being deleted, and wildcard
		// whether the record does not know which attempt it was. Many attempts are in
		// the record, each elsewhere unless they are together, and limit is how long a request took at most.
		deleted, wildcard bool
		many              int
		together          bool
		limit             time.Duration
		// lists is how many lists Scaleway is asked for. Optional.
		lists int
	}{
		"Nothing":   {reason: "It may still arrive.", abandoned: time.Minute, kept: 1},
		"Late":      {reason: "It is revoked, and looked for as long as before.", abandoned: time.Minute, arrived: true, kept: 1},
		"Published": {reason: "A secret that can be read is never revoked: it is what the resource is.", abandoned: time.Minute, arrived: true, published: true, want: errFoundAgain.Error(), kept: 2, alive: 1, named: true},
		"DeletedPublished": {
			reason: "What is being deleted leaves nothing that it has minted, and its Secret goes with it.", abandoned: time.Minute, arrived: true, published: true, deleted: true,
			kept: 1,
		},
		"DeletedLate": {reason: "What arrives while it is being deleted is revoked too.", abandoned: time.Minute, arrived: true, deleted: true, kept: 1},
		"Wildcard":    {reason: "A record was lost: nobody knows whether what arrives is in use.", abandoned: time.Minute, wildcard: true, arrived: true, want: "annotations were replaced since", kept: 1, alive: 1},
		"WildcardDeleted": {
			reason: "Whatever it is, it is to go.", abandoned: time.Minute, wildcard: true, arrived: true, deleted: true, kept: 1,
		},
		"WildcardForgotten": {reason: "It cannot arrive any more.", abandoned: 20 * time.Minute, wildcard: true, stored: true},
		"Slower":            {reason: "The process that made the attempt allowed a request more time.", abandoned: time.Hour, limit: 5 * time.Minute, kept: 1},
		"SlowerThanAnything": {
			reason: "No request takes so long, whoever has written that down.", abandoned: lateTimes * maxSkew, limit: 24 * 365 * time.Hour, stored: true,
		},
		"InTheFuture": {reason: "A time that cannot be is taken for now: it would never pass.", abandoned: -24 * 365 * time.Hour, kept: 1, stored: true, at: noon},
		"Many": {
			reason: "A record that somebody has written has the provider make no more requests than any.", abandoned: time.Minute, many: 2500, kept: 16, lists: maxPlaces,
		},
		"ManyInOnePlace": {
			reason: "One list shows what any of them has created.", abandoned: time.Minute, many: 9, together: true, kept: 10, lists: 1,
		},
		"OtherCredentials": {
			reason: "Another organization's key sees nothing of it.", abandoned: time.Hour, arrived: true,
			prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) },
			want:    "its parent is not shown to this one either", kept: 1, alive: 1,
		},
		"NotRevoked": {
			reason: "A single answer is not believed.", abandoned: time.Hour, arrived: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusNotFound, Body: `{"message":"no"}`})
			},
			want: "but lists it", kept: 1, alive: 1,
		},
		"Still":     {reason: "It may still arrive.", abandoned: 20*time.Minute - time.Second, kept: 1},
		"Forgotten": {reason: "It cannot arrive any more.", abandoned: 20 * time.Minute, stored: true},
		"TooLate":   {reason: "It is looked up once more before it is forgotten.", abandoned: time.Hour, arrived: true, stored: true},
		"NoCredentials": {
			reason: "Nobody knows whether it has arrived.", abandoned: time.Hour, arrived: true,
			prepare: func(b *bench) { b.guard.Remote = onetimetest.NoRemote },
			want:    "no credentials", kept: 1, alive: 1,
		},
		"NotLookedUp": {
			reason: "Without the list nobody knows.", abandoned: time.Hour, arrived: true,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot look up what the abandoned attempt " + ownAttempt, kept: 1, alive: 1,
		},
		"NotStored": {
			reason: "It is looked up again.", abandoned: time.Hour,
			prepare: func(b *bench) { b.Refuse = func(client.Object) error { return errors.New("no answer") } },
			want:    "cannot store the record of attempts", kept: 1,
		},
		"Previous": {
			reason: "What a renewal has left is revoked too, and once.", abandoned: time.Hour, previous: true, alive: 1, stored: true,
		},
		"PreviousPublished": {
			reason: "What a renewal has left comes first.", abandoned: time.Hour, previous: true, previousPublished: true,
			want: "refusing to revoke", kept: 1, alive: 2,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				r := b.Pending(0)
				if tc.wildcard {
					r.Attempt = ""
				}

				r = r.Abandon(noon.Add(-tc.abandoned))
				r.Attempt, r.Limit.Duration = "00000000", tc.limit

				for range tc.many {
					a := r.Abandoned[0]
					if !tc.together {
						a.Parents = map[string]string{"namespace_id": uuid.NewString()}
					}

					r.Abandoned = append(r.Abandoned, a)
				}

				if tc.deleted {
					deleted(tk)
				}

				if tc.previous {
					fresh, _ := b.Mint("new")
					old, value := b.Mint("old")

					meta.SetExternalName(tk, fresh)
					r.State, r.Object, r.Previous = ledger.StateDone, fresh, old

					if tc.previousPublished {
						b.Secret(tk, published, value)
					}
				}

				r.Write(tk)
			})
			version := tk.GetResourceVersion()

			if tc.prepare != nil {
				tc.prepare(b)
			}

			if tc.arrived {
				_, value := b.Mint(ownMark.Append("late"))
				if tc.published {
					b.Secret(tk, published, value)
				}
			}

			wantErr(t, tc.reason, tc.want, b.guard.Sweep(t.Context(), tk))

			if diff := cmp.Diff([]int{tc.kept, tc.alive}, []int{len(b.Record(b.Stored()).Abandoned), len(b.Alive())}); diff != "" {
				t.Errorf("\n%s\nabandoned attempts, tokens: -want, +got:\n%s", tc.reason, diff)
			}

			stored := b.Stored()
			if diff := cmp.Diff([]any{tc.stored, ""}, []any{stored.GetResourceVersion() != version, b.Record(stored).Previous}); diff != "" && tc.want == "" {
				t.Errorf("\n%s\nthe object is written, what a renewal has left: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.named, len(b.Alive()) == 1 && meta.GetExternalName(stored) == b.Alive()[0] && !tc.previous); diff != "" {
				t.Errorf("\n%s\nit is named: -want, +got:\n%s", tc.reason, diff)
			}

			if a := b.Record(stored).Abandoned; !tc.at.IsZero() && (len(a) != 1 || !a[0].At.Equal(tc.at)) {
				t.Errorf("\n%s\nabandoned attempts: want one of %s, got %v", tc.reason, tc.at, a)
			}

			if lists := b.Scaleway.Count(http.MethodGet, fakescaleway.RouteTokens); tc.lists > 0 && lists != tc.lists {
				t.Errorf("\n%s\nlists: want %d, got %d", tc.reason, tc.lists, lists)
			}

			if diff := cmp.Diff(stored.GetResourceVersion(), tk.GetResourceVersion()); diff != "" {
				t.Errorf("\n%s\nthe next write would be a conflict: -stored, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is to be revoked is, unless it has come to be used again.
func TestSweepRevoking(t *testing.T) {
	cases := map[string]struct {
		reason string
		// names returns what is to be revoked, given a token.
		names            func(name string) []string
		named, published bool
		shared           bool
		prepare          func(*bench)
		want             string
		revoked, noted   bool
	}{
		"Revoked":   {reason: "Nobody uses it.", revoked: true, noted: true},
		"Named":     {reason: "It is what the resource is.", named: true, noted: true},
		"Published": {reason: "It can be read.", published: true, noted: true},
		"Shared":    {reason: "Another has it too.", shared: true, noted: true},
		"Malformed": {reason: "Users can write records: it is the name of nothing.", names: func(name string) []string { return []string{"shop", name} }, revoked: true, noted: true},
		"Forbidden": {reason: "It is tried again.", prepare: refused(http.MethodDelete), want: "an object that is not used any more is still there"},
		"NotDeleted": {
			reason: "A deletion that deletes nothing is not believed.",
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusNotFound, Body: `{"message":"no"}`})
			},
			want: "but lists it",
		},
		"SecretNotRead": {reason: "It may be in use.", prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) }, want: "cannot check Secret"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			own, _ := b.Mint("own")
			other, value := b.Mint("other")

			names := []string{other}
			if tc.names != nil {
				names = tc.names(other)
			}

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, own)
				if tc.named {
					meta.SetExternalName(tk, other)
				}

				r := b.Pending(0).Done(own, "")
				r.Revoking = names
				r.Write(tk)
			})

			if tc.published {
				b.Secret(tk, published, value)
			}

			if tc.shared {
				b.Token(func(tk *v1beta1.Token) {
					tk.SetName("other")
					tk.SetUID("00000000-0000-4000-8000-000000000000")
					meta.SetExternalName(tk, other)
					tk.Status.AtProvider.ID = &other
				})
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			wantErr(t, tc.reason, tc.want, b.guard.Sweep(t.Context(), tk))

			got := []bool{!slices.Contains(b.Alive(), other), len(b.Record(b.Stored()).Revoking) == 0, slices.Contains(b.Events.Reasons, reasonLeft)}
			if diff := cmp.Diff([]bool{tc.revoked, tc.noted, tc.shared}, got); diff != "" {
				t.Errorf("\n%s\nrevoked, noted, an event says that it is left: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLateInitialize(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		want   *string
	}{
		"LeftOut": {
			reason: "It is stored with what is stored anyway.",
			change: func(*v1beta1.Token) {},
			want:   ptr.To("nl-ams"),
		},
		"Given": {
			reason: "What the user has given stays.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("fr-par") },
			want:   ptr.To("fr-par"),
		},
		"NotAllowed": {
			reason: "The management policies say that the arguments stay as they are.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionCreate}
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := token(tc.change)
			lateInitialize(tk, map[string]any{keyRegion: "nl-ams"})

			if diff := cmp.Diff(tc.want, tk.Spec.ForProvider.Region); diff != "" {
				t.Errorf("\n%s\nlateInitialize(...): -want, +got region:\n%s", tc.reason, diff)
			}
		})
	}
}

// A refusal to mint names the way out: where it says that it is for good, and where
// an end that has been announced may be the reason.
func TestExplainRefusal(t *testing.T) {
	const (
		ended  = "Scaleway has ended the creation of any "
		maybe  = "If Scaleway refuses to create any Token"
		wayOut = "From tokens to API keys"
	)

	cases := map[string]struct {
		reason   string
		resource string
		err      string
		want     []string
		not      []string
	}{
		"Gone":           {reason: "It is for good.", resource: "scaleway_container_token", err: "http error 410 Gone", want: []string{ended + "Token", wayOut}, not: []string{maybe}},
		"Forbidden":      {reason: "It may be for good.", resource: "scaleway_container_token", err: "scaleway-sdk-go: insufficient permissions: create token", want: []string{"create token", maybe, wayOut}},
		"ForbiddenPlain": {reason: "It may be for good.", resource: "scaleway_container_token", err: "scaleway-sdk-go: http error 403 Forbidden: no", want: []string{maybe, wayOut}},
		"BadRequest":     {reason: "It may be for good.", resource: "scaleway_container_token", err: "scaleway-sdk-go: http error 400 Bad Request: deprecated", want: []string{maybe, wayOut}},
		"NotFound":       {reason: "The parent is gone.", resource: "scaleway_container_token", err: "scaleway-sdk-go: resource container with ID 1 is not found", not: []string{maybe, wayOut}},
		"Conflict":       {reason: "It passes.", resource: "scaleway_container_token", err: "scaleway-sdk-go: http error 409 Conflict", not: []string{maybe, wayOut}},
		"SlowDown":       {reason: "It passes.", resource: "scaleway_container_token", err: "Scaleway answered POST /x with 429 Too Many Requests", not: []string{maybe, wayOut}},
		"KeyForbidden":   {reason: "API keys are here to stay.", resource: "scaleway_iam_api_key", err: "scaleway-sdk-go: insufficient permissions: create api_key", not: []string{"If Scaleway", "announce"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m := &Guard{Kind: resource.OneTime{Resource: declaration(t, tc.resource)}}
			got := m.explainRefusal(errors.New(tc.err)).Error()

			for _, text := range append(tc.want, tc.err) {
				if !strings.Contains(got, text) {
					t.Errorf("\n%s\nexplainRefusal(...): want %q in: %s", tc.reason, text, got)
				}
			}

			for _, text := range tc.not {
				if strings.Contains(got, text) {
					t.Errorf("\n%s\nexplainRefusal(...): %q should not be in: %s", tc.reason, text, got)
				}
			}
		})
	}
}
