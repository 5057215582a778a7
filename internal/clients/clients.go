// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package clients connects managed resources to Scaleway: it finds the
// ProviderConfig that a resource refers to, reads the credentials that the
// ProviderConfig names, and configures the Terraform provider with them.
package clients

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/terraform"
	lru "github.com/hashicorp/golang-lru/v2"
	tfsdk "github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
	"golang.org/x/sync/singleflight"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// maxClients bounds the configured clients that are kept. One takes some tens of
// kilobytes.
const maxClients = 1024

// How many managed resources are remembered that this process was the first to work for, and
// for how long. It is looked up for the others whether anything was created for them.
const (
	maxIntroduced = 16384
	introducedFor = 24 * time.Hour
)

// checkPath is what Check asks for: a list that every region has, and that a key
// which may not read it is refused with another answer than one that is unknown.
const checkPath = "/containers/v1/regions/" + defaultRegion + "/namespaces"

// A Builder configures clients for the credentials of ProviderConfigs. It keeps
// them by what the credentials are, never by a name: a rotated key is used at
// the next reconcile, and no tenant gets another's client.
type Builder struct {
	// Tenants learn whose key may be sent where, each time that a client is used.
	Tenants *transport.Tenants

	// HoldCredentials keeps the Secrets that ProviderConfigs name while they are used.
	HoldCredentials bool

	allowedAPIURLs []string
	secrets        SecretReader
	configured     *lru.Cache[string, configured]
	// apis of the clients that Setup has returned, by what the Terraform provider's
	// functions take.
	apis     *lru.Cache[any, *API]
	inFlight singleflight.Group

	// introduced are the names of the ProviderConfigUsages that this process has created.
	introduced *cache.LRUExpireCache

	// notKept are the UIDs of ProviderConfigs that have just been waited for in vain.
	notKept *cache.LRUExpireCache

	suspended suspended
}

// configured clients for one set of credentials.
type configured struct {
	// meta is what the Terraform provider's functions take, whose type is internal
	// to it.
	meta any
	api  *API
}

// NewBuilder returns a Builder for credentials in the secrets, whose api_url is
// Scaleway's own or one of those allowed.
func NewBuilder(secrets SecretReader, allowedAPIURLs ...string) *Builder {
	c, err := lru.New[string, configured](maxClients)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	apis, err := lru.New[any, *API](maxClients)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	allowed := make([]string, len(allowedAPIURLs))
	for i, u := range allowedAPIURLs {
		allowed[i] = strings.TrimSuffix(u, "/") // As in the credentials.
	}

	return &Builder{secrets: secrets, allowedAPIURLs: allowed, configured: c, apis: apis, notKept: cache.NewLRUExpireCache(maxClients), introduced: cache.NewLRUExpireCache(maxIntroduced)}
}

// Setup implements upjet's SetupFn. Its errors name the ProviderConfig or the
// Secret that is wrong.
func (b *Builder) Setup(ctx context.Context, kube client.Client, mg xpresource.Managed) (terraform.Setup, error) {
	mm, ok := mg.(xpresource.ModernManaged)
	if !ok {
		return terraform.Setup{}, errors.Errorf("%T is not a namespaced managed resource", mg)
	}

	// What is being deleted was tracked when it was created. Tracking it again
	// would fail in a Kubernetes namespace that is being deleted too, where
	// nothing can be created, and so keep both for ever.
	if !meta.WasDeleted(mg) {
		usage := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{FinalizerUsage}}}

		tracker := xpresource.NewProviderConfigUsageTracker(usageClient{kube, b.introduced}, usage)
		if err := tracker.Track(ctx, mm); err != nil {
			return terraform.Setup{}, errors.Wrap(err, "cannot track the use of the ProviderConfig")
		}
	}

	pc, err := configOf(ctx, kube, mm)
	if err != nil {
		return terraform.Setup{}, err
	}

	credentials, err := b.Credentials(ctx, pc)
	if err != nil {
		return terraform.Setup{}, err
	}

	toCreate := !meta.WasDeleted(mg) && meta.GetExternalName(mg) == ""

	// What a namespace that is deleted takes away together with them, while it is being
	// created, would stay at Scaleway.
	if toCreate && !IsKept(pc, b.HoldCredentials) {
		if pc, err = b.awaitKept(ctx, kube, mm, pc); err != nil {
			return terraform.Setup{}, err
		}

		// It may name others meanwhile.
		if credentials, err = b.Credentials(ctx, pc); err != nil {
			return terraform.Setup{}, err
		}
	}

	if toCreate {
		if err := b.checkSuspended(pc, credentials); err != nil {
			return terraform.Setup{}, err
		}
	}

	c, err := b.configure(ctx, credentials)
	if err != nil {
		return terraform.Setup{}, err
	}

	return terraform.Setup{Configuration: credentials.Defaults(), Meta: c.meta}, nil
}

// A usageClient writes ProviderConfigUsages that do not block the deletion of what
// they belong to. That would wait for them, and they wait for it (FinalizerUsage):
// nothing that is deleted in the foreground, as Crossplane does with a composed
// resource that a composition drops, would ever go.
type usageClient struct {
	client.Client

	// introduced are the names of those that were created.
	introduced *cache.LRUExpireCache
}

// Create a ProviderConfigUsage.
func (c usageClient) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	err := c.Client.Create(ctx, unblocked(o), opts...)
	if err == nil {
		c.introduced.Add(o.GetName(), struct{}{}, introducedFor)
	}

	return err
}

// Introduced tells whether this process has begun to work for a managed resource with the
// UID, which names its ProviderConfigUsage. If it is too long ago, it cannot tell.
func (b *Builder) Introduced(uid types.UID) bool {
	_, ok := b.introduced.Get(string(uid))
	return ok
}

// Update a ProviderConfigUsage.
func (c usageClient) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	return c.Client.Update(ctx, unblocked(o), opts...)
}

func unblocked(o client.Object) client.Object {
	owners := o.GetOwnerReferences()
	for i := range owners {
		owners[i].BlockOwnerDeletion = nil
	}

	o.SetOwnerReferences(owners)
	o.SetLabels(labelValues(o.GetLabels()))

	return o
}

// API returns a client with the credentials of the managed resource, and the
// defaults of its ProviderConfig. Its errors are those of Setup.
func (b *Builder) API(ctx context.Context, kube client.Client, mg xpresource.ModernManaged) (*API, terraform.ProviderConfiguration, error) {
	pc, err := configOf(ctx, kube, mg)
	if err != nil {
		return nil, nil, err
	}

	credentials, err := b.Credentials(ctx, pc)
	if err != nil {
		return nil, nil, err
	}

	c, err := b.configure(ctx, credentials)

	return c.api, credentials.Defaults(), err
}

// APIOf returns the client with the credentials that Setup has returned. There is none
// if so many others have been used since that it is no longer kept.
func (b *Builder) APIOf(s terraform.Setup) (*API, bool) {
	return b.apis.Get(s.Meta)
}

// Credentials of a ProviderConfig or a ClusterProviderConfig. The errors name it
// and where its credentials are, and hold no secret.
func (b *Builder) Credentials(ctx context.Context, pc client.Object) (Credentials, error) {
	source, err := SourceOf(pc)
	if err != nil {
		return Credentials{}, errors.Wrapf(err, "cannot use the credentials of %s", nameOf(pc))
	}

	c, err := source.read(ctx, b.secrets)
	if err == nil {
		err = c.checkAPIURL(b.allowedAPIURLs, source.named)
	}

	return c, errors.Wrapf(err, "cannot use the credentials of %s: %s", nameOf(pc), source)
}

// nameOf a ProviderConfig or a ClusterProviderConfig, with its kind, for messages.
func nameOf(pc client.Object) string {
	if pc.GetNamespace() == "" {
		return fmt.Sprintf("%s %q", v1beta1.ClusterProviderConfigKind, pc.GetName())
	}

	return fmt.Sprintf("%s %q", v1beta1.ProviderConfigKind, client.ObjectKeyFromObject(pc))
}

// Tenant returns the tenant who has the credentials. It is nil with no Tenants.
func (b *Builder) Tenant(credentials Credentials) (*transport.Tenant, error) {
	return b.Tenants.With(credentials.SecretKey, credentials.APIURL)
}

// Check asks Scaleway whether it knows the API key. It returns no error if it
// does, also if the key may do nothing. An error whose StatusCode is 401 says that
// it does not; any other says nothing about the key.
func (b *Builder) Check(ctx context.Context, credentials Credentials) error {
	c, err := b.configure(ctx, credentials)
	if err != nil {
		return err
	}

	err = c.api.Probe(ctx, checkPath)
	if StatusCode(err) == http.StatusForbidden {
		return nil
	}

	return err
}

func (b *Builder) configure(ctx context.Context, credentials Credentials) (configured, error) {
	if err := b.Tenants.Register(ctx, credentials.SecretKey, credentials.APIURL); err != nil {
		return configured{}, err
	}

	digest := credentials.Digest()
	if c, ok := b.configured.Get(digest); ok {
		b.apis.Get(c.meta) // So that both are kept for as long.
		return c, nil
	}

	// Once, however many workers need it at the same moment.
	c, err, _ := b.inFlight.Do(digest, func() (any, error) {
		if c, ok := b.configured.Get(digest); ok {
			return c, nil
		}

		c, err := newConfigured(context.WithoutCancel(ctx), credentials)
		if err == nil {
			c.api.shown = func() string {
				tenant, err := b.Tenant(credentials)
				if err != nil {
					return ""
				}

				return tenant.Organization()
			}

			b.configured.Add(digest, c)
			b.apis.Add(c.meta, c.api)
		}

		return c, err
	})

	return c.(configured), err //nolint:forcetypeassert // The function above returns nothing else.
}

func newConfigured(ctx context.Context, credentials Credentials) (configured, error) {
	// A new instance each time: Configure overwrites the client of the instance,
	// so that one shared by two tenants would mix their keys up.
	p := config.TerraformProvider()
	if diags := p.Configure(ctx, tfsdk.NewResourceConfigRaw(credentials.configuration())); diags.HasError() {
		return configured{}, errors.Errorf("cannot configure the Scaleway client: %v", diags)
	}

	api, err := NewAPI(credentials)

	return configured{meta: p.Meta(), api: api}, err
}

// configOf returns the ProviderConfig or the ClusterProviderConfig that a managed
// resource refers to.
func configOf(ctx context.Context, kube client.Client, mg xpresource.ModernManaged) (client.Object, error) {
	ref := mg.GetProviderConfigReference()
	if ref == nil {
		return nil, errors.New("spec.providerConfigRef is not set: name a ProviderConfig or a ClusterProviderConfig")
	}

	var (
		pc   client.Object
		name = types.NamespacedName{Name: ref.Name}
		text = ref.Name
	)

	switch ref.Kind {
	case v1beta1.ProviderConfigKind:
		pc, name.Namespace = &v1beta1.ProviderConfig{}, mg.GetNamespace()
		text = name.String()
	case v1beta1.ClusterProviderConfigKind:
		pc = &v1beta1.ClusterProviderConfig{}
	default:
		return nil, errors.Errorf("spec.providerConfigRef.kind %q is unknown: want %s or %s", ref.Kind, v1beta1.ProviderConfigKind, v1beta1.ClusterProviderConfigKind)
	}

	if err := kube.Get(ctx, name, pc); err != nil {
		return nil, errors.Wrapf(err, "cannot get %s %q, to which spec.providerConfigRef refers", ref.Kind, text)
	}

	return pc, nil
}
