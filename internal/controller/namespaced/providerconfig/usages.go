// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"iter"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/uuid"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	kmeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
)

const (
	// pageSize is how many objects the API server is asked for at a time.
	pageSize = 500

	// maxGets is how many users of a kind in a Kubernetes namespace are asked for one by
	// one. To list them all is cheaper for thousands of usages that somebody has made up,
	// and dearer for the usual case, in which the first user is there.
	maxGets = 3
)

// A judge tells which managed resources use a ProviderConfig. ProviderConfigUsages say
// so, which a tenant may write: a usage counts if it can be one of this provider's, and
// before anything is let go its user is looked for. Its labels are not asked.
type judge struct {
	cache client.Reader
	live  client.Reader
	// kinds of this provider's managed resources.
	kinds map[schema.GroupKind]schema.GroupVersionKind
	// kind of the configs.
	kind string
	// partial is whether the cache has the usages of some Kubernetes namespaces only.
	partial bool
}

// configOf returns the kind and the name of the config that a usage is of. One of an
// unknown kind is taken for a ProviderConfig's, so that somebody lets go of it.
func configOf(u *v1beta1.ProviderConfigUsage) (string, types.NamespacedName) {
	if u.ProviderConfigReference.Kind == v1beta1.ClusterProviderConfigKind {
		return v1beta1.ClusterProviderConfigKind, types.NamespacedName{Name: u.ProviderConfigReference.Name}
	}

	return v1beta1.ProviderConfigKind, types.NamespacedName{Namespace: u.GetNamespace(), Name: u.ProviderConfigReference.Name}
}

// A count is taken of the users of one config.
type count struct {
	*judge

	config types.NamespacedName
	// usages of the config that the cache has, which must not be changed: there may be
	// thousands. Those that count are users, and the others are reported.
	usages  []*v1beta1.ProviderConfigUsage
	users   []*v1beta1.ProviderConfigUsage
	ignored map[string]error

	// found are the users that were listed, by kind and Kubernetes namespace.
	found map[group]map[types.UID]bool
	// others are kinds of this provider's groups that another version of it has.
	others map[schema.GroupKind]schema.GroupVersionKind
}

// A group of users is listed at once.
type group struct {
	schema.GroupVersionKind

	namespace string
}

// count the users of a config that the cache knows of.
func (j *judge) count(ctx context.Context, name types.NamespacedName) (*count, error) {
	c := &count{judge: j, config: name, ignored: map[string]error{}, found: map[group]map[types.UID]bool{}}

	l := &v1beta1.ProviderConfigUsageList{}
	if err := j.cache.List(ctx, l, client.InNamespace(name.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, errors.Wrap(err, "cannot list ProviderConfigUsages")
	}

	for i := range l.Items {
		u := &l.Items[i]
		if !c.concerns(u) {
			continue
		}

		c.usages = append(c.usages, u)

		if _, err := c.userOf(ctx, u); err != nil {
			c.ignored[client.ObjectKeyFromObject(u).String()] = err
			continue
		}

		c.users = append(c.users, u)
	}

	return c, nil
}

func (c *count) concerns(u *v1beta1.ProviderConfigUsage) bool {
	kind, name := configOf(u)
	return kind == c.kind && name == c.config
}

// userOf returns which kind of managed resource a usage is of. An error says why it can be
// none of this provider's.
func (c *count) userOf(ctx context.Context, u *v1beta1.ProviderConfigUsage) (schema.GroupVersionKind, error) {
	if kind := u.ProviderConfigReference.Kind; kind != "" && kind != c.kind {
		return schema.GroupVersionKind{}, errors.Errorf("its providerConfigRef names the unknown kind %q", kind)
	}

	// A usage has the name of its user's UID.
	if len(u.GetName()) != len(uuid.Nil.String()) || uuid.Validate(u.GetName()) != nil {
		return schema.GroupVersionKind{}, errors.New("its name is not the UID of a managed resource")
	}

	ref := u.ResourceReference
	if ref.Name == "" || len(path.IsValidPathSegmentName(ref.Name)) > 0 {
		return schema.GroupVersionKind{}, errors.New("its resourceRef has a name that no object can have")
	}

	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return schema.GroupVersionKind{}, errors.Errorf("its resourceRef has the malformed apiVersion %q", ref.APIVersion)
	}

	gk := schema.GroupKind{Group: gv.Group, Kind: ref.Kind}
	if gvk, ok := c.kinds[gk]; ok {
		return gvk, nil
	}

	if gvk, ok := c.ofAnotherVersion(ctx, gk); ok {
		return gvk, nil
	}

	return schema.GroupVersionKind{}, errors.Errorf("its resourceRef names %q, which is no kind of this provider", gk)
}

// ofAnotherVersion tells whether another version of the provider has the kind: what that
// has created is deleted by it, once it runs again.
func (c *count) ofAnotherVersion(ctx context.Context, gk schema.GroupKind) (schema.GroupVersionKind, bool) {
	if !strings.HasSuffix(gk.Group, "."+config.RootGroup) {
		return schema.GroupVersionKind{}, false
	}

	if c.others == nil {
		c.others = map[schema.GroupKind]schema.GroupVersionKind{}

		// An error is none of the cache: it is only asked after it was filled.
		l := &apiextensionsv1.CustomResourceDefinitionList{}
		if err := c.cache.List(ctx, l, client.UnsafeDisableDeepCopy); err == nil {
			for i := range l.Items {
				spec := &l.Items[i].Spec
				for _, v := range spec.Versions {
					if v.Served && strings.HasSuffix(spec.Group, "."+config.RootGroup) {
						c.others[schema.GroupKind{Group: spec.Group, Kind: spec.Names.Kind}] = schema.GroupVersionKind{Group: spec.Group, Version: v.Name, Kind: spec.Names.Kind}
					}
				}
			}
		}
	}

	gvk, ok := c.others[gk]

	return gvk, ok
}

// Number of users. Where the cache has not all of them, those in the other Kubernetes
// namespaces are counted too.
func (c *count) Number(ctx context.Context) (int64, error) {
	if !c.incomplete() {
		return int64(len(c.users)), nil
	}

	n := int64(0)

	for page, err := range c.pages(ctx) {
		if err != nil {
			return 0, err
		}

		for i := range page {
			if _, err := c.userOf(ctx, &page[i]); err == nil {
				n++
			}
		}
	}

	return n, nil
}

// incomplete tells whether there may be users that the cache never knows of.
func (c *count) incomplete() bool { return c.partial && c.config.Namespace == "" }

// inUse tells whether anybody uses the config, in whatever Kubernetes namespace, and
// whether the cache knows who. Before it says no, it has asked the API server.
func (c *count) inUse(ctx context.Context) (used, known bool, err error) {
	asked := map[types.UID]bool{}

	anyExists := func(users []*v1beta1.ProviderConfigUsage) (bool, error) {
		var unclear error

		for u, err := range c.existing(ctx, users) {
			if err == nil {
				return true, nil
			}

			unclear = errors.Wrapf(err, "cannot tell whether the user of ProviderConfigUsage %q exists", client.ObjectKeyFromObject(u))
		}

		return false, unclear
	}

	if used, err := anyExists(c.users); used || err != nil {
		return used, used, err
	}

	for _, u := range c.users {
		asked[u.GetUID()] = true
	}

	for page, err := range c.pages(ctx) {
		if err != nil {
			return false, false, err
		}

		var more []*v1beta1.ProviderConfigUsage

		for i := range page {
			if _, err := c.userOf(ctx, &page[i]); err == nil && !asked[page[i].GetUID()] {
				more = append(more, &page[i])
			}
		}

		if used, err := anyExists(more); used || err != nil {
			return used, false, err
		}
	}

	return false, false, nil
}

// pages of the usages of the config that the API server has. All are of one moment: a
// user that is not there after the first page is the user of none of them.
func (c *count) pages(ctx context.Context) iter.Seq2[[]v1beta1.ProviderConfigUsage, error] {
	return func(yield func([]v1beta1.ProviderConfigUsage, error) bool) {
		next := ""

		for {
			l := &v1beta1.ProviderConfigUsageList{}
			if err := c.live.List(ctx, l, client.InNamespace(c.config.Namespace), client.Limit(pageSize), client.Continue(next)); err != nil {
				yield(nil, c.explain(err))
				return
			}

			page := l.Items[:0]

			for i := range l.Items {
				if c.concerns(&l.Items[i]) {
					page = append(page, l.Items[i])
				}
			}

			if !yield(page, nil) || l.GetContinue() == "" {
				return
			}

			next = l.GetContinue()
		}
	}
}

// explain which right is missing.
func (c *count) explain(err error) error {
	where := "Kubernetes namespace " + c.config.Namespace
	if c.config.Namespace == "" {
		where = "all Kubernetes namespaces"
	}

	if kerrors.IsForbidden(err) {
		return errors.Wrapf(err, "give the provider's service account the right to list providerconfigusages.%s in %s", config.RootGroup, where)
	}

	return errors.Wrapf(err, "cannot list ProviderConfigUsages in %s", where)
}

// existing are the usages whose user exists, and with an error those of which that cannot
// be told.
func (c *count) existing(ctx context.Context, usages []*v1beta1.ProviderConfigUsage) iter.Seq2[*v1beta1.ProviderConfigUsage, error] {
	return func(yield func(*v1beta1.ProviderConfigUsage, error) bool) {
		gets := map[group]int{}

		for _, u := range usages {
			gvk, err := c.userOf(ctx, u)
			if err != nil {
				continue
			}

			g := group{GroupVersionKind: gvk, namespace: u.GetNamespace()}

			var exists bool

			if gets[g]++; gets[g] <= maxGets {
				exists, err = c.get(ctx, g, u)
			} else {
				exists, err = c.isListed(ctx, g, u)
			}

			if (exists || err != nil) && !yield(u, err) {
				return
			}
		}
	}
}

// get the user of a usage.
func (c *count) get(ctx context.Context, g group, u *v1beta1.ProviderConfigUsage) (bool, error) {
	user := &metav1.PartialObjectMetadata{}
	user.SetGroupVersionKind(g.GroupVersionKind)

	err := c.live.Get(ctx, types.NamespacedName{Namespace: g.namespace, Name: u.ResourceReference.Name}, user)
	if isAbsent(err) {
		return false, nil
	}

	return err == nil && string(user.GetUID()) == u.GetName(), err
}

// isListed tells whether the user of a usage is among those that there are.
func (c *count) isListed(ctx context.Context, g group, u *v1beta1.ProviderConfigUsage) (bool, error) {
	if _, ok := c.found[g]; !ok {
		uids := map[types.UID]bool{}

		err := eachMetadata(ctx, c.live, g.GroupVersionKind, g.namespace, nil, func(o *metav1.PartialObjectMetadata) { uids[o.GetUID()] = true })
		if err != nil && !isAbsent(err) {
			return false, err
		}

		c.found[g] = uids
	}

	return c.found[g][types.UID(u.GetName())], nil
}

// isAbsent tells whether an object is not there, or its whole kind.
func isAbsent(err error) bool { return kerrors.IsNotFound(err) || kmeta.IsNoMatchError(err) }

// eachMetadata calls fn with the metadata of each object of a kind.
func eachMetadata(ctx context.Context, live client.Reader, gvk schema.GroupVersionKind, namespace string, filter client.ListOption, fn func(*metav1.PartialObjectMetadata)) error {
	next := ""

	for {
		opts := []client.ListOption{client.InNamespace(namespace), client.Limit(pageSize), client.Continue(next)}
		if filter != nil {
			opts = append(opts, filter)
		}

		l := &metav1.PartialObjectMetadataList{}
		l.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))

		if err := live.List(ctx, l, opts...); err != nil {
			return err
		}

		for i := range l.Items {
			fn(&l.Items[i])
		}

		if next = l.GetContinue(); next == "" {
			return nil
		}
	}
}
