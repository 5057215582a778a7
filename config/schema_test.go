// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"testing"
)

// The schema of no Terraform resource is made anew each time that it is asked for, which
// is several times in each reconcile.
func TestSchemaIsMadeOnce(t *testing.T) {
	for name, r := range New().Resources {
		first, second := r.TerraformResource.SchemaMap(), r.TerraformResource.SchemaMap()
		if reflect.ValueOf(first).UnsafePointer() != reflect.ValueOf(second).UnsafePointer() {
			t.Errorf("%s: its schema is made anew", name)
		}
	}
}
