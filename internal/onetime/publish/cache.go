// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package publish writes the secret of an object where its users read it, and tells what
// a Secret holds: offline, by digests, and never by keeping a value.
package publish

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strconv"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Label is on each Secret that holds the secret of a minted object. Its
// value is the kind of the managed resource. Only Secrets with it are watched.
const Label = "scaleway.m.crossplane.io/publishes"

// What is kept of a Secret in the cache, in StringData, which the API server
// never returns, so that nobody can pass a Secret off as one that was reduced.
const (
	// keptIdentity is the UUID of the object that the secret belongs to, if any.
	keptIdentity = "identity"
	// keptComplete tells whether each key that is made of the secret is there.
	keptComplete = "complete"
	// keptFingerprint is the digest that a record of its owner would have.
	keptFingerprint = "fingerprint"
	// keptDigest differs if any key or value does.
	keptDigest = "digest"
)

// CachedSecrets configures a cache to hold the Secrets that publish the secret of an
// object of one of the kinds, which have names, and of each only what the check of it
// needs: never a value.
func CachedSecrets(kinds map[string]Kind) (cache.ByObject, error) {
	labelled, err := labels.NewRequirement(Label, selection.Exists, nil)
	if err != nil {
		return cache.ByObject{}, errors.Wrap(err, "cannot select Secrets")
	}

	return cache.ByObject{Label: labels.NewSelector().Add(*labelled), Transform: Reduce(kinds)}, nil
}

// Reduce a Secret to what is kept of it. What has been reduced stays as it is.
func Reduce(minted map[string]Kind) toolscache.TransformFunc {
	// One map for all Secrets of a kind: whoever reads from a cache gets a copy.
	labelled := map[string]map[string]string{}
	for kind := range minted {
		labelled[kind] = map[string]string{Label: kind}
	}

	return func(o any) (any, error) {
		s, ok := o.(*corev1.Secret)
		if !ok || s.StringData != nil {
			return o, nil
		}

		kind := s.GetLabels()[Label]

		kept := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Namespace:       s.GetNamespace(),
				Name:            s.GetName(),
				UID:             s.GetUID(),
				ResourceVersion: s.GetResourceVersion(),
				Labels:          labelled[kind],
			},
			StringData: map[string]string{keptDigest: digest(s.Data)},
		}

		if c := metav1.GetControllerOf(s); c != nil {
			kept.OwnerReferences = []metav1.OwnerReference{{UID: c.UID, Controller: c.Controller}}
		}

		r, ok := minted[kind]
		if !ok {
			return kept, nil
		}

		id, err := r.Identify(s.Data)
		if err != nil {
			return kept, nil //nolint:nilerr // It belongs to no object.
		}

		kept.StringData[keptIdentity] = id
		kept.StringData[keptComplete] = strconv.FormatBool(r.IsComplete(s.Data))
		kept.StringData[keptFingerprint] = ledger.Digest(ControllerUID(s), id, string(s.Data[r.SecretKey()]))

		return kept, nil
	}
}

// Holds tells whether a Secret, as Reduce has left it, is controlled by the managed
// resource, and holds the secret of the object with that ID, and all that is published
// with it. A fingerprint, which may be empty, is what a record has of the secret.
func Holds(s *corev1.Secret, owner types.UID, id, fingerprint string) bool {
	return ControllerUID(s) == owner && id != "" &&
		(fingerprint == "" || s.StringData[keptFingerprint] == fingerprint) &&
		s.StringData[keptIdentity] == id && s.StringData[keptComplete] == strconv.FormatBool(true)
}

func digest(data map[string][]byte) string {
	h := sha256.New()

	for _, key := range slices.Sorted(maps.Keys(data)) {
		sum := sha256.Sum256(data[key])
		_, _ = h.Write(append(append([]byte(key), 0), sum[:]...)) // It never fails.
	}

	return string(h.Sum(nil)[:16])
}

// ContentChanged lets through what changes the content of a Secret of the kind, or
// whose it is.
func ContentChanged(kind string) predicate.Predicate {
	return predicate.And(
		predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetLabels()[Label] == kind }),
		predicate.Funcs{CreateFunc: func(e event.CreateEvent) bool {
			// An empty one is written before a request that mints. To wake the object for
			// it would repeat a refused request without any back-off.
			s, ok := e.Object.(*corev1.Secret)
			return !ok || s.StringData[keptDigest] != digest(nil)
		}, UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*corev1.Secret)
			after, also := e.ObjectNew.(*corev1.Secret)

			return !ok || !also || before.StringData[keptDigest] != after.StringData[keptDigest] ||
				ControllerUID(before) != ControllerUID(after)
		}},
	)
}

// ControllerUID returns the UID of what controls an object, or nothing.
func ControllerUID(s metav1.Object) types.UID {
	if c := metav1.GetControllerOfNoCopy(s); c != nil {
		return c.UID
	}

	return ""
}
