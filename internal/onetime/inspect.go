// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"bytes"
	"context"
	"fmt"
	"maps"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

// Reasons for which a managed resource with a secret is not Ready.
const (
	// ReasonSecretLost means that the secret was published, and is gone.
	ReasonSecretLost xpv1.ConditionReason = "SecretLost"
	// ReasonSecretUnknown means that the object was imported: its secret was shown
	// to somebody else.
	ReasonSecretUnknown xpv1.ConditionReason = "SecretUnknown"
	// ReasonSecretForeign means that what is published belongs to another object.
	ReasonSecretForeign xpv1.ConditionReason = "SecretForeign"
	// ReasonSecretUnreadable means that what is published belongs to no object.
	ReasonSecretUnreadable xpv1.ConditionReason = "SecretUnreadable"
	// ReasonExpired means that the object's expiry has passed.
	ReasonExpired xpv1.ConditionReason = "Expired"
)

// remedy is what a user can do about a secret that is not there any more.
const remedy = "restore the Secret from a backup, or have a new one minted and the old one revoked by a new value of annotation " + AnnotationRenew

// hidden is what Scaleway returns in place of a secret.
const hidden = "<hidden>"

// Inspect checks the published secret against the object, offline, and
// returns what is to be published: never less than the Secret holds, or nothing
// where it holds everything, or the secret of something else.
func (g *Guard) Inspect(ctx context.Context, mg Resource, details managed.ConnectionDetails) (managed.ConnectionDetails, *xpv1.Condition, error) {
	details = Usable(details)

	ref := mg.GetWriteConnectionSecretToReference()
	if ref == nil {
		return details, nil, nil
	}

	record, err := ledger.ReadRecord(mg)
	if err != nil {
		return nil, nil, err
	}

	secret := types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}
	key := g.Kind.SecretKey()
	id := g.idOf(meta.GetExternalName(mg))

	if g.isPublished(ctx, mg, record, ref.Name, id) {
		publish.NoteComplete(ctx, secret)
		return nil, nil, g.notePublished(ctx, mg, ref.Name)
	}

	// Whatever else there is to say is said of the Secret as it is now.
	published, err := g.ownSecretData(ctx, mg, ref.Name)
	if err != nil {
		return nil, nil, err
	}

	if len(published[key]) == 0 {
		// This process may have minted the object, and still know.
		if found, err := g.identify(mg, record, map[string][]byte{key: details[key]}); err == nil && found == id {
			known, err := g.observedDetails(ctx, mg, string(details[key]))
			return known, nil, err
		}

		if moved, err := g.movedSecret(ctx, mg, record, id); moved != nil || err != nil {
			return moved, nil, err
		}

		c := g.lost(mg, ref.Name)

		return published, &c, nil
	}

	// What is wrong is not written back: somebody may have put it right meanwhile.
	switch found, err := g.identify(mg, record, published); {
	case err != nil:
		publish.NoteComplete(ctx, secret)

		c := unready(ReasonSecretUnreadable, fmt.Sprintf("key %s of Secret %s does not hold the secret of this object: %v: %s", key, ref.Name, err, remedy))

		return nil, &c, nil
	case found != id:
		publish.NoteComplete(ctx, secret)

		// Annotations may have been restored: what is published is then the later one.
		if err := g.reconsider(ctx, mg, record, found); err != nil {
			return nil, nil, err
		}

		c := unready(ReasonSecretForeign, fmt.Sprintf("key %s of Secret %s holds the secret of another object, %s: %s", key, ref.Name, found, remedy))

		return nil, &c, nil
	}

	// Keys that go with the secret are completed, and none is taken away.
	complete, err := g.observedDetails(ctx, mg, string(published[key]))
	if err != nil {
		return nil, nil, err
	}

	for k, v := range published {
		if _, ok := complete[k]; !ok {
			complete[k] = v
		}
	}

	if maps.EqualFunc(published, complete, bytes.Equal) {
		publish.NoteComplete(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name})

		complete = nil
	}

	return complete, nil, g.notePublished(ctx, mg, ref.Name)
}

// reconsider what a managed resource names, if its Secret holds the secret of another object
// that it has minted. It returns no error if that is not so.
func (g *Guard) reconsider(ctx context.Context, mg Resource, record ledger.Record, found string) error {
	if !creates(mg) {
		return nil
	}

	api, _, err := g.Remote(ctx, g.Kube, mg)
	if err != nil {
		return err
	}

	region := g.regionOf(mg, record)

	parents, err := g.parentsOf(mg, record)
	if err != nil {
		return err
	}

	named, err := g.Kind.ParseID(meta.GetExternalName(mg))
	if err != nil {
		return errors.Wrapf(err, "annotation %s", meta.AnnotationKeyExternalName)
	}

	if record.Minter, err = g.successor(ctx, api, mg.GetUID(), record.Minter, region, parents, &named); err != nil {
		return err
	}

	objects, err := g.look(ctx, api, mg.GetUID(), record.Minter, region, parents)
	if err != nil || !contains(objects, found) {
		return errors.Wrapf(err, "cannot tell whether %s, whose secret is published, is of this resource", found)
	}

	_, err = g.adoptPublished(ctx, mg, record, g.own(objects, mg.GetUID(), region))

	return err
}

// fingerprint returns the digest of the managed resource's object and its secret, if
// the record has it.
func fingerprint(mg Resource, record ledger.Record) (string, bool) {
	f := record.Fingerprint
	if f.Object != meta.GetExternalName(mg) {
		return "", false
	}

	return f.Digest, f.Digest != ""
}

// identify returns the ID of the object that the data of a Secret belong to. A
// secret that the record does not know is none of the managed resource's object,
// whatever lies beside it.
func (g *Guard) identify(mg Resource, record ledger.Record, data map[string][]byte) (string, error) {
	digest, ok := fingerprint(mg, record)
	if !ok {
		return g.Kind.Identify(data)
	}

	own := g.idOf(meta.GetExternalName(mg))
	if ledger.Digest(record.UID, own, string(data[g.Kind.SecretKey()])) == digest {
		return own, nil
	}

	id, err := g.Kind.Identify(data)
	if err == nil && id == own {
		err = errors.Errorf("it is not the one that Scaleway has shown with %s", own)
	}

	return id, err
}

// observedDetails are the details of the connection to the object that was observed,
// with its secret.
func (g *Guard) observedDetails(ctx context.Context, mg Resource, secret string) (managed.ConnectionDetails, error) {
	known, err := g.defaults(ctx, mg)
	if err != nil {
		return nil, err
	}

	observation, err := mg.GetObservation()
	if err != nil {
		return nil, errors.Wrap(err, "cannot read status.atProvider")
	}

	object := issue.Object{ID: g.idOf(meta.GetExternalName(mg)), Secret: secret, Attributes: map[string]string{}}

	for attribute := range g.Kind.Keys() {
		if value, _ := observation[attribute].(string); value != "" {
			object.Attributes[attribute] = value
		}
	}

	return g.details(object, known), nil
}

// movedSecret returns the details that the Secret holds which the managed
// resource named before, if it is still there.
func (g *Guard) movedSecret(ctx context.Context, mg Resource, record ledger.Record, id string) (managed.ConnectionDetails, error) {
	if record.Secret == "" || record.Secret == mg.GetWriteConnectionSecretToReference().Name {
		return nil, nil
	}

	data, err := g.secretData(ctx, mg, record.Secret)
	if err != nil {
		return nil, err
	}

	if found, err := g.identify(mg, record, data); err != nil || found != id {
		return nil, nil //nolint:nilerr // It is not what is looked for.
	}

	return g.observedDetails(ctx, mg, string(data[g.Kind.SecretKey()]))
}

// notePublished records which Secret holds the secret, so that it is found when
// the managed resource names another one.
func (g *Guard) notePublished(ctx context.Context, mg Resource, secret string) error {
	record, err := ledger.ReadRecord(mg)
	if err != nil || record.Secret == secret {
		return err
	}

	record.UID, record.Secret = mg.GetUID(), secret

	return g.storeRecord(ctx, mg, record)
}

// lost says why there is no secret.
func (g *Guard) lost(mg Resource, secret string) xpv1.Condition {
	record, err := ledger.ReadRecord(mg)
	if err != nil || record.Object != meta.GetExternalName(mg) {
		return unready(ReasonSecretUnknown, fmt.Sprintf("this object was not created by this resource, so its secret cannot be known, and Secret %s has none: put it there yourself, or remove writeConnectionSecretToRef", secret))
	}

	return unready(ReasonSecretLost, fmt.Sprintf("Secret %s has lost the secret of this object, which Scaleway does not show again: %s", secret, remedy))
}

// Usable returns the details without what is no secret.
func Usable(details managed.ConnectionDetails) managed.ConnectionDetails {
	out := managed.ConnectionDetails{}

	for k, v := range details {
		if len(v) > 0 && string(v) != hidden {
			out[k] = v
		}
	}

	return out
}

// ownSecretData is secretData, and has the Secret watched from now on.
func (g *Guard) ownSecretData(ctx context.Context, mg Resource, name string) (managed.ConnectionDetails, error) {
	s, err := g.ownSecret(ctx, mg, name)
	if s == nil || err != nil {
		return nil, err
	}

	data := s.Data

	return data, g.label(ctx, s)
}

// secretData returns the data of a Secret in the managed resource's namespace, as
// the API server has it now, if it is the managed resource's own.
func (g *Guard) secretData(ctx context.Context, mg Resource, name string) (managed.ConnectionDetails, error) {
	s, err := g.ownSecret(ctx, mg, name)
	if s == nil || err != nil {
		return nil, err
	}

	return s.Data, nil
}

// ownSecret returns a Secret of that name, as the API server has it now, if it is
// the managed resource's own.
func (g *Guard) ownSecret(ctx context.Context, mg Resource, name string) (*corev1.Secret, error) {
	s := &corev1.Secret{}

	key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: name}
	if err := g.Kube.Get(ctx, key, s); err != nil {
		if kerrors.IsNotFound(err) {
			return nil, nil
		}

		return nil, errors.Wrapf(err, "cannot check Secret %q", key)
	}

	if !metav1.IsControlledBy(s, mg) {
		return nil, nil
	}

	return s, nil
}

// held returns the objects whose secret is in a Secret that the managed resource names, or
// has named in the record, by external name, with the digest of both. Who controls the
// Secret does not matter: a secret that can be read there may be in use.
func (g *Guard) held(ctx context.Context, mg Resource, record ledger.Record, region string) (map[string]string, error) {
	held := map[string]string{}

	for _, name := range []string{secretName(mg), record.Target, record.Secret} {
		if name == "" {
			continue
		}

		s := &corev1.Secret{}

		key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: name}
		if err := g.Kube.Get(ctx, key, s); xpresource.IgnoreNotFound(err) != nil {
			return nil, errors.Wrapf(err, "cannot check Secret %q", key)
		}

		id, err := g.Kind.Identify(s.Data)
		if err != nil {
			continue // What identifies no object is the secret of none.
		}

		held[g.Kind.ExternalName(region, id)] = ledger.Digest(mg.GetUID(), id, string(s.Data[g.Kind.SecretKey()]))
	}

	return held, nil
}

// idOf returns the ID in an external name, less its region, or nothing if there is
// none.
func (g *Guard) idOf(externalName string) string {
	id, err := g.Kind.ParseID(externalName)
	if err != nil {
		return ""
	}

	return id.UUID
}

func unready(reason xpv1.ConditionReason, message string) xpv1.Condition {
	return xpv1.Condition{
		Type:               xpv1.TypeReady,
		Status:             corev1.ConditionFalse,
		LastTransitionTime: metav1.Now(),
		Reason:             reason,
		Message:            message,
	}
}

// isPublished tells whether the Secret, as the cache has it, holds the secret of the
// object with that ID, and all that is published with it. A cache lags behind: what it
// denies has to be read from the API server.
func (g *Guard) isPublished(ctx context.Context, mg Resource, record ledger.Record, secret, id string) bool {
	s := &corev1.Secret{}
	if err := g.Cached.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: secret}, s); err != nil {
		return false
	}

	digest, _ := fingerprint(mg, record)

	return publish.Holds(s, mg.GetUID(), id, digest)
}

// label a Secret that an older version has published.
func (g *Guard) label(ctx context.Context, s *corev1.Secret) error {
	if s.GetLabels()[publish.Label] == g.Kind.KindName() {
		return nil
	}

	patch := client.MergeFrom(s.DeepCopy())
	metav1.SetMetaDataLabel(&s.ObjectMeta, publish.Label, g.Kind.KindName())

	return errors.Wrapf(g.Kube.Patch(ctx, s, patch), "cannot label Secret %q", client.ObjectKeyFromObject(s))
}
