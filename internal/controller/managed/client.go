// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

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
