// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package onetime

import (
	"net/http"
	"slices"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/fakescaleway"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/ledger"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/onetime/onetimetest"
	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// parentAnswers has Scaleway answer for the parent with a status.
func parentAnswers(status int) func(*bench) {
	return func(b *bench) {
		b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteNamespace, Status: status, Body: `{"message":"no"}`})
	}
}

// tokenAnswers has Scaleway answer for a token with a status.
func tokenAnswers(status int) func(*bench) {
	return func(b *bench) {
		b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteToken, Status: status, Body: `{"message":"no"}`})
	}
}

// What is not there counts only for credentials that see what the minter saw.
func TestLook(t *testing.T) {
	own := func(b *bench) ledger.Minter { return b.Minter() }
	another := func(*bench) ledger.Minter { return ledger.Minter{Key: "another", Organization: "another"} }
	ofOrganization := func(b *bench) ledger.Minter {
		return ledger.Minter{Key: "another", Organization: b.Credentials.OrganizationID}
	}
	unknown := func(*bench) ledger.Minter { return ledger.Minter{} }

	cases := map[string]struct {
		reason string
		minter func(*bench) ledger.Minter
		// told tells whether Scaleway has told the organization of the key before.
		told    bool
		prepare func(*bench)
		want    string
		found   int
	}{
		"ParentShown":        {reason: "Whoever sees the parent sees what it has.", minter: another, found: 1},
		"ParentShownUnknown": {reason: "That holds for whomever.", minter: unknown, found: 1},
		"ParentNotListed": {
			reason: "Scaleway contradicts itself.", minter: own,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{
					Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusNotFound, Body: `{"message":"no"}`,
					Match: func(r *http.Request) bool { return r.URL.Query().Get("namespace_id") != "" },
				})
			},
			want: "Scaleway shows the parent, and does not list what it has",
		},
		"SameKey":     {reason: "What this key has minted it sees, or the parent has taken it along.", minter: own, prepare: (*bench).ParentGone},
		"AnotherKey":  {reason: "It may have been another's parent.", minter: another, prepare: (*bench).ParentGone, want: "it was created with an API key of organization another, and Scaleway does not say of which organization this one is"},
		"AnotherTold": {reason: "It may have been another's parent.", minter: another, told: true, prepare: (*bench).ParentGone, want: "and this one is of organization "},
		"OnlyKeyKnown": {
			reason: "It may have been another's parent.", prepare: (*bench).ParentGone,
			minter: func(*bench) ledger.Minter { return ledger.Minter{Key: "another"} },
			want:   "it was created with another API key",
		},
		"Unknown":             {reason: "Nobody knows who has minted it.", minter: unknown, told: true, prepare: (*bench).ParentGone, want: "it was created with an API key that is not recorded"},
		"SameOrganization":    {reason: "An organization's keys see the same parents.", minter: ofOrganization, told: true, prepare: (*bench).ParentGone},
		"OrganizationNotTold": {reason: "Nobody knows whether it is the same organization.", minter: ofOrganization, prepare: (*bench).ParentGone, want: "Scaleway does not say of which organization this one is"},
		"OtherOrganization": {
			reason: "An empty list is what another organization's key sees.", minter: own,
			prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) }, want: "it was created with another API key",
		},
		"ForbiddenSameKey":  {reason: "Whoever may list need not be allowed to read the parent.", minter: own, prepare: parentAnswers(http.StatusForbidden), found: 1},
		"ForbiddenOtherKey": {reason: "It need not see what the minter saw.", minter: another, prepare: parentAnswers(http.StatusForbidden), want: "its parent is not shown to this one either"},
		"ParentUnavailable": {reason: "That is no answer.", minter: own, prepare: parentAnswers(http.StatusServiceUnavailable), want: "cannot tell what these credentials see"},
		"ParentDeleting": {
			reason: "What its parent has it may have lost already.", minter: another,
			prepare: func(b *bench) {
				if err := b.Scaleway.SetStatus(fakescaleway.KindNamespace, "fr-par", b.Parent, "deleting", ""); err != nil {
					b.T.Fatal(err)
				}
			},
			want: "its parent is not shown to this one either",
		},
		"NotListed": {
			reason: "Without the list nobody knows.", minter: own,
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "cannot list",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			b.Mint("token")

			parents := map[string]string{"namespace_id": b.Parent}
			minter := tc.minter(b)

			api, _, err := b.Remote(t.Context(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}

			if tc.told && api.Organization(t.Context(), "fr-par", parents) == "" {
				t.Fatal("Scaleway does not tell the organization")
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			if api, _, err = b.Remote(t.Context(), nil, nil); err != nil {
				t.Fatal(err)
			}

			got, err := b.guard.look(t.Context(), api, ownUID, minter, "fr-par", parents)
			wantErr(t, tc.reason, tc.want, err)

			if diff := cmp.Diff(tc.found, len(got)); diff != "" {
				t.Errorf("\n%s\nlook(...): -want, +got objects:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is recorded is looked for with other credentials only if these see what those of
// before saw.
func TestSuccessor(t *testing.T) {
	own := func(b *bench) ledger.Minter { return b.Minter() }
	another := func(*bench) ledger.Minter { return ledger.Minter{Key: "another"} }
	ofOrganization := func(b *bench) ledger.Minter {
		return ledger.Minter{Key: "another", Organization: b.Credentials.OrganizationID}
	}
	ofAnother := func(*bench) ledger.Minter { return ledger.Minter{Key: "another", Organization: "another"} }
	toldBefore := func(b *bench) ledger.Minter {
		return ledger.Minter{Key: b.Minter().Key, Organization: b.Credentials.OrganizationID}
	}
	unread := parentAnswers(http.StatusForbidden)

	cases := map[string]struct {
		reason string
		last   func(*bench) ledger.Minter
		// named tells whether the managed resource names an object.
		named   bool
		prepare func(*bench)
		want    string
		// organization tells whether it is known then.
		organization bool
	}{
		"SameKey":           {reason: "Nothing has changed.", last: own, prepare: unread},
		"SameKeyToldBefore": {reason: "A key never changes its organization.", last: toldBefore, prepare: unread, organization: true},
		"SameOrganization":  {reason: "An organization's keys see the same.", last: ofOrganization, organization: true},
		"SeesTheNamedToldBefore": {
			reason: "What is shown the same object is of the same organization.", named: true, prepare: unread, organization: true,
			last: func(b *bench) ledger.Minter {
				return ledger.Minter{Key: "another", Organization: b.Credentials.OrganizationID}
			},
		},
		"SeesTheNamed":             {reason: "What it is shown it sees.", last: another, named: true, prepare: unread},
		"SeesTheParent":            {reason: "Whoever sees the parent sees what it has.", last: another, organization: true},
		"Neither":                  {reason: "What it does not see it would take for gone.", last: another, prepare: unread, want: "nothing is taken for gone"},
		"NamedIsNotShown":          {reason: "What it does not see it would take for gone.", last: ofAnother, named: true, prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) }, want: "nothing is taken for gone"},
		"NamedCannotBeTold":        {reason: "That is no answer.", last: another, named: true, prepare: tokenAnswers(http.StatusServiceUnavailable), want: "cannot tell whether"},
		"ParentCannotBeTold":       {reason: "That is no answer.", last: another, prepare: parentAnswers(http.StatusServiceUnavailable), want: "cannot tell what these credentials see"},
		"NothingIsRecorded":        {reason: "Somebody has minted it, who need not have been this one.", last: func(*bench) ledger.Minter { return ledger.Minter{} }, prepare: unread, want: "an API key that is not recorded"},
		"NothingIsRecordedOfNamed": {reason: "What it is shown it sees.", last: func(*bench) ledger.Minter { return ledger.Minter{} }, named: true, organization: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			last := tc.last(b)

			var named *regional.ID
			if minted, _ := b.Mint("token"); tc.named {
				id, err := regional.Parse(minted)
				if err != nil {
					t.Fatal(err)
				}

				named = &id
			}

			if tc.prepare != nil {
				tc.prepare(b)
			}

			api, _, err := b.Remote(t.Context(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}

			got, err := b.guard.successor(t.Context(), api, ownUID, last, "fr-par", map[string]string{"namespace_id": b.Parent}, named)
			wantErr(t, tc.reason, tc.want, err)

			if err != nil {
				return
			}

			want := ledger.Minter{Key: api.Key(ownUID)}
			if tc.organization {
				want.Organization = b.Credentials.OrganizationID
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nsuccessor(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An object is revoked when Scaleway does not show it any more, and not when it says so.
func TestRevoke(t *testing.T) {
	deletion := func(f fakescaleway.Fault) func(*bench) {
		f.Method, f.Body = http.MethodDelete, `{"message":"no"}`
		return func(b *bench) { b.Fail(f) }
	}

	gone := func(b *bench) {
		if err := b.Scaleway.Delete(fakescaleway.KindToken, "fr-par", uuidOf(b.Alive()[0])); err != nil {
			b.T.Fatal(err)
		}
	}

	cases := map[string]struct {
		reason    string
		published bool
		name      string
		prepare   func(*bench)
		want      string
		alive     int
		// other is set if it is another token that is to be revoked.
		other bool
	}{
		"Revoked":   {reason: "Scaleway has it no more."},
		"Published": {reason: "A secret that can be read may be in use.", published: true, want: "refusing to revoke", alive: 1},
		"PublishedBefore": {
			reason:  "A secret that can be read in the Secret of before may be in use.",
			prepare: func(b *bench) { _, value := b.Mint("another"); b.Secret(b.Stored(), "before", value) },
			other:   true, want: "refusing to revoke", alive: 2,
		},
		"NameMalformed": {reason: "It is the name of nothing.", name: "shop", want: "shop", alive: 1},
		"NoCredentials": {reason: "Nobody can.", prepare: func(b *bench) { b.guard.Remote = onetimetest.NoRemote }, want: "no credentials", alive: 1},
		"SecretNotRead": {reason: "It may be in use.", prepare: func(b *bench) { b.Unreadable = onetimetest.CannotRead(published) }, want: "cannot check Secret", alive: 1},
		"Forbidden":     {reason: "It is still there.", prepare: deletion(fakescaleway.Fault{Status: http.StatusForbidden}), want: "cannot revoke fr-par/", alive: 1},
		"Accepted":      {reason: "That it is accepted does not make it true.", prepare: deletion(fakescaleway.Fault{Status: http.StatusNoContent}), want: "Scaleway shows it after it has accepted its deletion", alive: 1},
		"AcceptedAndNotShown": {
			reason: "Without an answer nobody knows.",
			prepare: func(b *bench) {
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteToken, Status: http.StatusServiceUnavailable, Body: `{"message":"no"}`})
			},
			want: "cannot tell whether fr-par/",
		},
		"BeingDeleted": {
			reason: "What Scaleway is deleting will not come back.",
			prepare: func(b *bench) {
				if err := b.Scaleway.SetStatus(fakescaleway.KindToken, "fr-par", uuidOf(b.Alive()[0]), "deleting", ""); err != nil {
					b.T.Fatal(err)
				}

				deletion(fakescaleway.Fault{Status: http.StatusNoContent})(b)
			},
			alive: 1,
		},
		"Gone":        {reason: "Neither answer shows it.", prepare: gone},
		"NotFound":    {reason: "One answer shows it.", prepare: deletion(fakescaleway.Fault{Status: http.StatusNotFound}), want: "but lists it", alive: 1},
		"ParentsGone": {reason: "The parent has taken it along.", prepare: (*bench).ParentGone},
		"GoneAndNotListed": {
			reason: "One answer is not enough.",
			prepare: func(b *bench) {
				gone(b)
				b.Fail(fakescaleway.Fault{Method: http.MethodGet, Route: fakescaleway.RouteTokens, Status: http.StatusForbidden, Body: `{"message":"no"}`})
			},
			want: "it cannot be confirmed that it is gone",
		},
		"OtherOrganization": {reason: "It finds nothing, and lists nothing.", prepare: func(b *bench) { b.Use(b.Scaleway.NewKey()) }, want: "it cannot be confirmed that it is gone", alive: 1},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBench(t)
			made, value := b.Mint("token")
			tk := b.Token(func(*v1beta1.Token) {})

			if tc.published {
				b.Secret(tk, published, value)
			}

			record := b.Pending(0)

			if tc.prepare != nil {
				tc.prepare(b)
			}

			if tc.name != "" {
				made = tc.name
			}

			record.Secret = "before"

			if others := slices.DeleteFunc(b.Alive(), func(name string) bool { return name == made }); tc.other {
				made = others[0]
			}

			wantErr(t, tc.reason, tc.want, b.guard.revoke(t.Context(), tk, record, made))

			if diff := cmp.Diff(tc.alive, len(b.Alive())); diff != "" {
				t.Errorf("\n%s\ntokens: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Where an object is looked for.
func TestPlace(t *testing.T) {
	const recorded, observed, wanted = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"

	cases := map[string]struct {
		reason string
		record ledger.Record
		seen   string
		region string
		want   map[string]string
	}{
		"Recorded":   {reason: "It was minted there.", record: ledger.Record{Region: "nl-ams", Parents: map[string]string{"namespace_id": recorded}}, seen: "fr-par/" + observed, region: "nl-ams", want: map[string]string{"namespace_id": recorded}},
		"NoRegion":   {reason: "A record that does not say where tells nothing.", record: ledger.Record{Parents: map[string]string{"namespace_id": recorded}}, seen: "fr-par/" + observed, region: "fr-par", want: map[string]string{"namespace_id": observed}},
		"NoParents":  {reason: "It was minted in that region.", record: ledger.Record{Region: "nl-ams"}, seen: "fr-par/" + observed, region: "nl-ams", want: map[string]string{"namespace_id": observed}},
		"Observed":   {reason: "Scaleway has said that it is there.", seen: "fr-par/" + observed, region: "fr-par", want: map[string]string{"namespace_id": observed}},
		"Wanted":     {reason: "It is to be there.", region: "fr-par", want: map[string]string{"namespace_id": wanted}},
		"OtherQuery": {reason: "Users can write records: what is asked of Scaleway is asked by the declared arguments only.", record: ledger.Record{Region: "nl-ams", Parents: map[string]string{"project_id": recorded}}, region: "nl-ams", want: map[string]string{"namespace_id": wanted}},
		"NoUUID":     {reason: "Users can write records: a parent is a UUID, and becomes part of a path.", record: ledger.Record{Region: "nl-ams", Parents: map[string]string{"namespace_id": "../../tokens"}}, region: "nl-ams", want: map[string]string{"namespace_id": wanted}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tk := b.Token(func(tk *v1beta1.Token) {
				meta.SetExternalName(tk, paris)
				tk.Spec.ForProvider.NamespaceID = ptr.To(wanted)

				if tc.seen != "" {
					tk.Status.AtProvider.NamespaceID = &tc.seen
				}
			})

			region, parents, err := b.guard.place(tk, tc.record, "fr-par")
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff([]any{tc.region, tc.want}, []any{region, parents}); diff != "" {
				t.Errorf("\n%s\nplace(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
