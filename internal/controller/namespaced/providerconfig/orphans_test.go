// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// An ownUsages is a cache that hands out its own usages, and knows no user.
type ownUsages struct {
	client.Client

	items   []v1beta1.ProviderConfigUsage
	updated []client.Object
}

func (o *ownUsages) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1beta1.ProviderConfigUsageList).Items = o.items
	return nil
}

func (o *ownUsages) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	return kerrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (o *ownUsages) Update(_ context.Context, u client.Object, _ ...client.UpdateOption) error {
	o.updated = append(o.updated, u)
	return nil
}

// TestReleaseOrphansLeavesCache checks that an orphan is released in a copy: what is
// listed is the cache's own.
func TestReleaseOrphansLeavesCache(t *testing.T) {
	orphan := v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{
		Namespace: "team-a", Name: "uid", Finalizers: []string{clients.FinalizerUsage, "example.org/other"},
	}}
	now := metav1.Now()
	orphan.DeletionTimestamp = &now

	kube := &ownUsages{items: []v1beta1.ProviderConfigUsage{*orphan.DeepCopy()}}
	a := &accountant{kube: kube, live: kube, kind: v1beta1.ProviderConfigKind}

	if err := a.releaseOrphans(t.Context(), types.NamespacedName{Namespace: "team-a", Name: "default"}); err != nil {
		t.Fatal(err)
	}

	if len(kube.updated) != 1 {
		t.Fatalf("releaseOrphans(...): want one usage released, got %d", len(kube.updated))
	}

	if diff := cmp.Diff([]string{"example.org/other"}, kube.updated[0].GetFinalizers()); diff != "" {
		t.Errorf("releaseOrphans(...): -want, +got finalizers:\n%s", diff)
	}

	if diff := cmp.Diff([]v1beta1.ProviderConfigUsage{orphan}, kube.items); diff != "" {
		t.Errorf("releaseOrphans(...): the cache must stay as it is: -want, +got:\n%s", diff)
	}
}

// TestAccountantMeetsAnother has the status of a ProviderConfig written by somebody else
// meanwhile. It is accounted for again, without a word; other errors are told.
func TestAccountantMeetsAnother(t *testing.T) {
	conflict := kerrors.NewConflict(schema.GroupResource{Resource: "providerconfigs"}, "default", errors.New("it was modified"))

	cases := map[string]struct {
		reason string
		result reconcile.Result
		err    error
		want   reconcile.Result
		told   bool
	}{
		"Refused":  {reason: "The finalizer was not added: it must not take half a minute until it is.", result: reconcile.Result{RequeueAfter: 30 * time.Second}, want: reconcile.Result{RequeueAfter: refusedWait}},
		"Done":     {reason: "There is nothing to do again."},
		"Conflict": {reason: "Two reconcilers write one status.", err: errors.Wrap(conflict, "cannot update"), want: reconcile.Result{RequeueAfter: conflictWait}},
		"Other":    {reason: "An error is the operator's to know.", err: errors.New("no answer"), told: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := &ownUsages{}
			a := &accountant{kube: kube, live: kube, kind: v1beta1.ProviderConfigKind, Reconciler: reconcile.Func(
				func(context.Context, reconcile.Request) (reconcile.Result, error) { return tc.result, tc.err },
			)}

			got, err := a.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "team-a", Name: "default"}})
			if (err != nil) != tc.told || got != tc.want {
				t.Errorf("\n%s\nReconcile(...): %v, %v", tc.reason, got, err)
			}
		})
	}
}
