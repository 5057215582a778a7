// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"testing"

	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

// The reconciler's client reads no Secret of which it is known that it holds
// everything, and any other as it is.
func TestClient(t *testing.T) {
	key := types.NamespacedName{Namespace: "team-a", Name: onetimetest.Published}

	cases := map[string]struct {
		reason string
		// noted is the Secret that holds everything.
		noted   types.NamespacedName
		verdict bool
		object  client.Object
		// read tells whether the API server is asked.
		read bool
	}{
		"Noted":      {reason: "It would be read for nothing.", verdict: true, noted: key, object: &corev1.Secret{}},
		"Another":    {reason: "Another one holds everything.", verdict: true, noted: types.NamespacedName{Namespace: "team-b", Name: onetimetest.Published}, object: &corev1.Secret{}, read: true},
		"NotNoted":   {reason: "Nothing is known of it.", verdict: true, object: &corev1.Secret{}, read: true},
		"NoVerdict":  {reason: "Nobody has looked.", object: &corev1.Secret{}, read: true},
		"NotASecret": {reason: "It only has the same name.", verdict: true, noted: key, object: &v1beta1.Token{}, read: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := onetimetest.New(t, "externalName")
			tk := b.Token(func(*v1beta1.Token) {})
			b.Secret(tk, onetimetest.Published, "value")

			ctx := t.Context()
			if tc.verdict {
				ctx = WithScope(ctx)
			}

			if tc.noted != (types.NamespacedName{}) {
				NoteComplete(ctx, tc.noted)
			}

			if err := (&Client{Client: b.Kube, Kind: "Token"}).Get(ctx, key, tc.object); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.read, tc.object.GetResourceVersion() != ""); diff != "" {
				t.Errorf("\n%s\nthe API server is asked: -want, +got:\n%s", tc.reason, diff)
			}

			want := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Type: xpresource.SecretTypeConnection}
			if diff := cmp.Diff(want, tc.object); !tc.read && diff != "" {
				t.Errorf("\n%s\nwhat is read instead: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A Secret that the reconciler creates is watched from then on.
func TestClientCreate(t *testing.T) {
	b := onetimetest.New(t, "externalName")
	c := &Client{Client: b.Kube, Kind: "Token"}

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: onetimetest.Published}}
	other := &v1beta1.Token{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: onetimetest.Published}}

	if err := errors.Join(c.Create(t.Context(), s), c.Create(t.Context(), other)); err != nil {
		t.Fatal(err)
	}

	b.Get(s)
	b.Get(other)

	if diff := cmp.Diff([]string{"Token", ""}, []string{s.GetLabels()[Label], other.GetLabels()[Label]}); diff != "" {
		t.Errorf("labels of the Secret and of another object: -want, +got:\n%s", diff)
	}

	if err := c.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: onetimetest.Published}}); err == nil {
		t.Error("an error of the API server is lost")
	}
}

// TestClientScope has the reconciler's client see Secrets.
func TestClientScope(t *testing.T) {
	b := onetimetest.New(t, "externalName")
	ctx := WithScope(t.Context())
	of := ScopeOf(ctx)
	c := &Client{Client: b.Kube, Kind: "Token"}

	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: onetimetest.Published}}
	if err := c.Create(ctx, s); err != nil {
		t.Fatal(err)
	}

	if of.Secret == nil || of.Secret.GetResourceVersion() != s.GetResourceVersion() {
		t.Errorf("Create(...): want the Secret as it was created, got %v", of.Secret)
	}

	if err := c.Patch(ctx, s, client.RawPatch("application/merge-patch+json", []byte(`{"data":{"user":"YQ=="}}`))); err != nil || of.Secret != nil {
		t.Errorf("Patch(...): want nothing that may be out of date, got %v, %v", of.Secret, err)
	}

	if err := c.Get(ctx, client.ObjectKeyFromObject(s), s); err != nil || of.Secret == nil || of.Secret.GetResourceVersion() != s.GetResourceVersion() {
		t.Errorf("Get(...): want the Secret as it was read, got %v, %v", of.Secret, err)
	}

	of.Secret = nil
	NoteComplete(ctx, client.ObjectKeyFromObject(s))

	if err := c.Get(ctx, client.ObjectKeyFromObject(s), s); err != nil || of.Secret != nil {
		t.Errorf("Get(...): want nothing of a Secret that was not read, got %v, %v", of.Secret, err)
	}
}
