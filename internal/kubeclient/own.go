// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package kubeclient

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// How long a cache is waited for, and how often it is looked at meanwhile.
const (
	awaitTimeout  = time.Second
	awaitInterval = 5 * time.Millisecond
)

// remembered is how many objects a cache may be behind of at one time.
const remembered = 1 << 12

// Own remembers the resource version in which a process has left each object that
// it has written last.
type Own struct {
	versions *lru.Cache
	now      func() time.Time

	mu sync.Mutex
	// updating is how many updates of an object are under way.
	updating map[types.UID]int
}

type written struct {
	version string
	at      time.Time
}

// NewOwn returns an Own that remembers nothing.
func NewOwn() *Own {
	return &Own{versions: lru.New(remembered), now: time.Now, updating: map[types.UID]int{}}
}

// Client returns a client whose writes are remembered.
func (w *Own) Client(kube client.Client) client.Client {
	return ownClient{Client: kube, own: w}
}

// Wrote tells whether an object is in the version in which this process has left it,
// or is being updated by it: a watch may be faster than the answer to the update. If
// that is refused because of what somebody else has written, whoever updates knows.
func (w *Own) Wrote(o client.Object) bool {
	w.mu.Lock()
	updating := w.updating[o.GetUID()] > 0
	w.mu.Unlock()

	v, ok := w.last(o)

	return updating || ok && v.version == o.GetResourceVersion()
}

// Behind tells whether an object is older than this process has left it.
func (w *Own) Behind(o client.Object) bool {
	v, ok := w.last(o)
	if !ok {
		return false
	}

	c, err := resourceversion.CompareResourceVersion(o.GetResourceVersion(), v.version)
	if err != nil {
		return o.GetResourceVersion() != v.version // Which is older cannot be told.
	}

	return c < 0
}

// await waits until a cache has the object of that name as this process has left it,
// for at most a second after it was written. Into o is read what the cache has.
func (w *Own) await(ctx context.Context, kube client.Reader, name client.ObjectKey, o client.Object) {
	_ = wait.PollUntilContextCancel(ctx, awaitInterval, true, func(ctx context.Context) (bool, error) {
		// An error is the reconciler's to deal with.
		behind := kube.Get(ctx, name, o, client.UnsafeDisableDeepCopy) == nil && w.Behind(o)
		v, ok := w.last(o)

		return !behind || !ok || w.now().Sub(v.at) >= awaitTimeout, nil
	}) // It only ends early with the context.
}

// Settled lets the objects of a kind be reconciled only once the cache has one as its last
// reconcile has left it. A reconcile that begins with what was there before does what is
// done, and ends with a conflict.
func (w *Own) Settled(kube client.Reader, kind client.Object, r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		if o, ok := reflect.New(reflect.TypeOf(kind).Elem()).Interface().(client.Object); ok {
			w.await(ctx, kube, req.NamespacedName, o)
		}

		return r.Reconcile(ctx, req)
	})
}

func (w *Own) last(o client.Object) (written, bool) {
	known, ok := w.versions.Get(o.GetUID())
	if !ok {
		return written{}, false
	}

	v, ok := known.(written)

	return v, ok
}

// note that a write has been made, unless there was an error or it was rehearsed.
func (w *Own) note(o client.Object, dryRun []string, err error) error {
	if err == nil && !isRehearsal(dryRun) {
		w.versions.Add(o.GetUID(), written{version: o.GetResourceVersion(), at: w.now()})
	}

	return err
}

func isRehearsal(dryRun []string) bool { return slices.Contains(dryRun, metav1.DryRunAll) }

// begin an update, which meets a conflict if the object is not as it was read. It is
// under way until end is called.
func (w *Own) begin(o client.Object) (end func()) {
	uid := o.GetUID()

	w.mu.Lock()
	defer w.mu.Unlock()

	w.updating[uid]++

	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()

		if w.updating[uid]--; w.updating[uid] == 0 {
			delete(w.updating, uid)
		}
	}
}

type ownClient struct {
	client.Client

	own *Own
}

// Create an object.
func (c ownClient) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	return c.own.note(o, (&client.CreateOptions{}).ApplyOptions(opts).DryRun, c.Client.Create(ctx, o, opts...))
}

// Update an object.
func (c ownClient) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	dryRun := (&client.UpdateOptions{}).ApplyOptions(opts).DryRun
	if !isRehearsal(dryRun) {
		defer c.own.begin(o)()
	}

	return c.own.note(o, dryRun, c.Client.Update(ctx, o, opts...))
}

// Patch an object. It may be of an object that is not as it was read, so that what
// others do meanwhile is theirs.
func (c ownClient) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	return c.own.note(o, (&client.PatchOptions{}).ApplyOptions(opts).DryRun, c.Client.Patch(ctx, o, p, opts...))
}

// Status returns a client for the status of objects.
func (c ownClient) Status() client.SubResourceWriter {
	return ownStatus{SubResourceWriter: c.Client.Status(), own: c.own}
}

type ownStatus struct {
	client.SubResourceWriter

	own *Own
}

// Update the status of an object.
func (s ownStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	return s.own.note(o, (&client.SubResourceUpdateOptions{}).ApplyOptions(opts).DryRun, s.SubResourceWriter.Update(ctx, o, opts...))
}

// Patch the status of an object.
func (s ownStatus) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	return s.own.note(o, (&client.SubResourcePatchOptions{}).ApplyOptions(opts).DryRun, s.SubResourceWriter.Patch(ctx, o, p, opts...))
}
