// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// managed returns the managed resources of all kinds that are served.
func (s *suite) managed(t *testing.T) []unstructured.Unstructured {
	t.Helper()

	var all []unstructured.Unstructured

	for _, crd := range s.crds(t) {
		if crd.Spec.Group == configGroup {
			continue
		}

		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: crd.Spec.Group, Version: crd.Spec.Versions[0].Name, Kind: crd.Spec.Names.ListKind})

		if err := s.Client.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}

		all = append(all, list.Items...)
	}

	return all
}

// versions returns the resource version of each managed resource.
func versions(all []unstructured.Unstructured) map[string]string {
	v := map[string]string{}
	for _, u := range all {
		v[u.GetKind()+" "+u.GetName()] = u.GetResourceVersion()
	}

	return v
}

// writes returns how often Scaleway was asked to change something, by route.
func (s *suite) writes() map[string]int {
	counts := s.scaleway.Counts()
	maps.DeleteFunc(counts, func(route string, _ int) bool { return strings.HasPrefix(route, http.MethodGet+" ") })

	return counts
}

// upgrade installs the next version. What the previous one has created is still
// Ready, and nobody has written anything.
func (s *suite) upgrade(t *testing.T) {
	e := s.env(t)
	before, _ := s.kubelet.provider()

	// What the step before has dropped may be on its way out.
	e.Eventually("what is being deleted to be gone", func() (bool, string) {
		for _, o := range s.managed(t) {
			if o.GetDeletionTimestamp() != nil {
				return false, o.GetKind() + " " + o.GetName() + " is still there"
			}
		}

		return true, ""
	})

	objects := s.managed(t)

	s.scaleway.ResetRequests()

	p := object("pkg.crossplane.io/v1", "Provider", "", provider)

	e.Update(p, func() {
		pkg, _, _ := unstructured.NestedString(p.Object, "spec", "package")
		if err := unstructured.SetNestedField(p.Object, strings.Replace(pkg, version, nextVersion, 1), "spec", "package"); err != nil {
			t.Fatal(err)
		}
	})

	e.Eventually("the next version to run alone", func() (bool, string) {
		after, ok := s.kubelet.provider()
		return ok && after.deployment.GetUID() != before.deployment.GetUID() && before.ended() && after.ready(t.Context()), "it is not ready"
	})
	s.waitTrue(t, p, "Installed", "Healthy")

	e.Eventually("the next version to look at every object twice", func() (bool, string) {
		// The first look may have consequences.
		looks := map[string]int{}

		for _, r := range s.scaleway.Requests() {
			if strings.Contains(r.UserAgent, "/"+nextVersion) {
				looks[path.Base(r.Path)]++
			}
		}

		for _, o := range objects {
			if looks[path.Base(o.GetAnnotations()["crossplane.io/external-name"])] < 2 {
				return false, "too few looks at " + o.GetKind() + " " + o.GetName()
			}
		}

		return true, ""
	})

	after := s.managed(t)
	for i := range after {
		s.waitTrue(t, &after[i], "Ready", "Synced")
	}

	if diff := cmp.Diff(versions(objects), versions(after)); diff != "" {
		t.Errorf("versions of managed resources before and after the upgrade: -before, +after:\n%s", diff)
	}

	if diff := cmp.Diff(map[string]int{}, s.writes()); diff != "" {
		t.Errorf("changes that the upgrade has asked of Scaleway: -want, +got:\n%s", diff)
	}
}

// uninstall the package as docs/install.md says. Nothing is left: neither at Scaleway nor
// in the cluster, nor is there a process.
func (s *suite) uninstall(t *testing.T) {
	e := s.env(t)

	for _, o := range s.managed(t) {
		if err := s.Client.Delete(t.Context(), &o); client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
	}

	e.Eventually("every managed resource to be gone", func() (bool, string) {
		left := s.managed(t)
		return len(left) == 0, "left: " + strings.Join(keys(versions(left)), ", ")
	})

	lines := s.documented(t, "test -z ")
	last := len(lines) - 1

	for _, line := range lines[:last] {
		s.shell(t, line)
	}

	// The last line deletes the provider's rights with the rest, in any order: what still
	// runs may be refused anything from here on.
	s.sufficed(t)
	s.shell(t, lines[last])

	e.Eventually("the provider to be stopped, and its kinds to be gone", func() (bool, string) {
		_, runs := s.kubelet.provider()
		return !runs && len(s.served(t)) == 0, "served: " + strings.Join(s.served(t), ", ")
	})

	s.dropKeys(t)

	// The parents that the test itself has created.
	for kind, n := range s.scaleway.Alive() {
		if n != 0 && kind != "namespace" {
			t.Errorf("left at Scaleway: %d of kind %s", n, kind)
		}
	}
}

// sufficed makes sure that the provider was never refused a right.
func (s *suite) sufficed(t *testing.T) {
	t.Helper()

	logs, err := filepath.Glob(filepath.Join(s.dir, provider+"-*.log"))
	if err != nil || len(logs) < 4 {
		t.Fatalf("the provider should have been started at least four times: %v, %v", logs, err)
	}

	for _, l := range logs {
		b, err := os.ReadFile(l)
		if err != nil {
			t.Fatal(err)
		}

		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, "forbidden") {
				t.Errorf("the provider lacks a right: %s", line)
			}
		}
	}
}

func keys(m map[string]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}

	return all
}
