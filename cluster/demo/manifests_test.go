// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	manifestToken = `
# Comments belong to no object.
---
apiVersion: container.scaleway.m.crossplane.io/v1beta1
kind: Token
metadata: {name: token, namespace: team-a}
spec: {forProvider: {}}
---
apiVersion: v1
kind: Secret
metadata: {name: variables, namespace: team-a}
---
apiVersion: v1
kind: Namespace
metadata: {name: team-a}
`
	manifestConfigs = `
apiVersion: scaleway.m.crossplane.io/v1beta1
kind: ProviderConfig
metadata: {name: default, namespace: team-a}
spec: {credentials: {secretRef: {name: scaleway-credentials, key: credentials}}}
---
apiVersion: scaleway.m.crossplane.io/v1beta1
kind: ProviderConfig
metadata: {name: other, namespace: team-a}
spec: {credentials: {secretRef: {name: scaleway-credentials, key: credentials}}}
---
apiVersion: scaleway.m.crossplane.io/v1beta1
kind: ClusterProviderConfig
metadata: {name: default}
spec: {credentials: {secretRef: {namespace: crossplane-system, name: scaleway-credentials, key: credentials}}}
`
)

func TestReadManifests(t *testing.T) {
	type want struct {
		names []string
		err   string
	}
	cases := map[string]struct {
		reason string
		files  map[string]string
		paths  []string
		want   want
	}{
		"Order": {
			reason: "Namespaces come first and managed resources last, whatever the order of files and documents.",
			files:  map[string]string{"a.yaml": manifestToken, "b.yaml": manifestConfigs},
			paths:  []string{"."},
			want: want{names: []string{
				"Namespace/team-a",
				"Secret/variables", "ProviderConfig/default", "ProviderConfig/other", "ClusterProviderConfig/default",
				"Token/token",
			}},
		},
		"File": {
			reason: "A file can be named, and then what is beside it is left alone.",
			files:  map[string]string{"a.yaml": manifestToken, "b.yaml": manifestConfigs},
			paths:  []string{"a.yaml"},
			want:   want{names: []string{"Namespace/team-a", "Secret/variables", "Token/token"}},
		},
		"OtherFiles": {
			reason: "Templates and notes in a folder are no manifests.",
			files:  map[string]string{"a.yaml": manifestToken, "secret.yaml.tmpl": "{{", "README.md": "# Hi"},
			paths:  []string{"."},
			want:   want{names: []string{"Namespace/team-a", "Secret/variables", "Token/token"}},
		},
		"Missing": {
			reason: "A path that is not there should not pass for one without objects.",
			paths:  []string{"missing"},
			want:   want{err: "missing: no such file or directory"},
		},
		"EmptyFolder": {
			reason: "Neither should a folder without manifests.",
			paths:  []string{"."},
			want:   want{err: "has no *.yaml"},
		},
		"NotYAML": {
			reason: "The error should name the file.",
			files:  map[string]string{"a.yaml": "a: b: c"},
			paths:  []string{"."},
			want:   want{err: "a.yaml: error converting YAML to JSON"},
		},
		"NoObject": {
			reason: "What is no object cannot be applied: say which document of which file it is.",
			files:  map[string]string{"a.yaml": manifestToken + "---\nspec: {}\n"},
			paths:  []string{"."},
			want:   want{err: "a.yaml: object 4 has no apiVersion, kind or metadata.name"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			objects, err := readManifests(manifests(t, tc.files, tc.paths...)...)
			checkError(t, tc.reason, tc.want.err, err)
			if diff := cmp.Diff(tc.want.names, names(objects)); diff != "" {
				t.Errorf("\n%s\nreadManifests(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNamespaces(t *testing.T) {
	objects, err := readManifests(manifests(t, map[string]string{"a.yaml": manifestToken, "b.yaml": manifestConfigs}, ".")...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"crossplane-system", "team-a"}, namespaces(objects)); diff != "" {
		t.Errorf("namespaces(...): -want, +got:\n%s", diff)
	}
}

func TestCredentialsSecrets(t *testing.T) {
	objects, err := readManifests(manifests(t, map[string]string{"a.yaml": manifestToken, "b.yaml": manifestConfigs}, ".")...)
	if err != nil {
		t.Fatal(err)
	}
	secret := func(namespace string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1",
			"kind":       "Secret",
			"metadata":   map[string]any{"namespace": namespace, "name": "scaleway-credentials"},
			"stringData": map[string]any{"credentials": "{}"},
		}}
	}
	// Two configs of team-a read the same one.
	want := []*unstructured.Unstructured{secret("team-a"), secret("crossplane-system")}
	if diff := cmp.Diff(want, credentialsSecrets(objects, []byte("{}"))); diff != "" {
		t.Errorf("credentialsSecrets(...): -want, +got:\n%s", diff)
	}
}

// manifests writes the files, and returns the paths to them as absolute ones.
func manifests(t *testing.T, files map[string]string, paths ...string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var absolute []string
	for _, path := range paths {
		absolute = append(absolute, filepath.Join(dir, path))
	}
	return absolute
}

func names(objects []*unstructured.Unstructured) []string {
	var names []string
	for _, u := range objects {
		names = append(names, name(u))
	}
	return names
}

// checkError checks that there is an error that contains want, or none if want is
// empty.
func checkError(t *testing.T, reason, want string, err error) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("\n%s\nwant an error that contains %q, got %q", reason, want, got)
	}
}
