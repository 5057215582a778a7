// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// platform is the API version of the composites among the examples.
const platform = "platform.example.org/v1alpha1"

// What the examples of compositions create, each with the Secret that it promises,
// and what it has made at Scaleway. All of them promise the same keys.
var promised = []struct {
	kind, name string
	example    []string
	secret     string
	makes      map[fakescaleway.Kind]int
}{
	{"ContainerAccess", "reporting", []string{"containeraccess", "containeraccess.yaml"}, "reporting-access", madeOfKey},
	{"ContainerAccessClaim", "reporting", []string{"containeraccess-claim", "claim.yaml"}, "reporting-claim", madeOfKey},
	{"PrivateApplication", "reports", []string{"privateapplication", "privateapplication.yaml"}, "reports-connection", map[fakescaleway.Kind]int{
		fakescaleway.KindNamespace: 1, fakescaleway.KindContainer: 1, fakescaleway.KindToken: 1,
	}},
}

var madeOfKey = map[fakescaleway.Kind]int{fakescaleway.KindApplication: 1, fakescaleway.KindPolicy: 1, fakescaleway.KindAPIKey: 1}

// Keys of a promised Secret.
const (
	keyToken    = "token"
	keyEndpoint = "endpoint"
)

// composeExamples has a team use the compositions among the examples. The promised Secrets must arrive, and open the container.
func (s *suite) composeExamples(t *testing.T) {
	for _, p := range promised {
		s.applyExample(t, append([]string{"compositions"}, p.example...)...)
	}

	for _, p := range promised {
		s.waitTrue(t, object(platform, p.kind, team, p.name), "Ready", "Synced")
	}

	s.secrets = s.promisedSecrets(t)

	for _, p := range promised {
		if status := call(t, s.secrets[p.secret]); status != http.StatusOK {
			t.Errorf("%s: what the Secret holds should open the container, which answers %d", p.kind, status)
		}
	}
}

// call the container that a Secret is about as the Secret says, and return the status
// with which it answers.
func call(t *testing.T, secret map[string]string) int {
	t.Helper()

	status, err := callAs(t.Context(), secret[keyEndpoint], secret[keyToken])
	if err != nil {
		t.Fatal(err)
	}

	return status
}

// callAs calls a container with a value, and returns the status with which it answers.
func callAs(ctx context.Context, endpoint, value string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return 0, err
	}

	req.Header.Set("X-Auth-Token", value)

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}

	return resp.StatusCode, resp.Body.Close()
}

// promisedSecrets returns the promised Secrets once they have the promised keys.
func (s *suite) promisedSecrets(t *testing.T) map[string]map[string]string {
	t.Helper()

	e := s.env(t)
	found := map[string]map[string]string{}

	for _, p := range promised {
		e.Eventually(fmt.Sprintf("Secret %s of %s", p.secret, p.kind), func() (bool, string) {
			data := map[string]string{}
			for k, v := range e.SecretData(p.secret) {
				data[k] = string(v)
			}

			found[p.secret] = data
			diff := cmp.Diff([]string{keyEndpoint, keyToken}, slices.Sorted(maps.Keys(data)))

			return diff == "", diff
		})
	}

	return found
}

// surviveRestart kills the provider. Connection details are still there once the
// next process has looked at every Token.
func (s *suite) surviveRestart(t *testing.T) {
	s.restart(t, syscall.SIGKILL)

	e := s.env(t)
	e.WaitPolled(fakescaleway.RouteToken, 2*len(s.scaleway.Tokens("")))

	for _, p := range promised {
		s.waitTrue(t, object(platform, p.kind, team, p.name), "Ready", "Synced")
	}

	if diff := cmp.Diff(s.secrets, s.promisedSecrets(t)); diff != "" {
		t.Errorf("Secrets before and after a restart of the provider: -before, +after:\n%s", diff)
	}
}

// renew has the credential of a composite renewed by a field of the composite.
func (s *suite) renew(t *testing.T) {
	e := s.env(t)

	for _, p := range promised {
		set(t, e, object(platform, p.kind, team, p.name), "renew", "1")
	}

	for _, p := range promised {
		e.Eventually("another value in Secret "+p.secret, func() (bool, string) {
			value := string(e.SecretData(p.secret)[keyToken])
			return value != "" && value != s.secrets[p.secret][keyToken], "it is the same"
		})
	}

	for _, p := range promised {
		s.waitTrue(t, object(platform, p.kind, team, p.name), "Ready", "Synced")
	}

	s.secrets = s.promisedSecrets(t)
}

// showRefusal has a team ask for access that has expired. The composite says so.
func (s *suite) showRefusal(t *testing.T) {
	access := func(kind, name string) *unstructured.Unstructured {
		u := object(platform, kind, team, name)
		u.Object["spec"] = map[string]any{
			"to":        map[string]any{"containerName": "token-example"},
			"expiresAt": "2020-01-01T00:00:00Z",
		}

		return u
	}

	for _, kind := range []string{"ContainerAccess", "ContainerAccessClaim"} {
		refused := access(kind, "refused")
		if err := s.Client.Create(t.Context(), refused); err != nil {
			t.Fatal(err)
		}

		s.waitUnready(t, refused, "Synced", "", "expire")

		credential := s.credential(t, refused)
		s.env(t).Delete(refused)
		s.env(t).WaitGone(credential)
	}
}

// showLoss takes the Secret of a Token or an ApiKey away. The composite says that the
// value is lost.
func (s *suite) showLoss(t *testing.T) {
	e := s.env(t)

	for _, p := range promised {
		credential := s.credential(t, object(platform, p.kind, team, p.name))
		name, _, _ := unstructured.NestedString(credential.Object, "spec", "writeConnectionSecretToRef", "name")

		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: name}}
		if err := s.Client.Delete(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}

	for _, p := range promised {
		s.waitUnready(t, object(platform, p.kind, team, p.name), "Ready", "SecretLost", "renew")
	}

	// What the message says helps.
	for _, p := range promised {
		xr := object(platform, p.kind, team, p.name)
		set(t, e, xr, "renew", "2")
		s.waitTrue(t, xr, "Ready", "Synced")
	}

	s.secrets = s.promisedSecrets(t)
}

// set a field of the spec of a composite, or of a claim.
func set(t *testing.T, e *framework.Env, xr *unstructured.Unstructured, field, value string) {
	t.Helper()

	e.Update(xr, func() {
		if err := unstructured.SetNestedField(xr.Object, value, "spec", field); err != nil {
			t.Fatal(err)
		}
	})
}

// credential of a composite, or of a claim: the Token or the ApiKey of which its
// status tells, or the one Token that it has.
func (s *suite) credential(t *testing.T, xr *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()

	s.env(t).Get(xr)

	told := credentialStatus(xr)
	kind, name := told["kind"], told["name"]

	if kind == nil {
		kind, name = "Token", s.composed(t, xr.GetName(), "Token")
	}

	if name == nil {
		t.Fatalf("%s %s does not tell what it consists of", xr.GetKind(), xr.GetName())
	}

	apiVersion := group + "/v1beta1"
	if kind == "ApiKey" {
		apiVersion = "iam.scaleway.m.crossplane.io/v1beta1"
	}

	u := object(apiVersion, fmt.Sprint(kind), team, fmt.Sprint(name))
	s.env(t).Get(u)

	return u
}

// credentialStatus is what a composite tells of the credential that it consists of.
func credentialStatus(xr *unstructured.Unstructured) map[string]any {
	for _, field := range []string{"credential", "token"} {
		if told, ok, _ := unstructured.NestedMap(xr.Object, "status", field); ok {
			return told
		}
	}

	return nil
}

// waitUnready waits until a composite is not Ready, and says why: in a condition of
// its Token or ApiKey that it repeats.
func (s *suite) waitUnready(t *testing.T, xr *unstructured.Unstructured, conditionType, reason, message string) {
	t.Helper()

	said := ""

	s.env(t).Eventually(fmt.Sprintf("%s %s to say what is wrong", xr.GetKind(), xr.GetName()), func() (bool, string) {
		if err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(xr), xr); err != nil {
			return false, err.Error()
		}

		status, itself, why := condition(xr, "Ready")
		its, itsReason, itsMessage := condition(&unstructured.Unstructured{Object: map[string]any{"status": credentialStatus(xr)}}, conditionType)

		said = fmt.Sprintf("Ready is %s (%s: %s); %s of its credential is %s (%s: %s)", status, itself, why, conditionType, its, itsReason, itsMessage)

		return status == "False" && its == "False" && (reason == "" || itsReason == reason) && strings.Contains(itsMessage, message), said
	})

	say("%s %s: %s", xr.GetKind(), xr.GetName(), said)
}

// deleteExamples deletes what the team has created. The Secrets go too, and the
// private application is taken apart in the right order.
func (s *suite) deleteExamples(t *testing.T) {
	e := s.env(t)
	app := promised[len(promised)-1]

	// What the application consists of, in the order in which it must go.
	token := &v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: s.credential(t, object(platform, app.kind, team, app.name)).GetName()}}
	container := &v1beta1.Container{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: s.composed(t, app.name, "Container")}}
	namespace := &v1beta1.ContainerNamespace{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: s.composed(t, app.name, "ContainerNamespace")}}

	e.Get(token)
	e.Get(container)
	e.Get(namespace)

	parts := []xpresource.ModernManaged{token, container, namespace}

	want := s.scaleway.Alive()

	for _, p := range promised {
		for kind, n := range p.makes {
			want[kind] -= n
		}
	}

	// Only what there is, is listed.
	maps.DeleteFunc(want, func(_ fakescaleway.Kind, n int) bool { return n == 0 })

	s.scaleway.ResetRequests()

	for _, p := range promised {
		e.Delete(object(platform, p.kind, team, p.name))
	}

	for _, mg := range parts {
		e.WaitGone(mg.DeepCopyObject().(client.Object))
	}

	e.Eventually("everything to be gone from Scaleway", func() (bool, string) {
		diff := cmp.Diff(want, s.scaleway.Alive())
		return diff == "", diff
	})

	for _, p := range promised {
		e.WaitGone(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: p.secret}})
	}

	ids := map[string]string{}
	for _, mg := range parts {
		id, err := regional.Parse(framework.ExternalName(mg))
		if err != nil {
			t.Fatal(err)
		}

		ids[id.UUID] = reflect.TypeOf(mg).Elem().Name()
	}

	var order []string

	for _, r := range s.scaleway.Requests() {
		if kind, ok := ids[path.Base(r.Path)]; ok && r.Method == http.MethodDelete && r.Applied {
			order = append(order, kind)
		}
	}

	if diff := cmp.Diff([]string{"Token", "Container", "ContainerNamespace"}, order); diff != "" {
		t.Errorf("order of the application's deletions at Scaleway: -want, +got:\n%s", diff)
	}
}

// composed returns the name of the one resource of a kind that a composite consists
// of.
func (s *suite) composed(t *testing.T, composite, kind string) string {
	t.Helper()

	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1beta1", Kind: kind + "List"})

	if err := s.Client.List(t.Context(), list, client.InNamespace(team), client.MatchingLabels{"crossplane.io/composite": composite}); err != nil {
		t.Fatal(err)
	}

	if len(list.Items) != 1 {
		t.Fatalf("%s consists of %d of the kind %s, not of one", composite, len(list.Items), kind)
	}

	return list.Items[0].GetName()
}
