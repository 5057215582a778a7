// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// startServiceProxy starts a proxy that connects to Services by their name. It
// returns its address.
func (c *cluster) startServiceProxy() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}

	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.connect(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})}

	go func() { _ = s.Serve(l) }()

	c.stops = append(c.stops, s.Close)

	return l.Addr().String(), nil
}

// connect a client to the process behind the Service that it asks for.
func (c *cluster) connect(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodConnect {
		return errors.Errorf("%s is not CONNECT", r.Method)
	}

	address, ok := c.kubelet.endpoint(r.Host)
	if !ok {
		return errors.Errorf("nothing runs behind the Service %s", r.Host)
	}

	server, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}

	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return errors.Join(err, server.Close())
	}

	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return errors.Join(err, conn.Close(), server.Close())
	}

	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	go func() {
		_, _ = io.Copy(conn, server)
		_ = conn.Close()
	}()

	return nil
}
