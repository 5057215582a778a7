// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// maxWatches bounds the Secrets that are watched. It is the number of clients that
	// are kept: more tenants than that are served with live reads.
	maxWatches = maxClients

	// maxKept bounds what is kept of a Secret, in bytes. Credentials take some hundred; a
	// Secret may hold a megabyte, and tenants may name as many as are watched. What is
	// larger is read from the API server each time.
	maxKept = 16 << 10

	// maxIdle is how long a Secret is watched that nobody reads. It is longer than
	// the time between two checks of a ProviderConfig, which keeps the watch of each
	// Secret that is named by one.
	maxIdle = 3 * time.Hour

	// maxSilence is how long a watch is believed without a sign of life. An API
	// server sends a bookmark every minute. It bounds how old a value can be that is
	// served after a connection has died unnoticed.
	maxSilence = 2 * time.Minute

	// minWatch is the shortest time after which the API server ends a watch. The
	// longest is twice that, so that not all end at once.
	minWatch = 5 * time.Minute
)

// A SecretReader returns the data of a Secret, which must not be changed.
type SecretReader interface {
	Get(ctx context.Context, name types.NamespacedName) (map[string][]byte, error)
}

// LiveSecrets reads each Secret from the API server each time.
type LiveSecrets struct {
	client.Reader
}

// Get the data of a Secret.
func (l LiveSecrets) Get(ctx context.Context, name types.NamespacedName) (map[string][]byte, error) {
	s := &corev1.Secret{}
	if err := l.Reader.Get(ctx, name, s); err != nil {
		return nil, err
	}

	return s.Data, nil
}

// Secrets reads Secrets, and watches those that were read, each by its name: a
// cache of all Secrets would hold those of the whole cluster. What a watch has
// delivered is served as long as the watch is open and shows signs of life; at any
// other time the Secret is read from the API server.
type Secrets struct {
	kube client.WithWatch
	live LiveSecrets
	log  logging.Logger
	now  func() time.Time
	max  int

	mu        sync.Mutex
	ctx       context.Context //nolint:containedctx // Of all watches: they outlive the read that begins them.
	watches   map[types.NamespacedName]*secretWatch
	listeners []func(context.Context, types.NamespacedName)
	watchers  []func(context.Context, types.NamespacedName)
}

// NewSecrets returns a reader of Secrets.
func NewSecrets(kube client.WithWatch, log logging.Logger) *Secrets {
	return &Secrets{
		kube:    kube,
		live:    LiveSecrets{kube},
		log:     log,
		now:     time.Now,
		max:     maxWatches,
		watches: map[types.NamespacedName]*secretWatch{},
	}
}

// OnLoosened has fn called, from any goroutine, with the name of a Secret that has lost a
// finalizer by which it was held, or is being deleted; and once with that of one that is not
// held when it is first seen, which may have lost it before.
func (s *Secrets) OnLoosened(fn func(ctx context.Context, name types.NamespacedName)) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.watchers = append(s.watchers, fn)
}

// OnChange has fn called, from any goroutine, with the name of a Secret whose
// content is no longer what was read last.
func (s *Secrets) OnChange(fn func(ctx context.Context, name types.NamespacedName)) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.listeners = append(s.listeners, fn)
}

func (s *Secrets) changed(ctx context.Context, name types.NamespacedName) {
	s.mu.Lock()
	listeners := slices.Clone(s.listeners)
	s.mu.Unlock()

	for _, fn := range listeners {
		fn(ctx, name)
	}
}

func (s *Secrets) loosened(ctx context.Context, name types.NamespacedName) {
	s.mu.Lock()
	watchers := slices.Clone(s.watchers)
	s.mu.Unlock()

	for _, fn := range watchers {
		fn(ctx, name)
	}
}

// Start watching what is read from here on, until the context is done. Before,
// everything is read from the API server. It implements manager.Runnable.
func (s *Secrets) Start(ctx context.Context) error {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()

	wait.UntilWithContext(ctx, func(context.Context) { s.endIdle() }, maxIdle/10)

	return nil
}

// Get the data of a Secret.
func (s *Secrets) Get(ctx context.Context, name types.NamespacedName) (map[string][]byte, error) {
	w := s.watch(name)

	if data, exists, ok := w.current(s.now()); ok {
		if !exists {
			return nil, kerrors.NewNotFound(corev1.Resource("secrets"), name.Name)
		}

		return data, nil
	}

	data, err := s.live.Get(ctx, name)
	if (err == nil || kerrors.IsNotFound(err)) && w.read(data, err == nil, s.now()) {
		s.changed(ctx, name)
	}

	return data, err
}

// watch returns the watch of a Secret, which it begins if there is none. It is nil
// if there are too many.
func (s *Secrets) watch(name types.NamespacedName) *secretWatch {
	s.mu.Lock()
	defer s.mu.Unlock()

	if w, ok := s.watches[name]; ok {
		w.used = s.now()
		return w
	}

	if s.ctx == nil || s.ctx.Err() != nil || len(s.watches) >= s.max {
		return nil
	}

	ctx, cancel := context.WithCancel(s.ctx)
	w := &secretWatch{used: s.now(), end: cancel}
	s.watches[name] = w

	go s.run(ctx, name, w)

	return w
}

// endIdle ends the watches of what nobody has read for long.
func (s *Secrets) endIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()

	for name, w := range s.watches {
		if s.now().Sub(w.used) > maxIdle {
			w.end()
			delete(s.watches, name)
		}
	}
}

// run follows a Secret until the context is done, again and again: the API server
// ends each watch after some minutes.
func (s *Secrets) run(ctx context.Context, name types.NamespacedName, w *secretWatch) {
	backoff := wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.5, Steps: 6, Cap: time.Minute}
	retry := backoff

	for ctx.Err() == nil {
		begin := time.Now()
		err := s.follow(ctx, name, w)

		if time.Since(begin) > backoff.Cap {
			retry = backoff
		}

		pause := retry.Step()
		if err == nil && time.Since(begin) > backoff.Cap {
			continue // The usual end of a watch.
		}

		s.log.Debug("The watch of a Secret has ended: it is read from the API server until another is open", "secret", name, "error", err)

		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// follow a Secret until the watch ends. Nothing of what it delivered is served
// after that.
func (s *Secrets) follow(ctx context.Context, name types.NamespacedName, w *secretWatch) error {
	life := minWatch + time.Duration(rand.Int64N(int64(minWatch))) //nolint:gosec // Only spreads the load.

	// The API server ends the watch; this ends one whose end has not got through.
	ctx, cancel := context.WithTimeout(ctx, life+maxSilence)
	defer cancel()

	only := &client.ListOptions{Namespace: name.Namespace, FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name.Name)}

	list := &corev1.SecretList{}
	if err := s.kube.List(ctx, list, only); err != nil {
		return err
	}

	only.Raw = &metav1.ListOptions{
		ResourceVersion:     list.GetResourceVersion(),
		AllowWatchBookmarks: true,
		TimeoutSeconds:      ptr.To(int64(life.Seconds())),
	}

	watcher, err := s.kube.Watch(ctx, &corev1.SecretList{}, only)
	if err != nil {
		return err
	}
	defer watcher.Stop()

	defer w.lost()

	deliver := func(data map[string][]byte, exists bool) {
		if w.deliver(data, exists, s.now()) {
			s.changed(ctx, name)
		}
	}

	if len(list.Items) > 0 {
		deliver(list.Items[0].Data, true)

		if w.loosened(&list.Items[0]) {
			s.loosened(ctx, name)
		}
	} else {
		deliver(nil, false)
	}

	for e := range watcher.ResultChan() {
		switch e.Type {
		case watch.Added, watch.Modified:
			if secret, ok := e.Object.(*corev1.Secret); ok {
				deliver(secret.Data, true)

				if w.loosened(secret) {
					s.loosened(ctx, name)
				}
			}
		case watch.Deleted:
			deliver(nil, false)
		case watch.Bookmark:
			w.alive(s.now())
		case watch.Error:
			return kerrors.FromObject(e.Object)
		default:
			return errors.Errorf("unknown event %q", e.Type)
		}
	}

	return nil
}

// A secretWatch is what is known of a Secret by watching it. All its methods can
// be called on nil, which knows nothing.
type secretWatch struct {
	// Guarded by the mutex of Secrets.
	used time.Time
	end  context.CancelFunc

	mu sync.Mutex
	// sign of life that the open watch gave last. It is zero while none is open.
	sign time.Time
	// known is whether data and exists were ever read or delivered.
	known  bool
	exists bool
	data   map[string][]byte
	// large is whether there are more data than are kept.
	large bool
	// seen is whether the watch has delivered it. Then leaving is whether it is being
	// deleted, and holders are the finalizers that hold it.
	seen    bool
	leaving bool
	holders []string
}

// current returns what can be served, and whether anything can.
func (w *secretWatch) current(now time.Time) (data map[string][]byte, exists, ok bool) {
	if w == nil {
		return nil, false, false
	}

	w.mu.Lock()
	defer w.mu.Unlock()

	return w.data, w.exists, w.fresh(now)
}

// read notes what was read from the API server, and tells whether it differs from
// what was known. What the watch has delivered meanwhile may be newer.
func (w *secretWatch) read(data map[string][]byte, exists bool, now time.Time) bool {
	if w == nil {
		return false
	}

	w.mu.Lock()
	defer w.mu.Unlock()

	return !w.fresh(now) && w.note(data, exists)
}

// deliver notes what the open watch says, and tells whether it differs from what
// was known.
func (w *secretWatch) deliver(data map[string][]byte, exists bool, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.sign = now

	return w.note(data, exists)
}

// loosened tells whether the Secret has lost a finalizer that held it, or is being deleted
// since: somebody has replaced it, or wants it to go. That may have been before it is seen.
func (w *secretWatch) loosened(s *corev1.Secret) bool {
	holders := slices.DeleteFunc(slices.Clone(s.GetFinalizers()), func(f string) bool { return !strings.HasPrefix(f, FinalizerPrefix) })
	leaving := s.GetDeletionTimestamp() != nil

	w.mu.Lock()
	defer w.mu.Unlock()

	lost := leaving && !w.leaving || !w.seen && len(holders) == 0 || slices.ContainsFunc(w.holders, func(f string) bool { return !slices.Contains(holders, f) })
	w.seen, w.leaving, w.holders = true, leaving, holders

	return lost
}

func (w *secretWatch) note(data map[string][]byte, exists bool) bool {
	large := size(data) > maxKept
	if large {
		data = nil
	}

	differs := w.known && (w.exists != exists || w.large != large || !maps.EqualFunc(w.data, data, bytes.Equal))
	w.known, w.data, w.exists, w.large = true, data, exists, large

	return differs
}

func (w *secretWatch) fresh(now time.Time) bool {
	return !w.large && !w.sign.IsZero() && now.Sub(w.sign) <= maxSilence
}

func size(data map[string][]byte) int {
	n := 0
	for key, value := range data {
		n += len(key) + len(value)
	}

	return n
}

// alive notes that the open watch gives a sign of life.
func (w *secretWatch) alive(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.sign = now
}

// lost notes that no watch is open.
func (w *secretWatch) lost() {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.sign = time.Time{}
}
