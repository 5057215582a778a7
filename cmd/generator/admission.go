// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
)

// groupsOfPolicies matches where an admission policy names the groups of all kinds. Such
// a policy cannot say "every group that ends with".
var groupsOfPolicies = regexp.MustCompile(`apiGroups: \[` + regexp.QuoteMeta(config.RootGroup) + `, [^\]]*\]`)

// nameGroups has the admission policies name all groups, also a new one.
func nameGroups(root string) error {
	path := filepath.Join(root, "examples", "admission", "policies.yaml")

	b, err := os.ReadFile(path) //nolint:gosec // It is in the repository.
	if err != nil {
		return err
	}

	b = groupsOfPolicies.ReplaceAllLiteral(b, []byte("apiGroups: ["+strings.Join(config.Groups(), ", ")+"]"))

	return os.WriteFile(path, b, 0o644) //nolint:gosec // It is in the repository.
}
