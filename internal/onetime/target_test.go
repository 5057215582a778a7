// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// owner returns the Token that controls a Secret.
func (b *bench) owner(s *corev1.Secret) *v1beta1.Token {
	return token(func(tk *v1beta1.Token) {
		tk.SetName(s.GetOwnerReferences()[0].Name)
		tk.SetUID(s.GetOwnerReferences()[0].UID)
	})
}

// TestKnownTarget creates a Token in a turn in which the reconciler has seen a Secret.
func TestKnownTarget(t *testing.T) {
	cases := map[string]struct {
		reason string
		// seen is what the reconciler has seen, of the Secret as it is.
		seen func(*corev1.Secret) *corev1.Secret
		// meanwhile changes what the API server has.
		meanwhile func(*bench, *corev1.Secret)
		// refused is what the API server says to the first rehearsal. Optional.
		refused error
		reads   int
		// user is what the Secret holds besides in the end.
		user string
	}{
		"Known": {
			reason: "It is not read again.",
			seen:   func(s *corev1.Secret) *corev1.Secret { return s },
			user:   "added",
		},
		"Unknown": {
			reason: "It is read.",
			seen:   func(*corev1.Secret) *corev1.Secret { return nil },
			reads:  1, user: "added",
		},
		"OtherName": {
			reason: "It is another one.",
			seen: func(s *corev1.Secret) *corev1.Secret {
				s.SetName("other")
				return s
			},
			meanwhile: func(b *bench, s *corev1.Secret) { b.Secret(b.owner(s), "other", "") },
			reads:     1, user: "added",
		},
		"OtherNamespace": {
			reason: "It is another one.",
			seen: func(s *corev1.Secret) *corev1.Secret {
				s.SetNamespace("team-b")
				return s
			},
			meanwhile: func(b *bench, s *corev1.Secret) {
				owner := b.owner(s)
				owner.SetNamespace("team-b")
				b.Secret(owner, published, "")
			},
			reads: 1, user: "added",
		},
		"Changed": {
			reason: "What somebody has added since is kept.",
			seen:   func(s *corev1.Secret) *corev1.Secret { return s },
			meanwhile: func(b *bench, s *corev1.Secret) {
				s.Data["user"] = []byte("changed")
				b.Update(s)
			},
			refused: kerrors.NewConflict(schema.GroupResource{}, published, nil),
			reads:   1, user: "changed",
		},
		"Gone": {
			reason: "It is created again.",
			seen:   func(s *corev1.Secret) *corev1.Secret { return s },
			meanwhile: func(b *bench, s *corev1.Secret) {
				if err := b.Kube.Delete(b.T.Context(), s); err != nil {
					b.T.Fatal(err)
				}
			},
			refused: kerrors.NewNotFound(schema.GroupResource{}, published),
			reads:   1,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.guard.Metrics = NewMetrics().Of("Token")
			tk := b.Token(func(tk *v1beta1.Token) { b.Pending(0).Write(tk) })
			b.Secret(tk, published, "")

			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
			b.Get(s)

			if tc.meanwhile != nil {
				tc.meanwhile(b, s.DeepCopy())
			}

			reads := 0
			kube, ok := b.guard.Kube.(client.WithWatch)
			if !ok {
				t.Fatalf("%T cannot watch", b.guard.Kube)
			}

			b.guard.Kube = interceptor.NewClient(kube, interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if _, ok := o.(*corev1.Secret); ok {
						reads++
					}

					return c.Get(ctx, key, o, opts...)
				},
				Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
					// The client that stands for the API server rehearses without comparing.
					if refused := tc.refused; refused != nil && len((&client.UpdateOptions{}).ApplyOptions(opts).DryRun) > 0 {
						tc.refused = nil
						return refused
					}

					return c.Update(ctx, o, opts...)
				},
			})

			sent := 0

			ctx := publish.WithScope(t.Context())
			publish.ScopeOf(ctx).Secret = tc.seen(s)

			if _, err := b.guard.Create(ctx, tk, b.terraform(issue.Minted, nil, &sent)); err != nil {
				t.Fatal(err)
			}

			got := []any{b.Record(tk).State, sent, reads, b.Value(published) != "", b.Key(published, "user")}
			if diff := cmp.Diff([]any{ledger.StateDone, 1, tc.reads, true, tc.user}, got); diff != "" {
				t.Errorf("\n%s\nstate, requests, reads of the Secret, published, what else it holds: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTargetChangedMeanwhile has somebody write to the Secret while the token is minted.
func TestTargetChangedMeanwhile(t *testing.T) {
	b := newBench(t)
	b.guard.Metrics = NewMetrics().Of("Token")
	tk := b.Token(func(tk *v1beta1.Token) { b.Pending(0).Write(tk) })
	b.Secret(tk, published, "")

	during := func() {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
		b.Get(s)

		s.Data["user"] = []byte("changed")
		b.Update(s)
	}

	sent := 0

	if _, err := b.guard.Create(t.Context(), tk, b.terraform(issue.Minted, during, &sent)); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]any{1, true, "changed"}, []any{sent, b.Value(published) != "", b.Key(published, "user")}); diff != "" {
		t.Errorf("requests, published, what else the Secret holds: -want, +got:\n%s", diff)
	}
}
