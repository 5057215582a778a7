// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package mint

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAppend(t *testing.T) {
	for description, want := range map[string]string{"": mark.String(), "for the shop": "for the shop " + mark.String()} {
		if diff := cmp.Diff(want, mark.Append(description)); diff != "" {
			t.Errorf("Append(%q): -want, +got:\n%s", description, diff)
		}
	}
}

// What is asked before the answer is known, or after the request ended in a panic,
// must not be told that nothing was sent.
func TestUnfinished(t *testing.T) {
	p := NewPermits()

	permit, err := p.Issue(Record{UID: uid, Attempt: mark.Attempt, At: noon}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}

	outcome := func() Outcome {
		permit.mu.Lock()
		defer permit.mu.Unlock()

		return permit.outcome
	}

	if diff := cmp.Diff(NotSent, outcome()); diff != "" {
		t.Errorf("before the request: -want, +got:\n%s", diff)
	}

	if _, err := p.Use(mark.Append("x"), noon.Add(time.Hour)); err == nil {
		t.Fatal("the permit has expired")
	}

	if diff := cmp.Diff(NotSent, outcome()); diff != "" {
		t.Errorf("after a request that was refused here: -want, +got:\n%s", diff)
	}

	if _, err := p.Use(mark.Append("x"), noon); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(Unclear, outcome()); diff != "" {
		t.Errorf("once the request may have been sent: -want, +got:\n%s", diff)
	}

	// A second one, which is refused, says nothing of the first.
	if _, err := p.Use(mark.Append("x"), noon); err == nil || outcome() != Unclear {
		t.Errorf("after another request: got %v, %d", err, outcome())
	}
}
