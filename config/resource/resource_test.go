// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"testing"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
)

const uuid = "11111111-1111-4111-8111-111111111111"

var child = Resource{Name: "scaleway_child", References: map[string]string{"parent_id": "scaleway_parent"}}

func TestGetID(t *testing.T) {
	setup := map[string]any{"configuration": map[string]any{"region": "fr-par"}}

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
