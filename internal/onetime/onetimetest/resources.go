// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetimetest

import (
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// Declaration of a resource, by its name in Terraform.
func Declaration(t testing.TB, name string) resource.Resource {
	t.Helper()

	for _, r := range config.Resources() {
		if r.Name == name {
			return r
		}
	}

	t.Fatalf("no resource %s", name)

	return resource.Resource{}
}

// Token returns a managed resource as a user writes it.
func Token(change func(*v1beta1.Token)) *v1beta1.Token {
	tk := &v1beta1.Token{}
	tk.SetNamespace("team-a")
	tk.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionAll}
	tk.Spec.ForProvider.NamespaceID = ptr.To(Paris)
	tk.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "token"}
	change(tk)

	return tk
}

// Events collects the reasons of events.
type Events struct{ Reasons []event.Reason }

// Event implements event.Recorder.
func (e *Events) Event(_ runtime.Object, ev event.Event) { e.Reasons = append(e.Reasons, ev.Reason) }

// WithAnnotations implements event.Recorder.
func (e *Events) WithAnnotations(_ ...string) event.Recorder { return e }

// Counted returns the sum of the counters of that name which have the labels.
func Counted(t *testing.T, c prometheus.Collector, name string, labels map[string]string) int {
	t.Helper()

	registry := prometheus.NewRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}

	sum, known := 0, false

	for _, f := range families {
		if f.GetName() != name {
			continue
		}

		for _, m := range f.GetMetric() {
			has := map[string]string{}
			for _, l := range m.GetLabel() {
				has[l.GetName()] = l.GetValue()
			}

			matches := true
			for k, v := range labels {
				matches = matches && has[k] == v
			}

			if matches {
				known = true
				sum += int(m.GetCounter().GetValue())
			}
		}
	}

	if !known {
		t.Fatalf("there is no counter %s with the labels %v", name, labels)
	}

	return sum
}
