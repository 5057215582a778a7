// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// isForgotten tells whether a managed resource has lost the record of what it has
// attempted: its annotations were replaced, as kubectl replace does, but its status
// says that it was reconciled before.
func isForgotten(mg mintedResource, record ledger.Record) bool {
	return creates(mg) && record.UID == "" && meta.GetExternalName(mg) == "" && mg.GetCondition(xpv1.TypeSynced).Reason != ""
}

// checkForgotten refuses the attempt in the record if an earlier one, of which
// nothing is recorded any more, has minted an object. Its mark tells that the object
// is the managed resource's, but not whether something uses it: nothing is revoked.
func (m *minter) checkForgotten(ctx context.Context, api *clients.API, mg mintedResource, record ledger.Record) error {
	names, err := m.lookup(ctx, api, func(found ledger.Mark) bool { return found.UID == mg.GetUID() }, record.Region, record.Parents)
	if err != nil {
		return errors.Wrap(err, "cannot look up what was created before the annotations of this resource were replaced")
	}

	if len(names) == 0 {
		return nil
	}

	return errors.Errorf("this resource has created %s, and its annotations were replaced since: set annotation %s to the one whose secret is in use, and delete any other at Scaleway; nothing more is created until then",
		strings.Join(names, " and "), meta.AnnotationKeyExternalName)
}
