// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	configv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// learned is how long the API server may take to learn of a policy.
const learned = 20 * time.Second

// crossplaneNamespace is where the policies take Crossplane to be.
const crossplaneNamespace = "crossplane-system"

const (
	finalizerConfig  = "in-use.crossplane.io"
	finalizerManaged = managed.FinalizerName
)

// A stage is what somebody may want to change.
type stage struct {
	env *framework.Env

	// token and config are in use, and so is secret.
	token  *v1beta1.Token
	config *configv1beta1.ProviderConfig
	secret *corev1.Secret
	usage  *configv1beta1.ProviderConfigUsage

	// wide has status, and no users.
	wide *configv1beta1.ClusterProviderConfig

	// bare and bareConfig have lost their finalizer, and recorded has too, of whose
	// creation nobody knows the outcome.
	bare       *v1beta1.Token
	bareConfig *configv1beta1.ProviderConfig
	recorded   *v1beta1.Token

	// These are being deleted.
	going       *v1beta1.Container
	goingConfig *configv1beta1.ProviderConfig
	goingSecret *corev1.Secret
}

// newStage has the provider set the stage, and leave it.
func newStage(t *testing.T, e *framework.Env, provider framework.User) *stage {
	t.Helper()

	p := e.StartProvider(framework.WithKubeconfig(e.StartProxy(provider.As()).Kubeconfig()))

	e.CreateProviderConfig("going", e.Credentials(e.Key))

	parent := e.CreateParent()
	s := &stage{env: e, token: e.NewToken("token", parent), bare: e.NewToken("bare", parent), recorded: e.NewToken("recorded", parent)}

	s.going = &v1beta1.Container{}
	e.Place(s.going, "going")
	s.going.GetProviderConfigReference().Name = "going"
	s.going.Spec.ForProvider = v1beta1.ContainerParameters{Name: ptr.To("going"), NamespaceID: ptr.To(parent), Image: ptr.To("nginx"), Port: ptr.To[int64](80)}

	for _, mg := range []xpresource.ModernManaged{s.token, s.bare, s.going} {
		e.Create(mg)
		e.WaitReady(mg)
	}

	s.config, s.goingConfig = e.ProviderConfig("default"), e.ProviderConfig("going")
	s.secret, s.goingSecret = secretNamed(e, "default"), secretNamed(e, "going")

	e.Eventually("the Secrets to be held", func() (bool, string) {
		e.Get(s.secret)
		e.Get(s.goingSecret)

		return len(s.secret.GetFinalizers()) > 0 && len(s.goingSecret.GetFinalizers()) > 0, "they are not"
	})

	usages := &configv1beta1.ProviderConfigUsageList{}
	if err := e.Client.List(t.Context(), usages, client.InNamespace(e.Namespace)); err != nil || len(usages.Items) == 0 {
		t.Fatalf("there are no usages: %v", err)
	}

	s.usage = &usages.Items[0]

	// Nobody puts back from here on what is taken away.
	p.Stop()

	s.wide = &configv1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	s.wide.Spec.Credentials.Source = "Secret"
	s.wide.Spec.Credentials.SecretRef = &configv1beta1.SecretSelector{}
	s.wide.Spec.Credentials.SecretRef.Namespace, s.wide.Spec.Credentials.SecretRef.Name = e.Namespace, "default"
	e.Create(s.wide)

	e.CreateProviderConfig("counted", e.Credentials(e.Key))
	s.bareConfig = e.ProviderConfig("counted")
	s.bareConfig.Status.Users = 1

	if err := e.Client.Status().Update(t.Context(), s.bareConfig); err != nil {
		t.Fatal(err)
	}

	e.Update(s.bare, func() { s.bare.SetFinalizers(nil); s.bare.SetAnnotations(nil) })
	meta.AddAnnotations(s.recorded, map[string]string{ledger.AnnotationRecord: "{}"})
	e.Create(s.recorded)

	for _, o := range []client.Object{s.going, s.goingConfig, s.goingSecret} {
		if err := e.Client.Delete(t.Context(), o); err != nil {
			t.Fatal(err)
		}

		e.Get(o)
	}

	t.Cleanup(func() { s.leave(t) })

	return s
}

// leave takes away what no provider cleans up.
func (s *stage) leave(t *testing.T) {
	t.Helper()

	ctx := context.WithoutCancel(t.Context())
	if err := client.IgnoreNotFound(s.env.Client.Delete(ctx, s.wide)); err != nil {
		t.Error(err)
	}
}

func secretNamed(e *framework.Env, name string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
	e.Get(s)

	return s
}

// A request that is tried, and has no effect.
type request func(ctx context.Context, c client.Client, s *stage) error

// without a finalizer, or any, an object is written.
func without(o func(*stage) client.Object) request {
	return func(ctx context.Context, c client.Client, s *stage) error {
		now := o(s).DeepCopyObject().(client.Object)
		now.SetFinalizers(nil)

		return c.Update(ctx, now, client.DryRunAll)
	}
}

// patched is an object after a merge patch.
func patched(o func(*stage) client.Object, patch string) request {
	return func(ctx context.Context, c client.Client, s *stage) error {
		return c.Patch(ctx, o(s).DeepCopyObject().(client.Object), client.RawPatch("application/merge-patch+json", []byte(patch)), client.DryRunAll)
	}
}

// withStatus an object is written by its subresource.
func withStatus(o func(*stage) client.Object, patch string) request {
	return func(ctx context.Context, c client.Client, s *stage) error {
		return c.Status().Patch(ctx, o(s).DeepCopyObject().(client.Object), client.RawPatch("application/merge-patch+json", []byte(patch)), &client.SubResourcePatchOptions{PatchOptions: client.PatchOptions{DryRun: []string{metav1.DryRunAll}}})
	}
}

func deleted(o func(*stage) client.Object) request {
	return func(ctx context.Context, c client.Client, s *stage) error {
		return c.Delete(ctx, o(s).DeepCopyObject().(client.Object), client.DryRunAll)
	}
}

func forgedUsage(ctx context.Context, c client.Client, s *stage) error {
	u := &configv1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{Namespace: s.env.Namespace, Name: "forged"}}
	u.ProviderConfigReference.Kind, u.ProviderConfigReference.Name = "ClusterProviderConfig", s.wide.GetName()
	u.ResourceReference.APIVersion, u.ResourceReference.Kind, u.ResourceReference.Name = "v1", "Nothing", "nothing"

	return c.Create(ctx, u, client.DryRunAll)
}

func config(name string) request {
	return func(ctx context.Context, c client.Client, s *stage) error {
		pc := &configv1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: s.env.Namespace, Name: name}, Spec: s.config.Spec}
		return c.Create(ctx, pc, client.DryRunAll)
	}
}

func clusterConfig(name string) request {
	return func(ctx context.Context, c client.Client, s *stage) error {
		pc := &configv1beta1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: s.wide.Spec}
		return c.Create(ctx, pc, client.DryRunAll)
	}
}

func theToken(s *stage) client.Object       { return s.token }
func theConfig(s *stage) client.Object      { return s.config }
func theSecret(s *stage) client.Object      { return s.secret }
func theUsage(s *stage) client.Object       { return s.usage }
func theWide(s *stage) client.Object        { return s.wide }
func theBare(s *stage) client.Object        { return s.bare }
func theBareConfig(s *stage) client.Object  { return s.bareConfig }
func theRecorded(s *stage) client.Object    { return s.recorded }
func theGoing(s *stage) client.Object       { return s.going }
func theGoingConfig(s *stage) client.Object { return s.goingConfig }
func theGoingSecret(s *stage) client.Object { return s.goingSecret }

const (
	onlyStatus  = "only the provider writes the status of its kinds"
	onlyUsages  = "only the provider writes ProviderConfigUsages"
	onlyRecords = "only the provider writes the annotations "
)

// attacks are what a tenant with Crossplane's role may do without the policies, and a
// part of the message with which they refuse it.
var attacks = map[string]struct {
	request request
	want    string
}{
	"StatusOfManagedResource":       {withStatus(theToken, `{"status":{"atProvider":{"id":"fr-par/another"}}}`), onlyStatus},
	"StatusOfProviderConfig":        {withStatus(theConfig, `{"status":{"users":0}}`), onlyStatus},
	"StatusOfClusterProviderConfig": {withStatus(theWide, `{"status":{"users":7}}`), onlyStatus},
	"ForgedUsage":                   {forgedUsage, onlyUsages},
	"ChangedUsage":                  {patched(theUsage, `{"metadata":{"labels":null}}`), onlyUsages},
	"UsageWithoutFinalizer":         {without(theUsage), onlyUsages},
	"DeletedUsage":                  {deleted(theUsage), onlyUsages},
	"DeletedUsages": {func(ctx context.Context, c client.Client, s *stage) error {
		return c.DeleteAllOf(ctx, &configv1beta1.ProviderConfigUsage{}, client.InNamespace(s.env.Namespace), client.DryRunAll)
	}, onlyUsages},
	"ManagedResourceWithoutFinalizer": {patched(theGoing, `{"metadata":{"finalizers":null}}`), "finalizers " + finalizerManaged + " keep what is being deleted"},
	"ReplacedWithoutFinalizer":        {without(theGoing), "finalizers " + finalizerManaged + " keep what is being deleted"},
	"ProviderConfigWithoutFinalizer":  {without(theGoingConfig), "finalizers " + finalizerConfig + " keep what is being deleted"},
	"SecretWithoutFinalizer":          {without(theGoingSecret), "finalizers " + "scaleway.m.crossplane.io/"},
	"SecretInUseWithoutFinalizer":     {patched(theSecret, `{"metadata":{"finalizers":null}}`), "keep the credentials with which managed resources are deleted"},
	"DeletionWithoutFinalizer":        {deleted(theBare), "would stay at Scaleway, because its finalizer was taken off"},
	"DeletionInAnAttempt":             {deleted(theRecorded), "would stay at Scaleway, because its finalizer was taken off"},
	"DeletionOfConfig":                {deleted(theBareConfig), "managed resources use it, and its finalizer was taken off"},
	"RestoredRecord":                  {patched(theToken, `{"metadata":{"annotations":{"`+ledger.AnnotationRecord+`":"{}"}}}`), onlyRecords + ledger.AnnotationRecord},
	"WrittenHeldSecret":               {patched(theConfig, `{"metadata":{"annotations":{"`+clients.AnnotationHeld+`":"a/b"}}}`), onlyRecords + clients.AnnotationHeld},
	"LongName":                        {config(strings.Repeat("a", 64)), "must have at most 63 characters"},
	"LongClusterName":                 {clusterConfig(strings.Repeat("a", 64)), "must have at most 63 characters"},
}

// ordinary is what a tenant must be able to do.
var ordinary = map[string]request{
	"Spec":                      patched(theToken, `{"spec":{"managementPolicies":["Observe","Delete"]}}`),
	"Renew":                     patched(theToken, `{"metadata":{"annotations":{"`+onetime.AnnotationRenew+`":"1"}}}`),
	"Release":                   patched(theToken, `{"metadata":{"annotations":{"`+release.Annotation+`":"1"}}}`),
	"Pause":                     patched(theGoing, `{"metadata":{"annotations":{"`+meta.AnnotationKeyReconciliationPaused+`":"true"}}}`),
	"ExternalName":              patched(theToken, `{"metadata":{"annotations":{"`+meta.AnnotationKeyExternalName+`":"fr-par/x"}}}`),
	"WithoutAnnotations":        patched(theToken, `{"metadata":{"annotations":null}}`),
	"WithoutAnnotationsOfPC":    patched(theConfig, `{"metadata":{"annotations":null}}`),
	"WithoutAnnotationsInGoing": patched(theGoing, `{"metadata":{"annotations":null}}`),
	"Replace": func(ctx context.Context, c client.Client, s *stage) error {
		mg := s.env.NewToken(s.token.GetName(), *s.token.Spec.ForProvider.NamespaceID)
		mg.SetResourceVersion(s.token.GetResourceVersion())

		return c.Update(ctx, mg, client.DryRunAll)
	},
	"ReplaceConfig": without(theConfig),
	"Delete":        deleted(theToken),
	"DeleteConfig":  deleted(theConfig),
	"DeleteSecret":  deleted(theSecret),
	"RotateSecret":  patched(theSecret, `{"data":{"credentials":"e30="}}`),
	"Config":        config(strings.Repeat("a", 63)),
	"AFreeConfig":   config("a.b-c"),
	"AnotherCreated": func(ctx context.Context, c client.Client, s *stage) error {
		return c.Create(ctx, s.env.NewToken("another", paris), client.DryRunAll)
	},
	"OtherFinalizer": patched(theGoing, `{"metadata":{"labels":{"a":"b"}}}`),
}

// What Crossplane's role allows, and what would break what the provider promises, is
// refused to tenants by the policies, and to nobody else.
func TestPolicies(t *testing.T) {
	e := framework.New(t)

	provider := framework.ServiceAccount(crossplaneNamespace, e.Namespace)
	e.Grant(provider, e.ProviderRights()...)

	tenant := framework.Person("tenant-" + e.Namespace)
	e.Grant(tenant, e.EditorRights()...)

	s := newStage(t, e, provider)
	asTenant := e.As(tenant).Client

	for name, a := range attacks {
		if err := a.request(t.Context(), asTenant, s); err != nil {
			t.Errorf("%s is refused without the policies too, so that nothing is shown: %v", name, err)
		}
	}

	install(t, e)

	for name, a := range attacks {
		t.Run(name, func(t *testing.T) {
			// The API server takes a moment to learn of a policy.
			err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, learned, true, func(ctx context.Context) (bool, error) {
				return a.request(ctx, asTenant, s) != nil, nil
			})
			if err != nil {
				t.Fatalf("a tenant may do it: %v", err)
			}

			if err := a.request(t.Context(), asTenant, s); !kerrors.IsForbidden(err) || !strings.Contains(err.Error(), a.want) {
				t.Errorf("want an error that says %q, got %v", a.want, err)
			}
		})
	}

	for name, r := range ordinary {
		t.Run(name, func(t *testing.T) {
			if err := r(t.Context(), asTenant, s); err != nil {
				t.Errorf("a tenant is hindered: %v", err)
			}
		})
	}

	t.Run("Trusted", func(t *testing.T) { testTrusted(t, s, provider) })
	t.Run("Collectors", func(t *testing.T) { testCollectors(t, s) })
	t.Run("Life", func(t *testing.T) { testLife(t, framework.New(t), provider, tenant) })
}

// install the policies as docs/tenants.md has it.
func install(t *testing.T, e *framework.Env) {
	t.Helper()

	f, err := os.Open(filepath.Join(framework.Root(), "examples", "admission", "policies.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	for d := yaml.NewYAMLOrJSONDecoder(f, 4096); ; {
		o := &unstructured.Unstructured{}
		if err := d.Decode(o); err == io.EOF { //nolint:errorlint // As it is documented.
			return
		} else if err != nil {
			t.Fatal(err)
		}

		if len(o.Object) == 0 {
			continue // A comment.
		}

		e.Create(o)
		t.Cleanup(func() {
			if err := e.Client.Delete(context.WithoutCancel(t.Context()), o); err != nil {
				t.Error(err)
			}
		})
	}
}

// The provider and administrators are hindered in nothing.
func testTrusted(t *testing.T, s *stage, provider framework.User) {
	e := s.env

	admin := framework.Person("admin-" + e.Namespace)
	e.Bind(admin, "cluster-admin")

	backup := framework.Person("backup-" + e.Namespace)
	e.Grant(backup, e.EditorRights()...)
	e.Bind(backup, "provider-upjet-scaleway-bypass-policies")

	for who, u := range map[string]framework.User{"Administrator": admin, "Backup": backup} {
		for name, a := range attacks {
			if strings.HasPrefix(name, "Long") {
				continue // It is of use to nobody.
			}

			if err := a.request(t.Context(), e.As(u).Client, s); err != nil {
				t.Errorf("%s: %s is hindered: %v", name, who, err)
			}
		}
	}

	if err := attacks["StatusOfProviderConfig"].request(t.Context(), e.Client, s); err != nil {
		t.Errorf("system:masters is hindered: %v", err)
	}

	// It has no right to delete.
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		if strings.HasPrefix(name, "Delet") || strings.HasPrefix(name, "Long") {
			continue
		}

		if err := attacks[name].request(t.Context(), e.As(provider).Client, s); err != nil {
			t.Errorf("%s: the provider is hindered: %v", name, err)
		}
	}
}

// Kubernetes' own controllers delete usages, but nothing that would be left at Scaleway:
// a tenant can have them delete anything, by an owner that does not exist.
func testCollectors(t *testing.T, s *stage) {
	e := s.env

	for _, u := range []framework.User{
		framework.ServiceAccount("kube-system", "generic-garbage-collector"),
		framework.ServiceAccount("kube-system", "namespace-controller"),
		framework.Person("system:kube-controller-manager"),
	} {
		e.Grant(u, e.EditorRights()...)
		c := e.As(u).Client

		for name, a := range attacks {
			err := a.request(t.Context(), c, s)

			switch {
			case strings.Contains(name, "Usage"):
				if err != nil {
					t.Errorf("%s: %s is hindered: %v", name, u.Name, err)
				}
			case !kerrors.IsForbidden(err):
				t.Errorf("%s: a tenant can have %s do it: %v", name, u.Name, err)
			}
		}
	}
}

// A tenant's objects live under the policies as without, and go with their Kubernetes
// namespace.
func testLife(t *testing.T, e *framework.Env, provider, tenant framework.User) {
	e.StartProvider(framework.WithKubeconfig(e.StartProxy(provider.As()).Kubeconfig()))

	own := e.As(tenant)
	own.CreateProviderConfig("own", e.Credentials(e.Key))

	f := own.CreateFamily()
	own.WaitReady(f.Managed()...)

	tk := own.NewToken("replaced", framework.ExternalName(f.Namespace))
	tk.GetProviderConfigReference().Name = "own"
	own.Create(tk)
	own.WaitReady(tk)

	// As "kubectl replace" has it, and a deletion right after.
	id := framework.ExternalName(tk)
	replaced := own.NewToken("replaced", framework.ExternalName(f.Namespace))
	replaced.GetProviderConfigReference().Name = "own"
	own.Get(tk)
	replaced.SetResourceVersion(tk.GetResourceVersion())

	own.Eventually("a replacement", func() (bool, string) {
		own.Get(tk)
		replaced.SetResourceVersion(tk.GetResourceVersion())
		err := own.Client.Update(t.Context(), replaced)

		return err == nil, fmt.Sprint(err)
	})
	own.Eventually("a deletion", func() (bool, string) {
		err := own.Client.Delete(t.Context(), tk)
		return err == nil, fmt.Sprint(err)
	})
	own.WaitGone(tk)

	for _, live := range e.Scaleway.Tokens("fr-par") {
		if strings.HasSuffix(id, live.ID) {
			t.Errorf("token %s is live after the deletion", id)
		}
	}

	own.Update(f.Token, func() { meta.AddAnnotations(f.Token, map[string]string{onetime.AnnotationRenew: "now"}) })

	old := framework.ExternalName(f.Token)
	own.Eventually("a renewed token", func() (bool, string) {
		own.Get(f.Token)
		return framework.ExternalName(f.Token) != old, old
	})

	own.Update(f.Container, func() { f.Container.SetAnnotations(nil) })
	own.WaitReady(f.Container)

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	e.Delete(ns)

	for kind, n := range e.Scaleway.Alive() {
		if n != 0 {
			t.Errorf("%d objects of kind %s are left at Scaleway", n, kind)
		}
	}
}

// The file says what is to be replaced where Crossplane is elsewhere.
func TestNamespaceOfPolicies(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(framework.Root(), "examples", "admission", "policies.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	for line := range bytes.Lines(b) {
		if strings.Contains(string(line), "crossplane-system") && !strings.HasPrefix(string(line), "#") && !strings.Contains(string(line), "'system:serviceaccounts:"+crossplaneNamespace+"'") {
			t.Errorf("the namespace of Crossplane is to be replaced in %q too", line)
		}
	}
}
