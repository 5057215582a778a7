// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package regional

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const uuid = "11111111-1111-4111-8111-111111111111"

func TestParse(t *testing.T) {
	type want struct {
		Parse, Argument ID
		ParseErr        string
		ArgumentErr     string
	}

	malformed := want{ParseErr: "is not a regional ID", ArgumentErr: "neither a UUID nor a regional ID"}

	cases := map[string]struct {
		reason string
		value  string
		want   want
	}{
		"Regional":  {reason: "The form of an external name.", value: "fr-par/" + uuid, want: want{Parse: ID{"fr-par", uuid}, Argument: ID{"fr-par", uuid}}},
		"Bare":      {reason: "An argument may leave the region out, an external name may not.", value: uuid, want: want{ParseErr: "is not a regional ID", Argument: ID{UUID: uuid}}},
		"Empty":     {reason: "Nothing is no ID.", value: "", want: malformed},
		"NoUUID":    {reason: "A name is no ID.", value: "fr-par/shop", want: malformed},
		"UpperCase": {reason: "Scaleway writes UUIDs in lower case, and so they are compared.", value: "fr-par/" + strings.ToUpper("aaaaaaaa-1111-4111-8111-111111111111"), want: malformed},
		"Nested":    {reason: "An ID has two parts.", value: "fr-par/" + uuid + "/x", want: malformed},
		"NoRegion":  {reason: "The region has a form.", value: "/" + uuid, want: malformed},
		"Zone":      {reason: "A zone is no region.", value: "fr-par-1/" + uuid, want: malformed},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var (
				got want
				err error
			)

			if got.Parse, err = Parse(tc.value); err != nil {
				got.ParseErr = contained(err.Error(), tc.want.ParseErr)
			}

			if got.Argument, err = ParseArgument(tc.value); err != nil {
				got.ArgumentErr = contained(err.Error(), tc.want.ArgumentErr)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nParse, ParseArgument(%q): -want, +got:\n%s", tc.reason, tc.value, diff)
			}

			if diff := cmp.Diff(tc.want.Parse.Region, Of(tc.value)); diff != "" {
				t.Errorf("\n%s\nOf(%q): -want, +got:\n%s", tc.reason, tc.value, diff)
			}
		})
	}
}

// contained returns the wanted part of a text that contains it, else the text.
func contained(text, want string) string {
	if want != "" && strings.Contains(text, want) {
		return want
	}

	return text
}

func TestQualify(t *testing.T) {
	cases := map[string]struct {
		reason string
		value  string
		region string
		want   string
	}{
		"Bare":     {reason: "A bare UUID gets the region.", value: uuid, region: "fr-par", want: "fr-par/" + uuid},
		"Regional": {reason: "A region of its own is kept.", value: "pl-waw/" + uuid, region: "fr-par", want: "pl-waw/" + uuid},
		"NoRegion": {reason: "Without a region nothing is made up.", value: uuid, want: uuid},
		"NoID":     {reason: "What is no ID is left for a check to refuse.", value: "shop", region: "fr-par", want: "shop"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Qualify(tc.value, tc.region)); diff != "" {
				t.Errorf("\n%s\nQualify(%q, %q): -want, +got:\n%s", tc.reason, tc.value, tc.region, diff)
			}
		})
	}
}

func TestIsRegion(t *testing.T) {
	for region, want := range map[string]bool{"fr-par": true, "pl-waw": true, "": false, "fr-par/..": false, "..": false, "fr-par?x=": false, "FR-PAR": false, "fr-par\n": false} {
		if got := IsRegion(region); got != want {
			t.Errorf("IsRegion(%q): want %t, got %t", region, want, got)
		}
	}
}

func TestCheckRegion(t *testing.T) {
	served := []string{"fr-par", "nl-ams"}

	if err := CheckRegion("nl-ams", served); err != nil {
		t.Errorf("CheckRegion of a region that is served: %v", err)
	}

	if err := CheckRegion("fr-pau", served); err == nil || !strings.Contains(err.Error(), `unknown region "fr-pau": want one of fr-par, nl-ams`) {
		t.Errorf("CheckRegion of one that is not: want the value and the choice, got %v", err)
	}
}
