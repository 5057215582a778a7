// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestFormatTable(t *testing.T) {
	const columns = `{"name":"Name","type":"string","format":"name"},{"name":"READY","type":"string"},{"name":"DESCRIPTION","type":"string","priority":1},{"name":"MEMORY","type":"integer"}`

	cases := map[string]struct {
		reason string
		rows   string
		want   string
	}{
		"Rows": {
			reason: "Columns line up, those for -o wide are left out, what is not known is blank, and a large number keeps its digits.",
			rows:   `{"cells":["a","True","Hi",1024000000]},{"cells":["a-long-name",null,"Hi",1]}`,
			want: strings.Join([]string{
				"NAME                                READY   MEMORY",
				"container.example.org/a             True    1024000000",
				"container.example.org/a-long-name           1",
				"",
			}, "\n"),
		},
		"FewerCells": {
			reason: "A row that is too short should not bring the demo down.",
			rows:   `{"cells":["a"]}`,
			want: strings.Join([]string{
				"NAME                      READY   MEMORY",
				"container.example.org/a           ",
				"",
			}, "\n"),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			body := `{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[` + columns + `],"rows":[` + tc.rows + `]}`
			got, err := formatTable(schema.GroupKind{Group: "example.org", Kind: "Container"}, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nformatTable(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLists(t *testing.T) {
	kind := func(kind string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "example.org", Version: "v1", Kind: kind}
	}
	object := func(namespace, k string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{}
		u.SetNamespace(namespace)
		u.SetGroupVersionKind(kind(k))
		return u
	}
	got := lists([]*unstructured.Unstructured{object("b", "Token"), object("a", "Token"), object("b", "Container"), object("b", "Token")})
	want := []list{{"a", kind("Token")}, {"b", kind("Container")}, {"b", kind("Token")}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(list{})); diff != "" {
		t.Errorf("lists(...): -want, +got:\n%s", diff)
	}
}
