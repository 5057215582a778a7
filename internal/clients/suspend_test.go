// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"strings"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	xpresource "github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// Nothing is created with an API key that is about to be deleted. What exists goes on.
func TestSuspend(t *testing.T) {
	s := newScaleway(t)
	credentials := newCredentials(1, s.URL)
	other := newCredentials(2, s.URL)
	kube := newKube(t, newSecret("team-a", credentials), newProviderConfig("team-a"))
	b := NewBuilder(LiveSecrets{kube}, s.URL)

	create := func() xpresource.Managed { return newManaged("team-a", "ProviderConfig") }
	existing := func() xpresource.Managed {
		mg := newManaged("team-a", "ProviderConfig")
		meta.SetExternalName(mg, "fr-par/11111111-1111-4111-8111-111111111111")

		return mg
	}

	twice := func() func() {
		one, two := b.Suspend([]string{credentials.AccessKey}), b.Suspend([]string{credentials.AccessKey})
		one()

		return two
	}

	cases := map[string]struct {
		reason  string
		suspend func() func()
		mg      func() xpresource.Managed
		want    string
	}{
		"Create":   {"It could not be deleted any more.", func() func() { return b.Suspend([]string{credentials.AccessKey}) }, create, "nothing is created with API key " + credentials.AccessKey + ` of ProviderConfig "team-a/default"`},
		"Twice":    {"Somebody else still wants it.", twice, create, "nothing is created with API key"},
		"Existing": {"It may have to be deleted first.", func() func() { return b.Suspend([]string{credentials.AccessKey}) }, existing, ""},
		"Another":  {"It has another API key.", func() func() { return b.Suspend([]string{other.AccessKey}) }, create, ""},
		"Resumed":  {"It is over.", func() func() { b.Suspend([]string{credentials.AccessKey})(); return func() {} }, create, ""},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			resume := tc.suspend()
			defer resume()

			// That nothing keeps the ProviderConfig is another matter.
			_, err := b.Setup(t.Context(), kube, tc.mg())
			if got := err != nil && strings.Contains(err.Error(), "nothing is created with"); got != (tc.want != "") || got && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n%s\nSetup(...): want %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}
