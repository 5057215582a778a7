// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujcontroller "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/transport"
)

// upjet stands for its connector. It notes what it is asked to do.
type upjet struct {
	managed.ExternalClientFns

	did []string
	// connected are the managed resources that clients were made for.
	connected []*v1beta1.Token
	err       error
}

func newUpjet() *upjet {
	u := &upjet{}
	u.ObserveFn = func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
		u.did = append(u.did, "observe")
		return managed.ExternalObservation{}, nil
	}
	u.CreateFn = func(context.Context, xpresource.Managed) (managed.ExternalCreation, error) {
		u.did = append(u.did, "create")
		return managed.ExternalCreation{}, nil
	}
	u.UpdateFn = func(context.Context, xpresource.Managed) (managed.ExternalUpdate, error) {
		u.did = append(u.did, "update")
		return managed.ExternalUpdate{}, nil
	}
	u.DeleteFn = func(context.Context, xpresource.Managed) (managed.ExternalDelete, error) {
		u.did = append(u.did, "delete")
		return managed.ExternalDelete{}, nil
	}

	return u
}

// Connect implements managed.ExternalConnector.
func (u *upjet) Connect(_ context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	tk, ok := mg.(*v1beta1.Token)
	if !ok {
		return nil, errors.Errorf("%T is no Token", mg)
	}

	u.did = append(u.did, "connect")
	u.connected = append(u.connected, tk)

	return &u.ExternalClientFns, u.err
}

// connector returns one that has the bench's guard.
func (b *bench) connector(u *upjet) *Connector {
	return &Connector{
		inner:    u,
		kube:     b.Kube,
		resource: b.Resource,
		trackers: ujcontroller.NewOperationStore(logging.NewNopLogger()),
		seen:     transport.NewObservations(),
		record:   b.guard.Recorder,
		now:      b.guard.Now,
		guard:    b.guard,
	}
}

// tenantKey and tenantURL are what the tenant of these tests has.
const (
	tenantKey = "key"
	tenantURL = "https://api.example.org"
)

// someTenant returns the tenant who sees what see lets be seen.
func someTenant(t *testing.T) *transport.Tenant {
	t.Helper()

	tenant, err := transport.NewTenants(transport.Pace{}, logging.NewNopLogger()).With(tenantKey, tenantURL)
	if err != nil {
		t.Fatal(err)
	}

	return tenant
}

// client returns the Connector's for upjet's, with the credentials of the tenant.
func (u *upjet) client(t *testing.T, c *Connector) *external {
	t.Helper()

	return &external{ExternalClient: &u.ExternalClientFns, connector: c, tenant: someTenant(t)}
}

// answer is a transport that answers every request.
type answer func(*http.Request) *http.Response

func (a answer) RoundTrip(req *http.Request) (*http.Response, error) { return a(req), nil }

// see has the transport read the object of the managed resource, in the status. It
// is not found if the status is empty.
func see(t *testing.T, c *Connector, mg xpresource.Managed, status string) {
	t.Helper()

	c.tenants.Store(mg.GetUID(), someTenant(t))

	tenants := transport.NewTenants(transport.Pace{}, logging.NewNopLogger())

	tr, err := transport.New(transport.Options{
		Observations: c.seen, Timeout: time.Minute, Permits: issue.NewPermits(),
		Tenants: tenants, Metrics: transport.NewMetrics(tenants),
		Next: answer(func(req *http.Request) *http.Response {
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", "application/json")

			if status == "" {
				w.WriteHeader(http.StatusNotFound)
			}

			_, _ = fmt.Fprintf(w, `{"id":"1","status":%q}`, status)

			resp := w.Result()
			resp.Request = req

			return resp
		}),
	})
	if err != nil {
		t.Fatal(err)
	}

	if err := tenants.Register(t.Context(), tenantKey, tenantURL); err != nil {
		t.Fatal(err)
	}

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tenantURL+c.path(mg), nil)
	if err != nil {
		t.Fatal(err)
	}

	req.Header.Set("X-Auth-Token", tenantKey)

	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}

	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

// Who is connected to what, and what is said where that is not possible.
func TestConnect(t *testing.T) {
	share := func(b *bench) {
		b.Token(func(tk *v1beta1.Token) {
			tk.SetName("other")
			tk.SetUID("00000000-0000-4000-8000-000000000000")
			meta.SetExternalName(tk, paris)
			tk.Status.AtProvider.ID = ptr.To(paris)
		})
	}

	// An attempt that was given up, and another that has failed since.
	abandoned := func(tk *v1beta1.Token) {
		ledger.Record{
			UID: ownUID, Attempt: "99999999", State: ledger.StateFailed,
			Abandoned: []ledger.Abandoned{{Attempt: ownAttempt, At: noon, Region: "fr-par"}},
		}.Write(tk)
	}
	minted := func(tk *v1beta1.Token) {
		ledger.Record{UID: ownUID, Attempt: ownAttempt, State: ledger.StateDone, Object: paris}.Write(tk)
	}
	given := func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{release.Annotation: paris}) }
	late := func(b *bench) { b.Mint(ownMark.Append("late")) }

	cases := map[string]struct {
		reason  string
		change  func(*v1beta1.Token)
		prepare func(*bench)
		// revoked tells whether nothing of an abandoned attempt is left.
		revoked bool
		// plain is set for a kind whose secrets, if any, are not shown once.
		plain bool
		err   error
		want  string
		// connected tells whether upjet was asked for a client, and forgotten whether
		// it may remember no state.
		connected, forgotten bool
		events               []event.Reason
	}{
		"Good":         {reason: "Upjet remembers what it did.", connected: true},
		"Refused":      {reason: "What is wrong never reaches upjet.", change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.Region = ptr.To("fr-pau") }, want: "unknown region"},
		"NotConnected": {reason: "Upjet says why.", err: errors.New("no ProviderConfig"), want: "no ProviderConfig", connected: true},
		"DeletedWithoutName": {
			reason: "There is nothing to delete, and nothing to ask.",
			change: deleted,
		},
		"DeletedAfterAbandoned": {
			reason:  "What an abandoned attempt has created after all would be left for ever.",
			change:  func(tk *v1beta1.Token) { deleted(tk); abandoned(tk) },
			prepare: late, revoked: true,
			events: []event.Reason{reasonLeft},
		},
		"DeletedAfterAbandonedAndNotLookedUp": {
			reason:  "Nobody knows what it has created; the user is told how to let go of it.",
			change:  func(tk *v1beta1.Token) { deleted(tk); abandoned(tk) },
			prepare: func(b *bench) { late(b); b.guard.Remote = onetimetest.NoRemote },
			want:    release.Annotation + "=99999999",
		},
		"ReleasedByNameAfterAbandoned": {
			reason:  "Only the object that is named was given up.",
			change:  func(tk *v1beta1.Token) { deleted(tk); abandoned(tk); meta.SetExternalName(tk, paris); given(tk) },
			prepare: late, revoked: true,
			events: []event.Reason{reasonReleased, reasonLeft},
		},
		"ReleasedAfterAbandoned": {
			reason: "The user has given it up.",
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				abandoned(tk)
				meta.AddAnnotations(tk, map[string]string{release.Annotation: "99999999"})
			},
			prepare: func(b *bench) { late(b); b.guard.Remote = onetimetest.NoRemote },
			events:  []event.Reason{reasonLeft},
		},
		"DeletedWithMalformedName": {
			reason: "Nothing at Scaleway can have this name.",
			change: func(tk *v1beta1.Token) { deleted(tk); meta.SetExternalName(tk, "shop") },
		},
		"Deleted": {
			reason:    "Upjet must not take it for deleted before Scaleway has deleted it.",
			change:    func(tk *v1beta1.Token) { deleted(tk); meta.SetExternalName(tk, paris) },
			connected: true, forgotten: true,
		},
		"DeletedWithWrongArguments": {
			reason: "What is wrong no longer matters.",
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				meta.SetExternalName(tk, paris)
				tk.Spec.ForProvider.Region = ptr.To("fr-pau")
			},
			connected: true, forgotten: true,
		},
		"DeletedAndNotConnected": {
			reason: "The user is told how to let go of it.",
			change: func(tk *v1beta1.Token) { deleted(tk); meta.SetExternalName(tk, paris) },
			err:    errors.New("no ProviderConfig"), want: release.Annotation + "=" + paris, connected: true, forgotten: true,
		},
		"Released": {
			reason: "The user has given it up, and it is said that it is left.",
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				meta.SetExternalName(tk, paris)
				meta.AddAnnotations(tk, map[string]string{release.Annotation: paris})
			},
			err:    errors.New("no ProviderConfig"),
			events: []event.Reason{reasonReleased},
		},
		"AnotherReleased": {
			reason: "An annotation that was copied along gives up nothing.",
			change: func(tk *v1beta1.Token) {
				deleted(tk)
				meta.SetExternalName(tk, paris)
				meta.AddAnnotations(tk, map[string]string{release.Annotation: warsaw})
			},
			connected: true, forgotten: true,
		},
		"ReleasedWhileAlive": {
			reason: "Only what is being deleted is let go of.",
			change: func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)
				meta.AddAnnotations(tk, map[string]string{release.Annotation: paris})
			},
			connected: true,
		},
		"HandedOver": {
			reason:  "Another managed resource keeps it, which is said.",
			change:  func(tk *v1beta1.Token) { deleted(tk); meta.SetExternalName(tk, paris); minted(tk) },
			prepare: share,
			events:  []event.Reason{reasonLeft},
		},
		"PerhapsHandedOver": {
			reason:  "Nothing is revoked as long as nobody knows who else has it.",
			change:  func(tk *v1beta1.Token) { deleted(tk); meta.SetExternalName(tk, paris) },
			prepare: func(b *bench) { b.guard.Kube = onetimetest.NotListed(b.Kube) },
			want:    "cannot list what else has the external name",
		},
		"SharedPlain": {
			reason:  "Kinds whose objects hold no secret have no such guard.",
			change:  func(tk *v1beta1.Token) { deleted(tk); meta.SetExternalName(tk, paris) },
			prepare: share, plain: true,
			connected: true, forgotten: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				if tc.change != nil {
					tc.change(tk)
				}
			})

			if tc.prepare != nil {
				tc.prepare(b)
			}

			u := newUpjet()
			u.err = tc.err

			c := b.connector(u)
			if tc.plain {
				c.guard = nil
			}

			tracker := c.trackers.Tracker(tk)

			_, err := c.Connect(t.Context(), tk)
			if err == nil && meta.WasDeleted(tk) && len(u.connected) == 0 {
				// Nothing was found, so that it is let go of.
				err = c.leave(t.Context(), tk)
			}

			wantErr(t, tc.reason, tc.want, err)

			if left := len(b.Alive()) > 0; tc.revoked && left {
				t.Errorf("\n%s\nwhat an abandoned attempt has created is left", tc.reason)
			}

			if diff := cmp.Diff(tc.connected, len(u.connected) > 0); diff != "" {
				t.Errorf("\n%s\nupjet was asked for a client: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.forgotten, c.trackers.Tracker(tk) != tracker); diff != "" {
				t.Errorf("\n%s\nupjet's state was forgotten: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.events, b.Events.Reasons, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("\n%s\nevents: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A client that finds nothing lets the reconciler remove the finalizer, and asks
// upjet for nothing.
func TestConnectNothing(t *testing.T) {
	b, u := newBench(t), newUpjet()

	c, err := b.connector(u).Connect(t.Context(), b.Token(deleted))
	if err != nil {
		t.Fatal(err)
	}

	o, err := c.Observe(t.Context(), token(deleted))
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(managed.ExternalObservation{}, o); diff != "" {
		t.Errorf("Observe(...): -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(0, len(u.did)); diff != "" {
		t.Errorf("upjet did %v", u.did)
	}

	if err := c.Disconnect(t.Context()); err != nil {
		t.Error(err)
	}
}

// What a kind whose secret is shown once is created and changed by, and what any
// other kind is.
func TestExternal(t *testing.T) {
	create := func(ctx context.Context, e managed.ExternalClient, mg xpresource.Managed) error {
		_, err := e.Create(ctx, mg)
		return err
	}
	update := func(ctx context.Context, e managed.ExternalClient, mg xpresource.Managed) error {
		_, err := e.Update(ctx, mg)
		return err
	}
	renewed := func(tk *v1beta1.Token) {
		meta.SetExternalName(tk, paris)
		meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"})
		ledger.Record{UID: ownUID, State: ledger.StateDone, Object: paris, Renewed: "before"}.Write(tk)
	}

	cases := map[string]struct {
		reason string
		do     func(context.Context, managed.ExternalClient, xpresource.Managed) error
		change func(*v1beta1.Token)
		plain  bool
		want   string
		// did is what upjet was asked for.
		did []string
		// forgotten tells whether upjet may remember no state.
		forgotten bool
	}{
		"CreatePlain": {reason: "There is nothing to guard.", do: create, plain: true, did: []string{"create"}},
		"CreateUnrecorded": {
			reason: "Nobody could find again what is created.", do: create,
			want: "without a recorded attempt", forgotten: true,
		},
		"CreateUnsent": {
			reason: "It is minted through the guard, which sees that no request was sent.", do: create,
			change: func(tk *v1beta1.Token) {
				ledger.Record{UID: ownUID, Attempt: ownAttempt, State: ledger.StatePending, At: noon}.Write(tk)
			},
			want: "Terraform sent no request", did: []string{"create"}, forgotten: true,
		},
		"UpdatePlain": {reason: "There is no secret to renew.", do: update, plain: true, change: renewed, did: []string{"update"}},
		"Update": {
			reason: "Nobody asks for a new secret.", do: update,
			change: func(tk *v1beta1.Token) { meta.SetExternalName(tk, paris) },
			did:    []string{"update"},
		},
		"UpdateRenewed": {
			reason: "The renewal has been made.", do: update,
			change: func(tk *v1beta1.Token) {
				renewed(tk)
				ledger.Record{UID: ownUID, State: ledger.StateDone, Object: paris, Renewed: "now"}.Write(tk)
			},
			did: []string{"update"},
		},
		"UpdateUnreadable": {
			reason: "A renewal may have been made.", do: update,
			change: func(tk *v1beta1.Token) {
				renewed(tk)
				meta.AddAnnotations(tk, map[string]string{ledger.AnnotationRecord: "{"})
			},
			want: "is not what the provider wrote",
		},
		"Renew": {
			reason: "Another object is created, by a client of its own.", do: update, change: renewed,
			want: "Terraform sent no request", did: []string{"connect", "observe", "create"}, forgotten: true,
		},
		"RenewWithTemplate": {
			reason: "Upjet would evaluate it.", do: update,
			change: func(tk *v1beta1.Token) {
				renewed(tk)
				tk.Spec.ForProvider.Description = ptr.To(`${upper("a")}`)
			},
			want: "holds a call", forgotten: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, u := newBench(t), newUpjet()
			tk := b.Token(func(tk *v1beta1.Token) {
				if tc.change != nil {
					tc.change(tk)
				}
			})

			c := b.connector(u)
			if tc.plain {
				c.guard = nil
			}

			tracker := c.trackers.Tracker(tk)
			remembered := false

			u.CreateFn = func(context.Context, xpresource.Managed) (managed.ExternalCreation, error) {
				remembered = len(u.connected) > 0 && c.trackers.Tracker(tk) == tracker
				u.did = append(u.did, "create")

				return managed.ExternalCreation{}, nil
			}

			wantErr(t, tc.reason, tc.want, tc.do(t.Context(), u.client(t, c), tk))

			if diff := cmp.Diff(tc.did, u.did); diff != "" {
				t.Errorf("\n%s\nwhat upjet did: -want, +got:\n%s", tc.reason, diff)
			}

			if remembered {
				t.Errorf("\n%s\nthe new object is created from the state of the old one", tc.reason)
			}

			if diff := cmp.Diff(tc.forgotten, c.trackers.Tracker(tk) != tracker); diff != "" {
				t.Errorf("\n%s\nupjet's state was forgotten: -want, +got:\n%s", tc.reason, diff)
			}

			for _, another := range u.connected {
				if name := meta.GetExternalName(another) + another.GetID(); name != "" {
					t.Errorf("\n%s\nthe client for the new object is for %q", tc.reason, name)
				}
			}
		})
	}
}

// What a deletion does, and what counts as deleted.
func TestExternalDelete(t *testing.T) {
	gone := errors.New("http error 404")

	cases := map[string]struct {
		reason string
		// before is the status in which the object was seen, if it was, and after that
		// during the deletion.
		before, after *string
		err           error
		noClient      bool
		want          string
		did           []string
	}{
		"Deleted":      {reason: "It is deleted.", before: ptr.To("ready"), did: []string{"connect", "delete"}},
		"BeingDeleted": {reason: "Scaleway would refuse another deletion.", before: ptr.To(statusDeleting)},
		"NeverSeen":    {reason: "A kind without a status is deleted all the same.", did: []string{"connect", "delete"}},
		"Refused":      {reason: "It is still there.", before: ptr.To("ready"), after: ptr.To("ready"), err: errors.New("http error 403"), want: "403", did: []string{"connect", "delete"}},
		"Gone":         {reason: "It was there a moment ago, and is not any more.", before: ptr.To("ready"), after: ptr.To(""), err: gone, did: []string{"connect", "delete"}},
		"PerhapsGone":  {reason: "It was never seen, so that nothing is known of it.", err: gone, want: "404", did: []string{"connect", "delete"}},
		"NoClient":     {reason: "It is tried again.", before: ptr.To("ready"), noClient: true, want: "no ProviderConfig", did: []string{"connect"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, u := newBench(t), newUpjet()
			tk := b.Token(func(tk *v1beta1.Token) {
				deleted(tk)
				meta.SetExternalName(tk, paris)
				tk.Spec.ForProvider.Description = ptr.To(`${upper("a")}`)
			})
			c := b.connector(u)
			tracker := c.trackers.Tracker(tk)

			if tc.before != nil {
				see(t, c, tk, *tc.before)
			}

			if tc.noClient {
				u.err = errors.New("no ProviderConfig")
			}

			u.DeleteFn = func(context.Context, xpresource.Managed) (managed.ExternalDelete, error) {
				u.did = append(u.did, "delete")

				if c.trackers.Tracker(tk) == tracker {
					t.Errorf("\n%s\nupjet would delete with what it remembers", tc.reason)
				}

				if tc.after != nil {
					see(t, c, tk, *tc.after)
				}

				return managed.ExternalDelete{}, tc.err
			}

			stale := newUpjet()
			stale.DeleteFn = func(context.Context, xpresource.Managed) (managed.ExternalDelete, error) {
				t.Errorf("\n%s\nit is deleted by a client that has observed", tc.reason)
				return managed.ExternalDelete{}, nil
			}

			_, err := stale.client(t, c).Delete(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			if diff := cmp.Diff(tc.did, u.did); diff != "" {
				t.Errorf("\n%s\nwhat upjet did: -want, +got:\n%s", tc.reason, diff)
			}

			for _, clean := range u.connected {
				if err := checkTemplates(clean); err != nil {
					t.Errorf("\n%s\nupjet would evaluate what was never checked: %v", tc.reason, err)
				}
			}
		})
	}
}

// What is remembered of a managed resource goes with it.
func TestForget(t *testing.T) {
	b := newBench(t)
	c := b.connector(newUpjet())

	tk := token(func(tk *v1beta1.Token) {
		tk.SetUID(ownUID)
		tk.Status.AtProvider.ExpiresAt = ptr.To(noon.Add(time.Hour).Format(time.RFC3339))
	})

	steps := []struct {
		reason string
		forget types.UID
		events int
	}{
		{reason: "It is said once.", events: 1},
		{reason: "Another one is gone.", forget: "another", events: 1},
		{reason: "Nothing is remembered of what is gone.", forget: ownUID, events: 2},
	}

	for _, s := range steps {
		c.forget(s.forget)
		b.guard.ObserveExpiry(tk)

		if diff := cmp.Diff(s.events, len(b.Events.Reasons)); diff != "" {
			t.Errorf("\n%s\nevents: -want, +got:\n%s", s.reason, diff)
		}
	}

	c.guard = nil
	c.forget(ownUID) // A kind without a guard has nothing to forget.
}

// A name that another has come to have too, since the reconcile that asks for a renewal
// has begun, has no token minted in its place. In another Kubernetes namespace nobody can
// keep a token from being renewed.
func TestSharedIsNotRenewed(t *testing.T) {
	cases := map[string]struct {
		reason    string
		namespace string
		want      string
		attempt   bool
	}{
		"SameNamespace":  {reason: "Neither is renewed.", namespace: "team-a", want: "is the external name of team-a/other too"},
		"OtherNamespace": {reason: "A tenant who writes down another's name, and status, is in nobody's way.", namespace: "team-b", want: "it is about to be minted", attempt: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			b.Token(func(tk *v1beta1.Token) {
				tk.SetNamespace(tc.namespace)
				tk.SetName("other")
				tk.SetUID("00000000-0000-4000-8000-000000000000")
				meta.SetExternalName(tk, paris)
				tk.Status.AtProvider.ID = ptr.To(paris)
			})

			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)
				meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"})
				tk.Status.AtProvider.ID = ptr.To(paris)
			})

			e := &external{ExternalClient: found, connector: &Connector{
				guard: b.guard, resource: b.Resource, kube: b.Kube, trackers: ujcontroller.NewOperationStore(logging.NewNopLogger()),
				inner: managed.ExternalConnectorFn(func(context.Context, xpresource.Managed) (managed.ExternalClient, error) {
					return nil, errors.New("it is about to be minted")
				}),
			}}

			_, err := e.Update(t.Context(), tk)
			wantErr(t, tc.reason, tc.want, err)

			if attempt := b.Record(b.Stored()).Attempt; (attempt != "") != tc.attempt {
				t.Errorf("\n%s\nUpdate(...): the attempt %q was recorded: want one %t", tc.reason, attempt, tc.attempt)
			}
		})
	}
}

// The guard that a controller is set up with is asked to mint nothing that would be of
// no use.
func TestSetupMintable(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		want   string
	}{
		"Good":    {reason: "Nothing is wrong.", change: func(*v1beta1.Token) {}},
		"NoPlace": {reason: "Nobody could ever read it.", change: func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil }, want: "spec.writeConnectionSecretToRef is not set"},
		"Expired": {reason: "It would be born dead.", change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To(noon.Format(time.RFC3339)) }, want: "spec.forProvider.expiresAt"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := token(tc.change)

			args, err := tk.GetMergedParameters(true)
			if err != nil {
				t.Fatal(err)
			}

			wantErr(t, tc.reason, tc.want, newRig(t).connector.guard.Mintable(tk, args))
		})
	}
}
