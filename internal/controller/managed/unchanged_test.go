// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containerv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// An observing connector counts the observations of its clients.
type observing struct {
	managed.ExternalConnector

	observations int
}

func (c *observing) Connect(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
	inner, err := c.ExternalConnector.Connect(ctx, mg)
	return observingExternal{ExternalClient: inner, observing: c}, err
}

type observingExternal struct {
	managed.ExternalClient

	observing *observing
}

func (e observingExternal) Observe(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
	e.observing.observations++
	return e.ExternalClient.Observe(ctx, mg)
}

// newPolledToken returns a request for a Token of which it is remembered that there is
// nothing to do, and what counts upjet's observations from here on.
func (t *rig) newPolledToken(b testing.TB) (reconcile.Request, *observing) {
	b.Helper()

	r := t.newReadyToken(b)
	t.reconcile(b, r)

	c := &observing{ExternalConnector: t.connector.unchanged.ExternalConnector}
	t.connector.unchanged.ExternalConnector = c

	clear(t.kube.calls)
	clear(t.scaleway.requests)

	return r, c
}

// answered changes what Scaleway answers to a GET.
func answered(status int, old, replacement string) func(*http.Request, int, string) (int, string) {
	return func(req *http.Request, _ int, body string) (int, string) {
		if req.Method != http.MethodGet {
			return http.StatusOK, body
		}

		return status, strings.Replace(body, old, replacement, 1)
	}
}

func TestUnchanged(t *testing.T) {
	const expiry = "2031-01-01T00:00:00Z"

	expires := answered(http.StatusOK, `"expires_at":null`, `"expires_at":"`+expiry+`"`)

	cases := map[string]struct {
		reason string
		// change something before the next poll.
		change func(*rig, *containerv1beta1.Token)
		// observations by upjet in it and in each of the next ones.
		observations []int
		expiry       string
	}{
		"Nothing": {
			reason:       "All is as it was.",
			change:       func(*rig, *containerv1beta1.Token) {},
			observations: []int{0, 0, 0},
		},
		"Answer": {
			reason:       "Scaleway says something else, which is stored with the spec, and then with the status.",
			change:       func(r *rig, _ *containerv1beta1.Token) { r.scaleway.answer = expires },
			observations: []int{1, 1, 1, 0}, expiry: expiry,
		},
		"NotStored": {
			reason: "What was found is not forgotten because it could not be stored.",
			change: func(r *rig, tk *containerv1beta1.Token) {
				tk.Status.AtProvider.Description = ptr.To("something else")
				r.kube.store(tk)
				r.kube.refuse = errors.New("no answer from the API server")
			},
			observations: []int{1, 1, 1, 0},
		},
		"Failure": {
			reason:       "An error says nothing of the object. Others than Terraform know what to make of it.",
			change:       func(r *rig, _ *containerv1beta1.Token) { r.scaleway.answer = answered(http.StatusForbidden, "", "") },
			observations: []int{1, 1, 1},
		},
		"Edited": {
			reason: "The user may have changed what is wanted.",
			change: func(r *rig, tk *containerv1beta1.Token) {
				meta.AddLabels(tk, map[string]string{"team": "a"})
				r.kube.store(tk)
			},
			observations: []int{1, 0, 0},
		},
		"Credentials": {
			reason: "Others may see something else.",
			change: func(r *rig, _ *containerv1beta1.Token) {
				r.credentials.secretKey = "77777777-7777-4777-8777-777777777777"
			},
			observations: []int{1, 0, 0},
		},
		"Deleted": {
			reason: "It is to be deleted.",
			change: func(r *rig, tk *containerv1beta1.Token) {
				tk.SetDeletionTimestamp(ptr.To(metav1.Now()))
				r.kube.store(tk)
			},
			observations: []int{1, 1, 1},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newRig(t)
			r, c := b.newPolledToken(t)
			tc.change(b, b.get(t, r))

			var got []int

			for range tc.observations {
				before := c.observations
				_, _ = b.reconciler.Reconcile(asTenant(t), r) // What goes wrong is not what is looked at.
				got = append(got, c.observations-before)
			}

			if diff := cmp.Diff(tc.observations, got); diff != "" {
				t.Errorf("\n%s\nobservations by upjet: -want, +got:\n%s", tc.reason, diff)
			}

			found := b.get(t, r).Status.AtProvider
			if diff := cmp.Diff([]string{"what it is for", tc.expiry}, []string{ptr.Deref(found.Description, ""), ptr.Deref(found.ExpiresAt, "")}); diff != "" {
				t.Errorf("\n%s\ndescription and expiry in status.atProvider: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestUnchangedCopy connects what is not stored: a renewal does so with a managed
// resource that has no object yet.
func TestUnchangedCopy(t *testing.T) {
	b := newRig(t)
	r, _ := b.newPolledToken(t)

	tk := b.get(t, r)
	if !b.connector.unchanged.knows(tk) {
		t.Fatal("knows(...): nothing is remembered")
	}

	another := tk.DeepCopy()
	meta.RemoveAnnotations(another, meta.AnnotationKeyExternalName)

	if b.connector.unchanged.knows(another) {
		t.Error("knows(...): it stands for another object")
	}

	b.connector.forget(tk.GetUID())

	if b.connector.unchanged.knows(tk) {
		t.Error("knows(...): what is gone is remembered")
	}
}

// TestUnchangedThenChanged changes an object that nothing had to be done to: upjet
// changes what it has observed.
func TestUnchangedThenChanged(t *testing.T) {
	b := newRig(t)
	r, _ := b.newPolledToken(t)
	tk := b.get(t, r)

	var done []string

	exists := true
	note := func(what string) { done = append(done, what) }
	b.connector.unchanged.ExternalConnector = managed.ExternalConnectorFn(func(context.Context, xpresource.Managed) (managed.ExternalClient, error) {
		note("connect")

		return managed.ExternalClientFns{
			ObserveFn: func(context.Context, xpresource.Managed) (managed.ExternalObservation, error) {
				note("observe")
				return managed.ExternalObservation{ResourceExists: exists}, nil
			},
			CreateFn: func(context.Context, xpresource.Managed) (managed.ExternalCreation, error) {
				note("create")
				return managed.ExternalCreation{}, nil
			},
			UpdateFn: func(context.Context, xpresource.Managed) (managed.ExternalUpdate, error) {
				note("update")
				return managed.ExternalUpdate{}, nil
			},
			DeleteFn: func(context.Context, xpresource.Managed) (managed.ExternalDelete, error) {
				note("delete")
				return managed.ExternalDelete{}, nil
			},
			DisconnectFn: func(context.Context) error {
				note("disconnect")
				return nil
			},
		}, nil
	})

	for what, change := range map[string]func(context.Context, managed.ExternalClient) error{
		"create": func(ctx context.Context, e managed.ExternalClient) error { _, err := e.Create(ctx, tk); return err },
		"update": func(ctx context.Context, e managed.ExternalClient) error { _, err := e.Update(ctx, tk); return err },
		"delete": func(ctx context.Context, e managed.ExternalClient) error { _, err := e.Delete(ctx, tk); return err },
	} {
		done = nil
		ctx := asTenant(t)

		e, err := b.connector.unchanged.Connect(ctx, tk)
		if err != nil {
			t.Fatal(err)
		}

		o, err := e.Observe(ctx, tk)
		if err != nil || !o.ResourceExists || !o.ResourceUpToDate || len(done) > 0 {
			t.Fatalf("Observe(...): want what is remembered, got %v, %v after %q", o, err, done)
		}

		if err := errors.Join(change(ctx, e), e.Disconnect(ctx)); err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff([]string{"connect", "observe", what, "disconnect"}, done); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", what, diff)
		}
	}

	exists = false
	ctx := asTenant(t)

	e, err := b.connector.unchanged.Connect(ctx, tk)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := e.Observe(ctx, tk); err != nil {
		t.Fatal(err)
	}

	_, err = e.Update(ctx, tk)
	wantErr(t, "Upjet would create what is gone.", "is gone since it was observed", err)
}

// takesSecret has an argument that is taken from a Secret.
type takesSecret struct{ ujresource.Terraformed }

func (takesSecret) GetConnectionDetailsMapping() map[string]string {
	return map[string]string{"token": "status.atProvider.token", "password": "passwordSecretRef"}
}

func TestRemembers(t *testing.T) {
	byGet, other := resource.Resource{ReadByGet: true}, resource.Resource{}

	if !remembers(byGet, &containerv1beta1.Token{}) {
		t.Error("remembers(...): all that a Token is made of is in it, and in one answer")
	}

	if remembers(other, &containerv1beta1.Token{}) {
		t.Error("remembers(...): there are other answers")
	}

	if remembers(byGet, takesSecret{}) {
		t.Error("remembers(...): a Secret can change without the managed resource")
	}
}

// TestDeleteWithoutList deletes a Token. A parent may have thousands.
func TestDeleteWithoutList(t *testing.T) {
	cases := map[string]struct {
		reason string
		// deletion is what Scaleway answers to the DELETE.
		deletion int
		// after are the requests by which it is settled that it is gone.
		after []string
	}{
		"Deleted": {reason: "Scaleway has deleted it.", deletion: http.StatusNoContent},
		"NotFound": {
			reason:   "Scaleway does not find it any more, which may be because it finds nothing any more.",
			deletion: http.StatusNotFound, after: []string{"list", "parent"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newRig(t)
			r := b.newReadyToken(t)

			tk := b.get(t, r)
			tk.SetDeletionTimestamp(ptr.To(metav1.Now()))
			b.kube.store(tk)

			var requests []string

			b.scaleway.answer = func(req *http.Request, status int, body string) (int, string) {
				asked := req.Method
				if strings.HasSuffix(req.URL.Path, "/tokens") {
					asked, body = "list", `{"tokens":[],"total_count":0}`
				}

				if strings.Contains(req.URL.Path, "/namespaces/") {
					requests = append(requests, "parent")
					return status, body
				}

				switch requests = append(requests, asked); {
				case asked == http.MethodDelete:
					return tc.deletion, "{}"
				case asked == http.MethodGet && slices.Contains(requests, http.MethodDelete):
					return http.StatusNotFound, "{}"
				}

				return status, body
			}

			b.reconcile(t, r)
			b.reconcile(t, r)

			want := append([]string{http.MethodGet, http.MethodDelete, http.MethodGet}, tc.after...)
			if diff := cmp.Diff(want, requests); diff != "" {
				t.Errorf("\n%s\nrequests: -want, +got:\n%s", tc.reason, diff)
			}

			if left := b.get(t, r).GetFinalizers(); len(left) > 0 {
				t.Errorf("\n%s\nthe Token is held by %q", tc.reason, left)
			}

		})
	}
}

// TestNothingToDo remembers an observation only if there was nothing to do.
func TestNothingToDo(t *testing.T) {
	nothing := managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}

	cases := map[string]struct {
		reason      string
		observation func(*managed.ExternalObservation)
		err         error
		requests    int
		want        bool
	}{
		"Nothing": {reason: "There is nothing to do.", requests: 1, want: true},
		"Hidden": {reason: "What Scaleway hides is nothing to be published.", observation: func(o *managed.ExternalObservation) {
			o.ConnectionDetails = managed.ConnectionDetails{"token": []byte(hidden)}
		}, requests: 1, want: true},
		"Details": {reason: "There is something to be published each time.", observation: func(o *managed.ExternalObservation) {
			o.ConnectionDetails = managed.ConnectionDetails{"token": []byte("value")}
		}, requests: 1},
		"OutOfDate":       {reason: "The object has to be changed.", observation: func(o *managed.ExternalObservation) { o.ResourceUpToDate = false }, requests: 1},
		"LateInitialized": {reason: "The managed resource has to be stored.", observation: func(o *managed.ExternalObservation) { o.ResourceLateInitialized = true }, requests: 1},
		"Missing":         {reason: "The object has to be created.", observation: func(o *managed.ExternalObservation) { o.ResourceExists = false }, requests: 1},
		"Error":           {reason: "Nothing is known.", err: errors.New("boom"), requests: 1},
		"TwoRequests":     {reason: "It is not known which answer Terraform has seen.", requests: 2},
		"NoRequest":       {reason: "Nothing is known that a later answer could be compared with."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newRig(t)
			r, _ := b.newPolledToken(t)
			tk := b.get(t, r)
			ctx := inTurn(asTenant(t), &turn{})

			u := b.connector.unchanged
			u.forget(tk.GetUID())

			u.ExternalConnector = managed.NewNopDisconnector(managed.ExternalConnectorFn(func(ctx context.Context, mg xpresource.Managed) (managed.ExternalClient, error) {
				s, err := u.setup(ctx, u.kube, mg)
				if err != nil {
					return nil, err
				}

				return managed.ExternalClientFns{ObserveFn: func(ctx context.Context, mg xpresource.Managed) (managed.ExternalObservation, error) {
					api, _ := u.apiOf(s)
					for range tc.requests {
						if err := api.Get(ctx, u.path(mg)); err != nil {
							return managed.ExternalObservation{}, err
						}
					}

					o := nothing
					if tc.observation != nil {
						tc.observation(&o)
					}

					return o, tc.err
				}}, nil
			}))

			e, err := u.Connect(ctx, tk)
			if err != nil {
				t.Fatal(err)
			}

			if _, err := e.Observe(ctx, tk); !errors.Is(err, tc.err) {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, u.knows(tk)); diff != "" {
				t.Errorf("\n%s\nit is remembered: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Upjet's state of a Token is let go once it is Ready, and not while it is being deleted.
func TestRelease(t *testing.T) {
	b := newRig(t)
	released, release := 0, b.connector.unchanged.release
	b.connector.unchanged.release = func(mg xpresource.Managed) error {
		released++
		return release(mg)
	}

	r := b.newReadyToken(t)
	if released != 1 {
		t.Errorf("a Token that is Ready: want its state to be let go once, got %d times", released)
	}

	tk := b.get(t, r)
	tk.SetDeletionTimestamp(&metav1.Time{Time: noon})

	c, err := b.connector.unchanged.Connect(asTenant(t), tk)
	if err != nil {
		t.Fatal(err)
	}

	if o, err := c.Observe(asTenant(t), tk); err != nil || !o.ResourceExists || released != 1 {
		t.Errorf("a Token that is being deleted: want its state to be kept, got %+v, %v, let go %d times", o, err, released)
	}
}
