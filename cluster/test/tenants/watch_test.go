// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package tenants

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// Credentials are watched, each Secret by its name: a poll reads none of them from
// the API server, and a rotated key is used at the next reconcile. While the watch is
// cut off, no key is used that may have been rotated meanwhile.
func TestSecretsAreWatchedByName(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	proxy := e.StartProxy()
	e.StartProvider(framework.WithKubeconfig(proxy.Kubeconfig()))

	ns := newNamespace(e, "shop", "default")
	e.Create(ns)
	e.WaitReady(ns)
	e.WaitPolled(routeNamespace, 3)

	reads := proxy.Count(http.MethodGet, "secrets")

	e.WaitPolled(routeNamespace, 5)

	if diff := cmp.Diff(reads, proxy.Count(http.MethodGet, "secrets")); diff != "" {
		t.Errorf("Secrets that were read in five polls: -want, +got:\n%s", diff)
	}

	// use rotates to another key, and waits until it is used. From the first request
	// that carries it on, no other key is.
	use := func(what string, before func()) {
		t.Helper()

		next := e.NewKey()
		before()
		e.Scaleway.ResetRequests()
		e.Rotate(e.Credentials(next))

		proxy.Up()
		e.Eventually("the new key to be used after "+what, func() (bool, string) { return usedBy(e, next.SecretKey) > 0, "it was not" })
		e.WaitPolled(routeNamespace, 3)

		rotated := false

		for _, r := range e.Scaleway.Requests() {
			rotated = rotated || r.SecretKey == next.SecretKey

			if rotated && r.SecretKey != next.SecretKey {
				t.Errorf("after %s: %s %s with the key that was rotated away", what, r.Method, r.Path)
			}
		}
	}

	use("a rotation", func() {})
	use("another", func() {})
	use("one that the watch has missed", func() {
		proxy.Down()
		// The watch has ended when the Secret is asked for.
		reads := proxy.Count(http.MethodGet, "secrets")
		e.Eventually("the Secret to be asked for", func() (bool, string) { return proxy.Count(http.MethodGet, "secrets") > reads, "it was not" })
	})

	e.WaitReady(ns)
}
