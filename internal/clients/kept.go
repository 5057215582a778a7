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
	"k8s.io/apimachinery/pkg/types"
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

// A ProviderConfig is kept some tens of milliseconds after it is first used. Who creates an
// object looks for that this often, and for this long.
const (
	keptInterval = 10 * time.Millisecond
	keptTimeout  = 2 * time.Second
)

// notKeptFor is how long nobody waits again for a ProviderConfig that has been waited for in
// vain. Who has thousands of objects would hold the workers of others with them.
const notKeptFor = 10 * time.Second

// IsKept tells whether a ProviderConfig or a ClusterProviderConfig stays as long as it is
// used, and so does the Secret with its credentials, if that is to be held.
func IsKept(pc client.Object, holdCredentials bool) bool {
	if !meta.FinalizerExists(pc, finalizerConfig) {
		return false
	}

	secret := SecretOf(pc)

	return !holdCredentials || secret.Name == "" || pc.GetAnnotations()[AnnotationHeld] == secret.String()
}

// SecretOf returns the Secret with the credentials of a ProviderConfig or a
// ClusterProviderConfig. Its name is empty if they are elsewhere.
func SecretOf(pc client.Object) types.NamespacedName {
	source, err := SourceOf(pc)
	if err != nil {
		return types.NamespacedName{} // The check says what is wrong with it.
	}

	return source.Secret
}

// awaitKept waits until the ProviderConfig of a managed resource is kept, and returns it.
func (b *Builder) awaitKept(ctx context.Context, kube client.Client, mg xpresource.ModernManaged, pc client.Object) (client.Object, error) {
	if _, ok := b.notKept.Get(pc.GetUID()); ok {
		return nil, b.errNotKept(pc)
	}

	err := wait.PollUntilContextTimeout(ctx, keptInterval, keptTimeout, true, func(ctx context.Context) (bool, error) {
		now, err := configOf(ctx, kube, mg)
		if err != nil {
			return false, err
		}

		pc = now

		return IsKept(pc, b.HoldCredentials), nil
	})
	if !wait.Interrupted(err) {
		return pc, err
	}

	b.notKept.Add(pc.GetUID(), struct{}{}, notKeptFor)

	return nil, b.errNotKept(pc)
}

func (b *Builder) errNotKept(pc client.Object) error {
	what := nameOf(pc)
	if secret := SecretOf(pc); b.HoldCredentials && secret.Name != "" {
		what += fmt.Sprintf(" and Secret %q", secret)
	}

	return errors.Errorf("nothing is created before finalizers keep %s, without which it could not be deleted: if this stays, see the events of the ProviderConfig, and whether something is being deleted or refuses finalizers", what)
}
