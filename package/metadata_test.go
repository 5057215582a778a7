// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package metadata tests what the package says about itself, and the manifests that
// install it.
package metadata

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// metadata of the package.
type metadata struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Crossplane   struct{ Version string } `json:"crossplane"`
		Capabilities []string                 `json:"capabilities"`
	} `json:"spec"`
}

func TestMetadata(t *testing.T) {
	m := metadata{}
	if err := yaml.UnmarshalStrict([]byte(read(t, "crossplane.yaml")), &m); err != nil {
		t.Fatal(err)
	}

	for _, name := range []string{"maintainer", "source", "license", "description", "readme"} {
		if strings.TrimSpace(m.Metadata.Annotations["meta.crossplane.io/"+name]) == "" {
			t.Errorf("a registry shows the annotation %s, which is empty", name)
		}
	}

	icon := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(read(t, "icon.svg")))
	if diff := cmp.Diff(icon, m.Metadata.Annotations["meta.crossplane.io/iconURI"]); diff != "" {
		t.Errorf("the icon should be that in icon.svg: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff([]string{"safe-start"}, m.Spec.Capabilities); diff != "" {
		t.Errorf("capabilities: -want, +got:\n%s", diff)
	}

	// The end-to-end test runs this one.
	tested := required(t, "../cluster/controlplane/crossplane/go.mod", "github.com/crossplane/crossplane/v2")
	if want := ">=" + tested + ", <v3"; m.Spec.Crossplane.Version != want {
		t.Errorf("the package asks for Crossplane %q: want what is tested, %q", m.Spec.Crossplane.Version, want)
	}
}

// The policy activates kinds that there are.
func TestActivationPolicy(t *testing.T) {
	var policy struct {
		Spec struct{ Activate []string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "../examples/install/managedresourceactivationpolicy.yaml")), &policy); err != nil {
		t.Fatal(err)
	}

	files, err := filepath.Glob("crds/*.yaml")
	if err != nil {
		t.Fatal(err)
	}

	var names []string

	for _, f := range files {
		var crd struct{ Metadata struct{ Name string } }
		if err := yaml.Unmarshal([]byte(read(t, f)), &crd); err != nil {
			t.Fatal(err)
		}

		names = append(names, crd.Metadata.Name)
	}

	if len(policy.Spec.Activate) == 0 {
		t.Error("the policy activates nothing")
	}

	for _, name := range policy.Spec.Activate {
		if !slices.Contains(names, name) {
			t.Errorf("the policy activates %s, which the package does not have", name)
		}
	}
}

// The function that the tests take from its module is the version that users install.
func TestFunctionVersion(t *testing.T) {
	const name = "function-auto-ready"

	tested := required(t, "../cluster/test/e2e/functions/auto-ready/go.mod", "github.com/crossplane/"+name)
	if want := "xpkg.crossplane.io/crossplane-contrib/" + name + ":" + tested + "\n"; !strings.Contains(read(t, "../examples/compositions/functions.yaml"), want) {
		t.Errorf("the examples should install what is tested, %s", want)
	}
}

// required returns the version of a module that a go.mod requires.
func required(t *testing.T, file, module string) string {
	t.Helper()

	m := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(module) + ` (v\S+)`).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s does not require %s", file, module)
	}

	return m[1]
}

func read(t *testing.T, file string) string {
	t.Helper()

	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	return string(b)
}
