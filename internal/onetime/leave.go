// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"fmt"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// reasonLeft is the reason of the events that say what is left at Scaleway on purpose, or
// may still come into being there.
const reasonLeft event.Reason = "LeftAtScaleway"

// left says that something is left at Scaleway.
func (g *Guard) left(mg Resource, what, why string) {
	g.Recorder.Event(mg, event.Warning(reasonLeft, errors.Errorf("%s is left at Scaleway: %s", what, why)))
}

// leftAttempt says that the user has given up an attempt.
func (g *Guard) leftAttempt(mg Resource, record ledger.Record) {
	g.left(mg, fmt.Sprintf("what attempt %s may have created", record.Mark()), "annotation "+release.Annotation+" asks for that")
}

// Leave settles what is in doubt, and says what is left at Scaleway, before a managed
// resource goes: whichever way it does. An error keeps it.
func (g *Guard) Leave(ctx context.Context, mg Resource) error {
	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	switch {
	case record.State != ledger.StatePending:
	case release.Asked(mg, record.Attempt):
		g.leftAttempt(mg, record)
	default:
		if err := g.heal(ctx, mg, record); err != nil {
			return release.HowTo(err, record.Attempt)
		}

		if record, err = ledger.ReadRecord(mg); err != nil {
			return err
		}
	}

	name := meta.GetExternalName(mg)

	// What a renewal has replaced goes, whatever becomes of what it was replaced by.
	if previous := record.Previous; previous != "" && previous != name && record.State == ledger.StateDone {
		record.Previous = ""
		record = record.Revoke(previous)
	}

	for _, revoking := range record.Revoking {
		if revoking == name || release.Asked(mg, revoking) {
			continue
		}

		if err := g.letGo(ctx, mg, record, revoking); err != nil {
			return release.HowTo(err, revoking)
		}
	}

	if !release.Asked(mg, record.Attempt) {
		if err := g.sweepAbandoned(ctx, mg, record); err != nil {
			return release.HowTo(err, record.Attempt)
		}
	}

	if record, err = ledger.ReadRecord(mg); err != nil {
		return err
	}

	for _, a := range record.Abandoned {
		if g.Now().Before(a.At.Add(lateTimes * g.limit(record))) {
			g.left(mg, fmt.Sprintf("what attempt %s may still create", (ledger.Mark{UID: mg.GetUID(), Attempt: a.Attempt})),
				"nobody looks for it any more; revoke what has that mark at the end of its description")
		}
	}

	if err := g.leaveNothing(ctx, mg, record); err != nil {
		return err
	}

	return g.sayLeft(ctx, mg, record)
}

// leaveNothing revokes what a managed resource that may have its object deleted has minted,
// where its annotations do not tell all of it.
func (g *Guard) leaveNothing(ctx context.Context, mg Resource, record ledger.Record) error {
	name := meta.GetExternalName(mg)

	// Without a finalizer it was never stored that anything is to be created.
	lost := record.UID == "" && meta.FinalizerExists(mg, managed.FinalizerName) || g.replaced(mg, record) ||
		record.Object != "" && record.Object != name

	if !g.Owns(mg) || !creates(mg) || !lost || release.Asked(mg, string(mg.GetUID())) || release.Asked(mg, name) {
		return nil
	}

	own, err := g.lookOwn(ctx, mg, record)
	if err != nil {
		return errors.Wrapf(err, "cannot look up what this resource has created, of which its annotations do not tell any more: mend what follows, or annotate it with %s=%s to leave at Scaleway what has the UID %s at the end of its description",
			release.Annotation, mg.GetUID(), mg.GetUID())
	}

	for _, o := range own {
		handed, err := g.HandedOver(ctx, mg, o.name)
		if err != nil {
			return err
		}

		if handed {
			continue
		}

		// Whose secret is published nobody uses any more: the Secret goes with it.
		if err := g.delete(ctx, mg, record, o.name); err != nil {
			return release.HowTo(err, string(mg.GetUID()))
		}
	}

	return nil
}

// lookOwn returns what the managed resource has minted.
func (g *Guard) lookOwn(ctx context.Context, mg Resource, record ledger.Record) ([]marked, error) {
	api, defaults, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return nil, err
	}

	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the arguments")
	}

	region, parents, err := g.place(mg, record, g.Kind.RegionOf(args, defaults))
	if err != nil {
		return nil, err
	}

	objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, region, parents)

	return g.own(objects, mg.GetUID(), region), err
}

// sayLeft says which objects the management policies leave at Scaleway.
func (g *Guard) sayLeft(ctx context.Context, mg Resource, record ledger.Record) error {
	const why = "the managementPolicies do not allow its deletion"

	if g.Owns(mg) {
		return nil
	}

	name := meta.GetExternalName(mg)
	if name != "" && g.isOwn(mg, record, name) {
		g.left(mg, name, why)
	}

	if g.remembers(mg) || !creates(mg) || record.UID != "" && record.Object == name {
		return nil
	}

	// Nothing tells for certain what it has created.
	own, err := g.lookOwn(ctx, mg, record)
	if err != nil {
		g.left(mg, fmt.Sprintf("what has the UID %s at the end of its description", mg.GetUID()), why)
		return nil //nolint:nilerr // It is said.
	}

	for _, o := range own {
		if o.name != name {
			g.left(mg, o.name, why)
		}
	}

	return nil
}

// letGo revokes an object that a managed resource is done with, unless another has it too.
func (g *Guard) letGo(ctx context.Context, mg Resource, record ledger.Record, name string) error {
	heir, err := g.heir(ctx, mg, name)
	if err != nil {
		return err
	}

	if heir != "" {
		g.left(mg, name, heir+" has it too")
		return nil
	}

	return g.revoke(ctx, mg, record, name)
}

// Owns tells whether a managed resource may have its object deleted.
func (g *Guard) Owns(mg xpresource.Managed) bool {
	return managed.NewManagementPoliciesResolver(true, mg.GetManagementPolicies()).ShouldDelete()
}
