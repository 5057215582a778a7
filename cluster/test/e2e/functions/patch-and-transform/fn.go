// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composed"
	"github.com/crossplane/function-sdk-go/response"
	"k8s.io/apimachinery/pkg/runtime"
)

// connectionSecret is the name among the composed resources of the Secret that
// holds the connection details of a composite.
const connectionSecret = "connection-secret"

// A Function composes resources from templates.
type Function struct {
	fnv1.UnimplementedFunctionRunnerServiceServer
}

// RunFunction composes the resources of the input.
func (f *Function) RunFunction(_ context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	rsp := response.To(req, response.DefaultTTL)

	if err := run(req, rsp); err != nil {
		response.Fatal(rsp, err)
	}

	return rsp, nil
}

func run(req *fnv1.RunFunctionRequest, rsp *fnv1.RunFunctionResponse) error {
	in, err := parse(req.GetInput())
	if err != nil {
		return err
	}

	observedXR, err := request.GetObservedCompositeResource(req)
	if err != nil {
		return err
	}

	desiredXR, err := request.GetDesiredCompositeResource(req)
	if err != nil {
		return err
	}

	desiredXR.Resource.SetAPIVersion(observedXR.Resource.GetAPIVersion())
	desiredXR.Resource.SetKind(observedXR.Resource.GetKind())

	observed, err := request.GetObservedComposedResources(req)
	if err != nil {
		return err
	}

	desired, err := request.GetDesiredComposedResources(req)
	if err != nil {
		return err
	}

	for _, t := range in.Resources {
		o, exists := observed[resource.Name(t.Name)]

		d, err := compose(t, observedXR, desiredXR, o, exists)
		if missing := (&missingError{}); errors.As(err, &missing) {
			response.Warning(rsp, fmt.Errorf("not adding new composed resource %q to desired state: %w", t.Name, err))
			continue
		}

		if err != nil {
			return fmt.Errorf("cannot compose resource %q: %w", t.Name, err)
		}

		desired[resource.Name(t.Name)] = d
	}

	// Composite resources of version 2 have connection details of their own no
	// more.
	if _, err := observedXR.Resource.GetValue("spec.crossplane"); err == nil && len(desiredXR.ConnectionDetails) > 0 {
		s, err := secret(observedXR, desiredXR.ConnectionDetails, in.WriteConnectionSecretToRef)
		if err != nil {
			return err
		}

		desired[connectionSecret] = s
		desiredXR.ConnectionDetails = nil
	}

	if err := response.SetDesiredCompositeResource(rsp, desiredXR); err != nil {
		return err
	}

	return response.SetDesiredComposedResources(rsp, desired)
}

// compose a resource from its template.
func compose(t Template, observedXR, desiredXR *resource.Composite, o resource.ObservedComposed, exists bool) (*resource.DesiredComposed, error) {
	d := resource.NewDesiredComposed()
	d.Resource.Object = runtime.DeepCopyJSON(t.Base)

	if exists {
		d.Resource.SetNamespace(o.Resource.GetNamespace())
		d.Resource.SetName(o.Resource.GetName())

		for k, v := range details(t, o) {
			desiredXR.ConnectionDetails[k] = v
		}

		if ready(t, o.Resource) {
			d.Ready = resource.ReadyTrue
		}
	}

	for i, p := range t.Patches {
		from, to := fieldpath.Pave(observedXR.Resource.Object), fieldpath.Pave(d.Resource.Object)

		if p.Type == patchToComposite {
			if !exists {
				continue
			}

			from, to = fieldpath.Pave(o.Resource.Object), fieldpath.Pave(desiredXR.Resource.Object)
		}

		err := p.apply(from, to)
		if fieldpath.IsNotFound(err) {
			if p.Policy.FromFieldPath == "Required" && p.Type != patchToComposite && !exists {
				return nil, &missingError{fmt.Errorf("patch %d: %w", i, err)}
			}

			continue
		}

		if err != nil {
			return nil, fmt.Errorf("patch %d: %w", i, err)
		}
	}

	return d, nil
}

// apply the patch. The error tells whether there is nothing to copy.
func (p Patch) apply(from, to *fieldpath.Paved) error {
	if p.Type == patchCombineComposite {
		values := make([]any, 0, len(p.Combine.Variables))

		for _, v := range p.Combine.Variables {
			value, err := from.GetValue(v.FromFieldPath)
			if err != nil {
				return err
			}

			values = append(values, value)
		}

		return to.SetValue(p.ToFieldPath, fmt.Sprintf(p.Combine.String.Format, values...))
	}

	value, err := from.GetValue(p.FromFieldPath)
	if err != nil {
		return err
	}

	if p.ToFieldPath == "" {
		return to.SetValue(p.FromFieldPath, value)
	}

	return to.SetValue(p.ToFieldPath, value)
}

// details returns the connection details that a composed resource contributes.
func details(t Template, o resource.ObservedComposed) map[string][]byte {
	found := map[string][]byte{}

	for _, d := range t.ConnectionDetails {
		switch d.Type {
		case detailFromValue:
			found[d.Name] = []byte(d.Value)
		case detailFromSecretKey:
			// It may be written later.
			if v, ok := o.ConnectionDetails[d.FromConnectionSecretKey]; ok {
				found[d.Name] = v
			}
		case detailFromFieldPath:
			if v, err := o.Resource.GetString(d.FromFieldPath); err == nil {
				found[d.Name] = []byte(v)
			}
		}
	}

	return found
}

func ready(t Template, o *composed.Unstructured) bool {
	for _, c := range t.ReadinessChecks {
		if c.Type == readyMatchCondition && !hasCondition(o, c.MatchCondition.Type, c.MatchCondition.Status) {
			return false
		}
	}

	return len(t.ReadinessChecks) > 0 || hasCondition(o, "Ready", "True")
}

func hasCondition(o *composed.Unstructured, conditionType, status string) bool {
	conditions, _ := fieldpath.Pave(o.Object).GetValue("status.conditions")
	list, _ := conditions.([]any)

	for _, c := range list {
		if m, ok := c.(map[string]any); ok && m["type"] == conditionType {
			return m["status"] == status
		}
	}

	return false
}

// secret composes the Secret that holds the connection details of a composite.
func secret(xr *resource.Composite, connection resource.ConnectionDetails, ref *SecretRef) (*resource.DesiredComposed, error) {
	where := map[string]any{"name": xr.Resource.GetName() + "-connection", "namespace": xr.Resource.GetNamespace()}

	if ref != nil {
		if ref.Name != "" || ref.Namespace != "" {
			where["name"], where["namespace"] = ref.Name, ref.Namespace
		}

		for i, p := range ref.Patches {
			if err := p.apply(fieldpath.Pave(xr.Resource.Object), fieldpath.Pave(where)); err != nil && (p.Policy.FromFieldPath == "Required" || !fieldpath.IsNotFound(err)) {
				return nil, fmt.Errorf("cannot apply patch %d to writeConnectionSecretToRef: %w", i, err)
			}
		}
	}

	s := composed.New()
	s.SetAPIVersion("v1")
	s.SetKind("Secret")
	s.SetName(fmt.Sprint(where["name"]))
	s.SetNamespace(fmt.Sprint(where["namespace"]))

	if err := s.SetValue("type", "connection.crossplane.io/v1alpha1"); err != nil {
		return nil, err
	}

	return &resource.DesiredComposed{Resource: s, Ready: resource.ReadyTrue}, s.SetValue("data", connection)
}

// A missingError is about a required field that is not there yet.
type missingError struct{ error }

func (e *missingError) Unwrap() error { return e.error }
