// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/controller/namespaced/providerconfig"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// routes of the API that the tests look at.
const (
	routeNamespaces = fakescaleway.RouteNamespaces
	routeNamespace  = routeNamespaces + "/{id}"
)

// newNamespace returns a container namespace that uses a ProviderConfig of the Env.
func newNamespace(e *framework.Env, name, config string) *containerv1beta1.ContainerNamespace {
	ns := &containerv1beta1.ContainerNamespace{}
	e.Place(ns, name)
	ns.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: config})

	return ns
}

// setSecret makes the data all that a Secret holds, and creates it if need be.
func setSecret(t *testing.T, e *framework.Env, name string, data map[string]string) {
	t.Helper()

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}, StringData: data}

	err := e.Client.Create(t.Context(), s)
	if err == nil {
		return
	}

	if !kerrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}

	e.Update(s, func() { s.Data, s.StringData = nil, data })
}

// createConfig creates a ProviderConfig that reads a Secret of its name, which need
// not exist.
func createConfig(e *framework.Env, name, key string) *v1beta1.ProviderConfig {
	pc := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
	pc.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	pc.Spec.Credentials.SecretRef.Name = name
	pc.Spec.Credentials.SecretRef.Key = key
	e.Create(pc)

	return pc
}

// variables returns the credentials of a key as separate keys of a Secret.
func variables(e *framework.Env, k fakescaleway.Key) map[string]string {
	return map[string]string{
		"SCW_ACCESS_KEY": k.AccessKey, "SCW_SECRET_KEY": k.SecretKey, "SCW_API_URL": e.Scaleway.URL(),
		"SCW_DEFAULT_PROJECT_ID": k.ProjectID, "SCW_DEFAULT_ORGANIZATION_ID": k.OrganizationID,
	}
}

// usedBy counts the requests that carried the secret key.
func usedBy(e *framework.Env, secretKey string) int {
	n := 0

	for _, r := range e.Scaleway.Requests() {
		if r.SecretKey == secretKey {
			n++
		}
	}

	return n
}

// Credentials that cannot be used are an error on the ProviderConfig and on what
// uses it, which says where they are and what is wrong, and no call is made. Once
// they are put right, both recover.
func TestUnusableCredentials(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	// text is the key of the Secret that holds JSON.
	const text = "text"

	// json changes the JSON form.
	json := func(change func(good string) string) func(fakescaleway.Key) map[string]string {
		return func(k fakescaleway.Key) map[string]string { return map[string]string{text: change(e.Credentials(k))} }
	}
	// with changes the separate keys.
	with := func(change func(good map[string]string)) func(fakescaleway.Key) map[string]string {
		return func(k fakescaleway.Key) map[string]string {
			v := variables(e, k)
			change(v)

			return v
		}
	}
	apiURL := func(change func(host string) string) func(fakescaleway.Key) map[string]string {
		return json(func(good string) string {
			return strings.Replace(good, e.Scaleway.URL(), change(strings.TrimPrefix(e.Scaleway.URL(), "http://")), 1)
		})
	}
	port := func(host string) string { return host[strings.LastIndex(host, ":"):] }

	cases := map[string]struct {
		reason string
		data   func(fakescaleway.Key) map[string]string
		// key that the ProviderConfig names; empty for separate keys.
		key  string
		want string
	}{
		"secret-missing": {
			reason: "There is nothing to fall back to.",
			key:    text, want: "cannot get the Secret",
		},
		"key-missing": {
			reason: "An absent key is not an empty one.",
			data:   json(func(good string) string { return good }), key: "other", want: "the Secret has no such key",
		},
		"malformed-json": {
			reason: "What is not JSON is not taken for something else.",
			data:   json(func(good string) string { return strings.TrimSuffix(good, "}") }), key: text, want: "not a JSON object",
		},
		"malformed-access-key": {
			reason: "Scaleway never sees the access key, so that nobody else would notice.",
			data:   json(func(good string) string { return strings.Replace(good, `"SCW`, `"scw`, 1) }), key: text, want: "access_key is malformed",
		},
		"no-secret-key": {
			reason: "Scaleway's code would send requests without a key.",
			data:   json(func(good string) string { return strings.Replace(good, "secret_key", "zone", 1) }), key: text, want: "secret_key is missing",
		},
		"no-access-key": {
			reason: "Half a key pair is none.",
			data:   json(func(good string) string { return strings.Replace(good, "access_key", "region", 1) }), key: text, want: "access_key is missing",
		},
		"variables-half": {
			reason: "Nor in the other form.",
			data:   with(func(v map[string]string) { delete(v, "SCW_SECRET_KEY") }), want: "SCW_SECRET_KEY is missing",
		},
		"variables-unknown": {
			reason: "It would silently be without effect.",
			data:   with(func(v map[string]string) { v["SCW_PROFILE"] = "other" }), want: `key "SCW_PROFILE" is not one of`,
		},
		"variables-none": {
			reason: "The error says what may be missing.",
			data:   with(func(v map[string]string) { clear(v); v["credentials"] = "{}" }), want: "it has neither the key SCW_ACCESS_KEY nor SCW_SECRET_KEY",
		},
		"api-url-in-cluster": {
			reason: "A tenant must not have the provider call what only the provider reaches.",
			data:   apiURL(func(string) string { return "http://kubernetes.default.svc" }), key: text, want: `api_url "http://kubernetes.default.svc" is not allowed`,
		},
		"api-url-variables": {
			reason: "Nor in the other form.",
			data:   with(func(v map[string]string) { v["SCW_API_URL"] = "http://169.254.169.254" }), want: `SCW_API_URL "http://169.254.169.254" is not allowed`,
		},
		"api-url-https": {
			reason: "Another scheme is another address.",
			data:   apiURL(func(host string) string { return "https://" + host }), key: text, want: "is not allowed",
		},
		"api-url-upper-case": {
			reason: "An address is allowed as it is written.",
			data:   apiURL(func(host string) string { return "HTTP://" + host }), key: text, want: "is not allowed",
		},
		"api-url-user": {
			reason: "What looks like the allowed host is a user name here.",
			data:   apiURL(func(host string) string { return "http://" + host + "@localhost" + port(host) }), key: text, want: "api_url (not shown, because it may hold a password) is not allowed",
		},
		"api-url-trailing-dot": {
			reason: "It is the same host, by another name.",
			data:   apiURL(func(host string) string { return "http://localhost." + port(host) }), key: text, want: "is not allowed",
		},
		"api-url-port": {
			reason: "Another port is another service.",
			data:   apiURL(func(host string) string { return "http://" + strings.TrimSuffix(host, port(host)) + ":10250" }), key: text, want: "is not allowed",
		},
		"api-url-path": {
			reason: "An allowed address is no prefix.",
			data:   apiURL(func(host string) string { return "http://" + host + "/../" }), key: text, want: "is not allowed",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			key := e.NewKey()

			if tc.data != nil {
				setSecret(t, e, name, tc.data(key))
			}

			pc := createConfig(e, name, tc.key)
			ns := newNamespace(e, name, name)
			e.Create(ns)

			ready := e.WaitConfig(pc, providerconfig.ReasonUnusable)
			synced := e.WaitCondition(ns, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
			said := e.WaitEvent(pc, string(providerconfig.ReasonUnusable))

			want := []string{fmt.Sprintf("ProviderConfig %q: ", e.Namespace+"/"+name), fmt.Sprintf("Secret %q: ", e.Namespace+"/"+name), tc.want}
			if tc.key != "" {
				want = append(want, fmt.Sprintf("key %q of Secret ", tc.key))
			}

			for where, message := range map[string]string{"the ProviderConfig": ready.Message, "its event": said.Message, "the managed resource": synced.Message} {
				for _, w := range want {
					if !strings.Contains(message, w) {
						t.Errorf("\n%s\n%s does not say %q: %s", tc.reason, where, w, message)
					}
				}

				if strings.Contains(message, key.SecretKey) {
					t.Errorf("%s holds the secret key: %s", where, message)
				}
			}

			if n := usedBy(e, key.SecretKey); n > 0 {
				t.Errorf("\n%s\n%d requests with the key, want none", tc.reason, n)
			}

			good := variables(e, key)
			if tc.key != "" {
				good = map[string]string{tc.key: e.Credentials(key)}
			}

			setSecret(t, e, name, maps.Clone(good))
			e.WaitConfig(pc, providerconfig.ReasonValid)
			e.WaitReady(ns)
		})
	}

	t.Cleanup(func() {
		if n := usedBy(e, ""); n > 0 {
			t.Errorf("%d requests without a key, want none", n)
		}
	})
}
