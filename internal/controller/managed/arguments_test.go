// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

// What the rules of the CRD count, and what follows from an older CRD that has
// none.
func TestCheckArguments(t *testing.T) {
	reference := &xpv1.NamespacedReference{Name: "shop"}

	cases := map[string]struct {
		reason string
		change func(*v1beta1.Token)
		// want is a part of the error. It is empty where there is none.
		want string
	}{
		"ResolvedReference": {
			reason: "An argument and its reference are one.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceIDRef = reference },
		},
		"InBothSections": {
			reason: "An argument in both sections is one.",
			change: func(tk *v1beta1.Token) { tk.Spec.InitProvider.NamespaceID = ptr.To(warsaw) },
		},
		"InitProvider": {
			reason: "A parent may stand in initProvider.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID, tk.Spec.InitProvider.ContainerID = nil, ptr.To(paris)
			},
		},
		"UnresolvedReference": {
			reason: "The token would have no parent.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID, tk.Spec.ForProvider.NamespaceIDRef = nil, reference
			},
			want: "the reference of spec.forProvider.namespaceId is not resolved",
		},
		"UnresolvedSelector": {
			reason: "The token would have no parent.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.ForProvider.NamespaceID = nil
				tk.Spec.InitProvider.ContainerIDSelector = &xpv1.NamespacedSelector{}
			},
			want: "the reference of spec.forProvider.containerId is not resolved",
		},
		"AnotherByReference": {
			reason: "Which parent is meant cannot be known.",
			change: func(tk *v1beta1.Token) { tk.Spec.InitProvider.ContainerIDRef = reference },
			want:   "spec.forProvider.containerId and spec.forProvider.namespaceId are given",
		},
		"EmptyParent": {
			reason: "Terraform takes an empty text for none.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.NamespaceID = ptr.To("") },
			want:   "none is given",
		},
		"EmptyTime": {
			reason: "Terraform would leave it out, and the token would never expire.",
			change: func(tk *v1beta1.Token) { tk.Spec.ForProvider.ExpiresAt = ptr.To("") },
			want:   `spec.forProvider.expiresAt "" is not a time`,
		},
		"PastInInitProvider": {
			reason: "It is what the token would be created with.",
			change: func(tk *v1beta1.Token) {
				tk.Spec.InitProvider.ExpiresAt = ptr.To(noon.Add(-time.Second).Format(time.RFC3339))
			},
			want: "is not in the future: it is now 2026-01-02T12:00:00Z",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &Connector{resource: declaration(t, "scaleway_container_token"), now: func() time.Time { return noon }}

			tk := token(tc.change)

			args, err := tk.GetMergedParameters(true)
			if err != nil {
				t.Fatal(err)
			}

			err = c.checkArguments(tk, args)

			switch {
			case tc.want == "" && err != nil:
				t.Errorf("\n%s\ncheckArguments(...): %v", tc.reason, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("\n%s\ncheckArguments(...): want an error that says %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}
