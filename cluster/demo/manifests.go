// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// readManifests reads the objects in the given files, and in the *.yaml files
// directly in the given folders, in the order in which they can be applied.
func readManifests(paths ...string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, path := range paths {
		files, err := manifestFiles(path)
		if err != nil {
			return nil, errors.Wrap(err, "cannot find the manifests")
		}
		for _, file := range files {
			o, err := readManifest(file)
			if err != nil {
				return nil, errors.Wrapf(err, "cannot read %s", file)
			}
			objects = append(objects, o...)
		}
	}
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Compare(rank(a), rank(b))
	})
	return objects, nil
}

func manifestFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	files, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err == nil && len(files) == 0 {
		err = errors.Errorf("%s has no *.yaml", path)
	}
	return files, err
}

func readManifest(file string) ([]*unstructured.Unstructured, error) {
	f, err := os.Open(file) //nolint:gosec // The user names the file.
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // It is only read.

	var objects []*unstructured.Unstructured
	for d := yaml.NewYAMLOrJSONDecoder(f, 4096); ; {
		u := &unstructured.Unstructured{}
		err := d.Decode(&u.Object)
		switch {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, err
		case len(u.Object) == 0: // Nothing but comments.
		case u.GetAPIVersion() == "" || u.GetKind() == "" || u.GetName() == "":
			return nil, errors.Errorf("object %d has no apiVersion, kind or metadata.name", len(objects)+1)
		default:
			objects = append(objects, u)
		}
	}
}

// rank orders objects by what must be there before what.
func rank(u *unstructured.Unstructured) int {
	switch {
	case isNamespace(u):
		return 0
	case isManaged(u):
		return 2
	default: // What managed resources refer to: configs and Secrets.
		return 1
	}
}

func isNamespace(u *unstructured.Unstructured) bool {
	return u.GroupVersionKind() == corev1.SchemeGroupVersion.WithKind("Namespace")
}

// isManaged says whether the object is a managed resource. Only those have
// spec.forProvider.
func isManaged(u *unstructured.Unstructured) bool {
	_, found, _ := unstructured.NestedMap(u.Object, "spec", "forProvider")
	return found
}

// namespaces are those that the objects are in or, being a ClusterProviderConfig,
// read a Secret of. Each is named once.
func namespaces(objects []*unstructured.Unstructured) []string {
	var names []string
	for _, u := range objects {
		names = append(names, u.GetNamespace())
		if s, ok := credentialsSecret(u); ok {
			names = append(names, s.namespace)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// A secretKey is a key of a Secret.
type secretKey struct {
	namespace, name, key string
}

// credentialsSecret returns where a ProviderConfig or a ClusterProviderConfig
// reads credentials, and whether the object is one.
func credentialsSecret(u *unstructured.Unstructured) (secretKey, bool) {
	ref, found, _ := unstructured.NestedStringMap(u.Object, "spec", "credentials", "secretRef")
	if !found {
		return secretKey{}, false
	}
	// A ProviderConfig reads a Secret of its own namespace and names none.
	return secretKey{namespace: cmp.Or(u.GetNamespace(), ref["namespace"]), name: ref["name"], key: ref["key"]}, true
}

// credentialsSecrets makes the Secrets that the configs among the objects read.
func credentialsSecrets(objects []*unstructured.Unstructured, credentials []byte) []*unstructured.Unstructured {
	var secrets []*unstructured.Unstructured
	made := map[secretKey]bool{}
	for _, u := range objects {
		k, ok := credentialsSecret(u)
		if !ok || made[k] {
			continue
		}
		made[k] = true
		secrets = append(secrets, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1",
			"kind":       "Secret",
			"metadata":   map[string]any{"namespace": k.namespace, "name": k.name},
			"stringData": map[string]any{k.key: string(credentials)},
		}})
	}
	return secrets
}
