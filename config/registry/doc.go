// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package registry declares the resources of Scaleway Container Registry, one file
// each.
package registry

import (
	"github.com/scaleway/scaleway-sdk-go/api/registry/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// Group is the first label of the API group of the kinds.
const Group = "registry"

// Regions that serve Container Registry, as the Scaleway SDK lists them.
func regions() []string {
	var names []string
	for _, r := range (&registry.API{}).Regions() {
		names = append(names, r.String())
	}

	return names
}

// Resources of the group.
func Resources() []resource.Resource {
	return []resource.Resource{
		namespace(),
	}
}
