// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/controlplane/process"
	"github.com/crossplane-contrib/provider-upjet-scaleway/cluster/test/framework"
)

// TestRender renders the compositions among the examples with Crossplane's CLI, and
// validates what comes of them, as their READMEs say.
func TestRender(t *testing.T) {
	examples := filepath.Join(framework.Root(), "examples", "compositions")
	functions := serveFunctions(t, filepath.Join(examples, "functions.yaml"))
	extensions, cache := schemas(t)

	// What the function asks for, and what the provider has told.
	render := filepath.Join(examples, "containeraccess", "render")
	whatThereIs := []string{
		"--required-resources=" + filepath.Join(render, "required.yaml"),
		"--observed-resources=" + filepath.Join(render, "observed.yaml"),
	}

	// The same, before anything was made in IAM.
	onlyNamespace := []string{whatThereIs[0], "--observed-resources=" + namespaceOnly(t, filepath.Join(render, "observed.yaml"))}

	cases := map[string]struct {
		reason string
		dir    string
		xr     string
		flags  []string

		// edit the composition.
		edit func(string) string

		// iam is with what is managed what is in IAM, and fatal why nothing is rendered.
		iam, fatal string

		// composition is how its composition validates.
		composition string

		want map[string]int
	}{
		"ContainerAccess": {
			reason: "It consists of an API key of an application whose policy opens the project. There is no Secret before there is a value.",
			dir:    "containeraccess", xr: "containeraccess.yaml",
			flags: whatThereIs, composition: "0 missing schemas, 2 success cases",
			iam:  platformIAM,
			want: map[string]int{"ContainerAccess": 1, "Application": 1, "Policy": 1, "ApiKey": 1, "ContainerNamespace": 1},
		},
		"ContainerAccessOfBefore": {
			reason: "Where the composition has no credentials of the platform's, all are those of the namespace.",
			dir:    "containeraccess", xr: "containeraccess.yaml",
			edit:  func(c string) string { return without(c, "        iam:\n", "        # When an access") },
			flags: onlyNamespace, composition: "0 missing schemas, 2 success cases",
			iam:  "default",
			want: map[string]int{"ContainerAccess": 1, "Application": 1, "Policy": 1, "ApiKey": 1, "ContainerNamespace": 1},
		},
		"ContainerAccessWithoutConfig": {
			reason: "Where the credentials of the platform's are not there, no key is made.",
			dir:    "containeraccess", xr: "containeraccess.yaml",
			edit:  func(c string) string { return strings.Replace(c, "name: platform-iam", "name: platform-aim", 1) },
			flags: onlyNamespace, composition: "0 missing schemas, 2 success cases",
			want: map[string]int{"ContainerAccess": 1, "ContainerNamespace": 1},
		},
		"ContainerAccessMisspelt": {
			reason: "What is misspelt in the composition is said.",
			dir:    "containeraccess", xr: "containeraccess.yaml",
			edit:  func(c string) string { return strings.Replace(c, "        iam:", "        imm:", 1) },
			flags: whatThereIs, fatal: `unknown field "imm"`,
		},
		"ContainerAccessClaim": {
			reason: "The composite of a claim consists of the same, in the namespace of the claim.",
			dir:    "containeraccess-claim", xr: "xr.yaml",
			flags: whatThereIs, composition: "0 missing schemas, 2 success cases",
			iam:  platformIAM,
			want: map[string]int{"XContainerAccess": 1, "Application": 1, "Policy": 1, "ApiKey": 1, "ContainerNamespace": 1},
		},
		"PrivateApplication": {
			reason: "It consists of three resources and the two Usages that order their deletion.",
			dir:    "privateapplication", xr: "privateapplication.yaml",
			composition: "1 missing schemas, 1 success cases",
			want:        map[string]int{"PrivateApplication": 1, "ContainerNamespace": 1, "Container": 1, "Token": 1, "Usage": 2},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(examples, tc.dir)
			composition := edited(t, filepath.Join(dir, "composition.yaml"), tc.edit)

			rendered, err := output(t.Context(), dir, append([]string{
				shared.crank, "render", tc.xr, composition, functions, "--xrd=definition.yaml", "--include-full-xr",
			}, tc.flags...)...)
			if tc.fatal != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fatal) {
					t.Errorf("\n%s\nan error that says %q is wanted, not %v", tc.reason, tc.fatal, err)
				}

				return
			}

			if err != nil {
				t.Fatal(err)
			}

			objects, err := decode([]byte(rendered))
			if err != nil {
				t.Fatal(err)
			}

			got := map[string]int{}

			for _, o := range objects {
				got[o.GetKind()]++

				if name, _, _ := unstructured.NestedString(o.Object, "spec", "providerConfigRef", "name"); o.GroupVersionKind().Group == iamGroup && tc.iam != "" && name != tc.iam {
					t.Errorf("\n%s\nthe %s is managed with %q, not with %q", tc.reason, o.GetKind(), name, tc.iam)
				} else if o.GroupVersionKind().Group == group && name != "default" {
					t.Errorf("\n%s\nthe %s is managed with %q, not with that of the namespace", tc.reason, o.GetKind(), name)
				}

				// A namespaced composite leaves it to Crossplane.
				if strings.HasSuffix(o.GroupVersionKind().Group, configGroup) && o.GetNamespace() != team && o.GetNamespace() != "" {
					t.Errorf("\n%s\nthe %s is in the namespace %q", tc.reason, o.GetKind(), o.GetNamespace())
				}
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nrendered kinds: -want, +got:\n%s", tc.reason, diff)
			}

			file := filepath.Join(t.TempDir(), "rendered.yaml")
			if err := os.WriteFile(file, []byte(rendered), 0o600); err != nil {
				t.Fatal(err)
			}

			resources := []string{file}
			if tc.dir == "containeraccess-claim" {
				resources = append(resources, filepath.Join(dir, "claim.yaml"))
			}

			said, err := validate(t, extensions, cache, resources, "--error-on-missing-schemas")
			if err != nil {
				t.Errorf("\n%s\n%v", tc.reason, err)
			}

			t.Log(said)

			// The input of patch-and-transform has a schema in its package, which is not
			// here.
			said, err = validate(t, extensions, cache, []string{composition})
			if err != nil || !strings.Contains(said, tc.composition) {
				t.Errorf("\n%s\n%s: %v", tc.reason, said, err)
			}
		})
	}

	t.Run("Broken", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "broken.yaml")

		b, err := os.ReadFile(filepath.Join(examples, "containeraccess", "containeraccess.yaml"))
		if err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(file, []byte(strings.Replace(string(b), "containerName:", "namespaceId: fr-par/11111111-1111-4111-8111-111111111111\n    containerName:", 1)), 0o600); err != nil {
			t.Fatal(err)
		}

		if _, err := validate(t, extensions, cache, []string{file}); err == nil || !strings.Contains(err.Error(), "give exactly one of") {
			t.Errorf("a ContainerAccess to two things should not validate, else nothing is: %v", err)
		}
	})
}

// edited returns the path of a file that was edited, or of the file itself.
func edited(t *testing.T, file string, edit func(string) string) string {
	t.Helper()

	if edit == nil {
		return file
	}

	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	after := edit(string(b))
	if after == string(b) {
		t.Fatalf("nothing in %s is edited", file)
	}

	path := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
		t.Fatal(err)
	}

	return path
}

// without what is between two texts.
func without(s, from, to string) string {
	before, rest, _ := strings.Cut(s, from)
	_, after, _ := strings.Cut(rest, to)

	return before + to + after
}

// namespaceOnly is the first object of a file.
func namespaceOnly(t *testing.T, file string) string {
	t.Helper()

	return edited(t, file, func(s string) string {
		first, _, _ := strings.Cut(s, "\n---")
		return first
	})
}

// serveFunctions starts the functions that a manifest names, and returns a manifest
// that says where they are.
func serveFunctions(t *testing.T, manifest string) string {
	t.Helper()

	b, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}

	functions, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}

	ports, err := freePorts(len(functions))
	if err != nil {
		t.Fatal(err)
	}

	var local []byte

	for i, f := range functions {
		cmd := exec.Command(shared.functions[f.GetName()].binary, "--insecure", "--address="+loopback(ports[i]))

		p, err := process.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}

		t.Cleanup(func() {
			if err := p.Stop(stopGrace); err != nil {
				t.Error(err)
			}
		})

		f.SetAnnotations(map[string]string{
			"render.crossplane.io/runtime":                    "Development",
			"render.crossplane.io/runtime-development-target": loopback(ports[i]),
		})

		b, err := yaml.Marshal(f.Object)
		if err != nil {
			t.Fatal(err)
		}

		local = append(append(local, "---\n"...), b...)

		err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, startTimeout, true, wait.ConditionFunc(func() (bool, error) {
			c, err := net.Dial("tcp", loopback(ports[i]))
			if err == nil {
				err = c.Close()
			}

			return err == nil, nil
		}).WithContext())
		if err != nil {
			t.Fatalf("%s does not listen: %v", f.GetName(), err)
		}
	}

	path := filepath.Join(t.TempDir(), "functions.yaml")
	if err := os.WriteFile(path, local, 0o600); err != nil {
		t.Fatal(err)
	}

	return path
}

// crossplaneImage is the image that the CLI looks for Crossplane's own schemas in.
const crossplaneImage = "xpkg.crossplane.io/crossplane/crossplane"

// schemas returns what to validate against: the kinds of the package and of the
// compositions; and a cache that holds Crossplane's own.
func schemas(t *testing.T) (extensions, cache string) {
	t.Helper()

	dir := t.TempDir()
	extensions, cache = filepath.Join(dir, "extensions"), filepath.Join(dir, "cache")

	version, err := output(t.Context(), dir, shared.crossplane, "--version")
	if err != nil {
		t.Fatal(err)
	}

	image := filepath.Join(cache, crossplaneImage+"@"+version)

	for to, from := range map[string]string{
		extensions:                             filepath.Join(framework.Root(), "package", "crds"),
		filepath.Join(extensions, ownFunction): filepath.Join(framework.Root(), "cmd", ownFunction, "package", "input"),
		image:                                  filepath.Join(shared.source, "cluster", "crds"),
	} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}

	definitions, err := filepath.Glob(filepath.Join(framework.Root(), "examples", "compositions", "*", "definition.yaml"))
	if err != nil || len(definitions) == 0 {
		t.Fatalf("no definition among the examples: %v", err)
	}

	for _, d := range definitions {
		b, err := os.ReadFile(d)
		if err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(filepath.Join(extensions, filepath.Base(filepath.Dir(d))+".yaml"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	return extensions, cache
}

// validate resources, and say what came of it.
func validate(t *testing.T, extensions, cache string, resources []string, flags ...string) (string, error) {
	t.Helper()

	entries, err := os.ReadDir(filepath.Join(cache, filepath.Dir(crossplaneImage)))
	if err != nil || len(entries) != 1 {
		t.Fatalf("the cache of schemas should hold one version of Crossplane: %v, %v", entries, err)
	}

	_, version, _ := strings.Cut(entries[0].Name(), "@")

	return output(t.Context(), t.TempDir(), append([]string{
		shared.crank, "beta", "validate", extensions, strings.Join(resources, ","),
		"--crossplane-image=" + crossplaneImage + ":" + version, "--cache-dir=" + cache,
	}, flags...)...)
}
