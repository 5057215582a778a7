// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
)

// benchOptions are environment variables.
type benchOptions struct {
	// tokens of each run: BENCH_TOKENS, such as 100,1000.
	tokens []int
	// repeat each run: BENCH_REPEAT.
	repeat int
	// samples of the latency: BENCH_SAMPLES.
	samples int
	// limit of requests per second that the API has for a key, or 0: BENCH_LIMIT.
	limit int
}

func options(t *testing.T) benchOptions {
	t.Helper()

	tokens := os.Getenv("BENCH_TOKENS")
	if tokens == "" {
		t.Skip("it takes minutes: set BENCH_TOKENS, as make bench does")
	}

	o := benchOptions{repeat: framework.Number(t, "BENCH_REPEAT", 5), samples: framework.Number(t, "BENCH_SAMPLES", 100), limit: framework.Number(t, "BENCH_LIMIT", 0)}

	for _, s := range strings.Split(tokens, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("BENCH_TOKENS is %q, want numbers separated by commas", tokens)
		}

		o.tokens = append(o.tokens, n)
	}

	return o
}

// TestBench measures the contenders side by side, and prints a table in Markdown.
func TestBench(t *testing.T) {
	o := options(t)

	tf, err := newTerraform(t.Context(), t.TempDir())
	if err != nil {
		t.Logf("Terraform is left out, because it cannot be built here: %v", err)
	}

	version := "without Terraform"
	if tf != nil {
		version = tf.Version
	}

	for _, n := range o.tokens {
		tb := newTable(n)

		for i := range o.repeat {
			measured := func() {
				fmt.Printf("\n### %d tokens\n\nMedians of run 1 to %d of %d, and the least and the most of them. %s, %s/%s, %d CPUs; %s.\n\n%s",
					n, i+1, o.repeat, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), version, tb)
			}

			once(t, tf, tb, o.limit, measured)
		}
	}
}

// once has all contenders run. Measured is called at the end, also if that comes early.
func once(t *testing.T, tf *terraform, tb *table, limit int, measured func()) {
	t.Helper()

	defer measured()

	e := framework.New(t, fakescaleway.WithRequestLog(10*tb.tokens), fakescaleway.WithRequestLimit(limit))
	parent := e.CreateParent()
	_, uuid, _ := strings.Cut(parent, "/")

	// The SDK by itself does not try again.
	if limit == 0 {
		tb.addLoop(runLoop(t, e, uuid, tb.tokens))
	}

	if tf != nil {
		tb.addTerraform(tf.run(t, e, uuid, tb.tokens))
	}

	r := &providerResult{}
	defer func() { tb.addProvider(r) }()

	newSubject(t, e, parent).run(r, tb.tokens, steadyPolls)
}

// A table of what was measured, in the order in which it was added first.
type table struct {
	tokens int
	rows   []string
	values map[string][]float64
}

func newTable(tokens int) *table {
	return &table{tokens: tokens, values: map[string][]float64{}}
}

// add a value to the row.
func (tb *table) add(row string, value float64) {
	if _, ok := tb.values[row]; !ok {
		tb.rows = append(tb.rows, row)
	}

	tb.values[row] = append(tb.values[row], value)
}

// per token.
func (tb *table) per(row string, value float64) {
	tb.add(row+" per token", value/float64(tb.tokens))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func (tb *table) addLoop(r loopResult) {
	for _, p := range []struct {
		name  string
		phase loopPhase
	}{{"POST and GET", r.Create}, {"GET", r.Observe}, {"DELETE", r.Delete}} {
		tb.add("Scaleway SDK, "+p.name+": wall time, s", p.phase.Wall.Seconds())
		tb.per("Scaleway SDK, "+p.name+": CPU, ms", milliseconds(p.phase.CPU))
	}
}

func (tb *table) addTerraform(r terraformResult) {
	for _, p := range []struct {
		name  string
		phase phase
	}{{"plan of nothing", r.Start}, {"apply", r.Apply}, {"plan", r.Plan}, {"destroy", r.Destroy}} {
		tb.add("Terraform, "+p.name+": wall time, s", p.phase.Wall.Seconds())

		if p.name == "plan of nothing" {
			tb.add("Terraform, "+p.name+": CPU, ms", milliseconds(p.phase.CPU))
			continue
		}

		tb.per("Terraform, "+p.name+": CPU, ms", milliseconds(p.phase.CPU))
		tb.per("Terraform, "+p.name+": CPU without that of a plan of nothing, ms", milliseconds(p.phase.CPU-r.Start.CPU))

		for _, method := range slices.Sorted(maps.Keys(p.phase.Requests)) {
			tb.per("Terraform, "+p.name+": "+method, p.phase.Requests[method])
		}
	}
}

func (tb *table) addProvider(r *providerResult) {
	tb.add("Provider, idle: CPU to start, ms", milliseconds(r.Idle.CPU))
	tb.add("Provider, idle: resident, MB", megabytes(r.Idle.Resident))
	tb.add("Provider, idle: of that anonymous, MB", megabytes(r.Idle.Anonymous))

	tb.add("Provider, create: all Ready, s", r.Create.Wall.Seconds())
	tb.addPhase("create", r.Create, float64(tb.tokens), "token")
	tb.add("Provider, create: peak resident, MB", megabytes(r.Created.PeakResident))

	tb.add("Provider, restart: process start to first request, s", r.FirstReconcile.Seconds())
	tb.add("Provider, restart: all read, s", r.Restart.Wall.Seconds())
	tb.addPhase("restart", r.Restart, float64(tb.tokens), "token")

	tb.addPhase(fmt.Sprintf("poll every %s", r.Interval), r.Poll, r.Polls, "observation")
	if r.Poll.Wall > 0 {
		tb.add("Provider, poll: of one CPU, %", 100*r.Poll.CPU.Seconds()/r.Poll.Wall.Seconds())
	}

	tb.add("Provider, poll: resident, MB", megabytes(r.Steady.Resident))
	tb.add("Provider, poll: of that anonymous, MB", megabytes(r.Steady.Anonymous))

	tb.add("Provider, delete: all gone, s", r.Delete.Wall.Seconds())
	tb.addPhase("delete", r.Delete, float64(tb.tokens), "token")
}

func (tb *table) addPhase(name string, p phase, n float64, unit string) {
	if p.Wall == 0 {
		return // It did not come to it.
	}

	prefix, suffix := "Provider, "+name+": ", " per "+unit

	tb.add(prefix+"CPU, ms"+suffix, milliseconds(p.CPU)/n)

	for _, method := range slices.Sorted(maps.Keys(p.Requests)) {
		tb.add(prefix+method+suffix, p.Requests[method]/n)
	}

	writes, reads := split(p.Calls)
	tb.add(prefix+"Kubernetes writes"+suffix, writes/n)
	tb.add(prefix+"Kubernetes reads"+suffix, reads/n)

	for _, call := range slices.Sorted(maps.Keys(p.Calls)) {
		tb.add(prefix+call+suffix, p.Calls[call]/n)
	}
}

// String returns the table in Markdown.
func (tb *table) String() string {
	b := &strings.Builder{}
	fmt.Fprintln(b, "| | median | least | most |\n|---|---:|---:|---:|")

	for _, row := range tb.rows {
		v := slices.Sorted(slices.Values(tb.values[row]))
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", row, round(percentile(v, 50)), round(v[0]), round(v[len(v)-1]))
	}

	return b.String()
}

// round to three digits that say something.
func round(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// percentile of the values, in any order, by the nearest rank.
func percentile[T cmp.Ordered](values []T, p int) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}
