// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	tfsdk "github.com/hashicorp/terraform-plugin-sdk/v2/terraform"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// TestReadByGet has Terraform read an object of each kind, of which Scaleway says
// little more than that it is there.
func TestReadByGet(t *testing.T) {
	const uuid = "11111111-1111-4111-8111-111111111111"

	var (
		mu       sync.Mutex
		requests []string
	)

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests = append(requests, r.Method+" "+r.URL.RequestURI())
		mu.Unlock()

		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":%q,"access_key":%q,"status":"ready","namespace_id":%q,"container_id":%q}`, uuid, uuid, uuid, uuid)
	}))
	t.Cleanup(server.Close)

	p := TerraformProvider()
	if diags := p.Configure(t.Context(), tfsdk.NewResourceConfigRaw(map[string]any{
		"access_key": "SCWXXXXXXXXXXXXXXXXX",
		"secret_key": uuid,
		"project_id": uuid,
		"api_url":    server.URL,
		"region":     "fr-par",
	})); diags.HasError() {
		t.Fatal(diags)
	}

	// Terraform's code takes for granted that Scaleway says more of some kinds.
	read := func(ctx context.Context, c *ujconfig.Resource, name string) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%v", p)
			}
		}()

		_, diags := c.TerraformResource.RefreshWithoutUpgrade(ctx, &tfsdk.InstanceState{ID: name, Attributes: map[string]string{"id": name}}, p.Meta())
		if diags.HasError() {
			return fmt.Errorf("%v", diags)
		}

		return nil
	}

	forEach(t, func(t *testing.T, r resource.Resource, c *ujconfig.Resource) {
		requests = nil

		region, name := "fr-par", "fr-par/"+uuid
		if r.Global() {
			region, name = "", uuid
		}

		err := read(t.Context(), c, name)
		one := err == nil && slices.Equal(requests, []string{"GET " + r.ObjectPath(region, uuid)})
		if one != r.ReadByGet {
			t.Errorf("%s: want ReadByGet: %t, because Terraform reads with %q; %v", r.Name, one, requests, err)
		}
	})
}
