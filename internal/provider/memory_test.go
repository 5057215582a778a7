// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"
)

// A process that has much in memory and little to do collects garbage sooner.
func TestThrift(t *testing.T) {
	const full = uint64(restRate * restInterval / time.Second)

	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

	var got []int

	th, current, changes, released := newThrift(logging.NewNopLogger()), gcBusy, 0, 0
	th.now = func() time.Time { return now }
	th.release = func() error {
		released++
		return nil
	}
	th.set = func(percent int) int {
		changes++
		current = percent

		return 0
	}

	steps := []struct {
		reason string
		live   uint64
		// allocated since the last look, until this one.
		allocated uint64
		want      int
	}{
		{"Nothing is known of what it does.", 2 * restLive, 0, gcBusy},
		{"It has little to do.", 2 * restLive, full, gcRest},
		{"It has little in memory.", restLive - 1, full, gcBusy},
		{"It has little to do, and just enough in memory.", restLive, 0, gcRest},
		{"It has much to do.", 2 * restLive, full + 1, gcBusy},
		{"It has done it.", 2 * restLive, 1, gcRest},
	}

	var (
		want      []int
		allocated uint64
	)

	for _, s := range steps {
		now = now.Add(restInterval)
		allocated += s.allocated
		want = append(want, s.want)
		th.look(s.live, allocated)

		got = append(got, current)
	}

	if diff := cmp.Diff(5, changes); diff != "" {
		t.Errorf("look(...) sets what is set already: -want changes, +got changes:\n%s", diff)
	}

	if diff := cmp.Diff(2, released); diff != "" {
		t.Errorf("look(...): releases the binary whenever there is little to do from then on: -want times, +got times:\n%s", diff)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("look(...): -want, +got:\n%s", diff)
	}
}

// The names of what the runtime measures are those that it knows.
func TestHeap(t *testing.T) {
	runtime.GC()

	if live, allocated := heap(); live == 0 || allocated < live {
		t.Errorf("heap(): got %d bytes alive of %d, want some", live, allocated)
	}
}

// Who sets GOGC has set it.
func TestThriftLeavesGOGC(t *testing.T) {
	t.Setenv("GOGC", "150")

	th := newThrift(logging.NewNopLogger())
	th.release = func() error { return errors.New("not here") }

	before := gogc()

	th.look(2*restLive, 0)
	th.look(2*restLive, 0)

	if after := gogc(); after != before {
		t.Errorf("look(...): garbage is collected after %d %% instead of %d", after, before)
	}
}

// gogc returns what the garbage collector may let grow, in percent.
func gogc() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)

	return sample[0].Value.Uint64()
}
