// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// crdDir is where the CRDs of the package are.
func crdDir() string {
	return filepath.Join(Root(), "package", "crds")
}

// ReadCRDs returns the CRDs of the package.
func ReadCRDs() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := filepath.Glob(filepath.Join(crdDir(), "*.yaml"))
	if err != nil {
		return nil, err
	}

	crds := make([]*apiextensionsv1.CustomResourceDefinition, len(files))

	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}

		crds[i] = &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(b, crds[i]); err != nil {
			return nil, errors.Wrap(err, f)
		}
	}

	return crds, nil
}

// writeWithoutRules writes the CRDs of the package into a folder, as they would
// be without any CEL rule.
func writeWithoutRules(dir string) error {
	crds, err := ReadCRDs()
	if err != nil {
		return err
	}

	for _, crd := range crds {
		for i := range crd.Spec.Versions {
			strip(crd.Spec.Versions[i].Schema.OpenAPIV3Schema)
		}

		b, err := yaml.Marshal(crd)
		if err != nil {
			return err
		}

		if err := os.WriteFile(filepath.Join(dir, crd.GetName()+".yaml"), b, 0o600); err != nil {
			return err
		}
	}

	return nil
}

func strip(p *apiextensionsv1.JSONSchemaProps) {
	p.XValidations = nil

	for name, child := range p.Properties {
		strip(&child)
		p.Properties[name] = child
	}

	if p.Items != nil && p.Items.Schema != nil {
		strip(p.Items.Schema)
	}
}

// InstallCRDs installs the CRDs of the package that are not installed yet.
func (e *Env) InstallCRDs() {
	e.t.Helper()

	crds, err := ReadCRDs()
	if err != nil {
		e.t.Fatal(err)
	}

	for _, crd := range crds {
		if err := e.Client.Create(e.t.Context(), crd); err != nil && !kerrors.IsAlreadyExists(err) {
			e.t.Fatal(err)
		}
	}
}

// InstallRules puts the CRDs of the package over those without rules.
func InstallRules(t *testing.T) {
	t.Helper()

	crds, err := ReadCRDs()
	if err != nil {
		t.Fatal(err)
	}

	for _, crd := range crds {
		old := &apiextensionsv1.CustomResourceDefinition{}
		if err := shared.controlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(crd), old); err != nil {
			t.Fatal(err)
		}

		old.Spec = crd.Spec
		if err := shared.controlPlane.Client.Update(context.WithoutCancel(t.Context()), old); err != nil {
			t.Fatalf("the API server does not accept CRD %s: %v", crd.GetName(), err)
		}
	}
}
