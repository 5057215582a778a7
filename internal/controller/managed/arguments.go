// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"fmt"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/types/name"

	"github.com/crossplane-contrib/provider-upjet-scaleway/config/resource"
)

// checkArguments refuses what the rules of the CRD refuse, for clusters in which
// an older CRD is installed, and what they cannot see: the clock, and the
// external name.
func (c *Connector) checkArguments(mg ujresource.Terraformed, args map[string]any) error {
	if !creates(mg) {
		return nil
	}

	for _, group := range c.resource.ExactlyOneOf {
		if err := exactlyOne(group, args, mg); err != nil {
			return err
		}
	}

	for _, arg := range c.resource.UUIDs {
		if id, ok := args[arg].(string); ok {
			if err := resource.UUID.Check(id); err != nil {
				return errors.Wrap(err, fieldOf(arg))
			}
		}
	}

	for _, arg := range c.resource.Timestamps {
		// An empty text is none either.
		if text, ok := args[arg].(string); ok {
			if _, err := resource.ParseTime(text); err != nil {
				return errors.Errorf("%s %w", fieldOf(arg), err)
			}
		}
	}

	for arg := range c.resource.MaxLengths {
		text, _ := args[arg].(string)
		if err := c.resource.CheckLength(arg, text); err != nil {
			return err
		}
	}

	// An object that has a name exists, or once did.
	if c.resource.Minted == nil || meta.GetExternalName(mg) != "" {
		return nil
	}

	return c.checkMintable(mg, args)
}

// checkMintable refuses to mint what would be of no use to anybody: a secret that
// nobody could read, or that has expired already.
func (c *Connector) checkMintable(mg xpresource.Managed, args map[string]any) error {
	r := c.resource

	if w, ok := mg.(xpresource.LocalConnectionSecretWriterTo); ok && w.GetWriteConnectionSecretToReference() == nil {
		return errors.Errorf("spec.writeConnectionSecretToRef is not set: Scaleway shows the secret of %s once, so that nobody could ever read it: name a Secret", r.AKind())
	}

	expiry, _ := args[r.Minted.ExpiryAttribute].(string)

	return r.CheckExpiry(expiry, c.now())
}

// creates tells whether the managed resource may create or change its object. It
// needs no arguments otherwise.
func creates(mg ujresource.Terraformed) bool {
	return slices.ContainsFunc(mg.GetManagementPolicies(), func(a xpv1.ManagementAction) bool {
		return a == xpv1.ManagementActionAll || a == xpv1.ManagementActionCreate || a == xpv1.ManagementActionUpdate
	})
}

// exactlyOne counts each argument of a group once, however it is given. One that
// is given by a reference must have been resolved by now: a reference whose
// resolution is optional may not have been.
func exactlyOne(group []string, args map[string]any, mg xpresource.Managed) error {
	var given, resolved, names []string

	for _, arg := range group {
		names = append(names, fieldOf(arg))

		if v, ok := args[arg]; ok && v != nil && v != "" && v != false {
			given, resolved = append(given, fieldOf(arg)), append(resolved, fieldOf(arg))
			continue
		}

		if refers(mg, arg) {
			given = append(given, fieldOf(arg))
		}
	}

	which := "exactly one of " + strings.Join(names, ", ")
	if len(names) == 1 {
		which = names[0]
	}

	switch {
	case len(given) == 0:
		return errors.Errorf("give %s: none is given", which)
	case len(given) > 1:
		return errors.Errorf("give %s: %s are given", which, strings.Join(given, " and "))
	case len(resolved) == 0:
		return errors.Errorf("the reference of %s is not resolved: what it refers to does not exist, or has no ID yet", given[0])
	}

	return nil
}

// refers tells whether an argument is given by a reference or a selector.
func refers(mg xpresource.Managed, arg string) bool {
	field := name.NewFromSnake(arg).LowerCamelComputed

	for _, s := range sections {
		if v := section(mg, s); isSet(v, field+"Ref") || isSet(v, field+"Selector") {
			return true
		}
	}

	return false
}

// fieldOf returns where the user gives an argument.
func fieldOf(arg string) string {
	return fmt.Sprintf("spec.forProvider.%s", name.NewFromSnake(arg).LowerCamelComputed)
}
