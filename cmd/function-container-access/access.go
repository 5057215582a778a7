// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/resource"
	"github.com/crossplane/function-sdk-go/resource/composite"
	"google.golang.org/protobuf/encoding/protojson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane-contrib/provider-upjet-scaleway/cmd/function-container-access/input/v1beta1"
)

// A mechanism is a way in which a private container is opened.
type mechanism string

const (
	// mechanismIAM is an API key of an application of its own, whose policy opens the
	// private containers of a project.
	mechanismIAM mechanism = "iam"

	// mechanismToken is a token of one container or container namespace.
	mechanismToken mechanism = "token"
)

// other than this mechanism.
func (m mechanism) other() mechanism {
	if m == mechanismIAM {
		return mechanismToken
	}

	return mechanismIAM
}

// An access is the composite: what is asked for, and how far it has come. Its
// definition is examples/compositions/containeraccess/definition.yaml.
type access struct {
	spec   accessSpec
	status accessStatus

	kind      string
	namespace string
	name      string
	uid       string
	created   time.Time

	// claimed says that a claim asks, in whose namespace everything is composed.
	// Then connection details are the composite's own.
	claimed bool
	// composite is the name of the composite, from which others are made.
	composite string
}

type accessSpec struct {
	To         accessTarget `json:"to"`
	Mechanism  mechanism    `json:"mechanism"`
	ExpiresAt  string       `json:"expiresAt"`
	SecretName string       `json:"secretName"`
	Renew      string       `json:"renew"`

	ClaimRef *claimReference `json:"claimRef"`
}

// An accessTarget has exactly one of its fields.
type accessTarget struct {
	ContainerID   string `json:"containerId"`
	ContainerName string `json:"containerName"`
	NamespaceID   string `json:"namespaceId"`
	NamespaceName string `json:"namespaceName"`
}

type claimReference struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type accessStatus struct {
	// Mechanism whose value the Secret holds.
	Mechanism mechanism `json:"mechanism"`
	// MovedAt is when a value of another mechanism was seen in the Secret, as long as
	// the old one is kept.
	MovedAt *metav1.Time `json:"movedAt"`
}

// parse a composite.
func parse(xr *composite.Unstructured) (*access, error) {
	a := &access{kind: xr.GetKind(), namespace: xr.GetNamespace(), name: xr.GetName(), uid: string(xr.GetUID()), created: xr.GetCreationTimestamp().Time, composite: xr.GetName()}

	for path, into := range map[string]any{"spec": &a.spec, "status": &a.status} {
		if err := fieldpath.Pave(xr.Object).GetValueInto(path, into); err != nil && !fieldpath.IsNotFound(err) {
			return nil, errors.Wrapf(err, "cannot read %s of %s %q", path, xr.GetKind(), xr.GetName())
		}
	}

	if ref := a.spec.ClaimRef; a.namespace == "" && ref != nil {
		a.claimed, a.kind, a.namespace, a.name = true, ref.Kind, ref.Namespace, ref.Name
	}

	if a.namespace == "" {
		return nil, errors.Errorf("%s %q has neither a namespace nor a claim, so that there is no namespace to compose its resources in: ask for it by its claim", a.kind, a.name)
	}

	given := 0

	for _, v := range []string{a.spec.To.ContainerID, a.spec.To.ContainerName, a.spec.To.NamespaceID, a.spec.To.NamespaceName} {
		if v != "" {
			given++
		}
	}

	if given != 1 {
		return nil, errors.Errorf("spec.to has %d of containerId, containerName, namespaceId and namespaceName: give exactly one", given)
	}

	for _, suffix := range []string{suffixToken, suffixAPIKey} {
		if a.spec.SecretName == a.composite+suffix {
			return nil, errors.Errorf("spec.secretName %q is the name of a Secret that the credential itself needs: give another", a.spec.SecretName)
		}
	}

	switch a.spec.Mechanism {
	case "", mechanismIAM, mechanismToken:
	default:
		return nil, errors.Errorf("spec.mechanism is %q: give %q or %q", a.spec.Mechanism, mechanismIAM, mechanismToken)
	}

	return a, nil
}

// description of what is made at Scaleway for this access.
func (a *access) description() string {
	return a.kind + " " + a.namespace + "/" + a.name
}

// shortDescription is the description as long as Scaleway's IAM takes it with the mark
// that the provider adds.
func (a *access) shortDescription() string {
	d := a.description()

	return d[:min(len(d), maxDescription)]
}

// secretName is the name of the Secret that a namespaced composite has composed.
func (a *access) secretName() string {
	if a.spec.SecretName != "" {
		return a.spec.SecretName
	}

	return a.name + "-connection"
}

// mechanism that is wanted. Where nothing is said, what there is stays: an access of
// before there was a choice must not gain the reach of a project by an update.
func (a *access) mechanism(observed map[resource.Name]resource.ObservedComposed) mechanism {
	if a.spec.Mechanism != "" {
		return a.spec.Mechanism
	}

	if a.status.Mechanism != "" {
		return a.status.Mechanism
	}

	if _, ok := observed[nameToken]; ok {
		return mechanismToken
	}

	return mechanismIAM
}

// orDefault returns a duration of the input.
func orDefault(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}

	return d.Duration
}

// readInput of the function. What is misspelt in it is not taken for left out: without iam
// the team's own credentials would be used.
func readInput(req *fnv1.RunFunctionRequest) (*v1beta1.Input, error) {
	b, err := protojson.Marshal(req.GetInput())
	if err != nil {
		return nil, errors.Wrap(err, "cannot read the input of the function")
	}

	in := &v1beta1.Input{}

	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()

	if err := d.Decode(in); err != nil {
		return nil, errors.Wrap(err, "cannot read the input of the function in the Composition")
	}

	return in, check(in)
}

// check the input, as far as its types do not.
func check(in *v1beta1.Input) error {
	for field, d := range map[string]*metav1.Duration{"warmUp": in.WarmUp, "gracePeriod": in.GracePeriod} {
		if d != nil && d.Duration < 0 {
			return errors.Errorf("%s of the function's input is %s: give a time that is not negative, such as 1h", field, d.Duration)
		}
	}

	if r := in.ProviderConfigRef; r != nil {
		if r.Kind != kindProviderConfig && r.Kind != kindClusterProviderConfig {
			return errors.Errorf("providerConfigRef.kind of the function's input is %q: give %q or %q", r.Kind, kindProviderConfig, kindClusterProviderConfig)
		}

		if r.Name == "" {
			return errors.Errorf("providerConfigRef of the function's input has no name: give that of a %s", r.Kind)
		}
	}

	return checkIAM(in.IAM)
}
