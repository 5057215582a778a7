// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
)

// Every kind with a secret has its metrics: the set-up of a controller whose metrics
// are refused fails.
func TestCollectors(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	b := newBench(t)

	var kinds []string

	for _, r := range config.Resources() {
		if r.Minted == nil {
			continue
		}

		kinds = append(kinds, r.Kind)
		if err := registry.Register(NewCollector(b.guard, r.Kind, 1)); err != nil {
			t.Errorf("the metrics of %s: %v", r.Kind, err)
		}
	}

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}

	seen := map[string]bool{}

	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == labelKind {
					seen[l.GetValue()] = true
				}
			}
		}
	}

	for _, kind := range kinds {
		if !seen[kind] {
			t.Errorf("there are no metrics of %s", kind)
		}
	}
}

func TestRemainingLife(t *testing.T) {
	cases := map[string]struct {
		left time.Duration
		want string
	}{
		"Over":    {left: -time.Second, want: "expired"},
		"Now":     {left: 0, want: "expired"},
		"Minute":  {left: time.Minute, want: "1h"},
		"Hour":    {left: time.Hour, want: "1h"},
		"Day":     {left: 24 * time.Hour, want: "1d"},
		"Days":    {left: 25 * time.Hour, want: "7d"},
		"Month":   {left: 30 * 24 * time.Hour, want: "30d"},
		"Forever": {left: 31 * 24 * time.Hour, want: "more"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, remainingLabel(tc.left)); diff != "" {
				t.Errorf("remainingLabel(%s): -want, +got:\n%s", tc.left, diff)
			}
		})
	}
}
