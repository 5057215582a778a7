// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
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
		if err != nil {
			return nil, nil, err
		}

		organization, _ := defaults[keyOrganization].(string)

		return NewRemote(api, r, organization), defaults, nil
	}
}

// NewRemote returns what asks Scaleway about objects of the resource. Organization is the one
// that the ProviderConfig names, if it does.
func NewRemote(api *API, r resource.Resource, organization string) remote.API {
	return &remoteAPI{api: api, resource: r, organization: organization}
}

type remoteAPI struct {
	api          *API
	resource     resource.Resource
	organization string
}

// Key implements remote.API.
func (a *remoteAPI) Key(uid types.UID) string {
	return ledger.KeyDigest(uid, a.api.secretKey)
}

// Organization implements remote.API. A key never changes its organization: it is asked once.
func (a *remoteAPI) Organization(ctx context.Context, region string, parents map[string]string) string {
	if known := a.known(); known != "" {
		return known
	}

	// One asks for all: many objects are created at the same moment.
	if a.api.asking.Acquire(ctx, 1) != nil {
		return ""
	}
	defer a.api.asking.Release(1)

	if known := a.known(); known != "" {
		return known
	}

	for arg, id := range parents {
		parent := arg + "/" + region + "/" + id
		if at, ok := a.api.untold.Get(parent); ok && time.Since(at) < askAgain {
			continue
		}

		object, err := a.show(ctx, region, arg, id)
		if err == nil {
			err = a.learn(ctx, region, arg, object)
		}

		if known := a.known(); known != "" {
			return known
		}

		// Whoever may create an object need not be allowed to read its parent.
		if err == nil || StatusCode(err) == http.StatusForbidden {
			a.api.untold.Add(parent, time.Now())
		}
	}

	return ""
}

// known organization of the key, or nothing.
func (a *remoteAPI) known() string {
	if id := a.api.organization.Load(); id != nil {
		return *id
	}

	if a.api.shown == nil {
		return ""
	}

	return a.api.shown()
}

// How long a parent is not read again that has not told the organization of a key, as each
// creation would have a request more, and how many of them are remembered for a key.
const (
	askAgain  = 10 * time.Minute
	maxUntold = 64
)

// Sight implements remote.API.
func (a *remoteAPI) Sight(ctx context.Context, region string, parents map[string]string) (remote.Sight, error) {
	seen := 0

	for arg, id := range parents {
		object, err := a.show(ctx, region, arg, id)

		switch status := StatusCode(err); {
		case err == nil:
			_ = a.learn(ctx, region, arg, object) // What the parent belongs to need not be shown.

			if object.Status() != statusDeleting {
				seen++
			}
		case errors.Is(err, errNoWitness), status == http.StatusNotFound, status == http.StatusForbidden, status == http.StatusGone:
		default:
			return remote.Sight{}, err
		}
	}

	return remote.Sight{Parents: seen > 0 && seen == len(parents), Organization: a.known()}, nil
}

// errNoWitness says that no request shows a parent.
var errNoWitness = errors.New("no request shows this parent")

// show the parent that an argument names.
func (a *remoteAPI) show(ctx context.Context, region, arg, id string) (Object, error) {
	path, ok := a.resource.ParentPath(arg, region, id)
	if !ok {
		return nil, errNoWitness
	}

	return a.api.Show(ctx, path)
}

// learn the organization of the credentials from a parent, or from what that belongs to. An
// error is that of the request for the latter.
func (a *remoteAPI) learn(ctx context.Context, region, arg string, object Object) error {
	if a.known() != "" {
		return nil
	}

	if id := object.Text(keyOrganization); id != "" {
		a.api.organization.Store(&id)
		return nil
	}

	path, ok := a.resource.GrandparentPath(arg, region, object.Text)
	if !ok {
		return nil
	}

	above, err := a.api.Show(ctx, path)
	if err != nil {
		return err
	}

	if id := above.Text(keyOrganization); id != "" {
		a.api.organization.Store(&id)
	}

	return nil
}

// List implements remote.API.
func (a *remoteAPI) List(ctx context.Context, region string, parents map[string]string) ([]remote.Object, error) {
	path := a.resource.CollectionPath(region)

	query := url.Values{}
	for arg, id := range parents {
		query.Set(arg, id)
	}

	// As the Scaleway SDK does: what else is listed is for Scaleway to choose.
	if a.resource.NeedsOrganization && a.organization != "" {
		query.Set(keyOrganization, a.organization)
	}

	found, err := a.api.List(ctx, path, query, a.resource.Minted.List)

	if StatusCode(err) == http.StatusNotFound && len(parents) > 0 {
		perr := a.api.Probe(ctx, path)
		if perr == nil {
			return nil, remote.ParentGone(err)
		}

		err = perr
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

// Exists implements remote.API.
func (a *remoteAPI) Exists(ctx context.Context, id regional.ID) (bool, error) {
	object, err := a.api.Show(ctx, a.resource.ObjectPath(id.Region, id.UUID))
	if StatusCode(err) == http.StatusNotFound {
		return false, nil
	}

	return err == nil && object.Status() != statusDeleting, err
}

// Delete implements remote.API.
func (a *remoteAPI) Delete(ctx context.Context, id regional.ID) (bool, error) {
	err := a.api.Delete(ctx, a.resource.ObjectPath(id.Region, id.UUID))
	if StatusCode(err) == http.StatusNotFound {
		return false, nil
	}

	return err == nil, err
}

// keyOrganization is the field of an answer, and of credentials, that has the organization.
const keyOrganization = "organization_id"

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
