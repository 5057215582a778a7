// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
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
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// What the tests call things.
const (
	ownUID     = "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11"
	ownAttempt = "0123abcd"
	published  = "token"
	valueKey   = "attribute.token"
)

var ownMark = ledger.Mark{UID: ownUID, Attempt: ownAttempt}

// A bench has a minter, and what it works with: an API server that is none, but
// answers like one, and the local Scaleway API.
type bench struct {
	minter   *minter
	kube     client.WithWatch
	scaleway *fakescaleway.Server
	tokens   *container.API
	// parent of all tokens.
	parent string
	// refuse is asked before each write to the API server, and unreadable before each
	// read of a Secret of that name.
	refuse     func(client.Object) error
	unreadable func(name string) error

	t *testing.T
}

func newBench(t *testing.T) *bench {
	t.Helper()

	b := &bench{t: t, refuse: func(client.Object) error { return nil }, unreadable: func(string) error { return nil }}

	scheme := kruntime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1beta1.SchemeBuilder.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	b.kube = fake.NewClientBuilder().WithScheme(scheme).
		WithIndex(&v1beta1.Token{}, indexExternalName, func(o client.Object) []string { return []string{meta.GetExternalName(o)} }).
		Build()

	guarded := interceptor.NewClient(b.kube, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if key.Name == "" {
				return errors.New("resource name may not be empty") // As client-go says.
			}

			if _, ok := o.(*corev1.Secret); ok {
				if err := b.unreadable(key.Name); err != nil {
					return err
				}
			}

			return c.Get(ctx, key, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := errors.Join(ctx.Err(), b.refuse(o)); err != nil {
				return err
			}

			return c.Patch(ctx, o, p, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := errors.Join(ctx.Err(), b.refuse(o)); err != nil {
				return err
			}

			return c.Create(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if err := errors.Join(ctx.Err(), b.refuse(o)); err != nil {
				return err
			}

			return c.Update(ctx, o, opts...)
		},
	})

	b.scaleway = fakescaleway.NewTestServer(t, fakescaleway.WithSharedSigningKey(), fakescaleway.WithClock(func() time.Time { return noon }))
	key := b.scaleway.NewKey()

	sdk, err := scw.NewClient(scw.WithAPIURL(b.scaleway.URL()), scw.WithAuth(key.AccessKey, key.SecretKey), scw.WithDefaultProjectID(key.ProjectID))
	if err != nil {
		t.Fatal(err)
	}

	b.tokens = container.NewAPI(sdk)

	ns, err := containerv1.NewAPI(sdk).CreateNamespace(&containerv1.CreateNamespaceRequest{Region: scw.RegionFrPar, Name: "parent"})
	if err != nil {
		t.Fatal(err)
	}

	b.parent = ns.ID

	api, err := clients.NewAPI(clients.Credentials{AccessKey: key.AccessKey, SecretKey: key.SecretKey, APIURL: b.scaleway.URL()})
	if err != nil {
		t.Fatal(err)
	}

	b.minter = &minter{
		kube:     guarded,
		live:     b.kube,
		cached:   b.kube,
		list:     &v1beta1.TokenList{},
		resource: declaration(t, "scaleway_container_token"),
		api: func(context.Context, client.Client, xpresource.ModernManaged) (*clients.API, ujterraform.ProviderConfiguration, error) {
			return api, ujterraform.ProviderConfiguration{"region": "nl-ams"}, nil
		},
		permits:  issue.NewPermits(),
		record:   &events{},
		timeout:  time.Minute,
		delivery: deliveryTimeout,
		started:  noon,
		now:      func() time.Time { return noon },
	}

	b.scaleway.ResetRequests()

	return b
}

// token returns a managed resource that the API server has.
func (b *bench) token(change func(*v1beta1.Token)) *v1beta1.Token {
	b.t.Helper()

	tk := token(func(tk *v1beta1.Token) {
		tk.SetName("token")
		tk.SetUID(ownUID)
		tk.SetFinalizers([]string{managed.FinalizerName})
		tk.Spec.ForProvider.NamespaceID = ptr.To(b.parent)
		tk.Spec.ForProvider.Region = ptr.To("fr-par")
		change(tk)
	})

	deleted := tk.DeletionTimestamp != nil
	tk.DeletionTimestamp = nil

	if err := b.kube.Create(b.t.Context(), tk); err != nil {
		b.t.Fatal(err)
	}

	if deleted {
		if err := b.kube.Delete(b.t.Context(), tk); err != nil {
			b.t.Fatal(err)
		}
	}

	b.get(tk)

	return tk
}

func (b *bench) get(o client.Object) {
	b.t.Helper()

	if err := b.kube.Get(b.t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		b.t.Fatal(err)
	}
}

// mint a token outside of the minter, and return its external name and value.
func (b *bench) mint(description string) (name, value string) {
	b.t.Helper()

	tk, err := b.tokens.CreateToken(&container.CreateTokenRequest{Region: scw.RegionFrPar, NamespaceID: &b.parent, Description: &description})
	if err != nil {
		b.t.Fatal(err)
	}

	return regional.ID{Region: "fr-par", UUID: tk.ID}.String(), tk.Token
}

func uuidOf(externalName string) string {
	_, id, _ := strings.Cut(externalName, "/")
	return id
}

// alive returns the external names of the tokens at Scaleway.
func (b *bench) alive() []string {
	var names []string
	for _, tk := range b.scaleway.Tokens("") {
		names = append(names, regional.ID{Region: tk.Region, UUID: tk.ID}.String())
	}

	return names
}

// secret creates the Secret that holds a value. Owner controls it.
func (b *bench) secret(owner *v1beta1.Token, name, value string) {
	b.t.Helper()

	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.GetNamespace(), Name: name,
			OwnerReferences: []metav1.OwnerReference{meta.AsController(meta.TypedReferenceTo(owner, v1beta1.Token_GroupVersionKind))},
		},
		Data: map[string][]byte{"user": []byte("added")},
	}

	if value != "" {
		s.Data[valueKey], s.Data["token"] = []byte(value), []byte(value)
	}

	if err := b.kube.Create(b.t.Context(), s); err != nil {
		b.t.Fatal(err)
	}
}

// value returns what the Secret holds.
func (b *bench) value(name string) string {
	b.t.Helper()

	return b.key(name, valueKey)
}

// key returns what the Secret holds under a key.
func (b *bench) key(name, key string) string {
	b.t.Helper()

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name}}
	if err := b.kube.Get(b.t.Context(), client.ObjectKeyFromObject(s), s); client.IgnoreNotFound(err) != nil {
		b.t.Fatal(err)
	}

	return string(s.Data[key])
}

// record of the managed resource, as it is in memory.
func (b *bench) record(tk *v1beta1.Token) ledger.Record {
	b.t.Helper()

	r, err := ledger.ReadRecord(tk)
	if err != nil {
		b.t.Fatal(err)
	}

	return r
}

// pending is the record of an attempt that was made the duration before noon.
func (b *bench) pending(before time.Duration) ledger.Record {
	return ledger.Record{
		UID: ownUID, Attempt: ownAttempt, State: ledger.StatePending, At: noon.Add(-before),
		Region: "fr-par", Parents: map[string]string{"namespace_id": b.parent},
	}
}

func (b *bench) fail(f fakescaleway.Fault) {
	b.scaleway.Inject(f)
}

// wantErr fails the test unless the error says what is wanted, or there is none.
func wantErr(t *testing.T, reason, want string, err error) {
	t.Helper()

	if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
		t.Errorf("\n%s\nwant error %q, got %v", reason, want, err)
	}
}

// deleted marks a managed resource as one that is being deleted.
func deleted(tk *v1beta1.Token) {
	tk.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
}

// terraform is an external client that does to a creation what Terraform and the
// transport would: to an attempt of that outcome. It counts the requests.
func (b *bench) terraform(outcome issue.Outcome, during func(), sent *int) managed.ExternalClient {
	return &managed.ExternalClientFns{CreateFn: func(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
		*sent++

		permit, ok := issue.PermitFrom(ctx)
		if !ok {
			return managed.ExternalCreation{}, errors.New("no permit")
		}

		if during != nil {
			during()
		}

		switch outcome {
		case issue.Minted:
			name, value := b.mint(permit.Mark().Append("new"))
			permit.Finish(outcome, issue.Object{ID: uuidOf(name), Secret: value})
			meta.SetExternalName(mg, name)

			return managed.ExternalCreation{}, nil
		case issue.Unclear, issue.Refused:
			permit.Finish(outcome, issue.Object{})
			return managed.ExternalCreation{}, errors.New("http error 500")
		case issue.NotSent:
		}

		return managed.ExternalCreation{}, nil
	}}
}

// stored returns the managed resource as the API server has it.
func (b *bench) stored() *v1beta1.Token {
	tk := &v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "token"}}
	b.get(tk)

	return tk
}

func (b *bench) update(o client.Object) {
	b.t.Helper()

	if err := b.kube.Update(b.t.Context(), o); err != nil {
		b.t.Fatal(err)
	}
}

// supersede the attempt by another, as another process does.
func (b *bench) supersede(s ledger.State) {
	b.t.Helper()

	tk := b.stored()
	r := b.pending(0)
	r.Attempt, r.State = "99999999", s
	r.Write(tk)
	b.update(tk)
}
