// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// indexExternalName finds the managed resources of a kind by external name.
const indexExternalName = "externalName"

// index the managed resources of the kind by external name, and by the Secret that
// they name.
func index(ctx context.Context, mgr ctrl.Manager, k Kind) error {
	for name, value := range map[string]func(client.Object) string{
		indexExternalName: func(o client.Object) string { return meta.GetExternalName(o) },
		indexSecret:       secretName,
	} {
		err := mgr.GetFieldIndexer().IndexField(ctx, k.Object, name, func(o client.Object) []string {
			if v := value(o); v != "" {
				return []string{v}
			}

			return nil
		})
		if err != nil {
			return errors.Wrapf(err, "cannot index %s by %s", k.GroupVersionKind.Kind, name)
		}
	}

	return nil
}

func secretName(o client.Object) string {
	w, ok := o.(xpresource.LocalConnectionSecretWriterTo)
	if !ok || w.GetWriteConnectionSecretToReference() == nil {
		return ""
	}

	return w.GetWriteConnectionSecretToReference().Name
}

// sharers returns the other managed resources of the kind that have the external
// name. In another Kubernetes namespace only those do whose credentials have shown
// the object: anybody can write down a name, and would keep another tenant's token
// from being renewed, and from being revoked when that tenant deletes it. They are the
// cache's own, which must not be changed.
func (m *minter) sharers(ctx context.Context, mg mintedResource, name string) ([]xpresource.Managed, error) {
	if name == "" {
		return nil, nil
	}

	list, ok := m.list.DeepCopyObject().(xpresource.ManagedList)
	if !ok {
		return nil, errors.Errorf("%T is no list of managed resources", m.list)
	}

	if err := m.kube.List(ctx, list, client.MatchingFields{indexExternalName: name}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, errors.Wrapf(err, "cannot list what else has the external name %s", name)
	}

	var others []xpresource.Managed

	for _, o := range list.GetItems() {
		if o.GetUID() != mg.GetUID() && (o.GetNamespace() == mg.GetNamespace() || wasObserved(o)) {
			others = append(others, o)
		}
	}

	return others, nil
}

// checkShared refuses a managed resource whose object another one has too: one of
// them would revoke it under the other. What its own credentials have not shown yet
// learns of no other Kubernetes namespace, and is observed first.
func (m *minter) checkShared(ctx context.Context, mg mintedResource) error {
	others, err := m.sharers(ctx, mg, meta.GetExternalName(mg))
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
			elsewhere = wasObserved(mg)
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

// handedOver tells whether an object that a managed resource is done with stays,
// because another one that is not being deleted has it too. Of several that are
// being deleted each revokes it: a choice between them could leave it to nobody.
func (m *minter) handedOver(ctx context.Context, mg mintedResource, name string) (bool, error) {
	others, err := m.sharers(ctx, mg, name)
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
