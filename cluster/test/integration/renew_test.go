// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"net/http"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// Nothing is minted, again and again, that cannot be published.
func TestRenewIntoImmutableSecret(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	tk, _ := e.CreateToken("immutable")
	e.WaitReady(tk)

	old := framework.ExternalName(tk)
	s := secretNamed(e, "immutable")
	e.Update(s, func() { s.Immutable = ptr.To(true) })
	e.Update(tk, func() { meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"}) })

	waitRefused(e, tk, "could not be published", "immutable")
	e.WaitPolled(routeTokens+"/{id}", 2)
	wantRequests(t, e, http.MethodPost, 1)
	wantAlive(t, e, old)
	wantPublished(t, e, "immutable", old)

	// The remedy. The process that has minted the token still has its value.
	e.Delete(s)
	e.Eventually("another token", func() (bool, string) {
		e.Get(tk)
		return framework.ExternalName(tk) != old, old
	})
	e.WaitReady(tk)
	wantPublished(t, e, "immutable", framework.ExternalName(tk))
	wantRequests(t, e, http.MethodPost, 2)
}

// A new value of the annotation has another token minted with the same
// arguments, and the old one revoked once the new one is published, whatever
// happens to the request.
func TestRenew(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		fault  *fakescaleway.Fault
		// posts that are sent, the first creation included.
		posts int
	}{
		"Undisturbed": {
			reason: "One request mints the new token.",
			posts:  2,
		},
		"AppliedButFailed": {
			reason: "A token whose value was lost on the way is revoked, and another minted.",
			fault:  &fakescaleway.Fault{Method: http.MethodPost, Route: routeTokens, Times: 1, Apply: true, Status: http.StatusBadGateway},
			posts:  3,
		},
		"Refused": {
			reason: "A refusal changes nothing, and is tried again.",
			fault:  &fakescaleway.Fault{Method: http.MethodPost, Route: routeTokens, Times: 1, Status: http.StatusForbidden, Body: `{"message":"no"}`},
			posts:  3,
		},
		"Dropped": {
			reason: "A request that never arrived is repeated once that is known.",
			fault:  &fakescaleway.Fault{Method: http.MethodPost, Route: routeTokens, Times: 1, DropBefore: true},
			posts:  3,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			e.StartProvider(framework.WithArgs("--request-timeout=1s"))

			ns := &v1beta1.ContainerNamespace{}
			e.Place(ns, "renew")

			tk := &v1beta1.Token{}
			e.Place(tk, "renew")
			// What is new needs no renewal.
			meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "from the start"})
			tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: ns.GetName()}
			tk.Spec.ForProvider.Description = ptr.To("renewed")
			tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: framework.SecretToken}

			e.Create(ns)
			e.Create(tk)
			e.WaitReady(ns, tk)

			old, value := framework.ExternalName(tk), string(e.SecretData(framework.SecretToken)["token"])

			if tc.fault != nil {
				e.Scaleway.Inject(*tc.fault)
			}

			e.Update(tk, func() { meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"}) })
			e.Eventually("another token, and only that", func() (bool, string) {
				e.Get(tk)

				alive := e.Scaleway.Tokens("")

				return framework.ExternalName(tk) != old && len(alive) == 1 && "fr-par/"+alive[0].ID == framework.ExternalName(tk), fmt.Sprintf("%s, %d alive", framework.ExternalName(tk), len(alive))
			})
			e.WaitReady(tk)

			data := e.SecretData(framework.SecretToken)

			claims, err := e.Scaleway.VerifyToken(string(data["token"]))
			if err != nil {
				t.Fatalf("\n%s\nthe Secret holds a token that Scaleway signed: %v", tc.reason, err)
			}

			if string(data["token"]) == value || string(data["attribute.token"]) != string(data["token"]) {
				t.Errorf("\n%s\nthe Secret holds the old value", tc.reason)
			}

			if diff := cmp.Diff(framework.ExternalName(tk), "fr-par/"+claims.ID); diff != "" {
				t.Errorf("\n%s\nthe Secret holds the token of the external name: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff("renewed", ptr.Deref(tk.Status.AtProvider.Description, "")); diff != "" {
				t.Errorf("\n%s\ndescription: -want, +got:\n%s", tc.reason, diff)
			}

			e.WaitPolled(routeTokens+"/{id}", 3)

			if diff := cmp.Diff(tc.posts, e.Scaleway.Count(http.MethodPost, routeTokens)); diff != "" {
				t.Errorf("\n%s\nrequests that mint: -want, +got:\n%s", tc.reason, diff)
			}

			e.Delete(tk)

			if n := len(e.Scaleway.Tokens("")); n != 0 {
				t.Errorf("\n%s\n%d tokens are alive after the deletion", tc.reason, n)
			}
		})
	}
}
