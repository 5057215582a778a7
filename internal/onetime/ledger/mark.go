// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package ledger keeps the books of objects whose secret Scaleway shows once. Such an
// object is minted: created by a request that must never be repeated on an unclear
// answer, because each one that arrives creates another secret.
//
// Before the request, an attempt is recorded on the managed resource (Record). The
// request carries a Mark, appended to the object's description, that names the managed
// resource and the attempt. With it, an interrupted attempt is found again at Scaleway.
package ledger

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// A Mark names the managed resource and the attempt that minted an object.
type Mark struct {
	// UID of the managed resource.
	UID types.UID
	// Attempt of the managed resource, eight hexadecimal digits.
	Attempt string
}

// MarkLength is how many characters a description grows by.
const MarkLength = len(" [crossplane:") + 36 + len(".") + 8 + len("]")

var markPattern = regexp.MustCompile(` ?\[crossplane:([0-9a-f-]{36})\.([0-9a-f]{8})\]$`)

// String returns the mark as it is written at Scaleway.
func (m Mark) String() string {
	return "[crossplane:" + string(m.UID) + "." + m.Attempt + "]"
}

// Append returns the description with the mark at its end.
func (m Mark) Append(description string) string {
	if description == "" {
		return m.String()
	}

	return description + " " + m.String()
}

// Strip returns a description as the user gave it, and the mark that was at its
// end. It tells whether there was one.
func Strip(description string) (string, Mark, bool) {
	m := markPattern.FindStringSubmatch(description)
	if m == nil {
		return description, Mark{}, false
	}

	return strings.TrimSuffix(description, m[0]), Mark{UID: types.UID(m[1]), Attempt: m[2]}, true
}
