// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"testing"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

func TestSensitiveFields(t *testing.T) {
	got := SensitiveFields(New())

	// Those of a block, of a map, and of what Scaleway makes.
	for _, want := range []string{"secret_key", "secret_environment_variables", "token"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among the fields that hold secrets: %q", want, got)
		}
	}

	if !slices.IsSorted(got) || slices.Contains(got, "name") {
		t.Errorf("want sorted names of secrets only, got %q", got)
	}

	forEach(t, func(t *testing.T, r resource.Resource, c *ujconfig.Resource) {
		t.Helper()

		for name, s := range c.TerraformResource.Schema {
			if s.Sensitive && !slices.Contains(got, name) {
				t.Errorf("%s: %s is not among the fields that hold secrets", r.Name, name)
			}
		}
	})
}
