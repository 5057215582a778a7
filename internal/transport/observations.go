// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxObservations bounds the memory that observations take. One is read back
// within the reconcile that made it, so it only has to outlive the reconciles
// that run at the same time.
const maxObservations = 4096

// What has just been created is not read twice in freshness. At most maxFresh answers
// are kept for that.
const (
	freshness    = 5 * time.Second
	maxFresh     = 1024
	maxFreshBody = 1 << 16
)

// statusStable is shown to Terraform in place of a transient status. It is a
// value that every kind of object has.
const statusStable = "ready"

// transient are the statuses in which Terraform's waiters poll on, within the
// reconcile and for up to fifteen minutes.
var transient = []string{"creating", "updating", "deleting", "locking", "upgrading", "pending", "queued"}

// An Observation is the state of an object as the API last gave it.
type Observation struct {
	// Status in the API's words, such as creating, ready or error.
	Status string
	// Message with which the API explains the status. May be empty.
	Message string
}

// Transient tells whether the object is on its way to another status.
func (o Observation) Transient() bool {
	return slices.Contains(transient, o.Status)
}

// Observations are the states of objects, as each tenant has been told them.
// Terraform reads the status of some kinds and hides that of others; here it is
// known for all of them.
type Observations struct {
	// Witness tells of the path of a collection whether an object in it is shown only to
	// keys of its own organization. It may be nil: then none is.
	Witness func(path string) bool
	// Recallable tells of the path of a collection whether Recall is to know of objects
	// that are created in it. Nil is none.
	Recallable func(path string) bool

	byObject *lru.Cache[object, Observation]
	fresh    *lru.Cache[object, fresh]
	now      func() time.Time

	mu       sync.Mutex
	expected map[request][]*expectation
	// recalled is how often each object is being recalled.
	recalled map[object]int
}

// fresh is what is known of an object that has just been created.
type fresh struct {
	created time.Time
	// asked tells that the first GET has been sent.
	asked bool
	// body of the answer to it. It is nil before.
	body []byte
}

// isFirst tells whether a request may be the first GET, or be answered like it.
func (f fresh) isFirst(req *http.Request, now time.Time) bool {
	return req.Method == http.MethodGet && req.URL.RawQuery == "" && now.Sub(f.created) <= freshness
}

// A request of an object.
type request struct {
	object

	method string
}

// An expectation of the answer to one request.
type expectation struct {
	answers int
	digest  [sha256.Size]byte
	success bool
}

// An object as a tenant sees it. Two may name one by its path, of whom one is told
// its status and the other that there is none.
type object struct {
	tenant, path string
}

// NewObservations returns an empty set of observations.
func NewObservations() *Observations {
	c, err := lru.New[object, Observation](maxObservations)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	f, err := lru.New[object, fresh](maxFresh)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	return &Observations{byObject: c, fresh: f, now: time.Now, expected: map[request][]*expectation{}, recalled: map[object]int{}}
}

// Recall has a GET of an object, until end is called, answered with what Scaleway has
// answered to the GET that followed the creation of the object by this tenant, unless
// that is longer than five seconds ago, the object was in a transient status, or something
// else has been asked for since. Terraform reads what it has created, and the observation
// by which it becomes Ready would ask the same a moment later. It is recalled once.
func (o *Observations) Recall(t *Tenant, path string) (end func()) {
	if t == nil {
		return func() {}
	}

	key := object{tenant: t.id, path: path}

	o.mu.Lock()
	defer o.mu.Unlock()

	o.recalled[key]++

	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()

		if o.recalled[key]--; o.recalled[key] == 0 {
			delete(o.recalled, key)
		}
	}
}

// recall the answer to a request, if it is to be.
func (o *Observations) recall(t *Tenant, req *http.Request) (*http.Response, []byte) {
	key := object{tenant: t.id, path: req.URL.Path}

	o.mu.Lock()
	defer o.mu.Unlock()

	f, ok := o.fresh.Peek(key)
	if !ok || f.body == nil || o.recalled[key] == 0 || !f.isFirst(req, o.now()) {
		return nil, nil
	}

	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}},
		Request: req,
	}, f.body
}

// ask notes that a request is sent, or answered from memory: whatever it is but the first
// GET, what is known of the object is no longer fresh.
func (o *Observations) ask(t *Tenant, req *http.Request) {
	key := object{tenant: t.id, path: req.URL.Path}

	o.mu.Lock()
	defer o.mu.Unlock()

	switch f, ok := o.fresh.Peek(key); {
	case !ok:
	case !f.asked && f.isFirst(req, o.now()):
		f.asked = true
		o.fresh.Add(key, f)
	default:
		o.fresh.Remove(key)
	}
}

// keep the answer to the first GET of an object, unless something else has been asked for
// meanwhile.
func (o *Observations) keep(key object, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()

	if f, ok := o.fresh.Peek(key); ok && len(body) <= maxFreshBody {
		f.body = body
		o.fresh.Add(key, f)
	}
}

// Get returns the last observation that the tenant has made of the object with the
// supplied path in the API. Nobody, a nil tenant, has made none.
func (o *Observations) Get(t *Tenant, path string) (Observation, bool) {
	if t == nil {
		return Observation{}, false
	}

	return o.byObject.Get(object{tenant: t.id, path: path})
}

// Expect the tenant to make one request of the object with the supplied path, with a
// method such as GET. End returns a digest of what was answered, if there was one
// answer until then, and it was a success.
func (o *Observations) Expect(t *Tenant, method, path string) (end func() (digest [sha256.Size]byte, ok bool)) {
	if t == nil {
		return func() ([sha256.Size]byte, bool) { return [sha256.Size]byte{}, false }
	}

	r, e := request{object: object{tenant: t.id, path: path}, method: method}, &expectation{}

	o.mu.Lock()
	defer o.mu.Unlock()

	o.expected[r] = append(o.expected[r], e)

	return func() ([sha256.Size]byte, bool) {
		o.mu.Lock()
		defer o.mu.Unlock()

		o.expected[r] = slices.DeleteFunc(o.expected[r], func(other *expectation) bool { return other == e })
		if len(o.expected[r]) == 0 {
			delete(o.expected, r)
		}

		return e.digest, e.answers == 1 && e.success
	}
}

// meet the expectations of an answer.
func (o *Observations) meet(t *Tenant, req *http.Request, resp *http.Response, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()

	for _, e := range o.expected[request{object: object{tenant: t.id, path: req.URL.Path}, method: req.Method}] {
		e.answers++
		e.digest = sha256.Sum256(body)
		e.success = resp.StatusCode >= http.StatusOK && resp.StatusCode < http.StatusMultipleChoices
	}
}

// tap notes the status of the object in an answer, and returns the body with a
// stable one where it is transient: Terraform's waiters then return at once,
// instead of holding a worker, and kinds whose ID Terraform records only after
// the wait are never lost in between.
func (o *Observations) tap(t *Tenant, req *http.Request, resp *http.Response, body []byte) []byte {
	o.meet(t, req, resp, body)

	switch {
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"):
		return body
	case resp.StatusCode == http.StatusNotFound:
		o.byObject.Remove(object{tenant: t.id, path: req.URL.Path})
		return body
	case resp.StatusCode >= http.StatusBadRequest:
		return endPolling(body)
	default:
		return o.note(t, req, body)
	}
}

// domainNotValidated begins the message of an error upon which Terraform repeats
// the creation of a domain every five seconds, for up to ten minutes.
const domainNotValidated = "could not validate domain"

// endPolling rewords that message, so that Terraform returns the error: the
// reconciler tries again, with a back-off, and tells the user meanwhile.
func endPolling(body []byte) []byte {
	return bytes.Replace(body, []byte(`"`+domainNotValidated), []byte(`"Scaleway `+domainNotValidated), 1)
}

// note returns the body as Terraform is to see it.
func (o *Observations) note(t *Tenant, req *http.Request, body []byte) []byte {
	var answer struct {
		ID           string `json:"id"`
		Status       string `json:"status"`
		ErrorMessage string `json:"error_message"`
		// Of registry namespaces.
		StatusMessage string `json:"status_message"`

		OrganizationID string `json:"organization_id"`
	}

	// What is not an object with an ID and a status is none of ours.
	if err := json.Unmarshal(body, &answer); err != nil || answer.ID == "" {
		return body
	}

	if collection := strings.TrimSuffix(req.URL.Path, "/"+answer.ID); answer.OrganizationID != "" && o.Witness != nil && o.Witness(collection) {
		t.shown(answer.OrganizationID)
	}

	if answer.Status == "" {
		return body
	}

	key := object{tenant: t.id, path: req.URL.Path}
	if req.Method == http.MethodPost {
		key.path += "/" + answer.ID

		if o.Recallable != nil && o.Recallable(req.URL.Path) {
			o.fresh.Add(key, fresh{created: o.now()})
		}
	}

	seen := Observation{Status: answer.Status, Message: cmp.Or(answer.ErrorMessage, answer.StatusMessage)}
	o.byObject.Add(key, seen)

	if !seen.Transient() {
		if req.Method == http.MethodGet {
			o.keep(key, body)
		}

		return body
	}

	// Into raw values, so that no other value changes its form.
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return body
	}

	fields["status"] = json.RawMessage(`"` + statusStable + `"`)

	stable, err := json.Marshal(fields)
	if err != nil {
		return body
	}

	return stable
}
