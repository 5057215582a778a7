// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

func domain() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_container_domain",
		Group:       Group,
		Kind:        "Domain",
		Description: "serves a container of Scaleway Serverless Containers under a host name of yours. The host name must have a CNAME record that points at the container's endpoint before the Domain can be created.",
		Path:        "/containers/v1/regions/{region}/domains/{id}",
		ReadByGet:   true,
		Regions:     regions(),
		References:  map[string]string{"container_id": "scaleway_container"},
		Fields: map[string]resource.Field{
			"container_id": {Description: "ID of the container that is served, such as fr-par/11111111-1111-4111-8111-111111111111. It cannot be changed."},
			"hostname":     {Description: "Host name under which the container is served, such as api.example.com. It cannot be changed."},
			"region":       {Description: descriptionArea},
			"url":          {Omit: withoutEffect},
		},
		Columns: []resource.Column{
			{Name: "HOSTNAME", Type: "string", JSONPath: ".status.atProvider.hostname"},
		},
		ExactlyOneOf:          [][]string{{"container_id"}},
		ReplacesCustomizeDiff: "regions are compared before every connection",
	}
}
