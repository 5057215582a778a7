// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"fmt"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FinalizerUsage keeps a ProviderConfigUsage, and so the ProviderConfig, until the
// managed resource that it belongs to is finalized. Without it, deleting a
// Kubernetes namespace would take the usage away at once.
const FinalizerUsage = "scaleway.m.crossplane.io/in-use"

// finalizerConfig is the finalizer that Crossplane's reconciler keeps a ProviderConfig
// with while it has usages.
const finalizerConfig = "in-use.crossplane.io"

// AnnotationHeld on a ProviderConfig names the Secret that is held for it, so
// that it is released when the ProviderConfig comes to name another.
const AnnotationHeld = "scaleway.m.crossplane.io/held-secret"

// A ProviderConfig is kept some milliseconds after it is first used. Who creates an object
// looks for that this often, and for this long.
const (
	keptInterval = 10 * time.Millisecond
	keptTimeout  = 2 * time.Second
)

// IsKept tells whether a ProviderConfig or a ClusterProviderConfig stays as long as it is
// used, and so does the Secret with its credentials, if that is to be held.
func IsKept(pc client.Object, holdCredentials bool) bool {
	if !meta.FinalizerExists(pc, finalizerConfig) {
		return false
	}

	source, err := SourceOf(pc)

	return !holdCredentials || err != nil || source.Secret.Name == "" || pc.GetAnnotations()[AnnotationHeld] == source.Secret.String()
}

// awaitKept waits until the ProviderConfig of a managed resource is kept, and returns it.
func (b *Builder) awaitKept(ctx context.Context, kube client.Client, mg xpresource.ModernManaged) (client.Object, error) {
	var pc client.Object

	err := wait.PollUntilContextTimeout(ctx, keptInterval, keptTimeout, true, func(ctx context.Context) (bool, error) {
		now, err := configOf(ctx, kube, mg)
		if err != nil {
			return false, err
		}

		pc = now

		return IsKept(pc, b.HoldCredentials), nil
	})
	if pc == nil || !wait.Interrupted(err) {
		return pc, err
	}

	what := nameOf(pc)
	if source, err := SourceOf(pc); err == nil && b.HoldCredentials && source.Secret.Name != "" {
		what += fmt.Sprintf(" and Secret %q", source.Secret)
	}

	return nil, errors.Errorf("nothing is created before finalizers keep %s, without which it could not be deleted: if this stays, see whether either is being deleted, and what the provider's log says of it", what)
}
