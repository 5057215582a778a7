// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// Create mints the object through Terraform, and publishes its secret before it
// returns.
func (g *Guard) Create(ctx context.Context, mg Resource, inner managed.ExternalClient) (managed.ExternalCreation, error) {
	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}

	if record.State != ledger.StatePending {
		return managed.ExternalCreation{}, errors.Errorf("refusing to create %s without a recorded attempt", g.Kind.AKind())
	}

	g.remember(mg.GetUID(), record)

	var target *corev1.Secret

	known, err := g.defaults(ctx, mg)
	if err == nil {
		target, err = g.rehearse(ctx, mg, record)
	}

	if err != nil {
		record.State = ledger.StateFailed
		record.Write(mg)

		return managed.ExternalCreation{}, errors.Wrapf(err, "no %s is created, because its secret could not be published", g.Kind.KindName())
	}

	permit, err := g.Permits.Issue(record, g.Timeout)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	defer g.Permits.Withdraw(permit)

	before := meta.GetExternalName(mg)

	_, err = inner.Create(issue.WithPermit(ctx, permit), mg)

	outcome, object := permit.Result()
	switch outcome {
	case issue.Minted:
		// Whatever went wrong afterwards, the next observation finds out.
		return g.deliver(ctx, mg, record, before, target, object, known)
	case issue.Unclear:
		if err == nil {
			err = errors.New("the answer cannot be read")
		}

		return managed.ExternalCreation{}, errors.Wrapf(err, "it is unclear whether Scaleway has created %s for attempt %s: it is looked up before another is created", g.Kind.AKind(), record.Mark())
	case issue.NotSent, issue.Refused:
		record.State = ledger.StateFailed
		record.Write(mg)

		if err == nil {
			err = errors.New("Terraform sent no request")
		}

		return managed.ExternalCreation{}, g.explainRefusal(err)
	}

	return managed.ExternalCreation{}, errors.Errorf("unknown outcome %d", outcome)
}

// Explain adds what to do where Scaleway says that it mints no more.
func (g *Guard) Explain(err error) error {
	if !errorHas(err, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented) {
		return err
	}

	return errors.Wrapf(err, "Scaleway has ended the creation of any %s: %s", g.Kind.KindName(), g.Kind.Successor())
}

// refusals are how the Scaleway SDK begins what it makes of the statuses with which
// an API that mints no more may answer, and one that dislikes the request too.
var refusals = []string{"insufficient permissions", "invalid argument", "precondition failed"}

// explainRefusal is explain for the answer to a request that mints. Of an API whose
// end has been announced nobody knows how it will refuse.
func (g *Guard) explainRefusal(err error) error {
	explained := g.Explain(err)

	refused := errorHas(err, http.StatusBadRequest, http.StatusForbidden, http.StatusPreconditionFailed) ||
		slices.ContainsFunc(refusals, func(text string) bool { return strings.Contains(err.Error(), text) })
	if explained != err || !g.Kind.Ending() || !refused { //nolint:errorlint // Whether it is the same.
		return explained
	}

	return errors.Errorf("%w. If Scaleway refuses to create any %s, as it has announced: %s", err, g.Kind.KindName(), g.Kind.Successor())
}

// errorHas tells whether an error is that of an answer with one of the statuses.
// Upjet leaves only its text.
func errorHas(err error, statuses ...int) bool {
	return slices.ContainsFunc(statuses, func(status int) bool {
		return strings.Contains(err.Error(), fmt.Sprintf("http error %d", status))
	})
}

// rehearse the publication of a secret, by a write of which the API server only
// says whether it would be done, and return the Secret that it would be done to. A
// Secret that cannot be written, because it is immutable or somebody else's, would
// have the object revoked and minted again without end.
func (g *Guard) rehearse(ctx context.Context, mg Resource, record ledger.Record) (*corev1.Secret, error) {
	attributes := map[string]string{g.Kind.Value(): "rehearsal"}
	for attribute := range g.Kind.Keys() {
		attributes[attribute] = "rehearsal"
	}

	details := g.Kind.Published(attributes)
	kube := client.NewDryRunClient(g.Kube)

	// The reconciler has just read or created it. If it has changed since, it is read.
	if target := knownTarget(ctx, mg); target != nil {
		err := g.publishOnce(ctx, kube, mg, record, target, details)
		if !kerrors.IsConflict(err) && !kerrors.IsNotFound(err) {
			return target, err
		}
	}

	target, err := g.target(ctx, mg)
	if err != nil {
		return nil, err
	}

	return target, g.publishOnce(ctx, kube, mg, record, target, details)
}

// knownTarget returns the target if it is known in this turn.
func knownTarget(ctx context.Context, mg Resource) *corev1.Secret {
	ref, s := mg.GetWriteConnectionSecretToReference(), publish.ScopeOf(ctx).Secret
	if ref == nil || s == nil || s.GetNamespace() != mg.GetNamespace() || s.GetName() != ref.Name {
		return nil
	}

	return s
}

// deliver publishes the secret of a minted object in the target, and revokes the
// object if that is not possible. Before is the external name before that, and known
// are the attributes that Scaleway does not tell.
func (g *Guard) deliver(ctx context.Context, mg Resource, record ledger.Record, before string, target *corev1.Secret, object issue.Object, known map[string]string) (managed.ExternalCreation, error) {
	// A provider that is asked to stop finishes this first.
	ctx = context.WithoutCancel(ctx)

	name := g.Kind.ExternalName(record.Region, object.ID)
	details := g.details(object, known)

	if err := g.publish(ctx, mg, record, target, details); err != nil {
		meta.SetExternalName(mg, before) // Terraform has set that of the new object.

		if before == "" {
			meta.RemoveAnnotations(mg, meta.AnnotationKeyExternalName)
		}

		// The time for the delivery may have passed.
		rctx, cancel := context.WithTimeout(ctx, g.Timeout)
		defer cancel()

		if rerr := g.revoke(rctx, mg, record, name); rerr != nil {
			// The record stays pending: the next reconcile finds the object by its mark.
			return managed.ExternalCreation{}, errors.Wrapf(errors.Join(err, rerr), "cannot publish the secret of %s, nor revoke it yet", name)
		}

		record.State = ledger.StateFailed
		record.Write(mg)
		g.Metrics.interruptedEnded(endedUndeliverable)

		return managed.ExternalCreation{}, errors.Wrapf(err, "cannot publish the secret of %s, which has been revoked again", name)
	}

	record = record.Done(name, ledger.Digest(record.UID, object.ID, object.Secret))
	if ref := mg.GetWriteConnectionSecretToReference(); ref != nil {
		record.Secret = ref.Name
		// The reconciler would read it again, and compare it byte by byte by reflection.
		publish.NoteComplete(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name})
	}

	record.Write(mg)
	meta.SetExternalName(mg, name)

	if record.Region != "" {
		lateInitialize(mg, map[string]any{keyRegion: record.Region})
	}

	return managed.ExternalCreation{}, nil
}

// lateInitialize gives arguments that the user has left out the values that the
// object has, so that they are stored with its external name. Upjet would find them
// at the first observation, and have them stored by a write of their own and another
// observation. It still does where this cannot.
func lateInitialize(mg Resource, attributes map[string]any) {
	if !managed.NewManagementPoliciesResolver(true, mg.GetManagementPolicies()).ShouldLateInitialize() {
		return
	}

	if b, err := json.Marshal(attributes); err == nil {
		_, _ = mg.LateInitialize(b)
	}
}

// details of the connection to an object. Known are attributes that Scaleway does
// not tell.
func (g *Guard) details(object issue.Object, known map[string]string) managed.ConnectionDetails {
	attributes := maps.Clone(known)
	maps.Copy(attributes, object.Attributes)
	attributes[g.Kind.IDField()], attributes[g.Kind.Value()] = object.ID, object.Secret

	return g.Kind.Published(attributes)
}

// defaults returns the attributes of a connection that only the ProviderConfig
// tells.
func (g *Guard) defaults(ctx context.Context, mg Resource) (map[string]string, error) {
	known := map[string]string{}

	if _, ok := g.Kind.Keys()[keyOrganization]; !ok {
		return known, nil
	}

	_, defaults, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return nil, err
	}

	known[keyOrganization], _ = defaults[keyOrganization].(string)

	return known, nil
}

// publish the details in the target, again while the API server does not answer.
func (g *Guard) publish(ctx context.Context, mg Resource, record ledger.Record, target *corev1.Secret, details managed.ConnectionDetails) error {
	ctx, cancel := context.WithTimeout(ctx, g.Delivery)
	defer cancel()

	last := g.publishOnce(ctx, g.Kube, mg, record, target, details)

	err := wait.PollUntilContextCancel(ctx, publishInterval, true, func(ctx context.Context) (bool, error) {
		switch {
		case last == nil:
			return true, nil
		case kerrors.IsForbidden(last), kerrors.IsInvalid(last), errors.Is(last, errSuperseded), errors.Is(last, errNotOurs):
			return false, last
		}

		// It may have changed.
		if target, last = g.target(ctx, mg); last == nil {
			last = g.publishOnce(ctx, g.Kube, mg, record, target, details)
		}

		return last == nil, nil
	})
	if err != nil && last != nil {
		return last
	}

	return err
}

// errNotOurs says that somebody else has a Secret of the name.
var errNotOurs = errors.New("the Secret exists, and is not controlled by this resource")

// publishOnce writes the target, unless another process has begun another attempt:
// that one may have published its own secret. First the target has been read, then
// the record is, and then the target is written as it was read.
func (g *Guard) publishOnce(ctx context.Context, kube client.Client, mg Resource, record ledger.Record, target *corev1.Secret, details managed.ConnectionDetails) error {
	if target == nil {
		return nil
	}

	key := client.ObjectKeyFromObject(target)
	if !metav1.IsControlledBy(target, mg) {
		return errors.Wrapf(errNotOurs, "cannot write Secret %q", key)
	}

	_, current, err := g.stored(ctx, mg)
	if err != nil {
		return err
	}

	if current.Attempt != record.Attempt || current.State != ledger.StatePending {
		return errSuperseded
	}

	s := target.DeepCopy()
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}

	maps.Copy(s.Data, details)
	metav1.SetMetaDataLabel(&s.ObjectMeta, publish.Label, g.Kind.KindName())

	if s.GetResourceVersion() == "" {
		return errors.Wrapf(kube.Create(ctx, s), "cannot create Secret %q", key)
	}

	return errors.Wrapf(kube.Update(ctx, s), "cannot update Secret %q", key)
}

// target returns the Secret that the secret is to be published in, as the API server
// has it now, or as it is to be created. It is nil if none is named.
func (g *Guard) target(ctx context.Context, mg Resource) (*corev1.Secret, error) {
	ref := mg.GetWriteConnectionSecretToReference()
	if ref == nil {
		return nil, nil
	}

	s := &corev1.Secret{}
	key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}

	err := g.Kube.Get(ctx, key, s)
	if kerrors.IsNotFound(err) {
		gvk, err := g.Kube.GroupVersionKindFor(mg)
		if err != nil {
			return nil, errors.Wrap(err, "cannot tell the kind of the owner of the Secret")
		}

		return xpresource.LocalConnectionSecretFor(mg, gvk), nil
	}

	return s, errors.Wrapf(err, "cannot get Secret %q", key)
}

// stored returns the metadata of the managed resource as the API server has them now,
// and its record, which is all that is looked at: the rest takes longer to read than to
// ask for.
func (g *Guard) stored(ctx context.Context, mg Resource) (*metav1.PartialObjectMetadata, ledger.Record, error) {
	gvk, err := g.Kube.GroupVersionKindFor(mg)
	if err != nil {
		return nil, ledger.Record{}, errors.Wrap(err, "cannot tell the kind of the record of attempts")
	}

	stored := &metav1.PartialObjectMetadata{}
	stored.SetGroupVersionKind(gvk)

	if err := g.Live.Get(ctx, client.ObjectKeyFromObject(mg), stored); err != nil {
		return nil, ledger.Record{}, errors.Wrap(err, "cannot read the record of attempts")
	}

	record, err := ledger.ReadRecord(stored)

	return stored, record, err
}
