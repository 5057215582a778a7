// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package kubeclient has clients of the Kubernetes API that spare what has no
// effect, for reconcilers of crossplane-runtime, which ask for it at every turn.
package kubeclient

import (
	"context"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Manager hands out a client of its own.
type Manager struct {
	ctrl.Manager

	// Client that the manager hands out.
	Client client.Client
}

// GetClient returns the client.
func (m Manager) GetClient() client.Client {
	return m.Client
}

// Sparing is a client that makes no update of what the cache has in the very same
// form, in which an update would change nothing, and that lists the objects of the
// cache themselves instead of copies, which must not be changed.
type Sparing struct {
	client.Client

	own *Own
}

// NewSparing returns a client like that, whose writes are remembered.
func NewSparing(kube client.Client, own *Own) Sparing {
	return Sparing{Client: own.Client(kube), own: own}
}

// List objects.
func (s Sparing) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return s.Client.List(ctx, list, append(opts, client.UnsafeDisableDeepCopy)...)
}

// Update an object.
func (s Sparing) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	if s.unchanged(ctx, o, "") {
		return nil
	}

	return s.Client.Update(ctx, o, opts...)
}

// Status returns a client for the status of objects.
func (s Sparing) Status() client.SubResourceWriter {
	return sparingStatus{SubResourceWriter: s.Client.Status(), sparing: s}
}

type sparingStatus struct {
	client.SubResourceWriter

	sparing Sparing
}

// Update the status of an object.
func (s sparingStatus) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	// Of an object that is older than it was left, so is what the cache has: what was
	// written may have to be undone. The conflict has that tried again, and nothing
	// else would until the next poll.
	if !s.sparing.own.Behind(o) && s.sparing.unchanged(ctx, o, "Status") {
		return nil
	}

	return s.SubResourceWriter.Update(ctx, o, opts...)
}

// unchanged tells whether the object, or a part of it, is as the cache has it. If
// the cache is behind, the resource versions differ, unless the object is as old:
// then the update would be refused as a conflict, and the newer version is on its
// way.
func (s Sparing) unchanged(ctx context.Context, o client.Object, part string) bool {
	v := reflect.New(reflect.TypeOf(o).Elem())

	cached, ok := v.Interface().(client.Object)
	if !ok {
		return false
	}

	// Only compared: a copy would cost more than the comparison.
	if err := s.Get(ctx, client.ObjectKeyFromObject(o), cached, client.UnsafeDisableDeepCopy); err != nil {
		return false
	}

	if cached.GetUID() != o.GetUID() || cached.GetResourceVersion() != o.GetResourceVersion() {
		return false
	}

	if part != "" {
		is, was := reflect.ValueOf(o).Elem().FieldByName(part), v.Elem().FieldByName(part)
		return is.IsValid() && equality.Semantic.DeepEqual(is.Interface(), was.Interface())
	}

	// The cache leaves it out of what it does not copy.
	cached.GetObjectKind().SetGroupVersionKind(o.GetObjectKind().GroupVersionKind())

	return equality.Semantic.DeepEqual(cached, o)
}
