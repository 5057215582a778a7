// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package dependents

import (
	"context"
	"fmt"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/iam"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

const (
	served  = "SCWSERVED00000000000" // The access key of the ProviderConfigs.
	another = "SCWANOTHER0000000000"

	application = "11111111-1111-4111-8111-111111111111"
	policy      = "22222222-2222-4222-8222-222222222222"
	user        = "33333333-3333-4333-8333-333333333333"
)

// longName begins the names of ClusterProviderConfigs that are too long for a label.
var longName = strings.Repeat("x", 63)

// A world is what a Guard sees.
type world struct {
	t       *testing.T
	objects []client.Object

	// keys of ProviderConfigs, by Kubernetes namespace and name. One without a namespace
	// is a ClusterProviderConfig. One that has no key has unusable credentials.
	keys map[types.NamespacedName]string
	// unread are those whose credentials cannot be read.
	unread error
	// listed are the keys that Scaleway lists, by argument and value.
	listed  map[string][]string
	failing error
	refuses bool

	// secret that all ProviderConfigs name.
	secret string

	suspended []string
}

// AccessKey implements Credentials.
func (w *world) AccessKey(_ context.Context, pc client.Object) (string, error) {
	return w.keys[client.ObjectKeyFromObject(pc)], w.unread
}

// SecretOf implements Credentials.
func (w *world) SecretOf(pc client.Object) types.NamespacedName {
	if pc.GetNamespace() == "" {
		return types.NamespacedName{}
	}

	return types.NamespacedName{Namespace: pc.GetNamespace(), Name: w.secret}
}

// Suspend implements Credentials.
func (w *world) Suspend(accessKeys []string) func() {
	w.suspended = accessKeys
	return func() { w.suspended = nil }
}

// Keys implements Scaleway.
func (w *world) Keys(_ context.Context, _ xpresource.ModernManaged, argument, value string) ([]string, error) {
	return w.listed[argument+"="+value], w.failing
}

// Refuses implements Scaleway.
func (w *world) Refuses(context.Context, xpresource.ModernManaged) bool { return w.refuses }

// guard of the objects of a Terraform resource.
func (w *world) guard(name string) *Guard {
	w.t.Helper()

	s := runtime.NewScheme()
	if err := errors.Join(v1beta1.SchemeBuilder.AddToScheme(s), iamv1beta1.SchemeBuilder.AddToScheme(s)); err != nil {
		w.t.Fatal(err)
	}

	resources, kinds := map[string]resource.Resource{}, map[string]schema.GroupVersionKind{}
	for _, r := range resource.Link(iam.Resources()) {
		resources[r.Name] = r
		kinds[r.Name] = iamv1beta1.CRDGroupVersion.WithKind(r.Kind)
	}

	kube := fake.NewClientBuilder().WithScheme(s).WithObjects(w.objects...).Build()

	return New(Options{Resource: resources[name], Resources: resources, Kinds: kinds, Kube: kube, Live: kube, Scheme: s, Credentials: w, Scaleway: w})
}

// config adds a ProviderConfig, or without a namespace a ClusterProviderConfig.
func (w *world) config(namespace, name, key string) {
	om := metav1.ObjectMeta{Namespace: namespace, Name: name}
	w.keys[types.NamespacedName{Namespace: namespace, Name: name}] = key

	if namespace == "" {
		pc := &v1beta1.ClusterProviderConfig{ObjectMeta: om}
		pc.SetUsers(60)
		w.objects = append(w.objects, pc)
	} else {
		w.objects = append(w.objects, &v1beta1.ProviderConfig{ObjectMeta: om})
	}
}

// use adds the usage of a ProviderConfig by an object.
func (w *world) use(kind, config, namespace, apiVersion, user, name string) {
	u := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: "uid-" + name,
		Labels: map[string]string{xpv1.LabelKeyProviderName: config[:min(len(config), 63)], xpv1.LabelKeyProviderKind: kind},
	}}
	u.SetProviderConfigReference(xpv1.ProviderConfigReference{Kind: kind, Name: config})
	u.SetResourceReference(xpv1.TypedReference{APIVersion: apiVersion, Kind: user, Name: name})
	w.objects = append(w.objects, u)
}

// token uses the ProviderConfig "tenant" of team-a.
func (w *world) token(name string) {
	w.use("ProviderConfig", "tenant", "team-a", "container.scaleway.m.crossplane.io/v1beta1", "Token", name)
}

// iam adds an object of IAM that uses a ProviderConfig of team-a.
func (w *world) iam(mg xpresource.ModernManaged, name, config string) {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", mg), "*v1beta1.")
	mg.SetNamespace("team-a")
	mg.SetName(name)
	mg.SetUID(types.UID("uid-" + name))
	mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: config})
	w.use("ProviderConfig", config, "team-a", iamv1beta1.CRDGroupVersion.String(), kind, name)
	w.objects = append(w.objects, mg)
}

// deleted is what is being deleted.
func deleted[T xpresource.ModernManaged](mg T) T {
	now := metav1.Now()
	mg.SetDeletionTimestamp(&now)
	mg.SetFinalizers([]string{"finalizer.managedresource.crossplane.io"})

	return mg
}

func newKey(id string) *iamv1beta1.ApiKey {
	k := &iamv1beta1.ApiKey{}
	meta.SetExternalName(k, id)
	k.Spec.ForProvider.ApplicationID = ptr.To(application)
	k.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "secret"}

	return deleted(k)
}

func newApplication() *iamv1beta1.Application {
	a := &iamv1beta1.Application{}
	meta.SetExternalName(a, application)

	return deleted(a)
}

func newPolicy() *iamv1beta1.Policy {
	p := &iamv1beta1.Policy{}
	meta.SetExternalName(p, policy)
	p.Status.AtProvider.ApplicationID = ptr.To(application)

	return deleted(p)
}

// What is deleted, and what must not be because an API key needs it.
func TestBegin(t *testing.T) {
	boom := errors.New("boom")

	cases := map[string]struct {
		reason string
		world  func(*world)
		// deleted is the managed resource whose object is to be deleted. By default it is
		// the ApiKey whose access key the ProviderConfig "tenant" has.
		deleted xpresource.ModernManaged
		// want are parts of the error. There is none without.
		want []string
		not  string
	}{
		"Unused": {
			reason: "A ProviderConfig that nobody uses needs nothing.",
		},
		"Used": {
			reason: "The object that needs it is named, and what to do.",
			world:  func(w *world) { w.token("reader") },
			want:   []string{`ProviderConfig "team-a/tenant", which Token "reader" uses, has this API key: delete those first, or give the ProviderConfig another key`},
		},
		"UsedByMany": {
			reason: "Some are named.",
			world: func(w *world) {
				for i := range 20 {
					w.token(fmt.Sprintf("reader-%02d", i))
				}
			},
			want: []string{`which 20 objects use, such as Token "reader-00", Token "reader-01", Token "reader-02", has`},
		},
		"UsedByItself": {
			reason: "An API key can delete itself.",
			world:  func(w *world) { w.use("ProviderConfig", "tenant", "team-a", "v1", "ApiKey", "deleted") },
		},
		"AnotherKey": {
			reason: "The ProviderConfig has another one.",
			world: func(w *world) {
				w.token("reader")
				w.keys[types.NamespacedName{Namespace: "team-a", Name: "tenant"}] = another
				w.secret = "another"
			},
		},
		"AnotherKeyInItsSecret": {
			reason: "It is being renewed.",
			world: func(w *world) {
				w.token("reader")
				w.keys[types.NamespacedName{Namespace: "team-a", Name: "tenant"}] = another
			},
			want: []string{"has this API key"},
		},
		"Cluster": {
			reason: "Objects of other Kubernetes namespaces count, and are not named.",
			world: func(w *world) {
				w.config("", "shared", served)
				w.use("ClusterProviderConfig", "shared", "team-b", "v1", "Token", "secret-project")
			},
			want: []string{`ClusterProviderConfig "shared", which an object uses, has this API key`},
			not:  "secret-project",
		},
		"ClusterUsedByMany": {
			reason: "How many they are is what the ClusterProviderConfig says.",
			world: func(w *world) {
				w.config("", "shared", served)

				for i := range 20 {
					w.use("ClusterProviderConfig", "shared", "team-b", "v1", "Token", fmt.Sprint(i))
				}
			},
			want: []string{`which 60 objects use, has`},
		},
		"ElsewhereOfTheSameName": {
			reason: "The users of another ProviderConfig are not this one's.",
			world:  func(w *world) { w.use("ProviderConfig", "tenant", "team-b", "v1", "Token", "reader") },
		},
		"LongNames": {
			reason: "A label cannot tell them apart.",
			world: func(w *world) {
				w.config("", longName+"a", served)
				w.config("", longName+"b", another)
				w.use("ClusterProviderConfig", longName+"a", "team-a", "v1", "Token", "reader")
				w.use("ClusterProviderConfig", longName+"b", "team-a", "v1", "Token", "other")
			},
			want: []string{`which Token "reader" uses`},
		},
		"LongNameUnused": {
			reason: "It is another one that is used.",
			world: func(w *world) {
				w.config("", longName+"a", served)
				w.config("", longName+"b", another)
				w.use("ClusterProviderConfig", longName+"b", "team-a", "v1", "Token", "other")
			},
		},
		"CopiedElsewhere": {
			reason: "Who copies a key into another Kubernetes namespace cannot hold on to it.",
			world: func(w *world) {
				w.config("team-b", "copied", served)
				w.use("ProviderConfig", "copied", "team-b", "v1", "Token", "reader")
			},
		},
		"Unread": {
			reason: "Nobody knows.",
			world:  func(w *world) { w.token("reader"); w.unread = boom },
			want:   []string{`cannot tell whether ProviderConfig "team-a/tenant", which Token "reader" uses, needs this ApiKey: boom`},
		},
		"UnreadAndUnused": {
			reason: "Somebody else's broken ProviderConfig is none of ours.",
			world:  func(w *world) { w.unread = boom },
		},
		"SecretBroken": {
			reason: "What the ApiKey publishes may be put right.",
			world: func(w *world) {
				w.token("reader")
				w.keys[types.NamespacedName{Namespace: "team-a", Name: "tenant"}] = ""
			},
			want: []string{"has this API key"},
		},
		"ApplicationOfApiKey": {
			reason:  "Scaleway deletes the API keys of an application with it.",
			world:   func(w *world) { w.token("reader"); w.iam(newKey(served), "key", "default") },
			deleted: newApplication(),
			want:    []string{`has API key ` + served + `, which works only with this Application`},
		},
		"ApplicationOfOther": {
			reason:  "No API key that is in use is its.",
			world:   func(w *world) { w.token("reader"); w.iam(newKey(another), "key", "default") },
			deleted: newApplication(),
		},
		"ApplicationOfKeyWithoutObject": {
			reason: "The API key was created by other means.",
			world: func(w *world) {
				w.token("reader")
				w.listed = map[string][]string{"application_id=" + application: {another, served}}
			},
			deleted: newApplication(),
			want:    []string{`has API key ` + served},
		},
		"ScalewayAway": {
			reason:  "Nobody knows.",
			world:   func(w *world) { w.failing = boom },
			deleted: newApplication(),
			want:    []string{"cannot tell which API keys need this Application: boom"},
		},
		"PolicyOfApplication": {
			reason:  "The API key could do nothing without it.",
			world:   func(w *world) { w.token("reader"); w.iam(newKey(served), "key", "default") },
			deleted: newPolicy(),
			want:    []string{`which works only with this Policy`},
		},
		"PolicyOfUser": {
			reason: "A user has API keys too.",
			world: func(w *world) {
				w.token("reader")
				w.listed = map[string][]string{"user_id=" + user: {served}}
			},
			deleted: deleted(&iamv1beta1.Policy{Spec: iamv1beta1.PolicySpec{ForProvider: iamv1beta1.PolicyParameters{UserID: ptr.To(user)}}}),
			want:    []string{`which works only with this Policy`},
		},
		"PolicyOfNobody": {
			reason:  "It allows nobody anything.",
			world:   func(w *world) { w.token("reader"); w.iam(newKey(served), "key", "default") },
			deleted: deleted(&iamv1beta1.Policy{}),
		},
		"Circle": {
			reason: "None can be the first.",
			world: func(w *world) {
				w.iam(newKey(served), "key", "tenant")
				w.iam(newPolicy(), "policy", "tenant")
				w.use("ProviderConfig", "tenant", "team-a", "v1", "Application", "deleted")
			},
			deleted: newApplication(),
			want:    []string{`which works only with this Application and with ApiKey "key", Policy "policy"`, "none can be the first", "spec.providerConfigRef"},
		},
		"CircleWithToken": {
			reason: "It is the Token that has to go first.",
			world: func(w *world) {
				w.token("reader")
				w.iam(newKey(served), "key", "tenant")
				w.use("ProviderConfig", "tenant", "team-a", "v1", "Application", "deleted")
			},
			deleted: newApplication(),
			want:    []string{"which 2 objects use", "delete those first"},
		},
		"NoCircleYet": {
			reason: "The ApiKey is not being deleted.",
			world: func(w *world) {
				k := newKey(served)
				k.SetDeletionTimestamp(nil)
				w.iam(k, "key", "tenant")
				w.use("ProviderConfig", "tenant", "team-a", "v1", "Application", "deleted")
			},
			deleted: newApplication(),
			want:    []string{`which ApiKey "key" uses`, "delete those first"},
		},
		"OutOfTheCircle": {
			reason: "What is being deleted with another ProviderConfig does not need this one.",
			world: func(w *world) {
				for name, mg := range map[string]xpresource.ModernManaged{"key": newKey(served), "policy": newPolicy()} {
					w.iam(mg, name, "tenant")
					mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "default"})
				}

				w.use("ProviderConfig", "tenant", "team-a", "v1", "Application", "deleted")
			},
			deleted: newApplication(),
		},
		"NextLink": {
			reason:  "Another API key that was made with this one is deleted with it.",
			world:   func(w *world) { w.iam(newKey(another), "next", "tenant") },
			deleted: newKey(served),
			want:    []string{`which ApiKey "next" uses`, "delete those first"},
		},
		"UserIsGone": {
			reason: "Its usage alone needs nothing.",
			world: func(w *world) {
				w.use("ProviderConfig", "tenant", "team-a", iamv1beta1.CRDGroupVersion.String(), "Policy", "gone")
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, keys: map[types.NamespacedName]string{}, secret: "secret"}
			w.config("team-a", "tenant", served)

			if tc.world != nil {
				tc.world(w)
			}

			mg, of := tc.deleted, map[string]string{"*v1beta1.ApiKey": "scaleway_iam_api_key", "*v1beta1.Application": "scaleway_iam_application", "*v1beta1.Policy": "scaleway_iam_policy"}
			if mg == nil {
				mg = newKey(served)
			}

			mg.SetNamespace("team-a")
			mg.SetName("deleted")
			mg.SetUID("uid-deleted")
			mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "tenant"})

			g := w.guard(of[fmt.Sprintf("%T", mg)])

			end, err := g.Begin(t.Context(), mg)
			if err == nil {
				if keys, _ := g.keysOf(t.Context(), g.Resource, mg); len(w.suspended) != keys.Len() {
					t.Errorf("\n%s\nBegin(...): want nothing created with %v, got %v", tc.reason, keys, w.suspended)
				}

				end()
			}

			if len(w.suspended) > 0 {
				t.Errorf("\n%s\nBegin(...): nothing can be created with %v any more", tc.reason, w.suspended)
			}

			if (err != nil) != (len(tc.want) > 0) {
				t.Fatalf("\n%s\nBegin(...): want an error: %t, got %v", tc.reason, len(tc.want) > 0, err)
			}

			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("\n%s\nBegin(...): want %q, got %v", tc.reason, want, err)
				}
			}

			if tc.not != "" && strings.Contains(fmt.Sprint(err), tc.not) {
				t.Errorf("\n%s\nBegin(...): do not want %q, got %v", tc.reason, tc.not, err)
			}
		})
	}
}

// Kinds of which no API key needs anything are deleted without a question.
func TestNoGuard(t *testing.T) {
	g := New(Options{Resource: resource.Resource{Name: "scaleway_container_token"}})
	if g != nil {
		t.Fatalf("New(...): want none, got %v", g)
	}

	end, err := g.Begin(t.Context(), newKey(served))
	if err != nil {
		t.Fatal(err)
	}

	end()
	g.Forget("uid")

	if g.Gone(t.Context(), newKey(served)) || len(g.Sources(nil)) > 0 {
		t.Error("want nothing of it")
	}
}

// An object that has taken its own rights with it is gone, if nobody is told of it.
func TestGone(t *testing.T) {
	cases := map[string]struct {
		reason  string
		config  string
		refuses bool
		want    bool
	}{
		"Own":     {"The API key has deleted itself.", "tenant", true, true},
		"Told":    {"It is Scaleway that knows.", "tenant", false, false},
		"Another": {"That the credentials are refused has another cause.", "default", true, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, keys: map[types.NamespacedName]string{}, secret: "other", refuses: tc.refuses}
			w.config("team-a", "tenant", served)
			w.config("team-a", "default", another)

			k := newKey(served)
			w.iam(k, "deleted", tc.config)
			g := w.guard("scaleway_iam_api_key")

			if g.Gone(t.Context(), k) {
				t.Errorf("\n%s\nGone(...): it has not been deleted yet", tc.reason)
			}

			end, err := g.Begin(t.Context(), k)
			if err != nil {
				t.Fatal(err)
			}

			end()

			if diff := cmp.Diff(tc.want, g.Gone(t.Context(), k)); diff != "" {
				t.Errorf("\n%s\nGone(...): -want, +got:\n%s", tc.reason, diff)
			}

			if g.Forget(k.GetUID()); g.Gone(t.Context(), k) {
				t.Errorf("\n%s\nGone(...): it was to be forgotten", tc.reason)
			}
		})
	}
}

// noted is a queue that notes what is added, and what is forgotten.
type noted struct {
	queue

	added, forgotten []string
}

func (n *noted) Add(r reconcile.Request)    { n.added = append(n.added, r.String()) }
func (n *noted) Forget(r reconcile.Request) { n.forgotten = append(n.forgotten, r.String()) }

// Who waits is woken when hardly anybody is left, and by nothing before that.
func TestLeft(t *testing.T) {
	cases := map[string]struct {
		reason string
		users  int
		// left is the ProviderConfig that somebody has left.
		left config
		want []string
	}{
		"Last":    {"Nobody is left.", 0, config{"ProviderConfig", "team-a", "tenant"}, []string{"team-a/deleted"}},
		"Few":     {"Those that are left may wait themselves.", nearlyNone - 1, config{"ProviderConfig", "team-a", "tenant"}, []string{"team-a/deleted"}},
		"Many":    {"It would wait on.", nearlyNone, config{"ProviderConfig", "team-a", "tenant"}, nil},
		"Another": {"It does not wait for that one.", 0, config{"ProviderConfig", "team-b", "tenant"}, nil},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, keys: map[types.NamespacedName]string{}, secret: "secret"}
			w.config("team-a", "tenant", served)

			for i := range tc.users {
				w.token(fmt.Sprint(i))
			}

			k := newKey(served)
			k.SetNamespace("team-a")
			k.SetName("deleted")
			k.SetUID("uid-deleted")

			g := w.guard("scaleway_iam_api_key")
			g.waiting.begin(config{"ClusterProviderConfig", "", "tenant"}, k)
			g.waiting.begin(config{"ProviderConfig", "team-a", "tenant"}, k) // Only the last one counts.

			q := &noted{}
			g.left(t.Context(), config{"ClusterProviderConfig", "", "tenant"}, q)
			g.left(t.Context(), tc.left, q)

			for what, got := range map[string][]string{"added": q.added, "forgotten": q.forgotten} {
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("\n%s\nleft(...), %s: -want, +got:\n%s", tc.reason, what, diff)
				}
			}

			g.Forget(k.GetUID())

			if r := g.waiting.requests(tc.left); len(r) > 0 {
				t.Errorf("\n%s\nForget(...): %v still waits", tc.reason, r)
			}
		})
	}
}
