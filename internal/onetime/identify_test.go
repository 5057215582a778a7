// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	iamv1beta1 "github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/iam/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/publish"
)

const (
	jti                    = "33333333-3333-4333-8333-333333333333"
	ownKey, otherKey       = "SCWOWNXXXXXXXXXXXXXX", "SCWOTHERXXXXXXXXXXXX"
	ownSecret, otherSecret = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
)

// A secret that does not tell whose it is belongs to the object that it was shown
// with, whatever lies beside it in the Secret.
func TestIdentify(t *testing.T) {
	r := resource.OneTime{Resource: declaration(t, "scaleway_iam_api_key")}

	published := func(accessKey, secretKey string) map[string][]byte {
		return r.Published(map[string]string{
			"access_key": accessKey, "secret_key": secretKey,
			"default_project_id": jti, "organization_id": jti,
		})
	}

	without := func(key string) map[string][]byte {
		data := published(ownKey, ownSecret)
		delete(data, key)

		return data
	}

	cases := map[string]struct {
		reason string
		data   map[string][]byte
		// imported is set if the provider has never seen the secret.
		imported bool
		want     string
		wantErr  string
		// cached tells whether the cache says that all is well.
		cached bool
	}{
		"Own":           {reason: "It is the pair that was shown.", data: published(ownKey, ownSecret), want: ownKey, cached: true},
		"OtherSecret":   {reason: "The access key is right, and the secret key is another's.", data: published(ownKey, otherSecret), wantErr: "it is not the one that Scaleway has shown with " + ownKey},
		"OtherKey":      {reason: "The access key beside it is wrong, and can be put right.", data: published(otherKey, ownSecret), want: ownKey},
		"OtherPair":     {reason: "It is the pair of another object.", data: published(otherKey, otherSecret), want: otherKey},
		"NoAccessKey":   {reason: "It is known without it.", data: without("access_key"), want: ownKey},
		"DerivedGone":   {reason: "It has to be completed.", data: without("SCW_DEFAULT_PROJECT_ID"), want: ownKey},
		"NoSecret":      {reason: "An access key alone opens nothing.", data: without(r.SecretKey()), wantErr: "it is not a UUID"},
		"Imported":      {reason: "What the user has put there is believed.", data: published(ownKey, otherSecret), imported: true, want: ownKey, cached: true},
		"ImportedOther": {reason: "The access key says that it is another's.", data: published(otherKey, otherSecret), imported: true, want: otherKey},
		"ImportedNone":  {reason: "Nothing says whose it is.", data: map[string][]byte{r.SecretKey(): []byte(ownSecret)}, imported: true, wantErr: "key access_key is not an access key"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			k := &iamv1beta1.ApiKey{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "key", UID: types.UID("o-one")}}
			meta.SetExternalName(k, ownKey)

			record := ledger.Record{UID: k.GetUID()}
			if !tc.imported {
				record = record.Done(ownKey, ledger.Digest(k.GetUID(), ownKey, ownSecret))
			}

			kept, err := publish.Reduce(map[string]publish.Kind{r.KindName(): r})(&corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: "team-a", Name: "one", Labels: map[string]string{publish.Label: r.KindName()},
					OwnerReferences: []metav1.OwnerReference{meta.AsController(meta.TypedReferenceTo(k, iamv1beta1.ApiKey_GroupVersionKind))},
				},
				Data: tc.data,
			})
			if err != nil {
				t.Fatal(err)
			}

			m := &Guard{Kind: r, Cached: fake.NewClientBuilder().WithObjects(kept.(*corev1.Secret)).Build()}

			got, err := m.identify(k, record, tc.data)
			wantErr(t, tc.reason, tc.wantErr, err)

			if err != nil && (strings.Contains(err.Error(), ownSecret) || strings.Contains(err.Error(), otherSecret)) {
				t.Errorf("\n%s\nthe error quotes the secret: %v", tc.reason, err)
			}

			if err == nil {
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("\n%s\nidentify(...): -want, +got:\n%s", tc.reason, diff)
				}
			}

			if got := m.isPublished(t.Context(), k, record, "one", ownKey); got != tc.cached {
				t.Errorf("\n%s\nisPublished(...): want %t, got %t", tc.reason, tc.cached, got)
			}
		})
	}
}
