// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
)

// isForgotten tells whether a managed resource has lost the record of what it has
// attempted: its annotations were replaced, as kubectl replace does, but its status
// says that it was reconciled before.
func isForgotten(mg Resource, record ledger.Record) bool {
	return creates(mg) && record.UID == "" && meta.GetExternalName(mg) == "" && mg.GetCondition(xpv1.TypeSynced).Reason != ""
}

// checkForgotten refuses the attempt in the record if an earlier one, of which
// nothing is recorded any more, has minted an object. Its mark tells that the object
// is the managed resource's, but not whether something uses it: nothing is revoked.
func (g *Guard) checkForgotten(ctx context.Context, api remote.API, mg Resource, record ledger.Record) error {
	names, err := g.lookup(ctx, api, func(found ledger.Mark) bool { return found.UID == mg.GetUID() }, record.Region, record.Parents)
	if err != nil {
		return errors.Wrap(err, "cannot look up what was created before the annotations of this resource were replaced")
	}

	if len(names) == 0 {
		return nil
	}

	return errors.Errorf("this resource has created %s, and its annotations were replaced since: set annotation %s to the one whose secret is in use, and delete any other at Scaleway; nothing more is created until then",
		strings.Join(names, " and "), meta.AnnotationKeyExternalName)
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
