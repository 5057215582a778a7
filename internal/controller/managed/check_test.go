// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

// An argument that is taken from a Secret is there, or the object is not created
// without it.
func TestCheckSecrets(t *testing.T) {
	cases := map[string]struct {
		reason string
		data   map[string][]byte
		want   string
	}{
		"Good":     {reason: "The key is there.", data: map[string][]byte{"password": []byte("value")}},
		"NoSecret": {reason: "Upjet would take it for empty.", want: `spec.forProvider.nats.credentialsFileContentSecretRef: cannot get Secret "team-a/settings"`},
		"NoKey":    {reason: "Upjet would take it for empty.", data: map[string][]byte{"user": []byte("value")}, want: `Secret "team-a/settings" has no key "password"`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)

			if tc.data != nil {
				b.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "settings"}, Data: tc.data})
			}

			mg := &v1beta1.Trigger{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a"}}
			mg.Spec.ForProvider.Nats = &v1beta1.NatsParameters{CredentialsFileContentSecretRef: xpv1.LocalSecretKeySelector{
				LocalSecretReference: xpv1.LocalSecretReference{Name: "settings"}, Key: "password",
			}}

			wantErr(t, tc.reason, tc.want, (&Connector{kube: b.Kube}).checkSecrets(t.Context(), mg))
		})
	}
}

// nested is a managed resource whose arguments are blocks.
type nested struct {
	*v1beta1.Token

	Spec struct{ ForProvider, InitProvider blocks }
}

type blocks struct {
	Queue *block          `json:"queue"`
	Rules []block         `json:"rules"`
	IDRef *string         `json:"idRef"`
	Where *labelsSelector `json:"whereSelector"`
}

type block struct {
	IDRef      *xpv1.NamespacedReference `json:"idRef"`
	IDSelector *xpv1.NamespacedSelector  `json:"idSelector"`
	Namespace  string                    `json:"namespace"`
}

type labelsSelector struct {
	MatchLabels labelled `json:"matchLabels"`
}

type labelled struct {
	Namespace string `json:"namespace"`
}

// References are found however deep they lie, and nothing else is taken for one.
func TestCheckReferencesInBlocks(t *testing.T) {
	other := &xpv1.NamespacedReference{Name: "shop", Namespace: "team-b"}

	cases := map[string]struct {
		reason string
		args   blocks
		want   string
	}{
		"InBlock":     {reason: "A block may hold references.", args: blocks{Queue: &block{IDRef: other}}, want: `spec.forProvider.queue.idRef.namespace "team-b" is not allowed`},
		"InList":      {reason: "So may a list of them.", args: blocks{Rules: []block{{}, {IDSelector: &xpv1.NamespacedSelector{Namespace: "team-b"}}}}, want: `spec.forProvider.rules[1].idSelector.namespace "team-b" is not allowed`},
		"NoReference": {reason: "A block may have such a field too.", args: blocks{Queue: &block{Namespace: "team-b"}}},
		"NoNamespace": {reason: "It stays in its own.", args: blocks{Queue: &block{IDRef: &xpv1.NamespacedReference{Name: "shop"}}}},
		"NoBlock":     {reason: "It holds nothing.", args: blocks{IDRef: ptr.To("team-b")}},
		"Label":       {reason: "It is a label that is looked for.", args: blocks{Where: &labelsSelector{MatchLabels: labelled{Namespace: "team-b"}}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			mg := &nested{Token: token(func(tk *v1beta1.Token) { tk.SetNamespace("team-a") })}
			mg.Spec.ForProvider = tc.args

			wantErr(t, tc.reason, tc.want, checkReferences(t.Context(), mg))
		})
	}
}

// Arguments of which exactly one must be given.
func TestExactlyOne(t *testing.T) {
	group := []string{"container_id", "namespace_id", "no_parent"}
	all := "exactly one of spec.forProvider.containerId, spec.forProvider.namespaceId, spec.forProvider.noParent"

	cases := map[string]struct {
		reason string
		group  []string
		args   map[string]any
		want   string
	}{
		"One":      {reason: "One is given.", group: group, args: map[string]any{"container_id": paris}},
		"Empty":    {reason: "Terraform takes these for none.", group: group, args: map[string]any{"container_id": paris, "namespace_id": "", "no_parent": false}},
		"None":     {reason: "The user is told which there are.", group: group, want: "give " + all + ": none is given"},
		"Two":      {reason: "The user is told which are given.", group: group, args: map[string]any{"container_id": paris, "no_parent": true}, want: all + ": spec.forProvider.containerId and spec.forProvider.noParent are given"},
		"OnlyNone": {reason: "There is no choice.", group: group[:1], want: "give spec.forProvider.containerId: none is given"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			wantErr(t, tc.reason, tc.want, exactlyOne(tc.group, tc.args, token(func(*v1beta1.Token) {})))
		})
	}
}

// What is never created needs no arguments.
func TestCreates(t *testing.T) {
	for action, want := range map[xpv1.ManagementAction]bool{
		xpv1.ManagementActionAll:            true,
		xpv1.ManagementActionCreate:         true,
		xpv1.ManagementActionUpdate:         true,
		xpv1.ManagementActionObserve:        false,
		xpv1.ManagementActionDelete:         false,
		xpv1.ManagementActionLateInitialize: false,
	} {
		tk := token(func(tk *v1beta1.Token) { tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{action} })

		if diff := cmp.Diff(want, creates(tk)); diff != "" {
			t.Errorf("creates(...) with policy %s: -want, +got:\n%s", action, diff)
		}
	}
}

// IDs of global products are checked too, and kinds that mint nothing need no
// Secret.
func TestCheckArgumentsOfPlainKind(t *testing.T) {
	const uuid = "11111111-1111-4111-8111-111111111111"

	for id, want := range map[string]string{uuid: "", "shop": `spec.forProvider.projectId: "shop" is not a UUID`} {
		c := &Connector{resource: declaration(t, "scaleway_container_namespace"), now: func() time.Time { return noon }}

		mg := &v1beta1.ContainerNamespace{}
		mg.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionAll})
		mg.Spec.ForProvider.ProjectID = ptr.To(id)

		args, err := mg.GetMergedParameters(true)
		if err != nil {
			t.Fatal(err)
		}

		wantErr(t, "Scaleway would not know what is meant.", want, c.checkArguments(mg, args))
	}
}
