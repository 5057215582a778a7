// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"reflect"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
)

// A statusClient leaves out updates of a status that change nothing, such as crossplane-
// runtime's reconciler makes at the end of each poll, and one that the next turn makes
// up for (turnStatus). All other updates are made. One that says that a creation is
// pending must meet its conflict where the cache is behind: there may be an object
// already.
type statusClient struct {
	client.Client

	sparing kubeclient.Sparing
}

func newStatusClient(kube client.Client, own *kubeclient.Own) client.Client {
	return statusClient{Client: kube, sparing: kubeclient.NewSparing(kube, own)}
}

// Status returns a client for the status of objects.
func (c statusClient) Status() client.SubResourceWriter {
	return turnStatus{c.sparing.Status()}
}

// afterOwnWrites lets an object be reconciled only once the cache has it as its last
// reconcile has left it. One that begins with what was there before settles attempts
// that are settled, asks Scaleway a second time, and ends with a conflict.
func afterOwnWrites(own *kubeclient.Own, kube client.Reader, object client.Object, r reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		if o, ok := reflect.New(reflect.TypeOf(object).Elem()).Interface().(client.Object); ok {
			own.Await(ctx, kube, req.NamespacedName, o)
		}

		return r.Reconcile(ctx, req)
	})
}
