// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"net/http"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// Calls returns how many requests there were per "METHOD route", without those that
// check the credentials of ProviderConfigs.
func (e *Env) Calls() map[string]int {
	calls := map[string]int{}

	for _, r := range e.Scaleway.Requests() {
		if !isCheck(r) {
			calls[r.Method+" "+r.Route]++
		}
	}

	return calls
}

// Checks returns the requests that check the credentials of ProviderConfigs, in the
// order they were answered.
func (e *Env) Checks() []fakescaleway.Request {
	var checks []fakescaleway.Request

	for _, r := range e.Scaleway.Requests() {
		if isCheck(r) {
			checks = append(checks, r)
		}
	}

	return checks
}

func isCheck(r fakescaleway.Request) bool {
	return r.Method == http.MethodGet && r.Route == fakescaleway.RouteNamespaces && r.Query == "page_size=1"
}
