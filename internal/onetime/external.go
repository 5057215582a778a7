// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Leaving is asked when a managed resource that is being deleted is to be connected. It
// tells whether nothing need be asked of its object any more. What else there is, Leave
// settles.
func (g *Guard) Leaving(ctx context.Context, mg Resource) (bool, error) {
	name := meta.GetExternalName(mg)

	if _, err := g.Kind.ParseID(name); err != nil {
		return true, nil //nolint:nilerr // Nothing at Scaleway can have this name.
	}

	return g.HandedOver(ctx, mg, name)
}

// Observe completes an observation of the object. Before is the condition Ready that the
// managed resource had, and status says what it is by what Scaleway has answered.
func (g *Guard) Observe(ctx context.Context, mg Resource, o managed.ExternalObservation, before xpv1.Condition, status func(managed.ExternalObservation) (managed.ExternalObservation, error)) (managed.ExternalObservation, error) {
	if err := g.Sweep(ctx, mg); err != nil {
		return managed.ExternalObservation{}, err
	}

	// Otherwise it is looked for in the list of all that its parent has.
	if !o.ResourceExists && g.hasDeleted(mg) {
		return o, nil
	}

	if !o.ResourceExists {
		return o, g.Missing(ctx, mg)
	}

	if err := g.recognise(ctx, mg); err != nil {
		return managed.ExternalObservation{}, err
	}

	o, err := status(o)
	if err != nil || meta.WasDeleted(mg) {
		return o, err
	}

	details, unready, err := g.Inspect(ctx, mg, o.ConnectionDetails)
	if err != nil {
		return managed.ExternalObservation{}, err
	}

	o.ConnectionDetails = details

	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}

	if g.RotationDue(mg, record) {
		o.ResourceUpToDate = false
	}

	if expired := g.ObserveExpiry(mg); expired != nil {
		unready = expired
	}

	if unready == nil {
		return o, nil
	}

	mg.SetConditions(*unready)

	if unready.Reason != before.Reason {
		g.Recorder.Event(mg, event.Warning(event.Reason(unready.Reason), errors.New(unready.Message)))
		g.Metrics.SecretLost(unready.Reason)
	}

	return o, nil
}

// Update has the secret renewed if that is asked for, with a client that connect returns,
// and calls update otherwise.
func (g *Guard) Update(ctx context.Context, mg Resource, update func() (managed.ExternalUpdate, error), connect func(context.Context, Resource) (managed.ExternalClient, error)) (managed.ExternalUpdate, error) {
	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}

	if !g.RotationDue(mg, record) {
		return update()
	}

	// Only now it is known that the object is one that another Kubernetes namespace has.
	if err := g.CheckShared(ctx, mg); err != nil {
		return managed.ExternalUpdate{}, err
	}

	return managed.ExternalUpdate{}, g.Rotate(ctx, mg, connect)
}

// NoteDeleted remembers that Scaleway has deleted the managed resource's object when this
// process asked for it. What is not found afterwards need not be looked for elsewhere.
func (g *Guard) NoteDeleted(mg Resource) {
	g.deleted.Store(mg.GetUID(), meta.GetExternalName(mg))
}

// hasDeleted tells whether the managed resource's object is one that Scaleway has
// deleted when this process asked for it.
func (g *Guard) hasDeleted(mg Resource) bool {
	name, ok := g.deleted.Load(mg.GetUID())
	return ok && meta.WasDeleted(mg) && name == meta.GetExternalName(mg)
}

// recognise records who sees the object, where nobody has minted it here, or before that
// was recorded. A record that is gone although the object was observed before, or that was
// replaced, is begun anew, after a look at what else there is.
func (g *Guard) recognise(ctx context.Context, mg Resource) (rerr error) {
	record, err := ledger.ReadRecord(mg)
	if err != nil || meta.WasDeleted(mg) || !creates(mg) {
		return err
	}

	defer func() {
		// It is stored with the rest of the status. What has been settled is not to be so
		// once more at each poll, also if no attempt is known any more.
		if rerr == nil {
			mg.SetLastAttempt(record.Attempt)
		}
	}()

	replaced := g.replaced(mg, record)
	if record.Minter.Organization != "" && !replaced {
		return nil
	}

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	// Who sees the object is whom it belongs to, or of the same organization.
	if record.Minter.Key == api.Key(mg.GetUID()) && !replaced {
		return nil
	}

	id, err := g.Kind.ParseID(meta.GetExternalName(mg))
	if err != nil {
		return errors.Wrapf(err, "annotation %s", meta.AnnotationKeyExternalName)
	}

	parents, err := g.parentsOf(mg, record)
	if err != nil {
		return err
	}

	if record.Minter, err = g.successor(ctx, api, mg.GetUID(), record.Minter, id.Region, parents, &id); err != nil {
		return err
	}

	if replaced || record.UID == "" && mg.GetCondition(xpv1.TypeSynced).Reason != "" {
		if err := g.settleOwn(ctx, api, mg, record, id.Region, parents); err != nil {
			return err
		}

		record = record.Doubt(g.Now())
		if record.Attempt == "" {
			record.At = g.Now().UTC()
		}
	}

	record.UID, record.Limit.Duration = mg.GetUID(), g.Timeout
	if record.Region == "" {
		record.Region = id.Region
	}

	if len(record.Parents) == 0 {
		record.Parents = parents
	}

	// Of an attempt that was recorded before, the record says where.
	for i, a := range record.Abandoned {
		if a.Region == "" {
			record.Abandoned[i].Region = id.Region
		}

		if len(a.Parents) == 0 {
			record.Abandoned[i].Parents = parents
		}
	}

	return g.storeRecord(ctx, mg, record)
}
