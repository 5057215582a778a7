// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestLeaseName(t *testing.T) {
	cases := map[string]struct {
		reason string
		o      Options
		// like is another installation, and same whether the two share a lease.
		like Options
		same bool
		want string
	}{
		"All": {
			reason: "An upgrade keeps its lease.",
			want:   "crossplane-leader-election-provider-upjet-scaleway",
			same:   true,
		},
		"SomeAndAll": {
			reason: "Who watches everything is another installation.",
			o:      Options{WatchNamespace: []string{"team-a"}},
		},
		"Different": {
			reason: "One of the two would stand by for ever.",
			o:      Options{WatchNamespace: []string{"team-a"}},
			like:   Options{WatchNamespace: []string{"team-b"}},
		},
		"Joined": {
			reason: "Names that read alike one after the other are different ones.",
			o:      Options{WatchNamespace: []string{"team-a", "b"}},
			like:   Options{WatchNamespace: []string{"team", "a-b"}},
		},
		"Order": {
			reason: "Replicas of one installation share it, however their flags are ordered.",
			o:      Options{WatchNamespace: []string{"team-b", "team-a"}},
			like:   Options{WatchNamespace: []string{"team-a", "team-b", "team-a"}},
			same:   true,
		},
		"Named": {
			reason: "Who names it knows better.",
			o:      Options{WatchNamespace: []string{"team-a"}, LeaderElectionLeaseName: "mine"},
			like:   Options{LeaderElectionLeaseName: "mine"},
			want:   "mine",
			same:   true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := leaseName(tc.o)
			if err != nil {
				t.Fatal(err)
			}

			like, err := leaseName(tc.like)
			if err != nil {
				t.Fatal(err)
			}

			if (got == like) != tc.same {
				t.Errorf("\n%s\nleaseName(...): %q, and of the other %q", tc.reason, got, like)
			}

			if tc.want != "" && got != tc.want {
				t.Errorf("\n%s\nleaseName(...): want %q, got %q", tc.reason, tc.want, got)
			}

			// A label's value may be as long, which some tools make of it.
			if problems := validation.IsDNS1123Label(got); len(problems) > 0 {
				t.Errorf("\n%s\nleaseName(...): %q: %v", tc.reason, got, problems)
			}
		})
	}

	if _, err := leaseName(Options{LeaderElectionLeaseName: "No Lease"}); err == nil || !strings.Contains(err.Error(), "--leader-election-lease-name") {
		t.Errorf("leaseName(...): an impossible name: want an error that names the flag, got %v", err)
	}
}
