// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/mint"
)

// A Minted resource has a secret that Scaleway shows once, in the answer that
// creates it.
type Minted struct {
	// Attribute that holds the secret, in Terraform's state and in Scaleway's
	// answer.
	Attribute string

	// MarkArgument is the argument that a mark is appended to, in Terraform and in
	// Scaleway's API: a text that Scaleway stores and returns.
	MarkArgument string

	// ExpiryAttribute holds when the object expires, as RFC 3339. Optional.
	ExpiryAttribute string

	// List is the key of the objects in Scaleway's answer to a list request.
	List string

	// Identify returns the UUID of the object that a secret belongs to. An error
	// says why it belongs to none.
	Identify func(secret string) (string, error)

	// Successor tells the user what to do when Scaleway mints no more objects.
	Successor string
}

// configureMinted wraps the functions of the Terraform resource: the mark is
// appended where the object is created, and taken off where it is read, so that
// neither Terraform nor upjet nor the user sees it.
func (r Resource) configureMinted(c *ujconfig.Resource) {
	if r.Minted == nil {
		return
	}

	arg := r.Minted.MarkArgument
	create, read := c.TerraformResource.CreateContext, c.TerraformResource.ReadContext

	c.TerraformResource.CreateContext = func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		// Terraform creates within a deletion when it finds that an argument has
		// changed that needs a new object.
		permit, ok := mint.PermitFrom(ctx)
		if !ok {
			return diag.Errorf("refusing to create a %s outside of a recorded attempt", r.Kind)
		}

		description, _ := d.Get(arg).(string)
		if err := d.Set(arg, permit.Mark().Append(description)); err != nil {
			return diag.FromErr(err)
		}

		diags := create(ctx, d, meta)

		return append(diags, strip(d, arg)...)
	}

	c.TerraformResource.ReadContext = func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		diags := read(ctx, d, meta)
		return append(diags, strip(d, arg)...)
	}
}

func strip(d *schema.ResourceData, arg string) diag.Diagnostics {
	description, _ := d.Get(arg).(string)

	plain, _, ok := mint.Strip(description)
	if !ok {
		return nil
	}

	return diag.FromErr(d.Set(arg, plain))
}
