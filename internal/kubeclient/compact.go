// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package kubeclient

import (
	"slices"
	"unique"

	"k8s.io/apimachinery/pkg/api/meta"
)

// Compact is a transform of a cache. It takes out of an object who has set which of its
// fields, which nobody reads and is as large as the rest, and has it share with others the
// strings that they have too, each of which was read into memory of its own: keys of
// annotations and labels, finalizers, the kinds of owners and the namespace.
func Compact(o any) (any, error) {
	m, err := meta.Accessor(o)
	if err != nil {
		return o, nil //nolint:nilerr // What is no object stays as it is.
	}

	m.SetManagedFields(nil)
	m.SetNamespace(shared(m.GetNamespace()))
	m.SetLabels(sharedKeys(m.GetLabels()))
	m.SetAnnotations(sharedKeys(m.GetAnnotations()))

	finalizers := slices.Clip(m.GetFinalizers())
	for i := range finalizers {
		finalizers[i] = shared(finalizers[i])
	}

	m.SetFinalizers(finalizers)

	owners := slices.Clip(m.GetOwnerReferences())
	for i := range owners {
		owners[i].APIVersion, owners[i].Kind = shared(owners[i].APIVersion), shared(owners[i].Kind)
	}

	m.SetOwnerReferences(owners)

	return o, nil
}

func shared(s string) string { return unique.Make(s).Value() }

func sharedKeys(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}

	out := make(map[string]string, len(m))
	for k, v := range m {
		out[shared(k)] = v
	}

	return out
}
