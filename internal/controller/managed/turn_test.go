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
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
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

// TestTurnScope has two steps of a turn share what is known of a Secret.
func TestTurnScope(t *testing.T) {
	secret := types.NamespacedName{Namespace: "team-a", Name: published}

	var got types.NamespacedName

	r := withTurns(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
		if earlier := publish.ScopeOf(ctx).Complete; earlier != (types.NamespacedName{}) {
			t.Errorf("withTurns(...): want a scope of the turn's own, got %v of an earlier one", earlier)
		}

		publish.NoteComplete(ctx, secret)
		got = publish.ScopeOf(ctx).Complete

		return reconcile.Result{}, nil
	}))

	for range 2 {
		if _, err := r.Reconcile(t.Context(), reconcile.Request{}); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff(secret, got); diff != "" {
		t.Errorf("withTurns(...): what is known of the Secret: -want, +got:\n%s", diff)
	}
}
