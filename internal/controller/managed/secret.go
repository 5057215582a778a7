// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"context"
	"fmt"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/mint"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
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

// observeSecret checks the published secret against the object, offline, and
// returns what is to be published: never less than the Secret holds, or nothing
// where it holds everything.
func (m *minter) observeSecret(ctx context.Context, mg mintedResource, details managed.ConnectionDetails) (managed.ConnectionDetails, *xpv1.Condition, error) {
	details = usable(details)

	ref := mg.GetWriteConnectionSecretToReference()
	if ref == nil {
		return details, nil, nil
	}

	key := secretKey(m.resource)
	uuid := uuidOf(meta.GetExternalName(mg))

	if m.isPublished(ctx, mg, ref.Name, uuid) {
		notePublication(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name})
		return nil, nil, m.notePublished(ctx, mg, ref.Name)
	}

	// Whatever else there is to say is said of the Secret as it is now.
	published, err := m.ownSecretData(ctx, mg, ref.Name)
	if err != nil {
		return nil, nil, err
	}

	value, ok := published[key]
	if !ok || len(value) == 0 {
		// This process may have minted the object, and still know.
		if id, err := m.resource.Minted.Identify(string(details[key])); err == nil && id == uuid {
			return details, nil, nil
		}

		if moved, err := m.movedSecret(ctx, mg, uuid); moved != nil || err != nil {
			return moved, nil, err
		}

		c := m.lost(mg, ref.Name)

		return published, &c, nil
	}

	switch id, err := m.resource.Minted.Identify(string(value)); {
	case err != nil:
		c := unready(ReasonSecretUnreadable, fmt.Sprintf("key %s of Secret %s does not hold the secret of this object: %v: %s", key, ref.Name, err, remedy))
		return published, &c, nil
	case id != uuid:
		c := unready(ReasonSecretForeign, fmt.Sprintf("key %s of Secret %s holds the secret of another object, %s: %s", key, ref.Name, id, remedy))
		return published, &c, nil
	}

	// Keys derived from the secret are completed, and none is taken away.
	complete, err := m.details(string(value))
	if err != nil {
		return nil, nil, err
	}

	for k, v := range published {
		if _, ok := complete[k]; !ok {
			complete[k] = v
		}
	}

	if holds(published, complete) {
		notePublication(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name})

		complete = nil
	}

	return complete, nil, m.notePublished(ctx, mg, ref.Name)
}

// movedSecret returns the details that the Secret holds which the managed
// resource named before, if it is still there.
func (m *minter) movedSecret(ctx context.Context, mg mintedResource, uuid string) (managed.ConnectionDetails, error) {
	record, err := mint.ReadRecord(mg)
	if err != nil || record.Secret == "" || record.Secret == mg.GetWriteConnectionSecretToReference().Name {
		return nil, err
	}

	data, err := m.secretData(ctx, mg, record.Secret)
	if err != nil {
		return nil, err
	}

	value := string(data[secretKey(m.resource)])
	if id, err := m.resource.Minted.Identify(value); err != nil || id != uuid {
		return nil, nil //nolint:nilerr // It is not what is looked for.
	}

	return m.details(value)
}

// notePublished records which Secret holds the secret, so that it is found when
// the managed resource names another one.
func (m *minter) notePublished(ctx context.Context, mg mintedResource, secret string) error {
	record, err := mint.ReadRecord(mg)
	if err != nil || record.Secret == secret {
		return err
	}

	record.UID, record.Secret = mg.GetUID(), secret

	return m.storeRecord(ctx, mg, record)
}

// lost says why there is no secret.
func (m *minter) lost(mg mintedResource, secret string) xpv1.Condition {
	record, err := mint.ReadRecord(mg)
	if err != nil || record.Object != meta.GetExternalName(mg) {
		return unready(ReasonSecretUnknown, fmt.Sprintf("this object was not created by this resource, so its secret cannot be known, and Secret %s has none: put it there yourself, or remove writeConnectionSecretToRef", secret))
	}

	return unready(ReasonSecretLost, fmt.Sprintf("Secret %s has lost the secret of this object, which Scaleway does not show again: %s", secret, remedy))
}

// usable returns the details without what is no secret.
func usable(details managed.ConnectionDetails) managed.ConnectionDetails {
	out := managed.ConnectionDetails{}

	for k, v := range details {
		if len(v) > 0 && string(v) != hidden {
			out[k] = v
		}
	}

	return out
}

// ownSecretData is secretData, and has the Secret watched from now on.
func (m *minter) ownSecretData(ctx context.Context, mg mintedResource, name string) (managed.ConnectionDetails, error) {
	s, err := m.ownSecret(ctx, mg, name)
	if s == nil || err != nil {
		return nil, err
	}

	data := s.Data

	return data, m.label(ctx, s)
}

// secretData returns the data of a Secret in the managed resource's namespace, as
// the API server has it now, if it is the managed resource's own.
func (m *minter) secretData(ctx context.Context, mg mintedResource, name string) (managed.ConnectionDetails, error) {
	s, err := m.ownSecret(ctx, mg, name)
	if s == nil || err != nil {
		return nil, err
	}

	return s.Data, nil
}

// ownSecret returns a Secret of that name, as the API server has it now, if it is
// the managed resource's own.
func (m *minter) ownSecret(ctx context.Context, mg mintedResource, name string) (*corev1.Secret, error) {
	s := &corev1.Secret{}

	key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: name}
	if err := m.kube.Get(ctx, key, s); err != nil {
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

// publishedName returns the external name of the object whose secret is
// published, or nothing if none is. Who controls the Secret does not matter: a
// secret that can be read there may be in use.
func (m *minter) publishedName(ctx context.Context, mg mintedResource, region string) (string, error) {
	ref := mg.GetWriteConnectionSecretToReference()
	if ref == nil {
		return "", nil
	}

	s := &corev1.Secret{}

	key := types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}
	if err := m.kube.Get(ctx, key, s); xpresource.IgnoreNotFound(err) != nil {
		return "", errors.Wrapf(err, "cannot check Secret %q", key)
	}

	id, err := m.resource.Minted.Identify(string(s.Data[secretKey(m.resource)]))
	if err != nil {
		return "", nil //nolint:nilerr // What identifies no object is the secret of none.
	}

	return regional.ID{Region: region, UUID: id}.String(), nil
}

func uuidOf(externalName string) string {
	id, err := regional.Parse(externalName)
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
