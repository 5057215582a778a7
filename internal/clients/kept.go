// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FinalizerUsage keeps a ProviderConfigUsage, and so the ProviderConfig, until the
// managed resource that it belongs to is finalized. Without it, deleting a
// Kubernetes namespace would take the usage away at once.
const FinalizerUsage = "scaleway.m.crossplane.io/in-use"

// FinalizerConfig keeps a ProviderConfig while it has usages. It is the one of Crossplane's
// own reconciler.
const FinalizerConfig = "in-use.crossplane.io"

const (
	// FinalizerPrefix of the finalizer that holds a Secret for a ProviderConfig, whose UID
	// follows.
	FinalizerPrefix = "scaleway.m.crossplane.io/"

	// LabelHeld is on the Secrets that are held, so that they are found whatever becomes
	// of the ProviderConfigs.
	LabelHeld = "scaleway.m.crossplane.io/held"

	// AnnotationHeld on a ProviderConfig names the Secret that is held for it, for those
	// who want to create something with it. An older version has written no UID.
	AnnotationHeld = "scaleway.m.crossplane.io/held-secret"
)

// Held returns the value of AnnotationHeld that says that a Secret is held for a
// ProviderConfig. It has the UID, because an annotation may be restored, or be copied to
// another ProviderConfig. No Secret is an empty value.
func Held(pc client.Object, secret types.NamespacedName) string {
	if secret.Name == "" {
		return ""
	}

	return secret.String() + "#" + string(pc.GetUID())
}

// RecordedHeld returns the Secret that AnnotationHeld names, and whether it was written for
// this very ProviderConfig.
func RecordedHeld(pc client.Object) (types.NamespacedName, bool) {
	secret, uid, _ := strings.Cut(pc.GetAnnotations()[AnnotationHeld], "#")
	namespace, name, _ := strings.Cut(secret, "/")

	return types.NamespacedName{Namespace: namespace, Name: name}, uid != "" && uid == string(pc.GetUID())
}

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
	if !meta.FinalizerExists(pc, FinalizerConfig) {
		return false
	}

	secret := SecretOf(pc)

	return !holdCredentials || secret.Name == "" || pc.GetAnnotations()[AnnotationHeld] == Held(pc, secret)
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

// labelValues returns labels whose values are none too long for a label, as the name of a
// ProviderConfig may be: no usage of it could be written. They end with a digest then.
// Nothing is counted by them.
func labelValues(labels map[string]string) map[string]string {
	for key, value := range labels {
		if len(value) > validation.LabelValueMaxLength {
			sum := sha256.Sum256([]byte(value))
			digest := "-" + hex.EncodeToString(sum[:4])
			labels[key] = value[:validation.LabelValueMaxLength-len(digest)] + digest
		}
	}

	return labels
}
