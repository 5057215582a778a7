// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/version"
)

// newTransport returns a Transport whose options are filled up with what they
// must have.
func newTransport(o Options) *Transport {
	if o.Observations == nil {
		o.Observations = NewObservations()
	}

	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}

	if o.Permits == nil {
		o.Permits = issue.NewPermits()
	}

	if o.Tenants == nil {
		o.Tenants = NewTenants(Pace{}, logging.NewNopLogger())
	}

	if o.Metrics == nil {
		o.Metrics = NewMetrics(o.Tenants, "/containers/v1/regions/{region}/containers/{id}")
	}

	t, err := New(o)
	if err != nil {
		panic(err)
	}

	return t
}

// secretKey of the tenant that the tests make requests of.
const secretKey = "55555555-5555-4555-8555-555555555555"

// newRequest of the tenant, who may send it.
func newRequest(ctx context.Context, t *testing.T, rt *Transport, method, url, body string) *http.Request {
	t.Helper()

	if err := rt.options.Tenants.Register(ctx, secretKey, url); err != nil {
		t.Fatal(err)
	}

	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	req.Header.Set(headerKey, secretKey)

	return req
}

// send a request, and read the answer to its end.
func send(t *testing.T, rt *Transport, method, url, body string) (*http.Response, string) {
	t.Helper()

	return answerTo(t, rt, newRequest(t.Context(), t, rt, method, url, body))
}

// answerTo a request, read to its end.
func answerTo(t *testing.T, rt *Transport, req *http.Request) (*http.Response, string) {
	t.Helper()

	// Unlike an http.Client, which would follow redirects and fill in headers.
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}

	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}

	return resp, string(b)
}

// closedPort returns the URL of a server that is gone.
func closedPort() string {
	s := httptest.NewServer(nil)
	s.Close()

	return s.URL
}

// breakOff ends the connection in the middle of the answer.
func breakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"id": "1", "status": "ready"`))
	_ = http.NewResponseController(w).Flush()

	panic(http.ErrAbortHandler)
}

// hang until the client gives up.
func hang(_ http.ResponseWriter, r *http.Request) {
	// Unless the body is read, the server does not notice that the client is gone.
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestRoundTripRequest(t *testing.T) {
	type want struct {
		userAgent string
		token     string
		body      string
	}

	cases := map[string]struct {
		reason string
		header http.Header
		body   string
		want   want
	}{
		"UserAgent": {
			reason: "Scaleway is told that it is this provider that calls, and with what.",
			header: http.Header{"User-Agent": {"terraform-provider/2.0.0"}, "X-Auth-Token": {secretKey}},
			want:   want{userAgent: version.UserAgent() + " terraform-provider/2.0.0", token: secretKey},
		},
		"NoUserAgent": {
			reason: "There may be nothing to add the provider's name to.",
			header: http.Header{"X-Auth-Token": {secretKey}},
			want:   want{userAgent: version.UserAgent(), token: secretKey},
		},
		"Body": {
			reason: "The body is sent as it is.",
			header: http.Header{"X-Auth-Token": {secretKey}},
			body:   `{"name": "api"}`,
			want:   want{userAgent: version.UserAgent(), token: secretKey, body: `{"name": "api"}`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got want

			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}

				got = want{userAgent: r.Header.Get("User-Agent"), token: r.Header.Get("X-Auth-Token"), body: string(b)}
			}))
			t.Cleanup(s.Close)

			rt := newTransport(Options{})
			req := newRequest(t.Context(), t, rt, http.MethodPost, s.URL+containersPath, tc.body)
			req.Header = tc.header.Clone()
			answerTo(t, rt, req)

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want sent, +got sent:\n%s", tc.reason, diff)
			}

			// Whoever sends it again would have the provider's name added each time.
			if diff := cmp.Diff(tc.header, req.Header); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): the caller's request changed: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Terraform repeats what gets no answer, a 429 or a 5xx, and sleeps meanwhile.
func TestRoundTripFinal(t *testing.T) {
	const final = http.StatusFailedDependency

	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}

	type want struct {
		status int
		body   string
		// retryAfter would have Terraform repeat the request as well.
		retryAfter string
	}

	cases := map[string]struct {
		reason  string
		handler http.HandlerFunc
		timeout time.Duration
		want    want
	}{
		"TooManyRequests": {
			reason:  "The reconciler backs off, without holding a worker.",
			handler: answer(http.StatusTooManyRequests, `{"message": "slow down"}`),
			want:    want{status: final, body: `Scaleway answered GET ` + containerPath + ` with 429 Too Many Requests: slow down`},
		},
		"InternalServerError": {
			reason:  "An error of Scaleway's ends the reconcile.",
			handler: answer(http.StatusInternalServerError, `{"message": "oops"}`),
			want:    want{status: final, body: `Scaleway answered GET ` + containerPath + ` with 500 Internal Server Error: oops`},
		},
		"BadGatewayOfSomethingElse": {
			reason:  "What is between here and Scaleway answers in HTML, which is no message.",
			handler: answer(http.StatusBadGateway, `<html><body>Bad Gateway</body></html>`),
			want:    want{status: final, body: `Scaleway answered GET ` + containerPath + ` with 502 Bad Gateway"`},
		},
		"GatewayTimeoutWithoutMessage": {
			reason:  "JSON may hold no message either.",
			handler: answer(http.StatusGatewayTimeout, `{}`),
			want:    want{status: final, body: `Scaleway answered GET ` + containerPath + ` with 504 Gateway Timeout"`},
		},
		"ServiceUnavailable": {
			reason:  "There may be no body at all.",
			handler: answer(http.StatusServiceUnavailable, ``),
			want:    want{status: final, body: `Scaleway answered GET ` + containerPath + ` with 503 Service Unavailable"`},
		},
		"NotImplemented": {
			reason:  "Terraform does not repeat it, and Scaleway's own words say more.",
			handler: answer(http.StatusNotImplemented, `{"message":"never"}`),
			want:    want{status: http.StatusNotImplemented, body: `{"message":"never"}`, retryAfter: "60"},
		},
		"BadRequest": {
			reason:  "What is wrong with a request is for Terraform to say.",
			handler: answer(http.StatusBadRequest, `{"message":"wrong"}`),
			want:    want{status: http.StatusBadRequest, body: `{"message":"wrong"}`, retryAfter: "60"},
		},
		"NotFound": {
			reason:  "So is that there is nothing.",
			handler: answer(http.StatusNotFound, `{"message":"gone"}`),
			want:    want{status: http.StatusNotFound, body: `{"message":"gone"}`, retryAfter: "60"},
		},
		"Refused": {
			reason: "Nobody answers.",
			want:   want{status: final, body: `no answer from Scaleway to GET ` + containerPath + `: dial tcp`},
		},
		"BrokenOff": {
			reason:  "Half an answer must not be taken for a whole one.",
			handler: breakOff,
			want:    want{status: final, body: `no answer from Scaleway to GET ` + containerPath + `: the answer cannot be read`},
		},
		"Hangs": {
			reason:  "A server that hangs would hold a worker for ever.",
			handler: hang,
			timeout: 50 * time.Millisecond,
			want:    want{status: final, body: `no answer from Scaleway to GET ` + containerPath + `: context deadline exceeded`},
		},
		"HangsInTheMiddle": {
			reason: "So would one that never ends its answer.",
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush()
				hang(w, r)
			},
			timeout: time.Second,
			want:    want{status: final, body: `no answer from Scaleway to GET ` + containerPath + `: the answer cannot be read: context deadline exceeded`},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			url := closedPort()

			if tc.handler != nil {
				s := httptest.NewServer(tc.handler)
				t.Cleanup(s.Close)

				url = s.URL
			}

			resp, body := send(t, newTransport(Options{Timeout: tc.timeout}), http.MethodGet, url+containerPath, "")

			// The rest of the text is the operating system's, or names a port.
			if !strings.Contains(body, tc.want.body) {
				t.Errorf("\n%s\nRoundTrip(...): want body with %q, got %q", tc.reason, tc.want.body, body)
			}

			got := want{status: resp.StatusCode, body: tc.want.body, retryAfter: resp.Header.Get("Retry-After")}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff("application/json", resp.Header.Get("Content-Type")); tc.want.status == final && diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): the Scaleway SDK reads the message of JSON only: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(int64(len(body)), resp.ContentLength); diff != "" {
				t.Errorf("\n%s\nRoundTrip(...): -want length, +got length:\n%s", tc.reason, diff)
			}
		})
	}
}

// A reconcile that is over must not wait for an answer.
func TestRoundTripCallerGivesUp(t *testing.T) {
	arrived := make(chan struct{})

	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		hang(w, r)
	}))
	t.Cleanup(s.Close)

	ctx, cancel := context.WithCancel(t.Context())

	go func() {
		<-arrived
		cancel()
	}()

	rt := newTransport(Options{})
	resp, body := answerTo(t, rt, newRequest(ctx, t, rt, http.MethodGet, s.URL+containerPath, ""))

	want := `{"message":"no answer from Scaleway to GET ` + containerPath + `: context canceled"}`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("RoundTrip(...): -want body, +got body:\n%s", diff)
	}

	if diff := cmp.Diff(http.StatusFailedDependency, resp.StatusCode); diff != "" {
		t.Errorf("RoundTrip(...): -want status, +got status:\n%s", diff)
	}
}

// Answers are read to their end, which must not exhaust the memory.
func TestRoundTripBoundsAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, maxBody+1))
	}))
	t.Cleanup(s.Close)

	_, body := send(t, newTransport(Options{}), http.MethodGet, s.URL+containerPath, "")

	if len(body) > maxBody {
		t.Errorf("RoundTrip(...): want an answer of at most %d bytes, got %d", maxBody, len(body))
	}
}

func TestInstall(t *testing.T) {
	before := http.DefaultTransport

	t.Cleanup(func() { http.DefaultTransport = before })

	want := newTransport(Options{})
	want.Install()

	// The Terraform provider builds its clients on this.
	if got := http.DefaultTransport; got != want {
		t.Errorf("Install(): want http.DefaultTransport to be %p, got %v", want, got)
	}
}

// Go's http.Transport keeps two connections for each host, and would open a new one
// for most requests. One for each that is on its way is enough.
func TestConnectionsAreReused(t *testing.T) {
	const workers, each = 40, 25

	var opened atomic.Int64

	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Millisecond) }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)

	rt := newTransport(Options{Connections: workers})

	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				send(t, rt, http.MethodGet, s.URL+containerPath, "")
			}
		})
	}

	group.Wait()
	t.Logf("%d requests of %d workers took %d connections", workers*each, workers, opened.Load())

	// Now and then one is dialled, and another gets free before it is there.
	if got := opened.Load(); got > 2*workers {
		t.Errorf("%d requests of %d workers took %d connections, want at most %d", workers*each, workers, got, 2*workers)
	}
}

// Authorities of one's own are trusted besides the system's, and only if one says so.
func TestCABundle(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)

	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})

	if _, body := send(t, newTransport(Options{CABundle: bundle}), http.MethodGet, s.URL+containerPath, ""); body != "{}" {
		t.Errorf("with the bundle: want an answer, got %s", body)
	}

	if _, body := send(t, newTransport(Options{}), http.MethodGet, s.URL+containerPath, ""); !strings.Contains(body, "certificate signed by unknown authority") {
		t.Errorf("without the bundle: want the certificate refused, got %s", body)
	}

	_, err := New(Options{CABundle: []byte("no PEM")})
	if want := "the CA bundle holds no certificate in the form of PEM"; err == nil || err.Error() != want {
		t.Errorf("New(...): want the error %q, got %v", want, err)
	}
}

// No path becomes a time series of its own.
func TestRoutes(t *testing.T) {
	m := NewMetrics(NewTenants(Pace{}, logging.NewNopLogger()),
		"/containers/v1/regions/{region}/triggers/{id}", "/containers/v1/regions/{region}/triggers/{id}", "/iam/v1alpha1/applications/{id}")

	cases := map[string]struct {
		reason string
		path   string
		want   string
	}{
		"Object":     {reason: "Objects of a kind are one route.", path: "/containers/v1/regions/fr-par/triggers/1", want: "/containers/v1/regions/{region}/triggers/{id}"},
		"Collection": {reason: "So is the collection that they are in.", path: "/containers/v1/regions/nl-ams/triggers", want: "/containers/v1/regions/{region}/triggers"},
		"Global":     {reason: "Not every kind has a region.", path: "/iam/v1alpha1/applications/1", want: "/iam/v1alpha1/applications/{id}"},
		"Below":      {reason: "What no kind declares is not told apart.", path: "/containers/v1/regions/fr-par/triggers/1/logs", want: routeOther},
		"Unknown":    {reason: "Nor is anything else.", path: "/anything", want: routeOther},
		"Root":       {reason: "Nor is nothing.", path: "/", want: routeOther},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, m.route(httptest.NewRequestWithContext(t.Context(), http.MethodGet, tc.path, nil))); diff != "" {
				t.Errorf("\n%s\nroute(%q): -want, +got:\n%s", tc.reason, tc.path, diff)
			}
		})
	}
}

// What the transport adds to a request, beside one that goes without it.
func BenchmarkRoundTrip(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"11111111-1111-4111-8111-111111111111","status":"ready"}`))
	}))
	b.Cleanup(s.Close)

	rt := newTransport(Options{Tenants: NewTenants(Pace{Rate: 1e9}, logging.NewNopLogger())})
	if err := rt.options.Tenants.Register(b.Context(), secretKey, s.URL); err != nil {
		b.Fatal(err)
	}

	for name, next := range map[string]http.RoundTripper{"Transport": rt, "Plain": rt.next} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()

			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+containerPath, http.NoBody)
				if err != nil {
					b.Fatal(err)
				}

				req.Header.Set(headerKey, secretKey)

				resp, err := next.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}

				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}

				_ = resp.Body.Close()
			}
		})
	}
}
