// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

const (
	uuid   = "11111111-1111-4111-8111-111111111111"
	paris  = "fr-par/11111111-1111-4111-8111-111111111111"
	warsaw = "pl-waw/22222222-2222-4222-8222-222222222222"
)

// token returns a valid Token, changed.
func token(change func(*v1beta1.Token)) *v1beta1.Token {
	tk := &v1beta1.Token{}
	tk.Spec.ForProvider.NamespaceID = ptr.To(paris)
	tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "token"}
	change(tk)

	return tk
}

// optional is a reference to an object that need not exist.
func optional(name string) *xpv1.NamespacedReference {
	return &xpv1.NamespacedReference{Name: name, Policy: &xpv1.Policy{Resolution: ptr.To(xpv1.ResolutionPolicyOptional)}}
}

// A refusal of a managed resource.
type refusal struct {
	mg func() xpresource.ModernManaged
	// rule is a part of the API server's message. It is empty for what the API
	// server cannot know.
	rule string
	// provider is a part of the condition that the provider sets. It is empty for what
	// it leaves to Scaleway, which refuses it.
	provider string
}

// apiKey returns a valid ApiKey, changed.
func apiKey(change func(*iamv1beta1.ApiKey)) func() xpresource.ModernManaged {
	return func() xpresource.ModernManaged {
		k := &iamv1beta1.ApiKey{}
		k.Spec.ForProvider.UserID = ptr.To(uuid)
		k.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "api-key"}
		change(k)

		return k
	}
}

// policy returns a valid Policy, changed.
func policy(change func(*iamv1beta1.PolicyParameters)) func() xpresource.ModernManaged {
	return func() xpresource.ModernManaged {
		p := &iamv1beta1.Policy{}
		p.Spec.ForProvider = iamv1beta1.PolicyParameters{
			UserID: ptr.To(uuid),
			Rule:   []iamv1beta1.RuleParameters{{PermissionSetNames: []*string{ptr.To("ContainersReadOnly")}, ProjectIds: []*string{ptr.To(uuid)}}},
		}
		change(&p.Spec.ForProvider)

		return p
	}
}

var refusals = map[string]refusal{
	"TwoParents": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ContainerID = ptr.To(paris) })
		},
		rule:     "give exactly one of containerId (or its Ref or Selector), namespaceId (or its Ref or Selector)",
		provider: "give exactly one of spec.forProvider.containerId, spec.forProvider.namespaceId: spec.forProvider.containerId and spec.forProvider.namespaceId are given",
	},
	"TwoParentsInTwoSections": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.InitProvider.ContainerID = ptr.To(paris) })
		},
		rule:     "give exactly one of",
		provider: "give exactly one of",
	},
	"TwoParentsOneByReference": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ContainerIDRef = optional("gone") })
		},
		rule:     "give exactly one of",
		provider: "spec.forProvider.containerId and spec.forProvider.namespaceId are given",
	},
	"ParentNotResolved": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID = nil
				tk.Spec.ForProvider.NamespaceIDRef = optional("gone")
			})
		},
		provider: "the reference of spec.forProvider.namespaceId is not resolved",
	},
	"NoContainer": {
		mg: func() xpresource.ModernManaged {
			cron := &v1beta1.Cron{}
			cron.Spec.ForProvider = v1beta1.CronParameters{Schedule: ptr.To("5 4 * * *"), Args: ptr.To("{}")}

			return cron
		},
		rule:     "give containerId (or its Ref or Selector) in spec.forProvider",
		provider: "give spec.forProvider.containerId: none is given",
	},
	"NoParent": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = nil })
		},
		rule:     "give exactly one of",
		provider: "none is given",
	},
	"TimeThatIsNone": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("tomorrow") })
		},
		rule:     "expiresAt must be a time as RFC 3339 in whole seconds",
		provider: `spec.forProvider.expiresAt "tomorrow" is not a time`,
	},
	"TimeWithFractions": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15.5Z") })
		},
		rule:     "expiresAt must be a time as RFC 3339 in whole seconds",
		provider: "is not a time as RFC 3339 in whole seconds",
	},
	"TimeInInitProvider": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.InitProvider.ExpiresAt = ptr.To("2035-10-18") })
		},
		rule:     "expiresAt must be a time",
		provider: "is not a time",
	},
	"TimeWithFractionsAfterAComma": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15,5Z") })
		},
		rule:     "expiresAt must be a time as RFC 3339 in whole seconds",
		provider: "is not a time as RFC 3339 in whole seconds",
	},
	"TimeThatIsEmpty": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("") })
		},
		rule:     "expiresAt must be a time as RFC 3339 in whole seconds",
		provider: `spec.forProvider.expiresAt "" is not a time`,
	},
	"DateThatDoesNotExist": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-02-30T00:00:00Z") })
		},
		provider: `"2035-02-30T00:00:00Z" is not a time`,
	},
	"TimeInThePast": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2022-10-18T11:35:15+02:00") })
		},
		provider: "spec.forProvider.expiresAt 2022-10-18T11:35:15+02:00 is not in the future: it is now " + time.Now().UTC().Format("2006-01-02"),
	},
	"MalformedID": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = ptr.To("fr-par/shop") })
		},
		rule:     "namespaceId must be a UUID or a regional ID",
		provider: `spec.forProvider.namespaceId: neither a UUID nor a regional ID: "fr-par/shop"`,
	},
	"MalformedIDOfContainer": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID, tk.Spec.ForProvider.ContainerID = nil, ptr.To("fr-par/")
			})
		},
		rule:     "spec.forProvider.containerId must be a UUID or a regional ID",
		provider: `spec.forProvider.containerId: neither a UUID nor a regional ID: "fr-par/"`,
	},
	"MalformedIDInInitProvider": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID, tk.Spec.InitProvider.NamespaceID = nil, ptr.To("shop")
			})
		},
		rule:     "spec.initProvider.namespaceId must be a UUID or a regional ID",
		provider: `neither a UUID nor a regional ID: "shop"`,
	},
	"MalformedIDOfContainerInInitProvider": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID, tk.Spec.InitProvider.ContainerID = nil, ptr.To("shop")
			})
		},
		rule:     "spec.initProvider.containerId must be a UUID or a regional ID",
		provider: `neither a UUID nor a regional ID: "shop"`,
	},
	"ContainerOfAnotherRegionInInitProvider": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID = nil
				tk.Spec.InitProvider.ContainerID, tk.Spec.InitProvider.Region = ptr.To(paris), ptr.To("pl-waw")
			})
		},
		rule:     "spec.initProvider.containerId must be in the region that spec.initProvider.region gives",
		provider: "they must be in one region",
	},
	"MalformedRegionInInitProvider": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.InitProvider.Region = ptr.To("fr") })
		},
		rule:     "spec.initProvider.region must be a region, such as fr-par",
		provider: `unknown region "fr"`,
	},
	"ParentOfAnotherRegionInInitProvider": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID = nil
				tk.Spec.InitProvider.NamespaceID, tk.Spec.InitProvider.Region = ptr.To(paris), ptr.To("pl-waw")
			})
		},
		rule:     "spec.initProvider.namespaceId must be in the region that spec.initProvider.region gives",
		provider: "they must be in one region",
	},
	"ParentOfAnotherRegionInTwoSections": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.InitProvider.Region = ptr.To("pl-waw") })
		},
		provider: "they must be in one region",
	},
	"ContainerOfAnotherRegion": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID, tk.Spec.ForProvider.ContainerID = nil, ptr.To(warsaw)
				tk.Spec.ForProvider.Region = ptr.To("fr-par")
			})
		},
		rule:     "spec.forProvider.containerId must be in the region that spec.forProvider.region gives",
		provider: "they must be in one region",
	},
	"MalformedRegion": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("Paris") })
		},
		rule:     "region must be a region, such as fr-par",
		provider: `unknown region "Paris"`,
	},
	"ParentOfAnotherRegion": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("pl-waw") })
		},
		rule:     "namespaceId must be in the region that spec.forProvider.region gives",
		provider: "spec.forProvider.region is in region pl-waw, but spec.forProvider.namespaceId " + paris + " is in region fr-par",
	},
	"ExternalNameOfAnotherRegion": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.Region = ptr.To("fr-par")
				meta.SetExternalName(tk, warsaw)
			})
		},
		provider: "is in region pl-waw",
	},
	"NoSecret": {
		mg: func() xpresource.ModernManaged {
			return token(func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil })
		},
		provider: "spec.writeConnectionSecretToRef is not set",
	},
	"TwoSources": {
		mg: func() xpresource.ModernManaged {
			tr := &v1beta1.Trigger{}
			tr.Spec.ForProvider = v1beta1.TriggerParameters{
				ContainerID:       ptr.To(paris),
				DestinationConfig: &v1beta1.DestinationConfigParameters{HTTPMethod: ptr.To("post"), HTTPPath: ptr.To("/")},
				Cron:              &v1beta1.TriggerCronParameters{Schedule: ptr.To("* * * * *"), Timezone: ptr.To("Europe/Paris")},
				Nats:              &v1beta1.NatsParameters{Subject: ptr.To("s"), ServerUrls: []*string{ptr.To("nats://n:4222")}},
			}

			return tr
		},
		rule:     "give exactly one of cron, nats, sqs",
		provider: "give exactly one of spec.forProvider.cron, spec.forProvider.nats, spec.forProvider.sqs",
	},
	"TwoPrincipals": {
		mg:       policy(func(p *iamv1beta1.PolicyParameters) { p.NoPrincipal = ptr.To(true) }),
		rule:     "give exactly one of applicationId (or its Ref or Selector), groupId, noPrincipal, userId",
		provider: "spec.forProvider.noPrincipal and spec.forProvider.userId are given",
	},
	"TwoPrincipalsOneByReference": {
		mg:       policy(func(p *iamv1beta1.PolicyParameters) { p.ApplicationIDRef = optional("gone") }),
		rule:     "give exactly one of",
		provider: "spec.forProvider.applicationId and spec.forProvider.userId are given",
	},
	"NoPrincipal": {
		mg:       policy(func(p *iamv1beta1.PolicyParameters) { p.UserID = nil }),
		rule:     "give exactly one of",
		provider: "none is given",
	},
	"PrincipalThatIsNone": {
		mg:       policy(func(p *iamv1beta1.PolicyParameters) { p.UserID, p.NoPrincipal = nil, ptr.To(false) }),
		rule:     "spec.forProvider.noPrincipal can only be true",
		provider: "none is given",
	},
	"MalformedPrincipal": {
		mg:       policy(func(p *iamv1beta1.PolicyParameters) { p.UserID = ptr.To("me") }),
		rule:     "spec.forProvider.userId must be a UUID in lower case",
		provider: `spec.forProvider.userId: "me" is not a UUID`,
	},
	"KeyOfTwoBearers": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.ForProvider.ApplicationID = ptr.To(uuid) }),
		rule:     "give exactly one of applicationId (or its Ref or Selector), userId",
		provider: "spec.forProvider.applicationId and spec.forProvider.userId are given",
	},
	"KeyOfNobody": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.ForProvider.UserID = nil }),
		rule:     "give exactly one of",
		provider: "none is given",
	},
	"KeyOfAMalformedProject": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.ForProvider.DefaultProjectID = ptr.To("shop") }),
		rule:     "spec.forProvider.defaultProjectId must be a UUID in lower case",
		provider: `spec.forProvider.defaultProjectId: "shop" is not a UUID`,
	},
	"KeyWithATimeThatIsNone": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.ForProvider.ExpiresAt = ptr.To("tomorrow") }),
		rule:     "expiresAt must be a time as RFC 3339 in whole seconds",
		provider: `spec.forProvider.expiresAt "tomorrow" is not a time`,
	},
	"KeyThatHasExpired": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.ForProvider.ExpiresAt = ptr.To("2022-10-18T11:35:15Z") }),
		provider: "spec.forProvider.expiresAt 2022-10-18T11:35:15Z is not in the future",
	},
	"KeyWithoutSecret": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.WriteConnectionSecretToReference = nil }),
		provider: "spec.writeConnectionSecretToRef is not set: Scaleway shows the secret of an ApiKey once",
	},
	"KeyWithoutRoomForTheMark": {
		// Characters, and not bytes.
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { k.Spec.ForProvider.Description = ptr.To(strings.Repeat("é", 142)) }),
		rule:     "spec.forProvider.description must have at most 141 characters: Scaleway takes 200",
		provider: "spec.forProvider.description must have at most 141 characters, and has 142: Scaleway takes 200",
	},
	"KeyNamedByAUUID": {
		mg:       apiKey(func(k *iamv1beta1.ApiKey) { meta.SetExternalName(k, uuid) }),
		provider: `"` + uuid + `" is not an access key, such as SCW`,
	},
	"GlobalIDInARegion": {
		mg:       policy(func(p *iamv1beta1.PolicyParameters) { p.UserID, p.ApplicationID = nil, ptr.To(paris) }),
		rule:     "spec.forProvider.applicationId must be a UUID in lower case",
		provider: `spec.forProvider.applicationId: "` + paris + `" is not a UUID`,
	},
	"ExternalNameInARegion": {
		mg: func() xpresource.ModernManaged {
			app := &iamv1beta1.Application{}
			meta.SetExternalName(app, paris)

			return app
		},
		provider: `"` + paris + `" is not a UUID`,
	},
	"RuleWithoutScope": {
		mg:   policy(func(p *iamv1beta1.PolicyParameters) { p.Rule[0].ProjectIds = nil }),
		rule: "give each rule of spec.forProvider.rule either projectIds or organizationId",
	},
	"RuleWithTwoScopes": {
		mg:   policy(func(p *iamv1beta1.PolicyParameters) { p.Rule[0].OrganizationID = ptr.To(uuid) }),
		rule: "give each rule of spec.forProvider.rule either projectIds or organizationId",
	},
}

// In this order, because the rules are put over the CRDs half-way.
func TestRules(t *testing.T) {
	t.Run("ProviderRefuses", testProviderRefuses)
	t.Run("ProviderRefusesChanges", testProviderRefusesChanges)

	old := createOldObjects(t)

	framework.InstallRules(t)
	awaitRules(t, old.env)

	t.Run("OldObjects", func(t *testing.T) { testOldObjects(t, old) })
	t.Run("APIServerRefuses", testAPIServerRefuses)
	t.Run("APIServerAccepts", testAPIServerAccepts)
	t.Run("Immutable", testImmutable)
	t.Run("ImmutableInitProvider", testImmutableInitProvider)
	t.Run("KeptBlock", testKeptBlock)
	t.Run("LateInitialization", testLateInitialization)
}

// Without the rules, the provider refuses the same, and asks Scaleway nothing.
func testProviderRefuses(t *testing.T) {
	e := framework.New(t)
	e.StartProvider()

	for name, r := range refusals {
		if r.provider == "" {
			continue
		}

		t.Run(name, func(t *testing.T) {
			mg := r.mg()
			e.Place(mg, strings.ToLower(name))
			e.Create(mg)

			c := e.WaitCondition(mg, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
			if !strings.Contains(c.Message, r.provider) {
				t.Errorf("the condition does not say %q: %s", r.provider, c.Message)
			}

			if meta.GetExternalName(mg) == "" {
				e.Delete(mg)
			}

			if got := e.Calls(); len(got) > 0 {
				t.Errorf("requests to Scaleway: %v, want none", got)
			}
		})
	}
}

// Without the rules, a change that needs another object ends in a condition that
// says what to do instead, and in no write at Scaleway. What was taken away comes
// back, unless late initialisation is switched off.
func testProviderRefusesChanges(t *testing.T) {
	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)

	bare := token(func(tk *v1beta1.Token) {
		tk.Spec.ForProvider = v1beta1.TokenParameters{
			NamespaceID: ptr.To(framework.ExternalName(f.Namespace)),
			Description: ptr.To("bare"),
			ExpiresAt:   ptr.To("2035-10-18T11:35:15Z"),
			Region:      ptr.To("fr-par"),
		}
		tk.Spec.WriteConnectionSecretToReference.Name = "bare"
		tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{
			xpv1.ManagementActionObserve, xpv1.ManagementActionCreate, xpv1.ManagementActionUpdate, xpv1.ManagementActionDelete,
		}
	})
	e.Place(bare, "bare")
	e.Create(bare)
	e.WaitReady(bare)

	alive := e.Scaleway.Alive()
	e.Scaleway.ResetRequests()

	const (
		revokes   = " of a Token that exists cannot be changed or taken away: it would revoke the token. Create another Token instead"
		unlearned = " of an ApiKey that exists cannot be changed or taken away: what uses the API key would not learn of it. Create another ApiKey instead"
		elsewhere = "fr-par/33333333-3333-4333-8333-333333333333"
	)

	cases := map[string]struct {
		mg     xpresource.ModernManaged
		change func()
		// want is a part of the condition. It is empty where the change is undone, or
		// has no effect.
		want string
	}{
		"ChangeDescription": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.Description = ptr.To("other") },
			want:   "spec.forProvider.description" + revokes,
		},
		"ChangeExpiry": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.ExpiresAt = ptr.To("2036-10-18T11:35:15Z") },
			want:   "spec.forProvider.expiresAt" + revokes,
		},
		"ChangeParent": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.ContainerID = ptr.To(elsewhere) },
			want:   "spec.forProvider.containerId" + revokes,
		},
		"ChangeKeyDescription": {
			mg:     f.APIKey,
			change: func() { f.APIKey.Spec.ForProvider.Description = ptr.To("other") },
			want:   "spec.forProvider.description" + unlearned,
		},
		"ChangeKeyExpiry": {
			mg:     f.APIKey,
			change: func() { f.APIKey.Spec.ForProvider.ExpiresAt = ptr.To("2036-10-18T11:35:15Z") },
			want:   "spec.forProvider.expiresAt" + unlearned,
		},
		"ChangeKeyBearer": {
			mg:     f.APIKey,
			change: func() { f.APIKey.Spec.ForProvider.ApplicationID = ptr.To(uuid) },
			want:   "spec.forProvider.applicationId" + unlearned,
		},
		"ChangeKeyProject": {
			mg:     f.APIKey,
			change: func() { f.APIKey.Spec.ForProvider.DefaultProjectID = ptr.To(uuid) },
			want:   "spec.forProvider.defaultProjectId" + unlearned,
		},
		"RemoveKeyDescription": {
			mg:     f.APIKey,
			change: func() { f.APIKey.Spec.ForProvider.Description = nil },
		},
		"ChangeRegion": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.Region = ptr.To("pl-waw") },
			want:   "spec.forProvider.region is in region pl-waw",
		},
		"RemoveDescription": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.Description = nil },
		},
		"RemoveExpiry": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.ExpiresAt = nil },
		},
		"RemoveParentOfReference": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.ContainerID = nil },
		},
		"RemoveRegion": {
			mg:     f.Token,
			change: func() { f.Token.Spec.ForProvider.Region = nil },
		},
		"RemoveDescriptionForGood": {
			mg:     bare,
			change: func() { bare.Spec.ForProvider.Description = nil },
			want:   "spec.forProvider.description" + revokes,
		},
		"RemoveExpiryForGood": {
			mg:     bare,
			change: func() { bare.Spec.ForProvider.ExpiresAt = nil },
			want:   "spec.forProvider.expiresAt" + revokes,
		},
		"RemoveParentForGood": {
			mg:     bare,
			change: func() { bare.Spec.ForProvider.NamespaceID = nil },
			want:   "spec.forProvider.namespaceId: none is given",
		},
		// The object is where its external name says.
		"RemoveRegionForGood": {
			mg:     bare,
			change: func() { bare.Spec.ForProvider.Region = nil },
		},
		"ChangeContainerOfCron": {
			mg:     f.Cron,
			change: func() { f.Cron.Spec.ForProvider.ContainerID = ptr.To(elsewhere) },
			want:   "spec.forProvider.containerId of a Cron that exists cannot be changed or taken away: Scaleway ignores the change",
		},
		"ChangeHostnameOfDomain": {
			mg:     f.Domain,
			change: func() { f.Domain.Spec.ForProvider.Hostname = ptr.To("other.example.com") },
			want:   "create another Domain",
		},
		"ChangeSourceOfTrigger": {
			mg: f.Trigger,
			change: func() {
				f.Trigger.Spec.ForProvider.Sqs = nil
				f.Trigger.Spec.ForProvider.Cron = &v1beta1.TriggerCronParameters{Schedule: ptr.To("* * * * *"), Timezone: ptr.To("Europe/Paris")}
			},
			// First that it cannot be taken away, and then, when late initialisation has
			// put it back, that there are two.
			want: "spec.forProvider.sqs",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e.Get(tc.mg)
			before := tc.mg.DeepCopyObject().(xpresource.ModernManaged)

			e.Update(tc.mg, tc.change)

			if tc.want == "" {
				generation := tc.mg.GetGeneration()
				e.Eventually("the change to be observed", func() (bool, string) {
					e.Get(tc.mg)
					c := tc.mg.GetCondition(xpv1.TypeSynced)

					return c.ObservedGeneration >= generation && c.Status == corev1.ConditionTrue, c.Message
				})
			} else {
				c := e.WaitCondition(tc.mg, xpv1.TypeSynced, "False", func(c xpv1.Condition) bool { return c.Status == corev1.ConditionFalse })
				if !strings.Contains(c.Message, tc.want) {
					t.Errorf("the condition does not say %q: %s", tc.want, c.Message)
				}
			}

			e.Eventually("the change to be undone", func() (bool, string) {
				e.Get(tc.mg)
				before.SetResourceVersion(tc.mg.GetResourceVersion())
				err := e.Client.Update(t.Context(), before)

				return err == nil, fmt.Sprint(err)
			})
			e.WaitReady(tc.mg)

			for route, n := range e.Scaleway.Counts() {
				if !strings.HasPrefix(route, http.MethodGet+" ") {
					t.Errorf("%d times %s, want no write at Scaleway", n, route)
				}
			}
		})
	}

	if diff := cmp.Diff(alive, e.Scaleway.Alive()); diff != "" {
		t.Errorf("objects at Scaleway: -want, +got:\n%s", diff)
	}
}

// oldObjects were created before the rules that they break.
type oldObjects struct {
	env     *framework.Env
	objects []*v1beta1.Token
}

func createOldObjects(t *testing.T) oldObjects {
	t.Helper()

	e := framework.New(t)
	o := oldObjects{env: e}

	for name, r := range refusals {
		tk, ok := r.mg().(*v1beta1.Token)
		if !ok {
			continue
		}

		e.Place(tk, strings.ToLower(name))
		tk.SetFinalizers([]string{"example.com/test"})
		e.Create(tk)

		tk.Status.AtProvider.ID = ptr.To(paris)
		if err := e.Client.Status().Update(t.Context(), tk); err != nil {
			t.Fatal(err)
		}

		o.objects = append(o.objects, tk)
	}

	return o
}

// awaitRules waits until the API server applies the rules that were installed.
func awaitRules(t *testing.T, e *framework.Env) {
	t.Helper()

	n := 0

	e.Eventually("the rules to be applied", func() (bool, string) {
		n++

		for kind, mg := range map[string]xpresource.ModernManaged{
			"token": refusals["NoParent"].mg(), "trigger": refusals["TwoSources"].mg(), "cron": refusals["NoContainer"].mg(), "policy": refusals["NoPrincipal"].mg(),
		} {
			e.Place(mg, fmt.Sprintf("probe-%s-%d", kind, n))

			if err := e.Client.Create(t.Context(), mg); !kerrors.IsInvalid(err) {
				return false, fmt.Sprint(kind, err)
			}
		}

		return true, ""
	})
}

// New rules never keep an old object from being looked after and deleted.
func testOldObjects(t *testing.T, old oldObjects) {
	for _, tk := range old.objects {
		t.Run(tk.GetName(), func(t *testing.T) {
			tk.Status.AtProvider.Description = ptr.To("seen")
			tk.SetConditions(xpv1.Available())

			if err := old.env.Client.Status().Update(t.Context(), tk); err != nil {
				t.Errorf("cannot update the status: %v", err)
			}

			meta.AddAnnotations(tk, map[string]string{"example.com/note": "seen"})

			if err := old.env.Client.Update(t.Context(), tk); err != nil {
				t.Errorf("cannot annotate: %v", err)
			}

			if err := old.env.Client.Delete(t.Context(), tk); err != nil {
				t.Errorf("cannot delete: %v", err)
			}

			old.env.Update(tk, func() { tk.SetFinalizers(nil) })
			old.env.WaitGone(tk)
		})
	}
}

func testAPIServerRefuses(t *testing.T) {
	e := framework.New(t)

	for name, r := range refusals {
		t.Run(name, func(t *testing.T) {
			mg := r.mg()
			e.Place(mg, strings.ToLower(name))

			err := e.Client.Create(t.Context(), mg)

			switch {
			case r.rule == "" && err != nil:
				t.Errorf("the API server cannot know that this is wrong, but refuses it: %v", err)
			case r.rule != "" && (!kerrors.IsInvalid(err) || !strings.Contains(err.Error(), r.rule)):
				t.Errorf("want an error that says %q, got %v", r.rule, err)
			}
		})
	}
}

func testAPIServerAccepts(t *testing.T) {
	e := framework.New(t)

	for name, change := range map[string]func(*v1beta1.Token){
		"BareUUID":   func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = ptr.To(strings.Split(paris, "/")[1]) },
		"SameRegion": func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("fr-par") },
		"Reference": func(tk *v1beta1.Token) {
			tk.Spec.ForProvider.NamespaceID = nil
			tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop"}
		},
		"ResolvedReference": func(tk *v1beta1.Token) {
			tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop"}
		},
		"Selector": func(tk *v1beta1.Token) {
			tk.Spec.ForProvider.NamespaceID = nil
			tk.Spec.ForProvider.ContainerIDSelector = &xpv1.NamespacedSelector{MatchLabels: map[string]string{"a": "b"}}
		},
		"InitProvider": func(tk *v1beta1.Token) {
			tk.Spec.ForProvider.NamespaceID = nil
			tk.Spec.InitProvider.ContainerID = ptr.To(paris)
		},
		"ObserveOnly": func(tk *v1beta1.Token) {
			tk.Spec.ForProvider.NamespaceID = nil
			tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
			meta.SetExternalName(tk, paris)
		},
		"Offset": func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15+02:00") },
	} {
		t.Run(name, func(_ *testing.T) {
			tk := token(change)
			e.Place(tk, strings.ToLower(name))
			e.Create(tk)
		})
	}
}

// What an object was created with stays, while late initialisation and the
// resolution of references go on.
func testImmutable(t *testing.T) {
	e := framework.New(t)

	tk := token(func(tk *v1beta1.Token) {
		tk.Spec.ForProvider.Description = ptr.To("first")
		tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15Z")
	})
	e.Place(tk, "immutable")
	e.Create(tk)

	const message = "cannot be changed or taken away: it would revoke the token. Create another Token instead"

	update := func(change func()) error {
		e.Get(tk)
		change()

		return e.Client.Update(t.Context(), tk)
	}

	// As long as there is no object, anything can be put right.
	if err := update(func() { tk.Spec.ForProvider.Description = ptr.To("second") }); err != nil {
		t.Fatalf("a Token that does not exist at Scaleway cannot be changed: %v", err)
	}

	e.Get(tk)
	tk.Status.AtProvider = v1beta1.TokenObservation{ID: ptr.To(paris), Region: ptr.To("fr-par"), Description: ptr.To("second")}

	if err := e.Client.Status().Update(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	// So do late initialisation, with what the object has, and a reference beside
	// the argument, which has no effect.
	for name, change := range map[string]func(){
		"LateInitialization": func() { tk.Spec.ForProvider.Region = ptr.To("fr-par") },
		"AddReference":       func() { tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop"} },
		"RemoveReference":    func() { tk.Spec.ForProvider.NamespaceIDRef = nil },
		"AddInitProvider":    func() { tk.Spec.InitProvider.Description = ptr.To("without effect") },
		"RemoveInitProvider": func() { tk.Spec.InitProvider.Description = nil },
	} {
		if err := update(change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	for name, tc := range map[string]struct {
		field  string
		change func()
	}{
		"ChangeParent":      {"namespaceId", func() { tk.Spec.ForProvider.NamespaceID = ptr.To("fr-par/33333333-3333-4333-8333-333333333333") }},
		"ChangeDescription": {"description", func() { tk.Spec.ForProvider.Description = ptr.To("third") }},
		"ChangeExpiry":      {"expiresAt", func() { tk.Spec.ForProvider.ExpiresAt = ptr.To("2036-10-18T11:35:15Z") }},
		// It is the same time, which the API server cannot tell.
		"RewriteExpiry":     {"expiresAt", func() { tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-10-18T13:35:15+02:00") }},
		"ChangeRegion":      {"region", func() { tk.Spec.ForProvider.Region = ptr.To("pl-waw") }},
		"RemoveParent":      {"namespaceId", func() { tk.Spec.ForProvider.NamespaceID = nil }},
		"RemoveDescription": {"description", func() { tk.Spec.ForProvider.Description = nil }},
		"RemoveExpiry":      {"expiresAt", func() { tk.Spec.ForProvider.ExpiresAt = nil }},
		"RemoveRegion":      {"region", func() { tk.Spec.ForProvider.Region = nil }},
		"OtherParent": {"containerId", func() {
			tk.Spec.ForProvider.NamespaceID, tk.Spec.ForProvider.ContainerID = nil, ptr.To(paris)
		}},
		"LeaveItToReference": {"namespaceId", func() {
			tk.Spec.ForProvider.NamespaceID = nil
			tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := "spec.forProvider." + tc.field + " of a Token that exists " + message
			if err := update(tc.change); !kerrors.IsInvalid(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("want an error that says %q, got %v", want, err)
			}
		})
	}

	if err := client.IgnoreNotFound(e.Client.Delete(t.Context(), tk)); err != nil {
		t.Errorf("cannot delete: %v", err)
	}
}

// What stands in initProvider alone stays too: a token that takes the place of
// this one would have it.
func testImmutableInitProvider(t *testing.T) {
	e := framework.New(t)

	tk := token(func(tk *v1beta1.Token) {
		tk.Spec.ForProvider.NamespaceID = nil
		tk.Spec.InitProvider.NamespaceID = ptr.To(paris)
		tk.Spec.InitProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15+02:00")
	})
	e.Place(tk, "init")
	e.Create(tk)

	tk.Status.AtProvider = v1beta1.TokenObservation{ID: ptr.To(paris), NamespaceID: ptr.To(paris), ExpiresAt: ptr.To("2035-10-18T09:35:15Z")}
	if err := e.Client.Status().Update(t.Context(), tk); err != nil {
		t.Fatal(err)
	}

	update := func(change func()) error {
		e.Get(tk)
		change()

		return e.Client.Update(t.Context(), tk)
	}

	for name, tc := range map[string]struct {
		field  string
		change func()
	}{
		"ChangeParent":   {"namespaceId", func() { tk.Spec.InitProvider.NamespaceID = ptr.To(warsaw) }},
		"ChangeExpiry":   {"expiresAt", func() { tk.Spec.InitProvider.ExpiresAt = ptr.To("2036-10-18T11:35:15Z") }},
		"RemoveExpiry":   {"expiresAt", func() { tk.Spec.InitProvider.ExpiresAt = nil }},
		"AddDescription": {"description", func() { tk.Spec.InitProvider.Description = ptr.To("first") }},
		"AddRegion":      {"region", func() { tk.Spec.InitProvider.Region = ptr.To("fr-par") }},
		"AddParent":      {"containerId", func() { tk.Spec.InitProvider.ContainerID = ptr.To(paris) }},
	} {
		t.Run(name, func(t *testing.T) {
			want := "spec.initProvider." + tc.field + " of a Token that exists cannot be changed or taken away"
			if err := update(tc.change); !kerrors.IsInvalid(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("want an error that says %q, got %v", want, err)
			}
		})
	}

	err := update(func() {
		tk.Spec.ForProvider.NamespaceID = tk.Status.AtProvider.NamespaceID
		tk.Spec.ForProvider.ExpiresAt = tk.Status.AtProvider.ExpiresAt
	})
	if err != nil {
		t.Errorf("late initialisation with what the object has: %v", err)
	}

	if err := update(func() { tk.Spec.InitProvider = v1beta1.TokenInitParameters{} }); err != nil {
		t.Errorf("taking away what late initialisation has made without effect: %v", err)
	}
}

// A block can be changed, but not be taken away for another.
func testKeptBlock(t *testing.T) {
	e := framework.New(t)

	tr := &v1beta1.Trigger{}
	e.Place(tr, "kept")
	tr.Spec.ForProvider = v1beta1.TriggerParameters{
		ContainerID:       ptr.To(paris),
		DestinationConfig: &v1beta1.DestinationConfigParameters{HTTPMethod: ptr.To("post"), HTTPPath: ptr.To("/")},
		Cron:              &v1beta1.TriggerCronParameters{Schedule: ptr.To("* * * * *"), Timezone: ptr.To("Europe/Paris")},
	}
	e.Create(tr)

	tr.Status.AtProvider.ID = ptr.To(paris)
	if err := e.Client.Status().Update(t.Context(), tr); err != nil {
		t.Fatal(err)
	}

	tr.Spec.ForProvider.Cron.Schedule = ptr.To("5 4 * * *")
	if err := e.Client.Update(t.Context(), tr); err != nil {
		t.Fatalf("cannot change the block: %v", err)
	}

	const message = "spec.forProvider.cron of a Trigger that exists cannot be taken away: it would need another object at Scaleway: create another Trigger"

	tr.Spec.ForProvider.Cron = nil
	tr.Spec.ForProvider.Nats = &v1beta1.NatsParameters{Subject: ptr.To("s"), ServerUrls: []*string{ptr.To("nats://n:4222")}}

	if err := e.Client.Update(t.Context(), tr); !kerrors.IsInvalid(err) || !strings.Contains(err.Error(), message) {
		t.Errorf("want an error that says %q, got %v", message, err)
	}
}

// What the provider itself writes is let through, also where Scaleway writes a
// value in another way than the user.
func testLateInitialization(t *testing.T) {
	e := framework.New(t)
	e.StartProvider()

	ns := &v1beta1.ContainerNamespace{}
	e.Place(ns, "parent")
	e.Create(ns)
	e.WaitReady(ns)

	_, uuid, _ := strings.Cut(framework.ExternalName(ns), "/")

	tk := token(func(tk *v1beta1.Token) {
		tk.Spec.ForProvider.NamespaceID = nil
		tk.Spec.InitProvider.NamespaceID = ptr.To(uuid)
		tk.Spec.InitProvider.Description = ptr.To("late")
		tk.Spec.InitProvider.ExpiresAt = ptr.To("2035-10-18T11:35:15+02:00")
	})
	e.Place(tk, "late")
	e.Create(tk)

	byReference := token(func(tk *v1beta1.Token) {
		tk.Spec.ForProvider.NamespaceID = nil
		tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: ns.GetName()}
		tk.Spec.WriteConnectionSecretToReference.Name = "by-reference"
	})
	e.Place(byReference, "by-reference")
	e.Create(byReference)

	want := map[string]v1beta1.TokenParameters{
		"late": {
			NamespaceID: ptr.To(framework.ExternalName(ns)), Description: ptr.To("late"),
			ExpiresAt: ptr.To("2035-10-18T09:35:15Z"), Region: ptr.To("fr-par"),
		},
		"by-reference": {
			NamespaceID: ptr.To(framework.ExternalName(ns)), NamespaceIDRef: byReference.Spec.ForProvider.NamespaceIDRef,
			Region: ptr.To("fr-par"),
		},
	}

	for _, tk := range []*v1beta1.Token{tk, byReference} {
		e.WaitReady(tk)
		e.Eventually("late initialisation of "+tk.GetName(), func() (bool, string) {
			e.Get(tk)
			diff := cmp.Diff(want[tk.GetName()], tk.Spec.ForProvider)

			return diff == "", diff
		})
		e.WaitReady(tk)
	}
}
