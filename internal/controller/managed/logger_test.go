// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
)

// TestLazy logs in several places, as a reconciler does.
func TestLazy(t *testing.T) {
	logged := func(wrap func(logging.Logger) logging.Logger) []string {
		var lines []string

		log := wrap(logging.NewLogrLogger(funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{Verbosity: 1})))

		one := log.WithValues("controller", "token", "request", "one")
		two := one.WithValues("uid", "1")
		three := one.WithValues("uid", "2")

		log.Info("Begins")
		two.Info("Done", "reason", "because")
		three.Debug("Explains")

		return lines
	}

	want := logged(func(l logging.Logger) logging.Logger { return l })
	got := logged(func(l logging.Logger) logging.Logger { return lazy{Logger: l} })

	if diff := cmp.Diff(want, got); diff != "" || len(got) != 3 {
		t.Errorf("a lazy logger logs something else: -want, +got:\n%s", diff)
	}
}
