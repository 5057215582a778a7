// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// A cacheWith holds one ProviderConfig, or none.
type cacheWith struct {
	client.Client

	pc *v1beta1.ProviderConfig
}

func (c cacheWith) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if c.pc == nil {
		return kerrors.NewNotFound(schema.GroupResource{}, key.Name)
	}

	*o.(*v1beta1.ProviderConfig) = *c.pc

	return nil
}

// delays is a queue that notes after how long each request is added.
type delays struct {
	queue

	added []time.Duration
}

func (d *delays) Add(reconcile.Request)                             { d.added = append(d.added, 0) }
func (d *delays) AddAfter(_ reconcile.Request, after time.Duration) { d.added = append(d.added, after) }

func TestAccount(t *testing.T) {
	inUse := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", UID: "config-uid", Finalizers: []string{"in-use.crossplane.io"}}}
	inUse.Spec.Credentials.Source = xpv1.CredentialsSourceSecret
	inUse.Spec.Credentials.SecretRef.Name = "default"

	held := inUse.DeepCopy()
	held.SetAnnotations(map[string]string{clients.AnnotationHeld: "team-a/default#config-uid"})

	thousands := held.DeepCopy()
	thousands.SetUsers(3000)

	notHeldOfThousands := inUse.DeepCopy()
	notHeldOfThousands.SetUsers(3000)

	cases := map[string]struct {
		reason string
		pc     *v1beta1.ProviderConfig
		hold   bool
		want   []time.Duration
	}{
		"Held":      {"Nothing but a number changes.", held, true, []time.Duration{accountInterval}},
		"Thousands": {"To count them takes longer.", thousands, true, []time.Duration{3 * accountInterval}},
		"NotHeld":   {"Until its Secret is held it could be deleted.", inUse, true, []time.Duration{0}},
		"NoSecret":  {"To try for each of thousands would be most of the provider's work.", notHeldOfThousands, true, []time.Duration{accountInterval}},
		"Unheld":    {"It is not to be held.", inUse, false, []time.Duration{accountInterval}},
		"NotInUse":  {"Until it is itself kept it could be deleted.", &v1beta1.ProviderConfig{}, false, []time.Duration{0}},
		"Gone":      {"The reconciler knows what to do about it.", nil, true, []time.Duration{0}},
	}

	usage := &v1beta1.ProviderConfigUsage{}
	usage.SetNamespace("team-a")
	usage.SetProviderConfigReference(xpv1.ProviderConfigReference{Kind: v1beta1.ProviderConfigKind, Name: "default"})

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			h := account(cacheWith{pc: tc.pc}, v1beta1.ProviderConfigKind, tc.hold, false, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} })

			for what, send := range map[string]func(queue){
				"Create": func(q queue) { h.Create(t.Context(), event.CreateEvent{Object: usage}, q) },
				"Delete": func(q queue) { h.Delete(t.Context(), event.DeleteEvent{Object: usage}, q) },
			} {
				q := &delays{}
				send(q)

				if diff := cmp.Diff(tc.want, q.added); diff != "" {
					t.Errorf("\n%s\n%s(...): -want, +got:\n%s", tc.reason, what, diff)
				}
			}
		})
	}
}

// TestAccountOfUnknownKind checks that somebody lets go of a usage whose config there cannot
// be.
func TestAccountOfUnknownKind(t *testing.T) {
	usage := &v1beta1.ProviderConfigUsage{}
	usage.SetNamespace("team-a")

	cases := map[string]struct {
		reason string
		ref    string
		kind   string
		want   int
	}{
		"Unknown":        {"Nobody else would.", "Unknown", v1beta1.ProviderConfigKind, 1},
		"UnknownCluster": {"One is enough.", "ClusterUnknown", v1beta1.ClusterProviderConfigKind, 0},
		"None":           {"An older version of Crossplane's tracker had none.", "", v1beta1.ProviderConfigKind, 1},
		"Cluster":        {"It is of no ProviderConfig.", v1beta1.ClusterProviderConfigKind, v1beta1.ProviderConfigKind, 0},
		"OfCluster":      {"It is of that.", v1beta1.ClusterProviderConfigKind, v1beta1.ClusterProviderConfigKind, 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			usage.ProviderConfigReference = xpv1.ProviderConfigReference{Kind: tc.ref, Name: "default"}

			q := &delays{}
			account(cacheWith{}, tc.kind, true, false, func() xpresource.ProviderConfig { return &v1beta1.ProviderConfig{} }).Create(t.Context(), event.CreateEvent{Object: usage}, q)

			if len(q.added) != tc.want {
				t.Errorf("\n%s\nCreate(...): want %d requests, got %d", tc.reason, tc.want, len(q.added))
			}
		})
	}
}
