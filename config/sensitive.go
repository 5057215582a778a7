// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// SensitiveFields returns the names of all arguments and attributes, of any resource and
// at any depth, that hold a secret.
func SensitiveFields(p *ujconfig.Provider) []string {
	names := map[string]bool{}

	for _, r := range p.Resources {
		sensitive(r.TerraformResource.Schema, names)
	}

	return slices.Sorted(maps.Keys(names))
}

func sensitive(s map[string]*schema.Schema, names map[string]bool) {
	for name, f := range s {
		if f.Sensitive {
			names[name] = true
		}

		if block, ok := f.Elem.(*schema.Resource); ok {
			sensitive(block.Schema, names)
		}
	}
}
