// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/crossplane/upjet/v2/pkg/types/name"
)

// Forms that are checked at admission. The API server limits the length of a
// pattern by its cost: what these do not tell, such as the thirtieth of February,
// is refused by the provider.
const (
	formUUID   = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	formRegion = `[a-z]{2}-[a-z]{3,7}`
	formTime   = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})`
)

// created is true of a spec whose object is to be created or changed. One that is
// only observed needs no arguments.
const created = `('*' in self.managementPolicies || 'Create' in self.managementPolicies || 'Update' in self.managementPolicies)`

// sections of a spec that hold arguments, and what is true of a spec that has
// the section.
var sections = []struct{ name, guard string }{
	{"forProvider", ""},
	{"initProvider", "has(self.initProvider) && "},
}

// AllSpecRules returns the rules over the kind's spec: those that follow from
// what is declared, and the declared ones. They never compare with the past: the
// API server then lets an object that broke a rule before the rule existed be
// changed elsewhere, and be deleted.
func (r Resource) AllSpecRules(c *ujconfig.Resource) []Rule {
	var rules []Rule

	for _, group := range r.ExactlyOneOf {
		rules = append(rules, r.exactlyOneOf(group))
	}

	for _, arg := range slices.Sorted(maps.Keys(r.References)) {
		rules = append(rules, form(arg, "("+formRegion+"/)?"+formUUID,
			"must be a UUID or a regional ID, in lower case, such as fr-par/11111111-1111-4111-8111-111111111111")...)
		rules = append(rules, inRegion(arg)...)
	}

	if _, ok := c.TerraformResource.Schema[keyRegion]; ok {
		rules = append(rules, form(keyRegion, formRegion, "must be a region, such as "+strings.Join(r.Regions, ", "))...)
	}

	for _, arg := range r.Timestamps {
		rules = append(rules, form(arg, formTime, "must be a time as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z")...)
	}

	return append(rules, r.SpecRules...)
}

// AllObjectRules returns the rules over the whole object: its immutable
// arguments, and the declared ones.
func (r Resource) AllObjectRules(c *ujconfig.Resource) []Rule {
	var rules []Rule
	for _, arg := range r.immutable(c) {
		rules = append(rules, r.unchanged(arg))
	}

	return append(rules, r.ObjectRules...)
}

// immutable returns the arguments of which a change needs another object: those
// that Terraform says so of, and the declared ones.
func (r Resource) immutable(c *ujconfig.Resource) []string {
	args := slices.Clone(r.Immutable)

	for arg, s := range c.TerraformResource.Schema {
		if s.ForceNew && (s.Optional || s.Required) && !s.Sensitive {
			args = append(args, arg)
		}
	}

	slices.Sort(args)

	return slices.Compact(args)
}

// exactlyOneOf counts each argument once, however it is given: by its value, by
// reference or by selector, in either section.
func (r Resource) exactlyOneOf(args []string) Rule {
	given := make([]string, len(args))
	names := make([]string, len(args))

	for i, arg := range args {
		fields := []string{field(arg)}
		if _, ok := r.References[arg]; ok {
			fields = append(fields, field(arg)+"Ref", field(arg)+"Selector")
		}

		var ways []string

		for _, s := range sections {
			for _, f := range fields {
				ways = append(ways, fmt.Sprintf("(%shas(self.%s.%s))", s.guard, s.name, f))
			}
		}

		given[i] = strings.Join(ways, " || ")
		names[i] = strings.Join(fields, " (or ")

		if len(fields) > 1 {
			names[i] = fmt.Sprintf("%s (or its Ref or Selector)", fields[0])
		}
	}

	return Rule{
		Expression: fmt.Sprintf("!%s || [%s].exists_one(given, given)", created, strings.Join(given, ", ")),
		Message:    "give exactly one of " + strings.Join(names, ", ") + " in spec.forProvider",
	}
}

// form requires an argument to match a regular expression as a whole. It is a rule
// for each section: the API server limits the cost of each rule.
func form(arg, pattern, must string) []Rule {
	var rules []Rule

	for _, s := range sections {
		rules = append(rules, Rule{
			Expression: fmt.Sprintf("!(%[1]shas(self.%[2]s.%[3]s)) || self.%[2]s.%[3]s.matches('^%[4]s$')", s.guard, s.name, field(arg), pattern),
			Message:    fmt.Sprintf("spec.%s.%s %s", s.name, field(arg), must),
		})
	}

	return rules
}

// inRegion requires a parent to be in the region that is given beside it. Given
// in different sections, the provider compares them.
func inRegion(arg string) []Rule {
	var rules []Rule

	for _, s := range sections {
		rules = append(rules, Rule{
			Expression: fmt.Sprintf("!(%[1]shas(self.%[2]s.region) && has(self.%[2]s.%[3]s)) || !self.%[2]s.%[3]s.contains('/') || self.%[2]s.%[3]s.startsWith(self.%[2]s.region + '/')",
				s.guard, s.name, field(arg)),
			Message: fmt.Sprintf("spec.%[1]s.%[2]s must be in the region that spec.%[1]s.region gives", s.name, field(arg)),
		})
	}

	return rules
}

// unchanged lets an argument of an object that exists only be set where it was
// not, to what the object has: so does late initialisation. An old object cannot
// break this rule without being changed, so that it never blocks a deletion.
func (r Resource) unchanged(arg string) Rule {
	f := field(arg)

	because := r.ImmutableBecause
	if because == "" {
		because = fmt.Sprintf("it would need another object at Scaleway: create another %s", r.Kind)
	}

	return Rule{
		Expression: fmt.Sprintf("!has(oldSelf.status) || !has(oldSelf.status.atProvider) || !has(oldSelf.status.atProvider.id) || "+
			"(has(self.spec.forProvider.%[1]s) "+
			"? (has(oldSelf.spec.forProvider.%[1]s) ? self.spec.forProvider.%[1]s == oldSelf.spec.forProvider.%[1]s : has(oldSelf.status.atProvider.%[1]s) && self.spec.forProvider.%[1]s == oldSelf.status.atProvider.%[1]s) "+
			": !has(oldSelf.spec.forProvider.%[1]s))", f),
		Message: fmt.Sprintf("spec.forProvider.%s of a %s that exists cannot be changed or taken away: %s", f, r.Kind, because),
	}
}

// field returns the name of an argument in Kubernetes.
func field(arg string) string {
	return name.NewFromSnake(arg).LowerCamelComputed
}
