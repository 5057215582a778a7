// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"fmt"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	ujresource "github.com/crossplane/upjet/v2/pkg/resource"
	"github.com/crossplane/upjet/v2/pkg/types/name"
)

// checkArguments refuses what the rules of the CRD refuse, for clusters in which
// an older CRD is installed, and what they cannot see: the clock, and the
// external name.
func (c *Connector) checkArguments(mg ujresource.Terraformed) error {
	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return errors.Wrap(err, "cannot read the arguments")
	}

	if !creates(mg) {
		return nil
	}

	for _, group := range c.resource.ExactlyOneOf {
		if err := exactlyOne(group, args); err != nil {
			return err
		}
	}

	for _, arg := range c.resource.Timestamps {
		if err := c.checkTime(mg, arg, args); err != nil {
			return err
		}
	}

	if c.resource.Minted == nil || meta.GetExternalName(mg) != "" {
		return nil
	}

	if w, ok := mg.(xpresource.LocalConnectionSecretWriterTo); ok && w.GetWriteConnectionSecretToReference() == nil {
		return errors.Errorf("spec.writeConnectionSecretToRef is not set: Scaleway shows the secret of a %s once, so that nobody could ever read it", c.resource.Kind)
	}

	return nil
}

// creates tells whether the managed resource may create or change its object. It
// needs no arguments otherwise.
func creates(mg ujresource.Terraformed) bool {
	return slices.ContainsFunc(mg.GetManagementPolicies(), func(a xpv1.ManagementAction) bool {
		return a == xpv1.ManagementActionAll || a == xpv1.ManagementActionCreate || a == xpv1.ManagementActionUpdate
	})
}

func exactlyOne(group []string, args map[string]any) error {
	var given, names []string

	for _, arg := range group {
		names = append(names, fieldOf(arg))

		if v, ok := args[arg]; ok && v != nil && v != "" {
			given = append(given, fieldOf(arg))
		}
	}

	switch len(given) {
	case 1:
		return nil
	case 0:
		return errors.Errorf("give exactly one of %s: none is given", strings.Join(names, ", "))
	default:
		return errors.Errorf("give exactly one of %s: %s are given", strings.Join(names, ", "), strings.Join(given, " and "))
	}
}

// checkTime refuses a time that Terraform would silently leave out, which would
// create an object that never expires, or that lies in the past.
func (c *Connector) checkTime(mg ujresource.Terraformed, arg string, args map[string]any) error {
	text, _ := args[arg].(string)
	if text == "" {
		return nil
	}

	t, err := time.Parse(time.RFC3339, text)
	if err != nil || strings.Contains(text, ".") {
		return errors.Errorf("%s %q is not a time as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z", fieldOf(arg), text)
	}

	// An object that exists has been created in time.
	if now := c.now(); c.resource.Minted != nil && arg == c.resource.Minted.ExpiryAttribute && meta.GetExternalName(mg) == "" && !t.After(now) {
		return errors.Errorf("%s %s is not in the future: it is now %s", fieldOf(arg), text, now.UTC().Format(time.RFC3339))
	}

	return nil
}

// fieldOf returns where the user gives an argument.
func fieldOf(arg string) string {
	return fmt.Sprintf("spec.forProvider.%s", name.NewFromSnake(arg).LowerCamelComputed)
}
