// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Sweep revokes what is to be revoked, and what abandoned attempts have created after all.
// An attempt is forgotten when nothing of it was there so long afterwards that nothing can
// come any more.
func (g *Guard) Sweep(ctx context.Context, mg Resource) error {
	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	if err := g.sweepPrevious(ctx, mg, &record); err != nil {
		return err
	}

	if err := g.sweepRevoking(ctx, mg, &record); err != nil {
		return err
	}

	return g.sweepAbandoned(ctx, mg, record)
}

// sweepRevoking revokes what is to be.
func (g *Guard) sweepRevoking(ctx context.Context, mg Resource, record *ledger.Record) error {
	for _, name := range record.Revoking {
		id, err := g.Kind.ParseID(name)
		if err != nil {
			continue // Nothing can have this name: the provider has not written it.
		}

		held, err := g.held(ctx, mg, *record, id.Region)
		if err != nil {
			return err
		}

		// It has come to be used again.
		if _, ok := held[name]; ok || name == meta.GetExternalName(mg) {
			continue
		}

		if err := g.letGo(ctx, mg, *record, name); err != nil {
			return errors.Wrap(err, "an object that is not used any more is still there")
		}
	}

	if len(record.Revoking) == 0 {
		return nil
	}

	record.Revoking = nil

	return g.storeRecord(ctx, mg, *record)
}

// A place is where abandoned attempts are looked for: once for all of them, however many
// there are.
type place struct {
	region, parents string
}

func (g *Guard) sweepAbandoned(ctx context.Context, mg Resource, record ledger.Record) error {
	if len(record.Abandoned) == 0 {
		return nil
	}

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	looked := map[place]bool{}

	var kept []ledger.Abandoned

	for _, a := range record.Abandoned {
		region, parents, err := g.place(mg, ledger.Record{Region: a.Region, Parents: a.Parents}, g.regionOf(mg, record))
		if err != nil {
			return err
		}

		at := place{region, parentsText(parents)}
		if !looked[at] && len(looked) < maxPlaces {
			looked[at] = true

			objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, region, parents)
			if err != nil {
				return errors.Wrapf(err, "cannot look up what the abandoned attempt %s has created: objects in question have the UID %s at the end of their description", a.Attempt, mg.GetUID())
			}

			if err := g.sweepFound(ctx, mg, record, g.own(objects, mg.GetUID(), region)); err != nil {
				return err
			}
		}

		if a.At.After(g.Now().Add(maxSkew)) {
			a.At = g.Now().UTC()
		}

		if g.Now().Before(a.At.Add(lateTimes * g.limit(record))) {
			kept = append(kept, a)
		}
	}

	if slices.EqualFunc(kept, record.Abandoned, func(a, b ledger.Abandoned) bool { return a.Attempt == b.Attempt && a.At.Equal(b.At) }) {
		return nil
	}

	record.Abandoned = kept

	return g.storeRecord(ctx, mg, record)
}

// regionOf the object that a managed resource names, or of its last attempt.
func (g *Guard) regionOf(mg Resource, record ledger.Record) string {
	if id, err := g.Kind.ParseID(meta.GetExternalName(mg)); err == nil {
		return id.Region
	}

	return record.Region
}

// maxPlaces bounds where abandoned attempts of one managed resource are looked for. Its
// parents do not change, and its region does at most with its ProviderConfig's.
const maxPlaces = 4

// sweepFound settles what a managed resource has minted besides what it names.
func (g *Guard) sweepFound(ctx context.Context, mg Resource, record ledger.Record, own []marked) error {
	others := slices.DeleteFunc(slices.Clone(own), func(o marked) bool { return o.name == meta.GetExternalName(mg) })

	switch {
	case len(others) == 0:
		return nil
	case meta.WasDeleted(mg):
		return g.revokeOwn(ctx, mg, record, others)
	default:
		return g.resolve(ctx, mg, record, own)
	}
}

// sweepPrevious revokes the object that a renewal has replaced, unless another
// managed resource has it too.
func (g *Guard) sweepPrevious(ctx context.Context, mg Resource, record *ledger.Record) error {
	if record.Previous == "" || record.State != ledger.StateDone || record.Object != meta.GetExternalName(mg) {
		return nil
	}

	if err := g.letGo(ctx, mg, *record, record.Previous); err != nil {
		return errors.Wrap(err, "a renewal has left the old object")
	}

	record.Previous = ""

	return g.storeRecord(ctx, mg, *record)
}

func parentsText(parents map[string]string) string {
	b := &strings.Builder{}
	for _, arg := range slices.Sorted(maps.Keys(parents)) {
		b.WriteString(arg + "=" + parents[arg] + " ")
	}

	return b.String()
}
