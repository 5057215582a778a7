// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
)

// How much memory the garbage collector may let grow, in percent of what is alive, as in
// GOGC.
const (
	// gcBusy is Go's default. With half of it a creation takes a quarter more CPU time.
	gcBusy = 100
	// gcRest is for a process that polls thousands of objects, of which each leaves so
	// little garbage that it is collected every few minutes.
	gcRest = 50
)

// When gcRest is worth it, and costs next to nothing.
const (
	restLive     = 48 << 20 // bytes that are alive, at least
	restRate     = 4 << 20  // bytes that are allocated per second, at most
	restInterval = 5 * time.Second
)

// A thrift keeps the memory of a process small while it has little to do: it gives back the
// pages of its binary, of which it needs the most to start, and has garbage collected sooner,
// unless an environment variable GOGC has its say. It is a manager.Runnable.
type thrift struct {
	log     logging.Logger
	release func() error
	set     func(percent int) int
	now     func() time.Time

	percent   int
	rest      bool
	allocated uint64
	at        time.Time
}

// Start implements manager.Runnable.
func (t *thrift) Start(ctx context.Context) error {
	ticker := time.NewTicker(restInterval)
	defer ticker.Stop()

	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			t.look(heap())
		}
	}
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: a standby has caches too.
func (t *thrift) NeedLeaderElection() bool { return false }

// look at how many bytes are alive, and have been allocated since the process started.
func (t *thrift) look(live, allocated uint64) {
	now := t.now()
	since := now.Sub(t.at)
	rest := !t.at.IsZero() && float64(allocated-t.allocated) <= restRate*since.Seconds()

	if rest && !t.rest {
		if err := t.release(); err != nil {
			t.log.Debug("The pages of the binary stay in memory", "error", err)
		}
	}

	t.rest, t.allocated, t.at = rest, allocated, now

	percent := gcBusy
	if rest && live >= restLive {
		percent = gcRest
	}

	// It stops the process for a moment.
	if percent != t.percent {
		t.percent = percent
		t.set(percent)
	}
}

// heap returns how many bytes were alive after the last collection, and have been
// allocated since the process started.
func heap() (live, allocated uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(samples)

	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

func newThrift(log logging.Logger) *thrift {
	t := &thrift{log: log, release: releaseBinary, set: debug.SetGCPercent, now: time.Now, percent: gcBusy}
	if os.Getenv("GOGC") != "" {
		t.set = func(percent int) int { return percent }
	}

	return t
}
