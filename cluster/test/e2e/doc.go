// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the package of the provider under the real Crossplane, on a
// machine that has nothing but the Go toolchain. Crossplane's core and its RBAC
// manager are processes, and so is whatever Crossplane makes a Deployment of: a
// kubelet of the test's own fetches the image from a local registry and starts
// what is in it, with the token of the Deployment's ServiceAccount and no other
// right.
package e2e
