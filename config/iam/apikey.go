// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

func apiKey() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_iam_api_key",
		Group:       Group,
		Kind:        "ApiKey",
		Description: "is an API key of Scaleway IAM: what an application or a user authenticates with, and may do what the policies of that one allow. Its secret key, which Scaleway shows once, is written to the Secret named by writeConnectionSecretToRef, in which access_key, secret_key, project_id and organization_id are what they say, token is the secret key once more, for the header X-Auth-Token, and SCW_ACCESS_KEY and its like are what Scaleway's tools read. None of its arguments can be changed.",
		Path:        "/iam/v1alpha1/api-keys/{id}",
		ReadByGet:   true,
		ID:          resource.Form{Name: "an access key", Pattern: `SCW[A-Z0-9]{17}`, Example: "SCWXXXXXXXXXXXXXXXXX"},
		References:  map[string]string{"application_id": "scaleway_iam_application"},
		UUIDs:       []string{"default_project_id", "user_id"},
		Fields: map[string]resource.Field{
			"access_key":         {Description: "The half of the API key that is no secret, and that is its ID, such as SCWXXXXXXXXXXXXXXXXX."},
			"application_id":     {Description: "UUID of the application that the API key belongs to. Give either this or userId."},
			"created_at":         {Description: descriptionCreated},
			"creation_ip":        {Description: "Address, such as 203.0.113.7, from which the API key was created."},
			"default_project_id": {Description: "UUID of the project that Scaleway's tools, and Object Storage, use with the API key where nothing else says one. It limits nothing: policies do. Defaults to the project of the ProviderConfig, else to one that Scaleway chooses."},
			"description":        {Description: "Free text that says what the API key is for, of at most 141 characters."},
			"editable":           {Description: descriptionEditable},
			"expires_at":         {Description: "Time after which the API key is no longer valid, as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z. An API key without it is valid until it is deleted."},
			"secret_key":         {Description: "The half of the API key that is secret."},
			"updated_at":         {Description: descriptionUpdated},
			"user_id":            {Description: "UUID of the user whom the API key belongs to. Give either this or applicationId."},
		},
		Columns: []resource.Column{
			{Name: "EXPIRES-AT", Type: "string", JSONPath: ".status.atProvider.expiresAt"},
			{Name: "SECRET", Type: "string", JSONPath: ".spec.writeConnectionSecretToRef.name"},
			{Name: "APPLICATION", Type: "string", JSONPath: ".status.atProvider.applicationId", Wide: true},
			{Name: "DESCRIPTION", Type: "string", JSONPath: ".status.atProvider.description", Wide: true},
		},
		NeedsOrganization: true,
		DefaultsToProject: "default_project_id",
		MaxLengths:        map[string]int{"description": 200},
		ExactlyOneOf:      [][]string{{"application_id", "user_id"}},
		Timestamps:        []string{"expires_at"},
		// Terraform ignores a change of the user, and one of the description would take the
		// mark away.
		Immutable:        []string{"description", "user_id"},
		ImmutableBecause: "what uses the API key would not learn of it. Create another ApiKey instead, and delete this one when nothing uses it any more",
		Authentication:   &resource.Authentication{IsKey: true, Bearers: []string{"application_id", "user_id"}},
		Minted: &resource.Minted{
			Attribute:       "secret_key",
			MarkArgument:    "description",
			ExpiryAttribute: "expires_at",
			List:            "api_keys",
			ListedBy:        []string{"user_id"},
			ParentPaths:     map[string]string{"user_id": "/iam/v1alpha1/users/{id}"},
			IDField:         "access_key",
			Keys: map[string][]string{
				"access_key":         {"access_key", "SCW_ACCESS_KEY"},
				"secret_key":         {"secret_key", "token", "SCW_SECRET_KEY"},
				"default_project_id": {"project_id", "SCW_DEFAULT_PROJECT_ID"},
				"organization_id":    {"organization_id", "SCW_DEFAULT_ORGANIZATION_ID"},
			},
			Identify:  checkSecretKey,
			Successor: "see Scaleway's announcements for what takes the place of API keys",
		},
	}
}

// checkSecretKey returns an error unless the text can be a secret key. It is a UUID
// that does not tell which API key it is of.
func checkSecretKey(value string) (string, error) {
	if resource.UUID.Check(value) != nil {
		// The error quotes the value.
		return "", errors.New("it is not a UUID in lower case, as each secret key is")
	}

	return "", nil
}
