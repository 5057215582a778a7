// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTimestamp(t *testing.T) {
	at := time.Date(2026, 5, 5, 16, 42, 16, 0, time.FixedZone("", 2*60*60))
	cases := map[string]struct {
		reason string
		in     time.Time
		want   string
	}{
		"Seconds":      {reason: "A whole second has no fraction, and the zone is UTC.", in: at, want: `"2026-05-05T14:42:16Z"`},
		"Milliseconds": {reason: "Zeros are kept up to 3 digits.", in: at.Add(530 * time.Millisecond), want: `"2026-05-05T14:42:16.530Z"`},
		"Microseconds": {reason: "Zeros are kept up to 6 digits.", in: at.Add(534960 * time.Microsecond), want: `"2026-05-05T14:42:16.534960Z"`},
		"Nanoseconds":  {reason: "Zeros are kept up to 9 digits.", in: at.Add(534961010), want: `"2026-05-05T14:42:16.534961010Z"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(timestamp(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	cases := map[string]struct {
		reason  string
		in      string
		want    string
		wantErr bool
	}{
		"SDK":       {reason: "The SDK's fraction is dropped if it is zero.", in: `"300.000000000s"`, want: `"300s"`},
		"Fraction":  {reason: "A fraction is kept.", in: `"1.500000000s"`, want: `"1.5s"`},
		"Minutes":   {reason: "A minute is written as seconds.", in: `"60s"`, want: `"60s"`},
		"Malformed": {reason: "A number without a unit is no duration.", in: `"60"`, wantErr: true},
		"Number":    {reason: "A JSON number is no duration.", in: `60`, wantErr: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var d Duration
			err := json.Unmarshal([]byte(tc.in), &d)
			if (err != nil) != tc.wantErr {
				t.Fatalf("\n%s\njson.Unmarshal(...): %v", tc.reason, err)
			}
			if tc.wantErr {
				return
			}
			got, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
