// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

func TestCheck(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		want   string
	}{
		"Good": {
			reason: "Nothing is wrong.",
			change: func(*v1beta1.Token) {},
		},
		"UnknownRegion": {
			reason: "A region that no object can be in.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("fr-pau") },
			want:   `spec.forProvider.region: unknown region "fr-pau": want one of fr-par, nl-ams, pl-waw`,
		},
		"RegionOfParent": {
			reason: "Terraform would look for the parent in the other region.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("pl-waw") },
			want:   "spec.forProvider.region is in region pl-waw, but spec.forProvider.namespaceId " + paris + " is in region fr-par",
		},
		"RegionOfExternalName": {
			reason: "The object cannot be in two regions.",
			change: func(tk *v1beta1.Token) { meta.SetExternalName(tk, warsaw) },
			want:   "is in region pl-waw, but spec.forProvider.namespaceId " + paris + " is in region fr-par",
		},
		"MalformedExternalName": {
			reason: "It names nothing.",
			change: func(tk *v1beta1.Token) { meta.SetExternalName(tk, "shop") },
			want:   `annotation crossplane.io/external-name: "shop" is not a regional ID`,
		},
		"MalformedParent": {
			reason: "It names nothing.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = ptr.To("shop") },
			want:   `spec.forProvider.namespaceId: neither a UUID nor a regional ID`,
		},
		"BareParent": {
			reason: "A UUID is in the object's region.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = ptr.To(strings.Split(paris, "/")[1]) },
		},
		"TwoParents": {
			reason: "A token opens one thing.",
			change: func(tk *v1beta1.Token) { tk.Spec.InitProvider.ContainerID = ptr.To(paris) },
			want:   "spec.forProvider.containerId and spec.forProvider.namespaceId are given",
		},
		"NoParent": {
			reason: "A token opens something.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = nil },
			want:   "none is given",
		},
		"ObserveOnlyWithoutParent": {
			reason: "What is only observed needs no arguments, and no Secret.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
				tk.Spec.ForProvider.NamespaceID = nil
				tk.Spec.WriteConnectionSecretToReference = nil
				meta.SetExternalName(tk, paris)
			},
		},
		"NoTime": {
			reason: "Terraform would leave it out, and the token would never expire.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("tomorrow") },
			want:   `spec.forProvider.expiresAt "tomorrow" is not a time`,
		},
		"Fractions": {
			reason: "Scaleway drops them, and Terraform would see a change for ever.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2035-01-01T00:00:00.5Z") },
			want:   "in whole seconds",
		},
		"Past": {
			reason: "A token must not be born dead; the error says the provider's clock.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("2026-01-02T12:00:00Z") },
			want:   "is not in the future: it is now 2026-01-02T12:00:00Z",
		},
		"PastOfOneThatExists": {
			reason: "A token that was created in time may expire.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.ExpiresAt = ptr.To("2026-01-02T12:00:00Z")
				meta.SetExternalName(tk, paris)
			},
		},
		"NoSecret": {
			reason: "Nobody could ever read the value.",
			change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil },
			want:   "spec.writeConnectionSecretToRef is not set",
		},
		"ImportedWithoutSecret": {
			reason: "The value of an imported token is somebody else's.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.WriteConnectionSecretToReference = nil
				meta.SetExternalName(tk, paris)
			},
		},
		"Template": {
			reason: "Upjet would evaluate it.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.Description = ptr.To(`a ${ upper ("b")}`) },
			want:   "spec.forProvider.description holds a call",
		},
		"NoTemplate": {
			reason: "Upjet leaves it alone.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.Description = ptr.To("${HOME} and $(pwd)") },
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &Connector{resource: declaration(t, "scaleway_container_token"), now: func() time.Time { return noon }}

			err := c.check(t.Context(), token(tc.change))
			if (tc.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("\n%s\ncheck(...): want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestCheckReferences(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		want   string
	}{
		"Own": {
			reason: "Its own Kubernetes namespace may be written out.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop", Namespace: "team-a"}
			},
		},
		"Another": {
			reason: "The provider may read what the user may not.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop", Namespace: "team-b"}
			},
			want: `spec.forProvider.namespaceIdRef.namespace "team-b" is not allowed`,
		},
		"Selector": {
			reason: "The provider may read what the user may not.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.InitProvider.ContainerIDSelector = &xpv1.NamespacedSelector{Namespace: "team-b"}
			},
			want: `spec.initProvider.containerIdSelector.namespace "team-b" is not allowed`,
		},
		"Label": {
			reason: "A label may have any name.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.ContainerIDSelector = &xpv1.NamespacedSelector{MatchLabels: map[string]string{"namespace": "team-b"}}
			},
		},
		"Deleted": {
			reason: "References are not resolved any more, and must not keep the object.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "shop", Namespace: "team-b"}
				tk.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := checkReferences(t.Context(), token(tc.change))
			if (tc.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("\n%s\ncheckReferences(...): want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestReady(t *testing.T) {
	cases := map[string]struct {
		reason string
		seen   transport.Observation
		want   xpv1.Condition
	}{
		"Creating":       {reason: "It cannot be used yet.", seen: transport.Observation{Status: "creating"}, want: xpv1.Creating().WithMessage("Scaleway reports the status creating")},
		"Updating":       {reason: "It can be used meanwhile.", seen: transport.Observation{Status: "updating"}, want: xpv1.Available()},
		"Deleting":       {reason: "It is on its way out.", seen: transport.Observation{Status: "deleting"}, want: xpv1.Deleting().WithMessage("Scaleway reports the status deleting")},
		"Error":          {reason: "Terraform takes it for success.", seen: transport.Observation{Status: "error", Message: "no such image"}, want: xpv1.Unavailable().WithMessage("Scaleway reports the status error: no such image")},
		"Locked":         {reason: "Scaleway has switched it off.", seen: transport.Observation{Status: "locked"}, want: xpv1.Unavailable().WithMessage("Scaleway reports the status locked")},
		"Ready":          {reason: "It can be used.", seen: transport.Observation{Status: "ready"}, want: xpv1.Available()},
		"SomethingLater": {reason: "A status that is not known yet is no reason for an alarm.", seen: transport.Observation{Status: "rebalancing"}, want: xpv1.Available()},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := ready(tc.seen); !got.Equal(tc.want) {
				t.Errorf("\n%s\nready(%+v): want %+v, got %+v", tc.reason, tc.seen, tc.want, got)
			}
		})
	}
}

func TestWithhold(t *testing.T) {
	got := withhold([]any{"name", "token", "instanceDiff", "password: hunter2", "odd"})
	want := []any{"name", "token", "instanceDiff", "withheld", "odd"}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("withhold(...): -want, +got:\n%s", diff)
	}
}
