// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 contains the configuration API of this provider:
// ProviderConfig, ClusterProviderConfig and ProviderConfigUsage.
// +kubebuilder:object:generate=true
// +groupName=scaleway.m.crossplane.io
// +versionName=v1beta1
package v1beta1
