// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// mediaTypeSBOM of a bill of materials.
const mediaTypeSBOM = "application/vnd.cyclonedx+json"

// sbom returns the bill of materials of a binary as CycloneDX JSON: each module it
// is linked with, as the binary itself says. There is no time and no serial number
// in it, so that the same binary has the same bill.
func sbom(binary, name, version, architecture string) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("cannot read what %s was built from: %w", binary, err)
	}

	main := purl(info.Main.Path, version)
	components := []cyclonedx.Component{{
		BOMRef: purl("std", strings.TrimPrefix(info.GoVersion, "go")), Type: cyclonedx.ComponentTypeLibrary, Name: "std",
		Version: info.GoVersion, PackageURL: purl("std", strings.TrimPrefix(info.GoVersion, "go")), Scope: cyclonedx.ScopeRequired,
	}}
	refs := []string{components[0].BOMRef}

	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}

		c := cyclonedx.Component{
			BOMRef: purl(m.Path, m.Version), Type: cyclonedx.ComponentTypeLibrary, Name: m.Path,
			Version: m.Version, PackageURL: purl(m.Path, m.Version), Scope: cyclonedx.ScopeRequired,
		}
		// What go.sum has is a digest of the module's files, and none of an archive.
		if m.Sum != "" {
			c.Properties = &[]cyclonedx.Property{{Name: "go.sum", Value: m.Sum}}
		}

		components = append(components, c)
		refs = append(refs, c.BOMRef)
	}

	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Component: &cyclonedx.Component{
		BOMRef: main, Type: cyclonedx.ComponentTypeApplication, Name: name, Version: version, PackageURL: main,
		Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		Properties: &[]cyclonedx.Property{
			{Name: "GOOS", Value: "linux"}, {Name: "GOARCH", Value: architecture}, {Name: "CGO_ENABLED", Value: "0"},
		},
	}}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: main, Dependencies: &refs}}

	var buf bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&buf, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return nil, err
	}

	return buf.Bytes(), nil
}

// purl is the package URL of a Go module.
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// legal is a file that the licence of a module asks to be passed on.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// licences returns the licences and notices of the modules that a binary is linked
// with, by the path of the module. They belong with the binary.
func licences(binary, checkout string) (map[string][]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("cannot read what %s was built from: %w", binary, err)
	}

	args := []string{"list", "-m", "-mod=readonly", "-json=Path,Dir"}
	for _, m := range info.Deps {
		args = append(args, m.Path)
	}

	cmd := exec.Command("go", args...) //nolint:noctx // It lists modules, and ends.
	cmd.Dir, cmd.Stderr = checkout, os.Stderr
	cmd.Env = append(os.Environ(), "GOWORK=off")

	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot find the modules of %s: %w", binary, err)
	}

	found := map[string][]byte{}

	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); err != nil {
			return nil, err
		}

		files, err := os.ReadDir(m.Dir)
		if err != nil {
			return nil, fmt.Errorf("cannot read the licence of %s: %w", m.Path, err)
		}

		n := len(found)

		for _, f := range files {
			if !f.Type().IsRegular() || !legal.MatchString(f.Name()) {
				continue
			}

			if found[path.Join("licences", m.Path, f.Name())], err = os.ReadFile(filepath.Join(m.Dir, f.Name())); err != nil {
				return nil, err
			}
		}

		if len(found) == n {
			return nil, fmt.Errorf("%s has no file with a licence in %s", m.Path, m.Dir)
		}
	}

	return found, nil
}
