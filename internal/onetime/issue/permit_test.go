// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package issue

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

const key = "8e1f2a3b-0b1d-4c5e-9d68-2f7f0a8c7b11"

var minter = ledger.Minter{Key: ledger.KeyDigest(uid, key)}

const uid = types.UID("6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11")

var (
	mark = ledger.Mark{UID: uid, Attempt: "0123abcd"}
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// What is asked before the answer is known, or after the request ended in a panic,
// must not be told that nothing was sent.
func TestUnfinished(t *testing.T) {
	p := NewPermits()

	permit, err := p.Issue(ledger.Record{UID: uid, Attempt: mark.Attempt, Minter: minter, At: noon}, time.Minute)
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

	if _, err := p.Use(mark.Append("x"), key, noon.Add(time.Hour)); err == nil {
		t.Fatal("the permit has expired")
	}

	if diff := cmp.Diff(NotSent, outcome()); diff != "" {
		t.Errorf("after a request that was refused here: -want, +got:\n%s", diff)
	}

	if _, err := p.Use(mark.Append("x"), key, noon); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(Unclear, outcome()); diff != "" {
		t.Errorf("once the request may have been sent: -want, +got:\n%s", diff)
	}

	// A second one, which is refused, says nothing of the first.
	if _, err := p.Use(mark.Append("x"), key, noon); err == nil || outcome() != Unclear {
		t.Errorf("after another request: got %v, %d", err, outcome())
	}
}

func TestPermits(t *testing.T) {
	const limit = time.Minute

	record := ledger.Record{UID: uid, Attempt: mark.Attempt, Minter: minter, State: ledger.StatePending, At: noon}

	cases := map[string]struct {
		reason      string
		description string
		used        bool
		withdrawn   bool
		key         string
		now         time.Time
		want        string
	}{
		"Allowed":       {reason: "A fresh attempt may send its request.", description: mark.Append("x"), now: noon.Add(limit)},
		"Twice":         {reason: "An attempt has one request.", description: mark.Append("x"), used: true, now: noon, want: "has sent its request already"},
		"TooOld":        {reason: "Another process may have given the attempt up.", description: mark.Append("x"), now: noon.Add(limit + time.Nanosecond), want: "too old"},
		"Withdrawn":     {reason: "What has ended sends nothing any more.", description: mark.Append("x"), withdrawn: true, now: noon, want: "is under way"},
		"AnotherKey":    {reason: "What one key does not see would be taken for gone with another.", description: mark.Append("x"), key: "another", now: noon, want: "another API key"},
		"NoKey":         {reason: "A request without a key is nobody's.", description: mark.Append("x"), key: " ", now: noon, want: "another API key"},
		"WithoutMark":   {reason: "A request that nobody recorded is never sent.", description: "x", now: noon, want: "without a mark"},
		"AnotherObject": {reason: "A permit is for one object.", description: ledger.Mark{UID: "00000000-0000-4000-8000-000000000000", Attempt: mark.Attempt}.Append("x"), now: noon, want: "is under way"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := NewPermits()

			permit, err := p.Issue(record, limit)
			if err != nil {
				t.Fatal(err)
			}

			if tc.used {
				if _, err := p.Use(tc.description, keyOf(tc.key), noon); err != nil {
					t.Fatal(err)
				}
			}

			if tc.withdrawn {
				p.Withdraw(permit)
			}

			_, err = p.Use(tc.description, keyOf(tc.key), tc.now)
			if (tc.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("\n%s\nUse(...): want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestIssueTwice(t *testing.T) {
	p := NewPermits()
	record := ledger.Record{UID: uid, Attempt: mark.Attempt, Minter: minter, At: noon}

	if _, err := p.Issue(record, time.Minute); err != nil {
		t.Fatal(err)
	}

	if _, err := p.Issue(record, time.Minute); err == nil {
		t.Error("a second permit for an attempt that is under way would allow a second request")
	}
}

func keyOf(text string) string {
	if text == "" {
		return key
	}

	return text
}
