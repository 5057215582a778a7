// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A target is what is known of what the access opens.
type target struct {
	// endpoint of the container, as Scaleway gives it. A container namespace has none.
	endpoint string

	// project in which it is: a UUID.
	project string

	// waitingFor says why the project is not known.
	waitingFor string

	// observers are the managed resources that look at it.
	observers map[resource.Name]object

	// requirements are the objects that have to be looked at, by name.
	requirements map[string]*fnv1.ResourceSelector
}

// find what the access opens. What is given by the name of a managed resource, that
// one tells of; what is given by an ID, an observe-only one. A container does not
// tell its project, so its container namespace is always looked at, too.
func (w *world) find(withProject bool) target {
	t := target{observers: map[resource.Name]object{}, requirements: map[string]*fnv1.ResourceSelector{}}
	to := w.access.spec.To

	namespace := w.look(&t, kindContainerNamespace, nameNamespace, to.NamespaceName, to.NamespaceID, withProject)

	if to.ContainerName != "" || to.ContainerID != "" {
		// The endpoint is for both mechanisms.
		container := w.look(&t, kindContainer, nameContainer, to.ContainerName, to.ContainerID, true)
		t.endpoint = stringAt(container, "status.atProvider.publicEndpoint")

		id := stringAt(container, "status.atProvider.namespaceId")
		namespace = w.look(&t, kindContainerNamespace, nameNamespace, "", id, withProject)
	}

	t.project = stringAt(namespace, "status.atProvider.projectId")
	if t.project != "" {
		t.waitingFor = ""
	} else if t.waitingFor == "" {
		t.waitingFor = "the project of what spec.to names is not known yet"
	}

	return t
}

// look at an object by its name, or by its ID at Scaleway.
func (w *world) look(t *target, kind string, n resource.Name, name, id string, wanted bool) *unstructured.Unstructured {
	switch {
	case !wanted:
		return nil

	case name != "":
		t.requirements[string(n)] = byName(containerAPI, kind, w.access.namespace, name)

		found := w.required[string(n)]
		if len(found) == 0 {
			t.waitingFor = fmt.Sprintf("there is no %s %q in the namespace %q", kind, name, w.access.namespace)
			return nil
		}

		return found[0].Resource

	case strings.Contains(id, "/"):
		t.observers[n] = object{
			"apiVersion": containerAPI,
			"kind":       kind,
			"metadata":   object{"annotations": object{annotationExternalName: id}},
			"spec": object{
				"managementPolicies": []any{"Observe"},
				"providerConfigRef":  w.providerConfigRef(),
				"forProvider":        object{},
			},
		}

		o, ok := w.observed[n]
		if !ok {
			return nil
		}

		if c := o.Resource.GetCondition(xpv2.TypeSynced); said(c) && c.Status != corev1.ConditionTrue {
			t.waitingFor = fmt.Sprintf("the %s %q cannot be observed: %s", kind, id, c.Message)
		}

		return &unstructured.Unstructured{Object: o.Resource.Object}

	case id != "":
		t.waitingFor = fmt.Sprintf("the ID %q in spec.to has no region: write it as REGION/UUID", id)
	}

	return nil
}

func stringAt(o *unstructured.Unstructured, path string) string {
	if o == nil {
		return ""
	}

	s, _ := fieldpath.Pave(o.Object).GetString(path)

	return s
}
