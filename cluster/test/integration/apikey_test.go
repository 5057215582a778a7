// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	registryv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/registry/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// call a container at the local API, and return the status that it answers.
func call(t *testing.T, e *framework.Env, container, token string) int {
	t.Helper()

	region, id, _ := strings.Cut(container, "/")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.Scaleway.URL()+strings.NewReplacer("{region}", region, "{id}", id).Replace(fakescaleway.RouteCall), nil)
	if err != nil {
		t.Fatal(err)
	}

	req.Header.Set("X-Auth-Token", token)

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()

	return resp.StatusCode
}

// What an ApiKey publishes opens a private container, as a Token does, until it is
// renewed, and serves as the credentials of a ProviderConfig.
func TestAPIKeyIsOfUse(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.NewFamily()
	f.Container.Spec.ForProvider.Privacy = ptr.To("private")

	for _, s := range f.Secrets {
		e.Create(s)
	}

	for _, mg := range f.Managed() {
		e.Create(mg)
	}

	e.WaitReady(f.Managed()...)

	container := framework.ExternalName(f.Container)
	key := string(e.SecretData(framework.SecretAPIKey)["token"])

	for name, tc := range map[string]struct {
		token string
		want  int
	}{
		"Token":  {token: string(e.SecretData(framework.SecretToken)["token"]), want: http.StatusOK},
		"ApiKey": {token: key, want: http.StatusOK},
		"None":   {want: http.StatusUnauthorized},
	} {
		if diff := cmp.Diff(tc.want, call(t, e, container, tc.token)); diff != "" {
			t.Errorf("%s: a call of the container: -want, +got:\n%s", name, diff)
		}
	}

	// As the credentials of another ProviderConfig. The address is the test's own.
	s := secretNamed(e, framework.SecretAPIKey)
	e.Update(s, func() { s.Data["SCW_API_URL"] = []byte(e.Scaleway.URL()) })

	pc := e.ProviderConfig("default")
	minted := pc.DeepCopy()
	minted.SetName("minted")
	minted.SetResourceVersion("")
	minted.SetUID("")
	minted.SetFinalizers(nil)
	minted.Spec.Credentials.SecretRef.Name, minted.Spec.Credentials.SecretRef.Key = framework.SecretAPIKey, ""
	e.Create(minted)

	ns := &registryv1beta1.RegistryNamespace{}
	e.Place(ns, "minted")
	ns.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "minted"})
	ns.Spec.ForProvider.Name = ptr.To("minted")
	e.Create(ns)
	e.WaitReady(ns)
	e.Delete(ns)

	// A renewal leaves one key, and the container opens to it only.
	old := framework.ExternalName(f.APIKey)

	e.Update(f.APIKey, func() { meta.AddAnnotations(f.APIKey, map[string]string{onetime.AnnotationRenew: "now"}) })
	e.Eventually("another key, and the old one to be revoked", func() (bool, string) {
		e.Get(f.APIKey)
		issued := e.Scaleway.APIKeys()

		return framework.ExternalName(f.APIKey) != old && len(issued) == 1 && issued[0].ID == framework.ExternalName(f.APIKey) &&
			ptr.Deref(f.APIKey.Status.AtProvider.ID, "") == issued[0].ID, old
	})
	e.WaitReady(f.APIKey)

	data := e.SecretData(framework.SecretAPIKey)
	if diff := cmp.Diff(e.Scaleway.URL(), string(data["SCW_API_URL"])); diff != "" {
		t.Errorf("a key that the user has added is kept: -want, +got:\n%s", diff)
	}

	e.Update(s, func() { delete(s.Data, "SCW_API_URL") })
	wantKeyPublished(t, e, f.APIKey)

	got := []int{call(t, e, container, key), call(t, e, container, string(data["token"]))}
	if diff := cmp.Diff([]int{http.StatusUnauthorized, http.StatusOK}, got); diff != "" {
		t.Errorf("calls of the container with the old key and the new one: -want, +got:\n%s", diff)
	}
}

// What somebody makes of the Secret of an ApiKey is put right where it can be, and
// said where it cannot.
func TestAPIKeySecretChanged(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	application := e.CreateApplication()
	k, other := e.NewAPIKey("changed", application), e.NewAPIKey("other", application)
	e.Create(k)
	e.Create(other)
	e.WaitReady(k, other)

	right, foreign := e.SecretData("changed"), e.SecretData("other")
	s := secretNamed(e, "changed")

	cases := map[string]struct {
		reason string
		change func(data map[string][]byte)
		// want is the reason of the condition. It is empty where all is put right.
		want xpv1.ConditionReason
		text string
	}{
		"KeysGone": {
			reason: "All that is made of the pair is completed.",
			change: func(data map[string][]byte) {
				maps.DeleteFunc(data, func(key string, _ []byte) bool { return key != "attribute.secret_key" })
			},
		},
		"AccessKeyOfAnother": {
			reason: "The secret key tells, by what was recorded, that it is another's that is beside it.",
			change: func(data map[string][]byte) {
				data["access_key"] = foreign["access_key"]
			},
		},
		"SecretKeyOfAnother": {
			reason: "The access key beside it proves nothing.",
			change: func(data map[string][]byte) {
				for _, key := range framework.APIKeys.Keys {
					data[key] = foreign["token"]
				}
			},
			want: onetime.ReasonSecretUnreadable,
			text: "it is not the one that Scaleway has shown with " + framework.ExternalName(k),
		},
		"PairOfAnother": {
			reason: "It is said whose it is.",
			change: func(data map[string][]byte) { maps.Copy(data, foreign) },
			want:   onetime.ReasonSecretForeign, text: framework.ExternalName(other),
		},
		"Garbage": {
			reason: "It is nobody's.",
			change: func(data map[string][]byte) { data["attribute.secret_key"] = []byte("garbage") },
			want:   onetime.ReasonSecretUnreadable, text: "it is not a UUID",
		},
	}

	for _, name := range slices.Sorted(maps.Keys(cases)) {
		tc := cases[name]

		t.Run(name, func(t *testing.T) {
			wrong := maps.Clone(right)
			tc.change(wrong)
			e.Update(s, func() { s.Data = wrong })

			if tc.want != "" {
				c := e.WaitCondition(k, xpv1.TypeReady, "False, "+string(tc.want), func(c xpv1.Condition) bool {
					return c.Status == corev1.ConditionFalse && c.Reason == tc.want
				})
				if !strings.Contains(c.Message, tc.text) || strings.Contains(c.Message, string(foreign["token"])) {
					t.Errorf("\n%s\nthe condition should say %q, and must not hold the value: %s", tc.reason, tc.text, c.Message)
				}

				e.WaitPolled(fakescaleway.RouteAPIKey, 4)

				if diff := cmp.Diff(wrong, e.SecretData("changed")); diff != "" {
					t.Errorf("\n%s\nthe Secret is left as it is: -want, +got:\n%s", tc.reason, diff)
				}

				e.Update(s, func() { s.Data = right })
			}

			e.Eventually("the Secret to be right", func() (bool, string) {
				return cmp.Diff(right, e.SecretData("changed")) == "", tc.reason
			})
			e.WaitReady(k)
		})
	}

	if diff := cmp.Diff(2, e.Scaleway.Count(http.MethodPost, fakescaleway.RouteAPIKeys)); diff != "" {
		t.Errorf("keys that were minted: -want, +got:\n%s", diff)
	}
}
