// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"net/http"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
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
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// inTurn returns the context of a turn.
func inTurn(ctx context.Context, of *turn) context.Context {
	return context.WithValue(ctx, turnKey{}, of)
}

// TestTurnFinalizer observes a Token, and has its finalizer added.
func TestTurnFinalizer(t *testing.T) {
	boom := errors.New("boom")

	cases := map[string]struct {
		reason      string
		token       func(*v1beta1.Token)
		observation managed.ExternalObservation
		err         error
		// written tells whether the finalizer is stored at once.
		written bool
	}{
		"Created": {reason: "The write that precedes the creation stores it."},
		"Exists":  {reason: "Nothing else is written.", observation: managed.ExternalObservation{ResourceExists: true}, written: true},
		"Observed": {reason: "It may not be created.", token: func(tk *v1beta1.Token) {
			tk.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})
		}, written: true},
		"Deleted": {reason: "It is not created any more.", token: deleted, written: true},
		"Unknown": {reason: "What goes wrong is not followed by a creation.", err: boom, written: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := inTurn(t.Context(), &turn{})
			tk := token(func(tk *v1beta1.Token) {
				if tc.token != nil {
					tc.token(tk)
				}
			})

			connector := turnConnector{managed.NewNopDisconnector(managed.ExternalConnectorFn(func(context.Context, xpresource.Managed) (managed.ExternalClient, error) {
				return managed.ExternalClientFns{ObserveFn: func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
					return tc.observation, tc.err
				}}, nil
			}))}

			e, err := connector.Connect(ctx, tk)
			if err != nil {
				t.Fatal(err)
			}

			if _, err := e.Observe(ctx, tk); !errors.Is(err, tc.err) {
				t.Fatal(err)
			}

			written := false
			f := turnFinalizer{xpresource.FinalizerFns{AddFinalizerFn: func(_ context.Context, o xpresource.Object) error {
				written = true

				meta.AddFinalizer(o, managed.FinalizerName)

				return nil
			}}}

			if err := f.AddFinalizer(ctx, tk); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff([]bool{true, tc.written}, []bool{meta.FinalizerExists(tk, managed.FinalizerName), written}); diff != "" {
				t.Errorf("\n%s\nAddFinalizer(...): whether it is there, whether it was stored: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// writes counts the updates of a status.
type writes struct {
	client.SubResourceWriter

	n int
}

func (w *writes) Update(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
	w.n++
	return nil
}

func TestTurnStatus(t *testing.T) {
	failed := errors.New("the API server does not answer")

	cases := map[string]struct {
		reason     string
		err        error
		none       bool
		conditions []xpv1.Condition
		// answer of Scaleway to another request before.
		answer  int
		unknown bool
		want    int
	}{
		"Created":  {reason: "The next turn begins at once, and knows more.", conditions: []xpv1.Condition{xpv1.Creating(), xpv1.ReconcileSuccess()}},
		"Slowed":   {reason: "Nobody knows when the next turn begins.", conditions: []xpv1.Condition{xpv1.Creating(), xpv1.ReconcileSuccess()}, answer: http.StatusTooManyRequests, want: 1},
		"Unknown":  {reason: "It is not known whose it is.", conditions: []xpv1.Condition{xpv1.Creating(), xpv1.ReconcileSuccess()}, unknown: true, want: 1},
		"Failed":   {reason: "The user is told what went wrong.", err: failed, conditions: []xpv1.Condition{xpv1.Creating(), xpv1.ReconcileError(failed)}, want: 1},
		"NotKept":  {reason: "It was created, but not all could be stored.", conditions: []xpv1.Condition{xpv1.Creating(), xpv1.ReconcileError(failed)}, want: 1},
		"Observed": {reason: "In another turn it is what Scaleway says.", none: true, conditions: []xpv1.Condition{xpv1.Creating(), xpv1.ReconcileSuccess()}, want: 1},
		"Ready":    {reason: "It is no longer being created.", conditions: []xpv1.Condition{xpv1.Available(), xpv1.ReconcileSuccess()}, want: 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScaleway(t)
			s.know(t, "team-a", "1")

			if tc.answer != 0 {
				s.ask(t, "1", tc.answer, 1)
			}

			ctx := transport.WithUser(inTurn(t.Context(), &turn{}), "ProviderConfig team-a/default")

			if !tc.unknown {
				if err := s.Register(ctx, "1", s.server.URL); err != nil {
					t.Fatal(err)
				}
			}

			tk := token(func(tk *v1beta1.Token) { tk.SetConditions(tc.conditions...) })

			e := turnExternal{managed.ExternalClientFns{CreateFn: func(context.Context, xpresource.Managed) (managed.ExternalCreation, error) {
				return managed.ExternalCreation{}, tc.err
			}}}

			if !tc.none {
				if _, err := e.Create(ctx, tk); !errors.Is(err, tc.err) {
					t.Fatal(err)
				}
			}

			w := &writes{}
			if err := (turnStatus{w}).Update(ctx, tk); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, w.n); diff != "" {
				t.Errorf("\n%s\nupdates of the status: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

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
			meanwhile: func(b *bench, s *corev1.Secret) { b.secret(b.owner(s), "other", "") },
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
				b.secret(owner, published, "")
			},
			reads: 1, user: "added",
		},
		"Changed": {
			reason: "What somebody has added since is kept.",
			seen:   func(s *corev1.Secret) *corev1.Secret { return s },
			meanwhile: func(b *bench, s *corev1.Secret) {
				s.Data["user"] = []byte("changed")
				b.update(s)
			},
			refused: kerrors.NewConflict(schema.GroupResource{}, published, nil),
			reads:   1, user: "changed",
		},
		"Gone": {
			reason: "It is created again.",
			seen:   func(s *corev1.Secret) *corev1.Secret { return s },
			meanwhile: func(b *bench, s *corev1.Secret) {
				if err := b.kube.Delete(b.t.Context(), s); err != nil {
					b.t.Fatal(err)
				}
			},
			refused: kerrors.NewNotFound(schema.GroupResource{}, published),
			reads:   1,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.minter.metrics = NewMetrics().of("Token")
			tk := b.token(func(tk *v1beta1.Token) { b.pending(0).Write(tk) })
			b.secret(tk, published, "")

			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
			b.get(s)

			if tc.meanwhile != nil {
				tc.meanwhile(b, s.DeepCopy())
			}

			reads := 0
			kube, ok := b.minter.kube.(client.WithWatch)
			if !ok {
				t.Fatalf("%T cannot watch", b.minter.kube)
			}

			b.minter.kube = interceptor.NewClient(kube, interceptor.Funcs{
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

			if _, err := b.minter.create(inTurn(t.Context(), &turn{secret: tc.seen(s)}), tk, b.terraform(issue.Minted, nil, &sent)); err != nil {
				t.Fatal(err)
			}

			got := []any{b.record(tk).State, sent, reads, b.value(published) != "", b.key(published, "user")}
			if diff := cmp.Diff([]any{ledger.StateDone, 1, tc.reads, true, tc.user}, got); diff != "" {
				t.Errorf("\n%s\nstate, requests, reads of the Secret, published, what else it holds: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTargetChangedMeanwhile has somebody write to the Secret while the token is minted.
func TestTargetChangedMeanwhile(t *testing.T) {
	b := newBench(t)
	b.minter.metrics = NewMetrics().of("Token")
	tk := b.token(func(tk *v1beta1.Token) { b.pending(0).Write(tk) })
	b.secret(tk, published, "")

	during := func() {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
		b.get(s)

		s.Data["user"] = []byte("changed")
		b.update(s)
	}

	sent := 0

	if _, err := b.minter.create(t.Context(), tk, b.terraform(issue.Minted, during, &sent)); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]any{1, true, "changed"}, []any{sent, b.value(published) != "", b.key(published, "user")}); diff != "" {
		t.Errorf("requests, published, what else the Secret holds: -want, +got:\n%s", diff)
	}
}

// TestPublisherClientTurn has the reconciler's client see Secrets.
func TestPublisherClientTurn(t *testing.T) {
	b := newBench(t)
	of := &turn{}
	ctx := inTurn(t.Context(), of)
	c := &publisherClient{Client: b.kube, kind: "Token"}

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published}}
	if err := c.Create(ctx, s); err != nil {
		t.Fatal(err)
	}

	if of.secret == nil || of.secret.GetResourceVersion() != s.GetResourceVersion() {
		t.Errorf("Create(...): want the Secret as it was created, got %v", of.secret)
	}

	if err := c.Patch(ctx, s, client.RawPatch("application/merge-patch+json", []byte(`{"data":{"user":"YQ=="}}`))); err != nil || of.secret != nil {
		t.Errorf("Patch(...): want nothing that may be out of date, got %v, %v", of.secret, err)
	}

	if err := c.Get(ctx, client.ObjectKeyFromObject(s), s); err != nil || of.secret == nil || of.secret.GetResourceVersion() != s.GetResourceVersion() {
		t.Errorf("Get(...): want the Secret as it was read, got %v, %v", of.secret, err)
	}

	of.secret = nil
	notePublication(ctx, client.ObjectKeyFromObject(s))

	if err := c.Get(ctx, client.ObjectKeyFromObject(s), s); err != nil || of.secret != nil {
		t.Errorf("Get(...): want nothing of a Secret that was not read, got %v, %v", of.secret, err)
	}
}
