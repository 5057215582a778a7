// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Command generator writes the API types and the controllers of the resources
// declared in config. Run it through "make generate", which also makes the deep
// copies, the methods of managed resources and the CustomResourceDefinitions.
package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/crossplane/upjet/v2/pkg/pipeline"
	"github.com/crossplane/upjet/v2/pkg/pipeline/templates"
	tjtypes "github.com/crossplane/upjet/v2/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config"
	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

var (
	//go:embed types.go.tmpl
	typesTemplate string

	//go:embed controller.go.tmpl
	controllerTemplate string

	//go:embed setup.go.tmpl
	setupTemplate string
)

func main() {
	if len(os.Args) != 2 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Fprintln(os.Stderr, "usage: generator ROOT\n\nGenerates into the repository whose root folder is given.")
		os.Exit(2)
	}

	root, err := filepath.Abs(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "generator: cannot resolve %q: %v\n", os.Args[1], err)
		os.Exit(1)
	}

	generate(root)
}

func generate(root string) {
	p := config.New(ujconfig.WithControllerTemplate(controllerTemplate))

	// Upjet has no option for these two templates, but reads them from variables.
	templates.CRDTypesTemplate = typesTemplate + declarations(config.Resources(), p)
	templates.SetupTemplate = setupTemplate

	r := &pipeline.PipelineRunner{
		DirAPIs:               filepath.Join(root, "apis", "namespaced"),
		DirControllers:        filepath.Join(root, "internal", "controller", "namespaced"),
		DirExamples:           filepath.Join(root, "_output", "examples"),
		DirHack:               filepath.Join(root, "cmd", "generator"),
		ModulePathAPIs:        filepath.Join(config.ModulePath, "apis", "namespaced"),
		ModulePathControllers: filepath.Join(config.ModulePath, "internal", "controller", "namespaced"),
		Scope:                 tjtypes.CRDScopeNamespaced,
	}
	r.Run(p)

	if err := correctArticles(config.Resources(), r.DirAPIs, r.DirControllers); err != nil {
		fmt.Fprintf(os.Stderr, "generator: cannot correct what is generated: %v\n", err)
		os.Exit(1)
	}

	if err := nameGroups(root); err != nil {
		fmt.Fprintf(os.Stderr, "generator: cannot name the groups in the admission policies: %v\n", err)
		os.Exit(1)
	}
}

// correctArticles writes "an" before kinds that ask for it: upjet writes "a" before
// every kind that is referred to, and users read it.
func correctArticles(resources []resource.Resource, dirs ...string) error {
	var kinds []string

	for _, r := range resources {
		if strings.HasPrefix(r.AKind(), "an ") {
			kinds = append(kinds, regexp.QuoteMeta(r.Kind))
		}
	}

	if len(kinds) == 0 {
		return nil
	}

	article := regexp.MustCompile(`\b([Aa]) (` + strings.Join(kinds, "|") + `)\b`)

	for _, dir := range dirs {
		if err := rewrite(dir, func(b []byte) []byte { return article.ReplaceAll(b, []byte("${1}n $2")) }); err != nil {
			return err
		}
	}

	return nil
}

// rewrite the generated files in a folder.
func rewrite(dir string, fn func([]byte) []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // Nothing is written through the folder itself.

	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "zz_") {
			return err
		}

		b, err := root.ReadFile(path)
		if err != nil {
			return err
		}

		return root.WriteFile(path, fn(b), 0o600)
	})
}

// What a kind has whose secret Scaleway shows once.
const (
	lastAttempt = `
	// LastAttempt names the last attempt to create the object, or to renew it. The
	// provider compares annotations with it, which others may have restored.
	LastAttempt string ` + "`json:\"lastAttempt,omitempty\"`"

	lastAttemptMethods = `
// GetLastAttempt returns the last attempt to create the object, or to renew it.
func (mg *KIND) GetLastAttempt() string {
	return mg.Status.LastAttempt
}

// SetLastAttempt to create the object, or to renew it.
func (mg *KIND) SetLastAttempt(attempt string) {
	mg.Status.LastAttempt = attempt
}`
)

// declarations returns the sub-templates of the type template, which write what
// each kind declares: upjet hands the template only a fixed set of values.
func declarations(resources []resource.Resource, p *ujconfig.Provider) string {
	var columns, objectRules, specRules, status, methods strings.Builder

	for _, r := range resources {
		for _, c := range r.Columns {
			priority := ""
			if c.Wide {
				priority = ",priority=1"
			}

			forKind(&columns, r, fmt.Sprintf("// +kubebuilder:printcolumn:name=%q,type=%q,JSONPath=%q%s", c.Name, c.Type, c.JSONPath, priority))
		}

		for _, rule := range r.AllObjectRules(p.Resources[r.Name]) {
			forKind(&objectRules, r, validation(rule))
		}

		for _, rule := range r.AllSpecRules(p.Resources[r.Name]) {
			forKind(&specRules, r, validation(rule))
		}

		if r.Minted != nil {
			forKind(&status, r, lastAttempt)
			forKind(&methods, r, strings.ReplaceAll(lastAttemptMethods, "KIND", r.Kind))
		}
	}

	return fmt.Sprintf("{{ define \"columns\" }}%s{{ end }}{{ define \"objectRules\" }}%s{{ end }}{{ define \"specRules\" }}%s{{ end }}{{ define \"status\" }}%s{{ end }}{{ define \"methods\" }}%s{{ end }}",
		columns.String(), objectRules.String(), specRules.String(), status.String(), methods.String())
}

func forKind(b *strings.Builder, r resource.Resource, line string) {
	// The line may hold braces of CEL maps, which only a Go string in the template
	// protects from being read as an action.
	fmt.Fprintf(b, "{{ if and (eq .CRD.Kind %q) (eq .CRD.Group %q) }}{{ \"\\n\" }}{{ %q }}{{ end }}", r.Kind, r.Group+"."+config.RootGroup, line)
}

func validation(r resource.Rule) string {
	return fmt.Sprintf("// +kubebuilder:validation:XValidation:rule=%q,message=%q", r.Expression, r.Message)
}
