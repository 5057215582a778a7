// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"maps"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// bookkeeping are the annotations that the provider writes about its own work. A
// change of one of them asks for nothing: reconciling because of it would repeat
// a refused request at once, and again, without any back-off.
var bookkeeping = []string{
	meta.AnnotationKeyExternalCreatePending,
	meta.AnnotationKeyExternalCreateSucceeded,
	meta.AnnotationKeyExternalCreateFailed,
	ledger.AnnotationRecord,
}

// desiredStateChanged lets through what changes what the user wants: the spec, the
// labels, and the annotations that are not bookkeeping.
func desiredStateChanged() predicate.Predicate {
	return predicate.Or(
		predicate.GenerationChangedPredicate{},
		predicate.LabelChangedPredicate{},
		predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
			return !maps.Equal(wanted(e.ObjectOld.GetAnnotations()), wanted(e.ObjectNew.GetAnnotations()))
		}},
	)
}

func wanted(annotations map[string]string) map[string]string {
	out := maps.Clone(annotations)
	for _, key := range bookkeeping {
		delete(out, key)
	}

	return out
}
