// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

func TestCreateToReady(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider()

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)
	for _, mg := range f.Managed() {
		t.Log(mg.GetName(), framework.ExternalName(mg))
	}
	for k, n := range e.Scaleway.Counts() {
		t.Log(k, n)
	}
}
