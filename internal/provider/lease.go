// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"k8s.io/apimachinery/pkg/util/validation"
)

// defaultLease is the lease of an installation that watches every Kubernetes namespace.
const defaultLease = "crossplane-leader-election-provider-upjet-scaleway"

// leaseName returns the name of the lease by which a leader is elected. Installations that
// watch different Kubernetes namespaces have different ones: of two that shared a lease one
// would stand by, and nobody would work for its tenants.
func leaseName(o Options) (string, error) {
	if o.LeaderElectionLeaseName != "" {
		if problems := validation.IsDNS1123Subdomain(o.LeaderElectionLeaseName); len(problems) > 0 {
			return "", errors.Errorf("--leader-election-lease-name %q is no name of a lease: %s", o.LeaderElectionLeaseName, strings.Join(problems, ", "))
		}

		return o.LeaderElectionLeaseName, nil
	}

	if len(o.WatchNamespace) == 0 {
		return defaultLease, nil
	}

	// A space is in no name of a namespace.
	watched := slices.Compact(slices.Sorted(slices.Values(o.WatchNamespace)))
	sum := sha256.Sum256([]byte(strings.Join(watched, " ")))

	return defaultLease + "-" + hex.EncodeToString(sum[:5]), nil
}
