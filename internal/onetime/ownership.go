// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// IndexExternalName finds the managed resources of a kind by external name.
const IndexExternalName = "externalName"

// sharers returns the other managed resources of the kind that have the external
// name. In another Kubernetes namespace only those do whose credentials have shown
// the object: anybody can write down a name, and would keep another tenant's token
// from being renewed, and from being revoked when that tenant deletes it. They are the
// cache's own, which must not be changed.
func (g *Guard) sharers(ctx context.Context, mg Resource, name string) ([]xpresource.Managed, error) {
	if name == "" {
		return nil, nil
	}

	list, ok := g.List.DeepCopyObject().(xpresource.ManagedList)
	if !ok {
		return nil, errors.Errorf("%T is no list of managed resources", g.List)
	}

	if err := g.Kube.List(ctx, list, client.MatchingFields{IndexExternalName: name}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, errors.Wrapf(err, "cannot list what else has the external name %s", name)
	}

	var others []xpresource.Managed

	for _, o := range list.GetItems() {
		if o.GetUID() != mg.GetUID() && (o.GetNamespace() == mg.GetNamespace() || WasObserved(o)) {
			others = append(others, o)
		}
	}

	return others, nil
}

// CheckShared refuses a managed resource whose object another one has too: one of
// them would revoke it under the other. What its own credentials have not shown yet
// learns of no other Kubernetes namespace, and is observed first.
func (g *Guard) CheckShared(ctx context.Context, mg Resource) error {
	others, err := g.sharers(ctx, mg, meta.GetExternalName(mg))
	if err != nil {
		return err
	}

	var (
		names     []string
		elsewhere bool
	)

	for _, o := range others {
		if o.GetNamespace() == mg.GetNamespace() {
			names = append(names, client.ObjectKeyFromObject(o).String())
		} else {
			elsewhere = WasObserved(mg)
		}
	}

	// Another tenant's is not named.
	if elsewhere {
		names = append(names, "an object in another Kubernetes namespace")
	}

	if len(names) == 0 {
		return nil
	}

	return errors.Errorf("%s is the external name of %s too: neither changes or revokes it until one of them is deleted", meta.GetExternalName(mg), strings.Join(names, ", "))
}

// HandedOver tells whether an object that a managed resource is done with stays,
// because another one that is not being deleted has it too. Of several that are
// being deleted each revokes it: a choice between them could leave it to nobody.
func (g *Guard) HandedOver(ctx context.Context, mg Resource, name string) (bool, error) {
	others, err := g.sharers(ctx, mg, name)
	if err != nil {
		return false, err
	}

	for _, o := range others {
		if !meta.WasDeleted(o) {
			return true, nil
		}
	}

	return false, nil
}
