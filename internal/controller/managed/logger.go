// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"slices"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
)

// withheld are the keys under which upjet logs what can hold a secret: the
// difference between the arguments and the state, with all their values.
var withheld = []string{"instanceDiff"}

// discreet is a logger that withholds values that can hold a secret.
type discreet struct {
	logging.Logger
}

// Info logs a message.
func (d discreet) Info(msg string, keysAndValues ...any) {
	d.Logger.Info(msg, withhold(keysAndValues)...)
}

// Debug logs a message.
func (d discreet) Debug(msg string, keysAndValues ...any) {
	d.Logger.Debug(msg, withhold(keysAndValues)...)
}

// WithValues returns a logger that adds the values to each message.
func (d discreet) WithValues(keysAndValues ...any) logging.Logger {
	return discreet{d.Logger.WithValues(withhold(keysAndValues)...)}
}

func withhold(keysAndValues []any) []any {
	out := slices.Clone(keysAndValues)

	for i := 0; i+1 < len(out); i += 2 {
		if key, ok := out[i].(string); ok && slices.Contains(withheld, key) {
			out[i+1] = "withheld"
		}
	}

	return out
}
