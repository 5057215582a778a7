// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package dependents

import (
	"context"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// keysIn returns the access keys of the managed resources of a kind of API keys, in a
// Kubernetes namespace, that belong to one of the bearers.
func (g *Guard) keysIn(ctx context.Context, kind schema.GroupVersionKind, namespace string, bearers map[string]sets.Set[string]) (sets.Set[string], error) {
	o, err := g.Scheme.New(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err != nil {
		return nil, errors.Wrapf(err, "cannot list objects of kind %s", kind.Kind)
	}

	list, ok := o.(xpresource.ManagedList)
	if !ok {
		return nil, errors.Errorf("%T is no list of managed resources", o)
	}

	// Live, because the kind need not have a controller, nor a cache.
	switch err := g.Live.List(ctx, list, client.InNamespace(namespace)); {
	case apimeta.IsNoMatchError(err) || kerrors.IsNotFound(err):
		return nil, nil // Its CustomResourceDefinition is not installed.
	case err != nil:
		return nil, errors.Wrapf(err, "cannot list objects of kind %s", kind.Kind)
	}

	keys := sets.New[string]()

	for _, mg := range list.GetItems() {
		for arg, ids := range bearers {
			values, err := valuesOf(mg, arg)
			if err != nil {
				return nil, err
			}

			if values.HasAny(ids.UnsortedList()...) && meta.GetExternalName(mg) != "" {
				keys.Insert(meta.GetExternalName(mg))
			}
		}
	}

	return keys, nil
}

// attributes are what upjet generates for managed resources.
type attributes interface {
	GetObservation() (map[string]any, error)
	GetParameters() (map[string]any, error)
	GetInitParameters() (map[string]any, error)
}

// valuesOf returns what an argument of a managed resource has been, as far as is known:
// what was observed, and what is wanted, may differ.
func valuesOf(mg xpresource.Managed, argument string) (sets.Set[string], error) {
	a, ok := mg.(attributes)
	if !ok {
		return nil, errors.Errorf("%T has no arguments", mg)
	}

	values := sets.New[string]()

	for _, get := range []func() (map[string]any, error){a.GetObservation, a.GetParameters, a.GetInitParameters} {
		all, err := get()
		if err != nil {
			return nil, errors.Wrapf(err, "cannot read argument %s", argument)
		}

		if v, ok := all[argument].(string); ok && v != "" {
			values.Insert(v)
		}
	}

	return values, nil
}
