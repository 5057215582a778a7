// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 has the input of function-container-access.
//
// +kubebuilder:object:generate=true
// +groupName=containeraccess.fn.scaleway.m.crossplane.io
// +versionName=v1beta1
package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Input is what a Composition tells the function: what is the platform team's to
// choose, not that of who asks for access.
//
// +kubebuilder:object:root=true
// +kubebuilder:storageversion
// +kubebuilder:resource:categories=crossplane
type Input struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// ProviderConfigRef is with which credentials the resources are managed. The
	// default is the ProviderConfig "default" in the Kubernetes namespace of who asks.
	// +optional
	// +kubebuilder:default={kind: ProviderConfig, name: default}
	ProviderConfigRef *ProviderConfigReference `json:"providerConfigRef,omitempty"`

	// WarmUp is how long the new credential of a move must have been Ready before the
	// Secret holds it, such as 1m, which is the default: Scaleway may take a while to
	// apply a policy.
	// +optional
	WarmUp *metav1.Duration `json:"warmUp,omitempty"`

	// GracePeriod is how long the old credential of a move stays valid after the
	// Secret holds the new one, such as 1h, which is the default. It must be longer
	// than what reads the Secret takes to notice.
	// +optional
	GracePeriod *metav1.Duration `json:"gracePeriod,omitempty"`
}

// ProviderConfigReference names a ProviderConfig.
type ProviderConfigReference struct {
	// Kind is ProviderConfig or ClusterProviderConfig.
	// +kubebuilder:validation:Enum=ProviderConfig;ClusterProviderConfig
	Kind string `json:"kind"`

	// Name of the ProviderConfig.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
}
