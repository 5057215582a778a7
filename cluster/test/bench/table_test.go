// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

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
	tb.add("Provider, idle: CPU to start, ms", milliseconds(r.Started.CPU))
	tb.add("Provider, idle: resident, MB", megabytes(r.Idle.Resident))
	tb.add("Provider, idle: of that anonymous, MB", megabytes(r.Idle.Anonymous))

	tb.add("Provider, create: all Ready, s", r.Create.Wall.Seconds())
	tb.addPhase("create", r.Create, float64(tb.tokens), "token")
	tb.add("Provider, create: peak resident since the start, MB", megabytes(r.Created.PeakResident))

	tb.add("Provider, restart: process start to first request, s", r.FirstReconcile.Seconds())
	tb.add("Provider, restart: all read, s", r.Restart.Wall.Seconds())
	tb.addPhase("restart", r.Restart, float64(tb.tokens), "token")

	tb.addPhase("poll", r.Poll, r.Polls, "observation")

	if r.Poll.Wall > 0 {
		tb.add("Provider, poll: interval, s", r.Interval.Seconds())
		tb.add("Provider, poll: observations per second", r.Polls/r.Poll.Wall.Seconds())
		tb.add("Provider, poll: of one CPU, %", 100*r.Poll.CPU.Seconds()/r.Poll.Wall.Seconds())
	}

	tb.add("Provider, poll: resident, MB", megabytes(r.Steady.Resident))
	tb.add("Provider, poll: of that anonymous, MB", megabytes(r.Steady.Anonymous))

	tb.add("Provider, delete: all gone, s", r.Delete.Wall.Seconds())
	tb.addPhase("delete", r.Delete, float64(tb.tokens), "token")
}

// addRatios of what the provider and Terraform took in the same run.
func (tb *table) addRatios(r *providerResult, tf terraformResult) {
	for _, ratio := range []struct {
		row          string
		ours, theirs float64
	}{
		{"create: all Ready", r.Create.Wall.Seconds(), tf.Apply.Wall.Seconds()},
		{"create: CPU", r.Create.CPU.Seconds(), tf.Apply.CPU.Seconds()},
		{"observe: CPU of one", r.Poll.CPU.Seconds() / r.Polls, tf.Plan.CPU.Seconds() / float64(tb.tokens)},
		{"delete: all gone", r.Delete.Wall.Seconds(), tf.Destroy.Wall.Seconds()},
		{"delete: CPU", r.Delete.CPU.Seconds(), tf.Destroy.CPU.Seconds()},
	} {
		// Of a contender that was left out, or did not come to it, nothing is known.
		if ratio.ours > 0 && ratio.theirs > 0 {
			tb.add("Provider to Terraform, "+ratio.row, ratio.ours/ratio.theirs)
		}
	}
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

// growth returns a table of the medians in Markdown, and of how much the last is of the first.
// A table may lack some, if its run has failed.
func growth(tables []*table) string {
	b := &strings.Builder{}
	first, last := tables[0], tables[len(tables)-1]

	fmt.Fprint(b, "| |")

	for _, tb := range tables {
		fmt.Fprintf(b, " %d tokens |", tb.tokens)
	}

	fmt.Fprintf(b, " %d to %d |\n|---|%s\n", last.tokens, first.tokens, strings.Repeat("---:|", len(tables)+1))

	for _, row := range first.rows {
		fmt.Fprintf(b, "| %s |", row)

		for _, tb := range tables {
			median := "-"
			if v := tb.values[row]; len(v) > 0 {
				median = round(percentile(v, 50))
			}

			fmt.Fprintf(b, " %s |", median)
		}

		multiple := "-"
		if v := last.values[row]; len(v) > 0 && percentile(first.values[row], 50) != 0 {
			multiple = round(percentile(v, 50) / percentile(first.values[row], 50))
		}

		fmt.Fprintf(b, " %s |\n", multiple)
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

func TestPercentile(t *testing.T) {
	for p, want := range map[int]int{1: 1, 50: 5, 99: 10, 100: 10} {
		if got := percentile([]int{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, p); got != want {
			t.Errorf("percentile(1 to 10, %d): want %d, got %d", p, want, got)
		}
	}
}

// What is compared is of the same run, and what grows is told, whatever a run has lacked.
func TestTable(t *testing.T) {
	spent := func(n int) phase {
		return phase{Wall: time.Duration(n) * time.Second, CPU: time.Duration(n) * time.Second}
	}

	few, many := newTable(100), newTable(1000)

	for _, n := range []int{2, 4, 6} {
		few.addRatios(&providerResult{Create: spent(n), Poll: spent(1), Polls: 10}, terraformResult{Apply: spent(4), Plan: spent(100)})
	}

	// It did not come to a poll.
	many.addRatios(&providerResult{Create: spent(6)}, terraformResult{Apply: spent(3), Plan: spent(1)})

	want := "| | median | least | most |\n|---|---:|---:|---:|\n" +
		"| Provider to Terraform, create: all Ready | 1 | 0.5 | 1.5 |\n" +
		"| Provider to Terraform, create: CPU | 1 | 0.5 | 1.5 |\n" +
		"| Provider to Terraform, observe: CPU of one | 0.1 | 0.1 | 0.1 |\n"
	if diff := gocmp.Diff(want, few.String()); diff != "" {
		t.Errorf("String(): -want, +got:\n%s", diff)
	}

	want = "| | 100 tokens | 1000 tokens | 1000 to 100 |\n|---|---:|---:|---:|\n" +
		"| Provider to Terraform, create: all Ready | 1 | 2 | 2 |\n" +
		"| Provider to Terraform, create: CPU | 1 | 2 | 2 |\n" +
		"| Provider to Terraform, observe: CPU of one | 0.1 | - | - |\n"
	if diff := gocmp.Diff(want, growth([]*table{few, many})); diff != "" {
		t.Errorf("growth(...): -want, +got:\n%s", diff)
	}
}
