// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
)

func TestObserveExpiry(t *testing.T) {
	now := noon
	recorded := &onetimetest.Events{}
	m := &Guard{Kind: resource.OneTime{Resource: declaration(t, "scaleway_container_token")}, Recorder: recorded, Now: func() time.Time { return now }}

	tk := token(func(*v1beta1.Token) {})
	tk.SetUID("one")
	tk.Status.AtProvider.ExpiresAt = ptr.To(noon.Add(30 * 24 * time.Hour).Format(time.RFC3339))

	steps := []struct {
		reason string
		left   time.Duration
		events int
		want   xpv1.ConditionReason
	}{
		{reason: "A month before, nobody is bothered.", left: 30 * 24 * time.Hour, events: 0},
		{reason: "A week before, there is an event.", left: 7 * 24 * time.Hour, events: 1},
		{reason: "It is sent once.", left: 6 * 24 * time.Hour, events: 1},
		{reason: "A day before, there is another.", left: 23 * time.Hour, events: 2},
		{reason: "In the last hour, there is the last one.", left: time.Minute, events: 3},
		{reason: "When it has expired, it is not Ready.", left: 0, events: 3, want: ReasonExpired},
	}

	for _, s := range steps {
		now = noon.Add(30*24*time.Hour - s.left)

		got := xpv1.ConditionReason("")
		if c := m.ObserveExpiry(tk); c != nil {
			got = c.Reason
		}

		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("\n%s\nObserveExpiry(...): -want reason, +got reason:\n%s", s.reason, diff)
		}

		if diff := cmp.Diff(s.events, len(recorded.Reasons)); diff != "" {
			t.Errorf("\n%s\nevents: -want, +got:\n%s", s.reason, diff)
		}
	}
}

func TestUntilExpiry(t *testing.T) {
	m := &Guard{Kind: resource.OneTime{Resource: declaration(t, "scaleway_container_token")}, Now: func() time.Time { return noon }}

	cases := map[string]struct {
		reason  string
		expires *string
		want    time.Duration
	}{
		"Never":   {reason: "There is nothing to come back for.", want: time.Hour},
		"Soon":    {reason: "It is looked at just after it has expired.", expires: ptr.To("2026-01-02T12:10:00Z"), want: 10*time.Minute + time.Second},
		"Later":   {reason: "The poll comes first.", expires: ptr.To("2026-01-03T12:00:00Z"), want: time.Hour},
		"Expired": {reason: "That is known already.", expires: ptr.To("2026-01-01T12:00:00Z"), want: time.Hour},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tk := token(func(tk *v1beta1.Token) { tk.Status.AtProvider.ExpiresAt = tc.expires })

			if diff := cmp.Diff(tc.want, m.UntilExpiry(tk, time.Hour)); diff != "" {
				t.Errorf("\n%s\nUntilExpiry(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// One object's warnings are not those of another.
func TestWarned(t *testing.T) {
	w := &warned{}

	got := []bool{w.first("one", 0), w.first("two", 0), w.first("one", 0), w.first("two", 1), w.first("two", 0)}
	if diff := cmp.Diff([]bool{true, true, false, true, false}, got); diff != "" {
		t.Errorf("first(...): -want, +got:\n%s", diff)
	}
}
