// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/kubeclient"
)

// By which Secret a managed resource is found.
func TestSecretName(t *testing.T) {
	cases := map[string]struct {
		reason string
		object client.Object
		want   string
	}{
		"Named":   {reason: "It writes that Secret.", object: token(func(*v1beta1.Token) {}), want: "token"},
		"None":    {reason: "It writes none.", object: token(func(tk *v1beta1.Token) { tk.Spec.WriteConnectionSecretToReference = nil })},
		"NoOwner": {reason: "It cannot write one.", object: &corev1.Secret{}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, secretName(tc.object)); diff != "" {
				t.Errorf("\n%s\nsecretName(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestByOthers publishes a Secret, and looks at what happens to it afterwards.
func TestByOthers(t *testing.T) {
	b := newBench(t)
	own := kubeclient.NewOwn()

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: published, UID: "secret"}}
	if err := own.Client(b.Kube).Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}

	changed := s.DeepCopy()
	b.Update(changed)

	free := s.DeepCopy()
	s.SetOwnerReferences([]metav1.OwnerReference{{UID: "token", Controller: ptr.To(true)}})

	p := byOthers(own)

	for reason, got := range map[string]bool{
		"what was written here has been reconciled": !p.Create(event.CreateEvent{Object: s}),
		"what was changed here has been reconciled": !p.Update(event.UpdateEvent{ObjectOld: s, ObjectNew: s}),
		"nobody has looked at what was taken over":  p.Update(event.UpdateEvent{ObjectOld: free, ObjectNew: s}),
		"somebody else has changed it":              p.Update(event.UpdateEvent{ObjectOld: s, ObjectNew: changed}),
		"somebody has deleted what was written":     p.Delete(event.DeleteEvent{Object: s}),
	} {
		if !got {
			t.Errorf("byOthers(...): want otherwise: %s", reason)
		}
	}
}
