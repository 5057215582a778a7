// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A User of the API server, who has the rights that a test grants.
type User struct {
	Name   string
	Groups []string
}

// ServiceAccount returns the user that a Pod with a ServiceAccount is.
func ServiceAccount(namespace, name string) User {
	return User{
		Name:   "system:serviceaccount:" + namespace + ":" + name,
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
}

// Person returns a user who is no ServiceAccount.
func Person(name string) User {
	return User{Name: name, Groups: []string{"system:authenticated"}}
}

// As has the requests made in the name of the user.
func (u User) As() ProxyOption {
	return As(u.Name, u.Groups...)
}

// As returns the same Env, whose client is a user.
func (e *Env) As(u User) *Env {
	e.t.Helper()

	cfg := rest.CopyConfig(e.plane.Config)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: u.Name, Groups: u.Groups}

	c, err := client.New(cfg, client.Options{Scheme: e.Client.Scheme()})
	if err != nil {
		e.t.Fatal(err)
	}

	as := *e
	as.Client = c

	return &as
}

// Grant a user the rules, in the whole cluster.
func (e *Env) Grant(u User, rules ...rbacv1.PolicyRule) {
	e.t.Helper()

	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: e.Namespace + "-"}, Rules: rules}
	e.Create(role)
	e.Bind(u, role.GetName())
}

// Bind a user to a ClusterRole.
func (e *Env) Bind(u User, role string) {
	e.t.Helper()

	e.Create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: e.Namespace + "-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: u.Name}},
	})
}

// ProviderRights are those that Crossplane's RBAC manager gives a provider because of
// its CRDs, and no other.
func (e *Env) ProviderRights() []rbacv1.PolicyRule {
	e.t.Helper()

	var rules []rbacv1.PolicyRule

	for group, plurals := range e.kinds() {
		kinds, finalizers := []string{}, []string{}
		for _, p := range plurals {
			kinds = append(kinds, p, p+"/status")
			finalizers = append(finalizers, p+"/finalizers")
		}

		rules = append(rules,
			rbacv1.PolicyRule{APIGroups: []string{group}, Resources: kinds, Verbs: []string{"get", "list", "watch", "update", "patch", "create"}},
			rbacv1.PolicyRule{APIGroups: []string{group}, Resources: finalizers, Verbs: []string{"update"}},
		)
	}

	return append(rules,
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets", "configmaps", "events"}, Verbs: []string{"*"}},
		rbacv1.PolicyRule{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"*"}},
		// For a package with the capability SafeStart.
		rbacv1.PolicyRule{APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"}, Verbs: []string{"get", "list", "watch"}},
	)
}

// EditorRights are those that Crossplane's role crossplane-edit has on the kinds of a
// provider, by its RBAC manager, and on Kubernetes' own.
func (e *Env) EditorRights() []rbacv1.PolicyRule {
	e.t.Helper()

	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"*"}},
		{APIGroups: []string{""}, Resources: []string{"namespaces", "events"}, Verbs: []string{"get", "list", "watch"}},
	}

	for group, plurals := range e.kinds() {
		resources := slices.Clone(plurals)
		for _, p := range plurals {
			resources = append(resources, p+"/status")
		}

		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"*"}})
	}

	return rules
}

// kinds returns the plurals of the kinds that are installed, by their group.
func (e *Env) kinds() map[string][]string {
	e.t.Helper()

	crds := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := e.Client.List(e.t.Context(), crds); err != nil {
		e.t.Fatal(err)
	}

	kinds := map[string][]string{}
	for _, crd := range crds.Items {
		kinds[crd.Spec.Group] = append(kinds[crd.Spec.Group], crd.Spec.Names.Plural)
	}

	return kinds
}
