// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// chained is how many Tokens a chain has.
const chained = 6

// A chain is an API key that the ProviderConfig "default" has made, with what makes it
// work, the ProviderConfig that has it, and what that one is used for.
type chain struct {
	application *iamv1beta1.Application
	policy      *iamv1beta1.Policy
	key         *iamv1beta1.ApiKey

	config client.Object
	tokens []xpresource.ModernManaged
	// parent of the Tokens at Scaleway.
	parent string
}

// newChain creates a chain, with a ClusterProviderConfig or with a ProviderConfig.
func newChain(t *testing.T, e *framework.Env, cluster bool) chain {
	t.Helper()

	c := newKey(e)

	if cluster {
		pc := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "tenant-" + e.Namespace}}
		pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
		pc.Spec.Credentials.SecretRef = &v1beta1.SecretSelector{SecretReference: xpv1.SecretReference{Namespace: e.Namespace, Name: "tenant"}}
		c.config = pc

		t.Cleanup(func() {
			_ = e.Client.Delete(context.WithoutCancel(t.Context()), pc) // Other tests list it too.
		})
	} else {
		pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "tenant"}}
		pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
		pc.Spec.Credentials.SecretRef.Name = "tenant"
		c.config = pc
	}

	e.Create(c.config)

	c.parent = e.CreateParent()
	for i := range chained {
		c.tokens = append(c.tokens, c.newToken(e, fmt.Sprintf("reader-%d", i)))
	}

	e.WaitReady(c.tokens...)

	return c
}

// newKey creates an API key and what makes it work. Its Secret can be a ProviderConfig's.
func newKey(e *framework.Env) chain {
	c := chain{application: &iamv1beta1.Application{}, policy: &iamv1beta1.Policy{}, key: &iamv1beta1.ApiKey{}}

	for _, mg := range c.iam() {
		e.Place(mg, "tenant")
	}

	application := &xpv1.NamespacedReference{Name: "tenant"}
	c.application.Spec.ForProvider.Name = ptr.To("tenant")
	c.policy.Spec.ForProvider = iamv1beta1.PolicyParameters{
		Name: ptr.To("tenant"), ApplicationIDRef: application,
		Rule: []iamv1beta1.RuleParameters{
			{PermissionSetNames: []*string{ptr.To("ContainersFullAccess")}, ProjectIds: []*string{ptr.To(e.Key.ProjectID)}},
			{PermissionSetNames: []*string{ptr.To("IAMManager")}, OrganizationID: ptr.To(e.Key.OrganizationID)},
		},
	}
	c.key.Spec.ForProvider.ApplicationIDRef = application
	c.key.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "tenant"}

	for _, mg := range c.iam() {
		e.Create(mg)
	}

	e.WaitReady(c.iam()...)

	// The address is the test's own.
	s := secretNamed(e, "tenant")
	e.Update(s, func() { s.Data["SCW_API_URL"] = []byte(e.Scaleway.URL()) })

	return c
}

// iam returns the API key and what makes it work.
func (c chain) iam() []xpresource.ModernManaged {
	return []xpresource.ModernManaged{c.application, c.policy, c.key}
}

// ref refers to the ProviderConfig that has the API key.
func (c chain) ref() *xpv1.ProviderConfigReference {
	kind := v1beta1.ProviderConfigKind
	if c.config.GetNamespace() == "" {
		kind = v1beta1.ClusterProviderConfigKind
	}

	return &xpv1.ProviderConfigReference{Kind: kind, Name: c.config.GetName()}
}

// newToken creates a Token with the API key.
func (c chain) newToken(e *framework.Env, name string) *containerv1beta1.Token {
	tk := e.NewToken(name, c.parent)
	tk.SetProviderConfigReference(c.ref())
	e.Create(tk)

	return tk
}

// delete the Tokens, and wait until they are gone.
func (c chain) delete(e *framework.Env) {
	for _, tk := range c.tokens {
		e.Delete(tk)
	}
}

// waitNeeded waits until a managed resource that is being deleted says what needs it.
func waitNeeded(e *framework.Env, mg xpresource.ModernManaged, texts ...string) {
	e.WaitCondition(mg, xpv1.TypeSynced, "False, with "+strings.Join(texts, ", "), func(c xpv1.Condition) bool {
		for _, text := range texts {
			if !strings.Contains(c.Message, text) {
				return false
			}
		}

		return c.Status == corev1.ConditionFalse && meta.WasDeleted(mg)
	})
}

// wantNothing waits until nothing is left at Scaleway.
func wantNothing(t *testing.T, e *framework.Env) {
	t.Helper()

	for _, kind := range []fakescaleway.Kind{fakescaleway.KindToken, fakescaleway.KindAPIKey, fakescaleway.KindPolicy, fakescaleway.KindApplication} {
		if n := e.Scaleway.Alive()[kind]; n != 0 {
			t.Errorf("%d objects of kind %s are left at Scaleway", n, kind)
		}
	}
}

// wantNoDelete fails unless no request of the route has deleted anything.
func wantNoDelete(t *testing.T, e *framework.Env, route string) {
	t.Helper()

	if n := e.Scaleway.Count(http.MethodDelete, route); n != 0 {
		t.Errorf("want no DELETE of %s, got %d", route, n)
	}
}

// testNeeded deletes one object of a chain, which must wait for the Tokens, and go then.
func testNeeded(t *testing.T, route string, which func(chain) xpresource.ModernManaged, says func(chain) string) {
	t.Helper()
	t.Parallel()

	for name, cluster := range map[string]bool{"ProviderConfig": false, "ClusterProviderConfig": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			e.StartProvider()

			c := newChain(t, e, cluster)
			held := which(c)

			startDeletion(t, e, held)
			waitNeeded(e, held, c.ref().Kind, c.ref().Name, fmt.Sprintf("%d objects use, such as Token", chained), says(c),
				release.Annotation+"="+framework.ExternalName(held))
			wantNoDelete(t, e, route)

			e.WaitPolled(fakescaleway.RouteToken, chained)
			e.WaitReady(c.tokens...)

			c.delete(e)
			e.WaitGone(held)

			if n := e.Scaleway.Count(http.MethodDelete, route); n != 1 {
				t.Errorf("want one DELETE of %s, got %d", route, n)
			}

			for _, mg := range c.iam() {
				if err := e.Client.Delete(t.Context(), mg); client.IgnoreNotFound(err) != nil {
					t.Fatal(err)
				}

				e.WaitGone(mg)
			}

			wantNothing(t, e)
		})
	}
}

// An API key is not revoked while a ProviderConfig has it that is in use.
func TestVault03ApiKeyDeleted(t *testing.T) {
	testNeeded(t, fakescaleway.RouteAPIKey, func(c chain) xpresource.ModernManaged { return c.key }, func(chain) string { return "has this API key" })
}

// Neither is the policy deleted that allows it what it is used for.
func TestVault03PolicyDeleted(t *testing.T) {
	testNeeded(t, fakescaleway.RoutePolicy, func(c chain) xpresource.ModernManaged { return c.policy },
		func(c chain) string { return framework.ExternalName(c.key) + ", which works only with this Policy" })
}

// Nor the application that it belongs to, with which Scaleway deletes it.
func TestVault03ApplicationDeleted(t *testing.T) {
	testNeeded(t, fakescaleway.RouteApplication, func(c chain) xpresource.ModernManaged { return c.application },
		func(c chain) string {
			return framework.ExternalName(c.key) + ", which works only with this Application"
		})
}

// A Kubernetes namespace with all of it can be deleted, and nothing is left.
func TestVault03NamespaceDeleted(t *testing.T) {
	t.Parallel()

	for name, cluster := range map[string]bool{"ProviderConfig": false, "ClusterProviderConfig": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			e.StartProvider()

			newChain(t, e, cluster)

			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
			startDeletion(t, e, ns)
			e.WaitGone(ns)
			wantNothing(t, e)
		})
	}
}

// credentialsOf returns the JSON of a ProviderConfig's Secret, for the API key of a chain.
func (c chain) credentialsOf(e *framework.Env) string {
	return e.Credentials(fakescaleway.Key{
		AccessKey: framework.ExternalName(c.key), SecretKey: string(e.SecretData("tenant")["secret_key"]),
		OrganizationID: e.Key.OrganizationID, ProjectID: e.Key.ProjectID,
	})
}

// An API key that has been put into the ProviderConfig that it uses itself is deleted
// with itself, after what else uses it and before what makes it work.
func TestVault03ApiKeyOfItsOwnProviderConfig(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.CreateProviderConfig("admin", e.Credentials(e.NewKey()))
	e.StartProvider()

	c := newKey(e)

	for _, mg := range []xpresource.ModernManaged{c.application, c.policy} {
		e.Update(mg, func() {
			mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: "admin"})
		})
	}

	e.WaitReady(c.iam()...)
	e.Rotate(c.credentialsOf(e))

	tk := e.NewToken("reader", e.CreateParent())
	e.Create(tk)
	e.WaitReady(tk)

	startDeletion(t, e, c.policy)
	waitNeeded(e, c.policy, "2 objects use", `Token "reader"`, `ApiKey "tenant"`)

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	startDeletion(t, e, ns)
	e.WaitGone(ns)
	wantNothing(t, e)
}

// Of what is all deleted with the API key that it makes none can be the first. It stays,
// says so, and goes when it is given another ProviderConfig.
func TestVault03Circle(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	other := e.Neighbour()
	other.CreateProviderConfig("admin", e.Credentials(e.NewKey()))

	admin := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "admin-" + e.Namespace}}
	admin.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	admin.Spec.Credentials.SecretRef = &v1beta1.SecretSelector{SecretReference: xpv1.SecretReference{Namespace: other.Namespace, Name: "admin"}, Key: "credentials"}
	e.Create(admin)

	c := newKey(e)
	e.Rotate(c.credentialsOf(e))

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	startDeletion(t, e, ns)

	for _, mg := range c.iam() {
		waitNeeded(e, mg, "none can be the first", "spec.providerConfigRef")
	}

	for _, mg := range c.iam() {
		e.Update(mg, func() {
			mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ClusterProviderConfigKind, Name: admin.GetName()})
		})
	}

	e.WaitGone(ns)
	wantNothing(t, e)
	e.Delete(admin)
}

// Objects in Kubernetes namespaces count that another installation watches.
func TestVault03UsedElsewhere(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	other := e.Neighbour()
	other.StartProvider()

	c := newChain(t, e, true)

	tk := other.NewToken("elsewhere", c.parent)
	tk.SetProviderConfigReference(c.ref())
	other.Create(tk)
	other.WaitReady(tk)

	startDeletion(t, e, c.key)
	c.delete(e)
	waitNeeded(e, c.key, "an object uses")
	wantNoDelete(t, e, fakescaleway.RouteAPIKey)

	other.Delete(tk)
	e.WaitGone(c.key)
}

// An ApiKey that leaves its API key at Scaleway waits for nobody. What it has published
// stays as long as it is in use.
func TestVault03ApiKeyOrphaned(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	c := newChain(t, e, false)
	e.Update(c.key, func() {
		c.key.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})
	})
	e.Delete(c.key)

	s := secretNamed(e, "tenant")
	e.Eventually("the Secret to be deleted, but for what holds it", func() (bool, string) {
		e.Get(s)
		return s.GetDeletionTimestamp() != nil, "it is not"
	})

	e.WaitPolled(fakescaleway.RouteToken, chained)
	e.WaitReady(c.tokens...)

	c.delete(e)
	e.WaitGone(s)
	wantNoDelete(t, e, fakescaleway.RouteAPIKey)
}
