// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
)

// Every kind with a secret has its metrics: the set-up of a controller whose metrics
// are refused fails.
func TestMintedCollectors(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	b := newBench(t)

	var kinds []string

	for _, r := range config.Resources() {
		if r.Minted == nil {
			continue
		}

		kinds = append(kinds, r.Kind)
		if err := registry.Register(newMintedCollector(b.minter, r.Kind, 1)); err != nil {
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
