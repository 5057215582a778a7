// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package transport carries every request of this provider to Scaleway. The
// Terraform provider builds its clients on http.DefaultTransport, so that one
// RoundTripper installed there before the first client is configured sees the
// traffic of all tenants.
package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/version"
)

// Limits of a connection's beginning.
const (
	dialTimeout         = 10 * time.Second
	tlsHandshakeTimeout = 10 * time.Second
)

// maxBody bounds what is read of an answer. The largest that the API gives is a
// list of a hundred objects of a few kilobytes.
const maxBody = 16 << 20

// A connection that nothing comes from for pingAfter is asked whether it is still
// there. HTTP/2 puts the requests of all tenants on one connection: if that is
// lost in silence, all of them would wait for their time limit, again and again.
const (
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
)

// Options of a Transport.
type Options struct {
	// Observations that the Transport notes the state of objects in.
	Observations *Observations

	// Timeout of a request, from the dial to the end of the answer. The Terraform
	// provider drops the caller's context and sets none, so that a server that
	// hangs would hold a worker for ever.
	Timeout time.Duration

	// Minting requests, and the Permits without which none is sent.
	Minting []Minting
	Permits *issue.Permits

	// Tenants whose requests are sent. Those of others are refused.
	Tenants *Tenants

	// Metrics of the requests.
	Metrics *Metrics

	// Connections is how many are kept while nothing uses them, for as many requests
	// at one time. Go's default of two would open and close one for most requests,
	// all of which go to one host.
	Connections int

	// CABundle holds the certificates of authorities, in the form of PEM, that are
	// trusted besides the system's. Optional.
	CABundle []byte

	// SecretFields are names of fields of requests whose values no error may quote,
	// besides those that say so themselves, such as secret_key.
	SecretFields []string

	// Next carries the requests that are sent. Optional: without it they go over the
	// network.
	Next http.RoundTripper
}

// A Transport is an http.RoundTripper for Scaleway's API.
type Transport struct {
	next    http.RoundTripper
	options Options
}

// New returns a Transport. It honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and
// trusts the system's certificate authorities.
func New(o Options) (*Transport, error) {
	if o.Next != nil {
		return &Transport{options: o, next: o.Next}, nil
	}

	authorities, err := trust(o.CABundle)
	if err != nil {
		return nil, err
	}

	return &Transport{
		options: o,
		next: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:       &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:     true,
			HTTP2:                 &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
			MaxIdleConns:          0,
			MaxIdleConnsPerHost:   max(o.Connections, http.DefaultMaxIdleConnsPerHost),
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   tlsHandshakeTimeout,
			ExpectContinueTimeout: time.Second,
		},
	}, nil
}

// trust returns the system's certificate authorities and those of the bundle, or
// nil, which stands for the system's, without a bundle.
func trust(bundle []byte) (*x509.CertPool, error) {
	if len(bundle) == 0 {
		return nil, nil
	}

	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the system's certificate authorities")
	}

	if !pool.AppendCertsFromPEM(bundle) {
		return nil, errors.New("the CA bundle holds no certificate in the form of PEM")
	}

	return pool, nil
}

// Install makes t the transport of every client that the Terraform provider
// configures from here on. It is called once, before the first of them.
func (t *Transport) Install() {
	http.DefaultTransport = t
}

// RoundTrip sends a request to Scaleway, in the name of this provider.
//
// The Terraform provider repeats what gets no answer, a 429 or a 5xx, three times
// and with sleeps of up to fourteen seconds in all, also where it creates. Here
// such an outcome becomes an answer that it does not repeat: the reconciler does,
// which backs off without holding a worker, and knows what must not be repeated.
//
// Nor is a redirect followed, as an http.Client would: it would take the API key
// along, and could repeat what creates.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	tenant, err := t.options.Tenants.find(req)
	if err != nil {
		return t.refuse(req, outcomeRefused, err), nil
	}

	resp, body := t.options.Observations.recall(tenant, req)
	t.options.Observations.ask(tenant, req)

	if resp != nil {
		return withBody(resp, t.options.Observations.tap(tenant, req, resp, body)), nil
	}

	waited, err := tenant.wait(req.Context())
	t.options.Metrics.waits.Observe(waited.Seconds())

	switch {
	case req.Context().Err() != nil:
		return t.refuse(req, outcomeCanceled, req.Context().Err()), nil
	case err != nil:
		return t.refuse(req, outcomeHeld, err), nil
	}

	ctx, cancel := context.WithTimeout(req.Context(), t.options.Timeout)
	defer cancel() // The answer is read to its end before RoundTrip returns.

	out := req.Clone(ctx)
	out.Header.Set("User-Agent", strings.TrimSpace(version.UserAgent()+" "+out.Header.Get("User-Agent")))

	// Last of all, because it can be used once.
	permit, err := t.permit(out)
	if err != nil {
		return t.refuse(req, outcomeRefused, err), nil
	}

	if err := keepBody(out); err != nil {
		return t.refuse(req, outcomeRefused, err), nil
	}

	resp, body, err = t.send(req.Context(), tenant, out)
	permit.finish(resp, body, err)

	body, err = t.withhold(out, resp, body, err)

	switch {
	case err != nil:
		return final(out, fmt.Sprintf("no answer from Scaleway to %s %s: %v", req.Method, req.URL.Path, err)), nil
	case isRedirect(resp.StatusCode):
		return final(out, fmt.Sprintf("Scaleway answered %s %s with %s, which is not followed", req.Method, req.URL.Path, resp.Status)), nil
	case resp.StatusCode == http.StatusTooManyRequests, isServerError(resp.StatusCode):
		return final(out, fmt.Sprintf("Scaleway answered %s %s with %s%s", req.Method, req.URL.Path, resp.Status, reason(body))), nil
	}

	return withBody(resp, t.options.Observations.tap(tenant, out, resp, body)), nil
}

// refuse to send a request.
func (t *Transport) refuse(req *http.Request, kind outcomeKind, err error) *http.Response {
	t.options.Metrics.observe(req, notSent(kind), 0)

	if req.Body != nil {
		_ = req.Body.Close() // A RoundTripper does so also when it sends nothing.
	}

	return final(req, fmt.Sprintf("%s %s was not sent: %v", req.Method, req.URL.Path, err))
}

func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest
}

// send a request of the tenant, and note how it ended. The context is that of who
// asked.
func (t *Transport) send(ctx context.Context, tenant *Tenant, req *http.Request) (*http.Response, []byte, error) {
	t.options.Metrics.inFlight.Inc()
	defer t.options.Metrics.inFlight.Dec()

	start := time.Now()
	ended := tenant.begin()

	resp, body, err := t.exchange(req)

	o := outcomeOf(ctx, resp, err)
	ended(o, retryAfter(resp, time.Now()))
	t.options.Metrics.observe(req, o, time.Since(start))

	return resp, body, err
}

// exchange a request for an answer, which is read to its end.
func (t *Transport) exchange(req *http.Request) (*http.Response, []byte, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}

	if len(body) > maxBody {
		err = errors.Errorf("it is larger than %d bytes", maxBody)
	}

	return resp, body, errors.Wrap(err, "the answer cannot be read")
}

// final returns an answer that the Terraform provider takes for an error of the
// API, and does not repeat.
func final(req *http.Request, message string) *http.Response {
	body, err := json.Marshal(map[string]string{"message": message})
	if err != nil {
		panic(err) // Strings always marshal.
	}

	return withBody(&http.Response{
		Status:     fmt.Sprintf("%d %s", http.StatusFailedDependency, http.StatusText(http.StatusFailedDependency)),
		StatusCode: http.StatusFailedDependency,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}},
		Request: req,
	}, body)
}

func withBody(resp *http.Response, body []byte) *http.Response {
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Del("Content-Length")

	return resp
}

// reason returns what Scaleway said with an error, after a colon.
func reason(body []byte) string {
	var e struct {
		Message string `json:"message"`
	}

	if err := json.Unmarshal(body, &e); err != nil || e.Message == "" {
		return ""
	}

	return ": " + e.Message
}
