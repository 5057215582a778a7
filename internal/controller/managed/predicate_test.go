// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/release"
)

// What the provider writes about its own work has nothing reconciled: a refused
// request would be repeated at once, without any back-off.
func TestDesiredStateChanged(t *testing.T) {
	later := noon.Add(time.Hour)

	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		want   bool
	}{
		"Nothing":      {reason: "Nothing has changed.", change: func(*v1beta1.Token) {}},
		"Status":       {reason: "The provider writes it.", change: func(tk *v1beta1.Token) { tk.Status.AtProvider.ID = ptr.To(paris) }},
		"Pending":      {reason: "The provider writes it.", change: func(tk *v1beta1.Token) { meta.SetExternalCreatePending(tk, later) }},
		"Succeeded":    {reason: "The provider writes it.", change: func(tk *v1beta1.Token) { meta.SetExternalCreateSucceeded(tk, later) }},
		"Failed":       {reason: "The provider writes it.", change: func(tk *v1beta1.Token) { meta.SetExternalCreateFailed(tk, later) }},
		"Record":       {reason: "The provider writes it.", change: func(tk *v1beta1.Token) { ledger.Record{Attempt: ownAttempt}.Write(tk) }},
		"Spec":         {reason: "The user wants something else.", change: func(tk *v1beta1.Token) { tk.SetGeneration(2) }, want: true},
		"Label":        {reason: "A selector may find it now.", change: func(tk *v1beta1.Token) { tk.SetLabels(map[string]string{"a": "b"}) }, want: true},
		"Renew":        {reason: "The user asks for a new secret.", change: func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{onetime.AnnotationRenew: "now"}) }, want: true},
		"Release":      {reason: "The user lets go of it.", change: func(tk *v1beta1.Token) { meta.AddAnnotations(tk, map[string]string{release.Annotation: paris}) }, want: true},
		"ExternalName": {reason: "It is another object.", change: func(tk *v1beta1.Token) { meta.SetExternalName(tk, warsaw) }, want: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := token(func(tk *v1beta1.Token) {
				tk.SetGeneration(1)
				ledger.Record{UID: ownUID}.Write(tk)
				meta.SetExternalName(tk, paris)
			})

			after := before.DeepCopy()
			tc.change(after)

			if diff := cmp.Diff(tc.want, desiredStateChanged().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after})); diff != "" {
				t.Errorf("\n%s\nUpdate(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
