// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// machines are the architectures of ELF files, by what Go calls them.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

var (
	// cliModule is the module of a CLI that reads Terraform's language, whose licence
	// is no longer free. The provider must hold nothing of it.
	cliModule = regexp.MustCompile(`^github\.com/(hashicorp/terraform|opentofu/opentofu)(/v[0-9]+)?$`)

	// cliFunction is a function of a module that installs or runs such a CLI. Both
	// modules are linked because helpers of tests are, but of them only what
	// initialises variables may be.
	cliFunction = regexp.MustCompile(`^github\.com/hashicorp/(hc-install|terraform-exec)[/.]`)
	initializer = regexp.MustCompile(`\.(init|init\.[0-9]+|map\.init\.[0-9]+|init\.func[0-9.]+)$`)
)

// check that a binary can run in an image that has nothing else, and that it holds
// nothing that must not be passed on.
func check(file, architecture string) error {
	f, err := elf.Open(file)
	if err != nil {
		return fmt.Errorf("%s is no binary for Linux: %w", file, err)
	}
	defer f.Close() //nolint:errcheck // It is only read.

	if want := machines[architecture]; f.Machine != want {
		return fmt.Errorf("%s is for %s, not for %s", file, f.Machine, architecture)
	}

	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return fmt.Errorf("%s is not static: build it with CGO_ENABLED=0", file)
	}

	if f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
		return fmt.Errorf("%s is not stripped: build it with -ldflags '-s -w'", file)
	}

	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot read what %s was built from: %w", file, err)
	}

	for _, m := range info.Deps {
		if cliModule.MatchString(m.Path) {
			return fmt.Errorf("%s is linked with %s %s, the Terraform CLI", file, m.Path, m.Version)
		}
	}

	names, err := functions(f)
	if err != nil {
		return fmt.Errorf("cannot list the functions in %s: %w", file, err)
	}

	for _, name := range names {
		if cliFunction.MatchString(name) && !initializer.MatchString(name) {
			return fmt.Errorf("%s can install or run the Terraform CLI: it holds %s", file, name)
		}
	}

	return nil
}

// functions returns the names of the Go functions in a binary, which Go keeps for
// stack traces when it strips everything else.
func functions(f *elf.File) ([]string, error) {
	section, text := f.Section(".gopclntab"), f.Section(".text")
	if section == nil || text == nil {
		return nil, errors.New("it has no section .gopclntab or .text")
	}

	data, err := section.Data()
	if err != nil {
		return nil, err
	}

	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text.Addr))
	if err != nil {
		return nil, err
	}

	names := make([]string, 0, len(table.Funcs))
	for _, fn := range table.Funcs {
		names = append(names, fn.Name)
	}

	// A table that could not be read is empty, and would prove nothing.
	if !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "main.main") }) {
		return nil, errors.New("main.main is not among them")
	}

	return names, nil
}
