// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	containerv1 "github.com/scaleway/scaleway-sdk-go/api/container/v1"
	container "github.com/scaleway/scaleway-sdk-go/api/container/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/mint"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// What the tests call things.
const (
	ownUID     = "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11"
	ownAttempt = "0123abcd"
	published  = "token"
	valueKey   = "attribute.token"
)

var ownMark = mint.Mark{UID: ownUID, Attempt: ownAttempt}

// A bench has a minter, and what it works with: an API server that is none, but
// answers like one, and the local Scaleway API.
type bench struct {
	minter   *minter
	kube     client.WithWatch
	scaleway *fakescaleway.Server
	tokens   *container.API
	// parent of all tokens.
	parent string
	// refuse is asked before each write to the API server.
	refuse func(client.Object) error

	t *testing.T
}

func newBench(t *testing.T) *bench {
	t.Helper()

	b := &bench{t: t, refuse: func(client.Object) error { return nil }}

	scheme := kruntime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1beta1.SchemeBuilder.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	b.kube = fake.NewClientBuilder().WithScheme(scheme).
		WithIndex(&v1beta1.Token{}, indexExternalName, func(o client.Object) []string { return []string{meta.GetExternalName(o)} }).
		Build()

	guarded := interceptor.NewClient(b.kube, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := b.refuse(o); err != nil {
				return err
			}

			return c.Create(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if err := b.refuse(o); err != nil {
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
		list:     &v1beta1.TokenList{},
		resource: declaration(t, "scaleway_container_token"),
		api: func(context.Context, client.Client, xpresource.ModernManaged) (*clients.API, string, error) {
			return api, "nl-ams", nil
		},
		permits: mint.NewPermits(),
		record:  &events{},
		timeout: time.Minute,
		now:     func() time.Time { return noon },
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

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name}}
	if err := b.kube.Get(b.t.Context(), client.ObjectKeyFromObject(s), s); client.IgnoreNotFound(err) != nil {
		b.t.Fatal(err)
	}

	return string(s.Data[valueKey])
}

// record of the managed resource, as it is in memory.
func (b *bench) record(tk *v1beta1.Token) mint.Record {
	b.t.Helper()

	r, err := mint.ReadRecord(tk)
	if err != nil {
		b.t.Fatal(err)
	}

	return r
}

// pending is the record of an attempt that was made the duration before noon.
func (b *bench) pending(before time.Duration) mint.Record {
	return mint.Record{
		UID: ownUID, Attempt: ownAttempt, State: mint.StatePending, At: noon.Add(-before),
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

// What it means that Terraform finds no token.
func TestObserveMissing(t *testing.T) {
	// list is a fault of the list of tokens.
	list := func(status int) func(*bench) {
		return func(b *bench) {
			b.fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: status, Body: `{"message":"no"}`})
		}
	}

	cases := map[string]struct {
		reason string
		// name is the external name, if the managed resource has one. Alive tells
		// whether the token exists, though it was not found.
		name, alive bool
		own         func(tk *v1beta1.Token, name string)
		change      func(*v1beta1.Token)
		prepare     func(*bench)
		want        string
		// attempt tells whether another attempt is recorded.
		attempt bool
	}{
		"First": {
			reason:  "A token that has no name is minted.",
			change:  func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "now"}) },
			attempt: true,
		},
		"DeletedWithoutName": {
			reason:  "Nothing is asked of Scaleway.",
			change:  deleted,
			prepare: list(http.StatusInternalServerError),
		},
		"Unknown": {
			reason: "A name that is somebody's mistake is no reason to mint.",
			name:   true,
			own:    func(*v1beta1.Token, string) {},
			want:   "Scaleway does not know and this object did not create",
		},
		"Gone": {
			reason:  "Its own token is minted again.",
			name:    true,
			attempt: true,
		},
		"GoneAfterAdoption": {
			reason:  "A token that it has seen was there.",
			name:    true,
			own:     func(tk *v1beta1.Token, name string) { tk.Status.AtProvider.ID = &name },
			attempt: true,
		},
		"GoneAndDeleted": {
			reason: "What is being deleted is minted never.",
			name:   true,
			change: deleted,
		},
		"Listed": {
			reason: "A look-up that is behind must not mint a second token.",
			name:   true, alive: true,
			want: "but lists it",
		},
		"ListedAndDeleted": {
			reason: "A look-up that is behind must not leave the token.",
			name:   true, alive: true,
			change: deleted,
			want:   AnnotationRelease + "=fr-par/",
		},
		"ListedElsewhere": {
			reason: "It is looked for where Scaleway said that it is, whatever the arguments say now.",
			name:   true, alive: true,
			own: func(tk *v1beta1.Token, name string) {
				tk.Status.AtProvider.ID = &name
				tk.Status.AtProvider.NamespaceID = ptr.To("fr-par/" + ptr.Deref(tk.Spec.ForProvider.NamespaceID, ""))
				tk.Spec.ForProvider.NamespaceID = ptr.To(paris)
			},
			want: "but lists it",
		},
		"ParentGone": {
			reason: "A parent that is gone has taken its tokens along.",
			name:   true,
			prepare: func(b *bench) {
				b.fail(fakescaleway.Fault{
					Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusNotFound, Body: `{"message":"Namespace was not found"}`,
					Match: func(r *http.Request) bool { return r.URL.Query().Get("namespace_id") != "" },
				})
			},
			attempt: true,
		},
		"NotFound":         {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusNotFound), want: "ContainersPrivateAccess"},
		"MethodNotAllowed": {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusMethodNotAllowed), want: "ContainersPrivateAccess"},
		"EndedForGood":     {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusGone), want: "ContainersPrivateAccess"},
		"NotImplemented":   {reason: "An API that is gone finds nothing.", name: true, prepare: list(http.StatusNotImplemented), want: "ContainersPrivateAccess"},
		"Forbidden":        {reason: "Without the list nobody knows.", name: true, prepare: list(http.StatusForbidden), want: "cannot be confirmed"},
		"Unavailable":      {reason: "Without the list nobody knows.", name: true, prepare: list(http.StatusServiceUnavailable), want: "cannot be confirmed"},
		"NoSecret": {
			reason: "Nobody could read the value of another one.",
			name:   true,
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil },
			want:   "no Token is created in place of the one that is gone: spec.writeConnectionSecretToRef is not set",
		},
		"Expired": {
			reason: "Another one would be born dead.",
			name:   true,
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To(noon.Format(time.RFC3339)) },
			want:   "no Token is created in place of the one that is gone: spec.forProvider.expiresAt",
		},
		"OnlyObserved": {
			reason: "It mints nothing, and needs no Secret.",
			name:   true,
			change: func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
				tk.Spec.WriteConnectionSecretToReference = nil
			},
			attempt: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			old := ""
			if tc.name {
				old, _ = b.mint("old")
			}

			tk := b.token(func(tk *v1beta1.Token) {
				if tc.name {
					meta.SetExternalName(tk, old)
				}

				switch {
				case tc.own != nil:
					tc.own(tk, old)
				case tc.name:
					mint.Record{UID: ownUID, Object: old, State: mint.StateDone}.Write(tk)
				}

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.name && !tc.alive {
				if err := b.scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(old)); err != nil {
					t.Fatal(err)
				}
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			before := b.record(tk)

			err := b.minter.observeMissing(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			after := b.record(tk)
			if !tc.attempt {
				if diff := cmp.Diff(before, after); diff != "" {
					t.Errorf("\n%s\nrecord: -want, +got:\n%s", tc.reason, diff)
				}

				return
			}

			want := b.pending(0)
			want.Renewed = tk.GetAnnotations()[AnnotationRenew]

			if diff := cmp.Diff(want, after, cmpopts.IgnoreFields(mint.Record{}, "Attempt")); diff != "" || after.Attempt == before.Attempt {
				t.Errorf("\n%s\nrecord: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// terraform is an external client that does to a creation what Terraform and the
// transport would: to an attempt of that outcome. It counts the requests.
func (b *bench) terraform(outcome mint.Outcome, during func(), sent *int) managed.ExternalClient {
	return &managed.ExternalClientFns{CreateFn: func(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
		*sent++

		permit, ok := mint.PermitFrom(ctx)
		if !ok {
			return managed.ExternalCreation{}, errors.New("no permit")
		}

		if during != nil {
			during()
		}

		switch outcome {
		case mint.Minted:
			name, value := b.mint(permit.Mark().Append("new"))
			permit.Finish(outcome, uuidOf(name), value)
			meta.SetExternalName(mg, name)

			return managed.ExternalCreation{}, nil
		case mint.Unclear, mint.Refused:
			permit.Finish(outcome, "", "")
			return managed.ExternalCreation{}, errors.New("http error 500")
		case mint.NotSent:
		}

		return managed.ExternalCreation{}, nil
	}}
}

// One attempt ends with a published token, or with none, or is looked up later.
func TestMinterCreate(t *testing.T) {
	isSecret := func(o client.Object) bool { _, ok := o.(*corev1.Secret); return ok }

	// refuse each write of a Secret, from the number on.
	refuse := func(from, to int, err error) func(*bench) {
		return func(b *bench) {
			n := 0
			b.refuse = func(o client.Object) error {
				if !isSecret(o) {
					return nil
				}

				n++
				if n >= from && n <= to {
					return err
				}

				return nil
			}
		}
	}

	forbidden := kerrors.NewForbidden(corev1.Resource("secrets"), published, errors.New("no"))
	conflict := kerrors.NewConflict(corev1.Resource("secrets"), published, errors.New("again"))

	cases := map[string]struct {
		reason  string
		outcome mint.Outcome
		// change the managed resource that the API server has, and prepare what the
		// minter meets.
		change  func(*v1beta1.Token)
		prepare func(*bench)
		during  func(*bench)
		// stopped is set if the process is asked to stop during the request, and
		// underWay if another part of it makes the same attempt.
		stopped, underWay bool
		want              string
		state             mint.State
		// sent requests that mint, and what they leave alive and in the Secret.
		sent, alive int
		published   bool
	}{
		"Minted": {
			reason: "The secret is published before anything else.", outcome: mint.Minted,
			state: mint.StateDone, sent: 1, alive: 1, published: true,
		},
		"Unclear": {
			reason: "It may have been created, so that the record stays.", outcome: mint.Unclear,
			want: "it is unclear whether Scaleway has created a Token for attempt " + ownMark.String(), state: mint.StatePending, sent: 1,
		},
		"Refused": {
			reason: "Nothing was created.", outcome: mint.Refused,
			want: "http error 500", state: mint.StateFailed, sent: 1,
		},
		"NotSent": {
			reason: "Terraform has done something else.", outcome: mint.NotSent,
			want: "Terraform sent no request", state: mint.StateFailed, sent: 1,
		},
		"NotRecorded": {
			reason: "An attempt that nobody could find again is not made.", outcome: mint.Minted,
			change: func(tk *v1beta1.Token) {
				mint.Record{UID: ownUID, Attempt: ownAttempt, State: mint.StateFailed}.Write(tk)
			},
			want: "without a recorded attempt", state: mint.StateFailed,
		},
		"UnderWay": {
			reason: "An attempt is made once at a time.", outcome: mint.Minted,
			prepare: func(b *bench) {
				if _, err := b.minter.permits.Issue(b.pending(0), time.Hour); err != nil {
					b.t.Fatal(err)
				}
			},
			underWay: true,
			want:     "is under way already", state: mint.StatePending,
		},
		"SecretForeign": {
			reason: "Nothing is minted that cannot be published.", outcome: mint.Minted,
			prepare: func(b *bench) {
				b.secret(&v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", UID: "another"}}, published, "")
			},
			want: "no Token is created, because its secret could not be published", state: mint.StateFailed,
		},
		"SecretForbidden": {
			reason: "Nothing is minted that cannot be published.", outcome: mint.Minted,
			prepare: refuse(1, 1, forbidden),
			want:    "no Token is created, because its secret could not be published", state: mint.StateFailed,
		},
		"Superseded": {
			reason: "Another process has begun another attempt.", outcome: mint.Minted,
			prepare: func(b *bench) { b.supersede(mint.StatePending) },
			want:    "another attempt has begun meanwhile", state: mint.StateFailed,
		},
		"ForbiddenMeanwhile": {
			reason: "What cannot be published is revoked at once.", outcome: mint.Minted,
			prepare: refuse(2, 100, forbidden),
			want:    "which has been revoked again", state: mint.StateFailed, sent: 1,
		},
		"ForbiddenMeanwhileAndNotRevoked": {
			reason: "What cannot be revoked either is looked up later.", outcome: mint.Minted,
			prepare: func(b *bench) {
				refuse(2, 100, forbidden)(b)
				b.fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "nor revoke it yet", state: mint.StatePending, sent: 1, alive: 1,
		},
		"ConflictMeanwhile": {
			reason: "A value that only this process has is kept until it is published.", outcome: mint.Minted,
			prepare: refuse(2, 2, conflict),
			state:   mint.StateDone, sent: 1, alive: 1, published: true,
		},
		"StoppedMeanwhile": {
			reason: "A process that is asked to stop publishes first.", outcome: mint.Minted,
			stopped: true,
			state:   mint.StateDone, sent: 1, alive: 1, published: true,
		},
		"SupersededMeanwhile": {
			reason: "Another attempt may have published its own secret.", outcome: mint.Minted,
			during: func(b *bench) { b.supersede(mint.StatePending) },
			want:   "another attempt has begun meanwhile", state: mint.StateFailed, sent: 1,
		},
		"GivenUpMeanwhile": {
			reason: "Another process has given the attempt up, and mints the next.", outcome: mint.Minted,
			during: func(b *bench) {
				tk := b.stored()
				r := b.pending(0)
				r.State = mint.StateFailed
				r.Write(tk)
				b.update(tk)
			},
			want: "another attempt has begun meanwhile", state: mint.StateFailed, sent: 1,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			tk := b.token(func(tk *v1beta1.Token) {
				b.pending(0).Write(tk)

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.prepare != nil {
				tc.prepare(b)
			}

			var during func()
			if tc.during != nil {
				during = func() { tc.during(b) }
			}

			ctx, stop := context.WithCancel(t.Context())
			defer stop()

			if tc.stopped {
				during = stop
			}

			sent := 0
			creation, err := b.minter.create(ctx, tk, b.terraform(tc.outcome, during, &sent))
			wantErr(t, tc.reason, tc.want, err)

			if _, err := b.minter.permits.Use(ownMark.Append("new"), noon); (err == nil) != tc.underWay {
				t.Errorf("\n%s\nanother request of the attempt: got %v", tc.reason, err)
			}

			alive := b.alive()

			got := []any{b.record(tk).State, sent, len(alive), b.value(published) != ""}
			if diff := cmp.Diff([]any{tc.state, tc.sent, tc.alive, tc.published}, got); diff != "" {
				t.Errorf("\n%s\nstate, requests, alive, published: -want, +got:\n%s", tc.reason, diff)
			}

			if !tc.published {
				if diff := cmp.Diff("", meta.GetExternalName(tk)); diff != "" {
					t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
				}

				return
			}

			r := b.record(tk)
			if diff := cmp.Diff([]string{alive[0], alive[0], published}, []string{meta.GetExternalName(tk), r.Object, r.Secret}); diff != "" {
				t.Errorf("\n%s\nexternal name, recorded object and Secret: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(b.value(published), string(creation.ConnectionDetails["token"])); diff != "" {
				t.Errorf("\n%s\nkey token: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
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
func (b *bench) supersede(s mint.State) {
	b.t.Helper()

	tk := b.stored()
	r := b.pending(0)
	r.Attempt, r.State = "99999999", s
	r.Write(tk)
	b.update(tk)
}

// How an attempt ends that was interrupted.
func TestMinterInitialize(t *testing.T) {
	type left struct {
		State     mint.State
		Named     bool
		Revoked   bool
		Abandoned int
	}

	cases := map[string]struct {
		reason string
		// before noon the attempt was recorded, and the creation marked as pending.
		before, pending time.Duration
		renewal         bool
		// minted tells whether Scaleway has applied the request, and published whether
		// its secret is in the Secret, which another controls if it is foreign.
		minted, published, foreign bool
		status                     string
		change                     func(*v1beta1.Token)
		prepare                    func(*bench)
		want                       string
		left                       left
	}{
		"Published": {
			reason: "That its secret is published proves which token it is.",
			minted: true, published: true,
			left: left{State: mint.StateDone, Named: true},
		},
		"PublishedInForeignSecret": {
			reason: "A secret that can be read may be in use, whoever controls the Secret.",
			minted: true, published: true, foreign: true,
			left: left{State: mint.StateDone, Named: true},
		},
		"Lost": {
			reason: "A token whose value nobody has is revoked.",
			minted: true,
			left:   left{State: mint.StateFailed, Revoked: true},
		},
		"LostAndNotRevoked": {
			reason: "Nothing more is minted while it is there.",
			minted: true,
			prepare: func(b *bench) {
				b.fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "an interrupted attempt has left an object whose secret is lost",
			left: left{State: mint.StatePending},
		},
		"BeingRevoked": {
			reason: "What is on its way out is not looked for again.",
			before: time.Hour, pending: time.Hour,
			minted: true, status: "deleting",
			left: left{State: mint.StateFailed, Abandoned: 1},
		},
		"Quiet": {
			reason: "A request may arrive for twice as long as it may take.",
			before: 2*time.Minute - time.Second, pending: 2*time.Minute - time.Second,
			want: "waiting until 2026-01-02T12:00:01Z for the outcome of attempt " + ownMark.String(),
			left: left{State: mint.StatePending},
		},
		"GivenUp": {
			reason: "After that it is given up, and looked for while it may arrive all the same.",
			before: 2 * time.Minute, pending: 2 * time.Minute,
			left: left{State: mint.StateFailed, Abandoned: 1},
		},
		"NotLookedUp": {
			reason: "Without the list nobody knows.",
			minted: true,
			prepare: func(b *bench) {
				b.fail(fakescaleway.Fault{Method: http.MethodGet, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "nothing more is created until it is known; objects in question have \"" + ownMark.String(),
			left: left{State: mint.StatePending},
		},
		"NeverSent": {
			reason:  "Create was never called, so that there is nothing to look for.",
			pending: time.Hour,
			minted:  true, prepare: func(b *bench) { b.fail(fakescaleway.Fault{Status: http.StatusInternalServerError}) },
			left: left{State: mint.StatePending},
		},
		"RenewalPending": {
			reason:  "A renewal is no creation to the reconciler.",
			pending: time.Hour, renewal: true,
			minted: true,
			left:   left{State: mint.StateFailed, Revoked: true},
		},
		"Deleted": {
			reason: "A token that is being deleted may be left behind by name.",
			change: deleted,
			want:   AnnotationRelease + "=" + ownAttempt,
			left:   left{State: mint.StatePending},
		},
		"Released": {
			reason: "The user has given it up.",
			minted: true,
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				meta.AddAnnotations(tk, map[string]string{AnnotationRelease: ownAttempt})
			},
			left: left{State: mint.StateFailed},
		},
		"ReleasedWhileAlive": {
			reason: "Only what is being deleted is let go of.",
			minted: true,
			change: func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{AnnotationRelease: ownAttempt}) },
			left:   left{State: mint.StateFailed, Revoked: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)

			// Others that look like it.
			others := make([]string, 3)
			others[0], _ = b.mint("token")
			others[1], _ = b.mint(mint.Mark{UID: ownUID, Attempt: "00000000"}.Append("token"))
			others[2], _ = b.mint(mint.Mark{UID: "00000000-0000-4000-8000-000000000000", Attempt: ownAttempt}.Append("token"))

			name, value := "", ""
			if tc.minted {
				name, value = b.mint(ownMark.Append("token"))
			}

			if tc.status != "" {
				if err := b.scaleway.SetStatus(fakescaleway.KindToken, "fr-par", uuidOf(name), tc.status, ""); err != nil {
					t.Fatal(err)
				}
			}

			tk := b.token(func(tk *v1beta1.Token) {
				r := b.pending(tc.before)
				if tc.renewal {
					r.Previous = others[0]
				}

				r.Write(tk)
				meta.SetExternalCreatePending(tk, noon.Add(-tc.pending))

				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.published {
				owner := tk.DeepCopy()
				if tc.foreign {
					owner.SetUID("another")
				}

				b.secret(owner, published, value)
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			wantErr(t, tc.reason, tc.want, b.minter.Initialize(t.Context(), tk))

			stored := b.stored()
			r := b.record(stored)
			alive := b.alive()

			got := left{
				State: r.State, Named: meta.GetExternalName(stored) != "" && meta.GetExternalName(stored) == name,
				Revoked: tc.minted && !slices.Contains(alive, name), Abandoned: len(r.Abandoned),
			}
			if diff := cmp.Diff(tc.left, got); diff != "" {
				t.Errorf("\n%s\nwhat is left: -want, +got:\n%s", tc.reason, diff)
			}

			for _, o := range others {
				if !slices.Contains(alive, o) {
					t.Errorf("\n%s\nsomebody else's token was revoked", tc.reason)
				}
			}

			if tc.want == "" && r.State != mint.StatePending && meta.ExternalCreateIncomplete(stored) {
				t.Errorf("\n%s\nthe reconciler would take the creation for interrupted: %v", tc.reason, stored.GetAnnotations())
			}
		})
	}
}

// An external name is that of the token that the managed resource is.
func TestRestoreName(t *testing.T) {
	cases := map[string]struct {
		reason           string
		name, id, object string
		want             string
		named            string
	}{
		"None":        {reason: "There is no token yet."},
		"Same":        {reason: "Nothing is wrong.", name: paris, id: paris, named: paris},
		"Imported":    {reason: "It has not been seen yet.", name: paris, named: paris},
		"TakenAway":   {reason: "Without it the token would be minted again.", id: paris, named: paris},
		"Changed":     {reason: "What is written to is not what the user means, or not what this is.", name: warsaw, id: paris, want: "set it back to that", named: warsaw},
		"MintedAgain": {reason: "The token has been minted again, and not yet been seen.", name: warsaw, id: paris, object: warsaw, named: warsaw},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tk := b.token(func(tk *v1beta1.Token) {
				if tc.name != "" {
					meta.SetExternalName(tk, tc.name)
				}

				if tc.id != "" {
					tk.Status.AtProvider.ID = &tc.id
				}

				mint.Record{UID: ownUID, State: mint.StateDone, Object: tc.object}.Write(tk)
			})

			wantErr(t, tc.reason, tc.want, b.minter.Initialize(t.Context(), tk))

			if diff := cmp.Diff(tc.named, meta.GetExternalName(b.stored())); diff != "" {
				t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Two managed resources that are one token, and what the one that is not being
// deleted keeps.
func TestShared(t *testing.T) {
	cases := map[string]struct {
		reason     string
		own, other func(*v1beta1.Token)
		want       string
		handed     bool
	}{
		"Both":         {reason: "Neither does anything.", want: "is the external name of team-a/other too", handed: true},
		"OwnDeleted":   {reason: "The other keeps it.", own: deleted, handed: true},
		"OtherDeleted": {reason: "It is not said to be safe before the other is gone.", other: deleted, want: "is the external name of team-a/other too"},
		"BothDeleted":  {reason: "Nobody is left to keep it.", own: deleted, other: deleted},
		"Alone":        {reason: "Nobody else has it.", other: func(tk *v1beta1.Token) { meta.SetExternalName(tk, warsaw) }},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			b.token(func(tk *v1beta1.Token) {
				tk.SetName("other")
				tk.SetUID("00000000-0000-4000-8000-000000000000")
				meta.SetExternalName(tk, paris)

				if tc.other != nil {
					tc.other(tk)
				}
			})

			tk := b.token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)

				if tc.own != nil {
					tc.own(tk)
				}
			})

			wantErr(t, tc.reason, tc.want, b.minter.Initialize(t.Context(), tk))

			handed, err := b.minter.handedOver(t.Context(), tk, paris)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.handed, handed); diff != "" {
				t.Errorf("\n%s\nhandedOver(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is revoked after all, and when it is no longer looked for.
func TestSweep(t *testing.T) {
	cases := map[string]struct {
		reason string
		// abandoned is how long ago that was.
		abandoned time.Duration
		// arrived tells whether the request was applied, and published whether the
		// Secret holds its value.
		arrived, published bool
		want               string
		kept, alive        int
	}{
		"Nothing":   {reason: "It may still arrive.", abandoned: time.Minute, kept: 1},
		"Late":      {reason: "It is revoked, and looked for as long as before.", abandoned: time.Minute, arrived: true, kept: 1},
		"Published": {reason: "A secret that can be read is never revoked.", abandoned: time.Minute, arrived: true, published: true, want: "refusing to revoke", kept: 1, alive: 1},
		"Still":     {reason: "It may still arrive.", abandoned: 20*time.Minute - time.Second, kept: 1},
		"Forgotten": {reason: "It cannot arrive any more.", abandoned: 20 * time.Minute},
		"TooLate":   {reason: "It is looked up once more before it is forgotten.", abandoned: time.Hour, arrived: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			tk := b.token(func(tk *v1beta1.Token) {
				r := b.pending(0).Abandon(noon.Add(-tc.abandoned))
				r.Attempt = "00000000"
				r.Write(tk)
			})

			if tc.arrived {
				_, value := b.mint(ownMark.Append("late"))
				if tc.published {
					b.secret(tk, published, value)
				}
			}

			wantErr(t, tc.reason, tc.want, b.minter.sweep(t.Context(), tk))

			if diff := cmp.Diff([]int{tc.kept, tc.alive}, []int{len(b.record(b.stored()).Abandoned), len(b.alive())}); diff != "" {
				t.Errorf("\n%s\nabandoned attempts, tokens: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What a renewal has replaced is revoked once that is certain.
func TestSweepPrevious(t *testing.T) {
	cases := map[string]struct {
		reason    string
		state     mint.State
		named     bool
		published bool
		shared    bool
		prepare   func(*bench)
		want      string
		revoked   bool
		noted     bool
	}{
		"Done":      {reason: "The new one is published and named.", state: mint.StateDone, named: true, revoked: true, noted: true},
		"Pending":   {reason: "There may be no new one.", state: mint.StatePending, named: true},
		"Failed":    {reason: "There is no new one.", state: mint.StateFailed, named: true},
		"NotNamed":  {reason: "The managed resource is still the old one.", state: mint.StateDone},
		"Published": {reason: "The Secret holds the old one.", state: mint.StateDone, named: true, published: true, want: "refusing to revoke"},
		"Shared":    {reason: "Another managed resource is the old one.", state: mint.StateDone, named: true, shared: true, noted: true},
		"Forbidden": {
			reason: "It is tried again.", state: mint.StateDone, named: true,
			prepare: func(b *bench) {
				b.fail(fakescaleway.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "a renewal has left the old object",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			old, oldValue := b.mint("old")
			fresh, freshValue := b.mint("new")

			tk := b.token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, old)
				if tc.named {
					meta.SetExternalName(tk, fresh)
				}

				r := b.pending(0)
				r.State, r.Object, r.Previous = tc.state, fresh, old
				r.Write(tk)
			})

			if tc.published {
				freshValue = oldValue
			}

			b.secret(tk, published, freshValue)

			if tc.shared {
				b.token(func(tk *v1beta1.Token) {
					tk.SetName("other")
					tk.SetUID("00000000-0000-4000-8000-000000000000")
					meta.SetExternalName(tk, old)
				})
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			wantErr(t, tc.reason, tc.want, b.minter.sweep(t.Context(), tk))

			got := []bool{!slices.Contains(b.alive(), old), b.record(b.stored()).Previous == "", slices.Contains(b.alive(), fresh)}
			if diff := cmp.Diff([]bool{tc.revoked, tc.noted, true}, got); diff != "" {
				t.Errorf("\n%s\nrevoked, noted, the new one alive: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A renewal ends with the new token named and the old one recorded, or changes
// nothing.
func TestMinterRenew(t *testing.T) {
	cases := map[string]struct {
		reason  string
		outcome mint.Outcome
		change  func(*v1beta1.Token)
		prepare func(*bench)
		during  func(*bench)
		want    string
		sent    int
		// renewed tells whether the new one has taken the place of the old one.
		renewed bool
		state   mint.State
	}{
		"Renewed": {reason: "The old one stands on the object until it is revoked.", outcome: mint.Minted, sent: 1, renewed: true, state: mint.StateDone},
		"Refused": {reason: "Nothing has changed.", outcome: mint.Refused, want: "http error 500", sent: 1, state: mint.StateFailed},
		"Unclear": {reason: "It is looked up later.", outcome: mint.Unclear, want: "it is unclear", sent: 1, state: mint.StatePending},
		"NoSecret": {
			reason: "Nobody could read the new one.", outcome: mint.Minted,
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil },
			want:   "cannot renew the secret, as annotation " + AnnotationRenew + " asks for: spec.writeConnectionSecretToRef is not set",
		},
		"Expired": {
			reason: "The new one would be born dead.", outcome: mint.Minted,
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To(noon.Format(time.RFC3339)) },
			want:   "cannot renew the secret, as annotation " + AnnotationRenew + " asks for: spec.forProvider.expiresAt",
		},
		"Conflict": {
			reason: "Somebody has changed the object meanwhile.", outcome: mint.Minted,
			during: func(b *bench) {
				tk := b.stored()
				tk.SetLabels(map[string]string{"changed": "meanwhile"})
				b.update(tk)
			},
			sent: 1, renewed: true, state: mint.StateDone,
		},
		"NotPublished": {
			reason: "The old value is still that of the object.", outcome: mint.Minted,
			prepare: func(b *bench) {
				b.refuse = func(o client.Object) error {
					if _, ok := o.(*corev1.Secret); ok {
						return kerrors.NewForbidden(corev1.Resource("secrets"), published, errors.New("no"))
					}

					return nil
				}
			},
			want: "could not be published", state: mint.StateFailed,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			old, value := b.mint("old")

			tk := b.token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, old)
				meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "now"})
				mint.Record{UID: ownUID, Object: old, State: mint.StateDone, Secret: published}.Write(tk)
				tk.Status.AtProvider.ID, tk.Spec.ForProvider.Region = &old, nil

				if tc.change != nil {
					tc.change(tk)
				}
			})
			b.secret(tk, published, value)

			if tc.prepare != nil {
				tc.prepare(b)
			}

			var during func()
			if tc.during != nil {
				during = func() { tc.during(b) }
			}

			sent := 0
			inner, ok := b.terraform(tc.outcome, during, &sent).(*managed.ExternalClientFns)
			if !ok {
				t.Fatal("another client")
			}

			inner.ObserveFn = func(_ context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
				another, ok := mg.(*v1beta1.Token)
				if !ok || meta.GetExternalName(mg) != "" || another.GetID() != "" {
					return managed.ExternalObservation{}, errors.New("the old one was observed")
				}

				if region := ptr.Deref(another.Spec.ForProvider.Region, ""); region != "fr-par" {
					return managed.ExternalObservation{}, errors.Errorf("the new one would be in %q", region)
				}

				return managed.ExternalObservation{}, nil
			}

			err := b.minter.renew(t.Context(), tk, func(context.Context, mintedResource) (managed.ExternalClient, error) { return inner, nil })
			wantErr(t, tc.reason, tc.want, err)

			if diff := cmp.Diff(tc.sent, sent); diff != "" {
				t.Errorf("\n%s\nrequests: -want, +got:\n%s", tc.reason, diff)
			}

			stored := b.stored()
			r := b.record(stored)

			if !slices.Contains(b.alive(), old) {
				t.Errorf("\n%s\nthe old token was revoked before the new one was observed", tc.reason)
			}

			if !tc.renewed {
				if diff := cmp.Diff([]string{old, value}, []string{meta.GetExternalName(stored), b.value(published)}); diff != "" {
					t.Errorf("\n%s\nexternal name, value: -want, +got:\n%s", tc.reason, diff)
				}

				previous := ""
				if tc.state == mint.StatePending {
					previous = old
				}

				if tc.state != "" {
					if diff := cmp.Diff([]string{string(tc.state), "", previous}, []string{string(r.State), r.Renewed, r.Previous}); diff != "" {
						t.Errorf("\n%s\nstate, renewed, previous: -want, +got:\n%s", tc.reason, diff)
					}
				}

				return
			}

			name := meta.GetExternalName(stored)
			want := []string{string(mint.StateDone), "now", old, name, name}

			id, err := b.minter.resource.Minted.Identify(b.value(published))
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(want, []string{string(r.State), r.Renewed, r.Previous, r.Object, "fr-par/" + id}); diff != "" || name == old {
				t.Errorf("\n%s\nstate, renewed, previous, object, published: -want, +got:\n%s", tc.reason, diff)
			}

			for what, annotations := range map[string]map[string]string{"again": stored.GetAnnotations(), "because nobody asks for it any more": nil} {
				stored.SetAnnotations(annotations)

				if b.minter.renewalDue(stored, r) {
					t.Errorf("\n%s\nit would be renewed %s", tc.reason, what)
				}
			}
		})
	}
}

// A process that was frozen names nothing that has been replaced since.
func TestFinishRenewalSuperseded(t *testing.T) {
	b := newBench(t)

	tk := b.token(func(tk *v1beta1.Token) {
		meta.SetExternalName(tk, paris)
		b.pending(0).Write(tk)
	})

	another := tk.DeepCopy()
	meta.SetExternalName(another, warsaw)
	b.pending(0).Done(warsaw).Write(another)

	b.supersede(mint.StateDone)

	err := b.minter.finishRenewal(t.Context(), tk, another)
	wantErr(t, "A later attempt has named another token.", errSuperseded.Error(), err)

	if diff := cmp.Diff(paris, meta.GetExternalName(b.stored())); diff != "" {
		t.Errorf("external name: -want, +got:\n%s", diff)
	}
}

// What Create has found out is stored, over what somebody has changed meanwhile,
// but neither over a later attempt nor over what the user has asked for.
func TestUpdateCriticalAnnotations(t *testing.T) {
	cases := map[string]struct {
		reason    string
		meanwhile func(*bench, *v1beta1.Token)
		want      string
		named     string
		asked     map[string]string
	}{
		"Undisturbed": {
			reason: "It is stored as it is.",
			named:  warsaw,
			asked:  map[string]string{AnnotationRenew: "first"},
		},
		"AskedForMeanwhile": {
			reason: "The user has asked for another renewal, and given the token up.",
			meanwhile: func(_ *bench, tk *v1beta1.Token) {
				meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "second", AnnotationRelease: warsaw})
			},
			named: warsaw,
			asked: map[string]string{AnnotationRenew: "second", AnnotationRelease: warsaw},
		},
		"Superseded": {
			reason: "Another process has minted another token.",
			meanwhile: func(b *bench, tk *v1beta1.Token) {
				r := b.pending(0)
				r.Attempt = "99999999"
				r.Write(tk)
				meta.SetExternalName(tk, paris)
			},
			want:  errSuperseded.Error(),
			named: paris,
			asked: map[string]string{AnnotationRenew: "first"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tk := b.token(func(tk *v1beta1.Token) {
				b.pending(0).Write(tk)
				meta.AddAnnotations(tk, map[string]string{AnnotationRenew: "first"})
			})

			if tc.meanwhile != nil {
				stored := b.stored()
				tc.meanwhile(b, stored)
				b.update(stored)
			}

			meta.SetExternalName(tk, warsaw)
			b.pending(0).Done(warsaw).Write(tk)

			err := (&annotationUpdater{kube: b.kube, live: b.kube}).UpdateCriticalAnnotations(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			stored := b.stored()
			if diff := cmp.Diff(tc.named, meta.GetExternalName(stored)); diff != "" {
				t.Errorf("\n%s\nexternal name: -want, +got:\n%s", tc.reason, diff)
			}

			asked := maps.Clone(stored.GetAnnotations())
			maps.DeleteFunc(asked, func(k, _ string) bool { return k != AnnotationRenew && k != AnnotationRelease })

			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("\n%s\nwhat the user has asked for: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What the Secret is found to hold, and what is published because of it.
func TestObserveSecret(t *testing.T) {
	cases := map[string]struct {
		reason string
		// held is in the Secret: the token's own value, or another text.
		held string
		// known is what this process still knows.
		known string
		// moved is in the Secret that was named before.
		moved   string
		foreign bool
		change  func(*v1beta1.Token)
		want    xpv1.ConditionReason
		// details are the keys that are published, and published the value of both.
		details   []string
		published string
	}{
		"Published":   {reason: "Nothing is wrong, and nothing is taken away.", held: "own", details: []string{valueKey, "token", "user"}, published: "own"},
		"Lost":        {reason: "What it holds stays.", held: "", want: ReasonSecretLost, details: []string{"user"}},
		"StillKnown":  {reason: "This process has minted it.", known: "own", details: []string{valueKey, "token"}, published: "own"},
		"KnownOther":  {reason: "What this process knows is another token's.", known: "another", want: ReasonSecretLost, details: []string{"user"}},
		"Moved":       {reason: "The value is taken along.", moved: "own", details: []string{valueKey, "token"}, published: "own"},
		"MovedOther":  {reason: "What was published before is another token's.", moved: "another", want: ReasonSecretLost, details: []string{"user"}},
		"Another":     {reason: "It is not replaced.", held: "another", want: ReasonSecretForeign, details: []string{valueKey, "token", "user"}, published: "another"},
		"Unreadable":  {reason: "It is not replaced.", held: "text", want: ReasonSecretUnreadable, details: []string{valueKey, "token", "user"}, published: "text"},
		"NotOurs":     {reason: "What another controls is not what was published.", held: "own", foreign: true, want: ReasonSecretLost},
		"NoSecret":    {reason: "Nobody has asked for one.", change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil }},
		"HiddenValue": {reason: "What Scaleway answers in place of a token is none.", known: hidden, want: ReasonSecretLost, details: []string{"user"}},
		"Imported": {
			reason: "Its value was shown to somebody else.",
			change: func(tk *v1beta1.Token) { mint.Record{UID: ownUID}.Write(tk) },
			want:   ReasonSecretUnknown, details: []string{"user"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			own, value := b.mint("own")
			_, another := b.mint("another")
			values := map[string]string{"own": value, "another": another, "text": "text", hidden: hidden}

			tk := b.token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, own)

				r := mint.Record{UID: ownUID, Object: own, State: mint.StateDone}
				if tc.moved != "" {
					r.Secret = "before"
				}

				r.Write(tk)

				if tc.change != nil {
					tc.change(tk)
				}
			})

			owner := tk.DeepCopy()
			if tc.foreign {
				owner.SetUID("another")
			}

			b.secret(owner, published, values[tc.held])

			if tc.moved != "" {
				b.secret(owner, "before", values[tc.moved])
			}

			details := managed.ConnectionDetails{}
			if tc.known != "" {
				details[valueKey], details["token"] = []byte(values[tc.known]), []byte(values[tc.known])
				// None of them is a secret.
				details["attribute.empty"], details["attribute.hidden"] = nil, []byte(hidden)
			}

			got, c, err := b.minter.observeSecret(t.Context(), tk, details)
			if err != nil {
				t.Fatal(err)
			}

			reason := xpv1.ConditionReason("")
			if c != nil {
				reason = c.Reason
			}

			if diff := cmp.Diff(tc.want, reason); diff != "" {
				t.Errorf("\n%s\nreason: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.details, slices.Sorted(maps.Keys(got)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nkeys: -want, +got:\n%s", tc.reason, diff)
			}

			if want := values[tc.published]; string(got[valueKey]) != want || string(got["token"]) != want {
				t.Errorf("\n%s\nwhat is published is not the value of %q", tc.reason, tc.published)
			}

			// Where it was published is known from now on.
			if tc.want == "" && tc.held != "" {
				if diff := cmp.Diff(published, b.record(b.stored()).Secret); diff != "" {
					t.Errorf("\n%s\nrecorded Secret: -want, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}
