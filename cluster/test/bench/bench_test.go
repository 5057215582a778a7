// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

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

	var tables []*table

	// Also of what was measured before it failed.
	defer func() {
		if len(tables) > 1 {
			fmt.Printf("\n### What grows with the number of tokens\n\nMedians, and the last as a multiple of the first.\n\n%s", growth(tables))
		}
	}()

	for _, n := range o.tokens {
		tb := newTable(n)
		tables = append(tables, tb)

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

	var theirs terraformResult

	if tf != nil {
		theirs = tf.run(t, e, uuid, tb.tokens)
		tb.addTerraform(theirs)
	}

	r := &providerResult{}

	defer func() {
		tb.addProvider(r)
		tb.addRatios(r, theirs)
	}()

	newSubject(t, e, parent).run(r, tb.tokens, steadyPolls)
}
