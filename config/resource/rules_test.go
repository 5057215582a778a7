// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// secret is a resource that has all that rules follow from.
var secret = Resource{
	Name:                "scaleway_secret",
	Kind:                "Secret",
	Regions:             []string{"fr-par"},
	References:          map[string]string{"parent_id": "scaleway_parent"},
	ExactlyOneOf:        [][]string{{"parent_id", "label"}, {"parent_id"}},
	Timestamps:          []string{"expires_at"},
	Immutable:           []string{"label"},
	ImmutableBecause:    "it would revoke the secret. Create another Secret",
	ReplacedWhenRemoved: []string{"block"},
	Minted:              &Minted{ExpiryAttribute: "expires_at"},
}

// configured returns upjet's configuration of secret, with a Terraform resource
// that calls create.
func configured(create schema.CreateContextFunc) *ujconfig.Resource {
	text := func(s schema.Schema) *schema.Schema {
		s.Type = schema.TypeString
		return &s
	}

	c := &ujconfig.Resource{TerraformResource: &schema.Resource{
		CreateContext: create,
		Schema: map[string]*schema.Schema{
			"parent_id":  text(schema.Schema{Required: true, ForceNew: true}),
			"label":      text(schema.Schema{Optional: true}),
			"size":       text(schema.Schema{Optional: true}),
			"password":   text(schema.Schema{Optional: true, ForceNew: true, Sensitive: true}),
			"etag":       text(schema.Schema{Computed: true, ForceNew: true}),
			"expires_at": text(schema.Schema{Optional: true, ForceNew: true}),
			"region":     text(schema.Schema{Optional: true, Computed: true, ForceNew: true}),
		},
	}}

	secret.configureDiff(c)
	secret.configureExpiry(c)

	return c
}

func TestAllRules(t *testing.T) {
	c := configured(nil)

	cases := map[string]struct {
		reason string
		rules  []Rule
		want   []string
	}{
		"Spec": {
			reason: "Groups, IDs, regions and times are checked in both sections.",
			rules:  secret.AllSpecRules(c),
			want: []string{
				"give exactly one of parentId (or its Ref or Selector), label in spec.forProvider",
				"give parentId (or its Ref or Selector) in spec.forProvider",
				"spec.forProvider.parentId must be a UUID or a regional ID, in lower case, such as fr-par/11111111-1111-4111-8111-111111111111",
				"spec.initProvider.parentId must be a UUID or a regional ID, in lower case, such as fr-par/11111111-1111-4111-8111-111111111111",
				"spec.forProvider.parentId must be in the region that spec.forProvider.region gives",
				"spec.initProvider.parentId must be in the region that spec.initProvider.region gives",
				"spec.forProvider.region must be a region, such as fr-par",
				"spec.initProvider.region must be a region, such as fr-par",
				"spec.forProvider.expiresAt must be a time as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z",
				"spec.initProvider.expiresAt must be a time as RFC 3339 in whole seconds, such as 2027-01-31T12:00:00Z",
			},
		},
		"Object": {
			reason: "Immutable is what Terraform says and what is declared; not what only Scaleway sets, nor what is in a Secret.",
			rules:  secret.AllObjectRules(c),
			want: []string{
				"spec.forProvider.expiresAt of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.initProvider.expiresAt of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.forProvider.label of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.initProvider.label of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.forProvider.parentId of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.initProvider.parentId of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.forProvider.region of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.initProvider.region of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret",
				"spec.forProvider.block of a Secret that exists cannot be taken away: it would revoke the secret. Create another Secret",
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string

			for _, r := range tc.rules {
				got = append(got, r.Message)

				// The first would block the deletion of an old object, and so would the
				// second if it did not compare with what was.
				if compares := strings.Contains(r.Expression, "oldSelf"); compares != (name == "Object") {
					t.Errorf("compares with oldSelf: %t: %s", compares, r.Expression)
				}
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want messages, +got messages:\n%s", tc.reason, diff)
			}
		})
	}
}

// What the rules say is an ID is what the provider says.
func TestForms(t *testing.T) {
	id, region := regexp.MustCompile("^("+formRegion+"/)?"+formUUID+"$"), regexp.MustCompile("^"+formRegion+"$")

	for s, want := range map[string]bool{
		uuid:                              true,
		"fr-par/" + uuid:                  true,
		"A" + uuid[1:]:                    false,
		"fr-par/":                         false,
		"fr-par/shop":                     false,
		"fr-par-1/" + uuid:                false,
		"/" + uuid:                        false,
		uuid + "\n":                       false,
		"":                                false,
		"fr-par/" + uuid + "/more":        false,
		strings.ReplaceAll(uuid, "-", ""): false,
	} {
		if got := id.MatchString(s); got != want {
			t.Errorf("form of ID %q: want %t, got %t", s, want, got)
		}

		if _, err := regional.ParseArgument(s); (err == nil) != want {
			t.Errorf("ParseArgument(%q): want ok %t, got %v", s, want, err)
		}
	}

	for s, want := range map[string]bool{"fr-par": true, "nl-ams": true, "pl-waw": true, "Paris": false, "fr-par-1": false, "": false} {
		if got := region.MatchString(s); got != want {
			t.Errorf("form of region %q: want %t, got %t", s, want, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   time.Time
		ok     bool
	}{
		"UTC":           {reason: "It is a time.", text: "2027-01-31T12:00:00Z", want: time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC), ok: true},
		"Offset":        {reason: "Any zone will do.", text: "2027-01-31T12:00:00+02:00", want: time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC), ok: true},
		"Empty":         {reason: "Terraform would leave it out."},
		"Word":          {reason: "Terraform would leave it out.", text: "tomorrow"},
		"Date":          {reason: "It has no time of the day.", text: "2027-01-31"},
		"NoSuchDay":     {reason: "February has no thirtieth.", text: "2027-02-30T12:00:00Z"},
		"NoSuchHour":    {reason: "The last hour is the 23rd.", text: "2027-01-31T24:00:00Z"},
		"Fractions":     {reason: "Terraform would drop them.", text: "2027-01-31T12:00:00.5Z"},
		"CommaFraction": {reason: "Go reads them after a comma too.", text: "2027-01-31T12:00:00,5Z"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParseTime(tc.text)
			if (err == nil) != tc.ok {
				t.Errorf("\n%s\nParseTime(%q): want ok %t, got %v", tc.reason, tc.text, tc.ok, err)
			}

			if diff := cmp.Diff(tc.want, got.UTC()); diff != "" {
				t.Errorf("\n%s\nParseTime(%q): -want, +got:\n%s", tc.reason, tc.text, diff)
			}
		})
	}
}

func TestConfigureExpiry(t *testing.T) {
	cases := map[string]struct {
		reason  string
		expires string
		creates bool
		want    string
	}{
		"Past":   {reason: "What has expired is not created; the error says the provider's clock.", expires: "2022-10-18T11:35:15Z", want: "spec.forProvider.expiresAt 2022-10-18T11:35:15Z is not in the future: it is now " + time.Now().UTC().Format("2006-01-")},
		"Future": {reason: "It is created.", expires: time.Now().Add(time.Hour).Format(time.RFC3339), creates: true},
		"Never":  {reason: "It is created.", creates: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			creates := false
			c := configured(func(context.Context, *schema.ResourceData, any) diag.Diagnostics {
				creates = true
				return nil
			})

			d := schema.TestResourceDataRaw(t, c.TerraformResource.Schema, map[string]any{"expires_at": tc.expires})

			said := ""
			for _, diagnostic := range c.TerraformResource.CreateContext(t.Context(), d, nil) {
				said += diagnostic.Summary
			}

			if creates != tc.creates || !strings.HasPrefix(said, tc.want) || (tc.want == "") != (said == "") {
				t.Errorf("\n%s\ncreates: want %t, got %t; says: want %q, got %q", tc.reason, tc.creates, creates, tc.want, said)
			}
		})
	}
}

func TestCheckExpiry(t *testing.T) {
	noon := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)

	for text, want := range map[string]bool{
		"2027-01-31T12:00:01Z":      true,
		"2027-01-31T13:30:00+01:00": true,
		"2027-01-31T12:00:00Z":      false,
		"2027-01-31T12:30:00+01:00": false,
	} {
		if err := secret.CheckExpiry(text, noon); (err == nil) != want {
			t.Errorf("CheckExpiry(%q, %s): want ok %t, got %v", text, noon, want, err)
		}
	}
}

func TestReplacement(t *testing.T) {
	cases := map[string]struct {
		reason string
		diff   map[string]*terraform.ResourceAttrDiff
		want   *ujconfig.UpdateLoopPreventResult
	}{
		"Nothing": {
			reason: "There is nothing to refuse.",
		},
		"Update": {
			reason: "The object can be changed.",
			diff:   map[string]*terraform.ResourceAttrDiff{"size": {Old: "1", New: "2"}},
		},
		"Replace": {
			reason: "The user is told what to do instead, and what to go back to.",
			diff:   map[string]*terraform.ResourceAttrDiff{"size": {Old: "1", New: "2"}, "label": {Old: "a", New: "b", RequiresNew: true}},
			want:   &ujconfig.UpdateLoopPreventResult{Reason: `spec.forProvider.label of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret (at Scaleway it is "a")`},
		},
		"Sensitive": {
			reason: "No secret gets into a condition.",
			diff:   map[string]*terraform.ResourceAttrDiff{"password": {Old: "a", New: "b", RequiresNew: true, Sensitive: true}},
			want:   &ujconfig.UpdateLoopPreventResult{Reason: "spec.forProvider.password of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret"},
		},
		"Block": {
			reason: "The user knows the block, not its place in Terraform's state.",
			diff:   map[string]*terraform.ResourceAttrDiff{"block.#": {Old: "1", New: "0", RequiresNew: true}},
			want:   &ujconfig.UpdateLoopPreventResult{Reason: "spec.forProvider.block of a Secret that exists cannot be changed or taken away: it would revoke the secret. Create another Secret"},
		},
	}

	c := configured(nil)

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := c.UpdateLoopPrevention.UpdateLoopPreventionFunc(&terraform.InstanceDiff{Attributes: tc.diff}, nil)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nUpdateLoopPreventionFunc(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A description has room for the mark, and is counted in characters, as the API
// server and Scaleway do.
func TestCheckLength(t *testing.T) {
	marked := Resource{Kind: "Secret", MaxLengths: map[string]int{"label": 200, "size": 4}, Minted: &Minted{MarkArgument: "label"}}

	cases := map[string]struct {
		reason     string
		arg, value string
		want       string
	}{
		"Room":    {reason: "The mark fits beside it.", arg: "label", value: strings.Repeat("é", 200-len(ledger.Mark{UID: uuid, Attempt: "0123abcd"}.Append("é"))+len("é"))},
		"NoRoom":  {reason: "Scaleway would refuse it with the mark.", arg: "label", value: strings.Repeat("é", 142), want: "spec.forProvider.label must have at most 141 characters, and has 142: Scaleway takes 200, and the mark by which the provider finds the Secret again needs 59"},
		"Other":   {reason: "It has no mark.", arg: "size", value: "four"},
		"TooLong": {reason: "Scaleway would refuse it.", arg: "size", value: "five!", want: "spec.forProvider.size must have at most 4 characters, and has 5"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := marked.CheckLength(tc.arg, tc.value); err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCheckLength(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	want := []Rule{{
		Expression: "!(has(self.forProvider.label)) || size(self.forProvider.label) <= 141",
		Message:    "spec.forProvider.label must have at most 141 characters: Scaleway takes 200, and the mark by which the provider finds the Secret again needs 59",
	}, {
		Expression: "!(has(self.initProvider) && has(self.initProvider.label)) || size(self.initProvider.label) <= 141",
		Message:    "spec.initProvider.label must have at most 141 characters: Scaleway takes 200, and the mark by which the provider finds the Secret again needs 59",
	}}
	if diff := cmp.Diff(want, marked.notLonger("label")); diff != "" {
		t.Errorf("notLonger(...): -want, +got:\n%s", diff)
	}
}
