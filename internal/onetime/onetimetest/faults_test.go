// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"slices"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// create an object as the API server does.
func (b *bench) create(o client.Object) {
	b.t.Helper()

	if err := b.kube.Create(b.t.Context(), o); err != nil {
		b.t.Fatal(err)
	}
}

// noAPI has no credentials, and so no defaults, of whatever type these are.
func noAPI[T any](context.Context, client.Client, xpresource.ModernManaged) (*clients.API, T, error) {
	var none T
	return nil, none, errors.New("no credentials")
}

// cannotRead the Secrets.
func cannotRead(names ...string) func(string) error {
	return func(name string) error {
		if slices.Contains(names, name) {
			return errors.New("cannot read")
		}

		return nil
	}
}

// unavailable reads nothing from the API server.
func unavailable(c client.WithWatch) client.Client {
	return interceptor.NewClient(c, interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return errors.New("no answer from the API server")
	}})
}

// after is an external client that goes on after the creation, and ends with the
// error of that.
func after(inner managed.ExternalClient, goOn func(xpresource.Managed) error) managed.ExternalClient {
	return &managed.ExternalClientFns{CreateFn: func(ctx context.Context, mg xpresource.Managed) (managed.ExternalCreation, error) {
		creation, _ := inner.Create(ctx, mg) // Its error is replaced.
		return creation, goOn(mg)
	}}
}

// count returns how many interrupted creations have had that end.
func count(t *testing.T, m *Metrics, end string) int {
	t.Helper()

	out := &dto.Metric{}
	if err := m.interrupted.WithLabelValues("Token", end).Write(out); err != nil {
		t.Fatal(err)
	}

	return int(out.GetCounter().GetValue())
}

// lost returns how many losses of secrets have been counted.
func lost(t *testing.T, m *Metrics) int {
	t.Helper()

	n := 0

	for _, reason := range losses {
		out := &dto.Metric{}
		if err := m.lost.WithLabelValues("Token", string(reason)).Write(out); err != nil {
			t.Fatal(err)
		}

		n += int(out.GetCounter().GetValue())
	}

	return n
}

// now is a time that an object may have been deleted at.
func now() metav1.Time {
	return metav1.NewTime(noon)
}
