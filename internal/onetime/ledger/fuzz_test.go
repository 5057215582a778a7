// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/internal/regional"
)

// A description comes back as it was, whatever it was.
func FuzzStrip(f *testing.F) {
	own := Mark{UID: "6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11", Attempt: "0123abcd"}

	for _, s := range []string{"", " ", "for the shop", own.String(), own.Append("twice"), "[crossplane:]", "line\n" + own.String()} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, description string) {
		text, m, ok := Strip(own.Append(description))
		if !ok || m != own || text != description {
			t.Errorf("Strip(%q): got %q, %v, %t", own.Append(description), text, m, ok)
		}

		// What is not ours is read too.
		if text, m, ok := Strip(description); ok && m.Append(text) != description && text+m.String() != description {
			t.Errorf("Strip(%q): got %q, %v", description, text, m)
		}
	})
}

// Users can write records: what is read of one is bounded, can be part of a path, and is
// read the same once it has been written.
func FuzzReadRecord(f *testing.F) {
	uid := types.UID("6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11")
	own := Record{UID: uid, Attempt: "0123abcd", State: StatePending, Region: "fr-par", Parents: map[string]string{"namespace_id": "a"}}

	for _, s := range []string{
		"", "{}", "null", "[]", own.Text(), own.Done("fr-par/a", "digest").Text(), own.Revoke("fr-par/b").Doubt(own.At).Text(),
		`{"uid":"6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11","region":"../..","limit":"9999999h","version":2}`,
	} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, text string) {
		o := &metav1.ObjectMeta{UID: uid, Annotations: map[string]string{AnnotationRecord: text}}
		ReadForeign(o)

		r, err := ReadRecord(o)
		if err != nil {
			return
		}

		if len(r.Abandoned) > maxDoubts || len(r.Revoking) > maxDoubts || r.Region != "" && !regional.IsRegion(r.Region) {
			t.Errorf("ReadRecord(%q): got %#v", text, r)
		}

		if r.UID == "" {
			return
		}

		r.Write(o)

		again, err := ReadRecord(o)
		if diff := cmp.Diff(r, again, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Record{}, "Version")); diff != "" || err != nil {
			t.Errorf("ReadRecord(%q), written and read again: %v\n-want, +got:\n%s", text, err, diff)
		}
	})
}
