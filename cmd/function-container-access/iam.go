// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composed"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cmd/function-container-access/input/v1beta1"
)

const (
	configAPI = "scaleway.m.crossplane.io/v1beta1"

	kindProviderConfig        = "ProviderConfig"
	kindClusterProviderConfig = "ClusterProviderConfig"
)

// requirementIAM is the name under which the ClusterProviderConfig of iam is looked up.
const requirementIAM = "iam-provider-config"

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// iamParts are what is in IAM, with their kinds.
var iamParts = []struct {
	name resource.Name
	kind string
}{{nameApplication, kindApplication}, {namePolicy, kindPolicy}, {nameAPIKey, kindAPIKey}}

// A minter is who makes the Application, the Policy and the ApiKey of an access.
type minter struct {
	ref v1beta1.ProviderConfigReference

	// separate says that they are made with credentials that are not those of who asks.
	// Then nothing is believed of what who asks can write.
	separate bool

	// note says what differs from what the input asks for, or "".
	note string
}

// check the part of the input that is about IAM.
func checkIAM(in *v1beta1.IAM) error {
	if in == nil {
		return nil
	}

	if kind := in.ProviderConfigRef.Kind; kind != "" && kind != kindClusterProviderConfig {
		return errors.Errorf("iam.providerConfigRef.kind of the function's input is %q: give %q. The Secret of another kind is in the namespace of who asks, who could read the key that makes keys", kind, kindClusterProviderConfig)
	}

	if in.ProviderConfigRef.Name == "" {
		return errors.Errorf("iam.providerConfigRef of the function's input has no name: give that of a %s", kindClusterProviderConfig)
	}

	for namespace, projects := range in.Projects {
		for _, p := range projects {
			if !uuid.MatchString(p) {
				return errors.Errorf("iam.projects of the function's input has %q for the namespace %q: give the ID of a project, which is a UUID in lower case", p, namespace)
			}
		}
	}

	return nil
}

// minter finds who makes what is in IAM. What exists keeps whom it was made by: pointed
// elsewhere by whoever writes the Composition, something that who asks has put there with an
// external name of his choice would be taken over with rights that he does not have.
func (w *world) findMinter() (minter, error) {
	team := w.providerConfig()

	wanted := minter{ref: team}
	if w.input.IAM != nil {
		wanted = minter{ref: v1beta1.ProviderConfigReference{Kind: kindClusterProviderConfig, Name: w.input.IAM.ProviderConfigRef.Name}, separate: true}
	}

	var made *v1beta1.ProviderConfigReference

	for _, part := range iamParts {
		o, ok := w.observed[part.name]
		if !ok {
			continue
		}

		if k := o.Resource.GetKind(); k != part.kind || !strings.HasPrefix(o.Resource.GetAPIVersion(), iamGroup+"/") {
			return minter{}, errors.Errorf("what is composed as %q is the %s %q of %s, and not of the kind %s of %s: somebody has put it there. Delete it, or take its annotation crossplane.io/composition-resource-name away",
				part.name, k, o.Resource.GetName(), o.Resource.GetAPIVersion(), part.kind, iamAPI)
		}

		ref := configOf(o.Resource)
		if made != nil && *made != ref {
			return minter{}, errors.Errorf("the %s %q is managed with the %s %q, and another part of the access with the %s %q: all must be managed with the same. Delete what this access has not composed, or have an administrator point all to one",
				part.kind, o.Resource.GetName(), ref.Kind, ref.Name, made.Kind, made.Name)
		}

		made = &ref
	}

	// As ever, if the Composition names one for all, that is the one.
	if made == nil || *made == wanted.ref || w.input.IAM == nil && made.Kind == kindProviderConfig {
		return wanted, nil
	}

	kept := minter{ref: *made, separate: *made != team}
	kept.note = fmt.Sprintf("Its Application, Policy and ApiKey are managed with the %s %q, as they were made, and not with the %s %q that the Composition names.",
		made.Kind, made.Name, wanted.ref.Kind, wanted.ref.Name)

	return kept, nil
}

// configOf a composed resource.
func configOf(r *composed.Unstructured) v1beta1.ProviderConfigReference {
	kind, _ := r.GetString("spec.providerConfigRef.kind")
	name, _ := r.GetString("spec.providerConfigRef.name")

	return v1beta1.ProviderConfigReference{Kind: kind, Name: name}
}

// limit a target to what may be opened with credentials that are not those of who asks. He
// can write into the objects that tell of it, so that the project that they name proves
// nothing: the platform says which are his.
func (w *world) limit(t *target) {
	if !w.minter.separate {
		return
	}

	if !w.exists(mechanismIAM) {
		t.requirements[requirementIAM] = &fnv1.ResourceSelector{
			ApiVersion: configAPI, Kind: kindClusterProviderConfig,
			Match: &fnv1.ResourceSelector_MatchName{MatchName: w.minter.ref.Name},
		}

		if len(w.required[requirementIAM]) == 0 {
			t.project = ""
			t.waitingFor = fmt.Sprintf("there is no %s %q, which iam.providerConfigRef of the Composition's function input names", kindClusterProviderConfig, w.minter.ref.Name)

			return
		}
	}

	if t.project == "" || w.input.IAM != nil && slices.Contains(w.input.IAM.Projects[w.access.namespace], t.project) {
		return
	}

	t.waitingFor = fmt.Sprintf("the project %q, in which what spec.to names is said to be, is not among those that iam.projects of the Composition's function input has for the namespace %q", t.project, w.access.namespace)
	t.project = ""
}

// ref to the ProviderConfig of what is in IAM.
func (m minter) providerConfigRef() object {
	return object{"kind": m.ref.Kind, "name": m.ref.Name}
}

// bearer sets the Application that a part belongs to. Whoever asks can make another one
// that a selector would find too, with the ID of an application of the platform: with
// credentials that are not his, the ID is that of the very object that was composed. What
// exists keeps the form that it was made in. It is false while the ID is not known.
func (w *world) bearer(part resource.Name, forProvider object) bool {
	id := ""

	if o, ok := w.observed[nameApplication]; ok {
		id = o.Resource.GetAnnotations()[annotationExternalName]
	}

	bySelector := !w.minter.separate

	if o, ok := w.observed[part]; ok {
		_, err := o.Resource.GetValue("spec.forProvider.applicationIdSelector")
		bySelector = err == nil

		// The API key of another application is another API key.
		if was, err := o.Resource.GetString("spec.forProvider.applicationId"); err == nil && (id == "" || part == nameAPIKey) {
			id = was
		}
	}

	if bySelector {
		forProvider["applicationIdSelector"] = object{"matchControllerRef": true}
		return true
	}

	if !uuid.MatchString(id) {
		return false
	}

	forProvider["applicationId"] = id

	return true
}

// defaultProject of the API key. The project of who makes it is none of who gets it.
func (w *world) defaultProject(project string, forProvider object) {
	o, ok := w.observed[nameAPIKey]
	if ok {
		project, _ = o.Resource.GetString("spec.forProvider.defaultProjectId")
	}

	if w.minter.separate && project != "" {
		forProvider["defaultProjectId"] = project
	}
}
