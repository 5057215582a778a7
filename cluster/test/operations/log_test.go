// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package operations

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// A line of the log.
type line struct {
	Level      string `json:"level"`
	Msg        string `json:"msg"`
	Name       string `json:"name"`
	Controller string `json:"controller"`
	Condition  string `json:"condition"`
	Status     string `json:"status"`
	Reason     string `json:"reason"`
}

// lines returns the log, of which each line must be a JSON object.
func lines(t *testing.T, log string) []line {
	t.Helper()

	var all []line

	for text := range strings.Lines(log) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil || l.Level == "" || l.Msg == "" {
			t.Errorf("a line that is no JSON object with a level and a message: %s", text)
		}

		all = append(all, l)
	}

	return all
}

// variable is what no message holds: what differs from object to object and from
// request to request is in fields.
var variable = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}|test-[a-z0-9]{5}|127\.0\.0\.1|[0-9]{4}-[0-9]{2}-[0-9]{2}T`)

// Each change of state is one line, and a state that lasts is none, also where
// everything is switched on that makes Terraform talk.
func TestLog(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	e.StartProvider(framework.WithEnv("TF_LOG=TRACE", "TF_LOG_PROVIDER=TRACE", "TF_LOG_SDK=TRACE", "TF_LOG_CORE=TRACE", "SCW_DEBUG=true"))

	f := e.CreateFamily()
	e.WaitReady(f.Managed()...)
	e.WaitPolled(fakescaleway.RouteToken, 2)

	count := func() int { return strings.Count(e.Provider.Log(), "\n") }

	before := count()
	e.WaitPolled(fakescaleway.RouteToken, 5)

	if diff := cmp.Diff(before, count()); diff != "" {
		t.Errorf("lines of the log before and after some polls that found nothing: -before, +after:\n%s\n%s", diff, e.Provider.Log())
	}

	// A failure that lasts, and ends.
	fault := e.Scaleway.Inject(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteToken, Status: http.StatusForbidden, Body: `{"message":"no"}`})
	e.Eventually("some failures", func() (bool, string) { return fault.Hits() > 4, fmt.Sprint(fault.Hits()) })
	fault.Remove()
	e.WaitReady(f.Token)
	e.Delete(f.Token)

	after := before
	e.Eventually("the deletion to be logged", func() (bool, string) {
		deleted := strings.Contains(e.Provider.Log(), "Object deleted")
		after = count()

		return deleted, "it is not"
	})
	e.Provider.Stop()

	log := e.Provider.Log()

	var states []string

	for i, l := range lines(t, log) {
		if i >= before && i < after && strings.HasPrefix(l.Controller, "managed/token.") {
			states = append(states, strings.TrimSpace(strings.Join([]string{l.Msg, l.Condition, l.Status, l.Reason}, " ")))
		}

		if variable.MatchString(l.Msg) {
			t.Errorf("a message that is not constant: %s", l.Msg)
		}

		// Such as the API server's warning about Crossplane's finalizer.
		if l.Level == "info" && l.Name != "" && l.Msg != "Condition changed" && l.Msg != "Object deleted" {
			t.Errorf("a line about an object that tells no change of its state: %s", l.Msg)
		}
	}

	for _, foreign := range []string{"[DEBUG]", "[TRACE]", "@module", "tf_provider_addr", "User-Agent", "http_request", "Instance diff"} {
		if strings.Contains(log, foreign) {
			t.Errorf("Terraform or the SDK has logged: there is %q in the log", foreign)
		}
	}

	want := []string{
		"Condition changed Synced False ReconcileError",
		"Condition changed Synced True ReconcileSuccess",
		"Condition changed Ready False Deleting",
		"Object deleted",
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("lines about the Token from its failure on: -want, +got:\n%s", diff)
	}
}

// Profiles are served if that is asked for, and on this machine only.
func TestProfiles(t *testing.T) {
	t.Parallel()

	e := framework.New(t)
	address := e.FreeAddress()
	probes := e.FreeAddress()

	p := e.StartProvider(framework.WithArgs("--pprof-bind-address="+address, "--health-probe-bind-address="+probes))
	waitAnswer(e, probes, ready, http.StatusOK)

	if status, _ := e.Fetch(address, "/debug/pprof/heap"); status != 0 {
		t.Errorf("profiles are served without being asked for: %d", status)
	}

	p.Stop()
	e.StartProvider(framework.WithArgs("--pprof", "--pprof-bind-address="+address))
	e.Eventually("profiles", func() (bool, string) {
		status, _ := e.Fetch(address, "/debug/pprof/heap")
		return status == http.StatusOK, fmt.Sprint(status)
	})
}
