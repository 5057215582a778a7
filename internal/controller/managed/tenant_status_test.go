// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"net/http"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// found is an object that exists and is as it should be, as far as upjet knows.
var found = managed.ExternalClientFns{
	ObserveFn: func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
		return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
	},
	DeleteFn: func(context.Context, xpresource.Managed) (managed.ExternalDelete, error) {
		return managed.ExternalDelete{}, errors.New("Scaleway says no")
	},
}

// What is known of an object's status is what Scaleway has told the tenant whose
// credentials the managed resource uses, also where another tenant's has the same
// external name, or where the key is rotated during the reconcile.
func TestStatusIsOfTheTenant(t *testing.T) {
	s := newScaleway(t)
	s.header = http.Header{"Content-Type": {"application/json"}}
	s.body = `{"id":"a","status":"deleting","error_message":"for the owner"}`

	key := "the owner's"

	c, _ := newSeen(t, "scaleway_container_namespace")
	c.seen = s.seen
	c.inner = managed.ExternalConnectorFn(func(ctx context.Context, _ xpresource.Managed) (managed.ExternalClient, error) {
		return found, s.Register(ctx, key, s.server.URL)
	})

	id, err := c.resource.ParseID(paris)
	if err != nil {
		t.Fatal(err)
	}

	type want struct {
		ready     xpv1.ConditionReason
		poll      time.Duration
		deleteErr bool
	}

	cases := map[string]struct {
		reason string
		// keys that the credentials hold when the reconcile begins, and when it has
		// connected.
		before, after string
		want          want
	}{
		"Owner": {
			reason: "It is being deleted, so that it is looked at again soon, and not deleted once more.",
			before: "the owner's", after: "the owner's",
			want: want{ready: xpv1.ReasonDeleting, poll: minTransientPoll},
		},
		"Other": {
			reason: "Another tenant knows nothing of that.",
			before: "another's", after: "another's",
			want: want{poll: time.Hour, deleteErr: true},
		},
		"Rotated": {
			reason: "What was asked with the old key is known, although somebody has used the new one meanwhile.",
			before: "the owner's", after: "the owner's second",
			want: want{ready: xpv1.ReasonDeleting, poll: minTransientPoll},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			mg := newManaged(t, name)
			ctx := transport.WithUser(t.Context(), userOf(mg))

			key = tc.before

			client, err := c.Connect(ctx, mg)
			if err != nil {
				t.Fatal(err)
			}

			s.know(t, mg.GetNamespace(), "the owner's")
			s.get(t, "the owner's", c.resource.ObjectPath(id.Region, id.UUID))

			key = tc.after
			s.know(t, mg.GetNamespace(), tc.after)

			if _, err := client.Observe(ctx, mg); err != nil {
				t.Fatal(err)
			}

			got := want{ready: mg.GetCondition(xpv1.TypeReady).Reason, poll: c.pollInterval(0)(mg, time.Hour)}

			_, err = client.Delete(ctx, mg)
			got.deleteErr = err != nil

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nthe condition Ready, the next poll, and whether Delete reached upjet: -want, +got:\n%s", tc.reason, diff)
			}

			c.forget(mg.GetUID())

			if _, ok := c.tenants.Load(mg.GetUID()); ok {
				t.Error("forget(...) has left whose credentials an object had")
			}
		})
	}
}

// newManaged returns a ContainerNamespace with an external name.
func newManaged(t *testing.T, uid string) xpresource.ModernManaged {
	t.Helper()

	tr := newManagedOf(t, v1beta1.ContainerNamespace_GroupVersionKind, map[string]any{"spec": map[string]any{"providerConfigRef": map[string]any{"kind": "ProviderConfig", "name": "default"}}})
	tr.SetUID(types.UID(uid))
	meta.SetExternalName(tr, paris)

	mg, ok := tr.(xpresource.ModernManaged)
	if !ok {
		t.Fatalf("%T is not a namespaced managed resource", tr)
	}

	return mg
}
