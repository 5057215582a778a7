// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package dependents keeps what makes an API key work, such as an ApiKey, its
// Application and its Policies, from being deleted at Scaleway while a ProviderConfig
// that is in use has the key. What was created with it could not be deleted any more.
package dependents

import (
	"context"
	"slices"
	"strings"
	"sync"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// Credentials are those of ProviderConfigs and ClusterProviderConfigs.
type Credentials interface {
	// AccessKey of a ProviderConfig's credentials. It is empty if they are of no use. An
	// error says that they could not be read, and so nothing about them.
	AccessKey(ctx context.Context, pc client.Object) (string, error)

	// SecretOf returns the Secret that holds them, if one does.
	SecretOf(pc client.Object) types.NamespacedName

	// Suspend has nothing created with API keys until resume is called. What is being
	// created with them has its ProviderConfigUsage.
	Suspend(accessKeys []string) (resume func())
}

// Scaleway is asked with the credentials of a managed resource.
type Scaleway interface {
	// Keys returns the access keys of the API keys of which an argument has the value.
	// There are none if Scaleway refuses to tell.
	Keys(ctx context.Context, mg xpresource.ModernManaged, argument, value string) ([]string, error)

	// Refuses tells whether Scaleway refuses to say anything of the managed resource's
	// object, because it does not know the API key or allows it nothing.
	Refuses(ctx context.Context, mg xpresource.ModernManaged) bool
}

// Options of a Guard.
type Options struct {
	// Resource whose objects are guarded.
	Resource resource.Resource
	// Resources that the provider declares, and their Kinds, by the name of the Terraform
	// resource.
	Resources map[string]resource.Resource
	Kinds     map[string]schema.GroupVersionKind

	// Kube reads ProviderConfigs, from the cache.
	Kube client.Reader
	// Live reads from the API server who uses them: the cache may be behind, and does not
	// have what is in Kubernetes namespaces that are not watched.
	Live   client.Reader
	Scheme *runtime.Scheme

	Credentials Credentials
	Scaleway    Scaleway
}

// A Guard guards the objects of one resource. All its methods can be called on nil,
// which lets everything be deleted.
type Guard struct {
	Options

	waiting waiting

	// own are the UIDs of the managed resources that were deleted with an API key that
	// does not work without them.
	own sync.Map
}

// New returns a Guard. It is nil if no API key depends on the objects.
func New(o Options) *Guard {
	if o.Resource.Authentication == nil {
		return nil
	}

	return &Guard{Options: o, waiting: newWaiting()}
}

// Begin the deletion of a managed resource's object at Scaleway. The error says who
// needs it. Until end is called nobody begins to.
func (g *Guard) Begin(ctx context.Context, mg xpresource.Managed) (end func(), err error) {
	mm, ok := mg.(xpresource.ModernManaged)
	if g == nil || !ok {
		return func() {}, nil
	}

	keys, err := g.keysOf(ctx, g.Resource, mm)
	if err != nil {
		return nil, err
	}

	// Before it is asked who uses them. Who begins to afterwards would not be seen.
	resume := g.Credentials.Suspend(sets.List(keys))

	if err := g.check(ctx, mm, keys); err != nil {
		resume()
		return nil, err
	}

	g.waiting.end(mm.GetUID())

	return resume, nil
}

// Gone tells whether the object of a managed resource, of which Scaleway has answered
// this process that it is deleted, has taken the rights of its own credentials with it,
// so that nobody can ask for it any more.
func (g *Guard) Gone(ctx context.Context, mg xpresource.Managed) bool {
	mm, ok := mg.(xpresource.ModernManaged)
	if g == nil || !ok {
		return false
	}

	_, own := g.own.Load(mm.GetUID())

	return own && g.Scaleway.Refuses(ctx, mm)
}

// Forget what is remembered of a managed resource that is gone.
func (g *Guard) Forget(uid types.UID) {
	if g != nil {
		g.waiting.end(uid)
		g.own.Delete(uid)
	}
}

// check returns an error if a ProviderConfig that is in use has one of the API keys.
func (g *Guard) check(ctx context.Context, mg xpresource.ModernManaged, keys sets.Set[string]) error {
	configs, err := g.configs(ctx, mg.GetNamespace())
	if err != nil {
		return err
	}

	for _, pc := range configs {
		key, unread := g.Credentials.AccessKey(ctx, pc)
		if unread == nil && !keys.Has(key) && !g.publishes(mg, g.Credentials.SecretOf(pc)) {
			continue
		}

		// Before they are looked for: the last one may go meanwhile.
		g.waiting.begin(configOf(pc), mg)

		u, err := g.usersOf(ctx, pc, mg)
		if err != nil {
			return err
		}

		switch {
		case !u.any():
		case unread != nil:
			return errors.Wrapf(unread, "cannot tell whether %s, which %s, needs this %s", nameOf(pc), u, g.Resource.Kind)
		case uses(mg, pc) && g.circular(ctx, u, key):
			return errors.Errorf("%s has API key %s, which works only with this %s and with %s: each of them would be deleted with that very key, and none can be the first. Have spec.providerConfigRef of each name a ProviderConfig with another key",
				nameOf(pc), key, g.Resource.Kind, u.names())
		case g.Resource.Authentication.IsKey:
			return errors.Errorf("%s, which %s, has this API key: delete those first, or give the %s another key", nameOf(pc), u, configOf(pc).Kind)
		default:
			return errors.Errorf("%s, which %s, has API key %s, which works only with this %s: delete those first, or give the %s another key", nameOf(pc), u, key, g.Resource.Kind, configOf(pc).Kind)
		}

		if uses(mg, pc) {
			g.own.Store(mg.GetUID(), nil)
		}
	}

	return nil
}

// configs returns the ProviderConfigs that objects of a Kubernetes namespace can use.
// Those of others count for nothing, whatever their Secret holds: who copies a key must
// not be able to hold on to it.
func (g *Guard) configs(ctx context.Context, namespace string) ([]xpresource.ProviderConfig, error) {
	var (
		own     v1beta1.ProviderConfigList
		cluster v1beta1.ClusterProviderConfigList
	)

	if err := g.Kube.List(ctx, &own, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, errors.Wrap(err, "cannot list ProviderConfigs")
	}

	if err := g.Kube.List(ctx, &cluster, client.UnsafeDisableDeepCopy); err != nil {
		return nil, errors.Wrap(err, "cannot list ClusterProviderConfigs")
	}

	all := make([]xpresource.ProviderConfig, 0, len(own.Items)+len(cluster.Items))
	for i := range own.Items {
		all = append(all, &own.Items[i])
	}

	for i := range cluster.Items {
		all = append(all, &cluster.Items[i])
	}

	// The cache has no order, and what is said must not change each time.
	slices.SortFunc(all, func(a, b xpresource.ProviderConfig) int { return strings.Compare(nameOf(a), nameOf(b)) })

	return all, nil
}

// publishes tells whether the managed resource is an API key that is written to the
// Secret, whatever that holds now: a renewal may be under way, and what is of no use may
// have to be put right with this key.
func (g *Guard) publishes(mg xpresource.Managed, secret types.NamespacedName) bool {
	w, ok := mg.(xpresource.LocalConnectionSecretWriterTo)
	if !ok || !g.Resource.Authentication.IsKey || w.GetWriteConnectionSecretToReference() == nil {
		return false
	}

	return secret == types.NamespacedName{Namespace: mg.GetNamespace(), Name: w.GetWriteConnectionSecretToReference().Name}
}

// A config names a ProviderConfig, or a ClusterProviderConfig, which has no namespace.
type config struct {
	Kind, Namespace, Name string
}

func configOf(pc client.Object) config {
	if pc.GetNamespace() == "" {
		return config{Kind: v1beta1.ClusterProviderConfigKind, Name: pc.GetName()}
	}

	return config{Kind: v1beta1.ProviderConfigKind, Namespace: pc.GetNamespace(), Name: pc.GetName()}
}

// refersTo returns what a reference in a Kubernetes namespace names.
func refersTo(namespace string, ref xpv1.ProviderConfigReference) config {
	if ref.Kind == v1beta1.ClusterProviderConfigKind {
		namespace = ""
	}

	return config{Kind: ref.Kind, Namespace: namespace, Name: ref.Name}
}

// uses tells whether a managed resource has the credentials of a ProviderConfig.
func uses(mg xpresource.ModernManaged, pc client.Object) bool {
	ref := mg.GetProviderConfigReference()
	return ref != nil && refersTo(mg.GetNamespace(), *ref) == configOf(pc)
}

// keysOf returns the access keys of the API keys that do not work, or may do less,
// without the object of a managed resource.
func (g *Guard) keysOf(ctx context.Context, r resource.Resource, mg xpresource.ModernManaged) (sets.Set[string], error) {
	a, id := r.Authentication, meta.GetExternalName(mg)
	if a.IsKey {
		return sets.New(id), nil
	}

	bearers := map[string]sets.Set[string]{}
	if a.BearerOf != "" {
		bearers[a.BearerOf] = sets.New(id)
	}

	for _, arg := range a.Bearers {
		values, err := valuesOf(mg, arg)
		if err != nil {
			return nil, err
		}

		bearers[arg] = values
	}

	keys := sets.New[string]()

	for name, key := range g.Resources {
		if key.Authentication == nil || !key.Authentication.IsKey {
			continue
		}

		known, err := g.keysIn(ctx, g.Kinds[name], mg.GetNamespace(), bearers)
		if err != nil {
			return nil, err
		}

		keys = keys.Union(known)
	}

	// For some there may be no managed resource, or one in another Kubernetes namespace.
	for arg, ids := range bearers {
		for id := range ids {
			known, err := g.Scaleway.Keys(ctx, mg, arg, id)
			if err != nil {
				return nil, errors.Wrapf(err, "cannot tell which API keys need this %s", r.Kind)
			}

			keys.Insert(known...)
		}
	}

	return keys, nil
}
