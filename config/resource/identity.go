// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

const (
	keyID     = "id"
	keyRegion = "region"
)

// configureIdentity makes the regional ID that Scaleway assigns the external
// name, and gives the resource's region one order everywhere: spec.region, else
// the region in the parent's ID, else the ProviderConfig's. An object that
// exists has the region of its external name; that it does not contradict the
// others is checked before every connection (internal/controller/managed).
func (r Resource) configureIdentity(c *ujconfig.Resource) {
	c.ExternalName = ujconfig.IdentifierFromProvider

	// Upjet calls GetIDFn once, after it has read the arguments and before it
	// computes anything from them, with all that the region can come from.
	c.ExternalName.GetIDFn = func(_ context.Context, externalName string, args, setup map[string]any) (string, error) {
		r.qualify(args, r.Region(externalName, args, setup))

		return externalName, nil
	}

	c.TerraformConversions = append(c.TerraformConversions, observedRegion{r})
}

// Region returns the region of the object with the supplied external name, which
// may be empty, from the arguments and from upjet's view of the ProviderConfig.
func (r Resource) Region(externalName string, args, setup map[string]any) string {
	if region, _ := args[keyRegion].(string); region != "" {
		return region
	}

	if region := regional.Of(externalName); region != "" {
		return region
	}

	for arg := range r.References {
		if id, _ := args[arg].(string); regional.Of(id) != "" {
			return regional.Of(id)
		}
	}

	configuration, _ := setup["configuration"].(map[string]any)
	region, _ := configuration[keyRegion].(string)

	return region
}

// qualify writes the region into the arguments or attributes, and into IDs of
// parents that lack one: Terraform reads back some of these IDs with their
// region, and would take the bare UUID for a difference at every observation.
func (r Resource) qualify(values map[string]any, region string) {
	if region == "" {
		return
	}

	values[keyRegion] = region

	for arg := range r.References {
		if id, _ := values[arg].(string); id != "" {
			values[arg] = regional.Qualify(id, region)
		}
	}
}

// observedRegion completes what Terraform read: for some resources it returns
// no region, and bare UUIDs for the parents.
type observedRegion struct{ r Resource }

// Convert implements upjet's TerraformConversion.
func (o observedRegion) Convert(values map[string]any, _ *ujconfig.Resource, mode ujconfig.Mode) (map[string]any, error) {
	if mode != ujconfig.FromTerraform {
		return values, nil
	}

	id, _ := values[keyID].(string)
	o.r.qualify(values, regional.Of(id))

	return values, nil
}

func (r Resource) configureReferences(c *ujconfig.Resource, kinds map[string]Resource) {
	for arg, name := range r.References {
		target, ok := kinds[name]
		if !ok {
			panic(fmt.Sprintf("%s: %s refers to %s, which is not declared", r.Name, arg, name))
		}

		ref := ujconfig.Reference{TerraformName: name}
		if target.Group == r.Group && target.APIVersion() == r.APIVersion() {
			// By its bare name, so that its description is not "Container in container".
			ref = ujconfig.Reference{Type: target.Kind} //nolint:staticcheck // TerraformName cannot say it.
		}

		c.References[arg] = ref
	}
}
