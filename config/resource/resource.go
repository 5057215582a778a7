// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package resource lets this provider declare a Terraform resource as data, and
// turns the declaration into upjet's configuration. What is true of every
// resource (identifiers, regions, guards against traps of upjet and Terraform)
// is written here once; a resource's own file only says what is particular to
// it.
package resource

import (
	"strings"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
)

// DefaultVersion is the API version of kinds that declare none.
const DefaultVersion = "v1beta1"

// A Resource declares how one Terraform resource becomes a kind of managed
// resource.
type Resource struct {
	// Name of the Terraform resource, such as scaleway_container_token.
	Name string

	// Group is the first label of the kind's API group: container becomes
	// container.scaleway.m.crossplane.io.
	Group string

	// Kind of the managed resource.
	Kind string

	// Version of the kind's API. Defaults to DefaultVersion.
	Version string

	// Description of the kind, for kubectl explain. It continues a sentence that
	// begins with the kind: "is a ...".
	Description string

	// Path of one object in Scaleway's API, in which {region} and {id} stand for
	// the parts of the object's regional ID.
	Path string

	// Regions that serve this resource, such as fr-par.
	Regions []string

	// Fields says what to change of the Terraform schema, by the path of the
	// argument or attribute in it, such as sqs.access_key.
	Fields map[string]Field

	// References to other kinds, by argument: the argument takes the ID of an
	// object of the Terraform resource it maps to. Where the ID is regional, its
	// region is the one that the resource is created in, unless it says another.
	References map[string]string

	// ExactlyOneOf are groups of arguments of which each object has exactly one. An
	// argument of References that Terraform requires is a group of its own: upjet
	// drops the requirement, because a reference may take its place.
	ExactlyOneOf [][]string

	// Timestamps are arguments that hold a time as RFC 3339 in whole seconds. What
	// is no such time is refused.
	Timestamps []string

	// Immutable arguments, besides those of which the Terraform schema says so. Once
	// the object exists, no immutable argument can be changed or taken away.
	Immutable []string

	// ImmutableBecause says what a change of an immutable argument would do, and
	// what to do instead. Optional.
	ImmutableBecause string

	// Columns that kubectl get shows beside SYNCED, READY, EXTERNAL-NAME and AGE.
	Columns []Column

	// SpecRules are checked at admission over the kind's spec, self being the
	// spec, besides those that follow from the rest of the declaration.
	SpecRules []Rule

	// ObjectRules are checked at admission over the whole object, besides those
	// that follow from the rest of the declaration. A rule that an existing object
	// can break blocks its deletion: only rules that compare with oldSelf belong
	// here.
	ObjectRules []Rule

	// ReplacesCustomizeDiff says what takes over the checks of the Terraform
	// resource's CustomizeDiff function, which cannot run in-process. It must be
	// set for resources that have one.
	ReplacesCustomizeDiff string

	// ReplacedWhenRemoved names blocks whose removal, as opposed to a change,
	// needs a new object.
	ReplacedWhenRemoved []string

	// Minted says that the resource has a secret that Scaleway shows once, and how
	// it is guarded. Optional.
	Minted *Minted

	// ConnectionDetails returns keys of the connection Secret besides upjet's
	// attribute.*, from the resource's Terraform attributes. Optional.
	ConnectionDetails func(attributes map[string]any) (map[string][]byte, error)
}

// A Field changes what upjet generates of a Terraform argument or attribute.
type Field struct {
	// Description for kubectl explain. It replaces the Terraform schema's.
	Description string

	// Omit leaves the field out, for the reason that it holds.
	Omit string

	// Sensitive moves the argument's value into a Secret, although the Terraform
	// schema does not mark it as sensitive.
	Sensitive bool
}

// A Column is shown by kubectl get.
type Column struct {
	// Name in the column's head, in upper case.
	Name string
	// Type of the value: string, integer or date. A date is shown as the time
	// since.
	Type string
	// JSONPath of the value in the object.
	JSONPath string
	// Wide shows the column only with -o wide.
	Wide bool
}

// A Rule is a CEL validation rule.
type Rule struct {
	// Expression that must be true.
	Expression string
	// Message for the user when it is not: what is wrong, and what to do.
	Message string
}

// APIVersion returns the version of the kind's API.
func (r Resource) APIVersion() string {
	if r.Version == "" {
		return DefaultVersion
	}

	return r.Version
}

// CollectionPath returns the path in Scaleway's API of the objects in the supplied
// region.
func (r Resource) CollectionPath(region string) string {
	return strings.TrimSuffix(r.ObjectPath(region, ""), "/")
}

// ObjectPath returns the path in Scaleway's API of the object with the supplied
// region and UUID.
func (r Resource) ObjectPath(region, id string) string {
	return strings.NewReplacer("{region}", region, "{id}", id).Replace(r.Path)
}

// Configure turns the declaration into upjet's configuration. Kinds are all
// declarations, by name, among which references find theirs. It panics when the
// declaration does not fit the Terraform resource.
func (r Resource) Configure(c *ujconfig.Resource, kinds map[string]Resource) {
	c.ShortGroup = r.Group
	c.Kind = r.Kind
	c.Version = r.APIVersion()
	// Upjet takes the slow path of a version conversion at every reconcile unless
	// the two agree.
	c.ControllerReconcileVersion = c.Version //nolint:staticcheck // deprecated, and read all the same.

	// No operation waits: the transport tap (internal/transport) shows Terraform
	// a stable status, so Terraform's waiters return at once, and readiness is
	// read from the status that the API really gave. Asynchronous operations
	// would lose the external name of an object created just before a crash.
	c.UseAsync = false

	if len(c.TFListConversionPaths()) > 0 {
		c.TerraformConversions = append(c.TerraformConversions, ujconfig.NewTFSingletonConversion())
	}

	r.configureFields(c)
	r.configureIdentity(c)
	r.configureReferences(c, kinds)
	r.configureDiff(c)
	r.configureMinted(c)
	r.configureExpiry(c)

	if r.ConnectionDetails != nil {
		c.Sensitive.AdditionalConnectionDetailsFn = r.ConnectionDetails
	}
}
