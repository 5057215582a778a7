// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package config assembles what this provider is generated from and runs with.
//
// A resource is declared in a file of its own, in the package of its group:
// config/container/token.go declares scaleway_container_token. What is true of
// every resource is in config/resource. To add a resource, see CONTRIBUTING.md.
package config

import (
	"encoding/json"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/scaleway/terraform-provider-scaleway/v2/provider"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/container"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/iam"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/registry"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

const (
	// ModulePath of this repository.
	ModulePath = "github.com/crossplane-contrib/provider-upjet-scaleway"

	// RootGroup of the provider's APIs. The m says that the kinds are namespaced,
	// as the field writes it since Crossplane 2.
	RootGroup = "scaleway.m.crossplane.io"

	// category with which kubectl lists all kinds: kubectl get scaleway.
	category = "scaleway"

	prefix = "scaleway"
)

// Resources that this provider serves.
func Resources() []resource.Resource {
	var all []resource.Resource
	for _, group := range [][]resource.Resource{
		container.Resources(),
		iam.Resources(),
		registry.Resources(),
	} {
		all = append(all, group...)
	}

	return resource.Link(all)
}

// TerraformProvider returns a new instance of the Terraform provider. Upjet and
// the declarations change its resources, so an instance is never shared.
func TerraformProvider() *schema.Provider {
	return provider.SDKProvider(provider.DefaultConfig())()
}

// New returns upjet's configuration of the resources, taken from a new instance
// of the Terraform provider. It panics when a declaration does not fit the
// Terraform resource, which a test finds before anybody else does.
func New(opts ...ujconfig.ProviderOption) *ujconfig.Provider {
	resources := Resources()

	names := make([]string, 0, len(resources))
	for _, r := range resources {
		names = append(names, "^"+r.Name+"$")
	}

	opts = append([]ujconfig.ProviderOption{
		ujconfig.WithRootGroup(RootGroup),
		ujconfig.WithShortName(category),
		ujconfig.WithIncludeList([]string{}),
		ujconfig.WithTerraformPluginSDKIncludeList(names),
		ujconfig.WithTerraformProvider(TerraformProvider()),
		ujconfig.WithSchemaTraversers(&ujconfig.SingletonListEmbedder{}),
		ujconfig.WithBasePackages(ujconfig.BasePackages{
			APIVersion:    []string{"v1beta1"},
			ControllerMap: map[string]string{"providerconfig": ujconfig.PackageNameConfig},
		}),
	}, opts...)

	p := ujconfig.NewProvider(terraformSchemas(resources), prefix, ModulePath, []byte("name: scaleway/scaleway\n"), opts...)
	for _, r := range resources {
		r.Configure(p.Resources[r.Name])
	}

	return p
}

// terraformSchemas returns what "terraform providers schema -json" would, as far
// as upjet reads it of resources that run in-process: their names. Their schemas
// come from the Terraform provider's own code.
func terraformSchemas(resources []resource.Resource) []byte {
	type object = map[string]any

	schemas := object{}
	for _, r := range resources {
		schemas[r.Name] = object{"version": 0, "block": object{"attributes": object{"id": object{"type": "string", "computed": true}}}}
	}

	b, err := json.Marshal(object{
		"format_version":   "1.0",
		"provider_schemas": object{"scaleway": object{"resource_schemas": schemas}},
	})
	if err != nil {
		panic(err) // Maps of strings and numbers always marshal.
	}

	return b
}
