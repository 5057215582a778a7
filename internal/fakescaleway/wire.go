// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package fakescaleway

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// timestamp is a time as the API writes it: UTC, with no fraction or one of 3, 6
// or 9 digits.
type timestamp time.Time

func (t timestamp) MarshalJSON() ([]byte, error) {
	u := time.Time(t).UTC()
	layout := "2006-01-02T15:04:05.000000000Z"
	switch ns := u.Nanosecond(); {
	case ns == 0:
		layout = "2006-01-02T15:04:05Z"
	case ns%1e6 == 0:
		layout = "2006-01-02T15:04:05.000Z"
	case ns%1e3 == 0:
		layout = "2006-01-02T15:04:05.000000Z"
	}
	return []byte(`"` + u.Format(layout) + `"`), nil
}

// times are the two times most objects answer.
type times struct {
	CreatedAt timestamp `json:"created_at"`
	UpdatedAt timestamp `json:"updated_at"`
}

// A Duration is a time.Duration that is written in JSON as seconds, like "300s".
type Duration time.Duration

// MarshalJSON writes whole seconds without a fraction.
func (d Duration) MarshalJSON() ([]byte, error) {
	s := strconv.FormatFloat(time.Duration(d).Seconds(), 'f', -1, 64)
	return []byte(`"` + s + `s"`), nil
}

// UnmarshalJSON reads seconds with or without a fraction, like "300.000000000s".
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return errors.Wrapf(err, "cannot read duration %q", s)
	}
	*d = Duration(v)
	return nil
}

// The cost of hashing a secret variable. The real API uses 64 MiB, 3 passes and
// 64 lanes; clients read the cost from the hash, and tests cannot afford it.
const (
	argonMemoryKiB = 64
	argonPasses    = 1
	argonLanes     = 1
)

// hashSecret returns the text the API answers for the value of a secret variable.
func hashSecret(value string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // Never fails: it ends the program instead.
	key := argon2.IDKey([]byte(value), salt, argonPasses, argonMemoryKiB, argonLanes, 32)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		argonMemoryKiB, argonPasses, argonLanes, enc.EncodeToString(salt), enc.EncodeToString(key))
}

// replaceSecrets returns the hashes that are kept once a request has sent values:
// an empty value keeps the variable's hash, and a variable that is not sent is
// removed.
func replaceSecrets(hashes, values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for k, v := range values {
		if old, ok := hashes[k]; ok && v == "" {
			out[k] = old
			continue
		}
		out[k] = hashSecret(v)
	}
	return out
}

// orEmpty makes what JSON would write as null an empty collection.
func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func orEmptyMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// set assigns the value of an optional member of a request that has it.
func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}
