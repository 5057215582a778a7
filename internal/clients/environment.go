// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"io"
	"log"
	"os"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// noConfigFile is where the Scaleway SDK looks for a configuration file instead
// of the home directory. Nobody can create a file there.
const noConfigFile = "/proc/scaleway-configuration-files-are-never-read"

// ambient are the beginnings of the names of environment variables that the
// Scaleway SDK, the Terraform provider or the Terraform SDK read.
var ambient = []string{"SCW_", "SCALEWAY_", "TF_"}

// NeutralizeEnvironment takes away what could configure the Scaleway SDK behind
// a ProviderConfig's back. An environment variable would win over every tenant's
// credentials, a configuration file would fill what they leave empty, and
// TF_LOG would write tokens to the log. It must be called before the first
// client is configured, and returns the names of the variables that it removed.
func NeutralizeEnvironment() ([]string, error) {
	var removed []string

	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !isAmbient(name) {
			continue
		}

		if err := os.Unsetenv(name); err != nil {
			return nil, errors.Wrapf(err, "cannot unset environment variable %q", name)
		}

		removed = append(removed, name)
	}

	// The Terraform provider writes a line for each request to the standard
	// library's logger, whatever TF_LOG says.
	log.SetOutput(io.Discard)

	return removed, errors.Wrap(os.Setenv("SCW_CONFIG_PATH", noConfigFile), "cannot set SCW_CONFIG_PATH")
}

func isAmbient(name string) bool {
	for _, prefix := range ambient {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}

	return false
}
