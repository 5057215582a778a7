// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// Scopes of permission sets.
const (
	scopeProjects     = "projects"
	scopeOrganization = "organization"
)

// PermissionContainersPrivateAccess is the permission set that opens private
// containers.
const PermissionContainersPrivateAccess = "ContainersPrivateAccess"

// permissionSets has the scopes of the permission sets that are known here: those
// of Serverless Containers and its neighbours, and the general ones. The real API
// has some hundred.
var permissionSets = map[string]string{
	"AllProductsFullAccess":           scopeProjects,
	"AllProductsReadOnly":             scopeProjects,
	"ContainerRegistryFullAccess":     scopeProjects,
	"ContainerRegistryReadOnly":       scopeProjects,
	"ContainersFullAccess":            scopeProjects,
	PermissionContainersPrivateAccess: scopeProjects,
	"ContainersReadOnly":              scopeProjects,
	"FunctionsFullAccess":             scopeProjects,
	"FunctionsPrivateAccess":          scopeProjects,
	"FunctionsReadOnly":               scopeProjects,
	"ObjectStorageReadOnly":           scopeProjects,
	"IAMApplicationManager":           scopeOrganization,
	"IAMApplicationReadOnly":          scopeOrganization,
	"IAMManager":                      scopeOrganization,
	"IAMPolicyManager":                scopeOrganization,
	"IAMPolicyReadOnly":               scopeOrganization,
	"IAMReadOnly":                     scopeOrganization,
	"OrganizationManager":             scopeOrganization,
	"OrganizationReadOnly":            scopeOrganization,
	"ProjectManager":                  scopeOrganization,
	"ProjectReadOnly":                 scopeOrganization,
}

// scopeOf returns the scope that permission sets of one rule have in common. Not
// recorded: the answer if one is unknown, or if they have none.
func scopeOf(names []string) (string, *Error) {
	scope := ""
	for _, name := range names {
		s, ok := permissionSets[name]
		if !ok {
			return "", InvalidArgument("permission_set_names", ReasonConstraint, "there is no permission set "+name)
		}
		if scope != "" && s != scope {
			return "", InvalidArgument("permission_set_names", ReasonConstraint, "the permission sets of a rule must have the same scope")
		}
		scope = s
	}
	if scope == "" {
		return "", InvalidArgument("permission_set_names", ReasonRequired, "")
	}
	return scope, nil
}

// listPermissionSets is not recorded: that the order_by parameter has no effect, and
// the descriptions.
func (s *Server) listPermissionSets(c *call) (json.RawMessage, *Error) {
	all := slices.Sorted(maps.Keys(permissionSets))
	names, err := onPage(c.r.URL.Query(), all, s.pageLimit)
	if err != nil {
		return nil, err
	}
	sets := []any{}
	for _, name := range names {
		sets = append(sets, map[string]any{
			"id":          uuid.NewSHA1(uuid.Nil, []byte(name)).String(),
			"name":        name,
			"scope_type":  permissionSets[name],
			"description": name,
			"categories":  []string{},
		})
	}
	return render(map[string]any{"permission_sets": sets, "total_count": len(all)}), nil
}
