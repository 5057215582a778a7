// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"io"
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

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	configv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/providerconfig"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// successor is what a user is told to use when Scaleway creates no more tokens.
const successor = "ContainersPrivateAccess"

// unknownName is an external name that no object at Scaleway has.
const unknownName = "fr-par/99999999-9999-4999-8999-999999999999"

// setName sets the external name of a managed resource, or removes it.
func setName(e *framework.Env, mg xpresource.ModernManaged, name string) {
	e.Update(mg, func() {
		meta.RemoveAnnotations(mg, meta.AnnotationKeyExternalName)

		if name != "" {
			meta.SetExternalName(mg, name)
		}
	})
}

// An external name that Scaleway does not know is a mistake of the user, and no
// reason to mint.
func TestUnknownExternalName(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk := e.NewToken("unknown", e.CreateParent())
	meta.SetExternalName(tk, unknownName)
	e.Create(tk)

	waitRefused(e, tk, unknownName, "did not create", "correct it, or remove it")
	e.WaitPolled(fakescaleway.RouteToken, 2)
	wantRequests(t, e, http.MethodPost, 0)

	// The remedy.
	setName(e, tk, "")
	e.WaitReady(tk)
	wantRequests(t, e, http.MethodPost, 1)
	wantPublished(t, e, "unknown", framework.ExternalName(tk))
}

// Nothing is written at Scaleway while the external name of a Token differs from
// the token it is, whatever is asked for.
func TestExternalNameChanged(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, parent := e.CreateToken("changed")
	e.WaitReady(tk)

	name := framework.ExternalName(tk)
	theirs, _ := e.CreateTokenOutside(parent, "theirs")

	for _, other := range []string{unknownName, theirs} {
		setName(e, tk, other)
		waitRefused(e, tk, other, name, "set it back")
		setName(e, tk, name)
		e.WaitReady(tk)
	}

	// Also after a restart, and for a Token that is being deleted.
	e.Provider.Stop()
	setName(e, tk, theirs)

	if err := e.Client.Delete(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	e.StartProvider()
	waitRefused(e, tk, theirs, name, "set it back")

	if diff := cmp.Diff(map[string]int{http.MethodPost: 1}, providerWrites(e)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	setName(e, tk, name)
	e.WaitGone(tk)
	wantAlive(t, e, theirs)
}

// An external name that is taken away is restored: the object is not forgotten,
// and nothing is minted in its place.
func TestExternalNameRemoved(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("removed")
	e.WaitReady(tk)

	name := framework.ExternalName(tk)
	restored := func() {
		e.Eventually("the external name to be restored", func() (bool, string) {
			e.Get(tk)
			return framework.ExternalName(tk) == name, framework.ExternalName(tk)
		})
		e.WaitReady(tk)
	}

	setName(e, tk, "")
	restored()

	// With all annotations, as "kubectl replace" does, and a process that remembers
	// nothing.
	e.Provider.Stop()
	e.Update(tk, func() { tk.SetAnnotations(nil) })
	e.StartProvider()
	restored()

	wantRequests(t, e, http.MethodPost, 1)
	wantAlive(t, e, name)
	wantPublished(t, e, "removed", name)

	// A Token that is being deleted needs its name too.
	e.Provider.Stop()
	setName(e, tk, "")

	if err := e.Client.Delete(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	e.StartProvider()
	e.WaitGone(tk)
	wantAlive(t, e)
}

// Of two Tokens that are one token, neither revokes it under the other.
func TestExternalNameShared(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	parent := e.CreateParent()

	// share returns a Token, and an imported one that is the same token.
	share := func(name string) (minted, imported *v1beta1.Token) {
		minted = e.NewToken(name, parent)
		e.Create(minted)
		e.WaitReady(minted)
		age(e, minted)

		imported = e.NewToken(name+"-imported", parent)
		imported.Spec.ForProvider.Description = ptr.To(name)
		imported.Spec.WriteConnectionSecretToReference = nil
		meta.SetExternalName(imported, framework.ExternalName(minted))
		e.Create(imported)

		waitRefused(e, minted, framework.ExternalName(minted), e.Namespace+"/"+imported.GetName())
		waitRefused(e, imported, framework.ExternalName(minted), e.Namespace+"/"+minted.GetName())

		return minted, imported
	}

	for name, inOrder := range map[string]func(minted, imported *v1beta1.Token) (first, last *v1beta1.Token){
		"minted-first":   func(minted, imported *v1beta1.Token) (first, last *v1beta1.Token) { return minted, imported },
		"imported-first": func(minted, imported *v1beta1.Token) (first, last *v1beta1.Token) { return imported, minted },
	} {
		t.Run(name, func(t *testing.T) {
			first, last := inOrder(share(name))

			e.Delete(first)
			wantAlive(t, e, framework.ExternalName(last))
			e.WaitReady(last)
			wantAlive(t, e, framework.ExternalName(last))

			e.Delete(last)
			wantAlive(t, e)
		})
	}
}

// Two Tokens that are one token, and are deleted one right after the other, do not
// both leave it to the other.
func TestExternalNameSharedByDeleted(t *testing.T) {
	t.Parallel()

	const pairs = 5

	e := framework.New(t)
	e.StartProvider()

	parent := e.CreateParent()

	var tokens [pairs][2]*v1beta1.Token

	for i := range tokens {
		name, _ := e.CreateTokenOutside(parent, "shared")

		for j := range tokens[i] {
			tk := e.NewToken(fmt.Sprintf("shared-%d-%d", i, j), parent)
			tk.Spec.ForProvider.Description = ptr.To("shared")
			tk.Spec.WriteConnectionSecretToReference = nil
			meta.SetExternalName(tk, name)
			e.Create(tk)

			tokens[i][j] = tk
		}

		for _, tk := range tokens[i] {
			waitRefused(e, tk, name)
			// As in the copy of a manifest that was read from the API server.
			e.Update(tk, func() { meta.AddFinalizer(tk, xpmanaged.FinalizerName) })
		}
	}

	for _, pair := range tokens {
		for _, tk := range byUID(pair) {
			if err := e.Client.Delete(t.Context(), tk); err != nil {
				t.Fatal(err)
			}
		}
	}

	for _, pair := range tokens {
		e.WaitGone(pair[0])
		e.WaitGone(pair[1])
	}

	wantAlive(t, e)
	wantRequests(t, e, http.MethodPost, 0)
}

// byUID returns the pair with the greater UID first.
func byUID(pair [2]*v1beta1.Token) []*v1beta1.Token {
	return slices.SortedFunc(slices.Values(pair[:]), func(a, b *v1beta1.Token) int {
		return strings.Compare(string(b.GetUID()), string(a.GetUID()))
	})
}

// A token that somebody has deleted is minted again, once.
func TestDeletedBehindTheBack(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("again")
	e.WaitReady(tk)
	age(e, tk)

	old, value := framework.ExternalName(tk), string(e.SecretData("again")[keyToken])

	if err := e.Scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(t, tk)); err != nil {
		t.Fatal(err)
	}

	e.Eventually("another token to be observed", func() (bool, string) {
		e.Get(tk)
		id := ptr.Deref(tk.Status.AtProvider.ID, "")

		return id != old && id == framework.ExternalName(tk), id
	})
	e.WaitReady(tk)
	e.WaitPolled(fakescaleway.RouteToken, 3)

	wantRequests(t, e, http.MethodPost, 2)
	wantRequests(t, e, http.MethodDelete, 0)
	wantAlive(t, e, framework.ExternalName(tk))
	wantPublished(t, e, "again", framework.ExternalName(tk))

	if value == string(e.SecretData("again")[keyToken]) {
		t.Error("the Secret still holds the old value")
	}
}

// A token that somebody has deleted is not minted again where nobody could read
// the new one.
func TestDeletedBehindTheBackWithoutSecret(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("nowhere")
	e.WaitReady(tk)
	age(e, tk)
	e.Update(tk, func() { tk.Spec.WriteConnectionSecretToReference = nil })

	if err := e.Scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(t, tk)); err != nil {
		t.Fatal(err)
	}

	waitRefused(e, tk, "in place of the one that is gone", "spec.writeConnectionSecretToRef is not set")
	e.WaitPolled(fakescaleway.RouteToken, 2)
	wantRequests(t, e, http.MethodPost, 1)
	wantAlive(t, e)

	// The remedy.
	e.Update(tk, func() { tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "somewhere"} })
	e.WaitReady(tk)
	wantPublished(t, e, "somewhere", framework.ExternalName(tk))
	wantRequests(t, e, http.MethodPost, 2)
}

// An API that does not answer for tokens any more has lost none of them.
func TestNotFoundIsConfirmed(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("confirmed")
	e.WaitReady(tk)
	age(e, tk)

	answer := func(status int) string {
		if status == http.StatusNotFound {
			return fakescaleway.NotFound("token", uuidOf(t, tk)).Body
		}

		return fakescaleway.PlainError(status, http.StatusText(status)).Body
	}

	cases := []struct {
		name string
		// get and list are the statuses of the answers, if they are not as usual.
		get, list int
		want      string
	}{
		{name: "ListNotFound", get: http.StatusNotFound, list: http.StatusNotFound, want: successor},
		{name: "ListMethodNotAllowed", get: http.StatusNotFound, list: http.StatusMethodNotAllowed, want: successor},
		{name: "ListGone", get: http.StatusNotFound, list: http.StatusGone, want: successor},
		{name: "ListNotImplemented", get: http.StatusNotFound, list: http.StatusNotImplemented, want: successor},
		{name: "ListForbidden", get: http.StatusNotFound, list: http.StatusForbidden, want: "cannot be confirmed"},
		{name: "ListUnavailable", get: http.StatusNotFound, list: http.StatusServiceUnavailable, want: "cannot be confirmed"},
		{name: "AllMethodNotAllowed", get: http.StatusMethodNotAllowed, list: http.StatusMethodNotAllowed, want: successor},
		{name: "AllGone", get: http.StatusGone, list: http.StatusGone, want: successor},
		{name: "AllNotImplemented", get: http.StatusNotImplemented, list: http.StatusNotImplemented, want: successor},
		{name: "Listed", get: http.StatusNotFound, want: "but lists it"},
	}

	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for route, status := range map[string]int{fakescaleway.RouteToken: tc.get, fakescaleway.RouteTokens: tc.list} {
				if status == 0 {
					continue
				}

				fault := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: route, Status: status, Body: answer(status)})
				defer fault.Remove()
			}

			c := e.WaitCondition(tk, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
			if !strings.Contains(c.Message, tc.want) {
				t.Errorf("the condition does not say %q: %s", tc.want, c.Message)
			}

			e.WaitPolled(fakescaleway.RouteToken, 1)
		})

		e.WaitReady(tk)
	}

	wantRequests(t, e, http.MethodPost, 1)
	wantAlive(t, e, framework.ExternalName(tk))
}

// Where Scaleway refuses to mint, the condition says what to do, and the next
// request waits for the back-off.
func TestMintingRefused(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	cases := map[string]struct {
		status int
		want   string
	}{
		"forbidden":   {status: http.StatusForbidden, want: "token creation has been disabled"},
		"not-allowed": {status: http.StatusMethodNotAllowed, want: successor},
		"gone":        {status: http.StatusGone, want: successor},
		"ended":       {status: http.StatusNotImplemented, want: successor},
	}

	// What is not Synced is reconciled at once when the credentials come to work.
	pc := &configv1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: "default"}}
	e.WaitConfig(pc, providerconfig.ReasonValid)

	parent := e.CreateParent()

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			// Before the mark is the description, which is the Token's name.
			mine := func(body []byte) bool { return strings.Contains(string(body), `"`+name+` `) }

			fault := e.Scaleway.Inject(fakescaleway.Fault{
				Method: http.MethodPost, Route: fakescaleway.RouteTokens,
				Match: func(r *http.Request) bool {
					b, err := io.ReadAll(r.Body)
					return err == nil && mine(b)
				},
				Status: tc.status, Body: `{"message":"token creation has been disabled"}`,
			})

			tk := e.NewToken(name, parent)
			e.Create(tk)
			waitRefused(e, tk, tc.want)

			var posts []fakescaleway.Request

			e.Eventually("four requests", func() (bool, string) {
				posts = slices.DeleteFunc(e.TokenRequests(http.MethodPost), func(r fakescaleway.Request) bool { return !mine(r.Body) })
				return len(posts) >= 4, fmt.Sprintf("%d were sent", len(posts))
			})

			// The first back-off is one second, and each one is twice the last.
			for i, least := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
				if gap := posts[i+1].Time.Sub(posts[i].Time); gap < least*9/10 {
					t.Errorf("request %d came %s after the one before, want at least %s", i+2, gap, least)
				}
			}

			fault.Remove()
			e.WaitReady(tk)
			wantPublished(t, e, name, framework.ExternalName(tk))
		})
	}
}

// Without the late initialisation of arguments, the external name is kept all the
// same.
func TestPolicyWithoutLateInitialize(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.NewFamily()
	for _, s := range f.Secrets {
		e.Create(s)
	}

	for _, mg := range f.Managed() {
		mg.SetManagementPolicies(xpv1.ManagementPolicies{
			xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate, xpv1.ManagementActionDelete,
		})
		e.Create(mg)
	}

	e.WaitReady(f.Managed()...)

	names := map[string]string{}
	for _, mg := range f.Managed() {
		names[fmt.Sprintf("%T", mg)] = framework.ExternalName(mg)
	}

	alive := e.Scaleway.Alive()

	e.Scaleway.ResetRequests()
	restart(e)

	e.WaitFamilyPolled(f, 3)

	e.WaitReady(f.Managed()...)

	for _, mg := range f.Managed() {
		kind := fmt.Sprintf("%T", mg)
		if names[kind] == "" || framework.ExternalName(mg) != names[kind] {
			t.Errorf("%s: external name %q, after a restart %q", kind, names[kind], framework.ExternalName(mg))
		}
	}

	if diff := cmp.Diff(map[string]int{}, writes(e.Scaleway)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(alive, e.Scaleway.Alive()); diff != "" {
		t.Errorf("objects at Scaleway: -want, +got:\n%s", diff)
	}
}

// What is only observed is never written, and is left when the object goes.
func TestPolicyObserve(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	name, _ := e.CreateTokenOutside(e.CreateParent(), "observed")

	tk := &v1beta1.Token{} // No argument is needed.
	e.Place(tk, "observed")
	tk.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})
	meta.SetExternalName(tk, name)
	e.Create(tk)
	e.WaitReady(tk)

	if diff := cmp.Diff("observed", ptr.Deref(tk.Status.AtProvider.Description, "")); diff != "" {
		t.Errorf("status.atProvider.description: -want, +got:\n%s", diff)
	}

	e.Delete(tk)

	// What does not exist is not created.
	missing := &v1beta1.Token{}
	e.Place(missing, "missing")
	missing.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve})
	meta.SetExternalName(missing, unknownName)
	e.Create(missing)
	waitRefused(e, missing, unknownName)
	e.Delete(missing)

	if diff := cmp.Diff(map[string]int{}, providerWrites(e)); diff != "" {
		t.Errorf("writes at Scaleway: -want, +got:\n%s", diff)
	}

	wantAlive(t, e, name)
}

// What may not be deleted is left when the object goes.
func TestPolicyOrphan(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk := e.NewToken("orphan", e.CreateParent())
	tk.SetManagementPolicies(xpv1.ManagementPolicies{
		xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate, xpv1.ManagementActionLateInitialize,
	})
	e.Create(tk)
	e.WaitReady(tk)

	e.Delete(tk)
	wantRequests(t, e, http.MethodDelete, 0)
	wantAlive(t, e, framework.ExternalName(tk))
}
