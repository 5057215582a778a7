// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A Kind is a kind of object.
type Kind string

// States of an object.
const (
	StatusCreating = "creating"
	StatusUpdating = "updating"
	StatusDeleting = "deleting"
	StatusReady    = "ready"
	StatusError    = "error"
)

// An Object is what the server knows of every object. Some kinds answer more of
// it than others.
type Object struct {
	ID     string `json:"id"`
	Status string `json:"status"`

	// ErrorMessage is not answered if nil.
	ErrorMessage *string `json:"error_message,omitempty"`

	// Region is empty for objects that do not belong to a region.
	Region         string    `json:"-"`
	OrganizationID string    `json:"-"`
	ProjectID      string    `json:"-"`
	CreatedAt      time.Time `json:"-"`
	UpdatedAt      time.Time `json:"-"`
}

// Meta returns the Object itself, so that code can reach it for all kinds.
func (o *Object) Meta() *Object { return o }

// A Resource is an object of one of the kinds, such as a *Container.
type Resource interface {
	Meta() *Object

	// view returns what is written as JSON when the object is read.
	view() any
}

// A kindSpec is what differs between kinds.
type kindSpec struct {
	// plural is the member of a list answer that holds the objects.
	plural string

	// notFound makes the answer for an unknown object, if it is not NotFound.
	notFound func(id string) *Error

	// skips are the transient states that objects do not go through: they are
	// ready, or gone, at once.
	skips []string

	// noContent says that a deletion is answered without content.
	noContent bool

	// removed is called when an object is gone. Optional.
	removed func(*Server, *node)

	// deploys says that the end of a creation or update has a time, to the second,
	// and an error message, which is empty if there was no error.
	deploys bool

	// keepsUpdatedAt says that updated_at does not change when the object is
	// deleted.
	keepsUpdatedAt bool

	// filters say whether an object passes a parameter of a list request.
	filters map[string]filter

	// order returns the values to sort by, for lists that can be sorted by more
	// than created_at.
	order map[string]func(Resource) string
}

// A filter says whether an object passes a value of a parameter. Of several values
// it must pass one.
type filter func(n *node, want string) bool

// is returns the filter for a parameter that must equal a value of the object.
func is(value func(*node) string) filter {
	return func(n *node, want string) bool { return value(n) == want }
}

// A Transition is a state an object has gone into and is to leave by itself.
type Transition struct {
	Kind Kind

	// Status is StatusCreating, StatusUpdating or StatusDeleting.
	Status string

	// Object must not be changed or kept.
	Object Resource
}

// An Outcome says when an object leaves a transient state, and how. It leaves it
// once both Delay is over and Gets were answered.
type Outcome struct {
	// Delay is how long the object stays in the state.
	Delay time.Duration

	// Gets is how many GETs of the object still answer the state.
	Gets int

	// Never leaves the object in the state for good.
	Never bool

	// ErrorMessage, if any, makes the object end in StatusError; an object that was
	// being deleted stays. Without it, the object ends in StatusReady or is gone.
	ErrorMessage string
}

// A node is an object in the store.
type node struct {
	Resource

	kind     Kind
	seq      int
	parent   *node
	children map[*node]struct{}

	// What the object is going through, if its status is transient.
	outcome *Outcome
	since   time.Time
	gets    int
}

func (n *node) id() string { return n.Meta().ID }

// SetOutcome makes fn say how and when creations, updates and deletions end; nil
// goes back to the delay of WithTransientDelay and no errors. Objects that are in
// a transient state already are not affected. fn must not call the server.
func (s *Server) SetOutcome(fn func(Transition) Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcome = fn
}

// newObject returns the common part of an object that is being created. The
// caller must hold the lock.
func (s *Server) newObject(region, organizationID, projectID string) Object {
	now := s.timeNow()
	return Object{
		ID:             uuid.NewString(),
		Region:         region,
		OrganizationID: organizationID,
		ProjectID:      projectID,
		CreatedAt:      now,
		UpdatedAt:      now,
	}
}

func (s *Server) timeNow() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// add stores a new object, whose parent may be nil, and begins its creation.
func (s *Server) add(kind Kind, r Resource, parent *node) *node {
	s.seq++
	n := &node{Resource: r, kind: kind, seq: s.seq, parent: parent, children: map[*node]struct{}{}}
	s.objects[kind][n.id()] = n
	if parent != nil {
		parent.children[n] = struct{}{}
	}
	s.begin(n, StatusCreating)
	return n
}

// remove forgets an object and all it contains.
func (s *Server) remove(n *node) {
	for c := range n.children {
		s.remove(c)
	}
	if n.parent != nil {
		delete(n.parent.children, n)
	}
	delete(s.objects[n.kind], n.id())
	s.noteGone(n)
	if removed := s.kinds[n.kind].removed; removed != nil {
		removed(s, n)
	}
}

// begin puts an object into a transient state.
func (s *Server) begin(n *node, status string) {
	o, spec := n.Meta(), s.kinds[n.kind]
	o.Status = status
	o.ErrorMessage = nil
	n.since = s.timeNow()
	n.gets = 0
	n.outcome = &Outcome{Delay: s.transientDelay}
	switch {
	case slices.Contains(spec.skips, status):
		o.Status, n.outcome = StatusReady, nil
	case s.outcome != nil:
		out := s.outcome(Transition{Kind: n.kind, Status: status, Object: n.Resource})
		n.outcome = &out
	}
	if status != StatusCreating && (status != StatusDeleting || !spec.keepsUpdatedAt) {
		o.UpdatedAt = n.since
	}
}

// settle lets an object, and before it all that contain it, leave the transient
// states whose time is over. It returns false if the object is gone.
func (s *Server) settle(n *node, get bool) bool {
	if n.parent != nil && !s.settle(n.parent, false) {
		return false
	}
	if n.outcome == nil {
		return true
	}
	end := n.since.Add(n.outcome.Delay)
	if n.outcome.Never || s.timeNow().Before(end) {
		return true
	}
	if n.gets < n.outcome.Gets {
		if get {
			n.gets++
		}
		return true
	}
	o, spec := n.Meta(), s.kinds[n.kind]
	if o.Status == StatusDeleting && n.outcome.ErrorMessage == "" {
		s.remove(n)
		return false
	}
	o.Status = StatusReady
	if n.outcome.ErrorMessage != "" {
		o.Status = StatusError
	}
	if spec.deploys || n.outcome.ErrorMessage != "" {
		msg := n.outcome.ErrorMessage
		o.ErrorMessage = &msg
	}
	if spec.deploys {
		o.UpdatedAt = end.Truncate(time.Second)
	}
	n.outcome = nil
	return true
}

// find returns an object that a key can reach.
func (s *Server) find(kind Kind, c *call, id string, get bool) (*node, *Error) {
	n, ok := s.objects[kind][id]
	// Not recorded: an object of another organization is answered like one that
	// does not exist, so that its existence is not given away.
	if ok && n.Meta().Region == c.region && n.Meta().OrganizationID == c.key.OrganizationID && s.reaches(c, n) && s.settle(n, get) {
		return n, nil
	}
	if nf := s.kinds[kind].notFound; nf != nil {
		return nil, nf(id)
	}
	return nil, NotFound(string(kind), id)
}

// findParent returns the object named by a member of a creation request.
func (s *Server) findParent(kind Kind, c *call, name, id string) (*node, *Error) {
	if id == "" {
		return nil, InvalidArgument(name, ReasonRequired, "")
	}
	if uuid.Validate(id) != nil {
		return nil, InvalidArgument(name, ReasonFormat, "must be a valid UUID")
	}
	n, err := s.find(kind, c, id, false)
	if err != nil {
		return nil, err
	}
	// Not recorded. Creation in an object that is itself being created is accepted,
	// although the Terraform provider always waits first.
	if st := n.Meta().Status; st == StatusDeleting {
		return nil, TransientState(string(kind), id, st)
	}
	return n, nil
}

// findToChange returns the object that an update request is about.
func (s *Server) findToChange(kind Kind, c *call) (*node, *Error) {
	n, err := s.find(kind, c, c.id, false)
	if err != nil {
		return nil, err
	}
	// Not recorded: the Terraform provider waits before each update.
	if st := n.Meta().Status; st == StatusCreating || st == StatusUpdating || st == StatusDeleting {
		return nil, TransientState(string(kind), c.id, st)
	}
	return n, nil
}

// render returns the JSON of a value.
func render(v any) json.RawMessage {
	b := &bytes.Buffer{}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false) // The API writes <hidden> as it is.
	if err := e.Encode(v); err != nil {
		// Only this package's own plain structs get here.
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// get returns the handler that reads one object.
func (s *Server) get(kind Kind) handler {
	return func(c *call) (json.RawMessage, *Error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		n, err := s.find(kind, c, c.id, true)
		if err != nil {
			return nil, err
		}
		return render(n.view()), nil
	}
}

// delete returns the handler that deletes one object and all it contains.
func (s *Server) delete(kind Kind) handler {
	return func(c *call) (json.RawMessage, *Error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		n, err := s.find(kind, c, c.id, false)
		if err != nil {
			return nil, err
		}
		s.beginDelete(n)
		if s.kinds[kind].noContent {
			return nil, nil
		}
		return render(n.view()), nil
	}
}

// beginDelete begins the deletion of an object and of all it contains, if it has
// not begun. Not recorded: what is contained is in the same state meanwhile, and
// deleting an object again changes nothing.
func (s *Server) beginDelete(n *node) {
	if n.Meta().Status == StatusDeleting && n.outcome != nil {
		return
	}
	for c := range n.children {
		s.beginDelete(c)
	}
	s.begin(n, StatusDeleting)
	if n.kind == KindToken && !s.tokenDeleting || slices.Contains(s.kinds[n.kind].skips, StatusDeleting) {
		// Not recorded: whether a token is answered as deleting before it is gone.
		s.remove(n)
	}
}

// Pages of a list. Not recorded: the page size when none is asked for, and the
// answer when too much is.
const (
	defaultPageSize = 20
	maxPageSize     = 100
)

// list returns the handler that lists objects.
func (s *Server) list(kind Kind) handler {
	return func(c *call) (json.RawMessage, *Error) {
		q := c.r.URL.Query()
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.checkParents(c, kind, q); err != nil {
			return nil, err
		}
		all := s.listable(kind, func(n *node) bool {
			o := n.Meta()
			return o.Region == c.region && o.OrganizationID == c.key.OrganizationID && s.reaches(c, n) && s.selected(n, q)
		})
		if err := s.sort(all, kind, q.Get("order_by")); err != nil {
			return nil, err
		}
		shown, err := onPage(q, all, s.pageLimit)
		if err != nil {
			return nil, err
		}
		views := []any{}
		for _, n := range shown {
			views = append(views, n.view())
		}
		return render(map[string]any{s.kinds[kind].plural: views, "total_count": len(all)}), nil
	}
}

// onPage returns the items that are on the page that a list request asks for: at most
// limit, if there is one.
func onPage[T any](q url.Values, items []T, limit int) ([]T, *Error) {
	page, err := positive(q, "page", 1, 1<<30)
	if err != nil {
		return nil, err
	}
	size, err := positive(q, "page_size", defaultPageSize, maxPageSize)
	if err != nil {
		return nil, err
	}
	if limit > 0 {
		size = min(size, limit)
	}
	from := min((page-1)*size, len(items))
	return items[from:min(from+size, len(items))], nil
}

// selected says whether an object passes the filters of a list request.
func (s *Server) selected(n *node, q url.Values) bool {
	for name, passes := range s.kinds[n.kind].filters {
		// Clients send an enum that they do not filter by as unknown_something.
		if want := q.Get(name); want == "" || strings.HasPrefix(want, "unknown_") {
			continue
		}
		if name == "name" && n.kind == KindNamespace && !s.nsNameFilter {
			continue
		}
		if !slices.ContainsFunc(q[name], func(want string) bool { return passes(n, want) }) {
			return false
		}
	}
	return true
}

// sort sorts objects by a value of the order_by parameter, created_at_asc if it
// is empty.
func (s *Server) sort(ns []*node, kind Kind, orderBy string) *Error {
	field, desc := strings.CutSuffix(orderBy, "_desc")
	field = strings.TrimSuffix(field, "_asc")
	compare := byAge
	if value, ok := s.kinds[kind].order[field]; ok {
		compare = func(a, b *node) int {
			return cmp.Or(cmp.Compare(value(a.Resource), value(b.Resource)), byAge(a, b))
		}
	} else if field != "" && field != "created_at" {
		return InvalidArgument("order_by", ReasonConstraint, "")
	}
	slices.SortFunc(ns, func(a, b *node) int {
		if desc {
			return compare(b, a)
		}
		return compare(a, b)
	})
	return nil
}

// byAge sorts by the time of creation.
func byAge(a, b *node) int {
	return cmp.Or(a.Meta().CreatedAt.Compare(b.Meta().CreatedAt), cmp.Compare(a.seq, b.seq))
}

// positive returns a query parameter that is a number from 1 to limit.
func positive(q url.Values, name string, unset, limit int) (int, *Error) {
	v := q.Get(name)
	if v == "" {
		return unset, nil
	}
	i, err := strconv.Atoi(v)
	if err != nil {
		return 0, InvalidArgument(name, ReasonFormat, "must be a number")
	}
	if i < 1 || i > limit {
		return 0, InvalidArgument(name, ReasonConstraint, "must be from 1 to "+strconv.Itoa(limit))
	}
	return i, nil
}

// ownedProject returns an error if a key may not create resource in a project.
func (s *Server) ownedProject(c *call, projectID, resource string) *Error {
	// Not recorded: whether a request without a project is refused, and the answer
	// for a project of another organization.
	if projectID == "" {
		return InvalidArgument("project_id", ReasonRequired, "")
	}
	if uuid.Validate(projectID) != nil {
		return InvalidArgument("project_id", ReasonFormat, "must be a valid UUID")
	}
	if s.projects[projectID] != c.key.OrganizationID {
		return PermissionsDenied("write", resource)
	}
	return nil
}

// crud returns the endpoints of a kind that is created, read, listed, changed
// and deleted like most are. A kind without update cannot be changed.
func (s *Server) crud(kind Kind, route string, create, update handler) []endpoint {
	es := []endpoint{
		{method: http.MethodPost, route: route, handle: create, kind: kind},
		{method: http.MethodGet, route: route, handle: s.list(kind), kind: kind},
		{method: http.MethodGet, route: route + "/{id}", handle: s.get(kind), kind: kind},
		{method: http.MethodDelete, route: route + "/{id}", handle: s.delete(kind), kind: kind},
	}
	if update != nil {
		es = append(es, endpoint{method: http.MethodPatch, route: route + "/{id}", handle: update, kind: kind})
	}
	return es
}
