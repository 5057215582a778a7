// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composed"
	corev1 "k8s.io/api/core/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cmd/function-container-access/input/v1beta1"
)

// Names of the composed resources. Those of the Token and of the Secret are what the
// composition that had no choice gave them, so that this one takes them over.
const (
	nameToken       resource.Name = "token"
	nameSecret      resource.Name = "connection-secret"
	nameApplication resource.Name = "application"
	namePolicy      resource.Name = "policy"
	nameAPIKey      resource.Name = "api-key"
	nameContainer   resource.Name = "container"
	nameNamespace   resource.Name = "container-namespace"
)

// Kinds of the provider.
const (
	containerAPI = "container.scaleway.m.crossplane.io/v1beta1"
	iamGroup     = "iam.scaleway.m.crossplane.io"
	iamAPI       = iamGroup + "/v1beta1"

	kindToken              = "Token"
	kindContainer          = "Container"
	kindContainerNamespace = "ContainerNamespace"
	kindApplication        = "Application"
	kindPolicy             = "Policy"
	kindAPIKey             = "ApiKey"
)

// Annotations that the provider knows.
const (
	annotationExternalName = "crossplane.io/external-name"
	annotationRenew        = "scaleway.m.crossplane.io/renew"
)

// Keys of the Secret.
const (
	keyToken    = "token"
	keyEndpoint = "endpoint"
)

// permissionSet is what opens private containers.
const permissionSet = "ContainersPrivateAccess"

// How long names and descriptions may be in IAM. A description is 200 characters, of
// which the provider needs some.
const (
	maxName        = 64
	maxDescription = 140
)

// Suffixes of the names of the Secrets that belong to credentials.
const (
	suffixToken  = "-token"
	suffixAPIKey = "-api-key"
)

// partsOf a mechanism, of which the first has the credential.
func partsOf(m mechanism) []resource.Name {
	if m == mechanismToken {
		return []resource.Name{nameToken}
	}

	return []resource.Name{nameAPIKey, namePolicy, nameApplication}
}

// kindOf the resource that has the credential.
func kindOf(m mechanism) string {
	if m == mechanismToken {
		return kindToken
	}

	return kindAPIKey
}

// A world is what there is.
type world struct {
	access   *access
	input    *v1beta1.Input
	observed map[resource.Name]resource.ObservedComposed
	required map[string][]resource.Required

	// published are the connection details that whoever asked can read.
	published map[string]string

	minter minter

	now time.Time
}

// exists says whether anything of a mechanism is there.
func (w *world) exists(m mechanism) bool {
	for _, n := range partsOf(m) {
		if _, ok := w.observed[n]; ok {
			return true
		}
	}

	return false
}

// value of the credential of a mechanism, or "".
func (w *world) value(m mechanism) string {
	return string(w.observed[partsOf(m)[0]].ConnectionDetails[keyToken])
}

// readySince tells since when all parts of a mechanism are Ready. It says which part
// is not, and what that says of itself.
func (w *world) readySince(m mechanism) (since time.Time, waitingFor string) {
	missing := ""

	for _, n := range partsOf(m) {
		o, ok := w.observed[n]
		if !ok {
			// It may be waiting for another, which says why.
			missing = "the " + kindOfName[n] + " is not created yet"
			continue
		}

		// It is Ready until it is gone.
		if o.Resource.GetDeletionTimestamp() != nil {
			return time.Time{}, "the " + kindOfName[n] + " " + o.Resource.GetName() + " is being deleted"
		}

		// Synced comes first: a refusal stands there.
		for _, t := range []xpv2.ConditionType{xpv2.TypeSynced, xpv2.TypeReady} {
			c := o.Resource.GetCondition(t)
			if !said(c) {
				return time.Time{}, "the " + kindOfName[n] + " " + o.Resource.GetName() + " is not Ready yet"
			}

			if c.Status != corev1.ConditionTrue {
				waitingFor = "the " + kindOfName[n] + " " + o.Resource.GetName() + " is not " + string(t) + " (" + string(c.Reason) + ")"
				if c.Message != "" {
					waitingFor += ": " + c.Message
				}

				return time.Time{}, waitingFor
			}

			if t == xpv2.TypeReady && c.LastTransitionTime.After(since) {
				since = c.LastTransitionTime.Time
			}
		}
	}

	if missing != "" {
		return time.Time{}, missing
	}

	if w.value(m) == "" {
		return time.Time{}, "the value of the " + kindOf(m) + " is not there yet"
	}

	return since, ""
}

// said tells a condition that there is from one that there is not, of which nothing is
// known either.
func said(c xpv2.Condition) bool { return c.Reason != "" }

var kindOfName = map[resource.Name]string{
	nameToken: kindToken, nameApplication: kindApplication, namePolicy: kindPolicy, nameAPIKey: kindAPIKey,
}

// compose the parts of a mechanism. A renewal of what is about to go would take the
// value away that is in use: that keeps what it was asked for last.
func (w *world) compose(m mechanism, t target, leaving bool) map[resource.Name]*resource.DesiredComposed {
	renew := w.access.spec.Renew
	if o, ok := w.observed[partsOf(m)[0]]; ok && leaving {
		renew = o.Resource.GetAnnotations()[annotationRenew]
	}

	if m == mechanismToken {
		return w.done(map[resource.Name]object{nameToken: w.token(renew)})
	}

	project := t.project
	if project == "" {
		project = w.policyProject()
	}

	// A key that opens nothing need not exist.
	if project == "" && !w.exists(mechanismIAM) {
		return nil
	}

	parts := map[resource.Name]object{nameApplication: w.application()}
	if key, ok := w.apiKey(project, renew); ok {
		parts[nameAPIKey] = key
	}

	if policy, ok := w.policy(project); ok && project != "" {
		parts[namePolicy] = policy
	}

	return w.done(parts)
}

// policyProject returns the project of the Policy that there is: it must not go only
// because the container has.
func (w *world) policyProject() string {
	o, ok := w.observed[namePolicy]
	if !ok {
		return ""
	}

	p, _ := o.Resource.GetString("spec.forProvider.rule[0].projectIds[0]")

	return p
}

// An object is a manifest.
type object = map[string]any

// done makes desired resources of manifests.
func (w *world) done(objects map[resource.Name]object) map[resource.Name]*resource.DesiredComposed {
	all := map[resource.Name]*resource.DesiredComposed{}

	for n, manifest := range objects {
		d := &resource.DesiredComposed{Resource: composed.New(), Ready: resource.ReadyFalse}
		d.Resource.Object = manifest
		d.Resource.SetNamespace(w.access.namespace)

		if o, ok := w.observed[n]; ok && o.Resource.GetCondition(xpv2.TypeReady).Status == corev1.ConditionTrue {
			d.Ready = resource.ReadyTrue
		}

		all[n] = d
	}

	return all
}

// providerConfig of who asks.
func (w *world) providerConfig() v1beta1.ProviderConfigReference {
	if r := w.input.ProviderConfigRef; r != nil {
		return *r
	}

	return v1beta1.ProviderConfigReference{Kind: kindProviderConfig, Name: "default"}
}

func (w *world) providerConfigRef() object {
	return minter{ref: w.providerConfig()}.providerConfigRef()
}

func (w *world) token(renew string) object {
	to := object{"description": w.access.description()}

	switch t := w.access.spec.To; {
	case t.ContainerID != "":
		to["containerId"] = t.ContainerID
	case t.ContainerName != "":
		to["containerIdRef"] = object{"name": t.ContainerName}
	case t.NamespaceID != "":
		to["namespaceId"] = t.NamespaceID
	default:
		to["namespaceIdRef"] = object{"name": t.NamespaceName}
	}

	return w.minted(containerAPI, kindToken, suffixToken, renew, w.providerConfigRef(), to)
}

// apiKey, unless it is not known yet of which application, or for which project.
func (w *world) apiKey(project, renew string) (object, bool) {
	forProvider := object{"description": w.access.shortDescription()}
	w.defaultProject(project, forProvider)
	known := w.bearer(nameAPIKey, forProvider)

	if _, ok := w.observed[nameAPIKey]; !ok && w.minter.separate {
		known = known && project != ""
	}

	return w.minted(iamAPI, kindAPIKey, suffixAPIKey, renew, w.minter.providerConfigRef(), forProvider), known
}

// minted is a resource with a value that is shown once, which goes into a Secret with
// the given suffix.
func (w *world) minted(apiVersion, kind, suffix, renew string, providerConfigRef, forProvider object) object {
	if at := w.access.spec.ExpiresAt; at != "" {
		forProvider["expiresAt"] = at
	}

	o := object{
		"apiVersion": apiVersion,
		"kind":       kind,
		"spec": object{
			"providerConfigRef":          providerConfigRef,
			"forProvider":                forProvider,
			"writeConnectionSecretToRef": object{"name": w.access.composite + suffix},
		},
	}

	if renew != "" {
		o["metadata"] = object{"annotations": object{annotationRenew: renew}}
	}

	return o
}

func (w *world) application() object {
	return object{
		"apiVersion": iamAPI,
		"kind":       kindApplication,
		"spec": object{
			"providerConfigRef": w.minter.providerConfigRef(),
			"forProvider":       object{"name": w.nameAtScaleway(), "description": w.access.shortDescription()},
		},
	}
}

// policy, unless it is not known yet for which application.
func (w *world) policy(project string) (object, bool) {
	forProvider := object{
		"name":        w.nameAtScaleway(),
		"description": w.access.shortDescription(),
		"rule": []any{object{
			"permissionSetNames": []any{permissionSet},
			"projectIds":         []any{project},
		}},
	}
	known := w.bearer(namePolicy, forProvider)

	return object{
		"apiVersion": iamAPI,
		"kind":       kindPolicy,
		"spec": object{
			"providerConfigRef": w.minter.providerConfigRef(),
			"forProvider":       forProvider,
		},
	}, known
}

// nameAtScaleway of the application and its policy. Names are unique in an
// organization, which may have several clusters.
func (w *world) nameAtScaleway() string {
	suffix := "-" + w.access.uid
	if len(suffix) > 9 {
		suffix = suffix[:9]
	}

	name := w.access.namespace + "-" + w.access.name
	if len(name)+len(suffix) > maxName {
		name = name[:maxName-len(suffix)]
	}

	return name + suffix
}

// connectionSecret is the Secret of a namespaced composite. Those have no connection
// details of their own.
func (w *world) connectionSecret(details map[string]string) *resource.DesiredComposed {
	data := object{}
	for k, v := range details {
		data[k] = base64.StdEncoding.EncodeToString([]byte(v))
	}

	s := composed.New()
	s.Object = object{
		"apiVersion": "v1",
		"kind":       "Secret",
		"type":       "connection.crossplane.io/v1alpha1",
		"data":       data,
	}
	s.SetName(w.access.secretName())
	s.SetNamespace(w.access.namespace)

	return &resource.DesiredComposed{Resource: s, Ready: resource.ReadyTrue}
}

// readPublished returns what whoever asked can read.
func readPublished(a *access, xr *resource.Composite, observed map[resource.Name]resource.ObservedComposed) map[string]string {
	found := map[string]string{}

	if a.claimed {
		for _, k := range []string{keyToken, keyEndpoint} {
			if v, ok := xr.ConnectionDetails[k]; ok {
				found[k] = string(v)
			}
		}

		return found
	}

	o, ok := observed[nameSecret]
	if !ok {
		return found
	}

	data, _ := fieldpath.Pave(o.Resource.Object).GetStringObject("data")
	// What else is in it is not ours to keep.
	for _, k := range []string{keyToken, keyEndpoint} {
		if b, err := base64.StdEncoding.DecodeString(data[k]); err == nil && len(b) > 0 {
			found[k] = string(b)
		}
	}

	return found
}

// A selector of one object by its name.
func byName(apiVersion, kind, namespace, name string) *fnv1.ResourceSelector {
	return &fnv1.ResourceSelector{
		ApiVersion: apiVersion, Kind: kind, Namespace: &namespace,
		Match: &fnv1.ResourceSelector_MatchName{MatchName: name},
	}
}
