// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// No secret is in anything that the provider writes, but in Secrets, through a
// life with errors, with everything switched on that makes programs talk. And
// what is in its environment is never used.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	other := e.Scaleway.NewKey()
	traces := filepath.Join(t.TempDir(), "terraform.log")
	address := e.FreeAddress()

	e.StartProvider(
		framework.WithArgs("--debug", "--metrics-bind-address="+address),
		framework.WithEnv(ambient(t, e, other)...),
		framework.WithEnv("TF_LOG=TRACE", "TF_LOG_PROVIDER=TRACE", "TF_LOG_SDK=TRACE", "TF_LOG_PATH="+traces, "SCW_DEBUG=true"),
	)

	s := &search{values: map[string]string{
		"the tenant's secret key":   e.Key.SecretKey,
		"the other's secret key":    other.SecretKey,
		"a variable from a Secret":  "correct horse",
		"the trigger's secret key":  "battery staple",
		"the trigger's access key":  "SCWSQS",
		"what the variable becomes": "tr0ub4dor&3",
	}}

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)
	s.look(t, e)

	// An update with a secret in it, which goes wrong.
	patch := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodPatch, Times: 1, Status: http.StatusInternalServerError, Body: `{"message":"internal error"}`})
	e.Update(f.Secrets[0], func() { f.Secrets[0].Data["PASSWORD"] = []byte("tr0ub4dor&3") })
	e.Update(f.Namespace, func() { f.Namespace.Spec.ForProvider.Description = ptr.To("second") })
	e.Eventually("the update to go wrong", func() (bool, string) { return patch.Hits() > 0, "there was none" })
	e.WaitReady(f.Namespace)

	// Observations that go wrong.
	for _, status := range []int{http.StatusForbidden, http.StatusInternalServerError} {
		get := e.Scaleway.Inject(fakescaleway.Fault{
			Method: http.MethodGet, Route: fakescaleway.RouteToken, Times: 1, Status: status, Body: `{"message":"no"}`,
		})
		e.Eventually("the observation to go wrong", func() (bool, string) { return get.Hits() > 0, "there was none" })
		e.WaitReady(f.Token)
	}

	// A value that the provider can make nothing of, and quotes in no message.
	published := e.SecretData(framework.SecretToken)
	token := secretNamed(e, framework.SecretToken)

	for _, garbage := range []string{string(published[keyToken])[10:], strings.Replace(string(published[keyToken]), ".", "..", 1)} {
		e.Update(token, func() { token.Data = map[string][]byte{keyAttribute: []byte(garbage)} })
		waitUnready(e, f.Token, onetime.ReasonSecretUnreadable)
		e.Update(token, func() { token.Data = published })
		e.WaitReady(f.Token)
	}

	// A token whose answer is lost, and one that takes its place.
	lost := e.Scaleway.Inject(fakescaleway.Fault{
		Method: http.MethodPost, Route: fakescaleway.RouteTokens, Times: 1, Apply: true, Status: http.StatusBadGateway, Body: `{"message":"bad gateway"}`,
	})
	another := e.NewToken("another", framework.ExternalName(f.Namespace))
	e.Create(another)
	e.Eventually("a token to be lost", func() (bool, string) { return lost.Hits() > 0, "there was none" })
	s.look(t, e)
	e.WaitReady(another)
	s.look(t, e)

	// A renewal.
	old := framework.ExternalName(another)

	e.Update(another, func() { meta.AddAnnotations(another, map[string]string{onetime.AnnotationRenew: "now"}) })
	e.Eventually("another token", func() (bool, string) {
		e.Get(another)
		return framework.ExternalName(another) != old, old
	})
	e.WaitReady(another)
	s.look(t, e)

	// Credentials that cannot be used.
	pc := e.ProviderConfig("default")
	bad := secretNamed(e, "bad")
	bad.StringData = map[string]string{"credentials": strings.TrimSuffix(e.Credentials(e.Key), "}")}
	e.Create(bad)
	e.Update(pc, func() { pc.Spec.Credentials.SecretRef.Name = "bad" })
	e.WaitCondition(f.Token, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
	s.look(t, e)
	e.Update(pc, func() { pc.Spec.Credentials.SecretRef.Name = "default" })
	e.WaitReady(f.Managed()...)

	s.in(t, "the metrics", metrics(t, e, address))

	startDeletion(t, e, another)

	for _, mg := range slices.Backward(f.Managed()) {
		startDeletion(t, e, mg)
	}

	for _, mg := range f.Managed() {
		e.WaitGone(mg)
	}

	e.WaitGone(another)
	s.look(t, e)
	s.in(t, "the metrics", metrics(t, e, address))

	e.Provider.Stop()

	log := e.Provider.Log()
	if !strings.Contains(log, `"level":"debug"`) {
		t.Error("the provider has not logged what it should withhold")
	}

	s.in(t, "the log", log)

	if b, err := os.ReadFile(traces); err == nil {
		s.in(t, "Terraform's log", string(b))
	}

	// Each token that there was is one of those that were looked for: the lost one
	// is known to nobody.
	if len(s.tokens) < 3 {
		t.Errorf("%d tokens were looked for, want at least 3", len(s.tokens))
	}

	for _, r := range e.Scaleway.Requests() {
		if r.SecretKey != e.Key.SecretKey {
			t.Errorf("%s %s was sent with a key that is not the tenant's", r.Method, r.Path)
		}
	}
}

// ambient returns environment variables that hold the key of another tenant, in
// all ways that the Scaleway SDK knows.
func ambient(t *testing.T, e *framework.Env, k fakescaleway.Key) []string {
	t.Helper()

	home := t.TempDir()
	config := filepath.Join(home, ".config", "scw", "config.yaml")

	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}

	content := fmt.Sprintf("access_key: %s\nsecret_key: %s\ndefault_organization_id: %s\ndefault_project_id: %s\ndefault_region: nl-ams\napi_url: %s\n",
		k.AccessKey, k.SecretKey, k.OrganizationID, k.ProjectID, e.Scaleway.URL())
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}

	return []string{
		"HOME=" + home,
		"XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"SCW_CONFIG_PATH=" + config,
		"SCW_PROFILE=default",
		"SCW_ACCESS_KEY=" + k.AccessKey,
		"SCW_SECRET_KEY=" + k.SecretKey,
		"SCW_DEFAULT_ORGANIZATION_ID=" + k.OrganizationID,
		"SCW_DEFAULT_PROJECT_ID=" + k.ProjectID,
		"SCW_DEFAULT_REGION=nl-ams",
		"SCW_API_URL=" + e.Scaleway.URL(),
		"SCALEWAY_ACCESS_KEY=" + k.AccessKey,
		"SCALEWAY_TOKEN=" + k.SecretKey,
	}
}

// metrics returns what the provider serves, once it serves something.
func metrics(t *testing.T, e *framework.Env, address string) string {
	t.Helper()

	m := e.Metrics(address)
	if !strings.Contains(m, "scaleway_secret_expiry_timestamp_seconds") && !strings.Contains(m, "controller_runtime") {
		t.Error("the provider serves no metrics")
	}

	return m
}

// A search for secrets in what everybody can read.
type search struct {
	// values by what they are.
	values map[string]string
	// tokens that were seen in Secrets or at Scaleway, by external name.
	tokens map[string]string
}

// look at all objects in the Env's namespace that are no Secrets.
func (s *search) look(t *testing.T, e *framework.Env) {
	t.Helper()

	if s.tokens == nil {
		s.tokens = map[string]string{}
	}

	for _, tk := range e.Scaleway.Tokens("") {
		s.tokens[tk.ID] = tk.JWT
	}

	for what, l := range map[string]client.ObjectList{
		"events":              &corev1.EventList{},
		"ContainerNamespaces": &containerv1beta1.ContainerNamespaceList{},
		"Containers":          &containerv1beta1.ContainerList{},
		"Tokens":              &containerv1beta1.TokenList{},
		"Crons":               &containerv1beta1.CronList{},
		"Domains":             &containerv1beta1.DomainList{},
		"Triggers":            &containerv1beta1.TriggerList{},
		"ProviderConfigs":     &v1beta1.ProviderConfigList{},
		"usages":              &v1beta1.ProviderConfigUsageList{},
		"ConfigMaps":          &corev1.ConfigMapList{},
	} {
		if err := e.Client.List(t.Context(), l, client.InNamespace(e.Namespace)); err != nil {
			t.Fatal(err)
		}

		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}

		s.in(t, what, string(b))
	}
}

// minForm is the length of the shortest text that is looked for: others can be
// anywhere by chance.
const minForm = 6

// in fails the test if the text holds one of the values in any form.
func (s *search) in(t *testing.T, where, text string) {
	t.Helper()

	values := map[string]string{}
	for what, value := range s.values {
		values[what] = value
	}

	for name, token := range s.tokens {
		values["token "+name] = token

		for i, segment := range strings.Split(token, ".") {
			values[fmt.Sprintf("segment %d of token %s", i, name)] = segment
		}
	}

	for what, value := range values {
		for form, encoded := range forms(value) {
			if len(encoded) < minForm {
				continue
			}

			if i := strings.Index(text, encoded); i >= 0 {
				t.Errorf("%s is in %s, as %s, after: %s", what, where, form, text[max(0, i-200):i])
			}
		}
	}
}

// forms of a value in which it could be written.
func forms(value string) map[string]string {
	quoted, _ := json.Marshal(value)

	f := map[string]string{
		"itself":             value,
		"JSON":               strings.Trim(string(quoted), `"`),
		"a part of a URL":    url.QueryEscape(value),
		"a path of a URL":    url.PathEscape(value),
		"hexadecimal digits": hex.EncodeToString([]byte(value)),
		"a list of bytes":    strings.Trim(fmt.Sprint([]byte(value)), "[]"),
	}

	// Within something longer that is encoded, a value begins at any of three
	// positions. What else is encoded with its first and last bytes is left out.
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64 for URLs": base64.URLEncoding} {
		for offset := range 3 {
			from := (3 - offset) % 3
			whole := (len(value) - from) / 3 * 3
			f[fmt.Sprintf("%s at %d", name, offset)] = encoding.EncodeToString([]byte(value[from : from+whole]))
		}
	}

	return f
}
