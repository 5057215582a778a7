// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package framework gives a test what the provider meets in a cluster: a real
// kube-apiserver, shared by the tests of a package; and for each test a
// Kubernetes namespace, a local Scaleway API with a tenant of its own, and the
// provider that ships, as a process that reconciles that namespace only.
package framework

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	namespacedapis "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// shared by the tests of a package.
var shared struct {
	controlPlane *controlplane.ControlPlane
	binary       string
}

// A RunOption changes what the tests of a package run in.
type RunOption func(*runOptions)

type runOptions struct {
	withoutRules bool
	audit        bool
}

// WithoutRules installs the CRDs without their CEL rules, as an older version of
// the package might have.
func WithoutRules() RunOption {
	return func(o *runOptions) { o.withoutRules = true }
}

// Run builds the provider, starts a kube-apiserver with the provider's CRDs, and
// runs the tests of a package. It is for TestMain, and returns the exit code.
func Run(m *testing.M, opts ...RunOption) int {
	var o runOptions
	for _, fn := range opts {
		fn(&o)
	}

	ctx := context.Background()

	// What envtest has to say, it says in its errors.
	ctrllog.SetLogger(logr.Discard())

	dir, err := os.MkdirTemp("", "provider-test-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)

	shared.binary = filepath.Join(dir, "provider")

	build := exec.CommandContext(ctx, "go", "build", "-o", shared.binary, "./cmd/provider")
	build.Dir = Root()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")

	if out, err := build.CombinedOutput(); err != nil {
		return fail(errors.Wrapf(err, "cannot build the provider: %s", out))
	}

	scheme, err := newScheme()
	if err != nil {
		return fail(err)
	}

	crds := crdDir()
	if o.withoutRules {
		if err := writeWithoutRules(dir); err != nil {
			return fail(err)
		}

		crds = dir
	}

	shared.controlPlane, err = controlplane.Start(ctx, controlplane.Options{
		CRDPaths: []string{crds},
		Scheme:   scheme,
		Log:      os.Stderr,
		// Deletes what a deleted object owns: Secrets, and usages of ProviderConfigs.
		ControllerManager: true,
		Audit:             o.audit,
	})
	if err != nil {
		return fail(err)
	}

	code := m.Run()

	if err := shared.controlPlane.Stop(); err != nil {
		return fail(err)
	}

	return code
}

func newScheme() (*kruntime.Scheme, error) {
	scheme := kruntime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme), namespacedapis.AddToScheme(scheme))
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Root of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0) //nolint:dogsled // Only the file is of use.
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// An Env is what one test runs in.
type Env struct {
	// Namespace in Kubernetes, of this test alone.
	Namespace string
	// Client of the kube-apiserver, as an administrator.
	Client client.Client
	// Scaleway is the local API.
	Scaleway *fakescaleway.Server
	// Key of the test's tenant, in the ProviderConfig "default".
	Key fakescaleway.Key
	// Provider is the process that ships, once it is started.
	Provider *Provider

	plane *controlplane.ControlPlane
	t     testing.TB
}

// New returns an Env whose ProviderConfig "default" holds a key of a new tenant.
// The provider is not started.
func New(t testing.TB, opts ...fakescaleway.Option) *Env {
	t.Helper()

	return newEnv(t, shared.controlPlane, newServer(t, opts...))
}

// NewWithCRDs returns an Env like New, with a kube-apiserver of its own, in which
// only the CRDs of the package are installed whose file name matches the pattern.
func NewWithCRDs(t testing.TB, pattern string, opts ...fakescaleway.Option) *Env {
	t.Helper()

	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}

	crds, err := filepath.Glob(filepath.Join(crdDir(), pattern))
	if err != nil || len(crds) == 0 {
		t.Fatalf("no CRD matches %s: %v", pattern, err)
	}

	plane, err := controlplane.Start(context.WithoutCancel(t.Context()), controlplane.Options{CRDPaths: crds, Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})

	return newEnv(t, plane, newServer(t, opts...))
}

func newServer(t testing.TB, opts ...fakescaleway.Option) *fakescaleway.Server {
	t.Helper()

	return fakescaleway.NewTestServer(t, append([]fakescaleway.Option{fakescaleway.WithSharedSigningKey()}, opts...)...)
}

func newEnv(t testing.TB, plane *controlplane.ControlPlane, s *fakescaleway.Server) *Env {
	t.Helper()

	e := &Env{Client: plane.Client, plane: plane, Scaleway: s, Key: s.NewKey(), t: t}

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	e.Create(ns)
	e.Namespace = ns.GetName()

	e.CreateProviderConfig("default", e.Credentials(e.Key))

	return e
}

// Within returns an Env in a kube-apiserver that the test has started itself, and
// in a Kubernetes namespace that exists. The ProviderConfig is up to the test, and
// so is the provider.
func Within(t testing.TB, c client.Client, namespace string, s *fakescaleway.Server, k fakescaleway.Key) *Env {
	return &Env{Namespace: namespace, Client: c, Scaleway: s, Key: k, t: t}
}

// Credentials returns the JSON of a ProviderConfig's Secret, for a key of the
// local API.
func (e *Env) Credentials(k fakescaleway.Key) string {
	return fmt.Sprintf(`{"access_key":%q,"secret_key":%q,"organization_id":%q,"project_id":%q,"api_url":%q}`,
		k.AccessKey, k.SecretKey, k.OrganizationID, k.ProjectID, e.Scaleway.URL())
}

// CreateProviderConfig creates a ProviderConfig, and the Secret of the same name
// that holds its credentials.
func (e *Env) CreateProviderConfig(name, credentials string) {
	e.t.Helper()

	e.Create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name},
		StringData: map[string]string{"credentials": credentials},
	})

	pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
	pc.Spec.Credentials.Source = "Secret"
	pc.Spec.Credentials.SecretRef.Name = name
	pc.Spec.Credentials.SecretRef.Key = "credentials"
	e.Create(pc)
}

// Create an object.
func (e *Env) Create(o client.Object) {
	e.t.Helper()

	if err := e.Client.Create(e.t.Context(), o); err != nil {
		e.t.Fatalf("cannot create %T %q: %v", o, o.GetName(), err)
	}
}

// Context of the test.
func (e *Env) Context() context.Context {
	return e.t.Context()
}

// name of an object for messages.
func name(o client.Object) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", o), "*v1beta1.") + "/" + o.GetName()
}

// ProviderConfig of the Env's namespace.
func (e *Env) ProviderConfig(name string) *v1beta1.ProviderConfig {
	e.t.Helper()

	pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
	e.Get(pc)

	return pc
}

// Abandon takes a managed resource and its Secret out of Kubernetes as if they
// had never been there: the object at Scaleway stays.
func (e *Env) Abandon(mg xpresource.ModernManaged) {
	e.t.Helper()

	e.Update(mg, func() { mg.SetFinalizers(nil) })
	e.Delete(mg)

	if ref := mg.(xpresource.LocalConnectionSecretWriterTo).GetWriteConnectionSecretToReference(); ref != nil {
		e.WaitGone(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: ref.Name}})
	}
}
