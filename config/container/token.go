// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/golang-jwt/jwt/v5"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

func token() resource.Resource {
	return resource.Resource{
		Name:        "scaleway_container_token",
		Group:       Group,
		Kind:        "Token",
		Description: "is a credential for private containers of Scaleway Serverless Containers: a JSON Web Token that opens one container, or all of one namespace, and that Scaleway shows once. It is written to the Secret named by writeConnectionSecretToRef, under the key token. None of its arguments can be changed.",
		// Version 1 of the API has no tokens.
		Path:      "/containers/v1beta1/regions/{region}/tokens/{id}",
		ReadByGet: true,
		Regions:   regions(),
		References: map[string]string{
			"container_id": "scaleway_container",
			"namespace_id": "scaleway_container_namespace",
		},
		Fields: map[string]resource.Field{
			"container_id": {Description: "ID of the container that the token opens, such as fr-par/11111111-1111-4111-8111-111111111111. Give either this or namespaceId."},
			"description":  {Description: "Free text that says what the token is for."},
			"expires_at":   {Description: "Time after which the token is no longer valid, as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z. A token without it is valid until it is deleted."},
			"namespace_id": {Description: "ID of the namespace whose containers the token opens, such as fr-par/11111111-1111-4111-8111-111111111111. Give either this or containerId."},
			"region":       {Description: "Region of the token: fr-par, nl-ams or pl-waw. Defaults to the region in the ID of its container or namespace, else to the region of the ProviderConfig."},
			"token":        {Description: "The token."},
		},
		Columns: []resource.Column{
			{Name: "EXPIRES-AT", Type: "string", JSONPath: ".status.atProvider.expiresAt"},
			{Name: "SECRET", Type: "string", JSONPath: ".spec.writeConnectionSecretToRef.name"},
			{Name: "DESCRIPTION", Type: "string", JSONPath: ".status.atProvider.description", Wide: true},
		},
		ExactlyOneOf:          [][]string{{"container_id", "namespace_id"}},
		Timestamps:            []string{"expires_at"},
		ImmutableBecause:      "it would revoke the token. Create another Token instead, and delete this one when nothing uses it any more",
		ReplacesCustomizeDiff: "regions are compared before every connection",
		Minted: &resource.Minted{
			Attribute:       "token",
			MarkArgument:    "description",
			ExpiryAttribute: "expires_at",
			List:            "tokens",
			// Under a key that a person would look for.
			Keys:      map[string][]string{"token": {"token"}},
			Identify:  identifyToken,
			Successor: "use an ApiKey of an Application to which a Policy gives the permission set ContainersPrivateAccess, and send its secret key in the same header X-Auth-Token: see docs/tokens-and-api-keys.md, From tokens to API keys",
			Ending:    true,
		},
	}
}

// identifyToken returns the UUID in a token: Scaleway writes it into the claim
// jti. The signature is not verified, because whoever can write the Secret can
// also read it: the check finds mistakes, not forgeries.
func identifyToken(value string) (string, error) {
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(value, &claims); err != nil {
		// The error may quote the value.
		return "", errors.New("it is not a JSON Web Token")
	}

	// Whoever may write the Secret writes this, which conditions tell.
	if id, err := regional.ParseArgument(claims.ID); err != nil || id.Region != "" {
		return "", errors.New("it is a JSON Web Token whose claim jti is no UUID, which none of Scaleway's is")
	}

	return claims.ID, nil
}
