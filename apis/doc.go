// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package apis holds the Kubernetes API types of this provider. What is in
// namespaced/v1beta1 is written by hand: ProviderConfig, ClusterProviderConfig
// and ProviderConfigUsage. Everything else is generated from the declarations in
// config, by "make generate".
package apis
