// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	xpfake "github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	"github.com/crossplane/upjet/v2/pkg/terraform"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	tfsdk "github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
)

// What the tests call a Secret, its key and a ProviderConfig. That tenants give
// them the same names is the case that must not mix them up.
const (
	secretName = "scaleway"
	secretKey  = "credentials"
	configName = "default"
)

// newScheme knows the kinds that Setup reads and writes.
func newScheme(t *testing.T) *k8sruntime.Scheme {
	t.Helper()

	s := k8sruntime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(s), v1beta1.SchemeBuilder.AddToScheme(s)); err != nil {
		t.Fatal(err)
	}

	return s
}

// newKube returns an API server that holds the objects.
func newKube(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()

	return fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(objects...).Build()
}

// newSecret returns a Secret with credentials.
func newSecret(namespace string, c Credentials) *corev1.Secret {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // Strings always marshal.
	}

	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: secretName},
		Data:       map[string][]byte{secretKey: data},
	}
}

// newProviderConfig returns a ProviderConfig that refers to the Secret of its
// namespace, and is kept.
func newProviderConfig(namespace string) *v1beta1.ProviderConfig {
	pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: configName, Finalizers: []string{FinalizerConfig}}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef.Name = secretName
	pc.Spec.Credentials.SecretRef.Key = secretKey

	return pc
}

// newClusterProviderConfig returns a ClusterProviderConfig that refers to the
// Secret of a namespace, and is kept.
func newClusterProviderConfig(namespace string) *v1beta1.ClusterProviderConfig {
	pc := &v1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: configName, Finalizers: []string{FinalizerConfig}}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef = &v1beta1.SecretSelector{SecretReference: xpv1.SecretReference{Namespace: namespace, Name: secretName}, Key: secretKey}

	return pc
}

// newManaged returns a managed resource that refers to a config of the kind.
func newManaged(namespace, kind string) *xpfake.ModernManaged {
	mg := &xpfake.ModernManaged{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "api", UID: types.UID(namespace + "-api")}}
	mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: kind, Name: configName})

	return mg
}

// deleted returns the managed resource as it is once it is being deleted.
func deleted(mg *xpfake.ModernManaged) *xpfake.ModernManaged {
	now := metav1.Now()
	mg.SetDeletionTimestamp(&now)

	return mg
}

// newCredentials returns credentials of a tenant, which is a digit.
func newCredentials(tenant int, apiURL string) Credentials {
	return Credentials{
		AccessKey: fmt.Sprintf("SCW%017d", tenant),
		SecretKey: fmt.Sprintf("%08d-1111-4111-8111-111111111111", tenant),
		APIURL:    apiURL,
	}
}

// A scaleway is an API that has no object, and keeps the token of every request.
type scaleway struct {
	*httptest.Server

	mu     sync.Mutex
	tokens []string
}

func newScaleway(t *testing.T) *scaleway {
	t.Helper()

	s := &scaleway{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.tokens = append(s.tokens, r.Header.Get("X-Auth-Token"))
		s.mu.Unlock()

		w.Header().Set("Content-Type", "application/json")
		// Anything else than this, a 200 aside, Terraform would repeat after a sleep.
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"type": "not_found", "resource": "namespace", "resource_id": "", "message": "not found"}`))
	}))
	t.Cleanup(s.Close)

	return s
}

// seen returns the tokens of the requests since it was last called.
func (s *scaleway) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	tokens := s.tokens
	s.tokens = nil

	return tokens
}

// read an object with the client that the Terraform provider's functions are
// given. Its type is internal to the Terraform provider, so that what it is
// configured with only shows in what it sends.
func read(t *testing.T, meta any) {
	t.Helper()

	id := "fr-par/44444444-4444-4444-8444-444444444444"

	state, diags := config.TerraformProvider().ResourcesMap["scaleway_container_namespace"].
		RefreshWithoutUpgrade(t.Context(), &tfsdk.InstanceState{ID: id}, meta)
	if diags.HasError() {
		t.Fatalf("cannot read %s: %v", id, diags)
	}

	if state != nil {
		t.Fatalf("cannot read %s: want no object, got %v", id, state)
	}
}

func TestSetup(t *testing.T) {
	const otherURL = "https://api.example.org"

	inTeamA := types.NamespacedName{Namespace: "team-a", Name: secretName}
	inSystem := types.NamespacedName{Namespace: "crossplane-system", Name: secretName}

	type args struct {
		allowed []string
		objects []client.Object
		mg      xpresource.Managed
	}

	type want struct {
		configuration terraform.ProviderConfiguration
		// read are the Secrets that were asked for.
		read []types.NamespacedName
		err  error
	}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"ProviderConfig": {
			reason: "A ProviderConfig takes the Secret of its own namespace, and upjet is told no keys.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, "")), newSecret("team-b", newCredentials(2, ""))},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				configuration: terraform.ProviderConfiguration{"region": "fr-par"},
				read:          []types.NamespacedName{inTeamA},
			},
		},
		"ProviderConfigBeingDeleted": {
			reason: "What is being deleted needs its credentials just as well.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, ""))},
				mg:      deleted(newManaged("team-a", "ProviderConfig")),
			},
			want: want{
				configuration: terraform.ProviderConfiguration{"region": "fr-par"},
				read:          []types.NamespacedName{inTeamA},
			},
		},
		"Region": {
			reason: "The region and the organization are those of the credentials.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", Credentials{AccessKey: testAccessKey, SecretKey: testSecretKey, Region: "nl-ams", OrganizationID: testSecretKey})},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				configuration: terraform.ProviderConfiguration{"region": "nl-ams", "organization_id": testSecretKey},
				read:          []types.NamespacedName{inTeamA},
			},
		},
		"ClusterProviderConfig": {
			reason: "A ClusterProviderConfig names the namespace of its Secret, whatever the managed resource's holds.",
			args: args{
				objects: []client.Object{newClusterProviderConfig("crossplane-system"), newSecret("crossplane-system", newCredentials(1, "")), newSecret("team-a", newCredentials(2, ""))},
				mg:      newManaged("team-a", "ClusterProviderConfig"),
			},
			want: want{
				configuration: terraform.ProviderConfiguration{"region": "fr-par"},
				read:          []types.NamespacedName{inSystem},
			},
		},
		"SecretOnlyElsewhere": {
			reason: "A ProviderConfig must not be a way to a Secret of the same name in another namespace.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-b", newCredentials(1, "")), newSecret("crossplane-system", newCredentials(2, "")), newSecret("default", newCredentials(3, ""))},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				read: []types.NamespacedName{inTeamA},
				err:  errors.New(`cannot use the credentials of ProviderConfig "team-a/default": key "credentials" of Secret "team-a/scaleway": cannot get the Secret: secrets "scaleway" not found`),
			},
		},
		"ProviderConfigOnlyElsewhere": {
			reason: "A ProviderConfig serves its own namespace only.",
			args: args{
				objects: []client.Object{newProviderConfig("team-b"), newSecret("team-b", newCredentials(1, "")), newSecret("team-a", newCredentials(2, ""))},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{err: errors.New(`cannot get ProviderConfig "team-a/default", to which spec.providerConfigRef refers`)},
		},
		"ProviderConfigForClusterProviderConfig": {
			reason: "The kind of the reference decides, also where both have the name.",
			args: args{
				objects: []client.Object{newClusterProviderConfig("crossplane-system"), newSecret("crossplane-system", newCredentials(1, ""))},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{err: errors.New(`cannot get ProviderConfig "team-a/default", to which spec.providerConfigRef refers`)},
		},
		"ClusterProviderConfigMissing": {
			reason: "The error names the ClusterProviderConfig.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, ""))},
				mg:      newManaged("team-a", "ClusterProviderConfig"),
			},
			want: want{err: errors.New(`cannot get ClusterProviderConfig "default", to which spec.providerConfigRef refers`)},
		},
		"UnknownKind": {
			reason: "The error says which kinds there are.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, ""))},
				mg:      newManaged("team-a", "ProviderConfigUsage"),
			},
			want: want{err: errors.New(`spec.providerConfigRef.kind "ProviderConfigUsage" is unknown: want ProviderConfig or ClusterProviderConfig`)},
		},
		"NoReference": {
			reason: "There is no ProviderConfig that is taken by default.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, ""))},
				mg:      &xpfake.ModernManaged{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "api"}},
			},
			want: want{err: errors.New("managed resource does not reference a ProviderConfig")},
		},
		"NoReferenceBeingDeleted": {
			reason: "Where the use is not tracked, nobody else notices that the reference is missing.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, ""))},
				mg:      deleted(&xpfake.ModernManaged{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "api"}}),
			},
			want: want{err: errors.New("spec.providerConfigRef is not set: name a ProviderConfig or a ClusterProviderConfig")},
		},
		"NotNamespaced": {
			reason: "A cluster-scoped managed resource has no namespace that a ProviderConfig could be in.",
			args:   args{mg: &xpfake.LegacyManaged{}},
			want:   want{err: errors.New("*fake.LegacyManaged is not a namespaced managed resource")},
		},
		"SecretWithoutKey": {
			reason: "The error names the key and the Secret, and none of the keys that are in it.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), &corev1.Secret{
					ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: secretName},
					Data:       map[string][]byte{"other": []byte("{}")},
				}},
				mg: newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				read: []types.NamespacedName{inTeamA},
				err:  errors.New(`cannot use the credentials of ProviderConfig "team-a/default": key "credentials" of Secret "team-a/scaleway": the Secret has no such key: it has 1 others`),
			},
		},
		"SecretMalformed": {
			reason: "The error says where the credentials are that cannot be used, and why they cannot.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", Credentials{AccessKey: testAccessKey})},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				read: []types.NamespacedName{inTeamA},
				err:  errors.New(`cannot use the credentials of ProviderConfig "team-a/default": key "credentials" of Secret "team-a/scaleway": secret_key is missing: both halves of the API key are needed`),
			},
		},
		"APIURLNotAllowed": {
			reason: "A tenant does not choose where the provider sends requests to.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, otherURL))},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				read: []types.NamespacedName{inTeamA},
				err:  errors.New(`cannot use the credentials of ProviderConfig "team-a/default": key "credentials" of Secret "team-a/scaleway": api_url "` + otherURL + `" is not allowed`),
			},
		},
		"APIURLNotAllowedOfClusterProviderConfig": {
			reason: "Neither does whoever may write a ClusterProviderConfig.",
			args: args{
				objects: []client.Object{newClusterProviderConfig("crossplane-system"), newSecret("crossplane-system", newCredentials(1, otherURL))},
				mg:      newManaged("team-a", "ClusterProviderConfig"),
			},
			want: want{
				read: []types.NamespacedName{inSystem},
				err:  errors.New(`cannot use the credentials of ClusterProviderConfig "default": key "credentials" of Secret "crossplane-system/scaleway": api_url "` + otherURL + `" is not allowed`),
			},
		},
		"APIURLAllowed": {
			reason: "The administrator does.",
			args: args{
				allowed: []string{otherURL},
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", newCredentials(1, otherURL+"/"))},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				configuration: terraform.ProviderConfiguration{"region": "fr-par"},
				read:          []types.NamespacedName{inTeamA},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)

			var secrets []types.NamespacedName

			kube := interceptor.NewClient(newKube(t, tc.args.objects...), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if _, ok := o.(*corev1.Secret); ok {
						secrets = append(secrets, key)
					}

					return c.Get(ctx, key, o, opts...)
				},
				List: func(_ context.Context, _ client.WithWatch, list client.ObjectList, _ ...client.ListOption) error {
					return errors.Errorf("%T: credentials are never searched for", list)
				},
			})

			got, err := NewBuilder(LiveSecrets{kube}, tc.args.allowed...).Setup(t.Context(), kube, tc.args.mg)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.configuration, got.Configuration); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want configuration, +got configuration:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.err == nil, got.Meta != nil); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want a client, +got a client:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want.read, secrets); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want Secrets read, +got Secrets read:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSetupTracksUsage(t *testing.T) {
	errBoom := errors.New("boom")
	refuse := interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return errBoom },
	}

	usage := v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{
		Namespace:  "team-a",
		Name:       "team-a-api",
		Finalizers: []string{FinalizerUsage},
		Labels:     map[string]string{xpv1.LabelKeyProviderKind: "ProviderConfig", xpv1.LabelKeyProviderName: configName},
		OwnerReferences: []metav1.OwnerReference{{
			Name:       "api",
			UID:        "team-a-api",
			Controller: new(true),
		}},
	}}
	usage.ProviderConfigReference = xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: configName}
	usage.ResourceReference = xpv1.TypedReference{Name: "api"}

	type args struct {
		objects []client.Object
		funcs   interceptor.Funcs
		mg      xpresource.Managed
		// used is set if the usage is there before.
		used bool
	}

	type want struct {
		usages []v1beta1.ProviderConfigUsage
		err    error
	}

	credentials := newSecret("team-a", newCredentials(1, ""))

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"InUse": {
			reason: "A ProviderConfig must not be deleted as long as a managed resource uses it, and its usage not before the managed resource.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), credentials},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{usages: []v1beta1.ProviderConfigUsage{usage}},
		},
		"UsedBefore": {
			reason: "Another process has worked for it before, and may have created something.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), credentials, usage.DeepCopy()},
				mg:      newManaged("team-a", "ProviderConfig"),
				used:    true,
			},
			want: want{usages: []v1beta1.ProviderConfigUsage{usage}},
		},
		"Misconfigured": {
			reason: "The use of a ProviderConfig that does not work is tracked too: it is the one that gets repaired.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a")},
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{
				usages: []v1beta1.ProviderConfigUsage{usage},
				err:    errors.New("cannot get the Secret"),
			},
		},
		"NotTracked": {
			reason: "Without the usage the ProviderConfig could vanish while the object exists.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), credentials},
				funcs:   refuse,
				mg:      newManaged("team-a", "ProviderConfig"),
			},
			want: want{err: errors.New("cannot track the use of the ProviderConfig: cannot apply ProviderConfigUsage: cannot create object: boom")},
		},
		"BeingDeleted": {
			reason: "A usage that comes into being during the deletion would keep the ProviderConfig.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), credentials},
				mg:      deleted(newManaged("team-a", "ProviderConfig")),
			},
		},
		"BeingDeletedWithItsNamespace": {
			reason: "In a namespace that is being deleted nothing can be created: trying would keep both for ever.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), credentials},
				funcs:   refuse,
				mg:      deleted(newManaged("team-a", "ProviderConfig")),
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)

			kube := interceptor.NewClient(newKube(t, tc.args.objects...), tc.args.funcs)

			b := NewBuilder(LiveSecrets{kube})

			_, err := b.Setup(t.Context(), kube, tc.args.mg)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(len(tc.want.usages) > 0 && !tc.args.used, b.Introduced(tc.args.mg.GetUID())); diff != "" {
				t.Errorf("\n%s\nIntroduced(...): -want, +got:\n%s", tc.reason, diff)
			}

			if NewBuilder(LiveSecrets{kube}).Introduced(tc.args.mg.GetUID()) || b.Introduced("another") {
				t.Errorf("\n%s\nIntroduced(...): want neither another process nor another managed resource", tc.reason)
			}

			got := &v1beta1.ProviderConfigUsageList{}
			if err := kube.List(t.Context(), got); err != nil {
				t.Fatal(err)
			}

			opts := []cmp.Option{
				cmpopts.EquateEmpty(),
				cmpopts.IgnoreTypes(metav1.TypeMeta{}),
				cmpopts.IgnoreFields(metav1.ObjectMeta{}, "ResourceVersion"),
			}
			if diff := cmp.Diff(tc.want.usages, got.Items, opts...); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want usages, +got usages:\n%s", tc.reason, diff)
			}
		})
	}
}

// With which keys a client calls Scaleway, and where, when two managed resources
// share a Builder.
func TestSetupTenants(t *testing.T) {
	s := newScaleway(t)

	one, two := newCredentials(1, s.URL), newCredentials(2, s.URL)

	oneInAmsterdam := one
	oneInAmsterdam.Region = "nl-ams"

	oneInProject := one
	oneInProject.ProjectID = testProjectID

	type args struct {
		objects []client.Object
		a, b    xpresource.Managed
	}

	type want struct {
		same   bool
		tokens []string
	}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"SameProviderConfig": {
			reason: "A client, with its connections, is configured once and not for every reconcile.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", one)},
				a:       newManaged("team-a", "ProviderConfig"),
				b:       newManaged("team-a", "ProviderConfig"),
			},
			want: want{same: true, tokens: []string{one.SecretKey, one.SecretKey}},
		},
		"SameCredentials": {
			reason: "Clients are told apart by their credentials, not by whose they are.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", one), newProviderConfig("team-b"), newSecret("team-b", one)},
				a:       newManaged("team-a", "ProviderConfig"),
				b:       newManaged("team-b", "ProviderConfig"),
			},
			want: want{same: true, tokens: []string{one.SecretKey, one.SecretKey}},
		},
		"SameNameInTwoNamespaces": {
			reason: "No tenant gets another's client because its ProviderConfig has the same name.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", one), newProviderConfig("team-b"), newSecret("team-b", two)},
				a:       newManaged("team-a", "ProviderConfig"),
				b:       newManaged("team-b", "ProviderConfig"),
			},
			want: want{tokens: []string{one.SecretKey, two.SecretKey}},
		},
		"SameNameOfTwoKinds": {
			reason: "Nor because it has the name of a ClusterProviderConfig.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", one), newClusterProviderConfig("crossplane-system"), newSecret("crossplane-system", two)},
				a:       newManaged("team-a", "ProviderConfig"),
				b:       newManaged("team-a", "ClusterProviderConfig"),
			},
			want: want{tokens: []string{one.SecretKey, two.SecretKey}},
		},
		"OtherRegion": {
			reason: "The region is configured into the client.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", one), newProviderConfig("team-b"), newSecret("team-b", oneInAmsterdam)},
				a:       newManaged("team-a", "ProviderConfig"),
				b:       newManaged("team-b", "ProviderConfig"),
			},
			want: want{tokens: []string{one.SecretKey, one.SecretKey}},
		},
		"OtherProject": {
			reason: "So is the project: objects would be created, and paid, in that of another.",
			args: args{
				objects: []client.Object{newProviderConfig("team-a"), newSecret("team-a", one), newProviderConfig("team-b"), newSecret("team-b", oneInProject)},
				a:       newManaged("team-a", "ProviderConfig"),
				b:       newManaged("team-b", "ProviderConfig"),
			},
			want: want{tokens: []string{one.SecretKey, one.SecretKey}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)
			s.seen()

			kube := newKube(t, tc.args.objects...)
			b := NewBuilder(LiveSecrets{kube}, s.URL)

			first, err := b.Setup(t.Context(), kube, tc.args.a)
			if err != nil {
				t.Fatal(err)
			}

			second, err := b.Setup(t.Context(), kube, tc.args.b)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want.same, first.Meta == second.Meta); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want the same client, +got the same client:\n%s", tc.reason, diff)
			}

			// After both were configured: the second must not have changed the first.
			read(t, first.Meta)
			read(t, second.Meta)

			if diff := cmp.Diff(tc.want.tokens, s.seen()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want tokens, +got tokens:\n%s", tc.reason, diff)
			}
		})
	}
}

// A yielder is a writer to which every write lets others run.
type yielder struct{}

func (yielder) Write(p []byte) (int, error) {
	runtime.Gosched()
	return len(p), nil
}

// Workers configure clients of many tenants at the same time.
func TestSetupConcurrently(t *testing.T) {
	neutralize(t, nil)

	// The Scaleway SDK logs a line for each client, so that workers alternate while
	// they configure theirs. They hardly would, as it takes microseconds.
	log.SetOutput(yielder{})

	const tenants = 64

	s := newScaleway(t)

	var objects []client.Object

	for i := range tenants {
		namespace := fmt.Sprintf("team-%d", i)
		objects = append(objects, newProviderConfig(namespace), newSecret(namespace, newCredentials(i, s.URL)))
	}

	// Nobody goes on to configure a client before everybody is about to.
	var barrier sync.WaitGroup

	barrier.Add(tenants)

	kube := interceptor.NewClient(newKube(t, objects...), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*corev1.Secret); ok {
				defer barrier.Wait()
				defer barrier.Done()
			}

			return c.Get(ctx, key, o, opts...)
		},
	})

	b := NewBuilder(LiveSecrets{kube}, s.URL)

	var (
		group  sync.WaitGroup
		setups [tenants]terraform.Setup
		errs   [tenants]error
	)

	for i := range tenants {
		group.Go(func() {
			setups[i], errs[i] = b.Setup(t.Context(), kube, deleted(newManaged(fmt.Sprintf("team-%d", i), "ProviderConfig")))
		})
	}

	group.Wait()

	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}

	for i, setup := range setups {
		read(t, setup.Meta)

		want := []string{newCredentials(i, s.URL).SecretKey}
		if diff := cmp.Diff(want, s.seen()); diff != "" {
			t.Errorf("Setup(...) of tenant %d: -want tokens, +got tokens:\n%s", i, diff)
		}
	}
}

func TestSetupRotation(t *testing.T) {
	s := newScaleway(t)

	before, after := newCredentials(1, s.URL), newCredentials(2, s.URL)
	moved := newSecret("team-a", after)
	moved.Data = map[string][]byte{"rotated": moved.Data[secretKey]}

	type want struct {
		tokens []string
		err    error
	}

	cases := map[string]struct {
		reason string
		// change is what happens between the first call of Setup and the second.
		change func(ctx context.Context, kube client.Client) error
		want   want
	}{
		"NoChange": {
			reason: "The same key is used as long as there is no other.",
			change: func(context.Context, client.Client) error { return nil },
			want:   want{tokens: []string{before.SecretKey}},
		},
		"Rotated": {
			reason: "A rotated key takes effect at the next call: the old one may be gone.",
			change: func(ctx context.Context, kube client.Client) error {
				return kube.Update(ctx, newSecret("team-a", after))
			},
			want: want{tokens: []string{after.SecretKey}},
		},
		"OtherKey": {
			reason: "So does another reference.",
			change: func(ctx context.Context, kube client.Client) error {
				pc := &v1beta1.ProviderConfig{}
				if err := kube.Get(ctx, types.NamespacedName{Namespace: "team-a", Name: configName}, pc); err != nil {
					return err
				}

				pc.Spec.Credentials.SecretRef.Key = "rotated"

				return errors.Join(kube.Update(ctx, moved.DeepCopy()), kube.Update(ctx, pc))
			},
			want: want{tokens: []string{after.SecretKey}},
		},
		"Malformed": {
			reason: "A key that cannot be used is an error, and the old one is not used in its place.",
			change: func(ctx context.Context, kube client.Client) error {
				return kube.Update(ctx, newSecret("team-a", Credentials{AccessKey: testAccessKey}))
			},
			want: want{err: errors.New("secret_key is missing")},
		},
		"Gone": {
			reason: "Whoever deletes the Secret takes the access away.",
			change: func(ctx context.Context, kube client.Client) error {
				return kube.Delete(ctx, newSecret("team-a", before))
			},
			want: want{err: errors.New("cannot get the Secret")},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)
			s.seen()

			kube := newKube(t, newProviderConfig("team-a"), newSecret("team-a", before))
			mg := newManaged("team-a", "ProviderConfig")
			b := NewBuilder(LiveSecrets{kube}, s.URL)

			if _, err := b.Setup(t.Context(), kube, mg); err != nil {
				t.Fatal(err)
			}

			if err := tc.change(t.Context(), kube); err != nil {
				t.Fatal(err)
			}

			got, err := b.Setup(t.Context(), kube, mg)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Fatalf("\n%s\nSetup(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if err == nil {
				read(t, got.Meta)
			}

			if diff := cmp.Diff(tc.want.tokens, s.seen()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want tokens, +got tokens:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is in the environment belongs to somebody else than the tenant.
func TestSetupIgnoresEnvironment(t *testing.T) {
	tenant, other := newScaleway(t), newScaleway(t)
	theirs := newCredentials(9, other.URL)

	env := map[string]string{
		"SCW_ACCESS_KEY": theirs.AccessKey,
		"SCW_SECRET_KEY": theirs.SecretKey,
		"SCW_API_URL":    theirs.APIURL,
	}

	// file returns an environment whose home directory holds a configuration file of
	// the Scaleway SDK.
	file := func(t *testing.T, text string) map[string]string {
		t.Helper()

		home := t.TempDir()
		path := filepath.Join(home, ".config", "scw", "config.yaml")

		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}

		return map[string]string{"HOME": home}
	}

	cases := map[string]struct {
		reason string
		env    func(t *testing.T) map[string]string
	}{
		"Credentials": {
			reason: "Credentials in the environment would win over those of every tenant.",
			env:    func(*testing.T) map[string]string { return env },
		},
		"SecretKeyOnly": {
			reason: "A secret key alone would too.",
			env:    func(*testing.T) map[string]string { return map[string]string{"SCW_SECRET_KEY": theirs.SecretKey} },
		},
		"APIURLOnly": {
			reason: "An address alone would have the tenant's key sent there.",
			env:    func(*testing.T) map[string]string { return map[string]string{"SCW_API_URL": theirs.APIURL} },
		},
		"Profile": {
			reason: "A profile that does not exist would keep every client from being configured.",
			env:    func(*testing.T) map[string]string { return map[string]string{"SCW_PROFILE": "other"} },
		},
		"ConfigFile": {
			reason: "A configuration file would fill what the credentials leave empty. A broken one shows whether it is read.",
			env:    func(t *testing.T) map[string]string { return file(t, "access_key: [") },
		},
		"ConfigFileNamed": {
			reason: "Nor is a configuration file read that the environment names.",
			env: func(t *testing.T) map[string]string {
				return map[string]string{"SCW_CONFIG_PATH": filepath.Join(file(t, "access_key: [")["HOME"], ".config", "scw", "config.yaml")}
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, tc.env(t))
			tenant.seen()

			credentials := newCredentials(1, tenant.URL)
			kube := newKube(t, newProviderConfig("team-a"), newSecret("team-a", credentials))
			mg := newManaged("team-a", "ProviderConfig")
			b := NewBuilder(LiveSecrets{kube}, tenant.URL)

			got, err := b.Setup(t.Context(), kube, mg)
			if err != nil {
				t.Fatalf("\n%s\nSetup(...): %v", tc.reason, err)
			}

			read(t, got.Meta)

			api, _, err := b.API(t.Context(), kube, mg)
			if err != nil {
				t.Fatalf("\n%s\nAPI(...): %v", tc.reason, err)
			}

			if err := api.Delete(t.Context(), "/containers"); StatusCode(err) != http.StatusNotFound {
				t.Fatal(err)
			}

			if diff := cmp.Diff(slices.Repeat([]string{credentials.SecretKey}, 2), tenant.seen()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want tokens, +got tokens:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff([]string(nil), other.seen()); diff != "" {
				t.Errorf("\n%s\nSetup(...): -want tokens sent elsewhere, +got tokens sent elsewhere:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBuilderAPI(t *testing.T) {
	s := newScaleway(t)

	one, two := newCredentials(1, s.URL), newCredentials(2, s.URL)
	two.Region, two.ProjectID, two.OrganizationID = "nl-ams", "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"

	type want struct {
		defaults terraform.ProviderConfiguration
		tokens   []string
		err      error
	}

	cases := map[string]struct {
		reason  string
		allowed []string
		mg      *xpfake.ModernManaged
		want    want
	}{
		"ProviderConfig": {
			reason:  "The client has the credentials of the ProviderConfig, and comes with its defaults.",
			allowed: []string{s.URL},
			mg:      newManaged("team-a", "ProviderConfig"),
			want:    want{defaults: terraform.ProviderConfiguration{"region": "fr-par"}, tokens: []string{one.SecretKey}},
		},
		"ClusterProviderConfig": {
			reason:  "Or those of the ClusterProviderConfig.",
			allowed: []string{s.URL},
			mg:      newManaged("team-a", "ClusterProviderConfig"),
			want: want{
				defaults: terraform.ProviderConfiguration{"region": "nl-ams", "project_id": two.ProjectID, "organization_id": two.OrganizationID},
				tokens:   []string{two.SecretKey},
			},
		},
		"ProviderConfigMissing": {
			reason:  "There is no client for a namespace without a ProviderConfig.",
			allowed: []string{s.URL},
			mg:      newManaged("team-b", "ProviderConfig"),
			want:    want{err: errors.New(`cannot get ProviderConfig "team-b/default", to which spec.providerConfigRef refers`)},
		},
		"APIURLNotAllowed": {
			reason: "Addresses are checked as in Setup.",
			mg:     newManaged("team-a", "ProviderConfig"),
			want:   want{err: errors.New(`api_url "` + s.URL + `" is not allowed`)},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			neutralize(t, nil)
			s.seen()

			kube := newKube(t,
				newProviderConfig("team-a"), newSecret("team-a", one),
				newClusterProviderConfig("crossplane-system"), newSecret("crossplane-system", two),
			)

			b := NewBuilder(LiveSecrets{kube}, tc.allowed...)

			if _, ok := b.APIOf(terraform.Setup{}); ok {
				t.Errorf("\n%s\nAPIOf(...): there is a client of nobody", tc.reason)
			}

			api, defaults, err := b.API(t.Context(), kube, tc.mg)
			if diff := cmp.Diff(tc.want.err, err, equateErrorText()); diff != "" {
				t.Fatalf("\n%s\nAPI(...): -want error, +got error:\n%s", tc.reason, diff)
			}

			if err != nil {
				return
			}

			if diff := cmp.Diff(tc.want.defaults, defaults); diff != "" {
				t.Errorf("\n%s\nAPI(...): -want defaults, +got defaults:\n%s", tc.reason, diff)
			}

			// Upjet is given what the client is found by.
			setup, err := b.Setup(t.Context(), kube, tc.mg)
			if err != nil {
				t.Fatal(err)
			}

			if of, ok := b.APIOf(setup); !ok || of != api {
				t.Errorf("\n%s\nAPIOf(...): want the client of the same credentials, got %v", tc.reason, ok)
			}

			if err := api.Delete(t.Context(), "/containers"); StatusCode(err) != http.StatusNotFound {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want.tokens, s.seen()); diff != "" {
				t.Errorf("\n%s\nAPI(...): -want tokens, +got tokens:\n%s", tc.reason, diff)
			}
		})
	}
}
