// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"math/rand/v2"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// Statuses of objects in Scaleway's API that decide whether a managed resource
// is Ready. In any other the object can be used.
const (
	statusCreating = "creating"
	statusPending  = "pending"
	statusQueued   = "queued"
	statusDeleting = "deleting"
	statusError    = "error"
	statusLocked   = "locked"
)

// keyOrganization is where the defaults of a ProviderConfig have the organization.
const keyOrganization = "organization_id"

// attributeStatus is where kinds that have one keep the status.
const attributeStatus = "status"

// An object in a transient status is looked at again soon, and less often the
// longer it lasts.
const (
	minTransientPoll = 2 * time.Second
	maxTransientPoll = time.Minute
)

// Observe reads the object through Terraform, and completes the observation with
// the status that Scaleway gave.
func (e *external) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	before := mg.GetCondition(xpv1.TypeReady)

	o, err := e.ExternalClient.Observe(ctx, mg)
	if err != nil && e.connector.guard != nil {
		return o, e.connector.guard.Explain(err)
	}

	if err != nil {
		return o, err
	}

	if !o.ResourceExists && meta.WasDeleted(mg) && onetime.WasObserved(mg) {
		// The reconciler would wait for half a minute after the creation before it
		// believes that there is no object. There was one, so it has been deleted.
		meta.RemoveAnnotations(mg, meta.AnnotationKeyExternalCreateSucceeded)
	}

	if e.connector.guard != nil {
		mr, err := onetime.AsResource(mg)
		if err != nil {
			return o, err
		}

		return e.connector.guard.Observe(ctx, mr, o, before, func(o managed.ExternalObservation) (managed.ExternalObservation, error) {
			return e.observeStatus(mg, o)
		})
	}

	if !o.ResourceExists {
		return o, e.connector.checkMissing(mg)
	}

	return e.observeStatus(mg, o)
}

// checkMissing refuses to create an object in place of one that the user has named
// and that Scaleway does not know.
func (c *Connector) checkMissing(mg xpresource.Managed) error {
	name := meta.GetExternalName(mg)
	if name == "" || meta.WasDeleted(mg) || !meta.GetExternalCreateSucceeded(mg).IsZero() {
		return nil
	}

	if onetime.WasObserved(mg) {
		return nil // It has been deleted since.
	}

	return onetime.ErrUnknownName(name, c.resource.Kind)
}

// observeStatus completes the observation with the status that Scaleway gave.
func (e *external) observeStatus(mg xpresource.Managed, o managed.ExternalObservation) (managed.ExternalObservation, error) {
	if !o.ResourceExists {
		return o, nil
	}

	seen, ok := e.seen(mg)
	if !ok {
		return o, nil
	}

	mg.SetConditions(ready(seen))

	if !seen.Transient() {
		return o, nil
	}

	// Scaleway refuses to change an object that it is changing, and what Terraform
	// read is not final.
	o.ResourceUpToDate = true

	return o, setStatus(mg, seen.Status)
}

// ready says whether an object in the observed status can be used.
func ready(seen transport.Observation) xpv1.Condition {
	message := "Scaleway reports the status " + seen.Status
	if seen.Message != "" {
		message += ": " + seen.Message
	}

	switch seen.Status {
	case statusCreating, statusPending, statusQueued:
		return xpv1.Creating().WithMessage(message)
	case statusDeleting:
		return xpv1.Deleting().WithMessage(message)
	case statusError, statusLocked:
		return xpv1.Unavailable().WithMessage(message)
	default:
		return xpv1.Available()
	}
}

// setStatus corrects the status in status.atProvider: Terraform was shown a
// stable one.
func setStatus(mg xpresource.Managed, status string) error {
	tr, ok := mg.(ujresource.Terraformed)
	if !ok {
		return nil
	}

	observation, err := tr.GetObservation()
	if err != nil {
		return errors.Wrap(err, "cannot read status.atProvider")
	}

	if _, ok := observation[attributeStatus].(string); !ok {
		return nil
	}

	observation[attributeStatus] = status

	return errors.Wrap(tr.SetObservation(observation), "cannot set status.atProvider.status")
}

// pollTick is the longest time between the moments in which polls are due. Those of one
// moment have the process wake up once, and its code and data in the CPU's caches:
// together each takes half of the CPU time that it takes alone.
const pollTick = time.Second

// pollInterval returns a hook that looks at objects in a transient status soon,
// and spreads the others by up to the jitter, so that a restart does not make
// all of them due at the same moment for ever.
func (c *Connector) pollInterval(jitter time.Duration) managed.PollIntervalHook {
	started, tick := time.Now(), min(pollTick, jitter)

	return func(mg xpresource.Managed, interval time.Duration) time.Duration {
		tenant, _ := c.tenants.Load(mg.GetUID())
		by, _ := tenant.(*transport.Tenant)

		if seen, ok := c.seen.Get(by, c.path(mg)); ok && seen.Transient() {
			age := time.Since(mg.GetCondition(xpv1.TypeReady).LastTransitionTime.Time)
			return min(max(age/4, minTransientPoll), maxTransientPoll, interval)
		}

		interval += time.Duration((rand.Float64() - 0.5) * 2 * float64(jitter)) //nolint:gosec // Spreads load, protects nothing.

		due := time.Since(started) + interval
		interval += due.Round(tick) - due

		if mr, err := onetime.AsResource(mg); err == nil && c.guard != nil {
			interval = c.guard.UntilExpiry(mr, interval)
		}

		return interval
	}
}
