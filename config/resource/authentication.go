// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
)

// An Authentication says what an object is to API keys. Once it is deleted they work
// no longer, or may do less.
type Authentication struct {
	// IsKey says that the object is an API key, of which its ID is the access key.
	IsKey bool

	// BearerOf is the argument of API keys that takes the ID of the object, which is who
	// authenticates with them.
	BearerOf string

	// Bearers are arguments that take the ID of who authenticates with API keys: with
	// this one, or with those that have rights because of the object. They have the names
	// of the API keys' own arguments.
	Bearers []string
}

// checkAuthentication panics if the declaration does not fit the Terraform resource.
func (r Resource) checkAuthentication(c *ujconfig.Resource) {
	if r.Authentication == nil {
		return
	}

	if r.Authentication.IsKey && r.Minted == nil {
		panic(fmt.Sprintf("%s: API keys are Minted, which says how Scaleway lists them", r.Name))
	}

	for _, arg := range r.Authentication.Bearers {
		if c.TerraformResource.Schema[arg] == nil {
			panic(fmt.Sprintf("%s: there is no argument %s", r.Name, arg))
		}
	}
}
