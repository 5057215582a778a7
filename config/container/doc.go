// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package container declares the resources of Scaleway Serverless Containers,
// one file each.
package container

import (
	"github.com/scaleway/scaleway-sdk-go/api/container/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// Group is the first label of the API group of the kinds.
const Group = "container"

// Reasons to leave a field out.
const (
	deprecatedHalf  = "deprecated half of a pair of fields: offering both makes late initialisation fill both, and each pull the other back"
	withoutEffect   = "deprecated and without effect since version 1 of the API"
	neverConverges  = "the API does not return it, so that Terraform would see a change in it for ever"
	descriptionTags = "Labels of the object, such as [\"team-a\", \"production\"]."
	descriptionArea = "Region of the object: fr-par, nl-ams or pl-waw. Defaults to the region in the parent's ID, else to the region of the ProviderConfig. It cannot be changed."
)

// Regions that serve Serverless Containers, as the Scaleway SDK lists them.
func regions() []string {
	var names []string
	for _, r := range (&container.API{}).Regions() {
		names = append(names, r.String())
	}

	return names
}

// Resources of the group.
func Resources() []resource.Resource {
	return []resource.Resource{
		containerResource(),
		cron(),
		domain(),
		namespace(),
		token(),
		trigger(),
	}
}
