// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

const jti = "33333333-3333-4333-8333-333333333333"

// jsonWebToken returns one of Scaleway's size, with the jti.
func jsonWebToken(tb testing.TB, id string) string {
	tb.Helper()

	claims := jwt.MapClaims{"jti": id, "application_claim": []map[string]string{{"namespace_id": jti, "application_id": jti}}}

	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS512, claims).SignedString([]byte(strings.Repeat("k", 64)))
	if err != nil {
		tb.Fatal(err)
	}

	return signed
}

func publishedSecret(name string, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team-a", Name: name, UID: types.UID("u-" + name), ResourceVersion: "1",
			Labels:      map[string]string{Label: "Token", "other": "label"},
			Annotations: map[string]string{"other": "annotation"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "container.scaleway.m.crossplane.io/v1beta1", Kind: "Token", Name: name, UID: types.UID("o-" + name), Controller: ptr.To(true),
			}},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "provider"}},
		},
		Data: data,
	}
}

func reducer(t testing.TB) toolscache.TransformFunc {
	t.Helper()

	c, err := CachedSecrets(map[string]Kind{"Token": resource.OneTime{Resource: onetimetest.Declaration(t, "scaleway_container_token")}})
	if err != nil {
		t.Fatal(err)
	}

	return c.Transform
}

func TestCachedSecret(t *testing.T) {
	value := jsonWebToken(t, jti)

	cases := map[string]struct {
		reason string
		data   map[string][]byte
		want   map[string]string
	}{
		"Published": {
			reason: "Both keys hold the token.",
			data:   map[string][]byte{"token": []byte(value), "attribute.token": []byte(value)},
			want:   map[string]string{keptIdentity: jti, keptComplete: "true", keptFingerprint: ledger.Digest("o-one", jti, value)},
		},
		"MoreKeys": {
			reason: "What somebody has added does not matter.",
			data:   map[string][]byte{"token": []byte(value), "attribute.token": []byte(value), "user": []byte("added")},
			want:   map[string]string{keptIdentity: jti, keptComplete: "true", keptFingerprint: ledger.Digest("o-one", jti, value)},
		},
		"KeyMissing": {
			reason: "The key that is made of the other has to be put right.",
			data:   map[string][]byte{"attribute.token": []byte(value)},
			want:   map[string]string{keptIdentity: jti, keptComplete: "false", keptFingerprint: ledger.Digest("o-one", jti, value)},
		},
		"KeyOverwritten": {
			reason: "The key that is made of the other has to be put right.",
			data:   map[string][]byte{"attribute.token": []byte(value), "token": []byte("other")},
			want:   map[string]string{keptIdentity: jti, keptComplete: "false", keptFingerprint: ledger.Digest("o-one", jti, value)},
		},
		"Unreadable": {
			reason: "It identifies nothing.",
			data:   map[string][]byte{"attribute.token": []byte("no token"), "token": []byte("no token")},
			want:   map[string]string{},
		},
		"Empty": {
			reason: "There is nothing in it.",
			want:   map[string]string{},
		},
	}

	reduce := reducer(t)

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o, err := reduce(publishedSecret("one", tc.data))
			if err != nil {
				t.Fatal(err)
			}

			kept := o.(*corev1.Secret)

			if again, err := reduce(kept); err != nil || again != o {
				t.Errorf("\n%s\nwhat has been reduced is reduced again: %v", tc.reason, err)
			}

			b, err := json.Marshal(kept)
			if err != nil {
				t.Fatal(err)
			}

			for key, v := range tc.data {
				if strings.Contains(string(b), string(v)) || kept.Data != nil {
					t.Errorf("\n%s\nthe value of key %s is kept", tc.reason, key)
				}
			}

			delete(kept.StringData, keptDigest)

			if diff := cmp.Diff(tc.want, kept.StringData); diff != "" {
				t.Errorf("\n%s\nwhat is kept: -want, +got:\n%s", tc.reason, diff)
			}

			if !metav1.IsControlledBy(kept, &metav1.ObjectMeta{UID: "o-one"}) {
				t.Errorf("\n%s\nit is not known any more whose it is", tc.reason)
			}
		})
	}
}

// What no minted kind has written is kept too, and nothing is taken from it.
func TestCachedSecretOfOthers(t *testing.T) {
	kinds := map[string]Kind{}
	for kind, r := range resource.OneTimes(config.Resources()) {
		kinds[kind] = r
	}

	reduce, err := CachedSecrets(kinds)
	if err != nil {
		t.Fatal(err)
	}

	value := []byte(jsonWebToken(t, jti))

	for name, change := range map[string]func(*corev1.Secret){
		"NoKind":    func(s *corev1.Secret) { s.Labels = map[string]string{Label: "Nothing"} },
		"PlainKind": func(s *corev1.Secret) { s.Labels = map[string]string{Label: "Container"} },
		"NoOwner":   func(s *corev1.Secret) { s.OwnerReferences = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := publishedSecret("one", map[string][]byte{"attribute.token": value, "token": value})
			change(s)

			o, err := reduce.Transform(s)
			if err != nil {
				t.Fatal(err)
			}

			kept, ok := o.(*corev1.Secret)
			if !ok || kept.Data != nil {
				t.Fatalf("the Secret is kept as %T", o)
			}

			_, identified := kept.StringData[keptIdentity]
			if diff := cmp.Diff(name == "NoOwner", identified); diff != "" {
				t.Errorf("whose secret it is: -want, +got:\n%s", diff)
			}

			want := ""
			if name == "NoOwner" {
				want = "Token"
			}

			if diff := cmp.Diff(want, kept.GetLabels()[Label]); diff != "" {
				t.Errorf("label: -want, +got:\n%s", diff)
			}
		})
	}

	gone := toolscache.DeletedFinalStateUnknown{Key: "team-a/one"}
	if o, err := reduce.Transform(gone); err != nil || o != any(gone) {
		t.Errorf("what is no Secret is kept as %v: %v", o, err)
	}
}

// A Secret of a user cannot look as if it had been reduced: the API server returns
// no StringData.
func TestCachedSecretDigest(t *testing.T) {
	reduce := reducer(t)

	digests := map[string]string{}

	for name, data := range map[string]map[string][]byte{
		"empty":         nil,
		"key":           {"a": []byte("")},
		"value":         {"a": []byte("b")},
		"other key":     {"b": []byte("b")},
		"two":           {"a": []byte("b"), "b": []byte("")},
		"two, the same": {"a": []byte("b"), "c": []byte("")},
	} {
		o, err := reduce(publishedSecret("one", data))
		if err != nil {
			t.Fatal(err)
		}

		d := o.(*corev1.Secret).StringData[keptDigest]
		if other, ok := digests[d]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}

		digests[d] = name
	}
}

// BenchmarkCachedSecret says what a Secret takes in the cache, whole and as it is
// kept.
//
//	go test ./internal/onetime/publish -run '^$' -bench CachedSecret -benchtime 10000x
func BenchmarkCachedSecret(b *testing.B) {
	value := []byte(jsonWebToken(b, jti))

	for name, transform := range map[string]toolscache.TransformFunc{
		"whole": func(o any) (any, error) { return o, nil },
		"kept":  reducer(b),
	} {
		b.Run(name, func(b *testing.B) {
			store := toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, toolscache.Indexers{toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc})
			before := heap()

			for i := range b.N {
				// As it is decoded: nothing is shared.
				o, err := transform(publishedSecret(fmt.Sprintf("secret-%d", i), map[string][]byte{"token": append([]byte{}, value...), "attribute.token": append([]byte{}, value...)}))
				if err == nil {
					err = store.Add(o)
				}

				if err != nil {
					b.Fatal(err)
				}
			}

			b.ReportMetric(float64(heap()-before)/float64(b.N), "bytes/Secret")
			runtime.KeepAlive(store)
		})
	}
}

func heap() int64 {
	runtime.GC()

	var m runtime.MemStats

	runtime.ReadMemStats(&m)

	return int64(m.HeapAlloc)
}

// controlled returns the Secret with somebody who controls it.
func controlled(s *corev1.Secret) *corev1.Secret {
	s.OwnerReferences = []metav1.OwnerReference{{UID: "another", Controller: ptr.To(true)}}
	return s
}

// What happens to a Secret that has the object reconciled.
func TestContentChanged(t *testing.T) {
	secret := func(kind, content string) *corev1.Secret {
		s := &corev1.Secret{StringData: map[string]string{keptDigest: digest(nil)}}
		s.SetLabels(map[string]string{Label: kind})

		if content != "" {
			s.StringData[keptDigest] = digest(map[string][]byte{"token": []byte(content)})
		}

		return s
	}

	cases := map[string]struct {
		reason     string
		old, after *corev1.Secret
		want       bool
	}{
		"CreatedEmpty": {reason: "The reconciler writes it before it mints: a refused request would be repeated at once.", after: secret("Token", ""), want: false},
		"Created":      {reason: "Somebody has restored it.", after: secret("Token", "value"), want: true},
		"OtherKind":    {reason: "It is none of this controller's.", after: secret("ApiKey", "value"), want: false},
		"Changed":      {reason: "Somebody has changed it.", old: secret("Token", "value"), after: secret("Token", "other"), want: true},
		"Emptied":      {reason: "Somebody has emptied it.", old: secret("Token", "value"), after: secret("Token", ""), want: true},
		"Taken":        {reason: "Another controls it now.", old: secret("Token", "value"), after: controlled(secret("Token", "value")), want: true},
		"Touched":      {reason: "What it holds is the same.", old: secret("Token", "value"), after: secret("Token", "value"), want: false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := ContentChanged("Token")

			var got bool
			if tc.old == nil {
				got = p.Create(event.CreateEvent{Object: tc.after})
			} else {
				got = p.Update(event.UpdateEvent{ObjectOld: tc.old, ObjectNew: tc.after})
			}

			if got != tc.want {
				t.Errorf("\n%s\nContentChanged(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}
