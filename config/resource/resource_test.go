// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"maps"
	"testing"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

const uuid = "11111111-1111-4111-8111-111111111111"

// A regional and a global resource that refer to others.
var (
	child = Resource{
		Name: "scaleway_child", Path: "/regions/{region}/children/{id}", Regions: []string{"fr-par"},
		References: map[string]string{"parent_id": "scaleway_parent", "global_id": "scaleway_global"},
		targets:    map[string]Resource{"parent_id": {Path: "/regions/{region}/parents/{id}"}, "global_id": global},
	}
	global = Resource{
		Name: "scaleway_global", Kind: "Global", Path: "/globals/{id}", NeedsOrganization: true,
		References: map[string]string{"parent_id": "scaleway_parent"},
		targets:    map[string]Resource{"parent_id": {Path: "/regions/{region}/parents/{id}"}},
	}
	key = Resource{Name: "scaleway_key", Path: "/keys/{id}", ID: Form{Name: "a key", Pattern: "K[0-9]+", Example: "K1"}}
)

func TestGetID(t *testing.T) {
	setup := ujterraform.Setup{Configuration: ujterraform.ProviderConfiguration{"region": "fr-par"}}.Map()

	cases := map[string]struct {
		reason       string
		externalName string
		args         map[string]any
		setup        map[string]any
		want         map[string]any
	}{
		"OwnRegion": {
			reason: "What the user says comes first.",
			args:   map[string]any{"region": "pl-waw", "parent_id": "nl-ams/" + uuid},
			setup:  setup,
			want:   map[string]any{"region": "pl-waw", "parent_id": "nl-ams/" + uuid},
		},
		"ExternalName": {
			reason:       "An object that exists is where it is, whatever the ProviderConfig's default.",
			externalName: "nl-ams/" + uuid,
			args:         map[string]any{},
			setup:        setup,
			want:         map[string]any{"region": "nl-ams"},
		},
		"Parent": {
			reason: "A parent's region comes before the ProviderConfig's.",
			args:   map[string]any{"parent_id": "nl-ams/" + uuid},
			setup:  setup,
			want:   map[string]any{"region": "nl-ams", "parent_id": "nl-ams/" + uuid},
		},
		"ProviderConfig": {
			reason: "Nothing else says a region; the parent's UUID is taken to be in it.",
			args:   map[string]any{"parent_id": uuid},
			setup:  setup,
			want:   map[string]any{"region": "fr-par", "parent_id": "fr-par/" + uuid},
		},
		"Nowhere": {
			reason: "Without any region nothing is made up.",
			args:   map[string]any{"parent_id": uuid},
			want:   map[string]any{"parent_id": uuid},
		},
		"GlobalParent": {
			reason: "An object without a region gets none.",
			args:   map[string]any{"global_id": uuid},
			setup:  setup,
			want:   map[string]any{"global_id": uuid, "region": "fr-par"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &ujconfig.Resource{}
			child.configureIdentity(c)

			id, err := c.ExternalName.GetIDFn(context.Background(), tc.externalName, tc.args, tc.setup)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.externalName, id); diff != "" {
				t.Errorf("\n%s\nGetIDFn(...): -want ID, +got ID:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want, tc.args); diff != "" {
				t.Errorf("\n%s\nGetIDFn(...): -want arguments, +got arguments:\n%s", tc.reason, diff)
			}
		})
	}
}

// A global object has no region, whatever knows one.
func TestGlobalGetID(t *testing.T) {
	setup := func(organization string) map[string]any {
		return ujterraform.Setup{Configuration: ujterraform.ProviderConfiguration{"region": "fr-par", "organization_id": organization}}.Map()
	}

	cases := map[string]struct {
		reason       string
		argument     bool
		externalName string
		args         map[string]any
		setup        map[string]any
		want         string
	}{
		"Argument":       {reason: "The argument says the organization.", argument: true, args: map[string]any{"parent_id": "nl-ams/" + uuid, "organization_id": uuid}, setup: setup("")},
		"ProviderConfig": {reason: "So does the ProviderConfig.", argument: true, args: map[string]any{"parent_id": uuid}, setup: setup(uuid)},
		"Exists":         {reason: "An object that exists belongs to one.", externalName: uuid, args: map[string]any{}, setup: setup("")},
		"Nowhere": {
			reason: "Nobody says it.", argument: true, args: map[string]any{"organization_id": ""}, setup: setup(""),
			want: "the organization of the Global is not known: give spec.forProvider.organizationId, or organization_id in the credentials of the ProviderConfig",
		},
		"NoArgument": {
			reason: "What is no field is not named.", args: map[string]any{}, setup: setup(""),
			want: "the organization of the Global is not known: give organization_id in the credentials of the ProviderConfig",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &ujconfig.Resource{TerraformResource: &schema.Resource{Schema: map[string]*schema.Schema{}}}
			if tc.argument {
				c.TerraformResource.Schema["organization_id"] = &schema.Schema{}
			}

			global.configureIdentity(c)

			want := maps.Clone(tc.args)
			_, err := c.ExternalName.GetIDFn(t.Context(), tc.externalName, tc.args, tc.setup)

			got := ""
			if err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nGetIDFn(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(want, tc.args); diff != "" {
				t.Errorf("\n%s\nGetIDFn(...): -want arguments, +got arguments:\n%s", tc.reason, diff)
			}
		})
	}
}

// An object that is to be created is in the ProviderConfig's project, where Terraform
// would leave the choice to Scaleway.
func TestDefaultsToProject(t *testing.T) {
	setup := ujterraform.Setup{Configuration: ujterraform.ProviderConfiguration{"region": "fr-par", "project_id": uuid}}.Map()
	without := ujterraform.Setup{Configuration: ujterraform.ProviderConfiguration{"region": "fr-par"}}.Map()

	cases := map[string]struct {
		reason       string
		externalName string
		args, setup  map[string]any
		want         map[string]any
	}{
		"Default": {reason: "Nothing else says one.", args: map[string]any{}, setup: setup, want: map[string]any{"project": uuid}},
		"Given":   {reason: "The user says another.", args: map[string]any{"project": "other"}, setup: setup, want: map[string]any{"project": "other"}},
		"Exists":  {reason: "It has one, which must not look changed.", externalName: uuid, args: map[string]any{}, setup: setup, want: map[string]any{}},
		"Nobody":  {reason: "Scaleway chooses.", args: map[string]any{}, setup: without, want: map[string]any{}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := Resource{Name: "global", Path: "/globals/{id}", DefaultsToProject: "project"}
			c := &ujconfig.Resource{TerraformResource: &schema.Resource{Schema: map[string]*schema.Schema{}}}
			r.configureIdentity(c)

			if _, err := c.ExternalName.GetIDFn(t.Context(), tc.externalName, tc.args, tc.setup); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, tc.args); diff != "" {
				t.Errorf("\n%s\nGetIDFn(...): -want arguments, +got arguments:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParseID(t *testing.T) {
	cases := map[string]struct {
		reason string
		parse  func(string) (regional.ID, error)
		in     string
		want   regional.ID
		err    bool
	}{
		"Regional":         {reason: "A regional ID has both parts.", parse: child.ParseID, in: "fr-par/" + uuid, want: regional.ID{Region: "fr-par", UUID: uuid}},
		"RegionalBare":     {reason: "A UUID does not say where.", parse: child.ParseID, in: uuid, err: true},
		"Global":           {reason: "A global one is a UUID.", parse: global.ParseID, in: uuid, want: regional.ID{UUID: uuid}},
		"GlobalInRegion":   {reason: "It is in no region.", parse: global.ParseID, in: "fr-par/" + uuid, err: true},
		"GlobalUpperCase":  {reason: "Scaleway compares texts.", parse: global.ParseID, in: "AAAAAAAA" + uuid[8:], err: true},
		"OtherForm":        {reason: "Some products have another form.", parse: key.ParseID, in: "K12", want: regional.ID{UUID: "K12"}},
		"NotTheForm":       {reason: "They take no other.", parse: key.ParseID, in: uuid, err: true},
		"NotAsAWhole":      {reason: "A path could be added to it.", parse: key.ParseID, in: "K12/..", err: true},
		"Reference":        {reason: "A parent may be in a region.", parse: reference("parent_id"), in: "fr-par/" + uuid, want: regional.ID{Region: "fr-par", UUID: uuid}},
		"ReferenceBare":    {reason: "Or in that of the object.", parse: reference("parent_id"), in: uuid, want: regional.ID{UUID: uuid}},
		"ReferenceGlobal":  {reason: "A global parent is a UUID.", parse: reference("global_id"), in: uuid, want: regional.ID{UUID: uuid}},
		"ReferenceNowhere": {reason: "It is in no region.", parse: reference("global_id"), in: "fr-par/" + uuid, err: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := tc.parse(tc.in)
			if (err != nil) != tc.err {
				t.Fatalf("\n%s\nwant error %t, got %v", tc.reason, tc.err, err)
			}

			if tc.err {
				return
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.in, got.String()); diff != "" {
				t.Errorf("\n%s\nit is written as it was read: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func reference(arg string) func(string) (regional.ID, error) {
	return func(id string) (regional.ID, error) { return child.ParseReference(arg, id) }
}

// What Terraform's Read does not take back is not there when it reads.
func TestForgottenBeforeRead(t *testing.T) {
	had := map[string]string{}
	c := &ujconfig.Resource{TerraformResource: &schema.Resource{
		Schema: map[string]*schema.Schema{"old": {Type: schema.TypeString, Optional: true}, "kept": {Type: schema.TypeString, Optional: true}},
		ReadContext: func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
			for arg := range map[string]bool{"old": true, "kept": true} {
				had[arg], _ = d.Get(arg).(string)
			}

			return nil
		},
	}}

	Resource{ForgottenBeforeRead: []string{"old"}}.configureRead(c)

	d := schema.TestResourceDataRaw(t, c.TerraformResource.Schema, map[string]any{"old": "a", "kept": "b"})
	if diags := c.TerraformResource.ReadContext(t.Context(), d, nil); diags.HasError() {
		t.Fatal(diags)
	}

	if diff := cmp.Diff(map[string]string{"old": "", "kept": "b"}, had); diff != "" {
		t.Errorf("what Read finds: -want, +got:\n%s", diff)
	}
}

func TestObservedRegion(t *testing.T) {
	cases := map[string]struct {
		reason string
		mode   ujconfig.Mode
		values map[string]any
		want   map[string]any
	}{
		"FromTerraform": {
			reason: "Terraform's Read leaves out the region, of the object and of its parent.",
			mode:   ujconfig.FromTerraform,
			values: map[string]any{"id": "nl-ams/" + uuid, "parent_id": uuid},
			want:   map[string]any{"id": "nl-ams/" + uuid, "parent_id": "nl-ams/" + uuid, "region": "nl-ams"},
		},
		"ToTerraform": {
			reason: "Arguments are completed where the region is known from all its sources.",
			mode:   ujconfig.ToTerraform,
			values: map[string]any{"id": "nl-ams/" + uuid, "parent_id": uuid},
			want:   map[string]any{"id": "nl-ams/" + uuid, "parent_id": uuid},
		},
		"NoID": {
			reason: "An object without an ID has no region yet.",
			mode:   ujconfig.FromTerraform,
			values: map[string]any{"parent_id": uuid},
			want:   map[string]any{"parent_id": uuid},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := observedRegion{child}.Convert(tc.values, nil, tc.mode)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nConvert(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReplaceWhenRemoved(t *testing.T) {
	r := Resource{ReplacedWhenRemoved: []string{"sqs"}}
	exists := &terraform.InstanceState{ID: "fr-par/" + uuid}

	cases := map[string]struct {
		reason string
		state  *terraform.InstanceState
		diff   terraform.ResourceAttrDiff
		want   bool
	}{
		"Removed": {
			reason: "Taking the block away needs a new object.",
			state:  exists,
			diff:   terraform.ResourceAttrDiff{Old: "1", New: "0"},
			want:   true,
		},
		"Added": {
			reason: "Adding the block does not.",
			state:  exists,
			diff:   terraform.ResourceAttrDiff{Old: "0", New: "1"},
		},
		"NotCreated": {
			reason: "An object that does not exist cannot be replaced.",
			state:  &terraform.InstanceState{},
			diff:   terraform.ResourceAttrDiff{Old: "1", New: "0"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			diff := &terraform.InstanceDiff{Attributes: map[string]*terraform.ResourceAttrDiff{"sqs.#": &tc.diff}}

			got, err := r.replaceWhenRemoved(diff, tc.state, nil)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, got.Attributes["sqs.#"].RequiresNew); diff != "" {
				t.Errorf("\n%s\nreplaceWhenRemoved(...): -want RequiresNew, +got RequiresNew:\n%s", tc.reason, diff)
			}
		})
	}
}
