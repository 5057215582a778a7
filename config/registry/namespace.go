// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package registry

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

// The kind is not called Namespace: "kubectl get namespaces" must keep listing
// the namespaces of Kubernetes.
func namespace() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_registry_namespace",
		Group:       Group,
		Kind:        "RegistryNamespace",
		Description: "is a namespace of Scaleway Container Registry, which holds images. Its endpoint, under which images are pushed and pulled, is also written to the Secret named by writeConnectionSecretToRef, under the key endpoint. Deleting it deletes the images in it.",
		Path:        "/registry/v1/regions/{region}/namespaces/{id}",
		ReadByGet:   true,
		Regions:     regions(),
		UUIDs:       []string{"project_id"},
		Fields: map[string]resource.Field{
			"description":     {Description: "Free text that says what the namespace is for."},
			"endpoint":        {Description: "Where images are pushed to and pulled from, such as rg.fr-par.scw.cloud/my-images: an image is named endpoint/app:1.2."},
			"is_public":       {Description: "Whether anybody may pull the images. Defaults to false."},
			"name":            {Description: "Name of the namespace, unique in its region among the namespaces of all organizations. It cannot be changed."},
			"organization_id": {Description: "UUID of the organization that the namespace belongs to."},
			"project_id":      {Description: "UUID of the project that the namespace belongs to. Defaults to the project of the ProviderConfig. It cannot be changed."},
			"region":          {Description: "Region of the namespace: fr-par, nl-ams or pl-waw. Defaults to the region of the ProviderConfig. It cannot be changed."},
		},
		Columns: []resource.Column{
			{Name: "ENDPOINT", Type: "string", JSONPath: ".status.atProvider.endpoint"},
			{Name: "PUBLIC", Type: "boolean", JSONPath: ".status.atProvider.isPublic", Wide: true},
		},
		ConnectionDetails: endpoint,
	}
}

// endpoint publishes where the images are.
func endpoint(attributes map[string]any) (map[string][]byte, error) {
	address, _ := attributes["endpoint"].(string)
	if address == "" {
		return nil, nil
	}

	return map[string][]byte{"endpoint": []byte(address)}, nil
}
