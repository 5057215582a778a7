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
	"fmt"
	"regexp"
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
	// the parts of the object's regional ID. An object of a global product has no
	// region, neither in its ID nor in its path.
	Path string

	// ID is the form that the objects' IDs have in a global product. Defaults to UUID,
	// which those of regional products always have.
	ID Form

	// ReadByGet says that the one request by which Terraform reads an object is a GET
	// of its path. An object is then not read through Terraform at a poll that begins
	// with the same managed resource, and gets the same answer, as one before it that
	// found nothing to do.
	ReadByGet bool

	// Regions that serve this resource, such as fr-par. A global one has none.
	Regions []string

	// Fields says what to change of the Terraform schema, by the path of the
	// argument or attribute in it, such as sqs.access_key.
	Fields map[string]Field

	// References to other kinds, by argument: the argument takes the ID of an
	// object of the Terraform resource it maps to. Where the ID is regional, its
	// region is the one that the resource is created in, unless it says another.
	References map[string]string

	// UUIDs are arguments that take the UUID of an object of which there is no kind,
	// such as a project.
	UUIDs []string

	// NeedsOrganization says that an object belongs to an organization, given by the
	// argument organization_id or by the ProviderConfig. Scaleway is asked with an
	// empty one otherwise.
	NeedsOrganization bool

	// DefaultsToProject is the argument that takes the project of the ProviderConfig
	// where it is not given, and Terraform does not say so to Scaleway. Optional.
	DefaultsToProject string

	// MaxLengths are how many characters arguments may have at Scaleway. Of one that a
	// mark is appended to, the user has what the mark leaves.
	MaxLengths map[string]int

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

	// ForgottenBeforeRead are attributes that Terraform's Read sets only when Scaleway
	// has a value for them. They are forgotten before it reads: an old value would
	// hide that there is none any more.
	ForgottenBeforeRead []string

	// NotLateInitialized are arguments that keep what the user has given, or not given,
	// whatever Scaleway has.
	NotLateInitialized []string

	// ReplacedWhenRemoved names blocks whose removal, as opposed to a change,
	// needs a new object.
	ReplacedWhenRemoved []string

	// Minted says that the resource has a secret that Scaleway shows once, and how
	// it is guarded. Optional.
	Minted *Minted

	// Authentication says what an object is to the API keys that Scaleway is called
	// with. It is not deleted while a ProviderConfig that is in use needs it. Optional.
	Authentication *Authentication

	// ConnectionDetails returns keys of the connection Secret besides upjet's
	// attribute.*, from the resource's Terraform attributes. Optional, and not for a
	// Minted resource, which says it in Keys.
	ConnectionDetails func(attributes map[string]any) (map[string][]byte, error)

	// targets of the references, by argument. Link sets them.
	targets map[string]Resource
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
	// Type of the value: string, integer, boolean or date. A date is shown as the time
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

// CollectionPattern matches the paths in Scaleway's API of the objects in any region.
func (r Resource) CollectionPattern() *regexp.Regexp {
	return regexp.MustCompile("^" + r.CollectionPath("[^/]+") + "$")
}

// ObjectPath returns the path in Scaleway's API of the object with the supplied
// region, which is empty for a global one, and UUID.
func (r Resource) ObjectPath(region, id string) string {
	return strings.Replace(strings.Replace(r.Path, "{region}", region, 1), "{id}", id, 1)
}

// Global tells whether the objects belong to no region.
func (r Resource) Global() bool {
	return !strings.Contains(r.Path, "{region}")
}

// Link returns the declarations with their references resolved among themselves. It
// panics if one refers to what is not declared.
func Link(all []Resource) []Resource {
	byName := map[string]Resource{}
	for _, r := range all {
		r.targets = map[string]Resource{}
		byName[r.Name] = r
	}

	linked := make([]Resource, len(all))

	for i, r := range all {
		r = byName[r.Name]

		for arg, name := range r.References {
			target, ok := byName[name]
			if !ok {
				panic(fmt.Sprintf("%s: %s refers to %s, which is not declared", r.Name, arg, name))
			}

			r.targets[arg] = target
		}

		linked[i] = r
	}

	return linked
}

// Configure turns the declaration, which has been linked, into upjet's
// configuration. It panics when the declaration does not fit the Terraform
// resource.
func (r Resource) Configure(c *ujconfig.Resource) {
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
	r.configureReferences(c)
	r.configureRead(c)
	r.configureDiff(c)
	r.configureMinted(c)
	r.configureExpiry(c)
	r.checkAuthentication(c)

	if r.ConnectionDetails != nil {
		c.Sensitive.AdditionalConnectionDetailsFn = r.ConnectionDetails
	}
}

// AKind is the kind with its article, such as "a Token" or "an ApiKey".
func (r Resource) AKind() string {
	if strings.ContainsAny(r.Kind[:1], "AEIOU") {
		return "an " + r.Kind
	}

	return "a " + r.Kind
}
