// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	_ = corev1.AddToScheme(s)
	_ = v1beta1.SchemeBuilder.AddToScheme(s)

	return s
}()

// Scheme of the objects.
func (k kube) Scheme() *runtime.Scheme { return scheme }

// RESTMapper is not used by what is simulated.
func (k kube) RESTMapper() apimeta.RESTMapper { return nil }

// GroupVersionKindFor an object.
func (k kube) GroupVersionKindFor(o runtime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(o, scheme)
}

// IsObjectNamespaced is true of all that is simulated.
func (k kube) IsObjectNamespaced(runtime.Object) (bool, error) { return true, nil }

// Status returns a client for the status of objects.
func (k kube) Status() client.SubResourceWriter { return status{k} }

// SubResource is not used by what is simulated.
func (k kube) SubResource(string) client.SubResourceClient { return nil }

type status struct{ kube kube }

// Update the status of an object.
func (s status) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	return s.kube.write("update status", o, false, func() error { return s.kube.world.cluster.updateStatus(o) })
}

// Create is not used by what is simulated.
func (s status) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	return fmt.Errorf("not simulated")
}

// Patch the status of an object.
func (s status) Patch(_ context.Context, o client.Object, p client.Patch, _ ...client.SubResourcePatchOption) error {
	return s.kube.write("patch status", o, false, func() error { return s.kube.world.cluster.patch(o, p, s.kube.world.cluster.updateStatus) })
}

// Apply is not used by what is simulated.
func (s status) Apply(context.Context, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
	return fmt.Errorf("not simulated")
}
