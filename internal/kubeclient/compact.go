// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package kubeclient

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/lru"
)

// maxShared bounds the strings that are kept to be shared.
const maxShared = 1 << 12

// NewCompact returns a transform of caches. It takes out of an object who has set which of
// its fields, which nobody reads and is as large as the rest, and has it share with others
// the strings that they have too, each of which was read into memory of its own: keys of
// annotations and labels, finalizers, the kinds of owners and the namespace.
func NewCompact() toolscache.TransformFunc {
	c := compact{lru.New(maxShared)}

	return func(o any) (any, error) {
		m, err := meta.Accessor(o)
		if err != nil {
			return o, nil //nolint:nilerr // What is no object stays as it is.
		}

		m.SetManagedFields(nil)
		m.SetNamespace(c.shared(m.GetNamespace()))
		m.SetLabels(c.keys(m.GetLabels()))
		m.SetAnnotations(c.keys(m.GetAnnotations()))

		finalizers := slices.Clip(m.GetFinalizers())
		for i := range finalizers {
			finalizers[i] = c.shared(finalizers[i])
		}

		m.SetFinalizers(finalizers)

		owners := slices.Clip(m.GetOwnerReferences())
		for i := range owners {
			owners[i].APIVersion, owners[i].Kind = c.shared(owners[i].APIVersion), c.shared(owners[i].Kind)
		}

		m.SetOwnerReferences(owners)

		return o, nil
	}
}

// compact keeps the strings, since a cache of weak references, as Go's unique is, forgets
// those that are shared but not held by it.
type compact struct {
	strings *lru.Cache
}

func (c compact) shared(s string) string {
	if known, ok := c.strings.Get(s); ok {
		if k, ok := known.(string); ok {
			return k
		}
	}

	s = strings.Clone(s)
	c.strings.Add(s, s)

	return s
}

func (c compact) keys(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}

	out := make(map[string]string, len(m))
	for k, v := range m {
		out[c.shared(k)] = v
	}

	return out
}
