// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
)

// input of the function, of the given resources and the rest of the fields.
func input(resources, rest string) string {
	return `{"apiVersion":"pt.fn.crossplane.io/v1beta1","kind":"Resources","resources":[` + resources + `]` + rest + `}`
}

func TestRunFunction(t *testing.T) {
	const xr = `{"apiVersion":"example.org/v1","kind":"XR","metadata":{"name":"x","namespace":"team"},"spec":{"crossplane":{},"size":3}}`

	cases := map[string]struct {
		reason   string
		input    string
		xr       string
		observed map[string]*fnv1.Resource
		want     map[string]*fnv1.Resource
		wantXR   *fnv1.Resource
		results  []string
	}{
		"NewResource": {
			reason: "Fields of the composite are copied into the base; what is not there is left out.",
			input: input(`{"name":"a","base":{"apiVersion":"v1","kind":"A"},"patches":[
				{"type":"FromCompositeFieldPath","fromFieldPath":"spec.size","toFieldPath":"spec.count"},
				{"fromFieldPath":"spec.absent"},
				{"type":"CombineFromComposite","toFieldPath":"spec.name","combine":{"strategy":"string","variables":[{"fromFieldPath":"metadata.namespace"},{"fromFieldPath":"metadata.name"}],"string":{"fmt":"%s/%s"}}},
				{"type":"ToCompositeFieldPath","fromFieldPath":"status.id","toFieldPath":"status.id"}]}`, ""),
			want: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","spec":{"count":3,"name":"team/x"}}`)},
			},
		},
		"RequiredIsMissing": {
			reason:  "A new resource that lacks a required field is not composed.",
			input:   input(`{"name":"a","base":{"apiVersion":"v1","kind":"A"},"patches":[{"fromFieldPath":"spec.absent","policy":{"fromFieldPath":"Required"}}]}`, ""),
			want:    map[string]*fnv1.Resource{},
			results: []string{"not adding new composed resource \"a\" to desired state"},
		},
		"ReadyResource": {
			reason: "A resource that is ready says so, keeps its name, and its fields go to the composite.",
			input:  input(`{"name":"a","base":{"apiVersion":"v1","kind":"A"},"patches":[{"type":"ToCompositeFieldPath","fromFieldPath":"status.conditions"}]}`, ""),
			observed: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"x-1","namespace":"team"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}`)},
			},
			want: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"x-1","namespace":"team"}}`), Ready: fnv1.Ready_READY_TRUE},
			},
			wantXR: &fnv1.Resource{Resource: resource.MustStructJSON(`{"apiVersion":"example.org/v1","kind":"XR","status":{"conditions":[{"type":"Ready","status":"True"}]}}`)},
		},
		"ReadinessChecks": {
			reason: "A check decides, where there is one.",
			input: input(`{"name":"a","base":{"apiVersion":"v1","kind":"A"},"readinessChecks":[{"type":"MatchCondition","matchCondition":{"type":"Synced","status":"True"}}]},
				{"name":"b","base":{"apiVersion":"v1","kind":"A"},"readinessChecks":[{"type":"None"}]}`, ""),
			observed: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}`)},
				"b": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"b"}}`)},
			},
			want: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`)},
				"b": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"b"}}`), Ready: fnv1.Ready_READY_TRUE},
			},
		},
		"ConnectionSecret": {
			reason: "Connection details of a composite of version 2 go to a Secret that is composed.",
			input: input(`{"name":"a","base":{"apiVersion":"v1","kind":"A"},"connectionDetails":[
				{"name":"token","type":"FromConnectionSecretKey","fromConnectionSecretKey":"t"},
				{"name":"later","type":"FromConnectionSecretKey","fromConnectionSecretKey":"absent"},
				{"name":"url","type":"FromFieldPath","fromFieldPath":"status.url"},
				{"name":"fixed","type":"FromValue","value":"v"}]}`,
				`,"writeConnectionSecretToRef":{"patches":[{"type":"FromCompositeFieldPath","fromFieldPath":"spec.absent","toFieldPath":"name"}]}`),
			observed: map[string]*fnv1.Resource{
				"a": {
					Resource:          resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"status":{"url":"u"}}`),
					ConnectionDetails: map[string][]byte{"t": []byte("secret")},
				},
			},
			want: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`)},
				"connection-secret": {
					Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x-connection","namespace":"team"},"type":"connection.crossplane.io/v1alpha1","data":{"token":"c2VjcmV0","url":"dQ==","fixed":"dg=="}}`),
					Ready:    fnv1.Ready_READY_TRUE,
				},
			},
		},
		"LegacyConnectionDetails": {
			reason: "Those of a composite of version 1 are its own.",
			xr:     `{"apiVersion":"example.org/v1","kind":"XR","metadata":{"name":"x"},"spec":{}}`,
			input:  input(`{"name":"a","base":{"apiVersion":"v1","kind":"A"},"connectionDetails":[{"name":"token","type":"FromConnectionSecretKey","fromConnectionSecretKey":"t"}]}`, ""),
			observed: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`), ConnectionDetails: map[string][]byte{"t": []byte("secret")}},
			},
			want: map[string]*fnv1.Resource{
				"a": {Resource: resource.MustStructJSON(`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`)},
			},
			wantXR: &fnv1.Resource{
				Resource:          resource.MustStructJSON(`{"apiVersion":"example.org/v1","kind":"XR"}`),
				ConnectionDetails: map[string][]byte{"token": []byte("secret")},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			observedXR := tc.xr
			if observedXR == "" {
				observedXR = xr
			}

			rsp, err := (&Function{}).RunFunction(t.Context(), &fnv1.RunFunctionRequest{
				Input:    resource.MustStructJSON(tc.input),
				Observed: &fnv1.State{Composite: &fnv1.Resource{Resource: resource.MustStructJSON(observedXR)}, Resources: tc.observed},
			})
			if err != nil {
				t.Fatal(err)
			}

			if len(rsp.GetResults()) != len(tc.results) {
				t.Fatalf("\n%s\nresults: %v", tc.reason, rsp.GetResults())
			}

			for i, want := range tc.results {
				if got := rsp.GetResults()[i].GetMessage(); !strings.Contains(got, want) {
					t.Errorf("\n%s\nresult %d: want %q in %q", tc.reason, i, want, got)
				}
			}

			if diff := cmp.Diff(tc.want, rsp.GetDesired().GetResources(), protocmp.Transform()); len(tc.want) > 0 && diff != "" {
				t.Errorf("\n%s\ncomposed resources: -want, +got:\n%s", tc.reason, diff)
			}

			if len(tc.want) == 0 && len(rsp.GetDesired().GetResources()) > 0 {
				t.Errorf("\n%s\ncomposed resources: want none, got %v", tc.reason, rsp.GetDesired().GetResources())
			}

			if tc.wantXR == nil {
				tc.wantXR = &fnv1.Resource{Resource: resource.MustStructJSON(`{"apiVersion":"example.org/v1","kind":"XR"}`)}
			}

			if diff := cmp.Diff(tc.wantXR, rsp.GetDesired().GetComposite(), protocmp.Transform()); diff != "" {
				t.Errorf("\n%s\ncomposite: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParse(t *testing.T) {
	const base = `"base":{"apiVersion":"v1","kind":"A"}`

	cases := map[string]struct {
		reason string
		input  string
		want   string
	}{
		"Transform":      {reason: "A transform would be left out.", input: input(`{"name":"a",`+base+`,"patches":[{"fromFieldPath":"a","transforms":[]}]}`, ""), want: `unknown field "transforms"`},
		"PatchSet":       {reason: "A set of patches would be left out.", input: input(`{"name":"a",`+base+`,"patches":[{"type":"PatchSet"}]}`, ""), want: `its type "PatchSet"`},
		"NoFrom":         {reason: "A patch copies something.", input: input(`{"name":"a",`+base+`,"patches":[{"type":"FromCompositeFieldPath"}]}`, ""), want: "no fromFieldPath"},
		"Combine":        {reason: "A combination goes somewhere.", input: input(`{"name":"a",`+base+`,"patches":[{"type":"CombineFromComposite"}]}`, ""), want: "does not combine"},
		"Policy":         {reason: "A policy has two values.", input: input(`{"name":"a",`+base+`,"patches":[{"fromFieldPath":"a","policy":{"fromFieldPath":"Maybe"}}]}`, ""), want: `policy.fromFieldPath is "Maybe"`},
		"Detail":         {reason: "A connection detail needs what its type says.", input: input(`{"name":"a",`+base+`,"connectionDetails":[{"name":"b","type":"FromFieldPath","value":"c"}]}`, ""), want: "connection detail 0"},
		"ReadinessCheck": {reason: "Other checks would pass.", input: input(`{"name":"a",`+base+`,"readinessChecks":[{"type":"NonEmpty"}]}`, ""), want: "readiness check 0"},
		"NoBase":         {reason: "A resource of another function is not looked for.", input: input(`{"name":"a"}`, ""), want: "no base"},
		"Kind":           {reason: "It is the input of another function.", input: `{"apiVersion":"a/v1","kind":"B","resources":[]}`, want: "the input is a B of a/v1"},
		"SecretRef":      {reason: "A Secret takes nothing to the composite.", input: input("", `,"writeConnectionSecretToRef":{"patches":[{"type":"ToCompositeFieldPath","fromFieldPath":"a"}]}`), want: "writeConnectionSecretToRef: patch 0"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := parse(resource.MustStructJSON(tc.input))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nparse(...): want an error that contains %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}
