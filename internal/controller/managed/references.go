// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"reflect"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A referenceResolver resolves the references of managed resources that have any.
// Crossplane-runtime's copies each managed resource, and compares it with the copy
// by reflection, to find out whether that has changed anything.
type referenceResolver struct {
	managed.ReferenceResolver
}

// ResolveReferences implements managed.ReferenceResolver.
func (r referenceResolver) ResolveReferences(ctx context.Context, mg xpresource.Managed) error {
	if !hasReferences(mg) {
		return nil
	}

	return r.ReferenceResolver.ResolveReferences(ctx, mg)
}

// hasReferences tells whether an argument of the managed resource is given by what
// may be a reference or a selector, or by an empty text, which is taken away where
// references are resolved.
func hasReferences(mg xpresource.Managed) bool {
	found := false

	_ = eachArgument(mg, func(at *location, v reflect.Value) (bool, error) {
		found = found || isReference(at) || v.Kind() == reflect.String && v.Len() == 0
		return found, nil
	}) // It fails where the function does.

	return found
}
