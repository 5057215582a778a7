// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// RouteCall is where a container is called. The real API has no such path: a
// container is called at its public endpoint, which WithLocalEndpoints makes this.
//
// Nothing runs there. A private container answers 200 to a token that opens it or
// its namespace, and to the secret key of an API key whose application or user has
// ContainersPrivateAccess in its project or organization, sent as X-Auth-Token; 403
// to one that is valid, but does not open it; and 401 to anything else. A public
// container answers 200.
//
// Not recorded: the answers, and all that follows from a rule's condition, which is
// never fulfilled here.
const RouteCall = "/_fake/containers/{region}/{id}"

// publicEndpoint returns the URL at which a container is called.
func (s *Server) publicEndpoint(ns *Namespace, c *Container) string {
	if s.localEndpoints {
		return s.url + strings.NewReplacer("{region}", c.Region, "{id}", c.ID).Replace(RouteCall)
	}
	return "https://" + ns.endpointPrefix() + "-" + c.Name + ".functions.fnc." + c.Region + ".scw.cloud"
}

func (s *Server) callContainer(c *call) (json.RawMessage, *Error) {
	value := c.r.Header.Get(authHeader)
	claims, verr := s.VerifyToken(value)

	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.objects[KindContainer][c.id]
	if !ok || n.Meta().Region != c.region || !s.settle(n, false) {
		return nil, NotFound(string(KindContainer), c.id)
	}
	con := n.Resource.(*Container)
	if con.Privacy != "private" {
		return render(map[string]string{"container": con.Name}), nil
	}

	var opens bool
	if uuid.Validate(value) == nil {
		owner, ok := s.keys[value]
		opens = owner.OrganizationID == con.OrganizationID
		if !ok {
			k, err := s.issuedKey(value)
			if err != nil {
				return nil, err
			}
			opens = s.hasPrivateAccess(k, con)
		}
	} else {
		t, ok := s.objects[KindToken][claims.ID]
		if verr != nil || !ok || !s.settle(t, false) || t.Meta().Status == StatusDeleting {
			return nil, PlainError(http.StatusUnauthorized, "the token is not valid")
		}
		opens = t.parent == n || t.parent == n.parent
	}
	if !opens {
		return nil, PermissionsDenied("call", string(KindContainer))
	}
	return render(map[string]string{"container": con.Name}), nil
}

// hasPrivateAccess says whether a policy lets a key call the private containers of
// a container's project.
func (s *Server) hasPrivateAccess(k *APIKey, con *Container) bool {
	return s.anyRule(k, func(r Rule) bool {
		inScope := deref(r.OrganizationID) == con.OrganizationID || r.ProjectIDs != nil && slices.Contains(*r.ProjectIDs, con.ProjectID)
		return inScope && slices.Contains(r.PermissionSetNames, PermissionContainersPrivateAccess)
	})
}
