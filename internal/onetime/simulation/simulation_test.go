// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"testing/synctest"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

func TestMain(m *testing.M) {
	// A crash passes through what reports panics.
	utilruntime.PanicHandlers = nil

	os.Exit(m.Run())
}

// within runs fn in a world with a clock of its own.
func within(t *testing.T, fn func() *world) (w *world) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { w = fn() })

	return w
}

func report(t *testing.T, w *world) {
	t.Helper()

	if len(w.verdict) > 0 {
		t.Errorf("SIMULATE=%q\n%s\n\t%s", w.script, strings.Join(w.verdict, "\n"), strings.Join(w.log, "\n\t"))
	}
}

// The usual life breaks no promise. SIMULATE replays another.
func TestLife(t *testing.T) {
	began := time.Now()
	w := within(t, func() *world { return live(parseScript(os.Getenv("SIMULATE"))) })
	report(t, w)
	t.Logf("%d calls, %s", len(w.points), time.Since(began))

	if testing.Verbose() && os.Getenv("SIMULATE") != "" {
		t.Log(strings.Join(w.log, "\n"))
	}
}

// Each deviation at each call.
func TestEveryDeviation(t *testing.T) {
	base := within(t, func() *world { return live(nil) })

	runs, broken := 0, map[string]int{}

	for at, p := range base.points {
		for _, name := range p.could {
			w := within(t, func() *world { return live(script{at: name}) })
			runs++

			if len(w.verdict) == 0 {
				continue
			}

			broken[name]++
			if broken[name] == 1 {
				report(t, w)
			}
		}
	}

	t.Logf("%d calls, %d schedules, broken: %v", len(base.points), runs, broken)
}

// At random, with printed seeds. SEEDS says how many, from FIRST_SEED on.
func TestSeeds(t *testing.T) {
	seeds, first := number(t, "SEEDS", 20), number(t, "FIRST_SEED", 1)

	calls, broken := 0, 0

	for seed := first; seed < first+seeds; seed++ {
		w := within(t, func() *world { return random(uint64(seed), 4) })
		calls += len(w.points)

		if len(w.verdict) > 0 {
			broken++
			t.Logf("seed %d", seed)
			report(t, w)
		}
	}

	t.Logf("%d seeds from %d on: %d calls, %d broken", seeds, first, calls, broken)
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()

	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}

	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}

	return n
}
