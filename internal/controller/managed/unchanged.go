// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"crypto/sha256"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/metrics"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// An APIOfFn returns a client of Scaleway's API with the credentials that upjet's
// SetupFn has returned, if it is kept.
type APIOfFn func(ujterraform.Setup) (*clients.API, bool)

// An unchangedConnector spares what upjet and Terraform do to find that there is
// nothing to do, which is the same each time that the same managed resource meets the
// same answer of Scaleway with the same credentials: that takes several times as long
// as the request. What an observation was made from is remembered if it has changed
// nothing of the managed resource and found nothing to do. A poll then makes the
// request, and if its answer is the same too, so is the observation. Whatever differs,
// or goes wrong, is observed by upjet.
//
// Only for kinds that are read by one GET, which is known to be all that there is to
// compare.
type unchangedConnector struct {
	managed.ExternalConnector

	kube     client.Client
	setup    ujterraform.SetupFn
	apiOf    APIOfFn
	seen     *transport.Observations
	recorder *metrics.MetricRecorder
	// path of the object that a managed resource has, in Scaleway's API.
	path func(xpresource.Managed) string
	// release what upjet remembers of a managed resource.
	release func(xpresource.Managed) error
	// details returns what of an observation's connection details is to be published.
	details func(managed.ConnectionDetails) managed.ConnectionDetails

	// found by the last observation that found nothing to do, by UID.
	found sync.Map
}

// A finding is what an observation was made from. It holds nothing secret, nor keeps
// what does in memory.
type finding struct {
	// version of the managed resource, and the object that it names.
	version, name string
	// api is the client with the credentials that upjet was given: the same have one.
	api weak.Pointer[clients.API]
	// answer of Scaleway, as a digest.
	answer [sha256.Size]byte
}

// remembers tells whether findings of managed resources of a kind may be remembered. A
// Secret that an argument is taken from can change on its own.
func remembers(r resource.Resource, mg ujresource.Terraformed) bool {
	for _, path := range mg.GetConnectionDetailsMapping() {
		if !strings.HasPrefix(path, "status.") {
			return false
		}
	}

	return r.ReadByGet
}

// Recallable tells whether objects in the collection with a path are read by one GET,
// which is known to be all that there is to compare.
func Recallable(resources []resource.Resource) func(path string) bool {
	var all []*regexp.Regexp

	for _, r := range resources {
		if r.ReadByGet {
			all = append(all, r.CollectionPattern())
		}
	}

	return resource.MatchesAny(all)
}

// Connect implements managed.ExternalConnector.
func (c *unchangedConnector) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	if f, ok := c.last(mg); ok {
		// If this goes wrong, it does so again below.
		if s, err := c.setup(ctx, c.kube, mg); err == nil {
			if api, ok := c.apiOf(s); ok && weak.Make(api) == f.api {
				c.recorder.ObserveReconcileDelay(mg.GetObjectKind().GroupVersionKind(), metrics.NameForManaged(mg))

				return &unchangedExternal{connector: c, last: f, api: api}, nil
			}
		}
	}

	inner, err := c.ExternalConnector.Connect(ctx, mg)
	if err != nil {
		return nil, err
	}

	return &unchangedExternal{connector: c, inner: inner}, nil
}

// knows tells whether the managed resource is as it was when it was observed last.
func (c *unchangedConnector) knows(mg xpresource.Managed) bool {
	_, ok := c.last(mg)
	return ok
}

// last returns the finding of the managed resource, if it is as it was then.
func (c *unchangedConnector) last(mg xpresource.Managed) (finding, bool) {
	v, _ := c.found.Load(mg.GetUID())
	f, ok := v.(finding)

	return f, ok && !meta.WasDeleted(mg) && f.version == mg.GetResourceVersion() && f.name == meta.GetExternalName(mg)
}

// forget a managed resource that is gone.
func (c *unchangedConnector) forget(uid types.UID) {
	c.found.Delete(uid)
}

// unchangedExternal is the client for one object. It has either a finding, or upjet's
// client.
type unchangedExternal struct {
	connector *unchangedConnector

	last finding
	api  *clients.API

	inner managed.ExternalClient
}

// Observe implements managed.ExternalClient.
func (e *unchangedExternal) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	c := e.connector

	if e.inner == nil {
		if e.same(ctx, mg) {
			c.recorder.SetReconcileTime(metrics.NameForManaged(mg))

			return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
		}

		var err error
		if e.inner, err = c.ExternalConnector.Connect(ctx, mg); err != nil {
			return managed.ExternalObservation{}, err
		}
	}

	before := mg.DeepCopyObject()
	tenant, path := transport.TenantOf(ctx), c.path(mg)

	defer c.seen.Recall(tenant, path)()

	answer := c.seen.Expect(tenant, http.MethodGet, path)

	o, err := e.inner.Observe(ctx, mg)

	digest, ok := answer()
	desired := err == nil && o.ResourceExists && o.ResourceUpToDate && !o.ResourceLateInitialized
	nothing := desired && len(c.details(o.ConnectionDetails)) == 0

	// What upjet remembers of an object that is as desired is not used until something
	// changes: some kilobytes, which can be had from its status, as after a restart.
	if desired && !meta.WasDeleted(mg) {
		if err := c.release(mg); err != nil {
			return o, errors.Wrap(err, "cannot forget the Terraform state")
		}
	}

	setup := turnOf(ctx).setup
	if !ok || !nothing || setup == nil || !equality.Semantic.DeepEqual(before, mg) {
		c.forget(mg.GetUID())
		return o, err
	}

	if api, ok := c.apiOf(*setup); ok {
		c.found.Store(mg.GetUID(), finding{version: mg.GetResourceVersion(), name: meta.GetExternalName(mg), api: weak.Make(api), answer: digest})
	}

	return o, nil
}

// same tells whether Scaleway's answer is what it was.
func (e *unchangedExternal) same(ctx context.Context, mg xpresource.Managed) bool {
	c := e.connector
	start, path := time.Now(), c.path(mg)
	answer := c.seen.Expect(transport.TenantOf(ctx), http.MethodGet, path)

	err := e.api.Get(ctx, path)
	digest, ok := answer()

	metrics.ExternalAPITime.WithLabelValues("read").Observe(time.Since(start).Seconds())

	return err == nil && ok && digest == e.last.answer
}

// observed returns upjet's client after an observation, which its changes start from.
func (e *unchangedExternal) observed(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	if e.inner != nil {
		return e.inner, nil
	}

	var err error
	if e.inner, err = e.connector.ExternalConnector.Connect(ctx, mg); err != nil {
		return nil, err
	}

	o, err := e.inner.Observe(ctx, mg)
	if err == nil && !o.ResourceExists {
		// What upjet would make of it is a creation.
		err = errors.Errorf("%s is gone since it was observed a moment ago: it is observed again", meta.GetExternalName(mg))
	}

	return e.inner, err
}

// Create implements managed.ExternalClient.
func (e *unchangedExternal) Create(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
	inner, err := e.observed(ctx, mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}

	return inner.Create(ctx, mg)
}

// Update implements managed.ExternalClient.
func (e *unchangedExternal) Update(ctx context.Context, mg xpresource.Managed) (managed.ExternalUpdate, error) {
	inner, err := e.observed(ctx, mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}

	return inner.Update(ctx, mg)
}

// Delete implements managed.ExternalClient.
func (e *unchangedExternal) Delete(ctx context.Context, mg xpresource.Managed) (managed.ExternalDelete, error) {
	inner, err := e.observed(ctx, mg)
	if err != nil {
		return managed.ExternalDelete{}, err
	}

	return inner.Delete(ctx, mg)
}

// Disconnect implements managed.ExternalClient.
func (e *unchangedExternal) Disconnect(ctx context.Context) error {
	if e.inner == nil {
		return nil
	}

	return e.inner.Disconnect(ctx)
}
