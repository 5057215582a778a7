// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

func TestHasReferences(t *testing.T) {
	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		want   bool
	}{
		"None":         {"Nothing is to be resolved.", func(*v1beta1.Token) {}, false},
		"Reference":    {"It may change where it leads to.", func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceIDRef = &xpv1.NamespacedReference{Name: "a"} }, true},
		"Selector":     {"It may find something.", func(tk *v1beta1.Token) { tk.Spec.ForProvider.ContainerIDSelector = &xpv1.NamespacedSelector{} }, true},
		"InitProvider": {"It is resolved there too.", func(tk *v1beta1.Token) { tk.Spec.InitProvider.NamespaceIDSelector = &xpv1.NamespacedSelector{} }, true},
		"Empty":        {"It is taken for none, and taken away.", func(tk *v1beta1.Token) { tk.Spec.ForProvider.ContainerID = ptr.To("") }, true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := hasReferences(token(tc.change)); got != tc.want {
				t.Errorf("\n%s\nhasReferences(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}
