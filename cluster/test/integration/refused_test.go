// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// Bad input ends in a condition that says what is wrong and where, and in no
// request to Scaleway at all.
func TestRefusedByProvider(t *testing.T) {
	t.Parallel()

	const (
		uuid      = "11111111-1111-4111-8111-111111111111"
		inParis   = "fr-par/" + uuid
		inWarsaw  = "pl-waw/22222222-2222-4222-8222-222222222222"
		notAnID   = "fr-par/shop"
		otherNode = "another-namespace"
	)

	namespace := func(change func(*v1beta1.ContainerNamespace)) func(*framework.Env) xpresource.ModernManaged {
		return func(*framework.Env) xpresource.ModernManaged {
			ns := &v1beta1.ContainerNamespace{}
			change(ns)

			return ns
		}
	}
	token := func(change func(*v1beta1.Token)) func(*framework.Env) xpresource.ModernManaged {
		return func(*framework.Env) xpresource.ModernManaged {
			tk := &v1beta1.Token{}
			tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "token"}
			change(tk)

			return tk
		}
	}
	// with returns a namespace that uses a ProviderConfig with these credentials.
	with := func(credentials func(*framework.Env) string) func(*framework.Env) xpresource.ModernManaged {
		return func(e *framework.Env) xpresource.ModernManaged {
			e.CreateProviderConfig("bad", credentials(e))
			return &v1beta1.ContainerNamespace{}
		}
	}

	cases := map[string]struct {
		reason string
		mg     func(*framework.Env) xpresource.ModernManaged
		config string
		want   []string
	}{
		"UnknownRegion": {
			reason: "Scaleway's answer to an unknown region would not say that it is one.",
			mg:     namespace(func(ns *v1beta1.ContainerNamespace) { ns.Spec.ForProvider.Region = ptr.To("fr-pau") }),
			want:   []string{"spec.forProvider.region", `unknown region "fr-pau"`, "fr-par, nl-ams, pl-waw"},
		},
		"MalformedExternalName": {
			reason: "What is no ID names nothing, and must not end in a new object.",
			mg:     namespace(func(ns *v1beta1.ContainerNamespace) { meta.SetExternalName(ns, notAnID) }),
			want:   []string{"crossplane.io/external-name", `"fr-par/shop" is not a regional ID`},
		},
		"ExternalNameWithoutRegion": {
			reason: "A bare UUID does not say where the object is.",
			mg:     namespace(func(ns *v1beta1.ContainerNamespace) { meta.SetExternalName(ns, uuid) }),
			want:   []string{"crossplane.io/external-name", uuid, "is not a regional ID"},
		},
		"ExternalNameOfAnotherRegion": {
			reason: "Which of the two is meant cannot be known.",
			mg: token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, inWarsaw)
				tk.Spec.ForProvider.NamespaceID = ptr.To(inParis)
			}),
			want: []string{inWarsaw, "is in region pl-waw", inParis, "is in region fr-par"},
		},
		"ReferenceIntoAnotherNamespace": {
			reason: "It would be resolved with the provider's rights.",
			mg: token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "theirs", Namespace: otherNode}
			}),
			want: []string{"spec.forProvider.namespaceIdRef.namespace", otherNode, "not allowed"},
		},
		"SelectorIntoAnotherNamespace": {
			reason: "It would be resolved with the provider's rights.",
			mg: token(func(tk *v1beta1.Token) {
				tk.Spec.InitProvider.ContainerIDSelector = &xpv1.NamespacedSelector{MatchLabels: map[string]string{"a": "b"}, Namespace: otherNode}
			}),
			want: []string{"spec.initProvider.containerIdSelector.namespace", otherNode, "not allowed"},
		},
		"Template": {
			reason: "Upjet would evaluate it, at the expense of every tenant.",
			mg: namespace(func(ns *v1beta1.ContainerNamespace) {
				ns.Spec.ForProvider.EnvironmentVariables = map[string]*string{"A": ptr.To(`${jsonencode(range(1000))}`)}
			}),
			want: []string{"spec.forProvider.environmentVariables.A", "not allowed"},
		},
		"TemplateInSecret": {
			reason: "Upjet would evaluate it too.",
			mg: func(e *framework.Env) xpresource.ModernManaged {
				f := e.NewFamily()
				f.Secrets[0].StringData["PASSWORD"] = `x${upper("a")}`
				e.Create(f.Secrets[0])

				return f.Namespace
			},
			want: []string{"spec.forProvider.secretEnvironmentVariablesSecretRef", `key "PASSWORD"`, "not allowed"},
		},
		"SecretOfArgumentMissing": {
			reason: "Upjet would create the object without the argument.",
			mg: namespace(func(ns *v1beta1.ContainerNamespace) {
				ns.Spec.ForProvider.SecretEnvironmentVariablesSecretRef = &xpv1.LocalSecretReference{Name: "gone"}
			}),
			want: []string{"spec.forProvider.secretEnvironmentVariablesSecretRef", "gone", "not found"},
		},
		"KeyOfArgumentMissing": {
			reason: "Upjet would create the object with an empty argument.",
			mg: func(e *framework.Env) xpresource.ModernManaged {
				f := e.NewFamily()
				for _, s := range f.Secrets {
					e.Create(s)
				}
				f.Trigger.Spec.ForProvider.ContainerIDRef = nil
				f.Trigger.Spec.ForProvider.ContainerID = ptr.To(inParis)
				f.Trigger.Spec.ForProvider.Sqs.SecretKeySecretRef.Key = "typo"

				return f.Trigger
			},
			want: []string{"spec.forProvider.sqs.secretKeySecretRef", `has no key "typo"`},
		},
		"ProviderConfigMissing": {
			reason: "There is nothing to fall back to.",
			mg:     namespace(func(*v1beta1.ContainerNamespace) {}),
			config: "gone",
			want:   []string{`ProviderConfig "`, `/gone"`, "not found"},
		},
		"CredentialsSecretMissing": {
			reason: "There is nothing to fall back to.",
			mg: func(e *framework.Env) xpresource.ModernManaged {
				e.CreateProviderConfig("bad", "{}")
				pc := e.ProviderConfig("bad")
				e.Update(pc, func() { pc.Spec.Credentials.SecretRef.Name = "gone" })

				return &v1beta1.ContainerNamespace{}
			},
			config: "bad",
			want:   []string{`/bad"`, `key "credentials" of Secret "`, `/gone"`, "not found"},
		},
		"CredentialsKeyMissing": {
			reason: "An absent key is not an empty one.",
			mg: func(e *framework.Env) xpresource.ModernManaged {
				e.CreateProviderConfig("bad", "{}")
				pc := e.ProviderConfig("bad")
				e.Update(pc, func() { pc.Spec.Credentials.SecretRef.Key = "typo" })

				return &v1beta1.ContainerNamespace{}
			},
			config: "bad",
			want:   []string{`key "typo" of Secret "`, "has no such key"},
		},
		"MalformedCredentials": {
			reason: "The error says what the value should be.",
			mg:     with(func(*framework.Env) string { return "SCWXXX:secret" }),
			config: "bad",
			want:   []string{`/bad"`, `key "credentials"`, "not a JSON object", "invalid character"},
		},
		"HalfAKeyPair": {
			reason: "The Scaleway SDK would send requests without a key.",
			mg:     with(func(e *framework.Env) string { return `{"access_key":"` + e.Key.AccessKey + `"}` }),
			config: "bad",
			want:   []string{"secret_key is missing"},
		},
		"OrganizationUnknown": {
			reason: "Terraform would ask Scaleway with an empty one.",
			mg: func(e *framework.Env) xpresource.ModernManaged {
				e.CreateProviderConfig("bad", strings.Replace(e.Credentials(e.Key), `"organization_id":"`+e.Key.OrganizationID+`",`, "", 1))
				return &iamv1beta1.Application{}
			},
			config: "bad",
			want:   []string{"the organization of the Application is not known: give spec.forProvider.organizationId, or organization_id in the credentials of the ProviderConfig"},
		},
		"APIURLNotAllowed": {
			reason: "A tenant could have the provider call services in the cluster.",
			mg: with(func(e *framework.Env) string {
				return strings.Replace(e.Credentials(e.Key), e.Scaleway.URL(), "http://kubernetes.default.svc", 1)
			}),
			config: "bad",
			want:   []string{`api_url "http://kubernetes.default.svc" is not allowed`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			e := framework.New(t)
			e.StartProvider()

			mg := tc.mg(e)
			e.Place(mg, "refused")

			if tc.config != "" {
				mg.SetProviderConfigReference(&xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: tc.config})
			}

			e.Create(mg)

			c := e.WaitCondition(mg, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
			for _, want := range tc.want {
				if !strings.Contains(c.Message, want) {
					t.Errorf("\n%s\nthe condition does not say %q: %s", tc.reason, want, c.Message)
				}
			}

			if strings.Contains(c.Message, e.Key.SecretKey) {
				t.Errorf("the condition holds the secret key: %s", c.Message)
			}

			// What was refused can still be deleted.
			e.Delete(mg)

			if got := e.Calls(); len(got) > 0 {
				t.Errorf("\n%s\nrequests to Scaleway: %v, want none", tc.reason, got)
			}
		})
	}
}
