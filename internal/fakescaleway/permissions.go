// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"net/http"
	"slices"
)

// Actions of a refusal, as the real API names the first.
const (
	actionRead  = "read"
	actionWrite = "write"
)

// permitting has the permission sets that let a principal read, and read and write, the
// objects of a kind. They are those of Scaleway's list of permission sets. What is not
// here may be used by every key of the organization.
var permitting = map[Kind]struct{ read, write []string }{
	KindApplication: {
		read:  []string{"IAMReadOnly", "IAMApplicationReadOnly"},
		write: []string{"IAMManager", "OrganizationManager", "IAMApplicationManager"},
	},
	KindPolicy: {
		read:  []string{"IAMReadOnly", "IAMPolicyReadOnly"},
		write: []string{"IAMManager", "OrganizationManager", "IAMPolicyManager"},
	},
	// Those of applications. For those of users there are fewer: see reachesKey.
	KindAPIKey: {
		read:  []string{"IAMReadOnly", "IAMApplicationReadOnly"},
		write: []string{"IAMManager", "OrganizationManager", "IAMApplicationManager"},
	},
}

// permit refuses a request about objects of a kind that the policies of its key do not
// allow. An owner's key may do everything. Not recorded: the names of the resources and
// actions of IAM, and that a list is refused rather than empty.
func (s *Server) permit(c *call, kind Kind) *Error {
	p, ok := permitting[kind]
	if !ok || c.issued == nil {
		return nil
	}
	action, sets := actionWrite, p.write
	if c.r.Method == http.MethodGet {
		action, sets = actionRead, slices.Concat(p.read, p.write)
	}
	if !s.holds(c.issued, sets...) {
		return PermissionsDenied(action, string(kind))
	}
	return nil
}

// holds says whether a policy gives one of some permission sets for the organization to
// the bearer of a key.
func (s *Server) holds(k *APIKey, sets ...string) bool {
	return s.anyRule(k, func(r Rule) bool {
		return deref(r.OrganizationID) == k.OrganizationID &&
			slices.ContainsFunc(r.PermissionSetNames, func(name string) bool { return slices.Contains(sets, name) })
	})
}

// anyRule says whether a rule of the bearer of a key is as wanted. What depends on a
// condition is never fulfilled here.
func (s *Server) anyRule(k *APIKey, wanted func(Rule) bool) bool {
	for _, n := range s.objects[KindPolicy] {
		p := n.Resource.(*Policy)
		if deref(p.ApplicationID)+deref(p.UserID) != k.bearer() {
			continue
		}
		if slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Condition == "" && wanted(r) }) {
			return true
		}
	}
	return false
}

// reachesKey says whether a request may be about the API keys of a type of bearer.
// Permissions for applications do not reach the keys of users.
func (s *Server) reachesKey(c *call, bearerType string) bool {
	if c.issued == nil || bearerType == bearerApplication {
		return true
	}
	sets := []string{"IAMManager", "OrganizationManager"}
	if c.r.Method == http.MethodGet {
		sets = append(sets, "IAMReadOnly")
	}
	return s.holds(c.issued, sets...)
}

// reaches says whether a request may be about an object at all, beyond its kind.
func (s *Server) reaches(c *call, n *node) bool {
	k, ok := n.Resource.(*APIKey)
	return !ok || s.reachesKey(c, k.bearerType())
}
