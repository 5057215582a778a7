// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

func leave(context.Context, *onetime.Guard, xpresource.Object) error { return nil }
