// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

var watchedName = types.NamespacedName{Namespace: "team-a", Name: secretName}

// An apiServer holds one Secret, and can be told what its watches deliver.
type apiServer struct {
	client.WithWatch

	mu      sync.Mutex
	secret  *corev1.Secret
	away    error
	gets    int
	lists   int
	watches []*watch.FakeWatcher
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()

	a := &apiServer{}
	a.set("one")
	a.WithWatch = interceptor.NewClient(newKube(t), interceptor.Funcs{
		Get: func(_ context.Context, _ client.WithWatch, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
			a.mu.Lock()
			defer a.mu.Unlock()

			a.gets++

			switch {
			case a.away != nil:
				return a.away
			case a.secret == nil:
				return kerrors.NewNotFound(corev1.Resource("secrets"), key.Name)
			}

			a.secret.DeepCopyInto(o.(*corev1.Secret))

			return nil
		},
		List: func(_ context.Context, _ client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			a.mu.Lock()
			defer a.mu.Unlock()

			a.lists++

			o := (&client.ListOptions{}).ApplyOptions(opts)
			if o.Namespace != watchedName.Namespace || o.FieldSelector.String() != "metadata.name="+watchedName.Name {
				return errors.Errorf("a list of more than one Secret: %v", o)
			}

			if a.away == nil && a.secret != nil {
				list.(*corev1.SecretList).Items = []corev1.Secret{*a.secret.DeepCopy()}
			}

			return a.away
		},
		Watch: func(ctx context.Context, _ client.WithWatch, _ client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
			a.mu.Lock()
			defer a.mu.Unlock()

			o := (&client.ListOptions{}).ApplyOptions(opts)
			if o.Namespace != watchedName.Namespace || o.FieldSelector.String() != "metadata.name="+watchedName.Name {
				return nil, errors.Errorf("a watch of more than one Secret: %v", o)
			}

			w := watch.NewFake()
			a.watches = append(a.watches, w)
			context.AfterFunc(ctx, w.Stop)

			return w, nil
		},
	})

	return a
}

// set the content of the Secret, or delete it. No watch delivers that by itself.
func (a *apiServer) set(value string) *corev1.Secret {
	a.mu.Lock()
	defer a.mu.Unlock()

	a.secret = nil
	if value != "" {
		a.secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: watchedName.Namespace, Name: watchedName.Name}, Data: map[string][]byte{"value": []byte(value)}}
	}

	return a.secret
}

func (a *apiServer) setAway(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()

	a.away = err
}

// open returns the watch that was opened last.
func (a *apiServer) open() *watch.FakeWatcher {
	a.mu.Lock()
	defer a.mu.Unlock()

	return a.watches[len(a.watches)-1]
}

// A step of a test of Secrets, and what is to be read after it.
type step struct {
	name string
	do   func(s *Secrets, a *apiServer)
	// want is the value that is read; empty if there is none.
	want string
	// live is whether it is read from the API server.
	live bool
	// changed is whether a change was announced since the step before.
	changed bool
	// loosened is whether it was announced since the step before that nothing may hold the
	// Secret any more. The first reader has it looked at.
	loosened bool
}

func TestSecrets(t *testing.T) {
	nothing := func(*Secrets, *apiServer) {}
	first := step{name: "the first read", do: nothing, want: "one", live: true, loosened: true}
	second := step{name: "the second read", do: nothing, want: "one"}
	deliver := func(value string) func(*Secrets, *apiServer) {
		return func(_ *Secrets, a *apiServer) { a.open().Modify(a.set(value)) }
	}
	deliverAs := func(value string, leaving bool, finalizers ...string) func(*Secrets, *apiServer) {
		return func(_ *Secrets, a *apiServer) {
			secret := a.set(value)
			secret.SetFinalizers(finalizers)

			if leaving {
				now := metav1.Now()
				secret.SetDeletionTimestamp(&now)
			}

			a.open().Modify(secret)
		}
	}
	pass := func(d time.Duration) func(*Secrets, *apiServer) {
		return func(*Secrets, *apiServer) { time.Sleep(d) }
	}
	// bookmarks are delivered every minute.
	bookmarks := func(n int) func(*Secrets, *apiServer) {
		return func(_ *Secrets, a *apiServer) {
			for range n {
				time.Sleep(time.Minute)
				synctest.Wait()

				if w := a.open(); !w.IsStopped() {
					w.Action(watch.Bookmark, &corev1.Secret{})
				}
			}
		}
	}

	large := strings.Repeat("x", maxKept)

	cases := map[string]struct {
		reason string
		max    int
		steps  []step
	}{
		"Steady": {
			reason: "What is watched is not read again.",
			max:    1,
			steps:  []step{first, second, second},
		},
		"Rotated": {
			reason: "A rotated key is served as soon as the watch has delivered it, and announced.",
			max:    1,
			steps:  []step{first, {name: "a rotation", do: deliver("two"), want: "two", changed: true}, {name: "another", do: deliver("three"), want: "three", changed: true}},
		},
		"OnlyMetadata": {
			reason: "A finalizer or a label is no other key.",
			max:    1,
			steps:  []step{first, {name: "a write of the same content", do: deliver("one"), want: "one"}},
		},
		"Deleted": {
			reason: "A Secret that is deleted is gone at once; one that comes back is there at once.",
			max:    1,
			steps: []step{
				first,
				{name: "the deletion", do: func(_ *Secrets, a *apiServer) { a.set(""); a.open().Delete(&corev1.Secret{}) }, changed: true},
				{name: "the read after", do: nothing},
				{name: "its return", do: func(_ *Secrets, a *apiServer) { a.open().Add(a.set("two")) }, want: "two", changed: true},
			},
		},
		"Missing": {
			reason: "A Secret that does not exist is watched too.",
			max:    1,
			steps: []step{
				{name: "the first read", do: func(_ *Secrets, a *apiServer) { a.set("") }, live: true},
				{name: "the second read", do: nothing},
				{name: "its creation", do: func(_ *Secrets, a *apiServer) { a.open().Add(a.set("two")) }, want: "two", changed: true, loosened: true},
			},
		},
		"WatchEnded": {
			reason: "Nothing that an ended watch has delivered is served. The next one announces what has changed meanwhile.",
			max:    1,
			steps: []step{
				first, second,
				{name: "the end of the watch", do: func(_ *Secrets, a *apiServer) { a.set("two"); a.open().Stop() }, want: "two", live: true, changed: true},
				{name: "the next watch", do: pass(10 * time.Second), want: "two"},
			},
		},
		"ErrorEvent": {
			reason: "Nor what one has delivered that says that it has missed something.",
			max:    1,
			steps: []step{
				first, second,
				{name: "the error", do: func(_ *Secrets, a *apiServer) {
					a.set("two")
					a.open().Error(&kerrors.NewResourceExpired("too old").ErrStatus)
				}, want: "two", live: true, changed: true},
				{name: "the next watch", do: pass(10 * time.Second), want: "two"},
			},
		},
		"APIServerAway": {
			reason: "While the API server is away there is an error, not an old key; afterwards a watch is opened again.",
			max:    1,
			steps: []step{
				first, second,
				{name: "the outage", do: func(_ *Secrets, a *apiServer) { a.setAway(errors.New("away")); a.open().Stop() }, live: true},
				{name: "minutes later", do: pass(5 * time.Minute), live: true},
				{name: "its return", do: func(_ *Secrets, a *apiServer) { a.setAway(nil); a.set("two") }, want: "two", live: true, changed: true},
				{name: "two minutes later", do: pass(2 * time.Minute), want: "two"},
			},
		},
		"Silence": {
			reason: "A watch whose connection has died gives no sign of life, and is not believed for long.",
			max:    1,
			steps: []step{
				first,
				{name: "a rotation that does not get through", do: func(_ *Secrets, a *apiServer) { a.set("two") }, want: "one"},
				{name: "the bound", do: pass(maxSilence + time.Second), want: "two", live: true, changed: true},
			},
		},
		"Bookmarks": {
			reason: "One that shows signs of life is believed.",
			max:    1,
			steps:  []step{first, {name: "four minutes with bookmarks", do: bookmarks(4), want: "one"}},
		},
		"Large": {
			reason: "A Secret that would take much memory is not kept, but read each time. That it has become one is announced, and that it no longer is.",
			max:    1,
			steps: []step{
				first, second,
				{name: "its growth", do: deliver(large), want: large, live: true, changed: true},
				{name: "another read", do: nothing, want: large, live: true},
				{name: "its end", do: deliver("two"), want: "two", changed: true},
				{name: "the read after", do: nothing, want: "two"},
			},
		},
		"Loosened": {
			reason: "Whoever holds the Secret must hear of it: what it holds is the same.",
			max:    1,
			steps: []step{
				first, second,
				{name: "its being held", do: deliverAs("one", false, FinalizerPrefix+"uid", "example.org/other"), want: "one"},
				{name: "the end of what another holds", do: deliverAs("one", false, FinalizerPrefix+"uid"), want: "one"},
				{name: "its replacement", do: deliverAs("one", false), want: "one", loosened: true},
				{name: "its deletion", do: deliverAs("one", true), want: "one", loosened: true},
				{name: "another change", do: deliverAs("one", true, "example.org/other"), want: "one"},
			},
		},
		"TooMany": {
			reason: "Beyond the bound there are no watches: each read is one of the API server.",
			max:    0,
			steps: []step{
				{name: "the first read", do: nothing, want: "one", live: true},
				{name: "the second read", do: nothing, want: "one", live: true},
				{name: "a rotation", do: func(_ *Secrets, a *apiServer) { a.set("two") }, want: "two", live: true},
			},
		},
		"Idle": {
			reason: "The watch of a Secret that nobody reads ends, and begins again with the next read.",
			max:    1,
			steps: []step{
				first,
				{name: "hours without a read", do: func(_ *Secrets, a *apiServer) { bookmarks(int(2*maxIdle/time.Minute))(nil, a) }, want: "one", live: true, loosened: true},
				second,
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPIServer(t)
				s := NewSecrets(a, logging.NewNopLogger())
				s.max = tc.max

				changes := 0
				s.OnChange(func(_ context.Context, name types.NamespacedName) {
					if name != watchedName {
						t.Errorf("a change of %s was announced", name)
					}
					changes++
				})

				loosened := false
				s.OnLoosened(func(context.Context, types.NamespacedName) { loosened = true })

				go s.Start(t.Context())
				synctest.Wait()

				for _, st := range tc.steps {
					st.do(s, a)
					synctest.Wait()

					a.mu.Lock()
					gets, away := a.gets, a.away
					a.mu.Unlock()

					data, err := s.Get(t.Context(), watchedName)
					if err != nil && !kerrors.IsNotFound(err) && !errors.Is(err, away) {
						t.Fatal(err)
					}

					synctest.Wait()

					a.mu.Lock()
					got := step{name: st.name, want: string(data["value"]), live: a.gets > gets, changed: changes > 0, loosened: loosened}
					a.mu.Unlock()

					want := step{name: st.name, want: st.want, live: st.live, changed: st.changed, loosened: st.loosened}
					if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
						t.Errorf("\n%s\nGet(...) after %s: -want, +got:\n%s", tc.reason, st.name, diff)
					}

					changes, loosened = 0, false

					if n := kept(s); n > maxKept {
						t.Errorf("\n%s\n%d bytes are kept after %s, want at most %d", tc.reason, n, st.name, maxKept)
					}
				}
			})
		})
	}
}

// kept returns how many bytes of the Secret are kept.
func kept(s *Secrets) int {
	s.mu.Lock()
	defer s.mu.Unlock()

	w, ok := s.watches[watchedName]
	if !ok {
		return 0
	}

	w.mu.Lock()
	defer w.mu.Unlock()

	return size(w.data)
}
