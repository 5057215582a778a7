// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// family returns resources that belong to each other: what is minted to a parent or to
// somebody, and the parent to one above it.
func family() []Resource {
	return Link([]Resource{
		{Name: "scaleway_above", Kind: "Above", Path: "/regions/{region}/above/{id}"},
		{Name: "scaleway_parent", Kind: "Parent", Path: "/regions/{region}/parents/{id}", References: map[string]string{"above_id": "scaleway_above"}},
		{
			Name: "scaleway_minted", Kind: "Minted", Path: "/regions/{region}/minted/{id}", References: map[string]string{"parent_id": "scaleway_parent"},
			Minted: &Minted{
				Attribute: "secret", ExpiryAttribute: "expires_at", Successor: "another", Ending: true, Keys: map[string][]string{"id": {"id"}},
				ListedBy: []string{"user_id", "project_id"}, ParentPaths: map[string]string{"user_id": "/users/{id}"},
			},
		},
	})
}

func TestOneTimes(t *testing.T) {
	all := OneTimes(family())

	o, ok := all["Minted"]
	if !ok || len(all) != 1 {
		t.Fatalf("OneTimes(...): want the one kind with a secret that is shown once, got %v", all)
	}

	got := []any{o.KindName(), o.Successor(), o.Ending(), o.Value(), o.ExpiryAttribute(), o.Keys()}
	if diff := cmp.Diff([]any{"Minted", "another", true, "secret", "expires_at", map[string][]string{"id": {"id"}}}, got); diff != "" {
		t.Errorf("OneTime: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("fr-par", o.RegionOf(map[string]any{}, map[string]any{"region": "fr-par"})); diff != "" {
		t.Errorf("RegionOf(...) of a ProviderConfig: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff("nl-ams", o.RegionOf(map[string]any{"region": "nl-ams"}, map[string]any{"region": "fr-par"})); diff != "" {
		t.Errorf("RegionOf(...) of the arguments: -want, +got:\n%s", diff)
	}
}

func TestParents(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   map[string]any
		want   map[string]string
	}{
		"None":     {reason: "There is nothing to look an object up by.", want: map[string]string{}},
		"UUID":     {reason: "It is asked for as it is.", args: map[string]any{"parent_id": uuid}, want: map[string]string{"parent_id": uuid}},
		"Regional": {reason: "It is asked for without its region.", args: map[string]any{"parent_id": "fr-par/" + uuid}, want: map[string]string{"parent_id": uuid}},
		"Several":  {reason: "It has all of them.", args: map[string]any{"parent_id": uuid, "user_id": uuid}, want: map[string]string{"parent_id": uuid, "user_id": uuid}},
		"Other":    {reason: "Scaleway's list cannot be narrowed by it.", args: map[string]any{"region": "fr-par", "other_id": uuid}, want: map[string]string{}},
		"Nonsense": {reason: "It becomes part of a path.", args: map[string]any{"parent_id": "../" + uuid, "user_id": uuid + "/..", "project_id": 1}, want: map[string]string{}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, OneTimes(family())["Minted"].Parents(tc.args)); diff != "" {
				t.Errorf("\n%s\nParents(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParentPath(t *testing.T) {
	byName := map[string]Resource{}
	for _, r := range family() {
		byName[r.Name] = r
	}

	cases := map[string]struct {
		reason   string
		resource string
		arg      string
		want     string
	}{
		"Reference":  {reason: "It is where the other kind is, in the region of the object.", resource: "scaleway_minted", arg: "parent_id", want: "/regions/fr-par/parents/" + uuid},
		"Path":       {reason: "What is no managed resource has a path that is declared.", resource: "scaleway_minted", arg: "user_id", want: "/users/" + uuid},
		"NoPath":     {reason: "No request shows it.", resource: "scaleway_minted", arg: "project_id"},
		"NotMinted":  {reason: "Of what has no secret it is asked too.", resource: "scaleway_parent", arg: "above_id", want: "/regions/fr-par/above/" + uuid},
		"NoArgument": {reason: "It names nothing.", resource: "scaleway_parent", arg: "user_id"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := byName[tc.resource].ParentPath(tc.arg, "fr-par", uuid)
			if diff := cmp.Diff([]any{tc.want, tc.want != ""}, []any{got, ok}); diff != "" {
				t.Errorf("\n%s\nParentPath(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGrandparentPath(t *testing.T) {
	minted := OneTimes(family())["Minted"]

	cases := map[string]struct {
		reason string
		arg    string
		above  string
		want   string
	}{
		"UUID":      {reason: "The parent says what it belongs to.", arg: "parent_id", above: uuid, want: "/regions/fr-par/above/" + uuid},
		"Regional":  {reason: "It is where the object is.", arg: "parent_id", above: "nl-ams/" + uuid, want: "/regions/fr-par/above/" + uuid},
		"None":      {reason: "The parent does not say.", arg: "parent_id"},
		"Nonsense":  {reason: "It becomes part of a path.", arg: "parent_id", above: "../" + uuid},
		"NoParent":  {reason: "The argument names no managed resource.", arg: "user_id", above: uuid},
		"NoWitness": {reason: "The argument names nothing.", arg: "other_id", above: uuid},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := minted.GrandparentPath(tc.arg, "fr-par", func(field string) string {
				if field != "above_id" {
					t.Errorf("\n%s\nGrandparentPath(...) asks for %s", tc.reason, field)
				}

				return tc.above
			})
			if diff := cmp.Diff([]any{tc.want, tc.want != ""}, []any{got, ok}); diff != "" {
				t.Errorf("\n%s\nGrandparentPath(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
