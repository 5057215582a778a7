// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program is a module whose binary is checked. Its modules are in folders of it.
func program(t *testing.T, main string, modules map[string]string) string {
	t.Helper()

	dir := t.TempDir()
	mod := "module example.org/program\n\ngo 1.26.0\n"

	for path, source := range modules {
		local := strings.ReplaceAll(path, "/", "-")
		mod += "\nrequire " + path + " v1.2.3\nreplace " + path + " => ./" + local + "\n"

		writeFile(t, filepath.Join(dir, local, "go.mod"), "module "+path+"\n\ngo 1.26.0\n", 0o600)
		writeFile(t, filepath.Join(dir, local, "a.go"), source, 0o600)
		writeFile(t, filepath.Join(dir, local, "LICENSE"), "licence of "+path, 0o600)
		writeFile(t, filepath.Join(dir, local, "NOTICE.txt"), "notice of "+path, 0o600)
	}

	writeFile(t, filepath.Join(dir, "go.mod"), mod, 0o600)
	writeFile(t, filepath.Join(dir, "main.go"), main, 0o600)

	return dir
}

// compile the program in dir.
func compile(t *testing.T, dir, architecture string, flags ...string) string {
	t.Helper()

	binary := filepath.Join(dir, "program")

	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", binary, ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture, "GOWORK=off", "GOFLAGS=-mod=mod")

	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	return binary
}

const emptyMain = "package main\n\nfunc main() {}\n"

func TestCheck(t *testing.T) {
	const stripped = "-ldflags=-s -w"

	cases := map[string]struct {
		reason  string
		main    string
		modules map[string]string
		flags   []string
		want    string
	}{
		"Good": {
			reason: "A static, stripped binary should be taken.",
			main:   emptyMain,
			flags:  []string{stripped},
		},
		"NotStripped": {
			reason: "Symbols would only make the image larger.",
			main:   emptyMain,
			want:   "is not stripped",
		},
		"NotStatic": {
			reason: "There is nothing in the image to load a program with.",
			main:   emptyMain,
			flags:  []string{stripped, "-buildmode=pie"},
			want:   "is not static",
		},
		"CLI": {
			reason:  "The CLI must not be passed on.",
			main:    "package main\n\nimport \"github.com/hashicorp/terraform\"\n\nfunc main() { terraform.F() }\n",
			modules: map[string]string{"github.com/hashicorp/terraform": "package terraform\n\nfunc F() {}\n"},
			flags:   []string{stripped},
			want:    "is linked with github.com/hashicorp/terraform v1.2.3, the Terraform CLI",
		},
		"RunsCLI": {
			reason:  "What runs the CLI would look for one.",
			main:    "package main\n\nimport tfexec \"github.com/hashicorp/terraform-exec\"\n\nfunc main() { tfexec.Apply() }\n",
			modules: map[string]string{"github.com/hashicorp/terraform-exec": "package tfexec\n\n//go:noinline\nfunc Apply() {}\n"},
			flags:   []string{stripped},
			want:    "it holds github.com/hashicorp/terraform-exec.Apply",
		},
		"InitialisesCLI": {
			reason:  "What only initialises variables runs nothing.",
			main:    "package main\n\nimport _ \"github.com/hashicorp/terraform-exec\"\n\nfunc main() {}\n",
			modules: map[string]string{"github.com/hashicorp/terraform-exec": "package tfexec\n\nimport \"os\"\n\nvar Home = os.Getenv(\"HOME\")\n\nfunc init() { println(Home) }\n"},
			flags:   []string{stripped},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := check(compile(t, program(t, tc.main, tc.modules), "amd64", tc.flags...), "amd64")

			got := ""
			if err != nil {
				got = err.Error()
			}

			if (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
				t.Errorf("\n%s\ncheck(...): want an error that contains %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}

func TestCheckArchitecture(t *testing.T) {
	err := check(compile(t, program(t, emptyMain, nil), "arm64", "-ldflags=-s -w"), "amd64")
	if err == nil || !strings.Contains(err.Error(), "is for EM_AARCH64, not for amd64") {
		t.Errorf("check(...) of a binary for another machine: %v", err)
	}
}

func TestSBOM(t *testing.T) {
	dir := program(t, "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.F() }\n",
		map[string]string{"example.com/lib": "package lib\n\nfunc F() {}\n"})
	binary := compile(t, dir, "amd64", "-ldflags=-s -w")

	first, err := sbom(binary, "program", "v1.0.0", "amd64")
	if err != nil {
		t.Fatal(err)
	}

	var bom struct {
		BOMFormat string `json:"bomFormat"`
		Metadata  struct {
			Component struct{ Name, Version, PURL string }
		}
		Components []struct{ Name, PURL string }
	}
	if err := json.Unmarshal(first, &bom); err != nil {
		t.Fatal(err)
	}

	if bom.BOMFormat != "CycloneDX" {
		t.Errorf("format: %q", bom.BOMFormat)
	}

	if diff := cmp.Diff("pkg:golang/example.org/program@v1.0.0", bom.Metadata.Component.PURL); diff != "" {
		t.Errorf("what the bill is of: -want, +got:\n%s", diff)
	}

	names := []string{}
	for _, c := range bom.Components {
		names = append(names, c.Name)
	}

	// A module that is replaced by a folder is named by the folder.
	if diff := cmp.Diff([]string{"std", "./example.com-lib"}, names); diff != "" {
		t.Errorf("components: -want, +got:\n%s", diff)
	}

	second, err := sbom(binary, "program", "v1.0.0", "amd64")
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(first), string(second)); diff != "" {
		t.Errorf("the same binary should have the same bill: -first, +second:\n%s", diff)
	}
}

func TestLicences(t *testing.T) {
	dir := program(t, "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.F() }\n",
		map[string]string{"example.com/lib": "package lib\n\nfunc F() {}\n"})
	binary := compile(t, dir, "amd64", "-ldflags=-s -w")

	got, err := licences(binary, dir)
	if err != nil {
		t.Fatal(err)
	}

	want := map[string][]byte{
		"licences/example.com/lib/LICENSE":    []byte("licence of example.com/lib"),
		"licences/example.com/lib/NOTICE.txt": []byte("notice of example.com/lib"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("licences(...): -want, +got:\n%s", diff)
	}

	for _, f := range []string{"LICENSE", "NOTICE.txt"} {
		if err := os.Remove(filepath.Join(dir, "example.com-lib", f)); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := licences(binary, dir); err == nil || !strings.Contains(err.Error(), "example.com/lib has no file with a licence") {
		t.Errorf("a module without a licence must not be passed on: %v", err)
	}
}
