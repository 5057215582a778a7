// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package iam

import "github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"

// principals of a policy. It has exactly one.
var principals = []string{"application_id", "group_id", "no_principal", "user_id"}

func policy() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_iam_policy",
		Group:       Group,
		Kind:        "Policy",
		Description: "is a policy of Scaleway IAM: it gives one principal, such as an Application, the permissions of its rules. Scaleway may take some seconds to apply it.",
		Path:        "/iam/v1alpha1/policies/{id}",
		References:  map[string]string{"application_id": "scaleway_iam_application"},
		UUIDs:       []string{"group_id", "organization_id", "user_id"},
		Fields: map[string]resource.Field{
			"application_id":  {Description: "UUID of the application that has the permissions. Give exactly one of applicationId, groupId, userId and noPrincipal."},
			"created_at":      {Description: descriptionCreated},
			"description":     {Description: "Free text that says what the policy is for, of at most 200 characters."},
			"editable":        {Description: descriptionEditable},
			"group_id":        {Description: "UUID of the group that has the permissions. Give exactly one of applicationId, groupId, userId and noPrincipal."},
			"name":            {Description: "Name of the policy, of at most 64 characters. Generated where it is not set."},
			"no_principal":    {Description: "True where nobody has the permissions yet. Give exactly one of applicationId, groupId, userId and noPrincipal."},
			"organization_id": {Description: descriptionOrganization},
			"rule":            {Description: "What the principal may do, and where. The rules are kept in their order."},
			"tags":            {Description: descriptionTags},
			"updated_at":      {Description: descriptionUpdated},
			"user_id":         {Description: "UUID of the user who has the permissions. Give exactly one of applicationId, groupId, userId and noPrincipal."},

			"rule.condition":            {Description: "Condition under which the rule holds, a CEL expression, such as request.user_agent == 'ci'. Without it the rule always holds."},
			"rule.organization_id":      {Description: "UUID of the organization in all of whose projects the rule holds. Give either this or projectIds. Permission sets such as IAMManager need it."},
			"rule.permission_set_names": {Description: "Names of the permission sets that the rule gives, such as ContainersPrivateAccess (call private containers), ContainersReadOnly, ContainersFullAccess, ContainerRegistryReadOnly, ContainerRegistryFullAccess, FunctionsPrivateAccess, ObjectStorageReadOnly, AllProductsReadOnly or AllProductsFullAccess. Scaleway lists all at https://www.scaleway.com/en/docs/iam/reference-content/permission-sets/."},
			"rule.project_ids":          {Description: "UUIDs of the projects in which the rule holds. Give either this or organizationId."},
		},
		Columns: []resource.Column{
			{Name: "NAME-AT-SCALEWAY", Type: "string", JSONPath: ".status.atProvider.name"},
			{Name: "APPLICATION", Type: "string", JSONPath: ".status.atProvider.applicationId", Wide: true},
		},
		NeedsOrganization: true,
		Immutable:         []string{"organization_id"},
		ImmutableBecause:  noMove,
		ExactlyOneOf:      [][]string{principals},
		SpecRules:         rules(),
		Authentication:    &resource.Authentication{Bearers: []string{"application_id", "user_id"}},

		// Somebody may have given the policy to another principal at Scaleway: that is
		// changed back, and never becomes what the user wants beside the one given.
		ForgottenBeforeRead: principals,
		NotLateInitialized:  principals,
	}
}

// rules that Scaleway would break with a message that does not name the field.
func rules() []resource.Rule {
	var all []resource.Rule

	for _, section := range []string{"forProvider", "initProvider"} {
		given := "!(has(self." + section + ") && has(self." + section + "."
		all = append(all, resource.Rule{
			Expression: given + "noPrincipal)) || self." + section + ".noPrincipal",
			Message:    "spec." + section + ".noPrincipal can only be true: leave it out where there is a principal",
		}, resource.Rule{
			Expression: given + "rule)) || self." + section + ".rule.all(r, has(r.projectIds) != has(r.organizationId))",
			Message:    "give each rule of spec." + section + ".rule either projectIds or organizationId",
		})
	}

	return all
}
