// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxObservations bounds the memory that observations take. One is read back
// within the reconcile that made it, so it only has to outlive the reconciles
// that run at the same time.
const maxObservations = 4096

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

// Observations are the states of objects, by their path in the API. Terraform
// reads the status of some kinds and hides that of others; here it is known for
// all of them.
type Observations struct {
	byPath *lru.Cache[string, Observation]
}

// NewObservations returns an empty set of observations.
func NewObservations() *Observations {
	c, err := lru.New[string, Observation](maxObservations)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}

	return &Observations{byPath: c}
}

// Get returns the last observation of the object with the supplied path.
func (o *Observations) Get(path string) (Observation, bool) {
	return o.byPath.Get(path)
}

// tap notes the status of the object in an answer, and returns the body with a
// stable one where it is transient: Terraform's waiters then return at once,
// instead of holding a worker, and kinds whose ID Terraform records only after
// the wait are never lost in between.
func (o *Observations) tap(req *http.Request, resp *http.Response, body []byte) []byte {
	switch {
	case !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"):
		return body
	case resp.StatusCode == http.StatusNotFound:
		o.byPath.Remove(req.URL.Path)
		return body
	case resp.StatusCode >= http.StatusBadRequest:
		return endPolling(body)
	default:
		return o.note(req, body)
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
func (o *Observations) note(req *http.Request, body []byte) []byte {
	var object struct {
		ID           string `json:"id"`
		Status       string `json:"status"`
		ErrorMessage string `json:"error_message"`
		// Of registry namespaces.
		StatusMessage string `json:"status_message"`
	}

	// What is not an object with an ID and a status is none of ours.
	if err := json.Unmarshal(body, &object); err != nil || object.ID == "" || object.Status == "" {
		return body
	}

	path := req.URL.Path
	if req.Method == http.MethodPost {
		path += "/" + object.ID
	}

	seen := Observation{Status: object.Status, Message: cmp.Or(object.ErrorMessage, object.StatusMessage)}
	o.byPath.Add(path, seen)

	if !seen.Transient() {
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
