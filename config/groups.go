// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
)

// Groups of the provider's APIs: that of the ProviderConfigs, and those of the resources
// in their order.
func Groups() []string {
	groups := map[string]bool{}
	for _, r := range Resources() {
		groups[r.Group+"."+RootGroup] = true
	}

	return append([]string{RootGroup}, slices.Sorted(maps.Keys(groups))...)
}
