// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"regexp"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

var timePattern = regexp.MustCompile("^" + formTime + "$")

// ParseTime reads a time as RFC 3339 in whole seconds. Terraform leaves out what
// it cannot read, and an object would be created that never expires; fractions it
// drops, and would see a change for ever.
func ParseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !timePattern.MatchString(text) {
		return time.Time{}, errors.Errorf("%q is not a time as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z", text)
	}

	return t, nil
}

// configureExpiry refuses to create an object that has expired already, also where
// one takes the place of another that was created in time.
func (r Resource) configureExpiry(c *ujconfig.Resource) {
	if r.Minted == nil || r.Minted.ExpiryAttribute == "" {
		return
	}

	create := c.TerraformResource.CreateContext

	c.TerraformResource.CreateContext = func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		text, _ := d.Get(r.Minted.ExpiryAttribute).(string)
		if err := r.CheckExpiry(text, time.Now()); err != nil {
			return diag.FromErr(err)
		}

		return create(ctx, d, meta)
	}
}

// CheckExpiry returns an error if an object with the supplied expiry, if it has
// one, must not be created now.
func (r Resource) CheckExpiry(text string, now time.Time) error {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.After(now) {
		return nil //nolint:nilerr // That it is no time is found out before.
	}

	return errors.Errorf("spec.forProvider.%s %s is not in the future: it is now %s", field(r.Minted.ExpiryAttribute), text, now.UTC().Format(time.RFC3339))
}
