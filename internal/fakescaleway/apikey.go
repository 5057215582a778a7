// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// apiKeySpec is what is particular to API keys, whose ID is the access key.
var apiKeySpec = kindSpec{
	plural:    "api_keys",
	notFound:  func(id string) *Error { return NotFound("access_key", id) },
	skips:     []string{StatusCreating, StatusUpdating, StatusDeleting},
	noContent: true,
	removed:   func(s *Server, n *node) { delete(s.accessKeys, n.Resource.(*APIKey).SecretKey) },
	filters: map[string]filter{
		"organization_id": is(organizationOf),
		"access_key":      is((*node).id),
		"access_keys":     is((*node).id),
		"application_id":  is(func(n *node) string { return deref(n.Resource.(*APIKey).ApplicationID) }),
		"user_id":         is(func(n *node) string { return deref(n.Resource.(*APIKey).UserID) }),
		"bearer_id":       is(func(n *node) string { return n.Resource.(*APIKey).bearer() }),
		"bearer_type":     is(func(n *node) string { return n.Resource.(*APIKey).bearerType() }),
		"description":     is(func(n *node) string { return n.Resource.(*APIKey).Description }),
		"editable":        is(func(n *node) string { return strconv.FormatBool(n.Resource.(*APIKey).Editable) }),
		"expired":         is(func(n *node) string { return strconv.FormatBool(n.Resource.(*APIKey).isExpired()) }),
	},
	order: map[string]func(Resource) string{
		"access_key": func(r Resource) string { return r.Meta().ID },
		"updated_at": updatedAt,
		"expires_at": func(r Resource) string {
			if at := r.(*APIKey).ExpiresAt; at != nil {
				return sortable(*at)
			}
			return "none" // After all times.
		},
	},
}

// An APIKey is one that the API has issued. Its access key is its ID.
type APIKey struct {
	Object
	rights

	// One of ApplicationID and UserID is set.
	ApplicationID    *string    `json:"application_id,omitempty"`
	UserID           *string    `json:"user_id,omitempty"`
	Description      string     `json:"description"`
	DefaultProjectID string     `json:"default_project_id"`
	CreationIP       string     `json:"creation_ip"`
	ExpiresAt        *time.Time `json:"-"`

	// SecretKey is the value that was answered when the key was created, and never
	// again. It is kept for tests.
	SecretKey string `json:"-"`

	now func() time.Time
}

// bearer is the ID of the application or user.
func (k *APIKey) bearer() string { return deref(k.ApplicationID) + deref(k.UserID) }

// Types of bearers.
const (
	bearerApplication = "application"
	bearerUser        = "user"
)

func (k *APIKey) bearerType() string {
	if k.ApplicationID != nil {
		return bearerApplication
	}
	return bearerUser
}

func (k *APIKey) isExpired() bool { return k.ExpiresAt != nil && !k.now().Before(*k.ExpiresAt) }

type apiKeyView struct {
	*APIKey
	stateless
	times
	ID        *struct{}  `json:"id,omitempty"` // It answers none.
	AccessKey string     `json:"access_key"`
	SecretKey *string    `json:"secret_key"`
	ExpiresAt *timestamp `json:"expires_at"`
}

func (k *APIKey) view() any {
	v := apiKeyView{APIKey: k, times: times{timestamp(k.CreatedAt), timestamp(k.UpdatedAt)}, AccessKey: k.ID}
	if k.ExpiresAt != nil {
		ts := timestamp(*k.ExpiresAt)
		v.ExpiresAt = &ts
	}
	return v
}

// createAPIKey is not recorded: all its refusals.
func (s *Server) createAPIKey(c *call) (json.RawMessage, *Error) {
	var req struct {
		ApplicationID    *string `json:"application_id"`
		UserID           *string `json:"user_id"`
		ExpiresAt        *string `json:"expires_at"`
		DefaultProjectID *string `json:"default_project_id"`
		Description      string  `json:"description"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if count(req.ApplicationID != nil, req.UserID != nil) != 1 {
		return nil, InvalidArgument("bearer", ReasonConstraint, "exactly one of application_id, user_id must be set")
	}
	if err := tooLong("description", req.Description, maxIAMDescription); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.UserID != nil && !s.reachesKey(c, bearerUser) {
		return nil, PermissionsDenied(actionWrite, string(KindAPIKey))
	}
	expiresAt, err := s.expiry(req.ExpiresAt)
	if err != nil {
		return nil, err
	}
	var parent *node
	if req.ApplicationID != nil {
		if parent, err = s.findParent(KindApplication, c, "application_id", *req.ApplicationID); err != nil {
			return nil, err
		}
	} else if uuid.Validate(*req.UserID) != nil {
		return nil, InvalidArgument("user_id", ReasonFormat, "must be a valid UUID")
	}
	k := &APIKey{
		Object:           s.newObject("", c.key.OrganizationID, ""),
		rights:           allRights,
		ApplicationID:    req.ApplicationID,
		UserID:           req.UserID,
		Description:      req.Description,
		DefaultProjectID: c.key.ProjectID,
		ExpiresAt:        expiresAt,
		SecretKey:        uuid.NewString(),
		now:              s.timeNow,
	}
	k.ID = newAccessKey()
	k.CreationIP, _, _ = net.SplitHostPort(c.r.RemoteAddr)
	set(&k.DefaultProjectID, req.DefaultProjectID)
	if err := s.ownedProject(c, k.DefaultProjectID, string(KindAPIKey)); err != nil {
		return nil, err
	}
	s.accessKeys[k.SecretKey], s.everIssued[k.ID] = k.ID, k.SecretKey
	v := s.add(KindAPIKey, k, parent).view().(apiKeyView)
	v.SecretKey = &k.SecretKey
	return render(v), nil
}

func (s *Server) updateAPIKey(c *call) (json.RawMessage, *Error) {
	var req struct {
		DefaultProjectID *string `json:"default_project_id"`
		Description      *string `json:"description"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := tooLong("description", deref(req.Description), maxIAMDescription); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(KindAPIKey, c, c.id, false)
	if err != nil {
		return nil, err
	}
	k := n.Resource.(*APIKey)
	if req.DefaultProjectID != nil {
		if err := s.ownedProject(c, *req.DefaultProjectID, string(KindAPIKey)); err != nil {
			return nil, err
		}
		k.DefaultProjectID = *req.DefaultProjectID
	}
	set(&k.Description, req.Description)
	s.begin(n, StatusUpdating)
	return render(n.view()), nil
}
