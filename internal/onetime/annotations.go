// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"maps"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// storeTimeout is how long it may take to store what Create has found out. What is
// not stored is found out again by the mark.
const storeTimeout = 10 * time.Second

// errSuperseded says that another process has begun another attempt.
var errSuperseded = errors.New("another attempt has begun meanwhile: this one is given up")

// An AnnotationUpdater stores what Create has found out, as crossplane-runtime's
// does, but never over the record of a later attempt: a process that was frozen
// would make another one's token unknown.
type AnnotationUpdater struct {
	kube   client.Client
	live   client.Reader
	stored func(types.UID, ledger.Record)
}

// Updater returns what stores annotations for the guard.
func (g *Guard) Updater() *AnnotationUpdater {
	return &AnnotationUpdater{kube: g.Kube, live: g.Live, stored: g.remember}
}

// UpdateCriticalAnnotations implements managed.CriticalAnnotationUpdater.
func (u *AnnotationUpdater) UpdateCriticalAnnotations(ctx context.Context, o client.Object) error {
	// A provider that is asked to stop finishes this first.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()

	found := maps.Clone(o.GetAnnotations())

	// What the user has asked for meanwhile stays asked for.
	delete(found, AnnotationRenew)
	delete(found, release.Annotation)

	ours, err := ledger.ReadRecord(o)
	if err != nil {
		return err
	}

	err = retry.OnError(retry.DefaultRetry, func(err error) bool {
		return !errors.Is(err, context.Canceled) && !errors.Is(err, errSuperseded)
	}, func() error {
		err := u.kube.Update(ctx, o)
		if !kerrors.IsConflict(err) {
			return err
		}

		if err := u.live.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}

		stored, rerr := ledger.ReadRecord(o)
		if rerr != nil {
			return rerr
		}

		if stored.Attempt != ours.Attempt {
			return errSuperseded
		}

		meta.AddAnnotations(o, found)

		return err
	})

	if err != nil {
		return errors.Wrap(err, "cannot store the critical annotations")
	}

	u.stored(o.GetUID(), ours)

	return nil
}
