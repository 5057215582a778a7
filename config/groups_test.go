// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"
)

// Each admission policy is about every group of the provider, or about what the
// provider has in its own, or about Secrets: the next group is not forgotten.
func TestPoliciesNameEveryGroup(t *testing.T) {
	b, err := os.ReadFile("../examples/admission/policies.yaml")
	if err != nil {
		t.Fatal(err)
	}

	wide := 0

	for d := range strings.SplitSeq(string(b), "\n---\n") {
		p := &admissionv1.ValidatingAdmissionPolicy{}
		if err := yaml.Unmarshal([]byte(d), p); err != nil {
			t.Fatal(err)
		}

		if p.Kind != "ValidatingAdmissionPolicy" {
			continue
		}

		for _, r := range p.Spec.MatchConstraints.ResourceRules {
			if !slices.ContainsFunc(r.Resources, func(s string) bool { return strings.Contains(s, "*") }) {
				continue // It is about kinds that it names.
			}

			wide++

			if diff := cmp.Diff(Groups(), r.APIGroups); diff != "" {
				t.Errorf("%s: groups: -want, +got:\n%s\nRun \"make generate\".", p.Name, diff)
			}
		}
	}

	if wide < 4 {
		t.Errorf("%d rules are about all kinds, want at least 4", wide)
	}
}
