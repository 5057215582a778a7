// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/dependents"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// A Connector connects managed resources of one kind to Scaleway, through
// upjet's connector.
type Connector struct {
	inner    managed.ExternalConnector
	kube     client.Client
	resource resource.Resource
	trackers *ujcontroller.OperationTrackerStore
	seen     *transport.Observations
	record   event.Recorder
	now      func() time.Time

	// tenants with whose credentials objects were connected last, by UID: how soon an
	// object is looked at again is asked without a context that tells.
	tenants sync.Map

	// unchanged spares what inner would find to be as it was. It is nil for kinds of
	// which that cannot be told.
	unchanged *unchangedConnector

	// deleted are the names of objects that Scaleway has deleted when this process asked
	// for it, by UID.
	deleted sync.Map

	// guard guards kinds whose secret is shown once. It is nil for others.
	guard *onetime.Guard

	// dependents keep what API keys that are in use need.
	dependents *dependents.Guard
}

// Connect checks the managed resource, and returns a client for its object at
// Scaleway. No request is made.
func (c *Connector) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	tr, ok := mg.(ujresource.Terraformed)
	if !ok {
		return nil, errors.Errorf("%T is not generated from a Terraform resource", mg)
	}

	if meta.WasDeleted(mg) {
		return c.connectDeleted(ctx, tr)
	}

	ctx = onceFor(ctx, false)

	// What has been observed before has been checked before.
	if c.unchanged == nil || !c.unchanged.knows(mg) {
		if err := c.check(ctx, tr); err != nil {
			return nil, err
		}
	}

	inner, err := c.inner.Connect(ctx, mg)
	if err != nil {
		return nil, err
	}

	return c.connected(ctx, mg, inner), nil
}

// connected returns the client for a managed resource, with the credentials that
// upjet's has.
func (c *Connector) connected(ctx context.Context, mg xpresource.Managed, inner managed.ExternalClient) *external {
	tenant := transport.TenantOf(ctx)
	c.tenants.Store(mg.GetUID(), tenant)

	return &external{ExternalClient: inner, connector: c, tenant: tenant}
}

// connectDeleted connects a managed resource that is being deleted. What is
// wrong with its arguments no longer matters.
func (c *Connector) connectDeleted(ctx context.Context, mg ujresource.Terraformed) (managed.ExternalClient, error) {
	name := meta.GetExternalName(mg)

	// Nothing at Scaleway can have a name that is none.
	if c.path(mg) == "" && c.guard == nil {
		return nothing, nil
	}

	if release.Asked(mg, name) {
		c.record.Event(mg, event.Warning(reasonReleased, errors.Errorf("%s is left at Scaleway, as annotation %s asks for", name, release.Annotation)))
		return nothing, nil
	}

	if c.guard != nil {
		mr, err := onetime.AsResource(mg)
		if err != nil {
			return nil, err
		}

		if done, err := c.guard.Leaving(ctx, mr); done || err != nil {
			return nothing, err
		}
	}

	if c.hasDeleted(mg) && c.dependents.Gone(ctx, mg) {
		return nothing, nil
	}

	// Upjet takes an object for deleted once Terraform's Delete has returned,
	// which for some kinds is before Scaleway has deleted it. Without what upjet
	// remembers, it asks Scaleway.
	if err := c.trackers.RemoveTracker(mg); err != nil {
		return nil, errors.Wrap(err, "cannot forget the Terraform state")
	}

	inner, err := c.connectClean(ctx, mg)
	if err != nil {
		return nil, release.HowTo(err, name)
	}

	return c.connected(ctx, mg, inner), nil
}

// connectClean connects a managed resource that is being deleted with what upjet
// would evaluate taken out of its arguments. They were perhaps never checked: an
// external name suffices to have an object deleted.
func (c *Connector) connectClean(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	clean, err := withoutTemplates(mg)
	if err != nil {
		return nil, err
	}

	return c.inner.Connect(onceFor(ctx, true), clean)
}

// leave settles what is in doubt before a managed resource goes.
func (c *Connector) leave(ctx context.Context, o xpresource.Object) error {
	mr, ok := o.(onetime.Resource)
	if !ok || c.guard == nil {
		return nil
	}

	return c.guard.Leave(ctx, mr)
}

// forget what is remembered of a managed resource that is gone.
func (c *Connector) forget(uid types.UID) {
	c.tenants.Delete(uid)

	if c.unchanged != nil {
		c.unchanged.forget(uid)
	}

	c.deleted.Delete(uid)
	c.dependents.Forget(uid)

	if c.guard != nil {
		c.guard.Forget(uid)
	}
}

// nothing is a client that finds no object.
var nothing = managed.ExternalClientFns{
	ObserveFn: func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
		return managed.ExternalObservation{}, nil
	},
	DisconnectFn: func(context.Context) error { return nil },
}

// path of the managed resource's object in Scaleway's API. It is empty while the
// object has no ID.
func (c *Connector) path(mg xpresource.Managed) string {
	id, err := c.resource.ParseID(meta.GetExternalName(mg))
	if err != nil {
		return ""
	}

	return c.resource.ObjectPath(id.Region, id.UUID)
}

// hasDeleted tells whether the managed resource's object is one that Scaleway has
// deleted when this process asked for it.
func (c *Connector) hasDeleted(mg xpresource.Managed) bool {
	name, ok := c.deleted.Load(mg.GetUID())
	return ok && meta.WasDeleted(mg) && name == meta.GetExternalName(mg)
}

// external is the client for one object.
type external struct {
	managed.ExternalClient

	connector *Connector
	// tenant whose credentials the client has.
	tenant *transport.Tenant
}

// seen returns what Scaleway has said last about the status of the managed resource's
// object.
func (e *external) seen(mg xpresource.Managed) (transport.Observation, bool) {
	return e.connector.seen.Get(e.tenant, e.connector.path(mg))
}

// Create creates the object, under guard if its secret is shown once.
func (e *external) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	if e.connector.guard == nil {
		return e.ExternalClient.Create(ctx, mg)
	}

	mr, err := onetime.AsResource(mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}

	// What upjet remembers of a creation may lack what only the guard has seen.
	defer e.connector.trackers.RemoveTracker(mr) //nolint:errcheck // It never fails.

	return e.connector.guard.Create(ctx, mr, e.ExternalClient)
}

// Update changes the object, or has its secret renewed if that is asked for.
func (e *external) Update(ctx context.Context, mg xpresource.Managed) (managed.ExternalUpdate, error) {
	m := e.connector.guard
	if m == nil {
		return e.ExternalClient.Update(ctx, mg)
	}

	mr, err := onetime.AsResource(mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}

	update := func() (managed.ExternalUpdate, error) { return e.ExternalClient.Update(ctx, mg) }

	// Upjet remembers the state of the old object by the UID that both have.
	renewed := false
	defer func() {
		if renewed {
			e.connector.trackers.RemoveTracker(mr) //nolint:errcheck,gosec // It never fails.
		}
	}()

	return m.Update(ctx, mr, update, func(ctx context.Context, another onetime.Resource) (managed.ExternalClient, error) {
		renewed = true

		if err := e.connector.trackers.RemoveTracker(another); err != nil {
			return nil, errors.Wrap(err, "cannot forget the Terraform state")
		}

		tr, ok := another.(ujresource.Terraformed)
		if !ok {
			return nil, errors.Errorf("%T is not generated from a Terraform resource", another)
		}

		ctx = onceFor(ctx, false)

		if err := errors.Join(checkTemplates(another), e.connector.checkSecrets(ctx, tr)); err != nil {
			return nil, err
		}

		return e.connector.inner.Connect(ctx, another)
	})
}

// Delete deletes the object, and does nothing while Scaleway is deleting it.
func (e *external) Delete(ctx context.Context, mg xpresource.Managed) (managed.ExternalDelete, error) {
	seen, before := e.seen(mg)
	if before && seen.Status == statusDeleting {
		return managed.ExternalDelete{}, nil
	}

	end, err := e.connector.dependents.Begin(ctx, mg)
	if err != nil {
		return managed.ExternalDelete{}, release.HowTo(err, meta.GetExternalName(mg))
	}
	defer end()

	// With a client that has observed nothing: upjet hands the difference that an
	// observation found to Terraform, which deletes and then creates an object
	// whose difference needs another one.
	if err := e.connector.trackers.RemoveTracker(mg); err != nil {
		return managed.ExternalDelete{}, errors.Wrap(err, "cannot forget the Terraform state")
	}

	fresh, err := e.connector.connectClean(ctx, mg)
	if err != nil {
		return managed.ExternalDelete{}, err
	}

	answer := e.connector.seen.Expect(e.tenant, http.MethodDelete, e.connector.path(mg))

	deletion, err := fresh.Delete(ctx, mg)

	if _, ok := answer(); ok && err == nil {
		e.connector.deleted.Store(mg.GetUID(), meta.GetExternalName(mg))

		if mr, err := onetime.AsResource(mg); err == nil && e.connector.guard != nil {
			e.connector.guard.NoteDeleted(mr)
		}
	}

	if _, after := e.seen(mg); err != nil && before && !after {
		// It was seen a moment ago, and is not found any more. Terraform takes that for
		// an error with some kinds. Objects without a status are never seen.
		return deletion, nil
	}

	return deletion, err
}
