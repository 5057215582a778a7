// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net/http"
	"time"
)

// KindRegistryNamespace is the kind of a namespace of Container Registry.
const KindRegistryNamespace Kind = "registry_namespace"

// Routes of Container Registry.
const (
	RouteRegistryNamespaces = "/registry/v1/regions/{region}/namespaces"
	RouteRegistryNamespace  = RouteRegistryNamespaces + "/{id}"
)

// containerRegistry is the product Container Registry, without images: nobody can push
// one.
var containerRegistry = product{
	kinds: map[Kind]kindSpec{
		KindRegistryNamespace: {
			plural:   "namespaces",
			notFound: func(string) *Error { return PlainError(http.StatusNotFound, "Namespace was not found") },
			skips:    []string{StatusCreating, StatusUpdating},
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"project_id":      is(projectOf),
				"name":            is(nameOf),
			},
			order: map[string]func(Resource) string{
				"name":        name,
				"description": func(r Resource) string { return r.(*RegistryNamespace).Description },
			},
		},
	},
	endpoints: func(s *Server) []endpoint {
		es := s.crud(KindRegistryNamespace, RouteRegistryNamespaces, s.createRegistryNamespace, s.updateRegistryNamespace)
		for i, e := range es {
			if e.method == http.MethodDelete {
				es[i].handle = s.deleteRegistryNamespace
			}
		}
		return es
	},
}

// A RegistryNamespace holds images.
type RegistryNamespace struct {
	Object

	Name          string `json:"name"`
	Description   string `json:"description"`
	IsPublic      bool   `json:"is_public"`
	Endpoint      string `json:"endpoint"`
	StatusMessage string `json:"status_message"`

	// ImageCount and Size, in bytes, are of the images that a test says there are.
	ImageCount uint32 `json:"image_count"`
	Size       uint64 `json:"size"`
}

type registryNamespaceView struct {
	*RegistryNamespace
	times
	OrganizationID string `json:"organization_id"`
	ProjectID      string `json:"project_id"`
	Region         string `json:"region"`
}

func (n *RegistryNamespace) view() any { return n.viewAt(n.CreatedAt, n.UpdatedAt) }

func (n *RegistryNamespace) viewAt(created, updated time.Time) registryNamespaceView {
	return registryNamespaceView{n, times{timestamp(created), timestamp(updated)}, n.OrganizationID, n.ProjectID, n.Region}
}

// changed renders a namespace as the request that has changed it is answered: the
// time of the change has nanoseconds, which are rounded afterwards.
func (n *RegistryNamespace) changed(now time.Time) json.RawMessage {
	n.UpdatedAt = now.Round(time.Microsecond)
	return render(n.viewAt(n.CreatedAt, now))
}

func (s *Server) createRegistryNamespace(c *call) (json.RawMessage, *Error) {
	var req struct {
		ProjectID   string `json:"project_id"`
		Name        string `json:"name"`
		Description string `json:"description"`
		IsPublic    bool   `json:"is_public"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	// Not recorded.
	if req.Name == "" {
		return nil, InvalidArgument("name", ReasonRequired, "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ownedProject(c, req.ProjectID, "namespace"); err != nil {
		return nil, err
	}
	// A name is unique in a region, whosever it is. Not recorded: the status and form
	// of the answer.
	inRegion := func(n *node) bool { return n.Meta().Region == c.region }
	if err := s.taken(KindRegistryNamespace, req.Name, inRegion); err != nil {
		return nil, PlainError(http.StatusConflict, "Namespace already exist")
	}
	ns := &RegistryNamespace{
		Object:      s.newObject(c.region, c.key.OrganizationID, req.ProjectID),
		Name:        req.Name,
		Description: req.Description,
		IsPublic:    req.IsPublic,
		Endpoint:    "rg." + c.region + ".scw.cloud/" + req.Name,
	}
	s.add(KindRegistryNamespace, ns, nil)
	now := s.now().UTC()
	ns.CreatedAt, ns.UpdatedAt = now.Round(time.Microsecond), now.Round(time.Microsecond)
	return render(ns.viewAt(now, now)), nil
}

func (s *Server) updateRegistryNamespace(c *call) (json.RawMessage, *Error) {
	var req struct {
		Description *string `json:"description"`
		IsPublic    *bool   `json:"is_public"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findToChange(KindRegistryNamespace, c)
	if err != nil {
		return nil, err
	}
	ns := n.Resource.(*RegistryNamespace)
	set(&ns.Description, req.Description)
	set(&ns.IsPublic, req.IsPublic)
	return ns.changed(s.now().UTC()), nil
}

func (s *Server) deleteRegistryNamespace(c *call) (json.RawMessage, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(KindRegistryNamespace, c, c.id, false)
	if err != nil {
		return nil, err
	}
	s.beginDelete(n)
	return n.Resource.(*RegistryNamespace).changed(s.now().UTC()), nil
}
