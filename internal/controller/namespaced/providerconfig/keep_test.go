// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	kmeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

const userUID = "40000000-0000-4000-8000-000000000000"

var tokenKind = containerv1beta1.Token_GroupVersionKind

// newUser returns a Token, and newUsage its usage of the config.
func newUser(namespace string) *containerv1beta1.Token {
	return &containerv1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "user", UID: userUID}}
}

func newUsage(namespace, kind string, change ...func(*v1beta1.ProviderConfigUsage)) *v1beta1.ProviderConfigUsage {
	u := &v1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: userUID, UID: types.UID("of-" + namespace), Finalizers: []string{clients.FinalizerUsage},
	}}
	u.ProviderConfigReference = xpv1.ProviderConfigReference{Kind: kind, Name: "default"}
	u.ResourceReference = xpv1.TypedReference{APIVersion: tokenKind.GroupVersion().String(), Kind: tokenKind.Kind, Name: "user"}

	for _, fn := range change {
		fn(u)
	}

	return u
}

func newJudge(kind string, cache, live client.Reader) *judge {
	return &judge{cache: cache, live: live, kind: kind, kinds: map[schema.GroupKind]schema.GroupVersionKind{tokenKind.GroupKind(): tokenKind}}
}

func newAccountant(cache, live client.WithWatch, kind string, events *recorder, newConfig func() xpresource.ProviderConfig) *accountant {
	h := newHolder(live, live, events)

	return &accountant{
		judge: newJudge(kind, cache, live), holder: h, sweeper: &sweeper{holder: h, live: live, log: logging.NewNopLogger()},
		kube: live, newConfig: newConfig, record: events, log: logging.NewNopLogger(),
		seen: lru.New(remembered), told: lru.New(remembered),
	}
}

func TestCount(t *testing.T) {
	config := func(u *v1beta1.ProviderConfigUsage) { u.ProviderConfigReference.Name = "another" }
	refer := func(apiVersion, kind, name string) func(*v1beta1.ProviderConfigUsage) {
		return func(u *v1beta1.ProviderConfigUsage) {
			u.ResourceReference = xpv1.TypedReference{APIVersion: apiVersion, Kind: kind, Name: name}
		}
	}

	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "later.container.scaleway.m.crossplane.io"}}
	crd.Spec.Group, crd.Spec.Names.Kind = "container.scaleway.m.crossplane.io", "Later"
	crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true}}

	cases := map[string]struct {
		reason  string
		usage   *v1beta1.ProviderConfigUsage
		users   int
		ignored string
	}{
		"Usage": {"It is one.", newUsage("team-a", v1beta1.ProviderConfigKind), 1, ""},
		"Labels": {"They are their owner's.", newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) {
			u.SetLabels(map[string]string{xpv1.LabelKeyProviderName: "another"})
		}), 1, ""},
		"NoController":     {"A backup has stripped it.", newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) { u.SetOwnerReferences(nil) }), 1, ""},
		"Another":          {"It is of another ProviderConfig.", newUsage("team-a", v1beta1.ProviderConfigKind, config), 0, ""},
		"AnotherNamespace": {"A ProviderConfig is used in its own only.", newUsage("team-b", v1beta1.ProviderConfigKind), 0, ""},
		"Cluster":          {"It is of a ClusterProviderConfig.", newUsage("team-a", v1beta1.ClusterProviderConfigKind), 0, ""},
		"UnknownConfig":    {"There is no such config.", newUsage("team-a", "Unknown"), 0, "names the unknown kind"},
		"NoUID":            {"No user has that name.", newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) { u.SetName("usage") }), 0, "not the UID"},
		"UnknownKind":      {"It cannot have created anything.", newUsage("team-a", v1beta1.ProviderConfigKind, refer("example.org/v1", "Unknown", "user")), 0, "no kind of this provider"},
		"UnknownOfOurs":    {"No version of the provider has it.", newUsage("team-a", v1beta1.ProviderConfigKind, refer("container.scaleway.m.crossplane.io/v1", "Unknown", "user")), 0, "no kind of this provider"},
		"LaterKind":        {"A later version of the provider has it.", newUsage("team-a", v1beta1.ProviderConfigKind, refer("container.scaleway.m.crossplane.io/v1", "Later", "user")), 1, ""},
		"LaterVersion":     {"It is the same object.", newUsage("team-a", v1beta1.ProviderConfigKind, refer("container.scaleway.m.crossplane.io/v9", "Token", "user")), 1, ""},
		"Malformed":        {"It cannot be read.", newUsage("team-a", v1beta1.ProviderConfigKind, refer("a/b/c", "Token", "user")), 0, "malformed apiVersion"},
		"Path":             {"It would be another request.", newUsage("team-a", v1beta1.ProviderConfigKind, refer(tokenKind.GroupVersion().String(), "Token", "../user")), 0, "no object can have"},
		"Nothing":          {"It says nothing.", newUsage("team-a", v1beta1.ProviderConfigKind, refer("", "", "")), 0, "no object can have"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScheme(t)
			if err := apiextensionsv1.AddToScheme(s); err != nil {
				t.Fatal(err)
			}

			kube := fake.NewClientBuilder().WithScheme(s).WithObjects(tc.usage, crd).Build()

			c, err := newJudge(v1beta1.ProviderConfigKind, kube, kube).count(t.Context(), configName)
			if err != nil {
				t.Fatal(err)
			}

			if len(c.users) != tc.users {
				t.Errorf("\n%s\ncount(...): want %d users, got %d", tc.reason, tc.users, len(c.users))
			}

			if got := fmt.Sprint(c.ignored); tc.ignored == "" && len(c.ignored) > 0 || !strings.Contains(got, tc.ignored) {
				t.Errorf("\n%s\ncount(...): want what is ignored to say %q, got %s", tc.reason, tc.ignored, got)
			}
		})
	}
}

func TestInUse(t *testing.T) {
	shared := types.NamespacedName{Name: "default"}
	ofShared := func(namespace string, change ...func(*v1beta1.ProviderConfigUsage)) *v1beta1.ProviderConfigUsage {
		return newUsage(namespace, v1beta1.ClusterProviderConfigKind, change...)
	}

	type want struct {
		used, known, err bool
		number           int64
	}

	another := newUser("team-b")
	another.SetUID("50000000-0000-4000-8000-000000000000")

	cases := map[string]struct {
		reason string
		// cached and live are what the cache and the API server have.
		cached, live []client.Object
		partial      bool
		get, list    error
		want         want
	}{
		"Cached":      {reason: "Its user exists.", cached: []client.Object{ofShared("team-a")}, live: []client.Object{ofShared("team-a"), newUser("team-a")}, want: want{used: true, known: true, number: 1}},
		"Elsewhere":   {reason: "It is used where nobody watches.", live: []client.Object{ofShared("team-b"), newUser("team-b")}, partial: true, want: want{used: true, number: 1}},
		"Behind":      {reason: "The cache does not have the usage yet.", live: []client.Object{ofShared("team-b"), newUser("team-b")}, want: want{used: true}},
		"Unlabelled":  {reason: "Labels are their owner's.", live: []client.Object{withoutLabels(ofShared("team-b")), newUser("team-b")}, partial: true, want: want{used: true, number: 1}},
		"Nobody":      {reason: "There is no usage."},
		"NoUser":      {reason: "Somebody has made it up.", cached: []client.Object{ofShared("team-a")}, live: []client.Object{ofShared("team-a")}, want: want{number: 1}},
		"Another":     {reason: "An object of that name is another one.", live: []client.Object{ofShared("team-b"), another}, partial: true, want: want{number: 1}},
		"Namespace":   {reason: "A user is where its usage is.", live: []client.Object{ofShared("team-a"), newUser("team-b")}, partial: true, want: want{number: 1}},
		"Forbidden":   {reason: "Who may not list usages cannot say no.", partial: true, list: kerrors.NewForbidden(schema.GroupResource{Resource: "providerconfigusages"}, "", errors.New("no right")), want: want{err: true}},
		"NoAnswer":    {reason: "Who gets no answer cannot say no.", cached: []client.Object{ofShared("team-a")}, get: errors.New("no answer"), want: want{err: true, number: 1}},
		"UnknownKind": {reason: "What the API server has not is nobody.", cached: []client.Object{ofShared("team-a")}, get: &kmeta.NoKindMatchError{}, want: want{number: 1}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScheme(t)
			cached := fake.NewClientBuilder().WithScheme(s).WithObjects(tc.cached...).Build()
			live := interceptor.NewClient(fake.NewClientBuilder().WithScheme(s).WithObjects(tc.live...).Build(), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if tc.get != nil {
						return tc.get
					}

					return c.Get(ctx, key, o, opts...)
				},
				List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
					if tc.list != nil {
						return tc.list
					}

					return c.List(ctx, l, opts...)
				},
			})

			j := newJudge(v1beta1.ClusterProviderConfigKind, cached, live)
			j.partial = tc.partial

			c, err := j.count(t.Context(), shared)
			if err != nil {
				t.Fatal(err)
			}

			got := want{}
			got.used, got.known, err = c.inUse(t.Context())
			got.err = err != nil

			if kerrors.IsForbidden(tc.list) && !strings.Contains(fmt.Sprint(err), "the right to list providerconfigusages.scaleway.m.crossplane.io in all Kubernetes namespaces") {
				t.Errorf("\n%s\ninUse(...): the error does not name the right: %v", tc.reason, err)
			}

			if number, err := c.Number(t.Context()); err == nil {
				got.number = number
			} else if tc.list == nil {
				t.Error(err)
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\ninUse(...): -want, +got:\n%s%v", tc.reason, diff, err)
			}
		})
	}
}

// TestInUseOfThousands bounds what is asked because of usages that somebody has made up.
func TestInUseOfThousands(t *testing.T) {
	const n = 2000

	var usages []v1beta1.ProviderConfigUsage
	for i := range n {
		usages = append(usages, *newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) {
			u.SetName(fmt.Sprintf("60000000-0000-4000-8000-%012d", i))
			u.SetUID(types.UID(u.GetName()))
		}))
	}

	requests := 0
	live := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).Build(), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			requests++
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			requests++
			return c.List(ctx, l, opts...)
		},
	})

	c, err := newJudge(v1beta1.ProviderConfigKind, &ownUsages{items: usages}, live).count(t.Context(), configName)
	if err != nil {
		t.Fatal(err)
	}

	if used, _, err := c.inUse(t.Context()); used || err != nil {
		t.Errorf("inUse(...): nobody is there, got %t, %v", used, err)
	}

	if requests > 10 {
		t.Errorf("inUse(...): %d requests for %d usages, want some", requests, n)
	}
}

// TestAccount has one ProviderConfig accounted for.
func TestAccountant(t *testing.T) {
	kept := func(pc *v1beta1.ProviderConfig) { pc.SetFinalizers([]string{clients.FinalizerConfig}) }
	deleted := func(pc *v1beta1.ProviderConfig) {
		kept(pc)
		leaving(pc)
	}
	forged := newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) {
		u.ResourceReference = xpv1.TypedReference{APIVersion: "example.org/v1", Kind: "Unknown", Name: "nobody"}
		u.SetName("70000000-0000-4000-8000-000000000000")
	})

	type want struct {
		gone       bool
		users      int64
		blocked    bool
		finalizers []string
		events     []string
	}

	cases := map[string]struct {
		reason string
		config *v1beta1.ProviderConfig
		// cached are usages that the cache has, and live what else the API server has.
		cached, live []client.Object
		list         error
		want         want
	}{
		"Unused":    {reason: "It is kept before it is used.", config: newConfig(), want: want{}},
		"Used":      {reason: "Its Secret is held.", config: newConfig(), cached: []client.Object{newUsage("team-a", v1beta1.ProviderConfigKind)}, live: []client.Object{newUser("team-a")}, want: want{users: 1, finalizers: []string{finalizerOf(configUID)}}},
		"Forged":    {reason: "One usage that is none keeps nobody from the rest.", config: newConfig(), cached: []client.Object{leaving(forged.DeepCopy()), newUsage("team-a", v1beta1.ProviderConfigKind)}, live: []client.Object{newUser("team-a")}, want: want{users: 1, finalizers: []string{finalizerOf(configUID)}, events: []string{"Warning IgnoredUsages"}}},
		"Deleted":   {reason: "Nobody uses it.", config: newConfig(deleted), want: want{gone: true}},
		"InUse":     {reason: "What uses it could not be deleted.", config: newConfig(deleted), cached: []client.Object{newUsage("team-a", v1beta1.ProviderConfigKind)}, live: []client.Object{newUser("team-a")}, want: want{users: 1, blocked: true, finalizers: []string{finalizerOf(configUID)}, events: []string{"Warning UsageAccounting"}}},
		"OnlyNow":   {reason: "The cache does not have its usage yet.", config: newConfig(deleted), live: []client.Object{newUser("team-a"), newUsage("team-a", v1beta1.ProviderConfigKind)}, want: want{users: 1, blocked: true, finalizers: []string{finalizerOf(configUID)}, events: []string{"Warning UsageAccounting"}}},
		"NoUser":    {reason: "A usage that somebody has made up keeps nothing.", config: newConfig(deleted), cached: []client.Object{newUsage("team-a", v1beta1.ProviderConfigKind)}, want: want{gone: true}},
		"Forbidden": {reason: "Who cannot count lets go of nothing.", config: newConfig(deleted), list: errors.New("no answer"), want: want{users: 1, blocked: true, events: []string{"Warning CannotCountUsages", "Warning UsageAccounting", "Warning CannotHoldCredentials"}, finalizers: []string{finalizerOf(configUID)}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScheme(t)
			cached := fake.NewClientBuilder().WithScheme(s).WithObjects(tc.cached...).Build()
			live := interceptor.NewClient(fake.NewClientBuilder().WithScheme(s).WithStatusSubresource(tc.config).WithObjects(append(append(tc.live, tc.cached...), tc.config, newSecret("named"))...).Build(), interceptor.Funcs{
				List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
					if tc.list != nil {
						return tc.list
					}

					return c.List(ctx, l, opts...)
				},
			})

			events := &recorder{}
			a := newAccountant(cached, live, v1beta1.ProviderConfigKind, events, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} })

			if _, err := a.Reconcile(t.Context(), reconcile.Request{NamespacedName: configName}); err != nil && tc.list == nil {
				t.Fatalf("\n%s\nReconcile(...): %v", tc.reason, err)
			}

			pc := &v1beta1.ProviderConfig{}
			got := want{events: events.reasons}

			if err := live.Get(t.Context(), configName, pc); kerrors.IsNotFound(err) {
				got.gone = true
			} else if err != nil {
				t.Fatal(err)
			}

			finalizers, _ := secrets(t, live)
			got.finalizers, got.users, got.blocked = finalizers["named"], pc.GetUsers(), pc.GetCondition("Terminating").Status == "True"

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nReconcile(...): -want, +got:\n%s", tc.reason, diff)
			}

			if !got.gone && len(pc.GetFinalizers()) == 0 {
				t.Errorf("\n%s\nReconcile(...): the ProviderConfig is not kept", tc.reason)
			}
		})
	}
}

// An ownUsages is a cache that hands out its own usages, and knows no user.
type ownUsages struct {
	client.Client

	items   []v1beta1.ProviderConfigUsage
	updated []client.Object
	refused map[string]bool
}

func (o *ownUsages) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	if l, ok := list.(*v1beta1.ProviderConfigUsageList); ok {
		l.Items = o.items
	}

	return nil
}

func (o *ownUsages) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	return kerrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (o *ownUsages) Update(_ context.Context, u client.Object, _ ...client.UpdateOption) error {
	if o.refused[u.GetName()] {
		return errors.New("not this one")
	}

	o.updated = append(o.updated, u)

	return nil
}

// TestReleaseOrphansLeavesCache checks that an orphan is released in a copy: what is
// listed is the cache's own.
func TestReleaseOrphansLeavesCache(t *testing.T) {
	orphan := *leaving(newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) {
		u.SetFinalizers([]string{clients.FinalizerUsage, "example.org/other"})
	}))

	kube := &ownUsages{items: []v1beta1.ProviderConfigUsage{*orphan.DeepCopy()}}

	releaseOrphans(t, kube)

	if len(kube.updated) != 1 {
		t.Fatalf("releaseOrphans(...): want one usage released, got %d", len(kube.updated))
	}

	if diff := cmp.Diff([]string{"example.org/other"}, kube.updated[0].GetFinalizers()); diff != "" {
		t.Errorf("releaseOrphans(...): -want, +got finalizers:\n%s", diff)
	}

	if diff := cmp.Diff([]v1beta1.ProviderConfigUsage{orphan}, kube.items); diff != "" {
		t.Errorf("releaseOrphans(...): the cache must stay as it is: -want, +got:\n%s", diff)
	}
}

func releaseOrphans(t *testing.T, kube *ownUsages) time.Duration {
	t.Helper()

	a := &accountant{judge: newJudge(v1beta1.ProviderConfigKind, kube, kube), kube: kube, log: logging.NewNopLogger()}

	c, err := a.judge.count(t.Context(), configName)
	if err != nil {
		t.Fatal(err)
	}

	return a.releaseOrphans(t.Context(), c)
}

// TestReleaseOrphansSomeAtATime has a tenant make up more than are released at a time, one
// of which nobody can release.
func TestReleaseOrphansSomeAtATime(t *testing.T) {
	kube := &ownUsages{refused: map[string]bool{}}

	for i := range maxReleases / 2 {
		kube.items = append(kube.items, *leaving(newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) {
			u.SetName(fmt.Sprintf("forged-%d", i))
			u.SetUID(types.UID(u.GetName()))
		})))
	}

	kube.refused["forged-7"] = true

	if again := releaseOrphans(t, kube); again != refusedWait || len(kube.updated) != maxReleases/2-1 {
		t.Errorf("releaseOrphans(...): want all but one released, and that tried again, got %d, again in %s", len(kube.updated), again)
	}

	for i := range maxReleases {
		kube.items = append(kube.items, *leaving(newUsage("team-a", v1beta1.ProviderConfigKind, func(u *v1beta1.ProviderConfigUsage) {
			u.SetName(fmt.Sprintf("more-%d", i))
			u.SetUID(types.UID(u.GetName()))
		})))
	}

	kube.updated, kube.refused = nil, nil

	if again := releaseOrphans(t, kube); again != accountInterval || len(kube.updated) != maxReleases {
		t.Errorf("releaseOrphans(...): want %d released, and the rest later, got %d, again in %s", maxReleases, len(kube.updated), again)
	}
}

// TestAccountantMeetsAnother has a ProviderConfig written by somebody else meanwhile. It is
// accounted for again, without a word; other errors are told.
func TestAccountantMeetsAnother(t *testing.T) {
	conflict := kerrors.NewConflict(schema.GroupResource{Resource: "providerconfigs"}, "default", errors.New("it was modified"))

	cases := map[string]struct {
		reason         string
		update, status error
		want           time.Duration
		events         int
		told           bool
	}{
		"Done":     {reason: "There is nothing to do again."},
		"Refused":  {reason: "The finalizer was not added: it must not take half a minute until it is.", update: errors.New("no finalizers here"), want: refusedWait, events: 1},
		"Conflict": {reason: "Two reconcilers write one status.", status: conflict, want: conflictWait},
		"Meets":    {reason: "Its owner has changed it.", update: conflict, want: conflictWait},
		"Other":    {reason: "An error is the operator's to know.", status: errors.New("no answer"), told: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).WithStatusSubresource(newConfig()).WithObjects(newConfig()).Build(), interceptor.Funcs{
				Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
					if tc.update != nil {
						return tc.update
					}

					return c.Update(ctx, o, opts...)
				},
				SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
					if tc.status != nil {
						return tc.status
					}

					return c.SubResource(sub).Update(ctx, o, opts...)
				},
			})

			events := &recorder{}
			a := newAccountant(kube, kube, v1beta1.ProviderConfigKind, events, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} })

			got, err := a.Reconcile(t.Context(), reconcile.Request{NamespacedName: configName})
			if (err != nil) != tc.told || got.RequeueAfter != tc.want || len(events.reasons) != tc.events {
				t.Errorf("\n%s\nReconcile(...): %v, %v, %v", tc.reason, got, err, events.reasons)
			}
		})
	}
}

// TestGoneIsSweptOnce checks that a usage cannot name what costs a request.
func TestGoneIsSweptOnce(t *testing.T) {
	lists := 0
	kube := interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme(t)).WithObjects(newSecret("named", finalizerOf(anotherUID))).Build(), interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			if _, ok := l.(*metav1.PartialObjectMetadataList); ok {
				lists++
			}

			return c.List(ctx, l, opts...)
		},
	})
	a := newAccountant(kube, kube, v1beta1.ProviderConfigKind, &recorder{}, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} })
	reconciled := func() {
		t.Helper()

		if _, err := a.Reconcile(t.Context(), reconcile.Request{NamespacedName: configName}); err != nil {
			t.Fatal(err)
		}
	}

	if reconciled(); lists != 0 {
		t.Errorf("Reconcile(...): %d lists because of a ProviderConfig that was never there", lists)
	}

	a.seen.Add(configName, struct{}{})
	reconciled()

	finalizers, _ := secrets(t, kube)
	if len(finalizers["named"]) > 0 || lists == 0 {
		t.Errorf("Reconcile(...): the Secret is held for nobody: %v", finalizers)
	}

	before := lists
	if reconciled(); lists != before {
		t.Errorf("Reconcile(...): it is swept again")
	}
}
