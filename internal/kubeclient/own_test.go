// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package kubeclient

import (
	"context"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

// An apiServer gives each object that is written another version, or an error.
type apiServer struct {
	client.Client

	version string
	err     error
	// during is called while an object is written. Optional.
	during func()
}

func (a apiServer) write(o client.Object) error {
	if a.during != nil {
		a.during()
	}

	o.SetResourceVersion(a.version)
	return a.err
}

func (a apiServer) Create(_ context.Context, o client.Object, _ ...client.CreateOption) error {
	return a.write(o)
}

func (a apiServer) Update(_ context.Context, o client.Object, _ ...client.UpdateOption) error {
	return a.write(o)
}

func (a apiServer) Patch(_ context.Context, o client.Object, _ client.Patch, _ ...client.PatchOption) error {
	return a.write(o)
}

func (a apiServer) Status() client.SubResourceWriter { return apiStatus{a: a} }

type apiStatus struct {
	client.SubResourceWriter
	a apiServer
}

func (s apiStatus) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	return s.a.write(o)
}

func (s apiStatus) Patch(_ context.Context, o client.Object, _ client.Patch, _ ...client.SubResourcePatchOption) error {
	return s.a.write(o)
}

// inVersion returns a Token in a version.
func inVersion(version string) *v1beta1.Token {
	tk := newToken()
	tk.SetResourceVersion(version)

	return tk
}

func TestOwn(t *testing.T) {
	update := func(c client.Client) error { return c.Update(t.Context(), inVersion("7")) }

	cases := map[string]struct {
		reason  string
		version string
		err     error
		write   func(client.Client) error
		// seen is the version that is asked for.
		seen          string
		wrote, behind bool
	}{
		"Nothing": {reason: "Nothing was written.", write: func(client.Client) error { return nil }, seen: "7"},
		"Created": {reason: "It is as it was created.", version: "10", write: func(c client.Client) error { return c.Create(t.Context(), inVersion("")) }, seen: "10", wrote: true},
		"Updated": {reason: "It is as it was updated.", version: "10", write: update, seen: "10", wrote: true},
		"Patched": {reason: "It is as it was patched.", version: "10", write: func(c client.Client) error { return c.Patch(t.Context(), inVersion("7"), client.RawPatch("", nil)) }, seen: "10", wrote: true},
		"Status":  {reason: "It has the status that was written.", version: "10", write: func(c client.Client) error { return c.Status().Update(t.Context(), inVersion("7")) }, seen: "10", wrote: true},
		"StatusPatch": {reason: "It has the status that was patched.", version: "10", write: func(c client.Client) error {
			return c.Status().Patch(t.Context(), inVersion("7"), client.RawPatch("", nil))
		}, seen: "10", wrote: true},
		"Older":        {reason: "9 is before 10.", version: "10", write: update, seen: "9", behind: true},
		"Newer":        {reason: "Somebody else has written since.", version: "10", write: update, seen: "11"},
		"Incomparable": {reason: "Which is older cannot be told: it is safer to take it for older.", version: "b", write: update, seen: "a", behind: true},
		"Failed":       {reason: "It was not written.", version: "10", err: errors.New("boom"), write: update, seen: "7"},
		"Rehearsed": {
			reason: "A rehearsal writes nothing.", version: "10", seen: "7",
			write: func(c client.Client) error { return client.NewDryRunClient(c).Update(t.Context(), inVersion("7")) },
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			own := NewOwn()

			if err := tc.write(own.Client(apiServer{version: tc.version, err: tc.err})); !errors.Is(err, tc.err) {
				t.Fatalf("want %v, got %v", tc.err, err)
			}

			got := []bool{own.Wrote(inVersion(tc.seen)), own.Behind(inVersion(tc.seen))}
			if diff := cmp.Diff([]bool{tc.wrote, tc.behind}, got); diff != "" {
				t.Errorf("\n%s\nWrote(...), Behind(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOwnUpdating asks while a write is under way.
func TestOwnUpdating(t *testing.T) {
	cases := map[string]struct {
		reason string
		write  func(client.Client) error
		want   bool
	}{
		"Update":    {reason: "A watch may be faster than the answer.", write: func(c client.Client) error { return c.Update(t.Context(), inVersion("7")) }, want: true},
		"Patch":     {reason: "It may succeed after what somebody else has written.", write: func(c client.Client) error { return c.Patch(t.Context(), inVersion("7"), client.RawPatch("", nil)) }},
		"Rehearsal": {reason: "It writes nothing: what happens meanwhile is somebody else's doing.", write: func(c client.Client) error { return client.NewDryRunClient(c).Update(t.Context(), inVersion("7")) }},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			own := NewOwn()

			during := false
			refused := errors.New("somebody else was first")
			api := apiServer{err: refused, during: func() { during = own.Wrote(inVersion("10")) }}

			if err := tc.write(own.Client(api)); !errors.Is(err, refused) {
				t.Fatal(err)
			}

			if diff := cmp.Diff([]bool{tc.want, false}, []bool{during, own.Wrote(inVersion("10"))}); diff != "" {
				t.Errorf("\n%s\nWrote(...) during the write, and after it: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A lagging cache has the old version the first times that it is asked.
type lagging struct {
	client.Client

	old, asked int
	// ask is called each time.
	ask func()
}

func (l *lagging) Get(_ context.Context, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	l.asked++
	l.ask()

	version := "10"
	if l.asked <= l.old {
		version = "9"
	}

	*o.(*v1beta1.Token) = *inVersion(version)

	return nil
}

func TestAwait(t *testing.T) {
	cases := map[string]struct {
		reason string
		// old is how often the cache is behind, and each the time from one to the next.
		old  int
		each time.Duration
		want int
	}{
		"Current": {"There is nothing to wait for.", 0, 0, 1},
		"Behind":  {"The cache catches up.", 3, 0, 4},
		"Late":    {"A cache that does not catch up holds nothing up for long.", 1000, awaitTimeout / 2, 2},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			own := NewOwn()
			own.now = func() time.Time { return now }

			if err := own.Client(apiServer{version: "10"}).Update(t.Context(), inVersion("7")); err != nil {
				t.Fatal(err)
			}

			cache := &lagging{old: tc.old, ask: func() { now = now.Add(tc.each) }}
			own.await(t.Context(), cache, client.ObjectKey{}, &v1beta1.Token{})

			if cache.asked != tc.want {
				t.Errorf("\n%s\nawait(...): want the cache asked %d times, got %d", tc.reason, tc.want, cache.asked)
			}
		})
	}
}

// TestSettled reconciles an object that the cache has as it was before.
func TestSettled(t *testing.T) {
	own := NewOwn()
	if err := own.Client(apiServer{version: "10"}).Update(t.Context(), inVersion("7")); err != nil {
		t.Fatal(err)
	}

	cache := &lagging{old: 2, ask: func() {}}
	asked := 0

	r := own.Settled(cache, &v1beta1.Token{}, reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
		asked = cache.asked
		return reconcile.Result{RequeueAfter: time.Minute}, nil
	}))

	got, err := r.Reconcile(t.Context(), reconcile.Request{})
	if err != nil || got.RequeueAfter != time.Minute {
		t.Errorf("Reconcile(...): want what the reconciler returns, got %v, %v", got, err)
	}

	if asked != 3 {
		t.Errorf("Reconcile(...): want it to begin when the cache is asked for the third time, and has the object as it was left; it began at the %d.", asked)
	}
}
