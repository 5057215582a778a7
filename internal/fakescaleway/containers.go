// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Kinds of Serverless Containers.
const (
	KindNamespace Kind = "namespace"
	KindContainer Kind = "container"
	KindTrigger   Kind = "trigger"
	KindDomain    Kind = "domain"
	KindToken     Kind = "token"
)

// Routes of Serverless Containers. A {id} route follows each with "/{id}".
const (
	RouteNamespaces = "/containers/v1/regions/{region}/namespaces"
	RouteContainers = "/containers/v1/regions/{region}/containers"
	RouteTriggers   = "/containers/v1/regions/{region}/triggers"
	RouteDomains    = "/containers/v1/regions/{region}/domains"
	RouteTokens     = "/containers/v1beta1/regions/{region}/tokens"

	RouteNamespace = RouteNamespaces + "/{id}"
	RouteContainer = RouteContainers + "/{id}"
	RouteTrigger   = RouteTriggers + "/{id}"
	RouteDomain    = RouteDomains + "/{id}"
	RouteToken     = RouteTokens + "/{id}"
	RouteRedeploy  = RouteContainer + "/redeploy"
)

// containers is the product Serverless Containers.
var containers = product{
	kinds: map[Kind]kindSpec{
		KindNamespace: {
			plural: "namespaces",
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"project_id":      is(projectOf),
				"name":            is(nameOf),
			},
			order: map[string]func(Resource) string{"name": name},
		},
		KindContainer: {
			plural:  "containers",
			deploys: true,
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"project_id":      is(projectOf),
				"namespace_id":    is(parentOf),
				"name":            is(nameOf),
			},
			order: map[string]func(Resource) string{"name": name},
		},
		KindTrigger: {
			plural:         "triggers",
			deploys:        true,
			keepsUpdatedAt: true,
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"project_id":      is(projectOf),
				"namespace_id":    is(grandparentOf),
				"container_id":    is(parentOf),
				"trigger_type":    is(func(n *node) string { return n.Resource.(*Trigger).SourceType }),
			},
			order: map[string]func(Resource) string{"name": name},
		},
		KindDomain: {
			plural:  "domains",
			deploys: true,
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"project_id":      is(projectOf),
				"namespace_id":    is(grandparentOf),
				"container_id":    is(parentOf),
			},
			order: map[string]func(Resource) string{"hostname": name},
		},
		KindToken: {
			plural:   "tokens",
			notFound: func(string) *Error { return PlainError(http.StatusNotFound, "Token was not found") },
			// Not recorded: that a listed token is like one that is read, and that a
			// namespace_id does not select the tokens of its containers.
			filters: map[string]filter{
				"namespace_id": is(func(n *node) string { return n.Resource.(*Token).NamespaceID }),
				"container_id": is(func(n *node) string { return n.Resource.(*Token).ContainerID }),
			},
		},
	},
	endpoints: func(s *Server) []endpoint {
		return slices.Concat(
			s.crud(KindNamespace, RouteNamespaces, s.createNamespace, s.updateNamespace),
			s.crud(KindContainer, RouteContainers, s.createContainer, s.updateContainer),
			[]endpoint{
				{method: http.MethodPost, route: RouteRedeploy, handle: s.redeployContainer},
				{method: http.MethodGet, route: RouteCall, handle: s.callContainer, open: true},
			},
			s.crud(KindTrigger, RouteTriggers, s.createTrigger, s.updateTrigger),
			s.crud(KindDomain, RouteDomains, s.createDomain, s.updateDomain),
			s.crud(KindToken, RouteTokens, s.createToken, nil),
		)
	},
}

func organizationOf(n *node) string { return n.Meta().OrganizationID }
func projectOf(n *node) string      { return n.Meta().ProjectID }
func nameOf(n *node) string         { return name(n.Resource) }
func parentOf(n *node) string       { return n.parent.id() }
func grandparentOf(n *node) string  { return n.parent.parent.id() }

// name returns the name of an object, which for some kinds is unique.
func name(r Resource) string {
	switch r := r.(type) {
	case *Namespace:
		return r.Name
	case *Container:
		return r.Name
	case *Trigger:
		return r.Name
	case *Domain:
		return r.Hostname
	case *RegistryNamespace:
		return r.Name
	case *Application:
		return r.Name
	case *Policy:
		return r.Name
	}
	return ""
}

// taken returns an error if an object that is in scope has a name. Not recorded:
// the answer, and that an object which is being deleted still has its name.
func (s *Server) taken(kind Kind, wanted string, scope func(*node) bool) *Error {
	for _, n := range s.objects[kind] {
		if name(n.Resource) == wanted && scope(n) && s.settle(n, false) {
			return AlreadyExists(string(kind), n.id(), fmt.Sprintf("%s %q already exists", kind, wanted))
		}
	}
	return nil
}

// A Namespace holds containers.
type Namespace struct {
	Object

	Name                       string            `json:"name"`
	Description                string            `json:"description"`
	EnvironmentVariables       map[string]string `json:"environment_variables"`
	SecretEnvironmentVariables map[string]string `json:"secret_environment_variables"` // Argon2id hashes.
	Tags                       []string          `json:"tags"`

	// key signs the namespace's tokens.
	key signingKey
}

func (n *Namespace) view() any {
	return struct {
		*Namespace
		times
		OrganizationID string `json:"organization_id"`
		ProjectID      string `json:"project_id"`
		Region         string `json:"region"`
	}{n, times{timestamp(n.CreatedAt), timestamp(n.UpdatedAt)}, n.OrganizationID, n.ProjectID, n.Region}
}

var namespaceName = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

func (s *Server) createNamespace(c *call) (json.RawMessage, *Error) {
	var req struct {
		ProjectID                  string            `json:"project_id"`
		Name                       string            `json:"name"`
		Description                string            `json:"description"`
		EnvironmentVariables       map[string]string `json:"environment_variables"`
		SecretEnvironmentVariables map[string]string `json:"secret_environment_variables"`
		Tags                       []string          `json:"tags"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Name == "" {
		return nil, InvalidArgument("name", ReasonRequired, "")
	}
	if !namespaceName.MatchString(req.Name) {
		return nil, PlainError(http.StatusBadRequest, "namespace name must begin with a letter, followed by letters, numbers or hyphens, and end with a letter or number")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ownedProject(c, req.ProjectID, string(KindNamespace)); err != nil {
		return nil, err
	}
	inProject := func(n *node) bool { return n.Meta().Region == c.region && n.Meta().ProjectID == req.ProjectID }
	if err := s.taken(KindNamespace, req.Name, inProject); err != nil {
		return nil, err
	}
	n := s.add(KindNamespace, &Namespace{
		Object:                     s.newObject(c.region, c.key.OrganizationID, req.ProjectID),
		Name:                       req.Name,
		Description:                req.Description,
		EnvironmentVariables:       orEmptyMap(req.EnvironmentVariables),
		SecretEnvironmentVariables: replaceSecrets(nil, req.SecretEnvironmentVariables),
		Tags:                       orEmpty(req.Tags),
		key:                        s.newSigningKey(),
	}, nil)
	return render(n.view()), nil
}

func (s *Server) updateNamespace(c *call) (json.RawMessage, *Error) {
	var req struct {
		Description                *string            `json:"description"`
		EnvironmentVariables       *map[string]string `json:"environment_variables"`
		SecretEnvironmentVariables *map[string]string `json:"secret_environment_variables"`
		Tags                       *[]string          `json:"tags"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findToChange(KindNamespace, c)
	if err != nil {
		return nil, err
	}
	ns := n.Resource.(*Namespace)
	ns.UpdatedAt = s.timeNow()
	set(&ns.Description, req.Description)
	set(&ns.Tags, req.Tags)
	set(&ns.EnvironmentVariables, req.EnvironmentVariables)
	if req.SecretEnvironmentVariables != nil {
		ns.SecretEnvironmentVariables = replaceSecrets(ns.SecretEnvironmentVariables, *req.SecretEnvironmentVariables)
	}
	// Only a change of the variables reaches the containers.
	if req.EnvironmentVariables != nil || req.SecretEnvironmentVariables != nil {
		s.begin(n, StatusUpdating)
	}
	return render(n.view()), nil
}

// endpointPrefix is the part of its containers' host names that belongs to the
// namespace.
func (n *Namespace) endpointPrefix() string {
	p := strings.ReplaceAll(n.Name, "-", "")
	return p[:min(len(p), 20)] + n.ID[:8]
}

// A Domain is a host name of a container.
type Domain struct {
	Object

	ContainerID string   `json:"container_id"`
	Hostname    string   `json:"hostname"`
	Tags        []string `json:"tags"`
}

func (d *Domain) view() any {
	return struct {
		*Domain
		times
	}{d, times{timestamp(d.CreatedAt), timestamp(d.UpdatedAt)}}
}

func (s *Server) createDomain(c *call) (json.RawMessage, *Error) {
	var req struct {
		ContainerID string   `json:"container_id"`
		Hostname    string   `json:"hostname"`
		Tags        []string `json:"tags"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Hostname == "" {
		return nil, InvalidArgument("hostname", ReasonRequired, "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	parent, err := s.findParent(KindContainer, c, "container_id", req.ContainerID)
	if err != nil {
		return nil, err
	}
	// Not recorded.
	if err := s.taken(KindDomain, req.Hostname, func(*node) bool { return true }); err != nil {
		return nil, err
	}
	p := parent.Meta()
	n := s.add(KindDomain, &Domain{
		Object:      s.newObject(c.region, p.OrganizationID, p.ProjectID),
		ContainerID: req.ContainerID,
		Hostname:    req.Hostname,
		Tags:        orEmpty(req.Tags),
	}, parent)
	return render(n.view()), nil
}

func (s *Server) updateDomain(c *call) (json.RawMessage, *Error) {
	var req struct {
		Tags *[]string `json:"tags"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findToChange(KindDomain, c)
	if err != nil {
		return nil, err
	}
	// Not recorded: that a domain stays ready when its tags change, as a namespace
	// does.
	d := n.Resource.(*Domain)
	d.UpdatedAt = s.timeNow()
	set(&d.Tags, req.Tags)
	return render(n.view()), nil
}
