// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

func TestHealth(t *testing.T) {
	kind := schema.GroupVersionKind{Group: "container.scaleway.m.crossplane.io", Version: "v1beta1", Kind: "Token"}
	req := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "team-a", Name: "one"}}

	cases := map[string]struct {
		reason  string
		do      func(t *testing.T, h *Health)
		after   time.Duration
		want    []string
		started bool
	}{
		"Nothing": {
			reason: "A process without controllers is well.",
			do:     func(*testing.T, *Health) {},
		},
		"Started": {
			reason: "A controller that was set up works.",
			do: func(t *testing.T, h *Health) {
				if err := h.Set(kind, func() error { return nil }); err != nil {
					t.Error(err)
				}
			},
			started: true,
		},
		"Failed": {
			reason: "A kind that could not be set up never is, in this process.",
			do: func(t *testing.T, h *Health) {
				if err := h.Set(kind, func() error { return errors.New("boom") }); err == nil {
					t.Error("the error is lost")
				}
			},
			want: []string{"Token", "boom"},
		},
		"Long": {
			reason: "A reconcile may take as long as what bounds it.",
			do:     func(t *testing.T, h *Health) { begin(t, h, req) },
			after:  timeout + onetime.DeliveryTimeout,
		},
		"Stuck": {
			reason: "One that takes longer does not end.",
			do:     func(t *testing.T, h *Health) { begin(t, h, req) },
			after:  stuckAfter + time.Second,
			want:   []string{"tokens", "team-a/one"},
		},
		"Ended": {
			reason: "One that has ended is forgotten.",
			do: func(t *testing.T, h *Health) {
				_, err := h.Watch("tokens", reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
					return reconcile.Result{}, nil
				})).Reconcile(t.Context(), req)
				if err != nil {
					t.Error(err)
				}
			},
			after: stuckAfter + time.Second,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h, now := NewHealth(), noon
			h.now = func() time.Time { return now }

			tc.do(t, h)

			now = now.Add(tc.after)
			err := h.Check()

			if (err != nil) != (len(tc.want) > 0) {
				t.Errorf("\n%s\nCheck(): %v", tc.reason, err)
			}

			for _, want := range tc.want {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("\n%s\nCheck() does not say %q: %v", tc.reason, want, err)
				}
			}

			if h.Started(kind) != tc.started {
				t.Errorf("\n%s\nStarted(): %t, want %t", tc.reason, h.Started(kind), tc.started)
			}
		})
	}
}

// begin a reconcile that ends with the test.
func begin(t *testing.T, h *Health, req reconcile.Request) {
	t.Helper()

	begun, end := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })

	r := h.Watch("tokens", reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
		close(begun)
		<-end

		return reconcile.Result{}, nil
	}))

	go r.Reconcile(context.Background(), req)

	<-begun
}
