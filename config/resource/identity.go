// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"regexp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

const (
	keyID           = "id"
	keyRegion       = "region"
	keyProject      = "project_id"
	keyOrganization = "organization_id"
)

// A Form of IDs.
type Form struct {
	// Name of the form, with an article, such as "a UUID".
	Name string
	// Pattern that matches the ID as a whole, a regular expression.
	Pattern string
	// Example of an ID.
	Example string
}

// UUID is the form that most IDs have.
var UUID = Form{Name: "a UUID in lower case", Pattern: formUUID, Example: "11111111-1111-4111-8111-111111111111"}

// Check returns an error that quotes the ID, unless it has the form.
func (f Form) Check(id string) error {
	if regexp.MustCompile("^" + f.Pattern + "$").MatchString(id) {
		return nil
	}

	return errors.Errorf("%q is not %s, such as %s", id, f.Name, f.Example)
}

// form of the objects' IDs, less their region.
func (r Resource) form() Form {
	if r.ID == (Form{}) {
		return UUID
	}

	return r.ID
}

// ExampleID returns what an external name looks like.
func (r Resource) ExampleID() string {
	if r.Global() {
		return r.form().Example
	}

	return regional.ID{Region: "fr-par", UUID: r.form().Example}.String()
}

// ParseID reads the external name of an object. Its errors quote the value and show
// the form that is expected.
func (r Resource) ParseID(externalName string) (regional.ID, error) {
	if !r.Global() {
		return regional.Parse(externalName)
	}

	return regional.ID{UUID: externalName}, r.form().Check(externalName)
}

// ExternalName of the object with the supplied region, which is empty for a global
// one, and ID.
func (r Resource) ExternalName(region, id string) string {
	return regional.ID{Region: region, UUID: id}.String()
}

// ParseReference reads the value of an argument that takes the ID of another object.
// The region of a bare UUID, or of an object of a global product, is empty.
func (r Resource) ParseReference(arg, value string) (regional.ID, error) {
	if target, ok := r.targets[arg]; ok && target.Global() {
		return target.ParseID(value)
	}

	return regional.ParseArgument(value)
}

// configureIdentity makes the ID that Scaleway assigns the external
// name, and gives the resource's region one order everywhere: spec.region, else
// the region in the parent's ID, else the ProviderConfig's. An object that
// exists has the region of its external name; that it does not contradict the
// others is checked before every connection (internal/controller/managed).
func (r Resource) configureIdentity(c *ujconfig.Resource) {
	c.ExternalName = ujconfig.IdentifierFromProvider

	if r.Global() == (len(r.Regions) > 0) || !r.Global() && r.form() != UUID {
		panic(fmt.Sprintf("%s: a regional resource has a path with {region}, Regions, and UUIDs; a global one has neither region", r.Name))
	}

	// Upjet calls GetIDFn once, after it has read the arguments and before it
	// computes anything from them, with all that the region and the organization can
	// come from.
	c.ExternalName.GetIDFn = func(_ context.Context, externalName string, args, setup map[string]any) (string, error) {
		r.qualify(args, r.Region(externalName, args, setup))
		r.defaultProject(externalName, args, setup)

		if r.NeedsOrganization && externalName == "" {
			_, given := c.TerraformResource.Schema[keyOrganization]
			return externalName, r.checkOrganization(given, args, setup)
		}

		return externalName, nil
	}

	c.TerraformConversions = append(c.TerraformConversions, observedRegion{r})
}

// defaultProject writes the project of the ProviderConfig into the arguments of an
// object that is to be created. Scaleway takes that of its own choice otherwise.
func (r Resource) defaultProject(externalName string, args, setup map[string]any) {
	if r.DefaultsToProject == "" || externalName != "" {
		return
	}

	given, _ := args[r.DefaultsToProject].(string)
	if project, _ := configuration(setup)[keyProject].(string); given == "" && project != "" {
		args[r.DefaultsToProject] = project
	}
}

// checkOrganization refuses to create an object that would belong to nobody.
// Argument tells whether it has an argument for the organization.
func (r Resource) checkOrganization(argument bool, args, setup map[string]any) error {
	for _, from := range []map[string]any{args, configuration(setup)} {
		if id, _ := from[keyOrganization].(string); id != "" {
			return nil
		}
	}

	where := "organization_id in the credentials of the ProviderConfig"
	if argument {
		where = "spec.forProvider." + field(keyOrganization) + ", or " + where
	}

	return errors.Errorf("the organization of the %s is not known: give %s", r.Kind, where)
}

// configuration returns upjet's view of the ProviderConfig, from what terraform.Setup
// becomes as a map.
func configuration(setup map[string]any) map[string]any {
	c, _ := setup["configuration"].(ujterraform.ProviderConfiguration)
	return c
}

// Region returns the region of the object with the supplied external name, which
// may be empty, from the arguments and from upjet's view of the ProviderConfig. It
// is empty for an object of a global product.
func (r Resource) Region(externalName string, args, setup map[string]any) string {
	if r.Global() {
		return ""
	}

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

	region, _ := configuration(setup)[keyRegion].(string)

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
		if id, _ := values[arg].(string); id != "" && r.regionalTarget(arg) {
			values[arg] = regional.Qualify(id, region)
		}
	}
}

// regionalTarget tells whether an argument takes a regional ID.
func (r Resource) regionalTarget(arg string) bool {
	target, ok := r.targets[arg]
	return !ok || !target.Global()
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

func (r Resource) configureReferences(c *ujconfig.Resource) {
	for arg, target := range r.targets {
		ref := ujconfig.Reference{TerraformName: target.Name}
		if target.Group == r.Group && target.APIVersion() == r.APIVersion() {
			// By its bare name, so that its description is not "Container in container".
			ref = ujconfig.Reference{Type: target.Kind} //nolint:staticcheck // TerraformName cannot say it.
		}

		c.References[arg] = ref
	}
}
