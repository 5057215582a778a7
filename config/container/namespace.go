// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

// The kind is not called Namespace: "kubectl get namespaces" must keep listing
// the namespaces of Kubernetes.
func namespace() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_container_namespace",
		Group:       Group,
		Kind:        "ContainerNamespace",
		Description: "is a namespace of Scaleway Serverless Containers: it groups containers of one project and region, and the environment variables that they share. Deleting it deletes everything in it.",
		Path:        "/containers/v1/regions/{region}/namespaces/{id}",
		ReadByGet:   true,
		Regions:     regions(),
		UUIDs:       []string{"project_id"},
		Fields: map[string]resource.Field{
			"description":                  {Description: "Free text that says what the namespace is for."},
			"destroy_registry":             {Omit: withoutEffect},
			"environment_variables":        {Description: "Environment variables of every container in the namespace, by name. A name has at most 100 characters, a value at most 1000."},
			"name":                         {Description: "Name of the namespace, unique in its project. It begins with a letter, and holds letters, digits and hyphens. Generated where it is not set. It cannot be changed."},
			"organization_id":              {Description: "UUID of the organization that the namespace belongs to."},
			"project_id":                   {Description: "UUID of the project that the namespace belongs to. Defaults to the project of the ProviderConfig. It cannot be changed."},
			"region":                       {Description: "Region of the namespace: fr-par, nl-ams or pl-waw. Defaults to the region of the ProviderConfig. It cannot be changed."},
			"registry_endpoint":            {Omit: withoutEffect},
			"registry_namespace_id":        {Omit: withoutEffect},
			"secret_environment_variables": {Description: "Environment variables of every container in the namespace whose values are not shown: each key of the Secret becomes a variable."},
			"tags":                         {Description: descriptionTags},
		},
		Columns: []resource.Column{
			{Name: "NAME-AT-SCALEWAY", Type: "string", JSONPath: ".status.atProvider.name"},
			{Name: "REGION", Type: "string", JSONPath: ".status.atProvider.region"},
		},
	}
}
