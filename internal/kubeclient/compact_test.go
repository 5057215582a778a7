// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package kubeclient

import (
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

// What is cached is as it was, without who has set which field, and has no strings of its
// own that others have too.
func TestNewCompact(t *testing.T) {
	const object = `{
		"metadata": {
			"namespace": "team-a", "name": "x", "uid": "1",
			"labels": {"example.org/a-label": "1"}, "annotations": {"example.org/an-annotation": "2", "example.org/another": "3"},
			"finalizers": ["example.org/a-finalizer"],
			"ownerReferences": [{"apiVersion": "example.org/v1", "kind": "Owner", "name": "y", "uid": "2", "controller": true}],
			"managedFields": [{"manager": "kubectl"}]
		},
		"data": {"key": "value"}
	}`

	read := func() *corev1.ConfigMap {
		o := &corev1.ConfigMap{}
		if err := json.Unmarshal([]byte(object), o); err != nil {
			t.Fatal(err)
		}

		return o
	}

	transform := NewCompact()
	compact := func() *corev1.ConfigMap {
		o, err := transform(read())
		if err != nil {
			t.Fatal(err)
		}

		return o.(*corev1.ConfigMap)
	}

	first := compact()

	runtime.GC()
	runtime.GC()

	second := compact()

	want := read()
	want.ManagedFields = nil

	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("NewCompact()(...): -want, +got:\n%s", diff)
	}

	strings := func(o *corev1.ConfigMap) []string {
		return slices.Concat(
			[]string{o.GetNamespace(), o.GetOwnerReferences()[0].APIVersion, o.GetOwnerReferences()[0].Kind}, o.GetFinalizers(),
			slices.Sorted(maps.Keys(o.GetLabels())), slices.Sorted(maps.Keys(o.GetAnnotations())))
	}

	for i, s := range strings(first) {
		if unsafe.StringData(s) != unsafe.StringData(strings(second)[i]) {
			t.Errorf("NewCompact()(...): %q is in memory twice", s)
		}
	}

	none := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x"}}
	if _, err := transform(none); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, none); diff != "" {
		t.Errorf("NewCompact()(...) of what has nothing: -want, +got:\n%s", diff)
	}

	gone := cache.DeletedFinalStateUnknown{Key: "x"}
	if got, err := transform(gone); err != nil || got != any(gone) {
		t.Errorf("NewCompact()(...) of what is no object: want it as it is, got %v, %v", got, err)
	}
}
