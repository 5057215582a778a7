// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package regional

import "testing"

// Whatever is read as an ID can be part of a path, and is written as it was.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"fr-par/11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-111111111111", "fr-par/", "../..", "fr-par/SCW00000000000000000"} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, s string) {
		for name, parse := range map[string]func(string) (ID, error){"Parse": Parse, "ParseArgument": ParseArgument} {
			id, err := parse(s)
			if err != nil {
				continue
			}

			if id.String() != s || !uuidPattern.MatchString(id.UUID) || id.Region != "" && !IsRegion(id.Region) {
				t.Errorf("%s(%q): got %#v", name, s, id)
			}
		}

		if q := Qualify(s, "fr-par"); Qualify(q, "nl-ams") != q {
			t.Errorf("Qualify(%q, ...) is qualified again", s)
		}
	})
}
