// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// recordSecret says in which Secret the secret was last seen.
func recordSecret(name string) func(*v1beta1.Token) {
	return func(tk *v1beta1.Token) {
		ledger.Record{UID: ownUID, Object: meta.GetExternalName(tk), State: ledger.StateDone, Secret: name}.Write(tk)
	}
}

// What the Secret is found to hold, and what is published because of it.
func TestInspect(t *testing.T) {
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
		// spoil changes the Secret. It is deleted if that returns false.
		spoil   func(*corev1.Secret) bool
		prepare func(*bench)
		err     string
		want    xpv1.ConditionReason
		// details are the keys that are published, and published the value of both.
		details   []string
		published string
		// noted tells whether the record has the Secret already.
		noted bool
		// found tells whether the later one is named instead.
		found bool
	}{
		"Published":  {reason: "Nothing is wrong, and nothing is to be written.", held: "own"},
		"Partial":    {reason: "It is completed, and nothing is taken away.", held: "own", partial: true, details: []string{valueKey, "token", "user"}, published: "own"},
		"Lost":       {reason: "What it holds stays.", held: "", want: ReasonSecretLost, details: []string{"user"}},
		"StillKnown": {reason: "This process has minted it.", known: "own", details: []string{valueKey, "token"}, published: "own"},
		"KnownOther": {reason: "What this process knows is another token's.", known: "another", want: ReasonSecretLost, details: []string{"user"}},
		"Moved":      {reason: "The value is taken along.", moved: "own", details: []string{valueKey, "token"}, published: "own"},
		"MovedOther": {reason: "What was published before is another token's.", moved: "another", want: ReasonSecretLost, details: []string{"user"}},
		"Another":    {reason: "It is neither replaced nor written back: somebody may be putting it right.", held: "another", want: ReasonSecretForeign},
		"AnotherOfItsOwn": {
			reason: "Annotations were restored: what is published is the later one.", held: "later", change: func(tk *v1beta1.Token) { tk.Status.AtProvider.ID = ptr.To(meta.GetExternalName(tk)) },
			err: errFoundAgain.Error(), found: true,
		},
		"AnotherOfItsOwnOnlyObserved": {
			reason: "What only observes has minted nothing.", held: "later",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
			},
			want: ReasonSecretForeign,
		},
		"AnotherNotLookedUp": {
			reason: "Nobody knows whose it is.", held: "another",
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			err: "whose secret is published, is of this resource",
		},
		"AnotherGone": {
			reason: "It is the secret of nothing any more.", held: "another",
			prepare: func(b *bench) {
				for _, tk := range b.Scaleway.Tokens("") {
					if tk.Description == "another" {
						if err := b.Scaleway.Delete(fakescaleway.KindToken, "fr-par", tk.ID); err != nil {
							b.T.Fatal(err)
						}
					}
				}
			},
			want: ReasonSecretForeign,
		},
		"Unreadable": {reason: "It is neither replaced nor written back: somebody may be putting it right.", held: "text", want: ReasonSecretUnreadable},
		"NotOurs":    {reason: "What another controls is not what was published.", held: "own", foreign: true, want: ReasonSecretLost},
		"Hollow": {
			reason: "A key that holds nothing is lost as well.",
			spoil:  func(s *corev1.Secret) bool { s.Data[valueKey] = nil; return true },
			want:   ReasonSecretLost, details: []string{valueKey, "user"},
		},
		"Damaged": {
			reason: "What is made of the secret is put right.", held: "own",
			spoil:   func(s *corev1.Secret) bool { s.Data["token"] = []byte("text"); return true },
			details: []string{valueKey, "token", "user"}, published: "own",
		},
		"Gone":      {reason: "It is written again, without the value.", spoil: func(*corev1.Secret) bool { return false }, want: ReasonSecretLost},
		"MovedGone": {reason: "Neither Secret is there.", change: recordSecret("before"), want: ReasonSecretLost, details: []string{"user"}},
		"NotRead":   {reason: "Nobody knows what it holds.", held: "own", prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) }, err: "cannot check Secret"},
		"MovedNotRead": {
			reason: "Nobody knows whether the value is still there.", moved: "own",
			prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead("before") },
			err:     "cannot check Secret",
		},
		"NotLabelled": {
			reason: "Its changes would go unnoticed.", held: "own",
			prepare: func(b *bench) { b.Refuse = func(client.Object) error { return errors.New("no answer") } },
			err:     "cannot label Secret",
		},
		"NotNoted": {
			reason: "A Secret that is renamed later would not take the value along.", held: "own",
			prepare: func(b *bench) {
				b.Refuse = func(o client.Object) error {
					if _, ok := o.(*v1beta1.Token); ok {
						return errors.New("no answer")
					}

					return nil
				}
			},
			err: "cannot store the record",
		},
		"StillPublished": {
			reason: "There is nothing to note.", held: "own", change: recordSecret(published), noted: true,
		},
		"NoSecret":    {reason: "Nobody has asked for one.", change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil }},
		"HiddenValue": {reason: "What Scaleway answers in place of a token is none.", known: hidden, want: ReasonSecretLost, details: []string{"user"}},
		"Imported": {
			reason: "Its value was shown to somebody else.",
			change: func(tk *v1beta1.Token) { ledger.Record{UID: ownUID}.Write(tk) },
			want:   ReasonSecretUnknown, details: []string{"user"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			own, value := b.Mint("own")
			_, another := b.Mint("another")
			later, laterValue := b.Mint(ownMark.Append("later"))
			values := map[string]string{"own": value, "another": another, "later": laterValue, "text": "text", hidden: hidden}

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, own)

				r := ledger.Record{UID: ownUID, Object: own, State: ledger.StateDone}
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

			b.Secret(owner, published, values[tc.held])

			if tc.partial {
				s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
				b.Get(s)
				delete(s.Data, "token")
				b.Update(s)
			}

			if tc.moved != "" {
				b.Secret(owner, "before", values[tc.moved])
			}

			if tc.spoil != nil {
				s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
				b.Get(s)

				if tc.spoil(s) {
					b.Update(s)
				} else if err := b.Kube.Delete(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			version := tk.GetResourceVersion()

			details := managed.ConnectionDetails{}
			if tc.known != "" {
				details[valueKey], details["token"] = []byte(values[tc.known]), []byte(values[tc.known])
				// None of them is a secret.
				details["attribute.empty"], details["attribute.hidden"] = nil, []byte(hidden)
			}

			got, c, err := b.guard.Inspect(t.Context(), tk, details)
			wantErr(t, tc.reason, tc.err, err)

			named := own
			if tc.found {
				named = later
			}

			if diff := cmp.Diff(named, meta.GetExternalName(b.Stored())); diff != "" {
				t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
			}

			if err != nil {
				return
			}

			if stored := b.Stored(); tc.noted && stored.GetResourceVersion() != version {
				t.Errorf("\n%s\nthe object is written again", tc.reason)
			}

			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
			if err := b.Kube.Get(t.Context(), client.ObjectKeyFromObject(s), s); client.IgnoreNotFound(err) != nil {
				t.Fatal(err)
			}

			if _, labelled := s.GetLabels()[publish.Label]; labelled != (metav1.IsControlledBy(s, tk) && tk.Spec.WriteConnectionSecretToReference != nil) {
				t.Errorf("\n%s\nthe Secret is watched from now on: %t", tc.reason, labelled)
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
				if diff := cmp.Diff(published, b.Record(b.Stored()).Secret); diff != "" {
					t.Errorf("\n%s\nrecorded Secret: -want, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}

// What the cache says of a Secret is believed if it says that all is well. Anything
// else is read from the API server.
func TestInspectCached(t *testing.T) {
	cases := map[string]struct {
		reason string
		held   string
		spoil  func(*corev1.Secret)
		// read tells whether the API server is asked.
		read bool
	}{
		"Published":  {reason: "Nothing is wrong.", held: "own"},
		"Another":    {reason: "It is the secret of another token.", held: "another", read: true},
		"Unreadable": {reason: "It is the secret of none.", held: "text", read: true},
		"Incomplete": {reason: "A key is missing.", held: "own", spoil: func(s *corev1.Secret) { delete(s.Data, "token") }, read: true},
		"NotOurs":    {reason: "Another controls it.", held: "own", spoil: func(s *corev1.Secret) { s.OwnerReferences[0].UID = "another" }, read: true},
		"Unlabelled": {reason: "It is not in the cache.", held: "own", spoil: func(s *corev1.Secret) { s.Labels = nil }, read: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			own, value := b.Mint("own")
			_, another := b.Mint("another")

			tk := b.Token(func(tk *v1beta1.Token) { meta.SetExternalName(tk, own) })
			b.Secret(tk, published, map[string]string{"own": value, "another": another, "text": "text"}[tc.held])

			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
			b.Get(s)
			s.SetLabels(map[string]string{publish.Label: "Token"})

			if tc.spoil != nil {
				tc.spoil(s)
			}

			b.Update(s)

			b.guard.Cached = &reducedCache{Client: b.Kube, reduce: publish.Reduce(map[string]publish.Kind{"Token": b.guard.Kind})}
			b.Unreadable = onetimetest.CannotRead(published)

			ctx := publish.WithScope(t.Context())

			details, c, err := b.guard.Inspect(ctx, tk, nil)

			if diff := cmp.Diff(tc.read, err != nil); diff != "" {
				t.Errorf("\n%s\nthe API server is asked: -want, +got:\n%s", tc.reason, diff)
			}

			if len(details) > 0 || c != nil {
				t.Errorf("\n%s\nwhat the cache denies is believed: %v", tc.reason, c)
			}

			if diff := cmp.Diff(!tc.read, publish.ScopeOf(ctx).Complete.Name == published); diff != "" {
				t.Errorf("\n%s\nthe reconciler is told that all is well: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(!tc.read, b.Record(b.Stored()).Secret == published); diff != "" {
				t.Errorf("\n%s\nthe record has the Secret: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A reducedCache holds Secrets as the provider's cache does.
type reducedCache struct {
	client.Client

	reduce toolscache.TransformFunc
}

// Get returns what the cache has kept of a Secret that has the label.
func (c *reducedCache) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if err := c.Client.Get(ctx, key, o, opts...); err != nil {
		return err
	}

	kept, err := c.reduce(o.DeepCopyObject())
	if err != nil {
		return err
	}

	s, ok := o.(*corev1.Secret)
	if reduced, also := kept.(*corev1.Secret); ok && also {
		reduced.DeepCopyInto(s)
	}

	if s.GetLabels()[publish.Label] == "" {
		return kerrors.NewNotFound(corev1.Resource("secrets"), key.Name)
	}

	return nil
}
