// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package iam

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

func application() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_iam_application",
		Group:       Group,
		Kind:        "Application",
		Description: "is an application of Scaleway IAM: a principal that is no person. A Policy says what it may do, and an ApiKey is what it authenticates with. Deleting it revokes its API keys.",
		Path:        "/iam/v1alpha1/applications/{id}",
		ReadByGet:   true,
		UUIDs:       []string{"organization_id"},
		Fields: map[string]resource.Field{
			"created_at":      {Description: descriptionCreated},
			"description":     {Description: "Free text that says what the application is for, of at most 200 characters."},
			"editable":        {Description: descriptionEditable},
			"name":            {Description: "Name of the application, of at most 64 characters. Generated where it is not set."},
			"organization_id": {Description: descriptionOrganization},
			"tags":            {Description: descriptionTags},
			"updated_at":      {Description: descriptionUpdated},
		},
		Columns: []resource.Column{
			{Name: "NAME-AT-SCALEWAY", Type: "string", JSONPath: ".status.atProvider.name"},
		},
		NeedsOrganization: true,
		Immutable:         []string{"organization_id"},
		ImmutableBecause:  noMove,
		Authentication:    &resource.Authentication{BearerOf: "application_id"},
	}
}
