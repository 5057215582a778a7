// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/crossplane/upjet/v2/pkg/types/name"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// Forms that are checked at admission. The API server limits the length of a
// pattern by its cost: what these do not tell, such as the thirtieth of February,
// is refused by the provider. CEL's timestamp() would tell it by an error, and
// kube-apiserver 1.35.4 does not let an old object pass that a rule cannot be
// evaluated for, changed or not: it could neither be annotated nor deleted.
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
		if !r.regionalTarget(arg) {
			rules = append(rules, ofForm(arg, r.targets[arg].form())...)
			continue
		}

		rules = append(rules, form(arg, "("+formRegion+"/)?"+formUUID,
			"must be a UUID or a regional ID, in lower case, such as fr-par/11111111-1111-4111-8111-111111111111")...)
		rules = append(rules, inRegion(arg)...)
	}

	for _, arg := range r.UUIDs {
		rules = append(rules, ofForm(arg, UUID)...)
	}

	if _, ok := c.TerraformResource.Schema[keyRegion]; ok {
		rules = append(rules, form(keyRegion, formRegion, "must be a region, such as "+strings.Join(r.Regions, ", "))...)
	}

	for _, arg := range r.Timestamps {
		rules = append(rules, form(arg, formTime, "must be a time as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z")...)
	}

	for _, arg := range slices.Sorted(maps.Keys(r.MaxLengths)) {
		rules = append(rules, r.notLonger(arg)...)
	}

	return append(rules, r.SpecRules...)
}

// notLonger requires an argument to have no more characters than it may.
func (r Resource) notLonger(arg string) []Rule {
	limit, why := r.maxLength(arg)

	var rules []Rule

	for _, s := range sections {
		rules = append(rules, Rule{
			Expression: fmt.Sprintf("!(%[1]shas(self.%[2]s.%[3]s)) || size(self.%[2]s.%[3]s) <= %[4]d", s.guard, s.name, field(arg), limit),
			Message:    fmt.Sprintf("spec.%s.%s must have at most %d characters%s", s.name, field(arg), limit, why),
		})
	}

	return rules
}

// maxLength returns how many characters the user may give an argument of MaxLengths,
// and why there are fewer than Scaleway takes.
func (r Resource) maxLength(arg string) (limit int, why string) {
	limit = r.MaxLengths[arg]
	if r.Minted == nil || r.Minted.MarkArgument != arg {
		return limit, ""
	}

	return limit - ledger.MarkLength, fmt.Sprintf(": Scaleway takes %d, and the mark by which the provider finds the %s again needs %d", limit, r.Kind, ledger.MarkLength)
}

// CheckLength returns an error if an argument of MaxLengths has too many characters.
func (r Resource) CheckLength(arg, value string) error {
	limit, why := r.maxLength(arg)
	if n := utf8.RuneCountInString(value); n > limit {
		return errors.Errorf("spec.forProvider.%s must have at most %d characters, and has %d%s", field(arg), limit, n, why)
	}

	return nil
}

// AllObjectRules returns the rules over the whole object: those that keep the
// arguments of an object that exists, and the declared ones.
func (r Resource) AllObjectRules(c *ujconfig.Resource) []Rule {
	var rules []Rule

	for _, arg := range immutable(c) {
		rules = append(rules, r.unchanged(arg))

		if r.Minted != nil {
			rules = append(rules, r.initUnchanged(arg))
		}
	}

	for _, block := range r.ReplacedWhenRemoved {
		rules = append(rules, r.kept(block))
	}

	return append(rules, r.ObjectRules...)
}

// immutable returns the arguments of which a change needs another object. What a
// Secret holds is not among them: the API server does not see it.
func immutable(c *ujconfig.Resource) []string {
	var args []string

	for arg, s := range c.TerraformResource.Schema {
		if s.ForceNew && (s.Optional || s.Required) && !s.Sensitive {
			args = append(args, arg)
		}
	}

	slices.Sort(args)

	return args
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
		names[i] = fields[0]

		if len(fields) > 1 {
			names[i] += " (or its Ref or Selector)"
		}
	}

	which := "exactly one of "
	if len(args) == 1 {
		which = ""
	}

	return Rule{
		Expression: fmt.Sprintf("!%s || [%s].exists_one(given, given)", created, strings.Join(given, ", ")),
		Message:    "give " + which + strings.Join(names, ", ") + " in spec.forProvider",
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

// ofForm requires an argument to be an ID of a form.
func ofForm(arg string, f Form) []Rule {
	return form(arg, f.Pattern, "must be "+f.Name+", such as "+f.Example)
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

// exists is true of an object that has been created.
const exists = "(has(oldSelf.status) && has(oldSelf.status.atProvider) && has(oldSelf.status.atProvider.id))"

// unchanged lets an argument of an object that exists only be set where it was
// not, to what the object has: so does late initialisation. The same value written
// in another way, such as a time in another zone, is refused too: the API server
// cannot tell that it is the same. An old object cannot break this rule without
// being changed, so that it never blocks a deletion. References and selectors may
// be changed: once the argument is set they have no effect.
func (r Resource) unchanged(arg string) Rule {
	return Rule{
		Expression: fmt.Sprintf("!%[1]s || (has(self.spec.forProvider.%[2]s) "+
			"? (has(oldSelf.spec.forProvider.%[2]s) ? self.spec.forProvider.%[2]s == oldSelf.spec.forProvider.%[2]s : has(oldSelf.status.atProvider.%[2]s) && self.spec.forProvider.%[2]s == oldSelf.status.atProvider.%[2]s) "+
			": !has(oldSelf.spec.forProvider.%[2]s))", exists, field(arg)),
		Message: r.unchangedMessage("forProvider", arg),
	}
}

// initUnchanged keeps the arguments of a minted object in initProvider too. They
// have no effect on an object that exists, but another that is minted in its place
// would have them, and nobody would notice. It has no effect, and may be changed,
// where forProvider has the argument.
func (r Resource) initUnchanged(arg string) Rule {
	given := func(object string) string {
		return fmt.Sprintf("(has(%[1]s.spec.initProvider) && has(%[1]s.spec.initProvider.%[2]s))", object, field(arg))
	}

	return Rule{
		Expression: fmt.Sprintf("!%[1]s || has(self.spec.forProvider.%[2]s) || (%[3]s ? %[4]s && self.spec.initProvider.%[2]s == oldSelf.spec.initProvider.%[2]s : !%[4]s)",
			exists, field(arg), given("self"), given("oldSelf")),
		Message: r.unchangedMessage("initProvider", arg),
	}
}

// kept lets a block of an object that exists be changed, but not be taken away.
// Late initialisation would put it back, beside what was to take its place.
func (r Resource) kept(block string) Rule {
	return Rule{
		Expression: fmt.Sprintf("!%[1]s || !has(oldSelf.spec.forProvider.%[2]s) || has(self.spec.forProvider.%[2]s)", exists, field(block)),
		Message:    fmt.Sprintf("spec.forProvider.%s of %s that exists cannot be taken away: %s", field(block), r.AKind(), r.because()),
	}
}

func (r Resource) unchangedMessage(section, arg string) string {
	return fmt.Sprintf("spec.%s.%s of %s that exists cannot be changed or taken away: %s", section, field(arg), r.AKind(), r.because())
}

func (r Resource) because() string {
	if r.ImmutableBecause != "" {
		return r.ImmutableBecause
	}

	return fmt.Sprintf("it would need another object at Scaleway: create another %s", r.Kind)
}

// field returns the name of an argument in Kubernetes.
func field(arg string) string {
	return name.NewFromSnake(arg).LowerCamelComputed
}
