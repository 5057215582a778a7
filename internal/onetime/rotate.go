// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"fmt"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// AnnotationRenew asks for a new secret: a change of its value has another object
// minted with the same arguments. The old one is revoked once the secret of the
// new one is published.
const AnnotationRenew = "scaleway.m.crossplane.io/renew"

// reasonRenewed is the reason of the event that says that there is a new secret.
const reasonRenewed event.Reason = "RenewedSecret"

// RotationDue tells whether the user has asked for a new secret.
func (g *Guard) RotationDue(mg Resource, record ledger.Record) bool {
	asked := mg.GetAnnotations()[AnnotationRenew]
	return asked != "" && asked != record.Renewed
}

// Rotate mints another object, publishes its secret, and leaves the old object to
// sweep. Connect returns a client for the managed resource that it is given.
func (g *Guard) Rotate(ctx context.Context, mg Resource, connect func(context.Context, Resource) (managed.ExternalClient, error)) error {
	old, err := g.Kind.ParseID(meta.GetExternalName(mg))
	if err != nil {
		return errors.Wrap(err, "cannot renew the secret")
	}

	last, err := ledger.ReadRecord(mg)
	if err != nil {
		return err
	}

	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return errors.Wrap(err, "cannot read the arguments")
	}

	if err := g.Mintable(mg, args); err != nil {
		return errors.Wrapf(err, "cannot renew the secret, as annotation %s asks for", AnnotationRenew)
	}

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	parents := g.Kind.Parents(args)
	certain := g.remembers(mg)

	if last.Minter, err = g.successor(ctx, api, mg.GetUID(), last.Minter, old.Region, parents, &old); err != nil {
		return errors.Wrap(err, "cannot renew the secret")
	}

	if !certain {
		if err := g.settleOwn(ctx, api, mg, last, old.Region, parents); err != nil {
			return err
		}
	}

	record := ledger.NewRecord(mg, last, old.Region, parents, g.Now())
	record.Minter, record.Limit.Duration, record.Target = last.Minter, g.Timeout, secretName(mg)

	if !certain {
		record = record.Doubt(g.Now())
	}

	record.Renewing, record.Previous = mg.GetAnnotations()[AnnotationRenew], old.String()
	record.Object = last.Object // Until there is another.
	g.attempts.Store(mg.GetUID(), record.Attempt)

	if err := g.storeRecord(ctx, mg, record); err != nil {
		return err
	}

	if err := g.storeLastAttempt(ctx, mg, record.Attempt); err != nil {
		// Nothing was sent, so that nothing need be looked for.
		record.State, record.Previous = ledger.StateFailed, ""
		return errors.Join(err, g.storeRecord(ctx, mg, record))
	}

	another, fresh, err := g.prepareRenewal(ctx, mg, old.Region, connect)
	if err != nil {
		// Nothing was sent, so that nothing need be looked for.
		record.State, record.Previous = ledger.StateFailed, ""
		return errors.Join(err, g.storeRecord(ctx, mg, record))
	}

	if _, err := g.Create(ctx, another, fresh); err != nil {
		mg.SetAnnotations(another.GetAnnotations())

		if r, rerr := ledger.ReadRecord(another); rerr == nil && r.State != ledger.StatePending {
			r.Previous = ""
			return errors.Join(err, g.storeRecord(ctx, mg, r))
		}

		return err
	}

	return g.finishRenewal(ctx, mg, another)
}

// storeLastAttempt stores which attempt is the last in the status, where no restored
// annotation changes it, before its request is sent. A first creation needs no such thing:
// what was looked for then is all that there is.
func (g *Guard) storeLastAttempt(ctx context.Context, mg Resource, attempt string) error {
	stored, ok := mg.DeepCopyObject().(client.Object)
	if !ok {
		return errors.Errorf("%T is no client.Object", mg)
	}

	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q},"status":{"lastAttempt":%q}}`, mg.GetResourceVersion(), attempt))
	if err := g.Kube.Status().Patch(ctx, stored, patch); err != nil {
		return errors.Wrap(err, "cannot store the last attempt in the status")
	}

	mg.SetResourceVersion(stored.GetResourceVersion())
	mg.SetLastAttempt(attempt)

	return nil
}

// prepareRenewal returns a managed resource like mg, that has no object yet, and a client
// that can create one.
func (g *Guard) prepareRenewal(ctx context.Context, mg Resource, region string, connect func(context.Context, Resource) (managed.ExternalClient, error)) (Resource, managed.ExternalClient, error) {
	another, err := g.another(mg, region)
	if err != nil {
		return nil, nil, err
	}

	fresh, err := connect(ctx, another)
	if err != nil {
		return nil, nil, err
	}

	// Upjet creates from the difference that an observation has found.
	_, err = fresh.Observe(ctx, another)

	return another, fresh, errors.Wrap(err, "cannot prepare the renewal")
}

// another returns a managed resource like mg, that has no object yet.
func (g *Guard) another(mg Resource, region string) (Resource, error) {
	another, ok := mg.DeepCopyObject().(Resource)
	if !ok {
		return nil, errors.Errorf("%T is not a generated namespaced managed resource", mg)
	}

	meta.RemoveAnnotations(another, meta.AnnotationKeyExternalName)

	if err := another.SetObservation(map[string]any{keyID: ""}); err != nil {
		return nil, errors.Wrap(err, "cannot prepare the renewal")
	}

	if g.Kind.Global() {
		return another, nil
	}

	// Where the old object is, whatever the ProviderConfig's default is by now.
	return another, errors.Wrap(another.SetParameters(map[string]any{keyRegion: region}), "cannot prepare the renewal")
}

// finishRenewal stores the name of the new object, but never over the record of a
// later attempt: a process that was frozen would name an object that has been
// replaced since.
func (g *Guard) finishRenewal(ctx context.Context, mg, another Resource) error {
	ctx = context.WithoutCancel(ctx)
	name, annotation := meta.GetExternalName(another), another.GetAnnotations()[ledger.AnnotationRecord]

	ours, err := ledger.ReadRecord(another)
	if err != nil {
		return err
	}

	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q,"annotations":{%q:%q,%q:%q}}}`,
			another.GetResourceVersion(), meta.AnnotationKeyExternalName, name, ledger.AnnotationRecord, annotation))

		conflict := g.Kube.Patch(ctx, another, patch)
		if !kerrors.IsConflict(conflict) {
			return conflict
		}

		stored, current, err := g.stored(ctx, another)
		if err != nil {
			return err
		}

		if current.Attempt != ours.Attempt {
			return errSuperseded
		}

		another.SetResourceVersion(stored.GetResourceVersion())

		return conflict
	})
	if err != nil {
		return errors.Wrapf(err, "cannot store that %s takes the place of %s", name, meta.GetExternalName(mg))
	}

	mg.SetAnnotations(another.GetAnnotations())
	mg.SetResourceVersion(another.GetResourceVersion())

	g.Recorder.Event(mg, event.Normal(reasonRenewed, fmt.Sprintf("Published the secret of %s; the old one is revoked", name)))

	return nil
}
