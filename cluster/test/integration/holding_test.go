// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// createShared creates a ClusterProviderConfig with a Secret of its own in the Env's
// namespace. The providers of other tests, which watch other namespaces, see it too.
func createShared(e *framework.Env) (*v1beta1.ClusterProviderConfig, *corev1.Secret) {
	s := secretNamed(e, "shared")
	s.Data = e.SecretData("default")
	e.Create(s)

	pc := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "shared-" + e.Namespace}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef = &v1beta1.SecretSelector{
		SecretReference: xpv1.SecretReference{Namespace: e.Namespace, Name: "shared"}, Key: "credentials",
	}
	e.Create(pc)

	return pc, s
}

// sharedBy returns a reference to a ClusterProviderConfig.
func sharedBy(pc client.Object) *xpv1.ProviderConfigReference {
	return &xpv1.ProviderConfigReference{Kind: v1beta1.ClusterProviderConfigKind, Name: pc.GetName()}
}

// waitHeld waits until the Secret is held for the ProviderConfigs, and for no other.
func waitHeld(e *framework.Env, s *corev1.Secret, by ...client.Object) {
	want := []string{}
	for _, pc := range by {
		want = append(want, clients.FinalizerPrefix+string(pc.GetUID()))
	}

	slices.Sort(want)

	e.Eventually("Secret "+s.GetName()+" to be held", func() (bool, string) {
		e.Get(s)

		got := slices.Sorted(slices.Values(s.GetFinalizers()))
		_, labelled := s.GetLabels()[clients.LabelHeld]

		return slices.Equal(want, got) && labelled == (len(want) > 0), fmt.Sprintf("%s, labels %v", cmp.Diff(want, got), s.GetLabels())
	})
}

// waitBlocked waits until a config that is being deleted says that it has so many users.
func waitBlocked(e *framework.Env, pc *v1beta1.ClusterProviderConfig, users int64) {
	e.Eventually("the deletion of the ClusterProviderConfig to be blocked", func() (bool, string) {
		e.Get(pc)

		c := pc.GetCondition("Terminating")

		return c.Status == corev1.ConditionTrue && pc.GetUsers() == users, fmt.Sprintf("%d users, %v", pc.GetUsers(), c)
	})
}

// An installation for some Kubernetes namespaces keeps a ClusterProviderConfig that is used
// in another one, and its Secret.
func TestVault07UsedInNamespaceOfAnotherInstallation(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	other := e.Neighbour()
	pc, s := createShared(e)

	p := other.StartProvider()
	tk := other.NewToken("used", e.CreateParent())
	tk.SetProviderConfigReference(sharedBy(pc))
	other.Create(tk)
	other.WaitReady(tk)
	waitHeld(e, s, pc)
	p.Stop()

	// Labels are their owner's, as is what the usage says. The former are not asked.
	usage := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: other.Namespace, Name: string(tk.GetUID())}}
	other.Update(usage, func() { usage.SetLabels(nil) })

	e.StartProvider()
	startDeletion(t, e, pc)
	startDeletion(t, e, s)
	waitBlocked(e, pc, 1)
	waitHeld(e, s, pc)

	// That of the other one ends it.
	other.StartProvider()
	other.Delete(tk)
	e.WaitGone(pc)
	e.WaitGone(s)
	wantAlive(t, e)
}

// Two installations show one number of users.
func TestVault07UsersAreCountedOnce(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	other := e.Neighbour()
	pc, _ := createShared(e)

	e.StartProvider()
	other.StartProvider()

	parent := e.CreateParent()

	for i, env := range []*framework.Env{e, other, other} {
		tk := env.NewToken(fmt.Sprintf("used-%d", i), parent)
		tk.SetProviderConfigReference(sharedBy(pc))
		env.Create(tk)
		env.WaitReady(tk)
	}

	users := func(n int64) {
		t.Helper()
		e.Eventually("the users to be counted", func() (bool, string) {
			e.Get(pc)
			return pc.GetUsers() == n, fmt.Sprintf("%d users", pc.GetUsers())
		})
	}
	users(3)

	// Each has counted anew after its own has gone.
	one := e.NewToken("used-0", parent)
	e.Delete(one)
	users(2)

	two := other.NewToken("used-1", parent)
	other.Delete(two)
	users(1)

	other.Delete(other.NewToken("used-2", parent))
	e.Delete(pc)
}

// Who may not count the users lets go of nothing, and says which right is missing.
func TestVault07CountIsRefused(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	other := e.Neighbour()
	pc, s := createShared(e)

	p := other.StartProvider()
	tk := other.NewToken("used", e.CreateParent())
	tk.SetProviderConfigReference(sharedBy(pc))
	other.Create(tk)
	other.WaitReady(tk)
	p.Stop()

	proxy := e.StartProxy(framework.As(restricted(t, e), "system:authenticated"))
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()))
	startDeletion(t, e, pc)

	e.Eventually("an event that names the right", func() (bool, string) {
		l := &corev1.EventList{}
		if err := e.Client.List(t.Context(), l, client.InNamespace(metav1.NamespaceDefault)); err != nil {
			return false, err.Error()
		}

		for _, ev := range l.Items {
			if ev.InvolvedObject.UID == pc.GetUID() && ev.Reason == "CannotCountUsages" &&
				strings.Contains(ev.Message, "the right to list providerconfigusages.scaleway.m.crossplane.io in all Kubernetes namespaces") {
				return true, ""
			}
		}

		return false, "there is none"
	})

	e.Get(pc)
	waitHeld(e, s, pc)

	other.StartProvider()
	other.Delete(tk)
	e.WaitGone(pc)
	waitHeld(e, s)
	wantAlive(t, e)
}

// restricted returns a user who may do what the provider needs, but list usages in the
// Env's namespace only.
func restricted(t *testing.T, e *framework.Env) string {
	t.Helper()

	crds := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := e.Client.List(t.Context(), crds); err != nil {
		t.Fatal(err)
	}

	all := []string{"*"}
	user := rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "restricted-" + e.Namespace}
	usages := rbacv1.PolicyRule{APIGroups: []string{v1beta1.ProviderConfigGroupVersionKind.Group}, Resources: []string{"providerconfigusages"}, Verbs: all}

	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user.Name}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets", "configmaps", "events"}, Verbs: all},
		{APIGroups: []string{apiextensionsv1.GroupName}, Resources: all, Verbs: []string{"get", "list", "watch"}},
	}}

	for _, crd := range crds.Items {
		if plural := crd.Spec.Names.Plural; plural != "providerconfigusages" {
			role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{crd.Spec.Group}, Resources: []string{plural, plural + "/status", plural + "/finalizers"}, Verbs: all})
		}
	}

	e.Create(role)
	e.Create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user.Name}, Subjects: []rbacv1.Subject{user},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
	})
	e.Create(&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "usages"}, Rules: []rbacv1.PolicyRule{usages}})
	e.Create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "usages"}, Subjects: []rbacv1.Subject{user},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "usages"},
	})

	return user.Name
}

// Of two installations that elect their leaders in one Kubernetes namespace, each works for
// its own tenants.
func TestVault07LeasesOfTwoInstallations(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	other := e.Neighbour()
	elect := framework.WithArgs("--leader-election", "--leader-election-namespace="+e.Namespace)

	e.StartProvider(elect)
	one, _ := e.CreateToken("one")
	e.WaitReady(one)

	other.StartProvider(elect)
	two, _ := other.CreateToken("two")
	other.WaitReady(two)

	l := &coordinationv1.LeaseList{}
	if err := e.Client.List(t.Context(), l, client.InNamespace(e.Namespace)); err != nil || len(l.Items) != 2 {
		t.Errorf("want a lease for each installation, got %d: %v", len(l.Items), err)
	}
}

// forge returns usages that another tenant has made up.
func forge(namespace, kind, name string) []*v1beta1.ProviderConfigUsage {
	var all []*v1beta1.ProviderConfigUsage

	add := func(name string, change func(*v1beta1.ProviderConfigUsage)) {
		u := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, Finalizers: []string{clients.FinalizerUsage},
			Labels: map[string]string{xpv1.LabelKeyProviderName: name, xpv1.LabelKeyProviderKind: kind},
		}}
		u.ProviderConfigReference = xpv1.ProviderConfigReference{Kind: kind, Name: name}
		u.ResourceReference = xpv1.TypedReference{APIVersion: "container.scaleway.m.crossplane.io/v1beta1", Kind: "Token", Name: "nobody"}
		change(u)
		all = append(all, u)
	}

	refer := func(apiVersion, kind, name string) func(*v1beta1.ProviderConfigUsage) {
		return func(u *v1beta1.ProviderConfigUsage) {
			u.ResourceReference = xpv1.TypedReference{APIVersion: apiVersion, Kind: kind, Name: name}
		}
	}

	add(uuid.NewString(), func(*v1beta1.ProviderConfigUsage) {})
	add("no-uid", func(*v1beta1.ProviderConfigUsage) {})
	add(uuid.NewString(), refer("example.org/v1", "Unknown", "nobody"))
	add(uuid.NewString(), refer("container.scaleway.m.crossplane.io/v1beta1", "Unknown", "nobody"))
	add(uuid.NewString(), refer("container.scaleway.m.crossplane.io/v9", "Token", "nobody"))
	add(uuid.NewString(), refer("a/b/c", "Token", "nobody"))
	add(uuid.NewString(), refer("", "", ""))
	add(uuid.NewString(), refer("v1", "Namespace", namespace))
	add(uuid.NewString(), refer("container.scaleway.m.crossplane.io/v1beta1", "Token", "../nobody"))
	add(uuid.NewString(), refer("container.scaleway.m.crossplane.io/v1beta1", "Token", "%00"))
	add(uuid.NewString(), func(u *v1beta1.ProviderConfigUsage) { u.ProviderConfigReference.Kind = "Unknown" })

	for _, u := range all {
		if u.ProviderConfigReference.Name != name {
			u.ProviderConfigReference.Name = name
		}
	}

	return all
}

// What a tenant writes of usages that there are not keeps nobody from using a
// ClusterProviderConfig, nor its owner from deleting it, nor a Kubernetes namespace from
// going.
func TestVault09ForgedUsages(t *testing.T) {
	t.Parallel()

	const more = 300 // Than are let go of at a time.

	e := framework.New(t)
	other := e.Neighbour()

	pc, s := createShared(e)

	for _, deleted := range []bool{false, true} {
		usages := forge(other.Namespace, v1beta1.ClusterProviderConfigKind, pc.GetName())
		for range more / 2 {
			usages = append(usages, forge(other.Namespace, v1beta1.ClusterProviderConfigKind, pc.GetName())[0])
		}

		for _, u := range usages {
			if u.GetName() == "no-uid" {
				u.SetName(fmt.Sprintf("no-uid-%t", deleted))
			}

			other.Create(u)

			if deleted {
				startDeletion(t, other, u)
			}
		}
	}

	// Both tenants' namespaces are watched.
	e.StartProvider(framework.WithArgs("--watch-namespace=" + other.Namespace))

	tk := e.NewToken("used", e.CreateParent())
	tk.SetProviderConfigReference(sharedBy(pc))
	e.Create(tk)
	e.WaitReady(tk)
	waitHeld(e, s, pc)

	startDeletion(t, e, pc)
	startDeletion(t, e, s)
	e.Eventually("the deletion of the ClusterProviderConfig to be blocked", func() (bool, string) {
		e.Get(pc)
		return pc.GetCondition("Terminating").Status == corev1.ConditionTrue, "it is not"
	})
	waitHeld(e, s, pc)

	e.Delete(tk)
	e.WaitGone(pc)
	e.WaitGone(s)

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other.Namespace}}
	startDeletion(t, e, ns)
	e.WaitGone(ns)
	wantAlive(t, e)
}

// The Secret of a ClusterProviderConfig that nobody uses goes when its owner deletes it,
// whatever a tenant has written.
func TestVault09ForgedUsageHoldsNoSecret(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	other := e.Neighbour()
	pc, s := createShared(e)

	e.StartProvider(framework.WithArgs("--watch-namespace=" + other.Namespace))
	other.Create(forge(other.Namespace, v1beta1.ClusterProviderConfigKind, pc.GetName())[0])
	waitHeld(e, s, pc)

	e.Delete(s)
	e.Delete(pc)
}

// replace a ProviderConfig as kubectl replace does, which leaves nothing of what the file
// does not have.
func replace(e *framework.Env, pc *v1beta1.ProviderConfig, secret string) {
	e.Update(pc, func() {
		pc.SetAnnotations(nil)
		pc.SetFinalizers(nil)
		pc.SetLabels(nil)
		pc.Spec.Credentials.SecretRef.Name = secret
	})
}

// Whatever becomes of a ProviderConfig, its Secret is held while it is needed, and any other
// is released.
func TestVault10Replace(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	pc, first := e.ProviderConfig("default"), secretNamed(e, "default")

	second := secretNamed(e, "second")
	second.Data = e.SecretData("default")
	e.Create(second)

	tk, parent := e.CreateToken("used")
	e.WaitReady(tk)
	waitHeld(e, first, pc)

	replace(e, pc, "second")
	waitHeld(e, second, pc)
	waitHeld(e, first)

	// With nobody there.
	e.Provider.Stop()
	replace(e, pc, "default")
	e.StartProvider()
	waitHeld(e, first, pc)
	waitHeld(e, second)

	// The Secret is replaced itself.
	e.Update(first, func() {
		first.SetFinalizers(nil)
		first.SetLabels(nil)
	})
	waitHeld(e, first, pc)

	// Its owner has taken the label off, and what names it.
	e.Update(first, func() { first.SetLabels(nil) })
	replace(e, pc, "second")
	waitHeld(e, second, pc)

	// It has been shared meanwhile.
	another := likeDefault(e, "another")
	another.Spec.Credentials.SecretRef.Name = "second"
	e.Create(another)

	other := e.NewToken("other", parent)
	other.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: "another"})
	e.Create(other)
	e.WaitReady(other)
	waitHeld(e, second, pc, another)

	replace(e, another, "default")
	waitHeld(e, second, pc)

	// Nobody uses it any more.
	e.Delete(tk, other)
	waitHeld(e, second)

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	startDeletion(t, e, ns)
	e.WaitGone(ns)
	wantAlive(t, e)
}

// A ProviderConfig that is restored, and so is another one, holds its Secret, and the one
// that was there before does not.
func TestVault10Restore(t *testing.T) {
	t.Parallel()

	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("running-%t", running), func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			p := e.StartProvider()

			tk, parent := e.CreateToken("used")
			e.WaitReady(tk)

			pc, s := e.ProviderConfig("default"), secretNamed(e, "default")
			waitHeld(e, s, pc)

			if !running {
				p.Stop()
			}

			restored := likeDefault(e, "default")
			restored.SetAnnotations(maps.Clone(pc.GetAnnotations()))
			restored.SetFinalizers(slices.Clone(pc.GetFinalizers()))

			startDeletion(t, e, pc)

			if err := e.Client.Patch(t.Context(), pc, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
				t.Fatal(err)
			}

			e.WaitGone(pc)
			e.Create(restored)

			if !running {
				e.StartProvider()
			}

			waitHeld(e, s, restored)

			late := e.NewToken("late", parent)
			e.Create(late)
			e.WaitReady(late)

			e.Delete(tk, late)
			e.Delete(restored)
			waitHeld(e, s)
			wantAlive(t, e)
		})
	}
}

// A Secret that is held for a ProviderConfig which is gone, and will not come back, is
// released.
func TestVault10Gone(t *testing.T) {
	t.Parallel()

	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("running-%t", running), func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			p := e.StartProvider()

			tk, _ := e.CreateToken("used")
			e.WaitReady(tk)

			pc, s := e.ProviderConfig("default"), secretNamed(e, "default")
			waitHeld(e, s, pc)

			if !running {
				p.Stop()
			}

			e.Update(pc, func() { pc.SetFinalizers(nil) })
			startDeletion(t, e, pc)

			if err := client.IgnoreNotFound(e.Client.Patch(t.Context(), pc, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))); err != nil {
				t.Fatal(err)
			}

			e.WaitGone(pc)

			if !running {
				e.StartProvider()
			}

			waitHeld(e, s)
		})
	}
}

// A flag that is changed holds and releases what there is.
func TestVault10FlagIsChanged(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("used")
	e.WaitReady(tk)

	pc, s := e.ProviderConfig("default"), secretNamed(e, "default")
	waitHeld(e, s, pc)

	restart(e, framework.WithArgs("--no-hold-credentials"))
	waitHeld(e, s)

	restart(e)
	waitHeld(e, s, pc)

	e.Delete(tk)
	waitHeld(e, s)
}

// What an older version has held is taken over: it has put a finalizer on the Secret, and
// its name on the ProviderConfig, which may have been replaced since.
func TestVault10HeldByOlderVersion(t *testing.T) {
	t.Parallel()

	for _, replaced := range []bool{false, true} {
		t.Run(fmt.Sprintf("replaced-%t", replaced), func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			p := e.StartProvider()

			tk, _ := e.CreateToken("used")
			e.WaitReady(tk)

			pc, s := e.ProviderConfig("default"), secretNamed(e, "default")
			waitHeld(e, s, pc)
			p.Stop()

			other := secretNamed(e, "other")
			other.Data = e.SecretData("default")
			e.Create(other)

			e.Update(s, func() { s.SetLabels(nil) })

			if replaced {
				replace(e, pc, "other")
			} else {
				e.Update(pc, func() {
					meta.AddAnnotations(pc, map[string]string{clients.AnnotationHeld: e.Namespace + "/default"})
				})
			}

			e.StartProvider()

			if replaced {
				waitHeld(e, other, pc)
				waitHeld(e, s)
			} else {
				waitHeld(e, s, pc)
			}

			e.Delete(tk)
			waitHeld(e, s)
			waitHeld(e, other)
		})
	}
}

// A name that is longer than a label's value may be is as good as any.
func TestLongNameOfProviderConfig(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	long := likeDefault(e, strings.Repeat("long-", 20)+"name")
	e.Create(long)

	tk := e.NewToken("used", e.CreateParent())
	tk.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: long.GetName()})
	e.Create(tk)
	e.WaitReady(tk)

	startDeletion(t, e, long)
	e.WaitPolled(fakescaleway.RouteToken, 2)
	e.Get(long)
	waitHeld(e, secretNamed(e, "default"), long)

	e.Delete(tk)
	e.WaitGone(long)
	wantAlive(t, e)
}
