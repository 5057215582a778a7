// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// countsFile holds what make bench-record has recorded: for each phase of a token's
// life, the requests to Scaleway, by method, and the calls of Kubernetes, by verb
// and resource, for one token.
const countsFile = "testdata/counts.json"

// Of these more are no regression. A write that meets a conflict is repeated, and
// what a process reads once when it starts counts for all tokens. Where the cache is
// behind, something is read again. How often a deletion is asked for depends on when
// the cache learns of it.
const (
	countsTolerance = 1.05
	countsStart     = 5
	countsBehind    = 0.5
)

// Phases in which objects change, so that the cache can be behind.
const (
	phaseCreate = "create"
	phaseDelete = "delete"
)

// oncePerSecond is written so often, whatever the number of tokens: after a change
// once it is accounted for, and once more if there was a conflict.
const oncePerSecond = "update providerconfigs/status"

// checkedPolls are those of each token that are counted.
const checkedPolls = 2

// TestCounts fails if a token costs more requests or calls than was recorded.
// Unlike time, that does not depend on the machine. BENCH_CHECK is the number of
// tokens.
func TestCounts(t *testing.T) {
	n := framework.Number(t, "BENCH_CHECK", 0)
	if n == 0 {
		t.Skip("it takes minutes: set BENCH_CHECK, as make bench-check does")
	}

	e := framework.New(t, fakescaleway.WithRequestLog(10*n))
	result := &providerResult{}
	newSubject(t, e, e.CreateParent()).run(result, n, checkedPolls*n)
	measured := counts(*result, n)

	tb := newTable(n)
	tb.addProvider(result)
	t.Logf("Of one run, with times that say little:\n%s", tb)

	if os.Getenv("RECORD") != "" {
		b, err := json.MarshalIndent(measured, "", "  ")
		if err == nil {
			err = os.MkdirAll(filepath.Dir(countsFile), 0o755)
		}

		if err == nil {
			err = os.WriteFile(countsFile, append(b, '\n'), 0o644)
		}

		if err != nil {
			t.Fatal(err)
		}

		return
	}

	b, err := os.ReadFile(countsFile)
	if err != nil {
		t.Fatalf("there is nothing to compare with: record it with make bench-record: %v", err)
	}

	recorded := map[string]map[string]float64{}
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}

	for _, worse := range regressions(recorded, measured, n) {
		t.Error(worse)
	}
}

// counts of the phases, for one token or one observation.
func counts(r providerResult, n int) map[string]map[string]float64 {
	all := map[string]map[string]float64{}

	for name, p := range map[string]struct {
		phase phase
		n     float64
	}{
		phaseCreate: {r.Create, float64(n)}, "restart": {r.Restart, float64(n)}, "poll": {r.Poll, r.Polls}, phaseDelete: {r.Delete, float64(n)},
	} {
		all[name] = map[string]float64{}

		for _, calls := range []map[string]float64{p.phase.Requests, p.phase.Calls} {
			for what, count := range calls {
				if what == oncePerSecond {
					count -= 2 * p.phase.Wall.Seconds()
				}

				if count > countsStart {
					all[name][what] = count / p.n
				}
			}
		}
	}

	return all
}

// regressions says what was measured more often than was recorded.
func regressions(recorded, measured map[string]map[string]float64, n int) []string {
	var worse []string

	for _, phase := range slices.Sorted(maps.Keys(measured)) {
		for _, what := range slices.Sorted(maps.Keys(measured[phase])) {
			got, limit := measured[phase][what], recorded[phase][what]

			more := countsStart / float64(n)
			if phase == phaseCreate && !isWrite(what) || phase == phaseDelete && (!isWrite(what) || what == http.MethodGet) {
				more = countsBehind
			}

			if got > limit*countsTolerance+more {
				worse = append(worse, phase+": "+what+" happens "+round(got)+" times for a token, and "+round(limit)+" times were recorded: find out why, or record it with make bench-record")
			}
		}
	}

	return worse
}

func TestRegressions(t *testing.T) {
	recorded := map[string]map[string]float64{"poll": {"GET": 1}, "create": {"get secrets": 3}, "delete": {"GET": 3}}

	cases := map[string]struct {
		reason   string
		measured map[string]map[string]float64
		want     int
	}{
		"Same":    {"Nothing has changed.", map[string]map[string]float64{"poll": {"GET": 1}}, 0},
		"Noise":   {"A few more are no regression.", map[string]map[string]float64{"poll": {"GET": 1.04}}, 0},
		"Fewer":   {"Less is never worse.", map[string]map[string]float64{"poll": {}}, 0},
		"More":    {"Every token is read twice.", map[string]map[string]float64{"poll": {"GET": 2}}, 1},
		"Behind":  {"Some objects are read again, because the cache is behind.", map[string]map[string]float64{"create": {"get secrets": 3.4}}, 0},
		"Read":    {"Every object is read again.", map[string]map[string]float64{"create": {"get secrets": 4}}, 1},
		"Early":   {"Some deletions are asked for once more.", map[string]map[string]float64{"delete": {"GET": 3.4}}, 0},
		"Deleted": {"Every deletion is asked for once more.", map[string]map[string]float64{"delete": {"GET": 4}}, 1},
		"Another": {"A write that there was not.", map[string]map[string]float64{"poll": {"GET": 1, "update tokens/status": 1}}, 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := regressions(recorded, tc.measured, 200); len(got) != tc.want {
				t.Errorf("\n%s\nregressions(...): want %d, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
