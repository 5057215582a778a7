// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
)

// TestStatusClient writes an object as it is, and with another status.
func TestStatusClient(t *testing.T) {
	scheme := kruntime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1beta1.SchemeBuilder.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}

	tk := token(func(tk *v1beta1.Token) { tk.SetName("token") })
	made := map[string]int{}

	kube := newStatusClient(interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme).WithObjects(tk).WithStatusSubresource(tk).Build(), interceptor.Funcs{
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			made["update"]++
			return c.Update(ctx, o, opts...)
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			made[sub]++
			return c.SubResource(sub).Update(ctx, o, opts...)
		},
	}), kubeclient.NewOwn())

	steps := []struct {
		reason string
		write  func(client.Object) error
		change func()
		want   map[string]int
	}{
		{"There is nothing to write.", func(o client.Object) error { return kube.Status().Update(t.Context(), o) }, func() {}, map[string]int{}},
		{"The condition has changed.", func(o client.Object) error { return kube.Status().Update(t.Context(), o) }, func() { tk.SetConditions(xpv1.Available()) }, map[string]int{"status": 1}},
		{"An old cache must not go unnoticed before a creation.", func(o client.Object) error { return kube.Update(t.Context(), o) }, func() {}, map[string]int{"update": 1}},
	}

	for _, s := range steps {
		if err := kube.Get(t.Context(), client.ObjectKeyFromObject(tk), tk); err != nil {
			t.Fatal(err)
		}

		clear(made)
		s.change()

		if err := s.write(tk); err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(s.want, made); diff != "" {
			t.Errorf("\n%s\n-want, +got writes:\n%s", s.reason, diff)
		}
	}
}
