// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpmanaged "github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// deletions returns how many requests have deleted the object.
func deletions(e *framework.Env, name string) int {
	n := 0

	for _, r := range e.TokenRequests(http.MethodDelete) {
		if r.Applied && strings.HasSuffix(r.Path, strings.TrimPrefix(name, "fr-par")) {
			n++
		}
	}

	return n
}

// startDeletion deletes an object, and does not wait until it is gone.
func startDeletion(t *testing.T, e *framework.Env, o client.Object) {
	t.Helper()

	if err := e.Client.Delete(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// Terraform replaces an object of which an argument has changed, also when it is
// told to delete it: the deletion would mint, and never end.
func TestDeleteDrifted(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		argument string
		drift    func(*fakescaleway.Token)
		restart  bool
	}{
		"description": {
			argument: "description",
			drift:    func(tk *fakescaleway.Token) { tk.Description = "drifted" },
		},
		"expiry": {
			argument: "expiresAt",
			drift:    func(tk *fakescaleway.Token) { tk.ExpiresAt = ptr.To(tk.ExpiresAt.Add(time.Hour)) },
		},
		"restarted": {
			argument: "description",
			drift:    func(tk *fakescaleway.Token) { tk.Description = "drifted" },
			restart:  true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			p := e.StartProvider()

			tk := e.NewToken(name, e.CreateParent())
			tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T09:35:15Z")
			e.Create(tk)
			e.WaitReady(tk)

			err := e.Scaleway.Update(fakescaleway.KindToken, "fr-par", uuidOf(t, tk), func(r fakescaleway.Resource) { tc.drift(r.(*fakescaleway.Token)) })
			if err != nil {
				t.Fatal(err)
			}

			waitRefused(e, tk, tc.argument)

			if tc.restart {
				p.Stop()
				startDeletion(t, e, tk)
				e.StartProvider()
				e.WaitGone(tk)
			} else {
				e.Delete(tk)
			}

			wantAlive(t, e)
			wantRequests(t, e, http.MethodPost, 1)

			if diff := cmp.Diff(1, deletions(e, framework.ExternalName(tk))); diff != "" {
				t.Errorf("requests that delete: -want, +got:\n%s", diff)
			}

			if events := e.Events(tk, "CannotDeleteExternalResource"); len(events) > 0 {
				t.Errorf("a deletion went wrong: %s", events[0].Message)
			}
		})
	}
}

// A token that is not there any more needs no request to be revoked.
func TestDeleteDeleted(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	tk, _ := e.CreateToken("deleted")
	e.WaitReady(tk)
	p.Stop()

	if err := e.Scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(t, tk)); err != nil {
		t.Fatal(err)
	}

	startDeletion(t, e, tk)
	e.StartProvider()
	e.WaitGone(tk)

	wantAlive(t, e)

	if diff := cmp.Diff(map[string]int{http.MethodPost: 1}, providerWrites(e)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}
}

// A look-up that does not find a token which the list still has, leaves it to
// nobody.
func TestDeleteNotFoundButListed(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("listed")
	e.WaitReady(tk)
	age(e, tk)

	behind := e.Scaleway.Inject(fakescaleway.Fault{
		Method: http.MethodGet, Route: fakescaleway.RouteToken,
		Status: http.StatusNotFound, Body: fakescaleway.NotFound("token", uuidOf(t, tk)).Body,
	})

	startDeletion(t, e, tk)
	waitRefused(e, tk, framework.ExternalName(tk), "but lists it")
	behind.Remove()
	e.WaitGone(tk)
	wantAlive(t, e)
}

// An API that has been switched off has revoked nothing. The object stays, and
// says how to let go of it.
func TestDeleteWhereAPIHasEnded(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("ended")
	e.WaitReady(tk)
	age(e, tk)

	name := framework.ExternalName(tk)

	for _, route := range []string{fakescaleway.RouteTokens, fakescaleway.RouteToken} {
		e.Scaleway.Inject(fakescaleway.Fault{Route: route, Status: http.StatusNotFound, Body: fakescaleway.NotFound("token", uuidOf(t, tk)).Body})
	}

	startDeletion(t, e, tk)
	waitRefused(e, tk, successor, release.Annotation+"="+name)

	e.Update(tk, func() { meta.AddAnnotations(tk, map[string]string{release.Annotation: name}) })
	e.WaitGone(tk)
	wantAlive(t, e, name)
}

// TestDeleteInForeground deletes each kind in the foreground, as Crossplane does with
// a composed resource that a composition drops. Kubernetes then deletes first what
// blocks the deletion, and the provider waits for Kubernetes.
func TestDeleteInForeground(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	members := f.Members()
	slices.Reverse(members)

	for _, m := range members {
		if err := e.Client.Delete(t.Context(), m.Managed, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
			t.Fatal(err)
		}

		e.WaitGone(m.Managed)
	}

	for kind, n := range e.Scaleway.Alive() {
		if n != 0 {
			t.Errorf("%d objects of kind %s are left at Scaleway", n, kind)
		}
	}
}

// A Kubernetes namespace that holds everything goes away with everything, in
// whatever order its contents are deleted.
func TestDeleteKubernetesNamespace(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}}
	startDeletion(t, e, ns)
	e.WaitGone(ns)

	for kind, n := range e.Scaleway.Alive() {
		if n != 0 {
			t.Errorf("%d objects of kind %s are left at Scaleway", n, kind)
		}
	}

	// A Policy whose application is gone before it may try to have it back, in vain.
	after := writes(e.Scaleway)
	maps.DeleteFunc(after, func(route string, _ int) bool { return !strings.HasPrefix(route, http.MethodPost) })

	if diff := cmp.Diff(f.Creations(), after); diff != "" {
		t.Errorf("creations at Scaleway: -want, +got:\n%s", diff)
	}
}

// A Token that cannot be revoked because the credentials are gone stays, until
// the user says by name what may be left.
func TestRelease(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider(framework.WithArgs("--no-hold-credentials"))

	tk, _ := e.CreateToken("released")
	e.WaitReady(tk)
	age(e, tk)

	name := framework.ExternalName(tk)

	e.Delete(secretNamed(e, "default"))
	startDeletion(t, e, tk)
	waitRefused(e, tk, name, release.Annotation+"="+name)

	attempts := func() (n int) {
		for _, ev := range e.Events(tk, "CannotConnectToProvider") {
			n += int(ev.Count)
		}

		return n
	}

	for _, wrong := range []string{"true", unknownName, strings.TrimPrefix(name, "fr-par/")} {
		e.Update(tk, func() { meta.AddAnnotations(tk, map[string]string{release.Annotation: wrong}) })

		before := attempts()
		e.Eventually("another attempt to delete", func() (bool, string) { return attempts() > before, "there was none" })
		e.Get(tk) // It is still there.
	}

	e.Update(tk, func() { meta.AddAnnotations(tk, map[string]string{release.Annotation: name}) })
	e.WaitGone(tk)
	wantAlive(t, e, name)
	wantRequests(t, e, http.MethodDelete, 0)

	if ev := e.WaitEvent(tk, "ReleasedExternalResource"); !strings.Contains(ev.Message, name) {
		t.Errorf("the event does not name the token: %s", ev.Message)
	}
}

// The annotation lets go of what is being deleted, and of nothing else.
func TestReleaseOfLiveToken(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("live")
	e.WaitReady(tk)
	e.Update(tk, func() {
		meta.AddAnnotations(tk, map[string]string{release.Annotation: framework.ExternalName(tk)})
	})
	e.WaitPolled(fakescaleway.RouteToken, 2)
	e.WaitReady(tk)

	if events := e.Events(tk, "ReleasedExternalResource"); len(events) > 0 {
		t.Errorf("a live Token is released: %s", events[0].Message)
	}
}

// likeDefault returns a ProviderConfig that reads the same Secret as the default one.
func likeDefault(e *framework.Env, name string) *v1beta1.ProviderConfig {
	pc := e.ProviderConfig("default")
	pc.ObjectMeta = metav1.ObjectMeta{Namespace: e.Namespace, Name: name}

	return pc
}

// The Secret with the credentials is held while a ProviderConfig is used that
// names it, and no longer.
func TestCredentialsAreHeld(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	second := likeDefault(e, "second")
	e.Create(second)

	parent := e.CreateParent()
	one, two := e.NewToken("one", parent), e.NewToken("two", parent)
	two.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: "second"})

	e.Create(one)
	e.Create(two)
	e.WaitReady(one, two)

	finalizer := func(pc *v1beta1.ProviderConfig) string { return "scaleway.m.crossplane.io/" + string(pc.GetUID()) }
	first := e.ProviderConfig("default")

	held := func(secret string, by ...*v1beta1.ProviderConfig) {
		want := []string{}
		for _, pc := range by {
			want = append(want, finalizer(pc))
		}

		slices.Sort(want)

		s := secretNamed(e, secret)
		e.Eventually("Secret "+secret+" to be held", func() (bool, string) {
			e.Get(s)
			got := slices.Sorted(slices.Values(s.GetFinalizers()))

			return slices.Equal(want, got), cmp.Diff(want, got)
		})
	}

	held("default", first, second)

	// One of the two changes over to another Secret.
	other := secretNamed(e, "other")
	other.Data = e.SecretData("default")
	e.Create(other)
	e.Update(first, func() { first.Spec.Credentials.SecretRef.Name = "other" })
	held("default", second)
	held("other", first)

	// What is held stays, and can be used, also when somebody deletes it.
	startDeletion(t, e, other)
	e.WaitPolled(fakescaleway.RouteToken, 3)
	e.WaitReady(one)
	e.Get(other)

	e.Delete(one)
	e.WaitGone(other)
	e.Delete(two)
	held("default")
	wantAlive(t, e)
}

// Nothing is created with credentials that may be gone before it: a Secret that is being
// deleted can be read as long as somebody keeps it, and can no longer be held.
func TestCredentialsThatCannotBeHeld(t *testing.T) {
	t.Parallel()

	const busy = "example.org/busy"

	e := framework.New(t)
	e.StartProvider()

	s := secretNamed(e, "default")
	e.Update(s, func() { s.SetFinalizers([]string{busy}) })
	startDeletion(t, e, s)

	tk, _ := e.CreateToken("early")
	waitRefused(e, tk, `nothing is created before finalizers keep ProviderConfig "`+e.Namespace+`/default" and Secret "`+e.Namespace+`/default"`)

	if posts := e.TokenRequests(http.MethodPost); len(posts) > 0 {
		t.Errorf("%d tokens are minted with credentials that go, want none", len(posts))
	}

	again := secretNamed(e, "default")
	again.Data = e.SecretData("default")

	e.Update(s, func() { s.SetFinalizers(nil) })
	e.WaitGone(s)
	e.Create(again)
	e.WaitReady(tk)

	e.Get(again)

	if len(again.GetFinalizers()) != 1 {
		t.Errorf("finalizers of the Secret with which a token is minted: %q, want that of the ProviderConfig", again.GetFinalizers())
	}
}

// A Token that is there before its ProviderConfig is created as soon as that is kept, which
// takes no longer than a reconcile waits.
func TestTokenBeforeProviderConfig(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	late := likeDefault(e, "late")
	tk := e.NewToken("early", e.CreateParent())
	tk.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: late.GetName()})
	e.Create(tk)
	waitRefused(e, tk, "cannot get ProviderConfig")

	e.Create(late)
	e.WaitReady(tk)

	for _, ev := range e.Events(tk, "CannotConnectToProvider") {
		if strings.Contains(ev.Message, "nothing is created before") {
			t.Errorf("the ProviderConfig is kept too late: %s", ev.Message)
		}
	}

	e.Get(late)

	if !clients.IsKept(late, true) {
		t.Errorf("a token is there, and its ProviderConfig is not kept: finalizers %q, annotations %q", late.GetFinalizers(), late.GetAnnotations())
	}
}

// A Token that is deleted while it is created leaves no token, whatever happens
// to the request.
func TestDeleteWhileMinting(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		fault  fakescaleway.Fault
	}{
		"applied-dropped": {
			reason: "The token is found by its mark.",
			fault:  fakescaleway.Fault{DropAfter: true, Hold: true},
		},
		"applied-failed": {
			reason: "The token is found by its mark.",
			fault:  fakescaleway.Fault{Apply: true, Hold: true, Status: http.StatusBadGateway},
		},
		"applied-malformed": {
			reason: "The token is found by its mark.",
			fault:  fakescaleway.Fault{Apply: true, Hold: true, Status: http.StatusOK, Body: `{"id":`},
		},
		"applied": {
			reason: "The token is published, and revoked.",
			fault:  fakescaleway.Fault{Apply: true, Hold: true},
		},
		"late": {
			reason: "The request is given time to arrive.",
			fault:  fakescaleway.Fault{Hold: true},
		},
		"dropped": {
			reason: "There is nothing to be found.",
			fault:  fakescaleway.Fault{DropBefore: true},
		},
		"refused": {
			reason: "There is nothing to be looked for.",
			fault:  fakescaleway.Fault{Hold: true, Status: http.StatusForbidden, Body: `{"message":"no"}`},
		},
	}

	e := framework.New(t)
	e.StartProvider(framework.WithArgs("--request-timeout=5s"))

	parent := e.CreateParent()

	// Of all cases, which run at the same time.
	t.Run("Cases", func(t *testing.T) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()

				// Before the mark is the description, which is the Token's name.
				mine := func(body []byte) bool { return strings.Contains(string(body), `"`+name+` `) }

				f := tc.fault
				f.Method, f.Route = http.MethodPost, fakescaleway.RouteTokens
				f.Match = func(r *http.Request) bool {
					b, err := io.ReadAll(r.Body)
					return err == nil && mine(b)
				}
				fault := e.Scaleway.Inject(f)

				tk := e.NewToken(name, parent)
				e.Create(tk)

				<-fault.Arrived()
				startDeletion(t, e, tk)

				if name == "late" {
					// The provider has given the request up, and begun to look for it.
					waitRefused(e, tk, "waiting until")
				}

				fault.Release()
				e.WaitGone(tk)

				for _, left := range e.Scaleway.Tokens("") {
					if strings.HasPrefix(left.Description, name+" ") {
						t.Errorf("\n%s\na token is left: %s", tc.reason, left.Description)
					}
				}

				posts := slices.DeleteFunc(e.TokenRequests(http.MethodPost), func(r fakescaleway.Request) bool { return !mine(r.Body) })
				if len(posts) != 1 {
					t.Errorf("\n%s\n%d requests that mint, want 1", tc.reason, len(posts))
				}
			})
		}
	})

	wantAlive(t, e)
}

// Of all tokens that could be what an interrupted creation has left, only the one
// that carries its mark is revoked.
func TestOnlyOwnTokensAreRevoked(t *testing.T) {
	t.Parallel()

	e := framework.New(t)

	tk, parent := e.CreateToken("own")

	var others []string

	for _, description := range []string{
		"own", // As Terraform would create it.
		ledger.Mark{UID: tk.GetUID(), Attempt: "00000000"}.Append("own"),
		ledger.Mark{UID: "00000000-0000-4000-8000-000000000000", Attempt: "00000000"}.Append("own"),
	} {
		name, _ := e.CreateTokenOutside(parent, description)
		others = append(others, name)
	}

	fault := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, DropAfter: true})
	e.StartProvider(framework.WithArgs("--request-timeout=1s"))
	e.WaitReady(tk)

	if diff := cmp.Diff(1, fault.Hits()); diff != "" {
		t.Fatalf("interrupted creations: -want, +got:\n%s", diff)
	}

	wantPublished(t, e, "own", framework.ExternalName(tk))
	wantAlive(t, e, append(others, framework.ExternalName(tk))...)
	wantRequests(t, e, http.MethodPost, 2)
	wantRequests(t, e, http.MethodDelete, 1)
}

// restore creates a Token that is a copy of another one, as a backup tool does in
// another cluster: with its annotations, and with another UID.
func restore(e *framework.Env, parent, name string, annotations map[string]string) xpresource.ModernManaged {
	tk := e.NewToken(name, parent)
	tk.SetAnnotations(annotations)
	e.Create(tk)

	return tk
}

// An object that was restored into another cluster is what it was.
func TestRestoredElsewhere(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	p := e.StartProvider()

	tk, parent := e.CreateToken("moved")
	e.WaitReady(tk)
	p.Stop()

	s := secretNamed(e, "moved")
	e.Get(s)
	e.Abandon(tk)

	s.ObjectMeta = metav1.ObjectMeta{Namespace: e.Namespace, Name: s.GetName()}
	e.Create(s)

	copied := restore(e, parent, "moved", tk.GetAnnotations())
	if copied.GetUID() == tk.GetUID() {
		t.Fatal("the copy has the UID of the original")
	}

	e.StartProvider()
	e.Eventually("the copy to be in control of the Secret", func() (bool, string) {
		e.Get(s)
		return metav1.IsControlledBy(s, copied), "it is not"
	})
	e.WaitPolled(fakescaleway.RouteToken, 2)
	e.WaitReady(copied)

	if diff := cmp.Diff(framework.ExternalName(tk), framework.ExternalName(copied)); diff != "" {
		t.Errorf("external name: -want, +got:\n%s", diff)
	}

	wantPublished(t, e, "moved", framework.ExternalName(tk))
	wantAlive(t, e, framework.ExternalName(tk))

	if diff := cmp.Diff(map[string]int{http.MethodPost: 1}, providerWrites(e)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	// From now on it is its own.
	e.Delete(copied)
	wantAlive(t, e)
}

// A copy of an object that was being created proves nothing: it creates nothing,
// revokes nothing, and says which tokens are in question and what to do.
func TestRestoredWhileMinting(t *testing.T) {
	t.Parallel()

	e := framework.New(t)

	parent := e.CreateParent()

	id, err := regional.Parse(parent)
	if err != nil {
		t.Fatal(err)
	}

	original := &metav1.ObjectMeta{UID: "00000000-0000-4000-8000-000000000000"}
	record := ledger.NewRecord(original, ledger.Record{}, id.Region, map[string]string{"namespace_id": id.UUID}, time.Now().Add(-time.Hour))
	record.Write(original)
	meta.SetExternalCreatePending(original, time.Now().Add(-time.Hour))

	left, _ := e.CreateTokenOutside(parent, record.Mark().Append("copied"))

	tk := restore(e, parent, "copied", original.GetAnnotations())
	e.Update(tk, func() { meta.AddFinalizer(tk, xpmanaged.FinalizerName) })
	e.StartProvider(framework.WithArgs("--request-timeout=1s"))

	c := e.WaitCondition(tk, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
	for _, want := range []string{record.Mark().String(), meta.AnnotationKeyExternalCreatePending} {
		if !strings.Contains(c.Message, want) {
			t.Errorf("the condition does not say %q: %s", want, c.Message)
		}
	}

	if diff := cmp.Diff(map[string]int{}, providerWrites(e)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	// It has created nothing, so it can go.
	e.Delete(tk)
	wantAlive(t, e, left)
}
