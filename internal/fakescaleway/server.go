// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// maxBody is the largest request body the server reads, in bytes.
const maxBody = 1 << 20

// Regions that regional products are served in.
var regions = []string{"fr-par", "nl-ams", "pl-waw"}

// A product is a part of the API: kinds of objects, and the routes that reach
// them. Adding one to the server is adding it to products.
type product struct {
	kinds     map[Kind]kindSpec
	endpoints func(*Server) []endpoint
}

var products = []product{containers, containerRegistry, accessManagement}

// An endpoint is one method of one route.
type endpoint struct {
	method string
	// route is a template, such as "/containers/v1/regions/{region}/triggers/{id}".
	route  string
	handle handler
	// open says that no API key is needed.
	open bool
	// kind of the objects, for which permissions may be needed.
	kind Kind
}

// A handler applies a request, and returns the JSON to answer, or nil to answer
// without content.
type handler func(*call) (json.RawMessage, *Error)

// A Server is a Scaleway API. Make one with New.
type Server struct {
	transientDelay time.Duration
	tokenDeleting  bool
	localEndpoints bool
	nsNameFilter   bool
	parentNotFound bool
	pageLimit      int
	debug          bool
	now            func() time.Time
	newSigningKey  func() signingKey
	mux            *http.ServeMux
	kinds          map[Kind]kindSpec
	log            requestLog
	faults         faultSet
	limit          requestLimit
	done           chan struct{}
	closeOnce      sync.Once
	httpServer     *http.Server
	url            string
	mu             sync.Mutex // Guards all below.
	keys           map[string]Key
	accessKeys     map[string]string // Of keys that the API has issued, by secret key.
	everIssued     map[string]string // Secret keys, by access key, also of keys that were deleted.
	projects       map[string]string
	objects        map[Kind]map[string]*node
	seq            int
	outcome        func(Transition) Outcome
	listDelay      time.Duration
	gone           []goneNode // While there is a listDelay.
	issuedBy       map[string]signingKey
	tokensDisabled *Error
}

// New returns a server without any keys or objects. It is an http.Handler that
// can be used as it is; Start makes it listen.
func New(opts ...Option) *Server {
	s := &Server{
		now:           time.Now,
		newSigningKey: newSigningKey,
		mux:           http.NewServeMux(),
		kinds:         map[Kind]kindSpec{},
		log:           requestLog{max: defaultRequestLog, counts: map[string]int{}},
		done:          make(chan struct{}),
		keys:          map[string]Key{},
		accessKeys:    map[string]string{},
		everIssued:    map[string]string{},
		projects:      map[string]string{},
		objects:       map[Kind]map[string]*node{},
		issuedBy:      map[string]signingKey{},
	}
	for _, o := range opts {
		o(s)
	}
	routes := map[string]map[string]endpoint{}
	for _, p := range products {
		for k, spec := range p.kinds {
			s.kinds[k] = spec
			s.objects[k] = map[string]*node{}
		}
		for _, e := range p.endpoints(s) {
			if routes[e.route] == nil {
				routes[e.route] = map[string]endpoint{}
			}
			routes[e.route][e.method] = e
		}
	}
	for route, methods := range routes {
		s.mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route, methods) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, "", nil) })
	if s.debug {
		s.handleDebug()
	}
	return s
}

// Start listens on a free port of 127.0.0.1 and returns the URL.
func (s *Server) Start() (url string, err error) { return s.Listen("127.0.0.1:0") }

// Listen is Start with an address, whose host must be a loopback IP address.
func (s *Server) Listen(address string) (url string, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", errors.Wrapf(err, "cannot listen on %q", address)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", errors.Errorf("cannot listen on %q: the fake Scaleway API is for this machine only, so the host must be a loopback IP address such as 127.0.0.1", address)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return "", errors.Wrapf(err, "cannot listen on %q", address)
	}
	s.url = "http://" + l.Addr().String()
	s.httpServer = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go s.httpServer.Serve(l) //nolint:errcheck // Always ErrServerClosed, once Close is called.
	return s.url, nil
}

// URL returns the URL that clients use, without a trailing slash. It is empty
// before Start.
func (s *Server) URL() string { return s.url }

// Close stops listening, lets go of requests that hang or are held, and closes
// all connections.
func (s *Server) Close() {
	s.closeOnce.Do(func() {
		close(s.done)
		if s.httpServer != nil {
			_ = s.httpServer.Close()
		}
	})
}

// TB is the part of testing.TB that NewTestServer needs, so that programs that
// use this package do not link the testing package.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// NewTestServer returns a server that listens until the test ends.
func NewTestServer(t TB, opts ...Option) *Server {
	t.Helper()
	s := New(opts...)
	if _, err := s.Start(); err != nil {
		t.Fatalf("cannot start fake Scaleway API: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP serves a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// An answer is what is sent for a request.
type answer struct {
	status      int
	body        []byte
	contentType string
	header      http.Header
}

func errorAnswer(e *Error) *answer { return &answer{status: e.Status, body: []byte(e.Body)} }

// serve logs a request, lets it run into a fault, applies it, and answers.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, route string, methods map[string]endpoint) {
	start := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	apply := func() (*answer, bool) {
		if err != nil {
			return errorAnswer(PlainError(http.StatusBadRequest, err.Error())), false
		}
		return s.apply(r, route, methods, body)
	}

	var a *answer
	var applied bool
	if s.limit.exceeded(r.Header.Get(authHeader), s.now()) {
		a = &answer{status: http.StatusTooManyRequests, header: http.Header{"X-Envoy-Ratelimited": {"true"}}}
	} else if i := s.faults.hit(r, route, body); i != nil {
		a, applied = s.inject(r, body, i, apply)
	} else {
		a, applied = apply()
	}

	rec := Request{
		Time:      start,
		Duration:  time.Since(start),
		Method:    r.Method,
		Path:      r.URL.Path,
		Route:     route,
		Query:     r.URL.RawQuery,
		SecretKey: r.Header.Get(authHeader),
		UserAgent: r.UserAgent(),
		Body:      body,
		Applied:   applied,
	}
	if a == nil {
		s.log.add(rec)
		panic(http.ErrAbortHandler) // Closes the connection without an answer.
	}
	rec.Status = a.status
	s.log.add(rec)

	maps.Copy(w.Header(), a.header)
	ct := a.contentType
	if ct == "" {
		ct = "application/json"
	}
	w.Header().Set("Content-Type", ct)
	w.Header().Set("X-Request-Id", uuid.NewString())
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // The client may be gone.
}

// apply does what a request asks. It returns the answer, and whether it is a
// success.
func (s *Server) apply(r *http.Request, route string, methods map[string]endpoint, body []byte) (*answer, bool) {
	b, err := s.handle(r, route, methods, body)
	if err != nil {
		return errorAnswer(err), false
	}
	if b == nil {
		return &answer{status: http.StatusNoContent}, true
	}
	return &answer{status: http.StatusOK, body: b}, true
}

// handle finds what serves a request, and whom for.
func (s *Server) handle(r *http.Request, route string, methods map[string]endpoint, body []byte) (json.RawMessage, *Error) {
	// Not recorded: the order of these checks, the answers for an unknown path and
	// method, and the one for a region the API is not served in. The last is not a
	// 404 so that no client takes it for an object that does not exist.
	if route == "" {
		return nil, PlainError(http.StatusNotFound, "path not found")
	}
	e, ok := methods[r.Method]
	if !ok {
		return nil, PlainError(http.StatusMethodNotAllowed, "method not allowed")
	}
	c := &call{r: r, body: body, region: r.PathValue("region")}
	if !e.open {
		if err := s.authenticate(c, e.kind); err != nil {
			return nil, err
		}
	}
	if c.region != "" && !slices.Contains(regions, c.region) {
		return nil, InvalidArgument("region", ReasonConstraint, "must be one of fr-par, nl-ams, pl-waw")
	}
	if c.id = r.PathValue("id"); c.id != "" && uuid.Validate(c.id) != nil {
		// Not recorded.
		return nil, InvalidArgument("id", ReasonFormat, "must be a valid UUID")
	}
	if accessKey := r.PathValue("access_key"); accessKey != "" {
		c.id = accessKey
	}
	return e.handle(c)
}

// A call is a request that was authenticated.
type call struct {
	r   *http.Request
	key Key
	// issued is the same key, if the API has issued it.
	issued *APIKey
	body   []byte
	region string
	id     string
}

// decode reads the body. It ignores members it does not know.
func (c *call) decode(v any) *Error {
	err := json.NewDecoder(bytes.NewReader(c.body)).Decode(v)
	if err == nil || len(c.body) == 0 {
		return nil
	}
	// Not recorded.
	name := "body"
	if te := (*json.UnmarshalTypeError)(nil); errors.As(err, &te) && te.Field != "" {
		name = te.Field
		// The path begins with the Go name of what is embedded in the request.
		if _, after, ok := strings.Cut(name, "Request."); ok {
			name = after
		}
	}
	return InvalidArgument(name, ReasonFormat, err.Error())
}
