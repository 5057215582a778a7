// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Fault says which requests go wrong, and how. The first fault injected that
// matches a request is the one that happens.
//
// The steps happen in the order of the fields below: wait for Delay, drop before
// applying, apply, hang or hold, drop after applying, edit, answer. A fault with no
// Status lets the API answer as usual in the end, so that a Fault with only a
// Delay or Hold slows a request down without failing it, and one with nothing but
// a Route just counts.
//
// Go's HTTP client sends a GET again by itself if a connection that it reuses is
// closed before the first byte of the answer; such a request shows up twice.
type Fault struct {
	// Method and Route (a template, as in Request.Route) of the requests that go
	// wrong. Empty means any.
	Method string
	Route  string

	// Match further limits which requests go wrong. It may read the body. It is
	// called by one request at a time, and must not inject or remove faults.
	Match func(*http.Request) bool

	// After is how many matching requests are served as usual first.
	After int

	// Times is how many requests then go wrong; 0 for all until Remove.
	Times int

	// Delay is waited for before anything else. A client that goes away meanwhile
	// ends the request.
	Delay time.Duration

	// DropBefore closes the connection without applying the request: after Release, if
	// there is Hold.
	DropBefore bool

	// Apply does what the request asks before Status is answered: "applied, then
	// failed".
	Apply bool

	// Hang waits until Release, or until the client goes away. If the client goes
	// away, the request is not applied unless it already was.
	Hang bool

	// Hold waits until Release, even if the client goes away.
	Hold bool

	// DropAfter applies the request and closes the connection.
	DropAfter bool

	// Edit changes what the API answers with success, as JSON. It is called by one
	// request at a time, and must not call the server.
	Edit func(answer []byte) []byte

	// Status is the code to answer instead of what the API would.
	Status int

	// Body is answered with Status. It may be empty.
	Body string

	// Quote answers Status with an error whose message is Body, and after it all that
	// was sent, the API key included, as a proxy does that shows what it refuses.
	Quote bool

	// Header is added to the answer with Status.
	Header http.Header

	// ContentType is "application/json" if empty.
	ContentType string
}

// An InjectedFault is a fault that requests may run into.
type InjectedFault struct {
	fault    Fault
	set      *faultSet
	arrived  chan struct{}
	released chan struct{}
	release  sync.Once

	// Guarded by set.mu.
	seen int
	hits int
}

// maxArrivals is how many arrivals can wait to be received from Arrived.
const maxArrivals = 4096

type faultSet struct {
	mu   sync.Mutex
	list []*InjectedFault
}

// Inject makes matching requests go wrong from now on.
func (s *Server) Inject(f Fault) *InjectedFault {
	i := &InjectedFault{
		fault:    f,
		set:      &s.faults,
		arrived:  make(chan struct{}, maxArrivals),
		released: make(chan struct{}),
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, i)
	return i
}

// Remove ends the fault, and releases the requests it holds.
func (i *InjectedFault) Remove() {
	i.set.mu.Lock()
	i.set.list = slices.DeleteFunc(i.set.list, func(o *InjectedFault) bool { return o == i })
	i.set.mu.Unlock()
	i.Release()
}

// Hits returns how many requests have run into the fault.
func (i *InjectedFault) Hits() int {
	i.set.mu.Lock()
	defer i.set.mu.Unlock()
	return i.hits
}

// Arrived receives one value per request that has run into the fault: after its
// Delay, after it was applied if it is, and before it hangs or is held.
func (i *InjectedFault) Arrived() <-chan struct{} { return i.arrived }

// Release lets all requests that the fault holds, and all that come, go on.
func (i *InjectedFault) Release() {
	i.release.Do(func() { close(i.released) })
}

// hit returns the fault a request runs into, or nil.
func (fs *faultSet) hit(r *http.Request, route string, body []byte) *InjectedFault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, i := range fs.list {
		f := &i.fault
		if f.Method != "" && f.Method != r.Method || f.Route != "" && f.Route != route {
			continue
		}
		if f.Match != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			if !f.Match(r) {
				continue
			}
		}
		if f.Times > 0 && i.hits >= f.Times {
			continue
		}
		i.seen++
		if i.seen <= f.After {
			continue
		}
		i.hits++
		return i
	}
	return nil
}

// quote returns the body of an error that quotes a request.
func quote(message string, r *http.Request, body []byte) []byte {
	b, err := json.Marshal(map[string]string{"message": fmt.Sprintf("%s: %s %s %v %s", message, r.Method, r.URL, r.Header, body)})
	if err != nil {
		panic(err) // Strings always marshal.
	}
	return b
}

// inject serves a request that has run into a fault. It returns the answer, and
// whether the request was applied. There is no answer if the connection is to be
// dropped.
func (s *Server) inject(r *http.Request, body []byte, i *InjectedFault, apply func() (*answer, bool)) (a *answer, applied bool) {
	ctx, f := r.Context(), &i.fault
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-ctx.Done():
			return nil, false
		case <-s.done:
			return nil, false
		}
	}
	if f.DropBefore {
		i.arrive()
		if f.Hold {
			select {
			case <-i.released:
			case <-s.done:
			}
		}
		return nil, false
	}
	if f.Apply || f.DropAfter {
		a, applied = apply()
	}
	i.arrive()
	if f.Hang || f.Hold {
		gone := ctx.Done()
		if f.Hold {
			gone = nil
		}
		select {
		case <-i.released:
		case <-gone:
			return nil, applied
		case <-s.done:
			return nil, applied
		}
	}
	if f.DropAfter {
		return nil, applied
	}
	if f.Status != 0 {
		said := []byte(f.Body)
		if f.Quote {
			said = quote(f.Body, r, body)
		}
		return &answer{status: f.Status, body: said, contentType: f.ContentType, header: f.Header}, applied
	}
	if a == nil {
		a, applied = apply()
	}
	if f.Edit != nil && applied && a.body != nil {
		i.set.mu.Lock()
		defer i.set.mu.Unlock()
		a.body = f.Edit(a.body)
	}
	return a, applied
}

func (i *InjectedFault) arrive() {
	select {
	case i.arrived <- struct{}{}:
	default:
		// Nobody has received the last maxArrivals; a request must not wait for it.
	}
}
