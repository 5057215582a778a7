// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/golang-jwt/jwt/v5"
)

const (
	kindToken = "Token"

	// keyToken is the key of a connection Secret that holds a token.
	keyToken = "token"
)

// claims returns what a JWT says, as indented JSON. It does not verify it, and
// what it returns, errors included, does not let anybody use it.
func claims(token string) (string, error) {
	// As they were sent: a date must not become 2.076e+09.
	c := jwt.MapClaims{}
	if _, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(token, c); err != nil {
		return "", errors.New("not a JSON Web Token")
	}
	b, err := json.MarshalIndent(c, "", "  ")
	return string(b), err
}
