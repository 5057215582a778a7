// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package dependents

import (
	"context"
	"fmt"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// few is how many users of a ProviderConfig are looked at one by one. If there are more,
// there is one of any other kind, or somebody has a strange number of keys.
const few = 8

// pageOf returns how many usages are listed at once: those that are looked at, and that of
// the managed resource itself. Where a label cannot select them, there are others.
func pageOf(c config) int64 {
	if len(c.Name) > validation.LabelValueMaxLength {
		return 500
	}

	return few + 2
}

// users of a ProviderConfig, besides the managed resource for which they are looked for.
type users struct {
	// seen are some of them: all, if there are few.
	seen []v1beta1.ProviderConfigUsage
	all  bool
	// number of them, as far as is known.
	number int64
	// namespace of the managed resource. Objects of others are not named to whom it
	// belongs.
	namespace string

	// authenticating are those of seen on which API keys may depend themselves, if all
	// of seen are in the namespace and do.
	authenticating []authenticating
}

// authenticating is a managed resource on which API keys may depend.
type authenticating struct {
	xpresource.ModernManaged

	resource resource.Resource
}

func (u users) any() bool { return len(u.seen) > 0 }

// String says who uses it. It continues a sentence that begins with the ProviderConfig.
func (u users) String() string {
	names := u.names()

	switch {
	case u.all && len(u.seen) == 1 && names != "":
		return names + " uses"
	case u.number == 1:
		return "an object uses"
	case names == "":
		return fmt.Sprintf("%d objects use", u.number)
	default:
		return fmt.Sprintf("%d objects use, such as %s", u.number, names)
	}
}

// names of the first of those that may be named.
func (u users) names() string {
	var names []string

	for _, usage := range u.seen {
		if usage.GetNamespace() == u.namespace && len(names) < 3 {
			names = append(names, fmt.Sprintf("%s %q", usage.ResourceReference.Kind, usage.ResourceReference.Name))
		}
	}

	return strings.Join(names, ", ")
}

// usersOf returns who uses a ProviderConfig besides the managed resource.
func (g *Guard) usersOf(ctx context.Context, pc xpresource.ProviderConfig, mg xpresource.ModernManaged) (users, error) {
	u := users{namespace: mg.GetNamespace()}
	c := configOf(pc)

	for l := (&v1beta1.ProviderConfigUsageList{}); !u.all && len(u.seen) <= few; {
		err := g.Live.List(ctx, l, usagesOf(c), client.InNamespace(c.Namespace), client.Limit(pageOf(c)), client.Continue(l.GetContinue()))
		if err != nil {
			return users{}, errors.Wrap(err, "cannot list ProviderConfigUsages")
		}

		for _, usage := range l.Items {
			// A usage has the name of its user's UID.
			if usedBy(&usage) == c && usage.GetName() != string(mg.GetUID()) {
				u.seen = append(u.seen, usage)
			}
		}

		u.all = l.GetContinue() == ""
	}

	u.all = u.all && len(u.seen) <= few

	if u.all {
		if err := g.look(ctx, pc, &u); err != nil {
			return users{}, err
		}
	}

	u.number = int64(len(u.seen))
	if !u.all {
		u.number = max(u.number, pc.GetUsers())
	}

	return u, nil
}

// usagesOf selects the usages of a ProviderConfig, and perhaps others: its name may be
// too long for a label.
func usagesOf(c config) client.MatchingLabels {
	l := client.MatchingLabels{xpv1.LabelKeyProviderKind: c.Kind}
	if len(c.Name) <= validation.LabelValueMaxLength {
		l[xpv1.LabelKeyProviderName] = c.Name
	}

	return l
}

// look at those users on which API keys may depend themselves. What is being deleted
// keeps its usage also when it is given another ProviderConfig, which is how somebody
// gets out of a circle.
func (g *Guard) look(ctx context.Context, pc client.Object, u *users) error {
	var seen []v1beta1.ProviderConfigUsage

	for _, usage := range u.seen {
		r, ok := g.resourceOf(usage)
		if !ok || usage.GetNamespace() != u.namespace {
			seen = append(seen, usage)
			continue
		}

		user, err := g.get(ctx, usage)
		if err != nil {
			return err
		}

		// Gone, but for its usage, or somebody else's by now.
		if user == nil || meta.WasDeleted(user) && !uses(user, pc) {
			continue
		}

		seen = append(seen, usage)
		u.authenticating = append(u.authenticating, authenticating{ModernManaged: user, resource: r})
	}

	u.seen = seen

	return nil
}

// resourceOf returns the declaration of a user on which API keys may depend.
func (g *Guard) resourceOf(usage v1beta1.ProviderConfigUsage) (resource.Resource, bool) {
	gvk := schema.FromAPIVersionAndKind(usage.ResourceReference.APIVersion, usage.ResourceReference.Kind)

	for name, r := range g.Resources {
		if r.Authentication != nil && g.Kinds[name].GroupKind() == gvk.GroupKind() {
			return r, true
		}
	}

	return resource.Resource{}, false
}

// get the user that a usage is of. It is nil if there is none any more.
func (g *Guard) get(ctx context.Context, usage v1beta1.ProviderConfigUsage) (xpresource.ModernManaged, error) {
	ref := usage.ResourceReference

	o, err := g.Scheme.New(schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind))
	if err != nil {
		return nil, errors.Wrapf(err, "cannot get %s %q", ref.Kind, ref.Name)
	}

	mg, ok := o.(xpresource.ModernManaged)
	if !ok {
		return nil, errors.Errorf("%T is no managed resource", o)
	}

	err = g.Live.Get(ctx, types.NamespacedName{Namespace: usage.GetNamespace(), Name: ref.Name}, mg)

	switch {
	case apimeta.IsNoMatchError(err) || kerrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, errors.Wrapf(err, "cannot get %s %q", ref.Kind, ref.Name)
	case string(mg.GetUID()) != usage.GetName():
		return nil, nil // Another one of the name.
	}

	return mg, nil
}

// circular tells whether nobody uses a ProviderConfig any more but what is being deleted
// and makes its API key work.
func (g *Guard) circular(ctx context.Context, u users, key string) bool {
	if !u.all || len(u.authenticating) < len(u.seen) {
		return false
	}

	for _, user := range u.authenticating {
		if !meta.WasDeleted(user) {
			return false
		}

		keys, err := g.keysOf(ctx, user.resource, user.ModernManaged)
		if err != nil || !keys.Has(key) {
			return false // It can be deleted first, or somebody will know.
		}
	}

	return true
}

// nameOf a ProviderConfig or a ClusterProviderConfig, with its kind, for messages.
func nameOf(pc client.Object) string {
	c := configOf(pc)
	if c.Namespace == "" {
		return fmt.Sprintf("%s %q", c.Kind, c.Name)
	}

	return fmt.Sprintf("%s %q", c.Kind, c.Namespace+"/"+c.Name)
}
