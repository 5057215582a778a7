// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	registryv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/registry/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// A Family holds one managed resource of each kind, which refer to each other.
type Family struct {
	Namespace *v1beta1.ContainerNamespace
	Container *v1beta1.Container
	Token     *v1beta1.Token
	Cron      *v1beta1.Cron
	Domain    *v1beta1.Domain
	Trigger   *v1beta1.Trigger

	RegistryNamespace *registryv1beta1.RegistryNamespace

	Application *iamv1beta1.Application
	Policy      *iamv1beta1.Policy
	APIKey      *iamv1beta1.ApiKey

	// Secrets that the managed resources take arguments from.
	Secrets []*corev1.Secret
}

// Names of the Secrets that a Family reads and writes.
const (
	SecretVariables = "variables"
	SecretSQS       = "sqs"
	SecretToken     = "token"
	SecretAPIKey    = "api-key"
)

// A Member of a Family.
type Member struct {
	Managed xpresource.ModernManaged
	// Kind of its object at Scaleway.
	Kind fakescaleway.Kind
	// Collection and Object are the routes of the API.
	Collection, Object string
}

// Members returns the members of the family, parents first.
func (f *Family) Members() []Member {
	return []Member{
		{f.Namespace, fakescaleway.KindNamespace, fakescaleway.RouteNamespaces, fakescaleway.RouteNamespace},
		{f.Container, fakescaleway.KindContainer, fakescaleway.RouteContainers, fakescaleway.RouteContainer},
		{f.Token, fakescaleway.KindToken, fakescaleway.RouteTokens, fakescaleway.RouteToken},
		{f.Cron, fakescaleway.KindTrigger, fakescaleway.RouteTriggers, fakescaleway.RouteTrigger},
		{f.Domain, fakescaleway.KindDomain, fakescaleway.RouteDomains, fakescaleway.RouteDomain},
		{f.Trigger, fakescaleway.KindTrigger, fakescaleway.RouteTriggers, fakescaleway.RouteTrigger},
		{f.RegistryNamespace, fakescaleway.KindRegistryNamespace, fakescaleway.RouteRegistryNamespaces, fakescaleway.RouteRegistryNamespace},
		{f.Application, fakescaleway.KindApplication, fakescaleway.RouteApplications, fakescaleway.RouteApplication},
		{f.Policy, fakescaleway.KindPolicy, fakescaleway.RoutePolicies, fakescaleway.RoutePolicy},
		{f.APIKey, fakescaleway.KindAPIKey, fakescaleway.RouteAPIKeys, fakescaleway.RouteAPIKey},
	}
}

// Managed returns the managed resources of the family, parents first.
func (f *Family) Managed() []xpresource.ModernManaged {
	var all []xpresource.ModernManaged
	for _, m := range f.Members() {
		all = append(all, m.Managed)
	}

	return all
}

// Creations are the requests that create the family, by method and route.
func (f *Family) Creations() map[string]int {
	posts := map[string]int{}
	for _, m := range f.Members() {
		posts["POST "+m.Collection]++
	}

	return posts
}

// WaitFamilyPolled waits until the provider has read each object of the family that
// many times more.
func (e *Env) WaitFamilyPolled(f *Family, times int) {
	e.t.Helper()

	for _, m := range f.Members() {
		e.WaitPolled(m.Object, times)
	}
}

// NewFamily returns a Family that has not been created yet.
func (e *Env) NewFamily() *Family {
	f := &Family{
		Namespace: &v1beta1.ContainerNamespace{},
		Container: &v1beta1.Container{},
		Token:     &v1beta1.Token{},
		Cron:      &v1beta1.Cron{},
		Domain:    &v1beta1.Domain{},
		Trigger:   &v1beta1.Trigger{},

		RegistryNamespace: &registryv1beta1.RegistryNamespace{},

		Application: &iamv1beta1.Application{},
		Policy:      &iamv1beta1.Policy{},
		APIKey:      &iamv1beta1.ApiKey{},

		Secrets: []*corev1.Secret{
			{ObjectMeta: metav1.ObjectMeta{Name: SecretVariables}, StringData: map[string]string{"PASSWORD": "correct horse"}},
			{ObjectMeta: metav1.ObjectMeta{Name: SecretSQS}, StringData: map[string]string{"access": "SCWSQS", "secret": "battery staple"}},
		},
	}

	for _, s := range f.Secrets {
		s.SetNamespace(e.Namespace)
	}

	for _, mg := range f.Managed() {
		e.Place(mg, "family")
	}

	container := &xpv1.NamespacedReference{Name: f.Container.GetName()}

	f.Namespace.SetLabels(map[string]string{"family": "parent"})
	f.Namespace.Spec.ForProvider = v1beta1.ContainerNamespaceParameters{
		Name:                                ptr.To("family"),
		Description:                         ptr.To("first"),
		EnvironmentVariables:                map[string]*string{"LOG": ptr.To("info")},
		SecretEnvironmentVariablesSecretRef: &xpv1.LocalSecretReference{Name: SecretVariables},
		Tags:                                []*string{ptr.To("one")},
	}
	f.Container.Spec.ForProvider = v1beta1.ContainerParameters{
		Name:                ptr.To("family"),
		NamespaceIDSelector: &xpv1.NamespacedSelector{MatchLabels: map[string]string{"family": "parent"}},
		Image:               ptr.To("nginx:1.29-alpine"),
		Port:                ptr.To[int64](80),
		MaxScale:            ptr.To[int64](2),
		LivenessProbe: &v1beta1.LivenessProbeParameters{
			FailureThreshold: ptr.To[int64](5), Interval: ptr.To("10s"), Timeout: ptr.To("1s"),
			HTTP: &v1beta1.HTTPParameters{Path: ptr.To("/")},
		},
	}
	f.Container.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "container"}
	f.Token.Spec.ForProvider = v1beta1.TokenParameters{
		ContainerIDRef: container,
		Description:    ptr.To("family"),
		ExpiresAt:      ptr.To("2035-10-18T11:35:15+02:00"),
	}
	f.Token.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: SecretToken}
	f.Cron.Spec.ForProvider = v1beta1.CronParameters{
		Name: ptr.To("family"), ContainerIDRef: container, Schedule: ptr.To("5 4 * * *"), Args: ptr.To(`{"task":"cleanup"}`),
	}
	f.Domain.Spec.ForProvider = v1beta1.DomainParameters{
		ContainerIDRef: container, Hostname: ptr.To("family.example.com"),
	}
	f.Trigger.Spec.ForProvider = v1beta1.TriggerParameters{
		Name: ptr.To("family"), ContainerIDRef: container,
		DestinationConfig: &v1beta1.DestinationConfigParameters{HTTPMethod: ptr.To("post"), HTTPPath: ptr.To("/events")},
		Sqs: &v1beta1.SqsParameters{
			Endpoint:           ptr.To("https://sqs.mnq.fr-par.scaleway.com"),
			QueueURL:           ptr.To("https://sqs.mnq.fr-par.scaleway.com/project-1/events"),
			AccessKeySecretRef: xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: SecretSQS}, Key: "access"},
			SecretKeySecretRef: xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: SecretSQS}, Key: "secret"},
		},
	}
	f.RegistryNamespace.Spec.ForProvider = registryv1beta1.RegistryNamespaceParameters{
		Name: ptr.To("family"), Description: ptr.To("first"),
	}
	f.RegistryNamespace.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "registry"}
	f.Application.Spec.ForProvider = iamv1beta1.ApplicationParameters{
		Name: ptr.To("family"), Description: ptr.To("first"), Tags: []*string{ptr.To("one")},
	}
	f.Policy.Spec.ForProvider = iamv1beta1.PolicyParameters{
		Name: ptr.To("family"), ApplicationIDRef: &xpv1.NamespacedReference{Name: f.Application.GetName()},
		Rule: []iamv1beta1.RuleParameters{
			{PermissionSetNames: []*string{ptr.To("ContainersPrivateAccess"), ptr.To("ContainersReadOnly")}, ProjectIds: []*string{ptr.To(e.Key.ProjectID)}},
			{PermissionSetNames: []*string{ptr.To("IAMReadOnly")}, OrganizationID: ptr.To(e.Key.OrganizationID)},
		},
	}

	f.APIKey.Spec.ForProvider = iamv1beta1.ApiKeyParameters{
		ApplicationIDRef: &xpv1.NamespacedReference{Name: f.Application.GetName()},
		Description:      ptr.To("family"),
		ExpiresAt:        ptr.To("2035-10-18T11:35:15+02:00"),
	}
	f.APIKey.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: SecretAPIKey}

	return f
}

// CreateFamily creates a Family.
func (e *Env) CreateFamily() *Family {
	e.t.Helper()

	f := e.NewFamily()
	for _, s := range f.Secrets {
		e.Create(s)
	}

	for _, mg := range f.Managed() {
		e.Create(mg)
	}

	return f
}

// Place gives a managed resource a name in the Env's namespace, and the
// ProviderConfig "default".
func (e *Env) Place(mg xpresource.ModernManaged, name string) {
	mg.SetNamespace(e.Namespace)
	mg.SetName(name)
	mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "default"})
}
