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

	// IAM says with which other credentials the parts of an API key are made. Without
	// it, they are made with ProviderConfigRef, whose key then needs rights in IAM, with
	// which it can give itself the organization.
	// +optional
	IAM *IAM `json:"iam,omitempty"`

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

// IAM is with which credentials an Application, its Policy and its ApiKey are made, and
// what they may open.
type IAM struct {
	// ProviderConfigRef is the ClusterProviderConfig whose key makes API keys. Who asks
	// for access must not be able to use it otherwise.
	ProviderConfigRef ClusterProviderConfigReference `json:"providerConfigRef"`

	// Projects has the IDs of the projects whose private containers may be opened from a
	// Kubernetes namespace, by the name of that. From one that is not named here none
	// may.
	// +optional
	Projects map[string][]string `json:"projects,omitempty"`
}

// ClusterProviderConfigReference names a ClusterProviderConfig.
type ClusterProviderConfigReference struct {
	// Kind is ClusterProviderConfig, which is the default.
	// +optional
	// +kubebuilder:default=ClusterProviderConfig
	// +kubebuilder:validation:Enum=ClusterProviderConfig
	Kind string `json:"kind,omitempty"`

	// Name of the ClusterProviderConfig.
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
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
