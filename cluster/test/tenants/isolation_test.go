// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// Two tenants have ProviderConfigs of the same name, Secrets of the same name,
// managed resources of the same names, and one provider. Keys are rotated while it
// works. No request for one tenant's object carries a key of the other, and no object
// goes back to a key that was rotated away.
func TestTenantsOfOneName(t *testing.T) {
	t.Parallel()

	const objects, rotations = 5, 4

	a := framework.New(t, fakescaleway.WithRequestLog(100_000))
	b := a.Neighbour()
	a.StartProvider(framework.WithArgs("--watch-namespace="+b.Namespace, "--concurrency=20"))

	// keys of each tenant, oldest first.
	keys := map[*framework.Env][]string{a: {a.Key.SecretKey}, b: {b.Key.SecretKey}}

	var all []xpresource.ModernManaged

	for _, e := range []*framework.Env{a, b} {
		for i := range objects {
			name := "object-" + string(rune('a'+i))
			ns := newNamespace(e, name, "default")
			e.Create(ns)

			tk := &containerv1beta1.Token{}
			e.Place(tk, name)
			tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: name}
			tk.Spec.ForProvider.Description = ptr.To(e.Namespace)
			tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: name}
			e.Create(tk)

			all = append(all, ns, tk)
		}
	}

	for range rotations {
		var group sync.WaitGroup

		for _, e := range []*framework.Env{a, b} {
			next := e.NewKey()
			keys[e] = append(keys[e], next.SecretKey)

			group.Go(func() { e.Rotate(e.Credentials(next)) })
		}

		group.Wait()

		for _, e := range []*framework.Env{a, b} {
			newest := keys[e][len(keys[e])-1]
			e.Eventually("the new key to be used", func() (bool, string) { return usedBy(e, newest) > objects, "it was used too rarely" })
		}
	}

	a.WaitReady(all...)

	owner := map[string]*framework.Env{}

	for _, e := range []*framework.Env{a, b} {
		for _, ns := range a.Scaleway.Namespaces("") {
			if ns.OrganizationID == e.Key.OrganizationID {
				owner[ns.ID] = e
			}
		}
	}

	for _, tk := range a.Scaleway.Tokens("") {
		owner[tk.ID] = owner[tk.NamespaceID]
	}

	if len(owner) != 4*objects {
		t.Fatalf("%d objects at Scaleway, want %d", len(owner), 4*objects)
	}

	// newest key that an object was asked for with, by its path.
	newest := map[string]int{}
	looked := 0

	for _, r := range a.Scaleway.Requests() {
		var of *framework.Env

		for id, e := range owner {
			if strings.Contains(r.Path, id) || strings.Contains(r.Query, id) || bytes.Contains(r.Body, []byte(id)) {
				of = e
			}
		}

		for _, e := range []*framework.Env{a, b} {
			if bytes.Contains(r.Body, []byte(e.Key.ProjectID)) {
				of = e
			}
		}

		if of == nil {
			continue // A check of credentials.
		}

		looked++

		generation := slices.Index(keys[of], r.SecretKey)
		if generation < 0 {
			t.Fatalf("%s %s is for tenant %s, and carries no key of theirs", r.Method, r.Path, of.Namespace)
		}

		if strings.HasSuffix(r.Route, "{id}") {
			if generation < newest[r.Path] {
				t.Errorf("%s %s carries key %d, after key %d was used", r.Method, r.Path, generation, newest[r.Path])
			}

			newest[r.Path] = generation
		}
	}

	if looked < 4*objects*rotations {
		t.Errorf("only %d requests were looked at: the test shows little", looked)
	}
}

// A tenant who writes down the external name of another's token neither learns whose it
// is, nor keeps it from being renewed, or from being revoked.
func TestNameOfAnothersToken(t *testing.T) {
	t.Parallel()

	owner := framework.New(t)
	other := owner.Neighbour()
	owner.StartProvider(framework.WithArgs("--watch-namespace=" + other.Namespace))

	tk, _ := owner.CreateToken("mine")
	owner.WaitReady(tk)

	first := framework.ExternalName(tk)

	named := other.NewToken("yours", "fr-par/11111111-1111-4111-8111-111111111111")
	meta.SetExternalName(named, first)
	other.Create(named)

	c := other.WaitCondition(named, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
	if strings.Contains(c.Message, owner.Namespace) || strings.Contains(c.Message, "another Kubernetes namespace") {
		t.Errorf("another tenant is told whose the token is: %s", c.Message)
	}

	owner.Update(tk, func() { meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"}) })
	owner.Eventually("a renewed token", func() (bool, string) {
		owner.Get(tk)
		return framework.ExternalName(tk) != first, tk.GetCondition(xpv1.TypeSynced).Message
	})
	owner.WaitReady(tk)

	other.Update(named, func() { meta.SetExternalName(named, framework.ExternalName(tk)) })
	other.WaitCondition(named, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool {
		return strings.Contains(c.Message, framework.ExternalName(tk))
	})

	owner.Delete(tk)
	owner.Eventually("the token to be revoked", func() (bool, string) {
		n := len(owner.Scaleway.Tokens(""))
		return n == 0, fmt.Sprintf("%d tokens are alive", n)
	})
}

// A ProviderConfig that is used is kept until it is not, and one that is not used goes
// although another of its name, in another Kubernetes namespace, is used.
func TestUsersAreCountedInTheirNamespace(t *testing.T) {
	t.Parallel()

	a := framework.New(t)
	b := a.Neighbour()
	a.StartProvider(framework.WithArgs("--watch-namespace=" + b.Namespace))

	used, unused := a.ProviderConfig("default"), b.ProviderConfig("default")

	ns := newNamespace(a, "shop", "default")
	a.Create(ns)
	a.WaitReady(ns)

	a.Eventually("the user to be counted", func() (bool, string) {
		a.Get(used)
		return used.Status.Users == 1, "it is not"
	})

	if err := a.Client.Delete(t.Context(), used); err != nil {
		t.Fatal(err)
	}

	b.Get(unused)

	if unused.Status.Users != 0 {
		t.Errorf("the ProviderConfig that nobody uses has %d users", unused.Status.Users)
	}

	b.Delete(unused)

	a.Eventually("the other one to say that it is in use", func() (bool, string) {
		a.Get(used)
		c := used.GetCondition("Terminating")

		return c.Status == "True", c.Message
	})

	a.WaitPolled(routeNamespace, 2)
	a.Get(used) // It is still there, and serves.

	a.Delete(ns)
	a.WaitGone(used)
}

// What was refused has a usage, but no finalizer to give it back with. It leaves
// nothing behind that would keep its ProviderConfig, or its Kubernetes namespace.
func TestRefusedLeavesNoUsage(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	pc := createConfig(e, "refused", "")
	refused, without := newNamespace(e, "refused", "refused"), newNamespace(e, "without", "missing")

	for _, ns := range []*containerv1beta1.ContainerNamespace{refused, without} {
		e.Create(ns)
		e.WaitCondition(ns, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
		e.Delete(ns)
	}

	e.Delete(pc)
	e.Eventually("all usages to be gone", func() (bool, string) {
		l := &v1beta1.ProviderConfigUsageList{}
		if err := e.Client.List(t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
			t.Fatal(err)
		}

		return len(l.Items) == 0, "there are some"
	})
}
