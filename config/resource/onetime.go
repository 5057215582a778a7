// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"regexp"
	"slices"

	ujterraform "github.com/crossplane/upjet/v2/pkg/terraform"
)

// A OneTime is a resource whose secret Scaleway shows once, as its guard (package onetime)
// wants to know it.
type OneTime struct {
	Resource
}

// OneTimes returns those of the resources whose secret Scaleway shows once, by kind.
func OneTimes(all []Resource) map[string]OneTime {
	out := map[string]OneTime{}

	for _, r := range all {
		if r.Minted != nil {
			out[r.Kind] = OneTime{r}
		}
	}

	return out
}

// KindName of the managed resource.
func (o OneTime) KindName() string { return o.Kind }

// Successor tells the user what to do when Scaleway mints no more objects.
func (o OneTime) Successor() string { return o.Minted.Successor }

// Ending tells whether Scaleway has announced that it will mint no more.
func (o OneTime) Ending() bool { return o.Minted.Ending }

// Value is the attribute that holds the secret.
func (o OneTime) Value() string { return o.Minted.Attribute }

// Keys of the connection Secret besides, by the attribute whose value they hold.
func (o OneTime) Keys() map[string][]string { return o.Minted.Keys }

// ExpiryAttribute holds when the object expires. It is empty if none does.
func (o OneTime) ExpiryAttribute() string { return o.Minted.ExpiryAttribute }

// RegionOf an object that is to be created with the arguments, and the defaults of the
// ProviderConfig.
func (o OneTime) RegionOf(args, defaults map[string]any) string {
	setup := ujterraform.Setup{Configuration: defaults}
	return o.Region("", args, setup.Map())
}

// Parents that an object with the arguments can be looked up by, as UUIDs by argument.
func (o OneTime) Parents(args map[string]any) map[string]string {
	parents := map[string]string{}

	for _, arg := range o.ListedBy() {
		value, _ := args[arg].(string)
		if id, err := o.ParseReference(arg, value); err == nil {
			parents[arg] = id.UUID
		}
	}

	return parents
}

// Witnesses returns what tells whether objects in the collection with a path in Scaleway's
// API are parents of those whose secret is shown once, or what a parent belongs to itself.
// Scaleway shows a parent only to keys of its own organization; what can be made public, such
// as a namespace of images, is none.
func Witnesses(all []Resource) func(path string) bool {
	var collections []*regexp.Regexp

	for _, o := range OneTimes(all) {
		for _, target := range o.targets {
			collections = append(collections, target.CollectionPattern())

			for _, above := range target.targets {
				collections = append(collections, above.CollectionPattern())
			}
		}

		for _, path := range o.Minted.ParentPaths {
			collections = append(collections, Resource{Path: path}.CollectionPattern())
		}
	}

	return MatchesAny(collections)
}

// MatchesAny returns what tells whether any of the patterns matches a path.
func MatchesAny(patterns []*regexp.Regexp) func(path string) bool {
	return func(path string) bool {
		return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(path) })
	}
}

// ParentPath returns the path in Scaleway's API of the parent that an argument names, in the
// region of the object.
func (r Resource) ParentPath(arg, region, id string) (string, bool) {
	if target, ok := r.targets[arg]; ok {
		return target.ObjectPath(region, id), true
	}

	if r.Minted == nil || r.Minted.ParentPaths[arg] == "" {
		return "", false
	}

	return Resource{Path: r.Minted.ParentPaths[arg]}.ObjectPath(region, id), true
}

// GrandparentPath returns the path in Scaleway's API of what the parent that an argument
// names belongs to itself. Field returns the value of a field of the parent.
func (r Resource) GrandparentPath(arg, region string, field func(string) string) (string, bool) {
	target, ok := r.targets[arg]
	if !ok {
		return "", false
	}

	for above := range target.References {
		if id, err := target.ParseReference(above, field(above)); err == nil {
			return target.ParentPath(above, region, id.UUID)
		}
	}

	return "", false
}
