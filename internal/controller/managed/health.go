// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
)

// stuckAfter is how long a reconcile may take. Requests have time limits, and what
// goes on after the reconcile's own is given up after onetime.DeliveryTimeout: one that
// takes longer than this never ends.
const stuckAfter = timeout + 2*onetime.DeliveryTimeout

// Health is what controllers say about themselves.
type Health struct {
	now func() time.Time

	mu      sync.Mutex
	started map[schema.GroupVersionKind]bool
	failed  map[schema.GroupVersionKind]error
	running map[run]time.Time
}

// A run is a reconcile that is under way.
type run struct {
	controller string
	request    reconcile.Request
}

// NewHealth returns the Health of no controllers.
func NewHealth() *Health {
	return &Health{
		now:     time.Now,
		started: map[schema.GroupVersionKind]bool{},
		failed:  map[schema.GroupVersionKind]error{},
		running: map[run]time.Time{},
	}
}

// Set up the controller of a kind with the function, and remember how that went.
func (h *Health) Set(kind schema.GroupVersionKind, up func() error) error {
	err := up()

	h.mu.Lock()
	defer h.mu.Unlock()

	if err != nil {
		h.failed[kind] = err
		return err
	}

	h.started[kind] = true

	return nil
}

// Started tells whether the controller of the kind has been started.
func (h *Health) Started(kind schema.GroupVersionKind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()

	return h.started[kind]
}

// Check returns what only another process can mend: a kind whose controller could
// not be set up, or a reconcile that does not end. An API server or a Scaleway that
// is away is neither.
func (h *Health) Check() error {
	h.mu.Lock()
	defer h.mu.Unlock()

	var errs []error

	for kind, err := range h.failed {
		errs = append(errs, errors.Wrapf(err, "cannot reconcile %s", kind.Kind))
	}

	for r, since := range h.running {
		if d := h.now().Sub(since); d > stuckAfter {
			errs = append(errs, errors.Errorf("%s has been reconciling %s for %s", r.controller, r.request, d.Round(time.Minute)))
		}
	}

	return errors.Join(errs...)
}

// Watch the reconciles of a controller.
func (h *Health) Watch(controller string, r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		key := run{controller, req}

		h.mu.Lock()
		h.running[key] = h.now()
		h.mu.Unlock()

		defer func() {
			h.mu.Lock()
			defer h.mu.Unlock()

			delete(h.running, key)
		}()

		return r.Reconcile(ctx, req)
	})
}
