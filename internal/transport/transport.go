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
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/mint"
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

// maxIdleConnsPerHost keeps a connection for every worker: Go's default of two
// would open and close one for most requests, all of which go to one host.
const maxIdleConnsPerHost = 100

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
	Permits *mint.Permits
}

// A Transport is an http.RoundTripper for Scaleway's API.
type Transport struct {
	next    http.RoundTripper
	options Options
}

// New returns a Transport. It honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
func New(o Options) *Transport {
	return &Transport{
		options: o,
		next: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          0,
			MaxIdleConnsPerHost:   maxIdleConnsPerHost,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   tlsHandshakeTimeout,
			ExpectContinueTimeout: time.Second,
		},
	}
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
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), t.options.Timeout)
	defer cancel() // The answer is read to its end before RoundTrip returns.

	req = req.Clone(ctx)
	req.Header.Set("User-Agent", strings.TrimSpace(version.UserAgent()+" "+req.Header.Get("User-Agent")))

	permit, err := t.permit(req)
	if err != nil {
		return final(req, err.Error()), nil
	}

	resp, body, err := t.send(req)
	permit.finish(resp, body, err)

	switch {
	case err != nil:
		return final(req, fmt.Sprintf("no answer from Scaleway to %s %s: %v", req.Method, req.URL.Path, err)), nil
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented:
		return final(req, fmt.Sprintf("Scaleway answered %s %s with %s%s", req.Method, req.URL.Path, resp.Status, reason(body))), nil
	}

	return withBody(resp, t.options.Observations.tap(req, resp, body)), nil
}

// send a request, and read the answer to its end.
func (t *Transport) send(req *http.Request) (*http.Response, []byte, error) {
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
