// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// look at what the parents have, with credentials of which it is certain that they see
// what those of the minter saw. Whatever is concluded from what is not there is concluded
// from this: a single answer may be wrong, late, or that of somebody else's view.
func (g *Guard) look(ctx context.Context, api remote.API, uid types.UID, minter ledger.Minter, region string, parents map[string]string) ([]remote.Object, error) {
	objects, err := api.List(ctx, region, parents)

	gone := errors.Is(err, remote.ErrParentGone)
	if err != nil && !gone {
		return nil, err
	}

	sight, serr := api.Sight(ctx, region, parents)
	if serr != nil {
		return nil, errors.Wrap(serr, "cannot tell what these credentials see")
	}

	switch {
	case sight.Parents && gone:
		return nil, errors.Wrap(err, "Scaleway shows the parent, and does not list what it has")
	case sight.Parents:
		return objects, nil
	case minter.SeesAs(ledger.Minter{Key: api.Key(uid), Organization: sight.Organization}):
		// A parent that is gone has taken its objects along.
		return objects, nil
	default:
		return nil, foreign(minter, sight)
	}
}

// foreign says that the credentials are not known to see what the minter saw.
func foreign(minter ledger.Minter, sight remote.Sight) error {
	by, now := "an API key that is not recorded", "Scaleway does not say of which organization this one is"

	switch {
	case minter.Organization != "":
		by = "an API key of organization " + minter.Organization
	case minter.Key != "":
		by = "another API key"
	}

	if sight.Organization != "" {
		now = "this one is of organization " + sight.Organization
	}

	return errors.Errorf("it was created with %s, and %s; its parent is not shown to this one either: nothing is taken for gone, and nothing created, until the ProviderConfig has credentials of that organization again that may read the parent", by, now)
}

// successor returns who has the credentials now, if it is certain that they see what those
// of the last minter saw: for what is recorded is looked for as the new one from then on,
// and what that does not see would be taken for gone. They may have changed since the object
// was read. Named is the object that the managed resource names, or nil if it names none.
func (g *Guard) successor(ctx context.Context, api remote.API, uid types.UID, last ledger.Minter, region string, parents map[string]string, named *regional.ID) (ledger.Minter, error) {
	now := g.minter(ctx, api, uid, region, parents)

	if !last.SeesAs(now) {
		if err := g.sees(ctx, api, last, region, parents, named); err != nil {
			return ledger.Minter{}, err
		}
	}

	// Who sees the same is of the same organization, also if Scaleway does not say so now.
	now.Organization = cmp.Or(now.Organization, last.Organization)

	return now, nil
}

// sees returns an error unless Scaleway shows the credentials the object that the managed
// resource names, or the parents.
func (g *Guard) sees(ctx context.Context, api remote.API, last ledger.Minter, region string, parents map[string]string, named *regional.ID) error {
	if named != nil {
		exists, err := api.Exists(ctx, *named)
		if exists || err != nil {
			return errors.Wrapf(err, "cannot tell whether %s is shown to these credentials too", named)
		}
	}

	sight, err := api.Sight(ctx, region, parents)
	if err != nil {
		return errors.Wrap(err, "cannot tell what these credentials see")
	}

	if !sight.Parents {
		return foreign(last, sight)
	}

	return nil
}

// minter is who has the credentials.
func (g *Guard) minter(ctx context.Context, api remote.API, uid types.UID, region string, parents map[string]string) ledger.Minter {
	return ledger.Minter{Key: api.Key(uid), Organization: api.Organization(ctx, region, parents)}
}

// contains tells whether an object with the ID, that is not being deleted, is among those
// that were seen.
func contains(objects []remote.Object, id string) bool {
	return slices.ContainsFunc(objects, func(o remote.Object) bool { return o.ID == id && !o.Deleting })
}

// A marked object carries the UID of the managed resource.
type marked struct {
	name, attempt string
}

// own are the objects among those that were seen that the managed resource has minted.
func (g *Guard) own(objects []remote.Object, uid types.UID, region string) []marked {
	var out []marked

	for _, o := range objects {
		if o.Mark != nil && o.Mark.UID == uid && !o.Deleting {
			out = append(out, marked{g.Kind.ExternalName(region, o.ID), o.Mark.Attempt})
		}
	}

	return out
}

// revoke an object as delete does, unless its secret is published.
func (g *Guard) revoke(ctx context.Context, mg Resource, record ledger.Record, name string) error {
	id, err := g.Kind.ParseID(name)
	if err != nil {
		return err
	}

	held, err := g.held(ctx, mg, record, id.Region)
	if err != nil {
		return err
	}

	if _, ok := held[name]; ok {
		return errors.Errorf("refusing to revoke %s, whose secret is published", name)
	}

	return g.delete(ctx, mg, record, name)
}

// delete an object. It returns no error only if it is certain that the object is gone: what
// Scaleway has deleted it shows no more, and what it does not find it does not list either.
func (g *Guard) delete(ctx context.Context, mg Resource, record ledger.Record, name string) error {
	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	id, err := g.Kind.ParseID(name)
	if err != nil {
		return err
	}

	existed, err := api.Delete(ctx, id)
	if err != nil {
		return errors.Wrapf(err, "cannot revoke %s", name)
	}

	if existed {
		still, err := api.Exists(ctx, id)
		if err == nil && still {
			err = errors.New("Scaleway shows it after it has accepted its deletion")
		}

		return errors.Wrapf(err, "cannot tell whether %s is revoked", name)
	}

	return g.confirmGone(ctx, api, mg, record, id)
}

// confirmGone returns an error unless it is certain that an object that Scaleway did not
// find is gone.
func (g *Guard) confirmGone(ctx context.Context, api remote.API, mg Resource, record ledger.Record, id regional.ID) error {
	parents, err := g.parentsOf(mg, record)
	if err != nil {
		return err
	}

	objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, id.Region, parents)
	if err != nil {
		return errors.Wrapf(err, "Scaleway did not find %s, but it cannot be confirmed that it is gone", id)
	}

	if contains(objects, id.UUID) {
		return errors.Errorf("Scaleway did not find %s, but lists it: it is taken to exist until both answers agree", id)
	}

	return nil
}

// parentsOf the object, as Scaleway last said, or as they were when it was minted, or else
// as the arguments give them.
func (g *Guard) parentsOf(mg Resource, record ledger.Record) (map[string]string, error) {
	observation, err := mg.GetObservation()
	if err != nil {
		return nil, errors.Wrap(err, "cannot read status.atProvider")
	}

	for _, parents := range []map[string]string{g.Kind.Parents(observation), g.recorded(record.Parents)} {
		if len(parents) > 0 {
			return parents, nil
		}
	}

	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the arguments")
	}

	return g.Kind.Parents(args), nil
}

// place returns where the objects of a managed resource are looked for: as recorded, or else
// in the region, and as they are observed or wanted to be.
func (g *Guard) place(mg Resource, record ledger.Record, region string) (string, map[string]string, error) {
	parents := g.recorded(record.Parents)
	if len(parents) > 0 && (record.Region != "" || g.Kind.Global()) {
		return record.Region, parents, nil
	}

	parents, err := g.parentsOf(mg, record)

	return cmp.Or(record.Region, region), parents, err
}

// recorded returns parents as they can be asked for: users can write records.
func (g *Guard) recorded(parents map[string]string) map[string]string {
	args := map[string]any{}
	for arg, id := range parents {
		args[arg] = id
	}

	out := g.Kind.Parents(args)
	maps.DeleteFunc(out, func(arg, id string) bool { return parents[arg] != id })

	return out
}
