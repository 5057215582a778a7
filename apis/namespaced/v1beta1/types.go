// SPDX-FileCopyrightText: 2026 The Crossplane Authors <https://crossplane.io>
//
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A ProviderConfigSpec defines where a ProviderConfig's credentials are.
type ProviderConfigSpec struct {
	// Credentials with which Scaleway is called.
	Credentials Credentials `json:"credentials"`
}

// Credentials of a ProviderConfig are in a Secret of its own namespace.
type Credentials struct {
	// Source of the credentials. A ProviderConfig reads them from a Secret only:
	// the environment and the files of the provider belong to its administrator.
	// +kubebuilder:validation:Enum=Secret
	// +kubebuilder:default=Secret
	Source xpv1.CredentialsSource `json:"source"`

	// SecretRef names the Secret, in the ProviderConfig's namespace, that holds the
	// credentials.
	SecretRef LocalSecretSelector `json:"secretRef"`
}

// A LocalSecretSelector selects credentials in a Secret of the same namespace.
type LocalSecretSelector struct {
	xpv1.LocalSecretReference `json:",inline"`

	// Key of the Secret that holds the credentials as a JSON object with access_key
	// and secret_key, and optionally project_id, organization_id, region, zone and
	// api_url. Without it, the Secret has a key for each of them: SCW_ACCESS_KEY and
	// SCW_SECRET_KEY, and optionally SCW_DEFAULT_PROJECT_ID,
	// SCW_DEFAULT_ORGANIZATION_ID, SCW_DEFAULT_REGION, SCW_DEFAULT_ZONE and
	// SCW_API_URL.
	// +optional
	Key string `json:"key,omitempty"`
}

// A SecretSelector selects credentials in a Secret of any namespace.
type SecretSelector struct {
	xpv1.SecretReference `json:",inline"`

	// Key of the Secret that holds the credentials as a JSON object with access_key
	// and secret_key, and optionally project_id, organization_id, region, zone and
	// api_url. Without it, the Secret has a key for each of them: SCW_ACCESS_KEY and
	// SCW_SECRET_KEY, and optionally SCW_DEFAULT_PROJECT_ID,
	// SCW_DEFAULT_ORGANIZATION_ID, SCW_DEFAULT_REGION, SCW_DEFAULT_ZONE and
	// SCW_API_URL.
	// +optional
	Key string `json:"key,omitempty"`
}

// A ClusterProviderConfigSpec defines where a ClusterProviderConfig's
// credentials are.
type ClusterProviderConfigSpec struct {
	// Credentials with which Scaleway is called.
	Credentials ClusterCredentials `json:"credentials"`
}

// ClusterCredentials are the credentials of a ClusterProviderConfig.
// +kubebuilder:validation:XValidation:rule="(self.source == 'Secret') == has(self.secretRef)",message="secretRef belongs to the source Secret: give both or neither"
// +kubebuilder:validation:XValidation:rule="(self.source == 'Environment') == has(self.env)",message="env belongs to the source Environment: give both or neither"
// +kubebuilder:validation:XValidation:rule="(self.source == 'Filesystem') == has(self.fs)",message="fs belongs to the source Filesystem: give both or neither"
// +kubebuilder:validation:XValidation:rule="!has(self.env) || !self.env.name.matches('^(SCW|SCALEWAY|TF)_')",message="env.name must not begin with SCW_, SCALEWAY_ or TF_: the provider removes these variables, because Scaleway's code would use them for every tenant"
type ClusterCredentials struct {
	// Source of the credentials: a Secret or, for a provider that an administrator
	// runs on a machine of their own, an environment variable or a file of it.
	// +kubebuilder:validation:Enum=Secret;Environment;Filesystem
	// +kubebuilder:default=Secret
	Source xpv1.CredentialsSource `json:"source"`

	// SecretRef names the Secret that holds the credentials, with the source Secret.
	// +optional
	SecretRef *SecretSelector `json:"secretRef,omitempty"`

	// Env names the environment variable of the provider that holds the credentials
	// as JSON, with the source Environment.
	// +optional
	Env *xpv1.EnvSelector `json:"env,omitempty"`

	// Fs is the path of the file that holds the credentials as JSON, with the source
	// Filesystem. It is read in the provider's file system.
	// +optional
	Fs *xpv1.FsSelector `json:"fs,omitempty"`
}

// A ProviderConfigStatus reflects the observed state of a ProviderConfig or a
// ClusterProviderConfig.
type ProviderConfigStatus struct {
	xpv1.ProviderConfigStatus `json:",inline"`

	// CheckedCredentials identifies the credentials that Scaleway was last asked
	// about, without revealing them. It changes when they do.
	// +optional
	CheckedCredentials string `json:"checkedCredentials,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion

// A ProviderConfig says with which credentials the managed resources of its
// namespace that refer to it call Scaleway.
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="SECRET-NAME",type="string",JSONPath=".spec.credentials.secretRef.name"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,scaleway}
type ProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ProviderConfigSpec   `json:"spec"`
	Status ProviderConfigStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// A ProviderConfigList contains a list of ProviderConfigs.
type ProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ProviderConfig `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:storageversion

// A ClusterProviderConfig says with which credentials managed resources of any
// namespace that refer to it call Scaleway.
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="SECRET-NAMESPACE",type="string",JSONPath=".spec.credentials.secretRef.namespace"
// +kubebuilder:printcolumn:name="SECRET-NAME",type="string",JSONPath=".spec.credentials.secretRef.name"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:resource:scope=Cluster,categories={crossplane,scaleway}
type ClusterProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ClusterProviderConfigSpec `json:"spec"`
	Status ProviderConfigStatus      `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// A ClusterProviderConfigList contains a list of ClusterProviderConfigs.
type ClusterProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ClusterProviderConfig `json:"items"`
}

// +kubebuilder:object:root=true
// +kubebuilder:storageversion

// A ProviderConfigUsage records that a managed resource uses a ProviderConfig or
// a ClusterProviderConfig, which is not deleted as long as one does.
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="CONFIG-KIND",type="string",JSONPath=".providerConfigRef.kind"
// +kubebuilder:printcolumn:name="CONFIG-NAME",type="string",JSONPath=".providerConfigRef.name"
// +kubebuilder:printcolumn:name="RESOURCE-KIND",type="string",JSONPath=".resourceRef.kind"
// +kubebuilder:printcolumn:name="RESOURCE-NAME",type="string",JSONPath=".resourceRef.name"
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,scaleway}
type ProviderConfigUsage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	xpv2.TypedProviderConfigUsage `json:",inline"`
}

// +kubebuilder:object:root=true

// A ProviderConfigUsageList contains a list of ProviderConfigUsages.
type ProviderConfigUsageList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ProviderConfigUsage `json:"items"`
}
