// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// logStates lets everything through, and logs each change of a managed resource's
// state in one line. Nothing is logged of what only repeats itself.
func logStates(log logging.Logger) predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(xpresource.Managed)
			after, also := e.ObjectNew.(xpresource.Managed)

			if !ok || !also {
				return true
			}

			log := log.WithValues("namespace", after.GetNamespace(), "name", after.GetName(), "external-name", meta.GetExternalName(after))

			for _, t := range []xpv1.ConditionType{xpv1.TypeSynced, xpv1.TypeReady} {
				was, is := before.GetCondition(t), after.GetCondition(t)
				if was.Status != is.Status || was.Reason != is.Reason {
					log.Info("Condition changed", "condition", t, "status", is.Status, "reason", is.Reason, "message", is.Message)
				}
			}

			return true
		},
		DeleteFunc: func(e event.DeleteEvent) bool {
			log.Info("Object deleted", "namespace", e.Object.GetNamespace(), "name", e.Object.GetName(), "external-name", meta.GetExternalName(e.Object))
			return true
		},
	}
}
