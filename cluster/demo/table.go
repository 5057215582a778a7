// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// acceptTable asks the API server for what kubectl get shows of objects: the
// columns that the CustomResourceDefinition declares, filled in.
const acceptTable = "application/json;as=Table;v=v1;g=meta.k8s.io"

// A list of the objects of one kind in one namespace.
type list struct {
	namespace string
	kind      schema.GroupVersionKind
}

// lists are those that the objects are in, sorted, each once.
func lists(objects []*unstructured.Unstructured) []list {
	var ls []list
	for _, u := range objects {
		ls = append(ls, list{namespace: u.GetNamespace(), kind: u.GroupVersionKind()})
	}
	slices.SortFunc(ls, func(a, b list) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.kind.String(), b.kind.String()))
	})
	return slices.Compact(ls)
}

// managedTables returns the managed resources of each namespace as "kubectl get
// managed" prints them.
func managedTables(ctx context.Context, c rest.Interface, m meta.RESTMapper, objects []*unstructured.Unstructured) (string, error) {
	tables := &strings.Builder{}
	namespace := ""
	for _, l := range lists(objects) {
		if l.namespace != namespace {
			namespace = l.namespace
			fmt.Fprintf(tables, "$ kubectl get managed -n %s\n", namespace)
		}
		mapping, err := m.RESTMapping(l.kind.GroupKind(), l.kind.Version)
		if err != nil {
			return "", errors.Wrapf(err, "cannot find the resource of kind %s", l.kind.Kind)
		}
		r := mapping.Resource
		body, err := c.Get().
			AbsPath(path.Join("/apis", r.Group, r.Version, "namespaces", l.namespace, r.Resource)).
			SetHeader("Accept", acceptTable).
			Do(ctx).Raw()
		if err != nil {
			return "", errors.Wrapf(err, "cannot list %s", r.GroupResource())
		}
		table, err := formatTable(l.kind.GroupKind(), body)
		if err != nil {
			return "", errors.Wrapf(err, "cannot read the table of %s", r.GroupResource())
		}
		fmt.Fprintln(tables, table)
	}
	return tables.String(), nil
}

// formatTable aligns a meta.k8s.io/v1 Table, in JSON, of objects of the given
// kind. Like kubectl it leaves out the columns that only "-o wide" shows.
func formatTable(kind schema.GroupKind, body []byte) (string, error) {
	// By way of unstructured, as kubectl: else large numbers became 1.024e+09.
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(body); err != nil {
		return "", err
	}
	table := &metav1.Table{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, table); err != nil {
		return "", err
	}

	lines := &strings.Builder{}
	line := func(cell func(i int, c metav1.TableColumnDefinition) string) {
		var cells []string
		for i, c := range table.ColumnDefinitions {
			if c.Priority == 0 {
				cells = append(cells, cell(i, c))
			}
		}
		fmt.Fprintln(lines, strings.Join(cells, "\t"))
	}
	line(func(_ int, c metav1.TableColumnDefinition) string { return strings.ToUpper(c.Name) })
	for _, r := range table.Rows {
		line(func(i int, c metav1.TableColumnDefinition) string {
			switch {
			case i >= len(r.Cells) || r.Cells[i] == nil:
				return ""
			case c.Format == "name":
				return fmt.Sprintf("%s/%v", strings.ToLower(kind.String()), r.Cells[i])
			default:
				return fmt.Sprint(r.Cells[i])
			}
		})
	}

	aligned := &strings.Builder{}
	w := tabwriter.NewWriter(aligned, 0, 0, 3, ' ', 0)
	if _, err := io.WriteString(w, lines.String()); err != nil {
		return "", err
	}
	err := w.Flush()
	return aligned.String(), err
}
