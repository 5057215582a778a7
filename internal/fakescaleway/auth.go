// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"crypto/rand"

	"github.com/google/uuid"
)

// authHeader carries the secret key of a request.
const authHeader = "X-Auth-Token"

// A Key is an API key of a tenant's owner, and what it belongs to. The API does not
// list it; those that it does are APIKeys.
type Key struct {
	// AccessKey is "SCW" and 17 upper-case letters and digits. It is never sent.
	AccessKey string

	// SecretKey is a UUID, the value of X-Auth-Token.
	SecretKey string

	// OrganizationID is the tenant. A key reaches all objects of its
	// organization, and no others. One that the API has issued reaches those of IAM
	// only as far as the policies of its bearer allow.
	OrganizationID string

	// ProjectID is the project clients use by default. Objects can be created in
	// any project that a key of the organization names.
	ProjectID string
}

// NewKey adds a new tenant with one project, and returns its API key.
func (s *Server) NewKey() Key {
	k := Key{
		AccessKey:      newAccessKey(),
		SecretKey:      uuid.NewString(),
		OrganizationID: uuid.NewString(),
		ProjectID:      uuid.NewString(),
	}
	s.AddKey(k)
	return k
}

// AddKey adds a key with the given identifiers, for a second key or project of an
// organization.
func (s *Server) AddKey(k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.SecretKey] = k
	s.projects[k.ProjectID] = k.OrganizationID
}

// RevokeKey makes the API refuse a secret key of NewKey or AddKey from now on. One
// that the API has issued is deleted instead.
func (s *Server) RevokeKey(secretKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, secretKey)
}

// authenticate finds the key a request was sent with, which must be allowed to make
// requests about a kind.
func (s *Server) authenticate(c *call, kind Kind) *Error {
	secret := c.r.Header.Get(authHeader)
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.keys[secret]; ok {
		c.key = k
		return nil
	}
	k, err := s.issuedKey(secret)
	if err != nil {
		return err
	}
	if !s.hasRights(k) {
		return PermissionsDenied("use", string(KindAPIKey))
	}
	c.issued = k
	c.key = Key{AccessKey: k.ID, SecretKey: secret, OrganizationID: k.OrganizationID, ProjectID: k.DefaultProjectID}
	return s.permit(c, kind)
}

// issuedKey returns the key of a secret that the API has issued, if it is still
// valid.
func (s *Server) issuedKey(secret string) (*APIKey, *Error) {
	if uuid.Validate(secret) != nil {
		return nil, DeniedAuthentication("invalid_argument")
	}
	n, ok := s.objects[KindAPIKey][s.accessKeys[secret]]
	if !ok {
		return nil, DeniedAuthentication("not_found")
	}
	k := n.Resource.(*APIKey)
	if k.isExpired() {
		return nil, DeniedAuthentication("expired")
	}
	return k, nil
}

// hasRights says whether there is a policy for an application. What it allows is not
// looked at, and a user always has rights of his own.
func (s *Server) hasRights(k *APIKey) bool {
	if k.ApplicationID == nil {
		return true
	}
	for _, n := range s.objects[KindPolicy] {
		if deref(n.Resource.(*Policy).ApplicationID) == k.bearer() {
			return true
		}
	}
	return false
}

func newAccessKey() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, 17)
	_, _ = rand.Read(b) // Never fails: it ends the program instead.
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return "SCW" + string(b)
}
