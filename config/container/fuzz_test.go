// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package container

import (
	"strings"
	"testing"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// Whatever a Secret holds, it belongs to an object with an ID, or to none; and it is told
// nobody.
func FuzzIdentifyToken(f *testing.F) {
	for _, s := range []string{
		"", "..", "e30.e30.", "eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIxMTExMTExMS0xMTExLTQxMTEtODExMS0xMTExMTExMTExMTEifQ.c2lnbmF0dXJl",
		"eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIuLi8uLiJ9.c2lnbmF0dXJl",
	} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, value string) {
		id, err := identifyToken(value)
		if err == nil {
			if parsed, perr := regional.ParseArgument(id); perr != nil || parsed.Region != "" {
				t.Errorf("identifyToken(%q): got %q", value, id)
			}
		} else if len(value) > 20 && strings.Contains(err.Error(), value) {
			t.Errorf("identifyToken(%q): the error quotes it: %v", value, err)
		}
	})
}
