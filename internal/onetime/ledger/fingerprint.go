// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"k8s.io/apimachinery/pkg/types"
)

// A Fingerprint tells whether a secret is that of an object, where the secret
// itself does not say so. It reveals neither: a secret has more than a hundred
// random bits.
type Fingerprint struct {
	// Object is the external name of the object.
	Object string `json:"object"`
	// Digest of the object and its secret.
	Digest string `json:"digest"`
}

// KeyDigest identifies the secret half of an API key, for a managed resource with the UID:
// that for another differs.
func KeyDigest(uid types.UID, secretKey string) string {
	h := hmac.New(sha256.New, []byte(uid))
	_, _ = h.Write([]byte("key\x00" + secretKey)) // It never fails.

	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Digest of the pair of an object's ID, less its region, and its secret, as
// hexadecimal digits. That of another managed resource, which has another UID,
// differs.
func Digest(uid types.UID, id, secret string) string {
	h := hmac.New(sha256.New, []byte(uid))
	_, _ = h.Write(append(append([]byte(id), 0), secret...)) // It never fails.

	return hex.EncodeToString(h.Sum(nil)[:16])
}
