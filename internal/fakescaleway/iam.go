// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Kinds of Identity and Access Management (IAM). Their objects belong to an
// organization, and to no region or project.
const (
	KindApplication Kind = "application"
	KindPolicy      Kind = "policy"
	KindAPIKey      Kind = "api_key"
)

// Routes of IAM.
const (
	RouteApplications   = "/iam/v1alpha1/applications"
	RoutePolicies       = "/iam/v1alpha1/policies"
	RouteRules          = "/iam/v1alpha1/rules"
	RouteAPIKeys        = "/iam/v1alpha1/api-keys" //nolint:gosec // A path is no credential.
	RoutePermissionSets = "/iam/v1alpha1/permission-sets"

	RouteApplication = RouteApplications + "/{id}"
	RoutePolicy      = RoutePolicies + "/{id}"
	RouteAPIKey      = RouteAPIKeys + "/{access_key}"
)

// accessManagement is the product IAM, without users and groups: any UUID passes for one.
var accessManagement = product{
	kinds: map[Kind]kindSpec{
		KindApplication: {
			plural:    "applications",
			skips:     []string{StatusCreating, StatusUpdating, StatusDeleting},
			noContent: true,
			removed:   (*Server).detachPolicies,
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"name":            is(nameOf),
				"application_ids": is((*node).id),
				"editable":        is(func(n *node) string { return strconv.FormatBool(n.Resource.(*Application).Editable) }),
				"tag":             func(n *node, want string) bool { return slices.Contains(n.Resource.(*Application).Tags, want) },
			},
			order: map[string]func(Resource) string{"name": name, "updated_at": updatedAt},
		},
		KindPolicy: {
			plural:    "policies",
			skips:     []string{StatusCreating, StatusUpdating, StatusDeleting},
			noContent: true,
			filters: map[string]filter{
				"organization_id": is(organizationOf),
				"policy_name":     is(nameOf),
				"policy_ids":      is((*node).id),
				"application_ids": is(func(n *node) string { return deref(n.Resource.(*Policy).ApplicationID) }),
				"user_ids":        is(func(n *node) string { return deref(n.Resource.(*Policy).UserID) }),
				"group_ids":       is(func(n *node) string { return deref(n.Resource.(*Policy).GroupID) }),
				"no_principal":    is(func(n *node) string { return strconv.FormatBool(n.Resource.(*Policy).NoPrincipal) }),
				"editable":        is(func(n *node) string { return strconv.FormatBool(n.Resource.(*Policy).Editable) }),
				"tag":             func(n *node, want string) bool { return slices.Contains(n.Resource.(*Policy).Tags, want) },
			},
			order: map[string]func(Resource) string{"policy_name": func(r Resource) string { return strings.ToLower(name(r)) }},
		},
		KindAPIKey: apiKeySpec,
	},
	endpoints: func(s *Server) []endpoint {
		return slices.Concat(
			s.crud(KindApplication, RouteApplications, s.createApplication, s.updateApplication),
			s.crud(KindPolicy, RoutePolicies, s.createPolicy, s.updatePolicy),
			[]endpoint{
				{method: http.MethodGet, route: RouteRules, handle: s.listRules, kind: KindPolicy},
				{method: http.MethodPut, route: RouteRules, handle: s.setRules, kind: KindPolicy},
				{method: http.MethodPost, route: RouteAPIKeys, handle: s.createAPIKey, kind: KindAPIKey},
				{method: http.MethodGet, route: RouteAPIKeys, handle: s.list(KindAPIKey), kind: KindAPIKey},
				{method: http.MethodGet, route: RouteAPIKey, handle: s.get(KindAPIKey), kind: KindAPIKey},
				{method: http.MethodPatch, route: RouteAPIKey, handle: s.updateAPIKey, kind: KindAPIKey},
				{method: http.MethodDelete, route: RouteAPIKey, handle: s.delete(KindAPIKey), kind: KindAPIKey},
				{method: http.MethodGet, route: RoutePermissionSets, handle: s.listPermissionSets},
			},
		)
	},
}

func updatedAt(r Resource) string { return sortable(r.Meta().UpdatedAt) }

// sortable returns a text that sorts like the time.
func sortable(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000") }

// deref returns the text that is pointed to, if there is one.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Limits of texts, in characters, as the SDK's comments have them. Not recorded: the
// answer when one is exceeded.
const (
	maxIAMName        = 64
	maxIAMDescription = 200
)

func tooLong(name, value string, limit int) *Error {
	if utf8.RuneCountInString(value) <= limit {
		return nil
	}
	return InvalidArgument(name, ReasonConstraint, "must be at most "+strconv.Itoa(limit)+" characters")
}

// firstError returns the first that is one.
func firstError(errs ...*Error) *Error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// stateless is embedded in views to hide the status of a kind that answers none.
type stateless struct {
	Status *struct{} `json:"status,omitempty"`
}

// rights say what may be done with an IAM object. Scaleway manages some itself.
type rights struct {
	Editable  bool `json:"editable"`
	Deletable bool `json:"deletable"`
	Managed   bool `json:"managed"`
}

var allRights = rights{Editable: true, Deletable: true}

// An Application is a principal that is no person.
type Application struct {
	Object
	rights

	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`

	// apiKeys counts its API keys.
	apiKeys func() int
}

func (a *Application) view() any {
	return struct {
		*Application
		stateless
		times
		OrganizationID string `json:"organization_id"`
		APIKeys        int    `json:"nb_api_keys"`
	}{a, stateless{}, times{timestamp(a.CreatedAt), timestamp(a.UpdatedAt)}, a.OrganizationID, a.apiKeys()}
}

// ownedOrganization returns an error if a key may not create resource in an
// organization. Not recorded: the answers.
func ownedOrganization(c *call, organizationID, resource string) *Error {
	switch {
	case organizationID == "":
		return InvalidArgument("organization_id", ReasonRequired, "")
	case uuid.Validate(organizationID) != nil:
		return InvalidArgument("organization_id", ReasonFormat, "must be a valid UUID")
	case organizationID != c.key.OrganizationID:
		return PermissionsDenied("write", resource)
	}
	return nil
}

func (s *Server) createApplication(c *call) (json.RawMessage, *Error) {
	var req struct {
		OrganizationID string   `json:"organization_id"`
		Name           string   `json:"name"`
		Description    string   `json:"description"`
		Tags           []string `json:"tags"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Name == "" {
		return nil, InvalidArgument("name", ReasonRequired, "")
	}
	if err := firstError(ownedOrganization(c, req.OrganizationID, string(KindApplication)),
		tooLong("name", req.Name, maxIAMName), tooLong("description", req.Description, maxIAMDescription)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Application{
		Object:      s.newObject("", req.OrganizationID, ""),
		rights:      allRights,
		Name:        req.Name,
		Description: req.Description,
		Tags:        orEmpty(req.Tags),
	}
	n := s.add(KindApplication, a, nil)
	a.apiKeys = func() int { return len(n.children) }
	return render(n.view()), nil
}

// labelsRequest is what the updates of applications and policies have in common.
type labelsRequest struct {
	Name        *string   `json:"name"`
	Description *string   `json:"description"`
	Tags        *[]string `json:"tags"`
}

func (r labelsRequest) validate() *Error {
	return firstError(tooLong("name", deref(r.Name), maxIAMName), tooLong("description", deref(r.Description), maxIAMDescription))
}

func (r labelsRequest) apply(name, description *string, tags *[]string) {
	set(name, r.Name)
	set(description, r.Description)
	set(tags, r.Tags)
}

func (s *Server) updateApplication(c *call) (json.RawMessage, *Error) {
	var req labelsRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(KindApplication, c, c.id, false)
	if err != nil {
		return nil, err
	}
	a := n.Resource.(*Application)
	req.apply(&a.Name, &a.Description, &a.Tags)
	s.begin(n, StatusUpdating)
	return render(n.view()), nil
}

// detachPolicies leaves the policies of an application that is gone without a
// principal. Not recorded: whether they are deleted with it.
func (s *Server) detachPolicies(gone *node) {
	for _, n := range s.objects[KindPolicy] {
		if p := n.Resource.(*Policy); deref(p.ApplicationID) == gone.id() {
			p.principal = principal{NoPrincipal: true}
		}
	}
}

// A Policy gives permissions to a principal.
type Policy struct {
	Object
	rights
	principal

	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Rules       []Rule   `json:"-"`
}

// A principal is who has the permissions of a policy. One of the members is set.
type principal struct {
	UserID        *string `json:"user_id,omitempty"`
	GroupID       *string `json:"group_id,omitempty"`
	ApplicationID *string `json:"application_id,omitempty"`
	NoPrincipal   bool    `json:"no_principal,omitempty"`
}

// given is how many principals there are.
func (p principal) given() int {
	return count(p.UserID != nil, p.GroupID != nil, p.ApplicationID != nil, p.NoPrincipal)
}

// A Rule of a policy. One of ProjectIDs and OrganizationID is set.
type Rule struct {
	ID                 string    `json:"id"`
	PermissionSetNames []string  `json:"permission_set_names"`
	ScopeType          string    `json:"permission_sets_scope_type"`
	Condition          string    `json:"condition"`
	ProjectIDs         *[]string `json:"project_ids,omitempty"`
	OrganizationID     *string   `json:"organization_id,omitempty"`
}

type policyView struct {
	*Policy
	stateless
	times
	OrganizationID string `json:"organization_id"`
	Rules          int    `json:"nb_rules"`
	Scopes         int    `json:"nb_scopes"`
	PermissionSets int    `json:"nb_permission_sets"`
}

func (p *Policy) view() any {
	v := policyView{Policy: p, times: times{timestamp(p.CreatedAt), timestamp(p.UpdatedAt)}, OrganizationID: p.OrganizationID, Rules: len(p.Rules)}
	scopes, sets := map[string]bool{}, map[string]bool{}
	for _, r := range p.Rules {
		if r.OrganizationID != nil {
			scopes[*r.OrganizationID] = true
		} else {
			for _, id := range *r.ProjectIDs {
				scopes[id] = true
			}
		}
		for _, set := range r.PermissionSetNames {
			sets[set] = true
		}
	}
	v.Scopes, v.PermissionSets = len(scopes), len(sets)
	return v
}

// checkPrincipal refuses a principal that does not exist. Users and groups are not
// known here. Not recorded: the answers.
func (s *Server) checkPrincipal(c *call, p principal) *Error {
	if p.given() != 1 {
		return InvalidArgument("principal", ReasonConstraint, "exactly one of user_id, group_id, application_id, no_principal must be set")
	}
	if p.ApplicationID != nil {
		_, err := s.findParent(KindApplication, c, "application_id", *p.ApplicationID)
		return err
	}
	for name, id := range map[string]*string{"user_id": p.UserID, "group_id": p.GroupID} {
		if id != nil && uuid.Validate(*id) != nil {
			return InvalidArgument(name, ReasonFormat, "must be a valid UUID")
		}
	}
	return nil
}

// newRules returns the rules that a request asks for. Not recorded: the refusals.
func (s *Server) newRules(c *call, rules []Rule) ([]Rule, *Error) {
	out := make([]Rule, len(rules))
	for i, r := range rules {
		if count(r.ProjectIDs != nil, r.OrganizationID != nil) != 1 {
			return nil, InvalidArgument("rules", ReasonConstraint, "exactly one of project_ids, organization_id must be set")
		}
		if r.OrganizationID != nil {
			if err := ownedOrganization(c, *r.OrganizationID, string(KindPolicy)); err != nil {
				return nil, err
			}
		} else {
			for _, id := range *r.ProjectIDs {
				if err := s.ownedProject(c, id, string(KindPolicy)); err != nil {
					return nil, err
				}
			}
		}
		scope, err := scopeOf(r.PermissionSetNames)
		if err != nil {
			return nil, err
		}
		if scope == scopeOrganization && r.ProjectIDs != nil {
			return nil, InvalidArgument("rules", ReasonConstraint, "these permission sets need an organization_id")
		}
		r.ID, r.ScopeType = uuid.NewString(), scope
		out[i] = r
	}
	return out, nil
}

func (s *Server) createPolicy(c *call) (json.RawMessage, *Error) {
	var req struct {
		principal
		OrganizationID string   `json:"organization_id"`
		Name           string   `json:"name"`
		Description    string   `json:"description"`
		Tags           []string `json:"tags"`
		Rules          []Rule   `json:"rules"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Name == "" {
		return nil, InvalidArgument("name", ReasonRequired, "")
	}
	if err := firstError(ownedOrganization(c, req.OrganizationID, string(KindPolicy)),
		tooLong("name", req.Name, maxIAMName), tooLong("description", req.Description, maxIAMDescription)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkPrincipal(c, req.principal); err != nil {
		return nil, err
	}
	rules, err := s.newRules(c, req.Rules)
	if err != nil {
		return nil, err
	}
	n := s.add(KindPolicy, &Policy{
		Object:      s.newObject("", req.OrganizationID, ""),
		rights:      allRights,
		principal:   req.principal,
		Name:        req.Name,
		Description: req.Description,
		Tags:        orEmpty(req.Tags),
		Rules:       rules,
	}, nil)
	// The rules are not counted yet.
	v := n.view().(policyView)
	v.Rules, v.Scopes, v.PermissionSets = 0, 0, 0
	return render(v), nil
}

func (s *Server) updatePolicy(c *call) (json.RawMessage, *Error) {
	var req struct {
		principal
		labelsRequest
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.validate(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(KindPolicy, c, c.id, false)
	if err != nil {
		return nil, err
	}
	p := n.Resource.(*Policy)
	if req.given() > 0 {
		if err := s.checkPrincipal(c, req.principal); err != nil {
			return nil, err
		}
		p.principal = req.principal
	}
	req.apply(&p.Name, &p.Description, &p.Tags)
	// The time of the last change stays as it was.
	return render(n.view()), nil
}

func (s *Server) listRules(c *call) (json.RawMessage, *Error) {
	q := c.r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findParent(KindPolicy, c, "policy_id", q.Get("policy_id"))
	if err != nil {
		return nil, err
	}
	all := n.Resource.(*Policy).Rules
	rules, err := onPage(q, all, s.pageLimit)
	if err != nil {
		return nil, err
	}
	return render(map[string]any{"rules": orEmptyRules(rules), "total_count": len(all)}), nil
}

// setRules replaces all rules of a policy.
func (s *Server) setRules(c *call) (json.RawMessage, *Error) {
	var req struct {
		PolicyID string `json:"policy_id"`
		Rules    []Rule `json:"rules"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.findParent(KindPolicy, c, "policy_id", req.PolicyID)
	if err != nil {
		return nil, err
	}
	rules, err := s.newRules(c, req.Rules)
	if err != nil {
		return nil, err
	}
	n.Resource.(*Policy).Rules = rules
	s.begin(n, StatusUpdating)
	return render(map[string]any{"rules": orEmptyRules(rules)}), nil
}

func orEmptyRules(rules []Rule) []Rule {
	if rules == nil {
		return []Rule{}
	}
	return rules
}
