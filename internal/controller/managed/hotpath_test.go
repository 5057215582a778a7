// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/controller"
	"github.com/crossplane/crossplane-runtime/v2/pkg/feature"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// A rig is the provider's code for Tokens between a Kubernetes API and a Scaleway
// API that are in memory.
type rig struct {
	kube        *memory
	scaleway    *tokenAPI
	credentials *storedCredentials
	connector   *Connector
	reconciler  reconcile.Reconciler
}

func newRig(b testing.TB) *rig {
	b.Helper()

	log.SetOutput(io.Discard) // As the provider does.

	pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default", Finalizers: []string{"in-use.crossplane.io"}}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef.Name, pc.Spec.Credentials.SecretRef.Key = "default", "credentials"

	t := &rig{kube: newMemory(b, pc), scaleway: newTokenAPI(), credentials: &storedCredentials{secretKey: "11111111-1111-4111-8111-111111111111"}}

	r := declaration(b, "scaleway_container_token")
	observations, permits := transport.NewObservations(), issue.NewPermits()
	observations.Recallable = Recallable([]resource.Resource{r})

	tenants := transport.NewTenants(transport.Pace{}, logging.NewNopLogger())

	rt, err := transport.New(transport.Options{
		Observations: observations,
		Timeout:      time.Minute,
		Minting: []transport.Minting{{
			Path:       r.CollectionPattern(),
			MarkField:  r.Minted.MarkArgument,
			IDField:    r.IDField(),
			ValueField: r.Minted.Attribute,
		}},
		Permits: permits,
		Tenants: tenants,
		Metrics: transport.NewMetrics(tenants, r.Path),
		Next:    t.scaleway,
	})
	if err != nil {
		b.Fatal(err)
	}

	before := http.DefaultTransport
	b.Cleanup(func() { http.DefaultTransport = before })
	rt.Install()

	builder := clients.NewBuilder(t.credentials)
	builder.Tenants = tenants

	t.connector, t.reconciler, err = newReconciler(memoryManager{kube: t.kube}, Options{
		Options: ujcontroller.Options{
			Options: controller.Options{
				Logger:       logging.NewNopLogger(),
				PollInterval: time.Minute,
				Features:     &feature.Flags{},
			},
			Provider:              config.New(),
			SetupFn:               builder.Setup,
			OperationTrackerStore: ujcontroller.NewOperationStore(logging.NewNopLogger()),
		},
		Resources:      map[string]resource.Resource{r.Name: r},
		Observations:   observations,
		Permits:        permits,
		APIOf:          builder.APIOf,
		Clients:        builder,
		RequestTimeout: time.Minute,
		Metrics:        onetime.NewMetrics(),
	}, Kind{
		GroupVersionKind: containerv1beta1.Token_GroupVersionKind,
		Object:           &containerv1beta1.Token{},
		List:             &containerv1beta1.TokenList{},
		Resource:         r.Name,
	}, kubeclient.NewOwn())
	if err != nil {
		b.Fatal(err)
	}

	return t
}

// storedCredentials are in each Secret.
type storedCredentials struct {
	secretKey string
}

func (s *storedCredentials) Get(context.Context, types.NamespacedName) (map[string][]byte, error) {
	return map[string][]byte{"credentials": fmt.Appendf(nil, `{"access_key":"SCWXXXXXXXXXXXXXXXXX","secret_key":%q,"project_id":"22222222-2222-4222-8222-222222222222"}`, s.secretKey)}, nil
}

// newToken stores a Token as a user applies it, and returns a request for it.
func (t *rig) newToken() reconcile.Request {
	tk := token(func(tk *containerv1beta1.Token) {
		tk.SetUID(types.UID(uuid.NewString()))
		tk.SetName(string(tk.GetUID()))
		tk.SetCreationTimestamp(metav1.Now())
		tk.Spec.ForProvider.Description = ptr.To("what it is for")
		tk.Spec.WriteConnectionSecretToReference.Name = tk.GetName()
		tk.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: "default"})
	})
	t.kube.store(tk)

	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: tk.GetNamespace(), Name: tk.GetName()}}
}

// get a Token as the reconciler does.
func (t *rig) get(b testing.TB, r reconcile.Request) *containerv1beta1.Token {
	b.Helper()

	tk := &containerv1beta1.Token{}
	if err := t.kube.Get(b.Context(), r.NamespacedName, tk); err != nil {
		b.Fatal(err)
	}

	return tk
}

// asTenant returns the context in which the Bulkhead has a Token reconciled.
func asTenant(b testing.TB) context.Context {
	return transport.WithUser(b.Context(), v1beta1.ProviderConfigKind+" team-a/default")
}

func (t *rig) reconcile(b testing.TB, r reconcile.Request) {
	b.Helper()

	if _, err := t.reconciler.Reconcile(asTenant(b), r); err != nil {
		b.Fatal(err)
	}
}

// newReadyToken returns a request for a Token that is Ready.
func (t *rig) newReadyToken(b testing.TB) reconcile.Request {
	b.Helper()

	r := t.newToken()

	for range 5 {
		t.reconcile(b, r)

		if tk := t.get(b, r); tk.GetCondition(xpv1.TypeReady).Status == corev1.ConditionTrue && tk.GetCondition(xpv1.TypeSynced).Status == corev1.ConditionTrue {
			return r
		}
	}

	b.Fatalf("the Token is not Ready: %v", t.get(b, r).Status.Conditions)

	return r
}

// hotPath is what the provider does again and again. Each function returns one that
// does it once.
var hotPath = map[string]func(testing.TB) func(){
	// The checks, the credentials and upjet's preparation of the arguments, for a
	// Token that is Ready.
	"Connect": func(b testing.TB) func() {
		t := newRig(b)
		tk := t.get(b, t.newReadyToken(b))

		return func() {
			if _, err := t.connector.Connect(b.Context(), tk); err != nil {
				b.Fatal(err)
			}
		}
	},
	// One observation of a Token that is Ready, without the connection.
	"Observe": func(b testing.TB) func() {
		t := newRig(b)
		tk := t.get(b, t.newReadyToken(b))

		external, err := t.connector.Connect(b.Context(), tk)
		if err != nil {
			b.Fatal(err)
		}

		return func() {
			if o, err := external.Observe(b.Context(), tk); err != nil || !o.ResourceExists || !o.ResourceUpToDate {
				b.Fatal(o, err)
			}
		}
	},
	// The whole reconcile of a Token that is Ready, once in a poll interval.
	"Poll": func(b testing.TB) func() {
		t := newRig(b)
		r := t.newReadyToken(b)

		return func() { t.reconcile(b, r) }
	},
	// The reconciles that make a new Token Ready.
	"Create": func(b testing.TB) func() {
		t := newRig(b)
		t.newReadyToken(b)

		return func() { t.newReadyToken(b) }
	},
}

func BenchmarkHotPath(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(hotPath)) {
		b.Run(name, func(b *testing.B) {
			once := hotPath[name](b)

			b.ReportAllocs()

			for b.Loop() {
				once()
			}
		})
	}
}

// TestCalls says what a Token costs in requests to Scaleway and in calls of
// Kubernetes that a cache does not answer.
func TestCalls(t *testing.T) {
	b := newRig(t)
	r := b.newReadyToken(t)

	want := map[string]int{
		"create v1beta1.ProviderConfigUsage": 1, // The ProviderConfig is in use.
		"create v1.Secret":                   1, // Empty: the name and its place in a quota are had.
		"update v1beta1.Token":               2, // The finalizer and that the creation is pending; what was created.
		"get v1.Secret":                      1, // Whether there is one.
		"read metadata of v1beta1.Token":     2, // No other process has begun another attempt: before each write of a value.
		"rehearse v1.Secret":                 1, // A value can be written.
		"update v1.Secret":                   1, // The value.
		"update status v1beta1.Token":        1, // Ready.
	}
	if diff := cmp.Diff(want, b.kube.live()); diff != "" {
		t.Errorf("Calls of Kubernetes for a creation: -want, +got:\n%s", diff)
	}

	// The Token, and once for all with these credentials, of which organization they are.
	if diff := cmp.Diff(map[string]int{http.MethodPost: 1, http.MethodGet: 2}, b.scaleway.requests); diff != "" {
		t.Errorf("Requests to Scaleway for the first creation: -want, +got:\n%s", diff)
	}

	clear(b.scaleway.requests)
	b.newReadyToken(t)

	if diff := cmp.Diff(map[string]int{http.MethodPost: 1, http.MethodGet: 1}, b.scaleway.requests); diff != "" {
		t.Errorf("Requests to Scaleway for another creation: -want, +got:\n%s", diff)
	}

	clear(b.kube.calls)
	clear(b.scaleway.requests)
	b.reconcile(t, r)

	if diff := cmp.Diff(map[string]int{}, b.kube.live()); diff != "" {
		t.Errorf("Calls of Kubernetes for a poll that finds nothing to do: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(map[string]int{http.MethodGet: 1}, b.scaleway.requests); diff != "" {
		t.Errorf("Requests to Scaleway for a poll that finds nothing to do: -want, +got:\n%s", diff)
	}
}
