// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package providerconfig

import (
	"context"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/clients"
)

// sweepInterval is how often Secrets are looked for that are held for nobody.
const sweepInterval = time.Hour

// A sweeper lets go of Secrets that are held for configs that are gone: nobody else would,
// when somebody has taken the finalizer from a config, or restored it as another one.
type sweeper struct {
	holder *holder
	live   client.Reader
	log    logging.Logger
	// namespaces that are watched. None are all.
	namespaces []string
}

// Start sweeping, at once and then from time to time. It implements manager.Runnable.
func (s *sweeper) Start(ctx context.Context) error {
	wait.JitterUntilWithContext(ctx, s.all, sweepInterval, 0.1, true)
	return nil
}

func (s *sweeper) all(ctx context.Context) {
	err := s.some(ctx)
	for errors.Is(err, errMore) && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(accountInterval):
		}

		err = s.some(ctx)
	}

	if err != nil && ctx.Err() == nil {
		s.log.Info("Cannot let go of all Secrets that are held for ProviderConfigs that are gone", "error", err)
	}
}

func (s *sweeper) some(ctx context.Context) error {
	err := s.sweep(ctx, "")

	// An installation for some Kubernetes namespaces may have rights on those only.
	if kerrors.IsForbidden(err) && len(s.namespaces) > 0 {
		err = nil

		for _, n := range s.namespaces {
			err = errors.Join(err, s.sweep(ctx, n))
		}
	}

	return err
}

// sweep a Kubernetes namespace, or all.
func (s *sweeper) sweep(ctx context.Context, namespace string) error {
	held := map[types.NamespacedName][]types.UID{}

	err := eachMetadata(ctx, s.live, secretKind, namespace, client.HasLabels{clients.LabelHeld}, func(o *metav1.PartialObjectMetadata) {
		held[client.ObjectKeyFromObject(o)] = holdersOf(o)
	})
	if err != nil {
		return errors.Wrap(err, "cannot list Secrets that are held")
	}

	if len(held) == 0 {
		return nil
	}

	// After the Secrets: who holds one of them was there by then.
	there := map[types.UID]bool{}

	note := func(o *metav1.PartialObjectMetadata) { there[o.GetUID()] = true }
	if err := eachMetadata(ctx, s.live, v1beta1.ClusterProviderConfigGroupVersionKind, "", nil, note); err != nil {
		return errors.Wrap(err, "cannot list ClusterProviderConfigs")
	}

	if err := eachMetadata(ctx, s.live, v1beta1.ProviderConfigGroupVersionKind, namespace, nil, note); err != nil {
		return errors.Wrap(err, "cannot list ProviderConfigs")
	}

	var (
		errs     []error
		released int
	)

	for name, by := range held {
		var gone []types.UID

		for _, uid := range by {
			if !there[uid] {
				gone = append(gone, uid)
			}
		}

		if len(gone) == 0 {
			continue
		}

		if released++; released > maxReleases {
			return errors.Join(append(errs, errMore)...)
		}

		// One that cannot be let go of does not keep the others.
		if err := s.holder.release(ctx, name, gone...); err != nil {
			errs = append(errs, errors.Wrapf(err, "cannot release Secret %q", name))
		}
	}

	return errors.Join(errs...)
}
