// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// A turn is one reconcile of a managed resource: what those of its steps that
// crossplane-runtime calls one by one tell those that come later, so that these need
// not ask or tell the API server what is known, or is about to be.
type turn struct {
	// setup is what upjet has been given to reach Scaleway with.
	setup *ujterraform.Setup

	// creates tells that the object is about to be created. Before, the managed
	// resource is stored.
	creates bool

	// created tells that it has been created, and is observed in the next turn.
	created bool
}

type turnKey struct{}

// withTurns makes each reconcile a turn.
func withTurns(r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		return r.Reconcile(publish.WithScope(context.WithValue(ctx, turnKey{}, &turn{})), req)
	})
}

// turnOf returns the turn of the context. Outside of a reconcile it is one that
// nobody else knows.
func turnOf(ctx context.Context) *turn {
	if t, ok := ctx.Value(turnKey{}).(*turn); ok {
		return t
	}

	return &turn{}
}

// turnSetup has the function note in the turn what it returns.
func turnSetup(fn ujterraform.SetupFn) ujterraform.SetupFn {
	return func(ctx context.Context, kube client.Client, mg xpresource.Managed) (ujterraform.Setup, error) {
		s, err := fn(ctx, kube, mg)
		turnOf(ctx).setup = &s

		return s, err
	}
}

// A turnConnector has its clients note in the turn what they have done.
type turnConnector struct {
	managed.ExternalConnector
}

// Connect implements managed.ExternalConnector.
func (c turnConnector) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	client, err := c.ExternalConnector.Connect(ctx, mg)
	if err != nil {
		return nil, err
	}

	return turnExternal{client}, nil
}

type turnExternal struct {
	managed.ExternalClient
}

// Observe implements managed.ExternalClient.
func (c turnExternal) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	o, err := c.ExternalClient.Observe(ctx, mg)

	// These are the reconciler's own conditions of a creation.
	turnOf(ctx).creates = err == nil && !o.ResourceExists && !meta.WasDeleted(mg) &&
		managed.NewManagementPoliciesResolver(true, mg.GetManagementPolicies()).ShouldCreate()

	return o, err
}

// Create implements managed.ExternalClient.
func (c turnExternal) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	o, err := c.ExternalClient.Create(ctx, mg)
	turnOf(ctx).created = err == nil

	return o, err
}

// A turnFinalizer leaves it to the write that precedes a creation to store the
// finalizer, which then is there when the object is created, as always.
type turnFinalizer struct {
	xpresource.Finalizer
}

// AddFinalizer implements resource.Finalizer.
func (f turnFinalizer) AddFinalizer(ctx context.Context, o xpresource.Object) error {
	if turnOf(ctx).creates {
		meta.AddFinalizer(o, managed.FinalizerName)
		return nil
	}

	return f.Finalizer.AddFinalizer(ctx, o)
}

// A turnStatus leaves out the update that says that an object is being created, at
// the end of the turn that has created it: the next one says what Scaleway makes of it,
// and follows as soon as there is a slot for it. Where Scaleway may keep it waiting, the
// update is made.
type turnStatus struct {
	client.SubResourceWriter
}

// Update the status of an object.
func (s turnStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	tenant := transport.TenantOf(ctx)
	if turnOf(ctx).created && onlyCreating(o) && tenant != nil && tenant.Admission().State == transport.StateAnswered {
		return nil
	}

	return s.SubResourceWriter.Update(ctx, o, opts...)
}

// onlyCreating tells whether a managed resource has nothing to say but that its
// object is being created.
func onlyCreating(o client.Object) bool {
	mg, ok := o.(xpresource.Managed)

	return ok && mg.GetCondition(xpv1.TypeReady).Reason == xpv1.ReasonCreating &&
		mg.GetCondition(xpv1.TypeSynced).Status == corev1.ConditionTrue
}
