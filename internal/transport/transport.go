// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package transport carries every request of this provider to Scaleway. The
// Terraform provider builds its clients on http.DefaultTransport, so that one
// RoundTripper installed there before the first client is configured sees the
// traffic of all tenants.
package transport

import (
	"net"
	"net/http"
	"time"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/version"
)

// Limits of a request. The Terraform provider drops the caller's context and
// sets none, so that a server that hangs would hold a worker for ever.
const (
	dialTimeout           = 10 * time.Second
	tlsHandshakeTimeout   = 10 * time.Second
	responseHeaderTimeout = 60 * time.Second
)

// maxIdleConnsPerHost keeps a connection for every worker: Go's default of two
// would open and close one for most requests, all of which go to one host.
const maxIdleConnsPerHost = 100

// A Transport is an http.RoundTripper for Scaleway's API.
type Transport struct {
	next http.RoundTripper
	seen *Observations
}

// New returns a Transport that notes the state of the objects it sees in seen.
// It honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
func New(seen *Observations) *Transport {
	return &Transport{
		next: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          0,
			MaxIdleConnsPerHost:   maxIdleConnsPerHost,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   tlsHandshakeTimeout,
			ResponseHeaderTimeout: responseHeaderTimeout,
			ExpectContinueTimeout: time.Second,
		},
		seen: seen,
	}
}

// Install makes t the transport of every client that the Terraform provider
// configures from here on. It is called once, before the first of them.
func (t *Transport) Install() {
	http.DefaultTransport = t
}

// RoundTrip sends a request to Scaleway, in the name of this provider.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", version.UserAgent()+" "+req.Header.Get("User-Agent"))

	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}

	return t.seen.tap(req, resp)
}
