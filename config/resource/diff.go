// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
)

// configureDiff takes CustomizeDiff away. Upjet gives the Terraform SDK no raw
// state, which Scaleway's CustomizeDiff functions read: they panic with
// "HasAttribute on non-object Type" at every reconcile.
func (r Resource) configureDiff(c *ujconfig.Resource) {
	has := c.TerraformResource.CustomizeDiff != nil
	if has != (r.ReplacesCustomizeDiff != "") {
		panic(fmt.Sprintf("%s: the Terraform resource has a CustomizeDiff function: %t, its declaration says what replaces it: %t; they must agree", r.Name, has, !has))
	}

	c.TerraformResource.CustomizeDiff = nil

	if len(r.ReplacedWhenRemoved) > 0 {
		c.TerraformCustomDiff = r.replaceWhenRemoved
	}
}

// replaceWhenRemoved marks the removal of an argument as one that needs a new
// object. Upjet then refuses it and says why, instead of sending an update that
// the API ignores.
func (r Resource) replaceWhenRemoved(diff *terraform.InstanceDiff, state *terraform.InstanceState, _ *terraform.ResourceConfig) (*terraform.InstanceDiff, error) {
	if diff == nil || state == nil || state.ID == "" {
		return diff, nil
	}

	for _, arg := range r.ReplacedWhenRemoved {
		if a, ok := diff.Attributes[arg+".#"]; ok && a.Old != "0" && a.Old != "" && (a.New == "0" || a.NewRemoved) {
			a.RequiresNew = true
		}
	}

	return diff, nil
}
