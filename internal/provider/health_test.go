// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A fakeCache has CRDs, if it is filled.
type fakeCache struct {
	cache.Cache

	filled bool
	crds   []apiextensionsv1.CustomResourceDefinition
}

func (c *fakeCache) WaitForCacheSync(context.Context) bool { return c.filled }

func (c *fakeCache) List(_ context.Context, l client.ObjectList, _ ...client.ListOption) error {
	l.(*apiextensionsv1.CustomResourceDefinitionList).Items = c.crds
	return nil
}

func crd(kind string, established apiextensionsv1.ConditionStatus, served bool) apiextensionsv1.CustomResourceDefinition {
	return apiextensionsv1.CustomResourceDefinition{
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group:    "container.scaleway.m.crossplane.io",
			Names:    apiextensionsv1.CustomResourceDefinitionNames{Kind: kind},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1beta1", Served: served}},
		},
		Status: apiextensionsv1.CustomResourceDefinitionStatus{Conditions: []apiextensionsv1.CustomResourceDefinitionCondition{
			{Type: apiextensionsv1.Established, Status: established},
		}},
	}
}

func TestReadiness(t *testing.T) {
	kind := func(k string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "container.scaleway.m.crossplane.io", Version: "v1beta1", Kind: k}
	}
	deleted := crd("Token", apiextensionsv1.ConditionTrue, true)
	deleted.DeletionTimestamp = new(metav1.Now())

	cases := map[string]struct {
		reason  string
		cache   fakeCache
		standby bool
		started []string
		want    string
	}{
		"Empty": {
			reason: "The caches are not filled.",
			want:   "the caches are not filled yet",
		},
		"Standby": {
			reason:  "Another replica works, so nothing has started here.",
			cache:   fakeCache{filled: true, crds: []apiextensionsv1.CustomResourceDefinition{crd("Token", apiextensionsv1.ConditionTrue, true)}},
			standby: true,
		},
		"NoKinds": {
			reason: "There is nothing to start.",
			cache:  fakeCache{filled: true},
		},
		"Waiting": {
			reason: "Kinds that are served have to have started.",
			cache: fakeCache{filled: true, crds: []apiextensionsv1.CustomResourceDefinition{
				crd("Token", apiextensionsv1.ConditionTrue, true), crd("Cron", apiextensionsv1.ConditionTrue, true), crd("Domain", apiextensionsv1.ConditionTrue, true),
			}},
			started: []string{"Domain"},
			want:    "controllers that have not started: Cron, Token",
		},
		"Started": {
			reason:  "All that are served have started.",
			cache:   fakeCache{filled: true, crds: []apiextensionsv1.CustomResourceDefinition{crd("Token", apiextensionsv1.ConditionTrue, true)}},
			started: []string{"Token"},
		},
		"NotServed": {
			reason: "What is not served cannot start.",
			cache: fakeCache{filled: true, crds: []apiextensionsv1.CustomResourceDefinition{
				crd("Token", apiextensionsv1.ConditionFalse, true), crd("Cron", apiextensionsv1.ConditionTrue, false), crd("Other", apiextensionsv1.ConditionTrue, true), deleted,
			}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			elected := make(chan struct{})
			if !tc.standby {
				close(elected)
			}

			r := readiness{
				cache:   &tc.cache,
				elected: elected,
				kinds:   []schema.GroupVersionKind{kind("Token"), kind("Cron"), kind("Domain")},
				started: func(k schema.GroupVersionKind) bool {
					for _, s := range tc.started {
						if s == k.Kind {
							return true
						}
					}

					return false
				},
			}

			got := ""
			if err := r.check(t.Context()); err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncheck(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Of a CRD in the cache only that is kept which says whether it is served.
func TestWithoutSchemas(t *testing.T) {
	full := crd("Token", apiextensionsv1.ConditionTrue, true)
	want := full.DeepCopy()

	full.SetAnnotations(map[string]string{"large": "annotation"})
	full.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "crossplane"}})
	full.Spec.Versions[0].Schema = &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object"}}
	full.Spec.Versions[0].AdditionalPrinterColumns = []apiextensionsv1.CustomResourceColumnDefinition{{Name: "READY"}}

	got, err := withoutSchemas(&full)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("withoutSchemas(...): -want, +got:\n%s", diff)
	}
}
