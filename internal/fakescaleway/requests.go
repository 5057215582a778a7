// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// defaultRequestLog is how many requests are kept unless WithRequestLog says
// otherwise: enough for a test, small enough for a run with 10,000 objects.
const defaultRequestLog = 10000

// A Request is one request the server has received and answered or dropped.
type Request struct {
	// Time is when it arrived, and Duration how long until it was answered.
	Time     time.Time
	Duration time.Duration

	Method string
	Path   string

	// Route is the template that Path matched, such as
	// "/containers/v1beta1/regions/{region}/tokens/{id}". It is empty for a path
	// the API does not have.
	Route string

	// Query is the raw query, without the question mark.
	Query string

	// SecretKey is the X-Auth-Token, so that a test can tell tenants apart.
	SecretKey string

	UserAgent string
	Body      []byte

	// Status is the code answered; 0 if the connection was dropped.
	Status int

	// Applied says whether the API did what was asked, whatever the client was
	// told: it is true for a request that was applied and then failed by a fault.
	Applied bool
}

// requestLog keeps the newest requests, and counts them all.
type requestLog struct {
	mu     sync.Mutex
	max    int
	kept   []Request
	oldest int
	counts map[string]int
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[r.Method+" "+r.Route]++
	switch {
	case l.max <= 0:
	case len(l.kept) < l.max:
		l.kept = append(l.kept, r)
	default:
		l.kept[l.oldest] = r
		l.oldest = (l.oldest + 1) % l.max
	}
}

// Requests returns the newest requests in the order they were answered: at most
// as many as WithRequestLog keeps. A request is there once it is answered or
// dropped.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return append(slices.Clone(s.log.kept[s.log.oldest:]), s.log.kept[:s.log.oldest]...)
}

// ResetRequests forgets all requests and sets all counts to zero.
func (s *Server) ResetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.kept, s.log.oldest, s.log.counts = nil, 0, map[string]int{}
}

// Count returns how many requests of a method and route were answered or dropped
// since the start or ResetRequests, including those no longer kept. An empty
// method or route counts any.
func (s *Server) Count(method, route string) int {
	n := 0
	for k, c := range s.Counts() {
		m, r, _ := strings.Cut(k, " ")
		if (method == "" || m == method) && (route == "" || r == route) {
			n += c
		}
	}
	return n
}

// Counts returns how many requests there were per "METHOD route".
func (s *Server) Counts() map[string]int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return maps.Clone(s.log.counts)
}
