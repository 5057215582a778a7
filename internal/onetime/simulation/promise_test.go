// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// checkRevocation fails if a token is revoked whose value is published, unless its
// managed resource is being deleted, or the Secret has changed since it was read.
func (w *world) checkRevocation(t *token) {
	tk := w.token()
	if tk == nil || meta.WasDeleted(tk) {
		return
	}

	for key, o := range w.cluster.objects {
		s, ok := o.(*corev1.Secret)
		if !ok || s.GetName() != tk.Spec.WriteConnectionSecretToReference.Name || !metav1.IsControlledBy(s, tk) || w.read[key] != s.GetResourceVersion() {
			continue
		}

		if string(s.Data[kind{}.SecretKey()]) == t.value() {
			w.broken("%s is revoked while its value is published", t.id)
		}
	}
}

// checkRest fails unless, at rest, there is one token that is named and published, or a
// condition that says why not; and none that nobody names.
func (w *world) checkRest(when string) {
	tk := w.token()

	var named *token

	for _, t := range w.scaleway.live(ownKey.organization) {
		if tk != nil && meta.GetExternalName(tk) == t.name() {
			named = t
			continue
		}

		m, _ := t.marked()
		if !w.said(t.id, m.Attempt) && (tk != nil || !w.unsettled) {
			w.broken("%s: %s lives, and nothing says so", when, t.id)
		}
	}

	if tk == nil {
		return
	}

	ready, synced := tk.GetCondition(xpv1.TypeReady), tk.GetCondition(xpv1.TypeSynced)

	if ready.Status != corev1.ConditionTrue || synced.Status != corev1.ConditionTrue {
		if !w.meddled && w.key != foreignKey && w.lies < 2 {
			w.broken("%s: it has not healed: %s; %s", when, ready.Message, synced.Message)
		}

		if synced.Status != corev1.ConditionFalse && ready.Message == "" && ready.Status != corev1.ConditionFalse {
			w.broken("%s: it is not Ready, and does not say why", when)
		}

		return
	}

	if meta.WasDeleted(tk) {
		w.broken("%s: it is neither gone nor does it say why", when)
		return
	}

	alive := w.scaleway.live(ownKey.organization)

	switch s := w.published(tk.Spec.WriteConnectionSecretToReference.Name); {
	case named == nil:
		w.broken("%s: it is Ready, and has no token", when)
	case s != named.value():
		w.broken("%s: it is Ready, and %s is not published", when, named.id)
	case len(alive) > 1:
		w.broken("%s: it is Ready, and %d tokens live", when, len(alive))
	}
}

func (w *world) published(name string) string {
	s, ok := w.cluster.get("Secret/" + team + "/" + name).(*corev1.Secret)
	if !ok {
		return ""
	}

	return string(s.Data[kind{}.SecretKey()])
}
