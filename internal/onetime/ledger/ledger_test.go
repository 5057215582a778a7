// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/crossplane-contrib/provider-upjet-scaleway/apis/namespaced/container/v1beta1"
)

const uid = types.UID("6f1a3c1e-0b1d-4c5e-9d68-2f7f0a8c7b11")

var (
	mark = Mark{UID: uid, Attempt: "0123abcd"}
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

func TestStrip(t *testing.T) {
	type want struct {
		Description string
		Mark        Mark
		OK          bool
	}

	cases := map[string]struct {
		reason      string
		description string
		want        want
	}{
		"Appended": {
			reason:      "What was appended is taken off again.",
			description: mark.Append("for the shop"),
			want:        want{"for the shop", mark, true},
		},
		"Alone": {
			reason:      "A mark without a description leaves none.",
			description: mark.Append(""),
			want:        want{"", mark, true},
		},
		"TrailingSpace": {
			reason:      "The user's own space is kept.",
			description: mark.Append("for the shop "),
			want:        want{"for the shop ", mark, true},
		},
		"None": {
			reason:      "A description without a mark stays as it is.",
			description: "for the shop [crossplane]",
			want:        want{"for the shop [crossplane]", Mark{}, false},
		},
		"NotAtTheEnd": {
			reason:      "A mark that somebody quotes is not ours.",
			description: mark.String() + " was here",
			want:        want{mark.String() + " was here", Mark{}, false},
		},
		"OfAnotherForm": {
			reason:      "An attempt has eight digits.",
			description: "[crossplane:" + string(uid) + ".0123abcdef]",
			want:        want{"[crossplane:" + string(uid) + ".0123abcdef]", Mark{}, false},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got want
			got.Description, got.Mark, got.OK = Strip(tc.description)

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nStrip(%q): -want, +got:\n%s", tc.reason, tc.description, diff)
			}
		})
	}
}

func TestReadRecord(t *testing.T) {
	written := NewRecord(&metav1.ObjectMeta{UID: uid}, Record{}, "fr-par", map[string]string{"namespace_id": "n"}, noon)

	cases := map[string]struct {
		reason     string
		uid        types.UID
		annotation string
		want       Record
		wantErr    string
	}{
		"None": {reason: "An object that never attempted anything has an empty record.", uid: uid},
		"Own":  {reason: "What was written is read.", uid: uid, annotation: encode(t, written), want: written},
		"Copy": {reason: "A restored copy has another UID: the attempt was not its own.", uid: "another", annotation: encode(t, written)},
		"CopyOfRenewed": {
			reason: "The renewal that a copy asks for was fulfilled: it is not repeated.", uid: "another",
			annotation: encode(t, Record{UID: uid, Object: "object", Renewed: "once"}), want: Record{Renewed: "once"},
		},
		"Path": {
			reason: "A region becomes part of a path that is asked for with credentials that the user need not have.", uid: uid,
			annotation: encode(t, Record{UID: uid, Region: "fr-par/../../../../iam/v1alpha1/api-keys?x="}), wantErr: "is no region",
		},
		"PathOfAbandoned": {
			reason: "That of an abandoned attempt does too.", uid: uid,
			annotation: encode(t, Record{UID: uid, Abandoned: []Abandoned{{Region: ".."}}}), wantErr: "is no region",
		},
		"Long": {
			reason: "What others wait for is bounded. Whatever is more is looked for as any that carries the UID.", uid: uid,
			annotation: encode(t, Record{UID: uid, Abandoned: slices.Repeat([]Abandoned{{Attempt: "0123abcd", At: noon, Region: "fr-par"}}, 2500)}),
			want:       Record{UID: uid, Abandoned: append(slices.Repeat([]Abandoned{{Attempt: "0123abcd", At: noon, Region: "fr-par"}}, maxDoubts-1), Abandoned{At: noon, Region: "fr-par"})},
		},
		"LongRevoking": {
			reason: "What is not revoked by name is looked for as any that carries the UID.", uid: uid,
			annotation: encode(t, Record{UID: uid, At: noon, Region: "fr-par", Revoking: slices.Repeat([]string{"object"}, 2500)}),
			want:       Record{UID: uid, At: noon, Region: "fr-par", Revoking: slices.Repeat([]string{"object"}, maxDoubts), Abandoned: []Abandoned{{At: noon, Region: "fr-par"}}},
		},
		"Full": {
			reason: "As many as the provider writes are kept as they are.", uid: uid,
			annotation: encode(t, Record{UID: uid, Abandoned: slices.Repeat([]Abandoned{{Attempt: "0123abcd", At: noon}}, maxDoubts), Revoking: slices.Repeat([]string{"object"}, maxDoubts)}),
			want:       Record{UID: uid, Abandoned: slices.Repeat([]Abandoned{{Attempt: "0123abcd", At: noon}}, maxDoubts), Revoking: slices.Repeat([]string{"object"}, maxDoubts)},
		},
		"Other": {reason: "A record that cannot be read must not be taken for none.", uid: uid, annotation: "{", wantErr: "is not what the provider wrote"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := &v1beta1.Token{ObjectMeta: metav1.ObjectMeta{UID: tc.uid}}
			if tc.annotation != "" {
				o.SetAnnotations(map[string]string{AnnotationRecord: tc.annotation})
			}

			got, err := ReadRecord(o)
			if diff := cmp.Diff(tc.wantErr != "", err != nil && strings.Contains(err.Error(), tc.wantErr)); diff != "" {
				t.Errorf("\n%s\nReadRecord(...): want error %q, got %v", tc.reason, tc.wantErr, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nReadRecord(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func encode(t *testing.T, r Record) string {
	t.Helper()

	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}

	return string(b)
}

func TestAttempts(t *testing.T) {
	o := &metav1.ObjectMeta{UID: uid}

	first := NewRecord(o, Record{}, "fr-par", nil, noon)
	first.Secret, first.Renewed, first.Fingerprint = "token", "once", Fingerprint{"object", "digest"}
	second := NewRecord(o, first.Abandon(noon.Add(time.Minute)), "fr-par", nil, noon.Add(2*time.Minute))

	if diff := cmp.Diff([]string{"token", "once", "digest"}, []string{second.Secret, second.Renewed, second.Fingerprint.Digest}); diff != "" {
		t.Errorf("the next attempt remembers where the secret was, what it was, and which renewal was fulfilled: -want, +got:\n%s", diff)
	}

	if first.Attempt == second.Attempt {
		t.Error("two attempts have the same name")
	}

	if diff := cmp.Diff(StateFailed, first.Abandon(noon).State); diff != "" {
		t.Errorf("state of an abandoned attempt: -want, +got:\n%s", diff)
	}

	want := []Abandoned{{Attempt: first.Attempt, At: noon.Add(time.Minute), Region: "fr-par"}}
	if diff := cmp.Diff(want, second.Abandoned); diff != "" {
		t.Errorf("the next attempt remembers those whose request may still arrive: -want, +got:\n%s", diff)
	}
}

func TestDone(t *testing.T) {
	renewal := Record{State: StatePending, Renewed: "first", Renewing: "second", Previous: "old"}

	if diff := cmp.Diff(Record{State: StateDone, Object: "new", Fingerprint: Fingerprint{"new", "digest"}, Renewed: "second", Previous: "old"}, renewal.Done("new", "digest")); diff != "" {
		t.Errorf("a renewal is fulfilled, and has left the old one: -want, +got:\n%s", diff)
	}

	creation := Record{State: StatePending, Renewed: "first"}

	if diff := cmp.Diff(Record{State: StateDone, Object: "new", Fingerprint: Fingerprint{"new", "digest"}, Renewed: "first"}, creation.Done("new", "digest")); diff != "" {
		t.Errorf("a creation fulfils no renewal: -want, +got:\n%s", diff)
	}
}

func TestReadForeign(t *testing.T) {
	pending := NewRecord(&metav1.ObjectMeta{UID: uid}, Record{}, "fr-par", nil, noon)

	cases := map[string]struct {
		reason     string
		uid        types.UID
		annotation string
		want       bool
	}{
		"Copy":       {reason: "The attempt was that of the original.", uid: "another", annotation: encode(t, pending), want: true},
		"Own":        {reason: "The attempt is its own.", uid: uid, annotation: encode(t, pending)},
		"CopyOfDone": {reason: "Nothing was under way.", uid: "another", annotation: encode(t, pending.Done("object", ""))},
		"None":       {reason: "There was no attempt.", uid: uid},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := &metav1.ObjectMeta{UID: tc.uid}
			if tc.annotation != "" {
				o.SetAnnotations(map[string]string{AnnotationRecord: tc.annotation})
			}

			got, ok := ReadForeign(o)
			if diff := cmp.Diff(tc.want, ok); diff != "" || (ok && got != pending.Mark()) {
				t.Errorf("\n%s\nReadForeign(...): got %s, %t", tc.reason, got, ok)
			}
		})
	}
}

// Attempts that are abandoned again and again leave no record that grows for ever.
func TestBounded(t *testing.T) {
	r := Record{UID: uid, Region: "fr-par"}

	for i := range 3 * maxDoubts {
		r.Attempt = fmt.Sprintf("%08x", i)
		r = r.Abandon(noon.Add(time.Duration(i) * time.Minute))
	}

	if diff := cmp.Diff(maxDoubts, len(r.Abandoned)); diff != "" {
		t.Fatalf("abandoned attempts: -want, +got:\n%s", diff)
	}

	// The last is any, and as young as the youngest: it is looked for as long as that.
	last := Abandoned{At: noon.Add((3*maxDoubts - 1) * time.Minute), Region: "fr-par"}
	if diff := cmp.Diff(last, r.Abandoned[maxDoubts-1]); diff != "" {
		t.Errorf("the last: -want, +got:\n%s", diff)
	}

	if !r.Knows("00000000") || r.Knows(fmt.Sprintf("%08x", maxDoubts)) {
		t.Error("what the record has dropped is still known, or what it has kept is not")
	}

	// It shares no memory with what it was made of.
	a := Record{Abandoned: make([]Abandoned, 1, 4), Revoking: make([]string, 1, 4)}
	first, second := a.Doubt(noon).Revoke("first"), a.Doubt(noon.Add(time.Hour)).Revoke("second")

	if first.Abandoned[1].At.Equal(second.Abandoned[1].At) || first.Revoking[1] == second.Revoking[1] {
		t.Error("two records share what is in doubt")
	}
}

// Of which attempts the secret was certainly never published.
func TestKnows(t *testing.T) {
	abandoned := []Abandoned{{Attempt: "00000001"}, {}}

	cases := map[string]struct {
		reason  string
		record  Record
		attempt string
		want    bool
	}{
		"Pending":   {reason: "Its object would be named.", record: Record{Attempt: "0123abcd", State: StatePending}, attempt: "0123abcd", want: true},
		"Failed":    {reason: "It has ended without a secret.", record: Record{Attempt: "0123abcd", State: StateFailed}, attempt: "0123abcd", want: true},
		"Done":      {reason: "Its secret is published.", record: Record{Attempt: "0123abcd", State: StateDone}, attempt: "0123abcd"},
		"Abandoned": {reason: "It was given up.", record: Record{Attempt: "0123abcd", State: StateDone, Abandoned: abandoned}, attempt: "00000001", want: true},
		"Unknown":   {reason: "The record does not say.", record: Record{Attempt: "0123abcd", State: StatePending, Abandoned: abandoned}, attempt: "00000002"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.record.Knows(tc.attempt); got != tc.want {
				t.Errorf("\n%s\nKnows(%q): want %t, got %t", tc.reason, tc.attempt, tc.want, got)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	r := Record{}.Revoke("one").Revoke("two").Revoke("one")

	if diff := cmp.Diff([]string{"one", "two"}, r.Revoking); diff != "" {
		t.Errorf("what is to be revoked, each once: -want, +got:\n%s", diff)
	}

	next := NewRecord(&metav1.ObjectMeta{UID: uid}, r, "fr-par", nil, noon)
	if diff := cmp.Diff(r.Revoking, next.Revoking); diff != "" {
		t.Errorf("what the next attempt remembers: -want, +got:\n%s", diff)
	}
}

// What identifies a key tells nobody else which it is.
func TestKeyDigest(t *testing.T) {
	digest := KeyDigest(uid, "secret")

	if digest == KeyDigest(uid, "other") || digest == KeyDigest("another", "secret") || digest != KeyDigest(uid, "secret") {
		t.Error("the digest of a key is that of another, or of another managed resource")
	}

	if strings.Contains(digest, "secret") || len(digest) != 32 {
		t.Errorf("KeyDigest(...): got %q", digest)
	}
}

func TestDigest(t *testing.T) {
	seen := map[string]string{}

	for name, digest := range map[string]string{
		"pair":                    Digest(uid, "id", "secret"),
		"another secret":          Digest(uid, "id", "other"),
		"another object":          Digest(uid, "other", "secret"),
		"another resource":        Digest("other", "id", "secret"),
		"the parts cut elsewhere": Digest(uid, "ids", "ecret"),
	} {
		if other, ok := seen[digest]; ok {
			t.Errorf("%q and %q have one digest", name, other)
		}

		seen[digest] = name
	}

	if diff := cmp.Diff(Digest(uid, "id", "secret"), Digest(uid, "id", "secret")); diff != "" {
		t.Errorf("the same pair has the same digest: -want, +got:\n%s", diff)
	}
}

func TestAppend(t *testing.T) {
	for description, want := range map[string]string{"": mark.String(), "for the shop": "for the shop " + mark.String()} {
		if diff := cmp.Diff(want, mark.Append(description)); diff != "" {
			t.Errorf("Append(%q): -want, +got:\n%s", description, diff)
		}
	}
}
