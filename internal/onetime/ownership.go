// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"fmt"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// IndexExternalName finds the managed resources of a kind by external name.
const IndexExternalName = "externalName"

// owners returns the other managed resources, in the Kubernetes namespace, that have the
// external name and may have the object deleted. One that only observes it, or is paused,
// is none. In another Kubernetes namespace nobody is: who may write there can give a
// managed resource any name, and any status, and would keep another tenant's token from
// being renewed, and from being revoked when that tenant deletes it. They are the cache's
// own, which must not be changed.
func (g *Guard) owners(ctx context.Context, mg Resource, name string) ([]xpresource.Managed, error) {
	if name == "" {
		return nil, nil
	}

	list, ok := g.List.DeepCopyObject().(xpresource.ManagedList)
	if !ok {
		return nil, errors.Errorf("%T is no list of managed resources", g.List)
	}

	if err := g.Kube.List(ctx, list, client.InNamespace(mg.GetNamespace()), client.MatchingFields{IndexExternalName: name}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, errors.Wrapf(err, "cannot list what else has the external name %s", name)
	}

	var others []xpresource.Managed

	for _, o := range list.GetItems() {
		if o.GetUID() != mg.GetUID() && g.Owns(o) && !meta.IsPaused(o) {
			others = append(others, o)
		}
	}

	return others, nil
}

// CheckShared refuses a managed resource whose object another one owns too: one of them
// would revoke it under the other. Who only observes it shares nothing.
func (g *Guard) CheckShared(ctx context.Context, mg Resource) error {
	if !g.Owns(mg) {
		return nil
	}

	others, err := g.owners(ctx, mg, meta.GetExternalName(mg))
	if err != nil || len(others) == 0 {
		return err
	}

	names := make([]string, 0, len(others))
	for _, o := range others {
		names = append(names, client.ObjectKeyFromObject(o).String())
	}

	return errors.Errorf("%s is the external name of %s too: neither changes or revokes it until one of them is deleted", meta.GetExternalName(mg), strings.Join(names, ", "))
}

// heir returns another managed resource that has the object, and revokes it when it is
// deleted itself, so that the object can stay. Of several that are being deleted
// each revokes it: a choice between them could leave it to nobody.
func (g *Guard) heir(ctx context.Context, mg Resource, name string) (string, error) {
	others, err := g.owners(ctx, mg, name)
	if err != nil {
		return "", err
	}

	for _, o := range others {
		if !meta.WasDeleted(o) {
			return fmt.Sprintf("%s %q", g.Kind.KindName(), client.ObjectKeyFromObject(o)), nil
		}
	}

	return "", nil
}

// unshared are those of the objects that no other managed resource has come to have.
func (g *Guard) unshared(ctx context.Context, mg Resource, own []marked) ([]marked, error) {
	var out []marked

	for _, o := range own {
		if o.name != meta.GetExternalName(mg) {
			heir, err := g.heir(ctx, mg, o.name)
			if err != nil {
				return nil, err
			}

			if heir != "" {
				continue
			}
		}

		out = append(out, o)
	}

	return out, nil
}

// HandedOver tells whether an object that a managed resource is done with stays, because
// another one has it too, and says so.
func (g *Guard) HandedOver(ctx context.Context, mg Resource, name string) (bool, error) {
	heir, err := g.heir(ctx, mg, name)
	if err != nil || heir == "" {
		return false, err
	}

	g.left(mg, name, heir+" has it too")

	return true, nil
}
