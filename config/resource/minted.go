// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
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

	// ListedBy are arguments, besides References, that Scaleway's list can be narrowed
	// by.
	ListedBy []string

	// ParentPaths are paths in Scaleway's API of what arguments name that are no References,
	// with {id} for its ID.
	ParentPaths map[string]string

	// IDField holds an object's ID in Scaleway's answers. Defaults to id. Where another,
	// it is an attribute in Terraform too.
	IDField string

	// Keys of the connection Secret besides upjet's, by the attribute whose value they
	// hold. The first of each is the one that the value is read back from. The
	// attribute organization_id is that of the ProviderConfig, where Terraform has none.
	Keys map[string][]string

	// Identify returns the ID of the object that a secret belongs to. It is empty if the
	// secret does not tell: IDField must then be among Keys. An error, which must not
	// quote the secret, says why it is none.
	Identify func(secret string) (string, error)

	// Successor tells the user what to do when Scaleway mints no more objects.
	Successor string

	// Ending says that Scaleway has announced that it will mint no more: any refusal may
	// then mean that it does not any more.
	Ending bool
}

// IDField holds an object's ID in Scaleway's answers.
func (r Resource) IDField() string {
	return cmp.Or(r.Minted.IDField, keyID)
}

// ListedBy returns the arguments by which Scaleway's list of the objects can be
// narrowed.
func (r Resource) ListedBy() []string {
	return slices.Concat(slices.Sorted(maps.Keys(r.References)), r.Minted.ListedBy)
}

// SecretKey is the key of the connection Secret under which upjet publishes the
// secret.
func (r Resource) SecretKey() string {
	return "attribute." + r.Minted.Attribute
}

// Published returns what the connection Secret of an object with the supplied
// attributes holds. A key whose attribute has no value is left out.
func (r Resource) Published(attributes map[string]string) map[string][]byte {
	data := map[string][]byte{r.SecretKey(): []byte(attributes[r.Minted.Attribute])}

	for attribute, keys := range r.Minted.Keys {
		for _, key := range keys {
			if value := attributes[attribute]; value != "" {
				data[key] = []byte(value)
			}
		}
	}

	return data
}

// PublishedAttributes returns the attributes that a connection Secret tells.
func (r Resource) PublishedAttributes(data map[string][]byte) map[string]string {
	attributes := map[string]string{}
	for attribute, keys := range r.Minted.Keys {
		attributes[attribute] = string(data[keys[0]])
	}

	attributes[r.Minted.Attribute] = string(data[r.SecretKey()])

	return attributes
}

// IsComplete tells whether a connection Secret has all its keys, and each of those
// that hold the same has the same value.
func (r Resource) IsComplete(data map[string][]byte) bool {
	attributes := r.PublishedAttributes(data)

	for attribute, keys := range r.Minted.Keys {
		for _, key := range keys {
			if value := attributes[attribute]; value == "" || string(data[key]) != value {
				return false
			}
		}
	}

	return true
}

// Identify returns the ID of the object that a connection Secret belongs to. An
// error, which quotes no value, says why it belongs to none.
func (r Resource) Identify(data map[string][]byte) (string, error) {
	id, err := r.Minted.Identify(string(data[r.SecretKey()]))
	if id != "" || err != nil {
		return id, err
	}

	id = r.PublishedAttributes(data)[r.IDField()]
	if r.form().Check(id) != nil {
		// Not quoted: two values may have been swapped.
		return "", errors.Errorf("key %s is not %s, such as %s", r.Minted.Keys[r.IDField()][0], r.form().Name, r.form().Example)
	}

	return id, nil
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
		permit, ok := issue.PermitFrom(ctx)
		if !ok {
			return diag.Errorf("refusing to create %s outside of a recorded attempt", r.AKind())
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

	plain, _, ok := ledger.Strip(description)
	if !ok {
		return nil
	}

	return diag.FromErr(d.Set(arg, plain))
}
