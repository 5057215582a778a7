// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"net/http"
	"net/url"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// Remote returns what asks Scaleway about objects of the resource, with the credentials of
// a managed resource.
func (b *Builder) Remote(r resource.Resource) func(context.Context, client.Client, xpresource.ModernManaged) (remote.API, map[string]any, error) {
	return func(ctx context.Context, kube client.Client, mg xpresource.ModernManaged) (remote.API, map[string]any, error) {
		api, defaults, err := b.API(ctx, kube, mg)
		return NewRemote(api, r), defaults, err
	}
}

// NewRemote returns what asks Scaleway about objects of the resource.
func NewRemote(api *API, r resource.Resource) remote.API {
	return &remoteAPI{api: api, resource: r}
}

type remoteAPI struct {
	api      *API
	resource resource.Resource
}

// List implements remote.API.
func (a *remoteAPI) List(ctx context.Context, region string, parents map[string]string) ([]remote.Object, error) {
	path := a.resource.CollectionPath(region)

	query := url.Values{}
	for arg, id := range parents {
		query.Set(arg, id)
	}

	found, err := a.api.List(ctx, path, query, a.resource.Minted.List)
	if StatusCode(err) == http.StatusNotFound && len(parents) > 0 {
		// A parent that is gone has taken its objects along.
		found, err = nil, a.api.Probe(ctx, path)
	}

	if hasEnded(StatusCode(err)) {
		err = remote.Ended(err)
	}

	if err != nil {
		return nil, err
	}

	objects := make([]remote.Object, 0, len(found))

	for _, o := range found {
		object := remote.Object{ID: o.Text(a.resource.IDField()), Deleting: o.Status() == statusDeleting}
		if _, mark, ok := ledger.Strip(o.Text(a.resource.Minted.MarkArgument)); ok {
			object.Mark = &mark
		}

		objects = append(objects, object)
	}

	return objects, nil
}

// Delete implements remote.API.
func (a *remoteAPI) Delete(ctx context.Context, id regional.ID) error {
	return a.api.Delete(ctx, a.resource.ObjectPath(id.Region, id.UUID))
}

// statusDeleting is that of an object that Scaleway is deleting.
const statusDeleting = "deleting"

// hasEnded tells whether a status is that of an API that has been switched off.
func hasEnded(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	default:
		return false
	}
}
