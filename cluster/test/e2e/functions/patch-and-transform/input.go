// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"
)

// Types of patches that are understood.
const (
	patchFromComposite    = "FromCompositeFieldPath"
	patchToComposite      = "ToCompositeFieldPath"
	patchCombineComposite = "CombineFromComposite"
)

// Types of connection details that are understood.
const (
	detailFromValue     = "FromValue"
	detailFromSecretKey = "FromConnectionSecretKey"
	detailFromFieldPath = "FromFieldPath"
)

// Types of readiness checks that are understood.
const (
	readyNone           = "None"
	readyMatchCondition = "MatchCondition"
)

// Resources are the input of the function, as far as it is understood.
type Resources struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	Resources                  []Template `json:"resources"`
	WriteConnectionSecretToRef *SecretRef `json:"writeConnectionSecretToRef"`
}

// A Template of a composed resource.
type Template struct {
	Name              string           `json:"name"`
	Base              map[string]any   `json:"base"`
	Patches           []Patch          `json:"patches"`
	ConnectionDetails []Detail         `json:"connectionDetails"`
	ReadinessChecks   []ReadinessCheck `json:"readinessChecks"`
}

// A Patch copies a field.
type Patch struct {
	Type          string   `json:"type"`
	FromFieldPath string   `json:"fromFieldPath"`
	ToFieldPath   string   `json:"toFieldPath"`
	Combine       *Combine `json:"combine"`
	Policy        struct {
		FromFieldPath string `json:"fromFieldPath"`
	} `json:"policy"`
}

// Combine makes one string of several fields.
type Combine struct {
	Strategy  string `json:"strategy"`
	Variables []struct {
		FromFieldPath string `json:"fromFieldPath"`
	} `json:"variables"`
	String struct {
		Format string `json:"fmt"`
	} `json:"string"`
}

// A Detail is a connection detail of the composite.
type Detail struct {
	Name                    string `json:"name"`
	Type                    string `json:"type"`
	FromConnectionSecretKey string `json:"fromConnectionSecretKey"`
	FromFieldPath           string `json:"fromFieldPath"`
	Value                   string `json:"value"`
}

// A ReadinessCheck says when a composed resource is ready.
type ReadinessCheck struct {
	Type           string `json:"type"`
	MatchCondition struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	} `json:"matchCondition"`
}

// A SecretRef says which Secret the connection details of a composite go to.
type SecretRef struct {
	Name      string  `json:"name"`
	Namespace string  `json:"namespace"`
	Patches   []Patch `json:"patches"`
}

// parse the input. Whatever is not understood is refused, so that no composition
// passes here that the real function would treat otherwise.
func parse(input *structpb.Struct) (*Resources, error) {
	b, err := input.MarshalJSON()
	if err != nil {
		return nil, err
	}

	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()

	in := &Resources{}
	if err := d.Decode(in); err != nil {
		return nil, fmt.Errorf("this stand-in does not understand the input: %w", err)
	}

	if in.APIVersion != "pt.fn.crossplane.io/v1beta1" || in.Kind != "Resources" {
		return nil, fmt.Errorf("the input is a %s of %s, not a Resources of pt.fn.crossplane.io/v1beta1", in.Kind, in.APIVersion)
	}

	for _, t := range in.Resources {
		if err := t.validate(); err != nil {
			return nil, fmt.Errorf("resource %q: %w", t.Name, err)
		}
	}

	if in.WriteConnectionSecretToRef != nil {
		for i, p := range in.WriteConnectionSecretToRef.Patches {
			if p.Type == patchToComposite {
				return nil, fmt.Errorf("writeConnectionSecretToRef: patch %d is of the type %s", i, p.Type)
			}

			if err := p.validate(); err != nil {
				return nil, fmt.Errorf("writeConnectionSecretToRef: patch %d: %w", i, err)
			}
		}
	}

	return in, nil
}

func (t Template) validate() error {
	if t.Name == "" || len(t.Base) == 0 {
		return fmt.Errorf("it has no name or no base")
	}

	for i, p := range t.Patches {
		if err := p.validate(); err != nil {
			return fmt.Errorf("patch %d: %w", i, err)
		}
	}

	for i, d := range t.ConnectionDetails {
		given := map[string]bool{
			detailFromValue:     d.Value != "",
			detailFromSecretKey: d.FromConnectionSecretKey != "",
			detailFromFieldPath: d.FromFieldPath != "",
		}
		if d.Name == "" || !given[d.Type] {
			return fmt.Errorf("connection detail %d: it has no name, or lacks what its type %q needs", i, d.Type)
		}
	}

	for i, c := range t.ReadinessChecks {
		if c.Type != readyNone && (c.Type != readyMatchCondition || c.MatchCondition.Type == "") {
			return fmt.Errorf("readiness check %d: this stand-in does not understand its type %q", i, c.Type)
		}
	}

	return nil
}

func (p Patch) validate() error {
	switch p.Type {
	case "", patchFromComposite, patchToComposite:
		if p.FromFieldPath == "" {
			return fmt.Errorf("it has no fromFieldPath")
		}
	case patchCombineComposite:
		if p.Combine == nil || p.Combine.Strategy != "string" || len(p.Combine.Variables) == 0 || p.ToFieldPath == "" {
			return fmt.Errorf("it does not combine strings into a toFieldPath")
		}
	default:
		return fmt.Errorf("this stand-in does not understand its type %q", p.Type)
	}

	switch p.Policy.FromFieldPath {
	case "", "Optional", "Required":
		return nil
	default:
		return fmt.Errorf("its policy.fromFieldPath is %q", p.Policy.FromFieldPath)
	}
}
