// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// What a token answers instead of its value once it was created, and once it was
// deleted.
const (
	hiddenToken  = "<hidden>"
	deletedToken = ""
)

// A Token lets who has it call private containers.
type Token struct {
	Object

	// One of NamespaceID and ContainerID is set.
	NamespaceID string     `json:"namespace_id,omitempty"`
	ContainerID string     `json:"container_id,omitempty"`
	Description string     `json:"description"`
	ExpiresAt   *time.Time `json:"-"`

	// JWT is the value that was answered when the token was created, and never
	// again. It is kept for tests.
	JWT string `json:"-"`
}

type tokenView struct {
	*Token
	Value     string     `json:"token"`
	PublicKey string     `json:"public_key"`
	ExpiresAt *timestamp `json:"expires_at"`
}

func (t *Token) view() any {
	v := tokenView{Token: t, Value: hiddenToken}
	if t.Status == StatusDeleting {
		v.Value = deletedToken
	}
	if t.ExpiresAt != nil {
		ts := timestamp(*t.ExpiresAt)
		v.ExpiresAt = &ts
	}
	return v
}

// Claims are what a token's JWT says.
type Claims struct {
	ApplicationClaim []ApplicationClaim `json:"application_claim"`
	Version          int                `json:"version"`
	Audience         string             `json:"aud"`
	ExpiresAt        *jwt.NumericDate   `json:"exp,omitempty"`
	ID               string             `json:"jti"`
	IssuedAt         *jwt.NumericDate   `json:"iat"`
	Issuer           string             `json:"iss"`
	NotBefore        *jwt.NumericDate   `json:"nbf"`
	Subject          string             `json:"sub"`
}

// An ApplicationClaim is what a token is for: one of the IDs is set, the other
// is empty.
type ApplicationClaim struct {
	NamespaceID   string `json:"namespace_id"`
	ApplicationID string `json:"application_id"` // Of a container.
}

// These make Claims a jwt.Claims. jwt.RegisteredClaims would do so too, but
// writes the audience as an array.

// GetExpirationTime returns the exp claim.
func (c Claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.ExpiresAt, nil }

// GetIssuedAt returns the iat claim.
func (c Claims) GetIssuedAt() (*jwt.NumericDate, error) { return c.IssuedAt, nil }

// GetNotBefore returns the nbf claim.
func (c Claims) GetNotBefore() (*jwt.NumericDate, error) { return c.NotBefore, nil }

// GetIssuer returns the iss claim.
func (c Claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject returns the sub claim.
func (c Claims) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience returns the aud claim.
func (c Claims) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{c.Audience}, nil }

// A signingKey returns the key of a namespace, which it makes when it is first
// called.
type signingKey func() (*rsa.PrivateKey, error)

// signingKeyBits is the size of keys. The real API uses 4096, which takes tests
// too long.
const signingKeyBits = 2048

func newSigningKey() signingKey {
	return sync.OnceValues(func() (*rsa.PrivateKey, error) {
		return rsa.GenerateKey(rand.Reader, signingKeyBits)
	})
}

// sharedSigningKey is for WithSharedSigningKey.
var sharedSigningKey = newSigningKey()

// DisableTokenCreation makes the API refuse to create tokens, which it is
// announced to do, with the given answer. Nil is a 403 with a message and no
// type. Tokens that exist are not affected.
func (s *Server) DisableTokenCreation(e *Error) {
	if e == nil {
		// Not recorded.
		e = PlainError(http.StatusForbidden, "token creation has been disabled")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokensDisabled = e
}

// EnableTokenCreation undoes DisableTokenCreation.
func (s *Server) EnableTokenCreation() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokensDisabled = nil
}

type tokenRequest struct {
	NamespaceID *string `json:"namespace_id"`
	ContainerID *string `json:"container_id"`
	Description string  `json:"description"`
	ExpiresAt   *string `json:"expires_at"`
}

// parent returns the object a token is for.
func (s *Server) tokenParent(c *call, req *tokenRequest) (*node, *Error) {
	// Not recorded: this and all other refusals.
	const one = "exactly one of container_id, namespace_id must be set"
	switch {
	case req.NamespaceID != nil && req.ContainerID != nil:
		return nil, InvalidArgument("container_id", ReasonConstraint, one)
	case req.NamespaceID != nil:
		return s.findParent(KindNamespace, c, "namespace_id", *req.NamespaceID)
	case req.ContainerID != nil:
		return s.findParent(KindContainer, c, "container_id", *req.ContainerID)
	}
	return nil, InvalidArgument("container_id", ReasonRequired, one)
}

func (s *Server) createToken(c *call) (json.RawMessage, *Error) {
	var req tokenRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	key, t, err := s.prepareToken(c, &req)
	if err != nil {
		return nil, err
	}
	// Making the key and signing take long, so the lock is not held meanwhile.
	signed, publicKey, serr := sign(t, key)
	if serr != nil {
		return nil, PlainError(http.StatusInternalServerError, serr.Error())
	}
	t.JWT = signed

	s.mu.Lock()
	defer s.mu.Unlock()
	parent, err := s.tokenParent(c, &req)
	if err != nil {
		return nil, err
	}
	s.issuedBy[t.ID] = key
	v := s.add(KindToken, t, parent).view().(tokenView)
	v.Value, v.PublicKey = signed, publicKey
	return render(v), nil
}

// prepareToken returns the token a valid request asks for, which is not stored
// yet, and the key that signs it.
func (s *Server) prepareToken(c *call, req *tokenRequest) (signingKey, *Token, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokensDisabled != nil {
		return nil, nil, s.tokensDisabled
	}
	parent, err := s.tokenParent(c, req)
	if err != nil {
		return nil, nil, err
	}
	p := parent.Meta()
	t := &Token{Object: s.newObject(c.region, p.OrganizationID, p.ProjectID), Description: req.Description}
	set(&t.NamespaceID, req.NamespaceID)
	set(&t.ContainerID, req.ContainerID)
	if t.ExpiresAt, err = s.expiry(req.ExpiresAt); err != nil {
		return nil, nil, err
	}
	for parent.kind != KindNamespace {
		parent = parent.parent
	}
	return parent.Resource.(*Namespace).key, t, nil
}

// expiry returns the time that a creation request names, if it names one.
func (s *Server) expiry(text *string) (*time.Time, *Error) {
	if text == nil {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return nil, InvalidArgument("expires_at", ReasonFormat, "must be a time as in RFC 3339")
	}
	if !at.After(s.timeNow()) {
		return nil, InvalidArgument("expires_at", ReasonConstraint, "must be in the future")
	}
	return &at, nil
}

// sign returns the JWT of a token, and the key that verifies it as PEM.
func sign(t *Token, key signingKey) (signed, publicKey string, err error) {
	k, err := key()
	if err != nil {
		return "", "", errors.Wrap(err, "cannot make signing key")
	}
	claims := Claims{
		ApplicationClaim: []ApplicationClaim{{NamespaceID: t.NamespaceID, ApplicationID: t.ContainerID}},
		Version:          2,
		Audience:         "functions",
		ID:               t.ID,
		IssuedAt:         jwt.NewNumericDate(t.CreatedAt),
		Issuer:           "SCALEWAY",
		NotBefore:        jwt.NewNumericDate(t.CreatedAt),
		Subject:          "token",
	}
	if t.ExpiresAt != nil {
		claims.ExpiresAt = jwt.NewNumericDate(*t.ExpiresAt)
	}
	signed, err = jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(k)
	if err != nil {
		return "", "", errors.Wrap(err, "cannot sign token")
	}
	block := &pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&k.PublicKey)}
	return signed, string(pem.EncodeToMemory(block)), nil
}

// VerifyToken returns what a JWT says, if it was signed by the namespace that it
// is for, and is not expired. The token may have been deleted since.
func (s *Server) VerifyToken(token string) (*Claims, error) {
	claims := &Claims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) {
		s.mu.Lock()
		key, ok := s.issuedBy[claims.ID]
		s.mu.Unlock()
		if !ok {
			return nil, errors.Errorf("no token was issued with jti %q", claims.ID)
		}
		k, err := key()
		if err != nil {
			return nil, err
		}
		return &k.PublicKey, nil
	}, jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithTimeFunc(s.now))
	return claims, errors.Wrap(err, "cannot verify token")
}
