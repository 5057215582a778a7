// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"testing"
	"time"

	ujconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/issue"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
)

// minting is a Terraform resource that notes the description that it sends, and
// reads back what it once sent.
func minting(sent *[]string) *schema.Resource {
	keep := func(_ context.Context, d *schema.ResourceData, _ any) diag.Diagnostics {
		description, _ := d.Get("description").(string)
		*sent = append(*sent, description)

		return nil
	}

	return &schema.Resource{
		Schema:        map[string]*schema.Schema{"description": {Type: schema.TypeString, Optional: true}},
		CreateContext: keep,
		ReadContext:   keep,
	}
}

// A mark is on the wire and nowhere else, and nothing is created without one.
func TestMark(t *testing.T) {
	permit, err := issue.NewPermits().Issue(ledger.Record{UID: "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11", Attempt: "0123abcd", At: time.Now()}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}

	mark := permit.Mark()

	create := func(ctx context.Context, r *schema.Resource, d *schema.ResourceData) diag.Diagnostics {
		return r.CreateContext(ctx, d, nil)
	}
	read := func(ctx context.Context, r *schema.Resource, d *schema.ResourceData) diag.Diagnostics {
		return r.ReadContext(ctx, d, nil)
	}

	cases := map[string]struct {
		reason    string
		do        func(context.Context, *schema.Resource, *schema.ResourceData) diag.Diagnostics
		plain     bool
		permitted bool
		had       string
		// sent is what Terraform's function sees, and left what upjet does.
		sent   []string
		left   string
		failed bool
	}{
		"Create":         {reason: "It is found by its mark, and the user does not see it.", do: create, permitted: true, had: "for the shop", sent: []string{mark.Append("for the shop")}, left: "for the shop"},
		"CreateAnother":  {reason: "Terraform creates within a deletion, for example.", do: create, had: "for the shop", left: "for the shop", failed: true},
		"Read":           {reason: "The user does not see it.", do: read, had: mark.Append("for the shop"), sent: []string{mark.Append("for the shop")}, left: "for the shop"},
		"ReadUnmarked":   {reason: "It was not created here.", do: read, had: "for the shop", sent: []string{"for the shop"}, left: "for the shop"},
		"CreatePlain":    {reason: "A kind with no secret needs no mark.", do: create, plain: true, had: "for the shop", sent: []string{"for the shop"}, left: "for the shop"},
		"ReadPlainQuote": {reason: "Whoever writes such a text keeps it.", do: read, plain: true, had: mark.Append("quote"), sent: []string{mark.Append("quote")}, left: mark.Append("quote")},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var sent []string

			c := &ujconfig.Resource{TerraformResource: minting(&sent)}
			r := Resource{Kind: "Token"}

			if !tc.plain {
				r.Minted = &Minted{MarkArgument: "description"}
			}

			r.configureMinted(c)

			d := schema.TestResourceDataRaw(t, c.TerraformResource.Schema, map[string]any{"description": tc.had})

			ctx := t.Context()
			if tc.permitted {
				ctx = issue.WithPermit(ctx, permit)
			}

			diags := tc.do(ctx, c.TerraformResource, d)
			if diff := cmp.Diff(tc.failed, diags.HasError()); diff != "" {
				t.Errorf("\n%s\nfailed: -want, +got:\n%s\n%v", tc.reason, diff, diags)
			}

			left, _ := d.Get("description").(string)
			if diff := cmp.Diff([]any{tc.sent, tc.left}, []any{sent, left}); diff != "" {
				t.Errorf("\n%s\nsent, left: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
