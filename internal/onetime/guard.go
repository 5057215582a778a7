// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package onetime guards the life of objects whose secret Scaleway shows once: each is
// minted once, its secret is published before anything else, and whatever is lost on the
// way is found again by its mark, and revoked.
//
// A Guard says what is to be done, and when. What it has done is in the ledger, what a
// Secret holds is judged by publish, what may be sent is permitted by issue, and what
// Scaleway says comes through remote. None of them knows upjet or Terraform.
package onetime

import (
	"context"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// A RemoteFn returns what asks Scaleway about the objects of the guard's kind with the
// credentials of a managed resource, and the defaults of its ProviderConfig.
type RemoteFn func(ctx context.Context, kube client.Client, mg xpresource.ModernManaged) (remote.API, map[string]any, error)

// Published values are written again and again while the API server is away, for
// DeliveryTimeout by default. What still cannot be delivered is revoked.
const (
	DeliveryTimeout = 5 * time.Minute
	publishInterval = 500 * time.Millisecond
)

// A Guard guards the life of objects whose secret Scaleway shows once.
type Guard struct {
	// Kind that is guarded, and an empty List of its managed resources.
	Kind Kind
	List xpresource.ManagedList

	// Kube writes, and reads Secrets as they are now and all else from a cache. Live reads
	// everything as it is now, and Cached has Secrets as publish.CachedSecrets leaves them.
	Kube   client.Client
	Live   client.Reader
	Cached client.Reader

	// Remote returns what asks Scaleway.
	Remote RemoteFn
	// Permits without which no request that mints leaves the process.
	Permits *issue.Permits
	// Mintable returns an error unless an object with the arguments may be created now.
	Mintable func(mg Resource, args map[string]any) error

	// Recorder of events, and Metrics, which may be nil.
	Recorder event.Recorder
	Metrics  *KindMetrics

	// Timeout of a request to Scaleway, and for how long it is tried to deliver a secret.
	Timeout, Delivery time.Duration
	// First tells whether this process has begun to work for the managed resource with a
	// UID, so that no other can have minted for it before.
	First func(types.UID) bool
	// Now is the clock. Started is when this process was.
	Now     func() time.Time
	Started time.Time

	warned warned
	// attempts are the last that this process has begun, by UID.
	attempts sync.Map
	// memory are the records that this process has stored last, by UID, and doubted when it
	// first found that there is none to rely on.
	memory, doubted sync.Map
	// deleted are the names of objects that Scaleway has deleted when this process asked
	// for it, by UID.
	deleted sync.Map
}

// A Kind says what is particular to the objects that are guarded.
type Kind interface {
	publish.Kind

	// KindName of the managed resource, such as Token, and AKind, the same with an article.
	KindName() string
	AKind() string
	// Successor tells the user what to do when Scaleway mints no more objects, and Ending
	// whether it has announced that it will not.
	Successor() string
	Ending() bool

	// Global tells whether the objects belong to no region.
	Global() bool
	// ParseID reads an external name, which ExternalName makes.
	ParseID(externalName string) (regional.ID, error)
	ExternalName(region, id string) string
	// RegionOf an object that is to be created with the arguments, and the defaults of the
	// ProviderConfig.
	RegionOf(args, defaults map[string]any) string
	// Parents that an object with the arguments can be looked up by, as UUIDs by argument.
	Parents(args map[string]any) map[string]string

	// Value is the attribute that holds the secret, and ID the one that holds the ID.
	Value() string
	IDField() string
	// Keys of the Secret besides, by the attribute whose value they hold.
	Keys() map[string][]string
	// Published returns what the Secret of an object with the attributes holds.
	Published(attributes map[string]string) map[string][]byte
	// ExpiryAttribute holds when the object expires. It is empty if none does.
	ExpiryAttribute() string
}

// A Resource is a managed resource that a guard guards.
type Resource interface {
	xpresource.ModernManaged

	GetID() string
	GetObservation() (map[string]any, error)
	SetObservation(observation map[string]any) error
	GetMergedParameters(shouldMergeInitProvider bool) (map[string]any, error)
	SetParameters(parameters map[string]any) error
	LateInitialize(attributes []byte) (bool, error)

	// LastAttempt is in the status, which GitOps tools and backups leave alone.
	GetLastAttempt() string
	SetLastAttempt(attempt string)
}

// AsResource returns the managed resource as the interface that all generated kinds
// fulfil.
func AsResource(mg xpresource.Managed) (Resource, error) {
	r, ok := mg.(Resource)
	if !ok {
		return nil, errors.Errorf("%T is not a generated namespaced managed resource", mg)
	}

	return r, nil
}

// Forget what is remembered of a managed resource that is gone.
func (g *Guard) Forget(uid types.UID) {
	g.warned.forget(uid)
	g.attempts.Delete(uid)
	g.deleted.Delete(uid)
	g.memory.Delete(uid)
	g.doubted.Delete(uid)
}

// Names of arguments and attributes.
const (
	keyID           = "id"
	keyRegion       = "region"
	keyOrganization = "organization_id"
)
