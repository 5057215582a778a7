// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// Missing decides what it means that Terraform found no object. Unless it returns an
// error, there is none, and one may be created: the record says so, which the reconciler
// stores with the writes that it makes before it calls Create.
func (g *Guard) Missing(ctx context.Context, mg Resource) error {
	name := meta.GetExternalName(mg)
	if name == "" && meta.WasDeleted(mg) {
		return nil
	}

	api, defaults, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return errors.Wrap(err, "cannot read the arguments")
	}

	region, parents := g.Kind.RegionOf(args, defaults), g.Kind.Parents(args)
	certain := g.isFirst(mg, record) || g.remembers(mg)

	if name != "" {
		gone, err := g.gone(ctx, api, mg, record, name)
		if err != nil || gone {
			return err
		}
	} else if !certain {
		if err := g.settleOwn(ctx, api, mg, record, region, parents); err != nil {
			return err
		}

		if err := g.awaitQuiet(mg, record); err != nil {
			return err
		}
	}

	if creates(mg) {
		if err := g.Mintable(mg, args); err != nil {
			return errors.Wrapf(err, "no %s is created in place of the one that is gone", g.Kind.KindName())
		}
	}

	var minter ledger.Minter
	if record.Minter == minter {
		minter = g.minter(ctx, api, mg.GetUID(), region, parents)
	} else if minter, err = g.successor(ctx, api, mg.GetUID(), record.Minter, region, parents, nil); err != nil {
		return err
	}

	next := ledger.NewRecord(mg, record, region, parents, g.Now())
	next.Renewed = mg.GetAnnotations()[AnnotationRenew] // What is new needs no renewal.
	next.Minter, next.Limit.Duration, next.Target = minter, g.Timeout, secretName(mg)

	if !certain {
		next = next.Doubt(g.Now())
	}

	next.Write(mg)
	g.attempts.Store(mg.GetUID(), next.Attempt)

	return nil
}

// gone settles that a named object, which Terraform did not find, is gone. It tells whether
// that is all: the managed resource is being deleted. What else it has minted is settled
// too.
func (g *Guard) gone(ctx context.Context, api remote.API, mg Resource, record ledger.Record, name string) (bool, error) {
	id, err := g.Kind.ParseID(name)
	if err != nil {
		return false, errors.Wrapf(err, "annotation %s", meta.AnnotationKeyExternalName)
	}

	parents, err := g.parentsOf(mg, record)
	if err != nil {
		return false, err
	}

	objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, id.Region, parents)

	switch {
	case errors.Is(err, remote.ErrEnded):
		err = errors.Wrapf(err, "Scaleway no longer answers for any %s: %s", g.Kind.KindName(), g.Kind.Successor())
	case err != nil:
		err = errors.Wrapf(err, "Scaleway did not find %s, but it cannot be confirmed that it is gone", name)
	case contains(objects, id.UUID):
		err = errors.Errorf("Scaleway did not find %s, but lists it: it is taken to exist until both answers agree", name)
	}

	if meta.WasDeleted(mg) {
		if err != nil {
			return false, release.HowTo(err, name)
		}

		return true, g.revokeOwn(ctx, mg, record, g.own(objects, mg.GetUID(), id.Region))
	}

	if err != nil {
		return false, err
	}

	if !g.isOwn(mg, record, name) {
		return false, ErrUnknownName(name, g.Kind.KindName())
	}

	if !creates(mg) {
		return false, nil
	}

	return false, g.resolve(ctx, mg, record, g.own(objects, mg.GetUID(), id.Region))
}

// revokeOwn revokes what a managed resource that is being deleted has minted besides the
// object that it names.
func (g *Guard) revokeOwn(ctx context.Context, mg Resource, record ledger.Record, own []marked) error {
	own, err := g.unshared(ctx, mg, own)
	if err != nil {
		return err
	}

	for _, o := range own {
		if o.name == meta.GetExternalName(mg) || release.Asked(mg, o.attempt) || release.Asked(mg, o.name) {
			continue
		}

		// Also if its secret is published: that goes with the managed resource.
		if err := g.delete(ctx, mg, record, o.name); err != nil {
			return release.HowTo(err, o.name)
		}
	}

	return nil
}

// settleOwn settles what the managed resource has minted, and has no longer a record of.
func (g *Guard) settleOwn(ctx context.Context, api remote.API, mg Resource, record ledger.Record, region string, parents map[string]string) error {
	if !creates(mg) {
		return nil
	}

	objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, region, parents)
	if err != nil {
		return errors.Wrapf(err, "cannot look up what this resource has created before its annotations were changed: nothing more is created until it is known; objects in question have the UID %s at the end of their description", mg.GetUID())
	}

	return g.resolve(ctx, mg, record, g.own(objects, mg.GetUID(), region))
}

// errFoundAgain says that a managed resource has its object back. It is observed next.
var errFoundAgain = errors.New("found again by its mark, and named: it is observed next")

// resolve what the managed resource has minted and does not name: what is published is
// named, what can be nobody's is revoked, and of anything else it is said that a person
// must choose. Nothing more is created until then.
func (g *Guard) resolve(ctx context.Context, mg Resource, record ledger.Record, own []marked) error {
	own, err := g.unshared(ctx, mg, own)
	if err != nil || len(own) == 0 {
		return err
	}

	if adopted, err := g.adoptPublished(ctx, mg, record, own); adopted || err != nil {
		return err
	}

	// The status is what annotations are compared with. After a renewal it is behind, but
	// then what is named is there.
	named := namesOne(mg, own)

	for _, o := range own {
		if !named && o.name == mg.GetID() {
			return g.adopt(ctx, mg, record, o, "")
		}
	}

	var unknown []string

	for _, o := range own {
		if o.name == meta.GetExternalName(mg) {
			continue
		}

		// Of an attempt that has not ended well the secret was never published.
		if !g.knows(mg, record, o.attempt) {
			unknown = append(unknown, o.name)
			continue
		}

		if err := g.revoke(ctx, mg, record, o.name); err != nil {
			return errors.Wrap(err, "an interrupted attempt has left an object whose secret is lost")
		}
	}

	if len(unknown) == 0 {
		return nil
	}

	if name := meta.GetExternalName(mg); name != "" {
		return errors.Errorf("this resource has created %s, and its annotations were replaced since: it names %s; delete at Scaleway whichever of them is not in use; nothing more is created until then",
			strings.Join(unknown, " and "), name)
	}

	return errors.Errorf("this resource has created %s, and its annotations were replaced since: set annotation %s to the one whose secret is in use, and delete any other at Scaleway; nothing more is created until then",
		strings.Join(unknown, " and "), meta.AnnotationKeyExternalName)
}

// namesOne tells whether the managed resource names one of the objects.
func namesOne(mg Resource, objects []marked) bool {
	return slices.ContainsFunc(objects, func(o marked) bool { return o.name == meta.GetExternalName(mg) })
}

// adoptPublished names the object whose secret is published, if it is one that the managed
// resource has minted and does not name. What it named before is revoked if it has minted
// that too.
func (g *Guard) adoptPublished(ctx context.Context, mg Resource, record ledger.Record, own []marked) (bool, error) {
	for _, o := range own {
		id, err := g.Kind.ParseID(o.name)
		if err != nil {
			return false, err
		}

		held, err := g.held(ctx, mg, record, id.Region)
		if err != nil {
			return false, err
		}

		digest, ok := held[o.name]
		if !ok || o.name == meta.GetExternalName(mg) {
			continue
		}

		// Two Secrets have one each: which one is in use, and is to be named, nobody knows.
		if _, both := held[meta.GetExternalName(mg)]; both && namesOne(mg, own) {
			continue
		}

		for _, other := range own {
			if _, published := held[other.name]; other.name != o.name && !published {
				record = record.Revoke(other.name)
			}
		}

		return true, g.adopt(ctx, mg, record, o, digest)
	}

	return false, nil
}

// adopt an object that the managed resource has minted.
func (g *Guard) adopt(ctx context.Context, mg Resource, record ledger.Record, o marked, digest string) error {
	id, err := g.Kind.ParseID(o.name)
	if err != nil {
		return err
	}

	if record.Region, record.Parents, err = g.place(mg, record, id.Region); err != nil {
		return err
	}

	if record.UID == "" || record.Attempt != o.attempt {
		record.UID = mg.GetUID()
		record = record.Doubt(g.Now())
	}

	if record.Attempt == "" {
		record.Attempt, record.At = o.attempt, g.Now().UTC()
	}

	record = record.Done(o.name, digest)
	record.Write(mg)
	meta.SetExternalName(mg, o.name)
	meta.SetExternalCreateSucceeded(mg, g.Now())

	if err := g.end(ctx, mg, endedPublished); err != nil {
		return errors.Wrapf(err, "cannot store that %s is found again", o.name)
	}

	return errors.Wrap(errFoundAgain, o.name)
}

// awaitQuiet returns an error until a request that nothing is recorded of must have
// arrived.
func (g *Guard) awaitQuiet(mg Resource, record ledger.Record) error {
	if !creates(mg) {
		return nil
	}

	since, _ := g.doubted.LoadOrStore(mg.GetUID(), g.Now())

	at, _ := since.(time.Time)
	if until := at.Add(quietTimes * g.limit(record)); g.Now().Before(until) {
		return errors.Errorf("waiting until %s: this resource was used before, and has no record of it that can be relied on, so that a request of it may still arrive at Scaleway", until.Format(time.RFC3339))
	}

	return nil
}

// isFirst tells whether nothing can have been minted yet: it is this process that has
// begun to work for the managed resource. Its conditions do not matter: one that waits for
// what it refers to has been reconciled before, and was never connected.
func (g *Guard) isFirst(mg Resource, record ledger.Record) bool {
	if _, known := g.memory.Load(mg.GetUID()); known {
		return false
	}

	return record.UID == "" && meta.GetExternalName(mg) == "" && mg.GetID() == "" && mg.GetLastAttempt() == "" && g.First(mg.GetUID())
}

// isOwn tells whether the managed resource has created, or once adopted, the
// object of that name.
func (g *Guard) isOwn(mg Resource, record ledger.Record, name string) bool {
	return record.Object == name || WasObserved(mg)
}

// creates tells whether a managed resource is to be more than observed.
func creates(mg Resource) bool {
	return slices.ContainsFunc(mg.GetManagementPolicies(), func(a xpv1.ManagementAction) bool {
		return a == xpv1.ManagementActionAll || a == xpv1.ManagementActionCreate || a == xpv1.ManagementActionUpdate
	})
}

// WasObserved tells whether the object that the external name names has been seen at
// Scaleway.
func WasObserved(mg xpresource.Managed) bool {
	o, ok := mg.(interface{ GetID() string })
	return ok && o.GetID() != "" && o.GetID() == meta.GetExternalName(mg)
}

// ErrUnknownName says that the user has named an object that Scaleway does not know.
func ErrUnknownName(name, kind string) error {
	return errors.Errorf("annotation %s names %s, which Scaleway does not know and this object did not create: correct it, or remove it to have a new %s created",
		meta.AnnotationKeyExternalName, name, kind)
}

// secretName is the Secret that a managed resource names.
func secretName(mg Resource) string {
	if ref := mg.GetWriteConnectionSecretToReference(); ref != nil {
		return ref.Name
	}

	return ""
}
