// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"testing"
	"time"
)

// What is read as a time is in whole seconds, and Terraform reads it as the same.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"", "2027-01-31T12:00:00Z", "2027-01-31T12:00:00.5Z", "2027-01-31T12:00:00+02:00", "2027-02-30T12:00:00Z", "0000-01-01T00:00:00Z"} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTime(text)
		if err != nil {
			return
		}

		if want, err := time.Parse(time.RFC3339, text); err != nil || !want.Equal(got) || got.Nanosecond() != 0 {
			t.Errorf("ParseTime(%q): got %s, want %s, %v", text, got, want, err)
		}
	})
}
