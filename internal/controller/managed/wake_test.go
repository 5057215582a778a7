// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/v1beta1"
)

func TestCameToWork(t *testing.T) {
	free := &v1beta1.ProviderConfig{}
	kept := &v1beta1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{"in-use.crossplane.io"}}}

	works := kept.DeepCopy()
	works.Status.SetConditions(xpv1.Available())
	works.Status.CheckedCredentials = "one"

	others := works.DeepCopy()
	others.Status.CheckedCredentials = "two"

	cases := map[string]struct {
		reason   string
		old, new *v1beta1.ProviderConfig
		want     bool
	}{
		"Kept":         {"Nothing was created before.", free, kept, true},
		"NotKept":      {"Nothing gets better by that.", kept, free, false},
		"Works":        {"Its credentials were put right.", kept, works, true},
		"Others":       {"It has other credentials, which work.", works, others, true},
		"NoLonger":     {"Nothing gets better by that.", works, kept, false},
		"StillTheSame": {"Nothing has changed.", works, works, false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := cameToWork(false).Update(event.UpdateEvent{ObjectOld: tc.old, ObjectNew: tc.new}); got != tc.want {
				t.Errorf("\n%s\nUpdate(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}
