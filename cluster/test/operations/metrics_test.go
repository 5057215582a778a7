// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// With --metrics-secure only those read metrics whom Kubernetes gives the right to, and
// the provider needs no other right for that than those of system:auth-delegator.
func TestSecureMetrics(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	account := framework.ServiceAccount(e.Namespace, "provider")
	e.Grant(account, e.ProviderRights()...)

	address := e.FreeAddress()
	proxy := e.StartProxy(account.As())

	p := e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()), elect(e, "--metrics-secure", withNames, "--metrics-bind-address="+address))

	tk := e.NewToken("named", e.CreateParent())
	tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15Z")
	e.Create(tk)
	e.WaitReady(tk)

	anybody, prometheus := tokenOf(t, e, "anybody"), tokenOf(t, e, "prometheus")
	e.Grant(framework.ServiceAccount(e.Namespace, "prometheus"), rbacv1.PolicyRule{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}})

	await := func(header string, want int) {
		t.Helper()
		e.Eventually("an answer", func() (bool, string) {
			status, _ := scrapeAs(t, address, header)
			return status == want, http.StatusText(status)
		})
	}

	// The provider cannot find out who may: nobody may.
	await("Bearer "+prometheus, http.StatusInternalServerError)

	if !strings.Contains(p.Log(), "system:auth-delegator") {
		t.Error("the log does not say which right the provider lacks")
	}

	e.Bind(account, "system:auth-delegator")
	await("Bearer "+prometheus, http.StatusOK)
	await("", http.StatusUnauthorized)
	await("Bearer nonsense", http.StatusUnauthorized)
	await("Basic "+prometheus, http.StatusUnauthorized)
	await("Bearer "+anybody, http.StatusForbidden)

	e.Eventually("the name of an object", func() (bool, string) {
		_, body := scrapeAs(t, address, "Bearer "+prometheus)
		return strings.Contains(body, `scaleway_secret_expiry_timestamp_seconds{kind="Token",name="named"`), "it is not there"
	})

	if status, body := e.Fetch(address, "/metrics"); status == http.StatusOK || strings.Contains(body, "scaleway_") {
		t.Errorf("metrics are served without TLS: %d", status)
	}

	if strings.Contains(p.Log(), "Metrics name objects") || strings.Contains(p.Log(), prometheus) {
		t.Error("the log warns without need, or tells a token")
	}
}

// tokenOf returns a bearer token of a new ServiceAccount.
func tokenOf(t *testing.T, e *framework.Env, name string) string {
	t.Helper()

	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: name}}
	e.Create(sa)

	r := &authenticationv1.TokenRequest{}
	if err := e.Client.SubResource("token").Create(t.Context(), sa, r); err != nil {
		t.Fatal(err)
	}

	return r.Status.Token
}

// scrapeAs returns what metrics are answered with to the header Authorization, or 0
// while they are not served.
func scrapeAs(t *testing.T, address, authorization string) (int, string) {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}

	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}

	// Nobody has signed the certificate.
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer c.CloseIdleConnections()

	resp, err := c.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()

	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}

	return resp.StatusCode, string(b)
}
