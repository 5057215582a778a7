// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// An error that quotes what was sent, as an API does that explains what it refuses, and a
// proxy that shows the request, puts no secret into a condition, an event or the log.
func TestNothingIsQuoted(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider(framework.WithArgs("--debug"))

	const explained = "this is why"

	s := &search{values: map[string]string{
		"the tenant's secret key":  e.Key.SecretKey,
		"a variable from a Secret": "correct horse",
		"the trigger's secret key": "battery staple",
		"the trigger's access key": "SCWSQS",
	}}

	// refuse has all requests of a method refused until the managed resources say so.
	refuse := func(method string, status int, mgs ...xpresource.ModernManaged) {
		t.Helper()

		fault := e.Scaleway.Inject(fakescaleway.Fault{Method: method, Status: status, Body: explained, Quote: true})
		defer fault.Remove()

		for _, mg := range mgs {
			e.WaitCondition(mg, xpv1.TypeSynced, "False, with what the answer explains", func(c xpv1.Condition) bool {
				return c.Status == corev1.ConditionFalse && strings.Contains(c.Message, explained)
			})
		}

		s.look(t, e)
	}

	f := e.NewFamily()
	for _, secret := range f.Secrets {
		e.Create(secret)
	}

	e.Create(f.Namespace)
	refuse(http.MethodPost, http.StatusBadRequest, f.Namespace)
	e.WaitReady(f.Namespace)

	e.Create(f.Container)
	e.WaitReady(f.Container)

	e.Create(f.Trigger)
	refuse(http.MethodPost, http.StatusBadRequest, f.Trigger)
	e.WaitReady(f.Trigger)

	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusServiceUnavailable} {
		// Only what changes is sent.
		password := fmt.Sprintf("tr0ub4dor & %d", status)
		s.values[fmt.Sprintf("the variable for %d", status)] = password
		e.Update(f.Secrets[0], func() { f.Secrets[0].Data = map[string][]byte{"PASSWORD": []byte(password)} })
		refuse(http.MethodPatch, status, f.Namespace)
		e.WaitReady(f.Namespace)
	}

	refuse(http.MethodGet, http.StatusForbidden, f.Namespace, f.Trigger)
	e.WaitReady(f.Namespace, f.Trigger)

	e.Provider.Stop()
	s.in(t, "the log", e.Provider.Log())
}
