// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// Only what nobody else is shown tells of which organization a key is.
func TestWitnesses(t *testing.T) {
	want := map[string]bool{
		"/containers/v1/regions/fr-par/containers": true,
		"/containers/v1/regions/nl-ams/namespaces": true,
		"/iam/v1alpha1/applications":               true,
		"/iam/v1alpha1/users":                      true,
		"/registry/v1/regions/fr-par/namespaces":   false,
		"/iam/v1alpha1/policies":                   false,
		"/iam/v1alpha1/applications/of-somebody":   false,
	}

	witness := resource.Witnesses(Resources())
	got := map[string]bool{}

	for path := range want {
		got[path] = witness(path)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Witnesses(...): -want, +got:\n%s", diff)
	}
}
