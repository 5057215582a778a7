// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

const (
	paris  = "fr-par/11111111-1111-4111-8111-111111111111"
	warsaw = "pl-waw/22222222-2222-4222-8222-222222222222"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func declaration(t testing.TB, name string) resource.Resource {
	t.Helper()

	for _, r := range config.Resources() {
		if r.Name == name {
			return r
		}
	}

	t.Fatalf("no resource %s", name)

	return resource.Resource{}
}

func token(change func(*v1beta1.Token)) *v1beta1.Token {
	tk := &v1beta1.Token{}
	tk.SetNamespace("team-a")
	tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionAll}
	tk.Spec.ForProvider.NamespaceID = ptr.To(paris)
	tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "token"}
	change(tk)

	return tk
}

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

// events collects the reasons of events.
type events struct{ reasons []event.Reason }

func (e *events) Event(_ runtime.Object, ev event.Event)     { e.reasons = append(e.reasons, ev.Reason) }
func (e *events) WithAnnotations(_ ...string) event.Recorder { return e }

func TestObserveExpiry(t *testing.T) {
	now := noon
	recorded := &events{}
	m := &minter{resource: declaration(t, "scaleway_container_token"), record: recorded, now: func() time.Time { return now }}

	tk := token(func(*v1beta1.Token) {})
	tk.SetUID("one")
	tk.Status.AtProvider.ExpiresAt = ptr.To(noon.Add(30 * 24 * time.Hour).Format(time.RFC3339))

	steps := []struct {
		reason string
		left   time.Duration
		events int
		want   xpv1.ConditionReason
	}{
		{reason: "A month before, nobody is bothered.", left: 30 * 24 * time.Hour, events: 0},
		{reason: "A week before, there is an event.", left: 7 * 24 * time.Hour, events: 1},
		{reason: "It is sent once.", left: 6 * 24 * time.Hour, events: 1},
		{reason: "A day before, there is another.", left: 23 * time.Hour, events: 2},
		{reason: "In the last hour, there is the last one.", left: time.Minute, events: 3},
		{reason: "When it has expired, it is not Ready.", left: 0, events: 3, want: ReasonExpired},
	}

	for _, s := range steps {
		now = noon.Add(30*24*time.Hour - s.left)

		got := xpv1.ConditionReason("")
		if c := m.observeExpiry(tk); c != nil {
			got = c.Reason
		}

		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("\n%s\nobserveExpiry(...): -want reason, +got reason:\n%s", s.reason, diff)
		}

		if diff := cmp.Diff(s.events, len(recorded.reasons)); diff != "" {
			t.Errorf("\n%s\nevents: -want, +got:\n%s", s.reason, diff)
		}
	}
}

func TestUntilExpiry(t *testing.T) {
	m := &minter{resource: declaration(t, "scaleway_container_token"), now: func() time.Time { return noon }}

	cases := map[string]struct {
		reason  string
		expires *string
		want    time.Duration
	}{
		"Never":   {reason: "There is nothing to come back for.", want: time.Hour},
		"Soon":    {reason: "It is looked at just after it has expired.", expires: ptr.To("2026-01-02T12:10:00Z"), want: 10*time.Minute + time.Second},
		"Later":   {reason: "The poll comes first.", expires: ptr.To("2026-01-03T12:00:00Z"), want: time.Hour},
		"Expired": {reason: "That is known already.", expires: ptr.To("2026-01-01T12:00:00Z"), want: time.Hour},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := token(func(tk *v1beta1.Token) { tk.Status.AtProvider.ExpiresAt = tc.expires })

			if diff := cmp.Diff(tc.want, m.untilExpiry(tk, time.Hour)); diff != "" {
				t.Errorf("\n%s\nuntilExpiry(...): -want, +got:\n%s", tc.reason, diff)
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

func TestReleased(t *testing.T) {
	tk := token(func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{AnnotationRelease: paris}) })

	for what, want := range map[string]bool{paris: true, warsaw: false, "": false} {
		if got := released(tk, what); got != want {
			t.Errorf("released(..., %q): want %t, got %t", what, want, got)
		}
	}

	if released(token(func(*v1beta1.Token) {}), "") {
		t.Error("a managed resource without a name is released although nobody asks for it")
	}

	if err := howToRelease(errors.New("no Secret"), paris); !strings.Contains(err.Error(), AnnotationRelease+"="+paris) {
		t.Errorf("howToRelease(...): want the annotation and its value, got %v", err)
	}
}
