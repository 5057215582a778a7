// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"time"
)

// An Option changes how a server behaves.
type Option func(*Server)

// WithTransientDelay makes objects stay in "creating", "updating" and "deleting"
// for d. Without it, an object has its final state at the first GET after the
// request that changed it.
func WithTransientDelay(d time.Duration) Option {
	return func(s *Server) { s.transientDelay = d }
}

// WithOutcome is SetOutcome from the start.
func WithOutcome(fn func(Transition) Outcome) Option {
	return func(s *Server) { s.outcome = fn }
}

// WithTokenDeleting makes a deleted token answer "deleting" for as long as other
// objects do. Without it, a token is gone at once.
func WithTokenDeleting() Option {
	return func(s *Server) { s.tokenDeleting = true }
}

// WithNamespaceNameFilter makes the list of container namespaces honour its name
// filter. The real API was recorded ignoring it.
func WithNamespaceNameFilter() Option {
	return func(s *Server) { s.nsNameFilter = true }
}

// WithPageLimit makes lists answer at most n objects on a page, however many are asked
// for, so that a few objects fill several pages. Not recorded: whether the real API
// reduces a page size that is too large, or refuses it.
func WithPageLimit(n int) Option {
	return func(s *Server) { s.pageLimit = n }
}

// WithListDelay is SetListDelay from the start.
func WithListDelay(d time.Duration) Option {
	return func(s *Server) { s.listDelay = d }
}

// WithUnknownParentNotFound makes a list by a parent that is not there, or that belongs
// to another organization, answer 404. Without it, such a list is empty. Not recorded:
// which of them the real API does.
func WithUnknownParentNotFound() Option {
	return func(s *Server) { s.parentNotFound = true }
}

// WithLocalEndpoints makes the public endpoint of a container an address of this
// server, which checks who calls as RouteCall does. The real ones are host names
// that no test can resolve.
func WithLocalEndpoints() Option {
	return func(s *Server) { s.localEndpoints = true }
}

// WithSharedSigningKey makes all container namespaces, of all servers in this
// process that have this option, sign with one key, because making a key per
// namespace takes minutes for thousands of them.
func WithSharedSigningKey() Option {
	return func(s *Server) { s.newSigningKey = func() signingKey { return sharedSigningKey } }
}

// WithRequestLog makes Requests keep the newest n requests, instead of 10,000.
func WithRequestLog(n int) Option {
	return func(s *Server) { s.log.max = n }
}

// WithRequestLimit makes the server answer 429 to all but n requests of an API key in each
// second, as Scaleway's proxy does: with no body, and without saying when to try again. Its
// support has named 100. Where a second begins and ends there is not known.
func WithRequestLimit(n int) Option {
	return func(s *Server) { s.limit.most = n }
}

// WithClock makes the server use now for all times it answers or waits for.
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.now = now }
}

// WithDebug serves what the server holds and was asked under /_fake/, a path the
// real API does not have.
func WithDebug() Option {
	return func(s *Server) { s.debug = true }
}
