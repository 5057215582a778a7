// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	configv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/dependents"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// ownCredentials say that each ProviderConfig has the key that is named paris, which
// Scaleway refuses.
type ownCredentials struct{}

func (ownCredentials) AccessKey(context.Context, client.Object) (string, error) { return paris, nil }
func (ownCredentials) SecretOf(client.Object) types.NamespacedName              { return types.NamespacedName{} }
func (ownCredentials) Suspend([]string) func()                                  { return func() {} }
func (ownCredentials) Refuses(context.Context, xpresource.ModernManaged) bool   { return true }
func (ownCredentials) Keys(context.Context, xpresource.ModernManaged, string, string) ([]string, error) {
	return nil, nil
}

// What somebody needs is not deleted, and the user is told how to let go of it. What has
// deleted itself is gone.
func TestDeleteWhatIsNeeded(t *testing.T) {
	scheme := kruntime.NewScheme()
	if err := configv1beta1.SchemeBuilder.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}

	b, u := newBench(t), newUpjet()
	tk := b.Token(func(tk *v1beta1.Token) {
		deleted(tk)
		meta.SetExternalName(tk, paris)
		tk.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: configv1beta1.ProviderConfigKind, Name: "default"})
	})

	usage := &configv1beta1.ProviderConfigUsage{ObjectMeta: metav1.ObjectMeta{
		Namespace: tk.GetNamespace(), Name: "another",
		Labels: map[string]string{xpv1.LabelKeyProviderName: "default", xpv1.LabelKeyProviderKind: configv1beta1.ProviderConfigKind},
	}}
	usage.SetProviderConfigReference(*tk.GetProviderConfigReference())

	kube := fake.NewClientBuilder().WithScheme(scheme).WithObjects(usage,
		&configv1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: tk.GetNamespace(), Name: "default"}}).Build()

	c := b.connector(u)
	c.resource.Authentication = &resource.Authentication{IsKey: true}
	c.dependents = dependents.New(dependents.Options{
		Resource: c.resource, Kube: kube, Live: kube, Scheme: scheme, Credentials: ownCredentials{}, Scaleway: ownCredentials{},
	})

	_, err := u.client(t, c).Delete(t.Context(), tk)
	wantErr(t, "Another object uses it.", release.Annotation+"="+paris, err)
	wantErr(t, "Another object uses it.", "delete those first", err)

	if len(u.did) > 0 {
		t.Errorf("upjet did %v", u.did)
	}

	if err := kube.Delete(t.Context(), usage); err != nil {
		t.Fatal(err)
	}

	if _, err := u.client(t, c).Delete(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string{"connect", "delete"}, u.did); diff != "" {
		t.Errorf("what upjet did: -want, +got:\n%s", diff)
	}

	for name, tc := range map[string]struct {
		reason  string
		deleted bool
		did     []string
	}{
		"Unknown": {"That the credentials are refused proves nothing.", false, []string{"connect"}},
		"Deleted": {"Scaleway has said that it is deleted, and there is nobody to ask.", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			u.did = nil

			if tc.deleted {
				c.deleted.Store(tk.GetUID(), paris)
				defer c.deleted.Delete(tk.GetUID())
			}

			if _, err := c.Connect(t.Context(), tk); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.did, u.did); diff != "" {
				t.Errorf("\n%s\nwhat upjet did: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What Scaleway tells of API keys.
func TestKeyReader(t *testing.T) {
	resources := map[string]resource.Resource{}
	for _, r := range config.Resources() {
		resources[r.Name] = r
	}

	cases := map[string]struct {
		reason  string
		status  int
		body    string
		want    []string
		wantErr bool
		refuses bool
	}{
		"Some": {
			reason: "What the list has besides is no key of the application's.", status: http.StatusOK,
			body: `{"api_keys":[{"access_key":"SCW1","application_id":"a"},{"access_key":"SCW2","application_id":"b"}],"total_count":2}`, want: []string{"SCW1"},
		},
		"NotAllowed": {reason: "It may be allowed to delete.", status: http.StatusForbidden, body: `{"type":"permissions_denied"}`, refuses: true},
		"Unknown":    {reason: "It cannot delete either.", status: http.StatusUnauthorized, body: `{"type":"denied_authentication"}`, refuses: true},
		"Away":       {reason: "Nobody knows.", status: http.StatusInternalServerError, body: `{}`, wantErr: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var asked string

			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("application_id") != "" {
					asked = r.URL.Path + "?" + r.URL.Query().Get("organization_id")
				}

				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tc.status)
				_, _ = fmt.Fprint(w, tc.body)
			}))
			defer s.Close()

			r := keyReader{
				connector: &Connector{resource: resources["scaleway_iam_application"]}, resources: resources,
				api: func(context.Context, client.Client, xpresource.ModernManaged) (*clients.API, ujterraform.ProviderConfiguration, error) {
					api, err := clients.NewAPI(clients.Credentials{AccessKey: "SCWXXXXXXXXXXXXXXXXX", SecretKey: ownUID, APIURL: s.URL})
					return api, ujterraform.ProviderConfiguration{"organization_id": "organization"}, err
				},
			}

			got, err := r.Keys(t.Context(), nil, "application_id", "a")
			if (err != nil) != tc.wantErr {
				t.Errorf("\n%s\nKeys(...): want an error: %t, got %v", tc.reason, tc.wantErr, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nKeys(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff("/iam/v1alpha1/api-keys?organization", asked); diff != "" {
				t.Errorf("\n%s\nwhat was asked: -want, +got:\n%s", tc.reason, diff)
			}

			mg := &v1beta1.Token{}
			meta.SetExternalName(mg, ownUID)

			if diff := cmp.Diff(tc.refuses, r.Refuses(t.Context(), mg)); diff != "" {
				t.Errorf("\n%s\nRefuses(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
