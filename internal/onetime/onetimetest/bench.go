// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package onetimetest is what the tests of the guard of one-time secrets, and of those
// who call it, meet it with: an API server, and the local Scaleway API. It knows no guard,
// so that the guard's own tests can use it.
package onetimetest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	containerv1 "github.com/scaleway/scaleway-sdk-go/api/container/v1"
	container "github.com/scaleway/scaleway-sdk-go/api/container/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/remote"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// What the tests call things.
const (
	OwnUID     = "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11"
	OwnAttempt = "0123abcd"
	// Published is the name of the Secret, and ValueKey the key of it that has the value.
	Published = "token"
	ValueKey  = "attribute.token"

	Paris  = "fr-par/11111111-1111-4111-8111-111111111111"
	Warsaw = "pl-waw/22222222-2222-4222-8222-222222222222"
)

// OwnMark is that of the attempt under way.
var OwnMark = ledger.Mark{UID: OwnUID, Attempt: OwnAttempt}

// Noon is the time by all clocks.
var Noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// A Bench is what a guard of Tokens works with: an API server that is none, but answers
// like one, and the local Scaleway API.
type Bench struct {
	// Resource that the tokens are of.
	Resource resource.Resource
	// Kube is the API server. Guarded is what the guard has of it, which Refuse and
	// Unreadable keep from it.
	Kube, Guarded client.WithWatch
	Scaleway      *fakescaleway.Server
	Tokens        *container.API
	// Parent of all tokens.
	Parent string
	// Refuse is asked before each write to the API server, and Unreadable before each
	// read of a Secret of that name.
	Refuse     func(client.Object) error
	Unreadable func(name string) error
	// Events that were sent.
	Events *Events

	T *testing.T

	// Credentials with which the guard asks.
	Credentials fakescaleway.Key

	api remote.API
}

// New returns a Bench. Its API server finds Tokens by external name under the index.
func New(t *testing.T, index string) *Bench {
	t.Helper()

	b := &Bench{
		T: t, Resource: Declaration(t, "scaleway_container_token"), Events: &Events{},
		Refuse: func(client.Object) error { return nil }, Unreadable: func(string) error { return nil },
	}

	scheme := kruntime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1beta1.SchemeBuilder.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	b.Kube = fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1beta1.Token{}).
		WithIndex(&v1beta1.Token{}, index, func(o client.Object) []string { return []string{meta.GetExternalName(o)} }).
		Build()

	b.Guarded = interceptor.NewClient(b.Kube, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if key.Name == "" {
				return errors.New("resource name may not be empty") // As client-go says.
			}

			if _, ok := o.(*corev1.Secret); ok {
				if err := b.Unreadable(key.Name); err != nil {
					return err
				}
			}

			return c.Get(ctx, key, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := errors.Join(ctx.Err(), b.Refuse(o)); err != nil {
				return err
			}

			return c.Patch(ctx, o, p, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if err := errors.Join(ctx.Err(), b.Refuse(o)); err != nil {
				return err
			}

			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := errors.Join(ctx.Err(), b.Refuse(o)); err != nil {
				return err
			}

			return c.Create(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if err := errors.Join(ctx.Err(), b.Refuse(o)); err != nil {
				return err
			}

			return c.Update(ctx, o, opts...)
		},
	})

	b.Scaleway = fakescaleway.NewTestServer(t, fakescaleway.WithSharedSigningKey(), fakescaleway.WithClock(func() time.Time { return Noon }))
	key := b.Scaleway.NewKey()

	sdk, err := scw.NewClient(scw.WithAPIURL(b.Scaleway.URL()), scw.WithAuth(key.AccessKey, key.SecretKey), scw.WithDefaultProjectID(key.ProjectID))
	if err != nil {
		t.Fatal(err)
	}

	b.Tokens = container.NewAPI(sdk)

	ns, err := containerv1.NewAPI(sdk).CreateNamespace(&containerv1.CreateNamespaceRequest{Region: scw.RegionFrPar, Name: "parent"})
	if err != nil {
		t.Fatal(err)
	}

	b.Parent = ns.ID

	b.Use(key)
	b.Scaleway.ResetRequests()

	return b
}

// Use other credentials from now on.
func (b *Bench) Use(key fakescaleway.Key) {
	b.T.Helper()

	api, err := clients.NewAPI(clients.Credentials{AccessKey: key.AccessKey, SecretKey: key.SecretKey, APIURL: b.Scaleway.URL()})
	if err != nil {
		b.T.Fatal(err)
	}

	b.Credentials, b.api = key, clients.NewRemote(api, b.Resource, "")
}

// Minter is who has the credentials: a key, of which Scaleway has not yet told more.
func (b *Bench) Minter() ledger.Minter {
	return ledger.Minter{Key: ledger.KeyDigest(OwnUID, b.Credentials.SecretKey)}
}

// Sibling returns another API key of the same organization.
func (b *Bench) Sibling() fakescaleway.Key {
	key := b.Scaleway.NewKey()
	key.OrganizationID = b.Credentials.OrganizationID
	b.Scaleway.AddKey(key)

	return key
}

// ParentGone deletes the parent of all tokens, and what belongs to it.
func (b *Bench) ParentGone() {
	b.T.Helper()

	if err := b.Scaleway.Delete(fakescaleway.KindNamespace, "fr-par", b.Parent); err != nil {
		b.T.Fatal(err)
	}

	// As Scaleway does of a parent that it does not know.
	b.Fail(fakescaleway.Fault{
		Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusNotFound, Body: `{"message":"Namespace was not found"}`,
		Match: func(r *http.Request) bool { return r.URL.Query().Get("namespace_id") != "" },
	})
}

// Remote returns what asks the local Scaleway API, and the defaults of the ProviderConfig.
func (b *Bench) Remote(context.Context, client.Client, xpresource.ModernManaged) (remote.API, map[string]any, error) {
	return b.api, map[string]any{"region": "nl-ams"}, nil
}

// Token returns a managed resource that the API server has.
func (b *Bench) Token(change func(*v1beta1.Token)) *v1beta1.Token {
	b.T.Helper()

	tk := Token(func(tk *v1beta1.Token) {
		tk.SetName("token")
		tk.SetUID(OwnUID)
		tk.SetFinalizers([]string{managed.FinalizerName})
		tk.Spec.ForProvider.NamespaceID = ptr.To(b.Parent)
		tk.Spec.ForProvider.Region = ptr.To("fr-par")
		change(tk)
	})

	deleted := tk.DeletionTimestamp != nil
	tk.DeletionTimestamp = nil

	if err := b.Kube.Create(b.T.Context(), tk); err != nil {
		b.T.Fatal(err)
	}

	if deleted {
		if err := b.Kube.Delete(b.T.Context(), tk); err != nil {
			b.T.Fatal(err)
		}
	}

	b.Get(tk)

	return tk
}

// Get an object from the API server.
func (b *Bench) Get(o client.Object) {
	b.T.Helper()

	if err := b.Kube.Get(b.T.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		b.T.Fatal(err)
	}
}

// Mint a token outside of the guard, and return its external name and value.
func (b *Bench) Mint(description string) (name, value string) {
	b.T.Helper()

	tk, err := b.Tokens.CreateToken(&container.CreateTokenRequest{Region: scw.RegionFrPar, NamespaceID: &b.Parent, Description: &description})
	if err != nil {
		b.T.Fatal(err)
	}

	return regional.ID{Region: "fr-par", UUID: tk.ID}.String(), tk.Token
}

// UUIDOf an external name is what is left without its region.
func UUIDOf(externalName string) string {
	_, id, _ := strings.Cut(externalName, "/")
	return id
}

// Alive returns the external names of the tokens at Scaleway.
func (b *Bench) Alive() []string {
	var names []string
	for _, tk := range b.Scaleway.Tokens("") {
		names = append(names, regional.ID{Region: tk.Region, UUID: tk.ID}.String())
	}

	return names
}

// Secret creates the Secret that holds a value. Owner controls it.
func (b *Bench) Secret(owner *v1beta1.Token, name, value string) {
	b.T.Helper()

	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.GetNamespace(), Name: name,
			OwnerReferences: []metav1.OwnerReference{meta.AsController(meta.TypedReferenceTo(owner, v1beta1.Token_GroupVersionKind))},
		},
		Data: map[string][]byte{"user": []byte("added")},
	}

	if value != "" {
		s.Data[ValueKey], s.Data["token"] = []byte(value), []byte(value)
	}

	if err := b.Kube.Create(b.T.Context(), s); err != nil {
		b.T.Fatal(err)
	}
}

// Value returns what the Secret holds.
func (b *Bench) Value(name string) string {
	b.T.Helper()

	return b.Key(name, ValueKey)
}

// Key returns what the Secret holds under a key.
func (b *Bench) Key(name, key string) string {
	b.T.Helper()

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name}}
	if err := b.Kube.Get(b.T.Context(), client.ObjectKeyFromObject(s), s); client.IgnoreNotFound(err) != nil {
		b.T.Fatal(err)
	}

	return string(s.Data[key])
}

// Record of the managed resource, as it is in memory.
func (b *Bench) Record(tk *v1beta1.Token) ledger.Record {
	b.T.Helper()

	r, err := ledger.ReadRecord(tk)
	if err != nil {
		b.T.Fatal(err)
	}

	return r
}

// Pending is the record of an attempt that was made the duration before Noon.
func (b *Bench) Pending(before time.Duration) ledger.Record {
	return ledger.Record{
		UID: OwnUID, Attempt: OwnAttempt, State: ledger.StatePending, At: Noon.Add(-before),
		Region: "fr-par", Parents: map[string]string{"namespace_id": b.Parent},
		Minter: b.Minter(),
	}
}

// Fail has Scaleway answer with a fault.
func (b *Bench) Fail(f fakescaleway.Fault) {
	b.Scaleway.Inject(f)
}

// WantErr fails the test unless the error says what is wanted, or there is none.
func WantErr(t *testing.T, reason, want string, err error) {
	t.Helper()

	if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
		t.Errorf("\n%s\nwant error %q, got %v", reason, want, err)
	}
}

// Deleted marks a managed resource as one that is being deleted.
func Deleted(tk *v1beta1.Token) {
	tk.DeletionTimestamp = ptr.To(metav1.NewTime(Noon))
}

// Stored returns the managed resource as the API server has it.
func (b *Bench) Stored() *v1beta1.Token {
	tk := &v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "token"}}
	b.Get(tk)

	return tk
}

// Update an object as the API server does.
func (b *Bench) Update(o client.Object) {
	b.T.Helper()

	if err := b.Kube.Update(b.T.Context(), o); err != nil {
		b.T.Fatal(err)
	}
}

// Create an object as the API server does.
func (b *Bench) Create(o client.Object) {
	b.T.Helper()

	if err := b.Kube.Create(b.T.Context(), o); err != nil {
		b.T.Fatal(err)
	}
}
