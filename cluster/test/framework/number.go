// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"os"
	"strconv"
	"testing"
)

// Number returns an environment variable that holds one, or another value if it is
// not set.
func Number(t testing.TB, name string, otherwise int) int {
	t.Helper()

	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}

	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s is %q, want a number", name, s)
	}

	return n
}
