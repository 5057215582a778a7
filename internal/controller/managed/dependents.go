// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"net/http"
	"net/url"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/dependents"
)

// newDependents returns what keeps the objects of the kind from being deleted while an
// API key that is in use needs them.
func newDependents(mgr ctrl.Manager, o Options, c *Connector) *dependents.Guard {
	return dependents.New(dependents.Options{
		Resource:    c.resource,
		Resources:   o.Resources,
		Kinds:       o.Kinds,
		Kube:        mgr.GetClient(),
		Live:        mgr.GetAPIReader(),
		Scheme:      mgr.GetScheme(),
		Credentials: o.Clients,
		Scaleway:    keyReader{connector: c, api: o.Clients.API, kube: mgr.GetClient(), resources: o.Resources},
	})
}

// A keyReader asks Scaleway about API keys.
type keyReader struct {
	connector *Connector
	api       func(context.Context, client.Client, xpresource.ModernManaged) (*clients.API, ujterraform.ProviderConfiguration, error)
	kube      client.Client
	resources map[string]resource.Resource
}

// Keys implements dependents.Scaleway.
func (r keyReader) Keys(ctx context.Context, mg xpresource.ModernManaged, argument, value string) ([]string, error) {
	api, defaults, err := r.api(ctx, r.kube, mg)
	if err != nil {
		return nil, err
	}

	query := url.Values{argument: {value}}
	if organization, _ := defaults[keyOrganization].(string); organization != "" {
		query.Set(keyOrganization, organization)
	}

	var keys []string

	for _, key := range r.resources {
		if key.Authentication == nil || !key.Authentication.IsKey {
			continue
		}

		objects, err := api.List(ctx, key.CollectionPath(""), query, key.Minted.List)

		switch {
		case refuses(err) || clients.StatusCode(err) == http.StatusNotFound:
			continue // It may be allowed to delete, and not to list.
		case err != nil:
			return nil, err
		}

		for _, o := range objects {
			// Whatever else the list has.
			if o.Text(argument) == value {
				keys = append(keys, o.Text(key.IDField()))
			}
		}
	}

	return keys, nil
}

// Refuses implements dependents.Scaleway.
func (r keyReader) Refuses(ctx context.Context, mg xpresource.ModernManaged) bool {
	api, _, err := r.api(ctx, r.kube, mg)
	return err == nil && refuses(api.Get(ctx, r.connector.path(mg)))
}

// refuses tells whether Scaleway does not know the API key, or allows it nothing.
func refuses(err error) bool {
	status := clients.StatusCode(err)
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}
