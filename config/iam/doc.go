// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package iam declares the resources of Scaleway Identity and Access Management
// (IAM), one file each. They belong to an organization, and to no region.
package iam

import (
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// Group is the first label of the API group of the kinds.
const Group = "iam"

const (
	descriptionOrganization = "UUID of the organization that the object belongs to. Defaults to the organization of the ProviderConfig. It cannot be changed."
	descriptionEditable     = "Whether the object can be changed. Scaleway manages some itself."
	descriptionCreated      = "When the object was created."
	descriptionUpdated      = "When the object was last changed."
	descriptionTags         = "Labels of the object, such as [\"team-a\", \"production\"]."

	// Terraform ignores the change.
	noMove = "Scaleway cannot move it to another organization. Create another object instead"
)

// Resources of the group.
func Resources() []resource.Resource {
	return []resource.Resource{
		apiKey(),
		application(),
		policy(),
	}
}
