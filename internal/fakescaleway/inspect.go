// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"slices"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// Namespaces returns copies of the container namespaces of a region in the order
// they were created; of all regions if region is empty. Those that are being
// deleted are included. The same holds for the other kinds.
func (s *Server) Namespaces(region string) []Namespace {
	return copies[Namespace](s, KindNamespace, region)
}

// Containers returns the containers of a region.
func (s *Server) Containers(region string) []Container {
	return copies[Container](s, KindContainer, region)
}

// Triggers returns the triggers of a region.
func (s *Server) Triggers(region string) []Trigger {
	return copies[Trigger](s, KindTrigger, region)
}

// Domains returns the domains of a region.
func (s *Server) Domains(region string) []Domain {
	return copies[Domain](s, KindDomain, region)
}

// Tokens returns the tokens of a region.
func (s *Server) Tokens(region string) []Token {
	return copies[Token](s, KindToken, region)
}

// RegistryNamespaces returns the registry namespaces of a region.
func (s *Server) RegistryNamespaces(region string) []RegistryNamespace {
	return copies[RegistryNamespace](s, KindRegistryNamespace, region)
}

// Applications returns all IAM applications.
func (s *Server) Applications() []Application {
	return copies[Application](s, KindApplication, "")
}

// Policies returns all IAM policies.
func (s *Server) Policies() []Policy {
	return copies[Policy](s, KindPolicy, "")
}

// APIKeys returns all API keys that the API has issued.
func (s *Server) APIKeys() []APIKey {
	return copies[APIKey](s, KindAPIKey, "")
}

// IssuedAPIKey tells whether the API has issued an API key with both halves. It may
// have been deleted since.
func (s *Server) IssuedAPIKey(accessKey, secretKey string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	issued, ok := s.everIssued[accessKey]
	return ok && issued == secretKey
}

func copies[T any](s *Server, kind Kind, region string) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []T
	for _, n := range s.existing(kind) {
		if region == "" || n.Meta().Region == region {
			out = append(out, *any(n.Resource).(*T))
		}
	}
	return out
}

// existing returns all objects of a kind in the order they were created.
func (s *Server) existing(kind Kind) []*node {
	var out []*node
	for _, n := range s.objects[kind] {
		if s.settle(n, false) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, byAge)
	return out
}

// Objects returns the objects of a kind in all regions as a GET would answer
// them, in the order they were created.
func (s *Server) Objects(kind Kind) []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []json.RawMessage{}
	for _, n := range s.existing(kind) {
		out = append(out, render(n.view()))
	}
	return out
}

// Alive returns how many objects of each kind exist and are not being deleted. It
// leaves out kinds of which there are none.
func (s *Server) Alive() map[Kind]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[Kind]int{}
	for kind := range s.kinds {
		for _, n := range s.existing(kind) {
			if n.Meta().Status != StatusDeleting {
				out[kind]++
			}
		}
	}
	return out
}

// SetStatus puts an object into a state, where it stays until a request changes
// it. The error message is not answered if it is empty.
func (s *Server) SetStatus(kind Kind, region, id, status, errorMessage string) error {
	return s.change(kind, region, id, func(n *node) {
		n.outcome = nil
		n.Meta().Status = status
		n.Meta().ErrorMessage = nil
		if errorMessage != "" {
			n.Meta().ErrorMessage = &errorMessage
		}
	})
}

// Update changes an object behind the API's back: fn is called with the object, such
// as a *Container, and must not call the server. Copies that were returned before
// share the object's maps, slices and pointers. The region of an IAM object is
// empty, and the ID of an API key its access key.
func (s *Server) Update(kind Kind, region, id string, fn func(Resource)) error {
	return s.change(kind, region, id, func(n *node) { fn(n.Resource) })
}

// Delete removes an object, and all it contains, at once and behind the API's
// back.
func (s *Server) Delete(kind Kind, region, id string) error {
	return s.change(kind, region, id, s.remove)
}

func (s *Server) change(kind Kind, region, id string, fn func(*node)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.objects[kind][id]
	if !ok || n.Meta().Region != region || !s.settle(n, false) {
		return errors.Errorf("cannot change %s %q: there is none in region %q", kind, id, region)
	}
	fn(n)
	return nil
}
