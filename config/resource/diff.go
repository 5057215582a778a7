// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
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

	// Upjet then refuses the change, where an older CRD lets it pass.
	for _, arg := range r.Immutable {
		s, ok := c.TerraformResource.Schema[arg]
		if !ok {
			panic(fmt.Sprintf("%s has no argument %q: correct Immutable in its declaration", r.Name, arg))
		}

		s.ForceNew = true
	}

	c.UpdateLoopPrevention = replacement{r}
}

// configureRead makes Terraform's Read forget what it does not take back, and keeps
// late initialisation from what it would contradict the user with.
func (r Resource) configureRead(c *ujconfig.Resource) {
	for _, arg := range slices.Concat(r.ForgottenBeforeRead, r.NotLateInitialized) {
		if _, ok := c.TerraformResource.Schema[arg]; !ok {
			panic(fmt.Sprintf("%s has no argument %q: correct ForgottenBeforeRead or NotLateInitialized in its declaration", r.Name, arg))
		}
	}

	c.LateInitializer.IgnoredFields = append(c.LateInitializer.IgnoredFields, r.NotLateInitialized...)

	if len(r.ForgottenBeforeRead) == 0 {
		return
	}

	read := c.TerraformResource.ReadContext

	c.TerraformResource.ReadContext = func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		for _, attribute := range r.ForgottenBeforeRead {
			if err := d.Set(attribute, nil); err != nil {
				return diag.FromErr(err)
			}
		}

		return read(ctx, d, meta)
	}
}

// A replacement is what upjet does not do: it refuses an update that needs another
// object. This refuses it first, to say what to do instead.
type replacement struct{ r Resource }

// UpdateLoopPreventionFunc implements upjet's UpdateLoopPrevention, the one hook
// that sees the difference before upjet looks for what it refuses.
func (p replacement) UpdateLoopPreventionFunc(diff *terraform.InstanceDiff, _ xpresource.Managed) (*ujconfig.UpdateLoopPreventResult, error) {
	if diff == nil {
		return nil, nil
	}

	for _, attribute := range slices.Sorted(maps.Keys(diff.Attributes)) {
		a := diff.Attributes[attribute]
		if a == nil || !a.RequiresNew {
			continue
		}

		arg, _, _ := strings.Cut(attribute, ".")
		reason := p.r.unchangedMessage("forProvider", arg)

		if arg == attribute && !a.Sensitive {
			reason += fmt.Sprintf(" (at Scaleway it is %q)", a.Old)
		}

		return &ujconfig.UpdateLoopPreventResult{Reason: reason}, nil
	}

	return nil, nil
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
