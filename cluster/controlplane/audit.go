// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"path/filepath"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// auditPolicy logs who did what, once it is done, and neither bodies nor what the
// API server does for itself. The last rule is that of custom resources.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
  resources:
  - group: ""
    resources: [secrets, configmaps, events, namespaces]
- level: None
  nonResourceURLs: ["*"]
- level: None
  resources:
  - group: ""
  - group: apiextensions.k8s.io
  - group: apiregistration.k8s.io
  - group: admissionregistration.k8s.io
  - group: authentication.k8s.io
  - group: authorization.k8s.io
  - group: coordination.k8s.io
  - group: flowcontrol.apiserver.k8s.io
  - group: rbac.authorization.k8s.io
- level: Metadata
`

// AuditLog is the path of the API server's audit log, one JSON object on a line
// for each request. There is one if Options.Audit was set. It is gone after Stop.
func (cp *ControlPlane) AuditLog() string {
	return filepath.Join(cp.dir, "audit.log")
}

func (cp *ControlPlane) audit(api *envtest.APIServer) error {
	policy := filepath.Join(cp.dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return errors.Wrap(err, "cannot write the audit policy")
	}

	api.Configure().
		Set("audit-policy-file", policy).
		Set("audit-log-path", cp.AuditLog()).
		// In megabytes: whoever reads it must find all of it in one file.
		Set("audit-log-maxsize", "100000")

	return nil
}
