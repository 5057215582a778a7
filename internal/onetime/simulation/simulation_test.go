// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// Each deviation at each call: all of them if SIMULATION is all, else some.
func TestEveryDeviation(t *testing.T) {
	each := 37
	if whole() {
		each = 1
	}

	base := within(t, func() *world { return live(nil) })
	tally := newTally(t, each)

	for _, p := range base.points {
		for _, name := range p.could {
			tally.try(script{p.name: name})
		}
	}

	tally.report("%d calls", len(base.points))
}

// disturbing are the deviations that pairs are made of, one of each sort.
var disturbing = []string{
	"crash before", "crash after", "404", "403", "500", "200", "502", "applied, and 502", "applied, and 500", "applied, and 404",
	"applied after 1m30s", "a page missing", "behind", "conflict", "applied, and no answer", "stale cache", "another leader reconciles",
	"all annotations removed", "record removed", "pending removed", "annotations of 2 changes before", "annotations of 4 changes before, and the Secret",
	"foreign key for ten minutes", "rotated key", "deleted", "deleted without the policy Delete", "one with the policy Observe in team-a",
}

// Pairs of the disturbing deviations in a creation, or in a renewal: the second at one of
// the calls that then follow. PAIRS is how many of them there are for each that is tried.
func TestPairs(t *testing.T) {
	const window = 24

	// Primes, so that each sort of deviation is met.
	beginnings, each := 101, 41
	if whole() {
		beginnings, each = 1, number(t, "PAIRS", 53)
	}

	base := within(t, func() *world { return live(nil) })
	tally := newTally(t, each)
	firsts := 0

	for _, p := range base.points {
		if !strings.HasPrefix(p.name, "created") && !strings.HasPrefix(p.name, "renewed") {
			continue
		}

		for _, name := range p.could {
			if !slices.Contains(disturbing, name) {
				continue
			}

			if firsts++; firsts%beginnings != 0 {
				continue
			}

			first := script{p.name: name}
			after := within(t, func() *world { return live(first) })
			at := slices.IndexFunc(after.points, func(q point) bool { return q.name == p.name })

			for _, q := range after.points[at+1 : min(at+1+window, len(after.points))] {
				for _, second := range q.could {
					if slices.Contains(disturbing, second) {
						tally.try(script{p.name: name, q.name: second})
					}
				}
			}
		}
	}

	tally.report("%d first deviations, the second within %d calls", firsts/beginnings, window)
}

// A tally of schedules, which are tried side by side.
type tally struct {
	t *testing.T
	// each so manieth schedule is tried.
	each     int
	possible int

	queue func(script)
	wait  func()

	mu           sync.Mutex
	tried, calls int
	broken       map[string]int
	shown        time.Time
}

func newTally(t *testing.T, each int) *tally {
	t.Helper()

	y := &tally{t: t, each: each, broken: map[string]int{}, shown: time.Now()}
	y.queue, y.wait = sideBySide(t, y.run)

	return y
}

// sideBySide returns what queues an item to be run, and what waits until all have been.
func sideBySide[T any](t *testing.T, run func(*testing.T, T)) (queue func(T), wait func()) {
	t.Helper()

	var workers sync.WaitGroup

	items := make(chan T)

	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			t.Run("side by side", func(t *testing.T) {
				for item := range items {
					run(t, item)
				}
			})
		})
	}

	return func(item T) { items <- item }, func() { close(items); workers.Wait() }
}

// whole tells whether all schedules are asked for, which takes minutes.
func whole() bool { return os.Getenv("SIMULATION") == "all" }

// try a schedule, if it is the so manieth.
func (y *tally) try(s script) {
	y.possible++
	if y.possible%y.each == 0 {
		y.queue(s)
	}
}

func (y *tally) run(t *testing.T, s script) {
	t.Helper()

	w := within(t, func() *world { return live(s) })

	y.mu.Lock()
	defer y.mu.Unlock()

	y.tried++
	y.calls += len(w.points)

	if time.Since(y.shown) > time.Minute {
		y.shown = time.Now()
		y.t.Logf("... %d schedules", y.tried)
	}

	if len(w.verdict) == 0 {
		return
	}

	sort := strings.Join(slices.Sorted(maps.Values(s)), " + ")
	if y.broken[sort]++; y.broken[sort] == 1 {
		report(t, w)
	}
}

func (y *tally) report(format string, args ...any) {
	y.t.Helper()
	y.wait()
	y.t.Logf("%s: %d schedules of %d, %d calls, broken: %v", fmt.Sprintf(format, args...), y.tried, y.possible, y.calls, y.broken)
}

// What has broken a promise once, with what it was called among the attacks.
func TestAttacks(t *testing.T) {
	cases := map[string]struct {
		reason string
		script string
	}{
		"404 to a revocation, after a creation": {
			reason: "A DELETE that is answered with 404 may have deleted nothing.",
			script: "created POST 1: applied, and 502; created DELETE 1: 404",
		},
		"404 to a revocation, after a renewal": {
			reason: "What a renewal has replaced stays on record until it is certain that it is gone.",
			script: "renewed DELETE 1: 404",
		},
		"200 to a revocation that does nothing": {
			reason: "What Scaleway has accepted to delete it must not show any more.",
			script: "renewed DELETE 1: 200",
		},
		"Another organization's key before the deletion": {
			reason: "It sees nothing, so that nothing is gone.",
			script: "deleted get Token 1: foreign key",
		},
		"Another organization's key after an interrupted attempt": {
			reason: "What it does not see may be there.",
			script: "created POST 1: applied, and 502; created update status 1: foreign key",
		},
		"Another organization's key between the record and the request": {
			reason: "The request is sent with the key that was recorded, or not at all.",
			script: "renewed GET 1: foreign key for ten minutes; renewed get Token 2: another leader reconciles",
		},
		"Another organization's key when a renewal begins": {
			reason: "Who is recorded is who sees what was minted before.",
			script: "renewed GET 1: foreign key",
		},
		"Another organization's key while an attempt is in doubt": {
			reason: "It would not be found, and be forgotten.",
			script: "created POST 1: applied after 5m0s; created LIST 4: foreign key for ten minutes",
		},
		"Record removed at rest": {
			reason: "It is settled once, and not at each poll.",
			script: "created GET 5: pending and record removed",
		},
		"Annotations restored after a renewal": {
			reason: "The record is compared with the status, the Secret and Scaleway.",
			script: "renewed GET 3: annotations of 3 changes before",
		},
		"Annotations and Secret restored after a renewal, and a crash": {
			reason: "The status still says which attempt was the last.",
			script: "renewed GET 3: annotations of 3 changes before, and the Secret; renewed get Token 4: crash before",
		},
		"Annotations restored, when two Secrets have a value each": {
			reason: "Neither takes the name from the other at each poll.",
			script: "created get Token 4: another Secret named; renewed create usage 7: annotations of 2 changes before; renewed update status 1: foreign key; renewed update status 5: crash before",
		},
		"Annotations restored while a renewal is unclear, and a crash": {
			reason: "The status says that there was another attempt.",
			script: "renewed POST 1: applied, and 502; renewed update status 1: annotations of 3 changes before; renewed get Token 3: crash before",
		},
		"Pending annotation removed while lists are refused": {
			reason: "That an annotation is not there does not say that nothing was sent.",
			script: "created POST 1: applied, and 502; created LIST 1: 403; created update status 1: pending removed",
		},
		"All annotations removed before the status is written": {
			reason: "The ProviderConfigUsage says that it is not the first time.",
			script: "created GET 1: all annotations removed",
		},
		"All annotations removed from what is being deleted": {
			reason: "What carries its UID is revoked all the same.",
			script: "created GET 2: deleted; created update status 2: all annotations removed",
		},
		"An observer in another Kubernetes namespace": {
			reason: "It has no part in the object, whatever its status says.",
			script: "deleted get Token 1: one with the policy Observe in team-b",
		},
		"An owner in another Kubernetes namespace": {
			reason: "Anybody can write down a name.",
			script: "deleted get Token 1: one with the policy * in team-b",
		},
		"An observer in the same Kubernetes namespace": {
			reason: "Who may revoke is who may delete.",
			script: "deleted get Token 1: one with the policy Observe in team-a",
		},
		"Deleted without the policy Delete while an attempt is unclear": {
			reason: "Nobody has the secret of what the attempt has created.",
			script: "created POST 1: applied, and 502; created get Token 3: deleted without the policy Delete",
		},
		"Deleted without the policy Delete before the old object is revoked": {
			reason: "Every exit settles.",
			script: "renewed DELETE 1: 500; renewed get Token 4: deleted without the policy Delete",
		},
		"Released before the old object is revoked": {
			reason: "Only what the annotation names is left.",
			script: "renewed DELETE 1: 500; renewed get Token 4: deleted and released",
		},
		"A page missing, and an answer of 404": {
			reason: "Two lies that agree are believed, but what follows is said.",
			script: "renewed GET 3: 404; renewed LIST 1: a page missing",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := parseScript(tc.script)
			w := within(t, func() *world { return live(s) })

			for at := range s {
				if !slices.ContainsFunc(w.points, func(p point) bool { return p.name == at && slices.Contains(p.could, s[at]) }) {
					t.Errorf("%s: %s could not happen", at, s[at])
				}
			}

			if len(w.verdict) > 0 {
				t.Errorf("%s", tc.reason)
			}

			report(t, w)
		})
	}
}

// At random, with printed seeds. SEEDS says how many, from FIRST_SEED on.
func TestSeeds(t *testing.T) {
	seeds, first := number(t, "SEEDS", 20), number(t, "FIRST_SEED", 1)

	var (
		mu            sync.Mutex
		calls, broken int
	)

	queue, wait := sideBySide(t, func(t *testing.T, seed int) {
		w := within(t, func() *world { return random(uint64(seed), 4) })

		mu.Lock()
		defer mu.Unlock()

		calls += len(w.points)

		if len(w.verdict) > 0 {
			broken++
			t.Logf("seed %d", seed)
			report(t, w)
		}
	})

	for seed := first; seed < first+seeds; seed++ {
		queue(seed)
	}

	wait()
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
