/*
Copyright 2026 The sts-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The keys of the Secret that an issuer's accessKey.secretRef names.
const (
	AccessKeyIDKey     = "AWS_ACCESS_KEY_ID"
	SecretAccessKeyKey = "AWS_SECRET_ACCESS_KEY" // #nosec G101 -- the name of a key, not a credential
)

// IssuerSpec is what both kinds of issuer have in common: where STS is, and as whom to call it.
//
// +kubebuilder:validation:XValidation:rule="has(self.accessKey) != has(self.ambient)",message="give exactly one identity: accessKey (an IAM user's long-term key) or ambient (the operator's own)"
// +kubebuilder:validation:XValidation:rule="!(has(self.fips) && self.fips && has(self.endpoint))",message="fips and endpoint exclude each other: name the FIPS endpoint itself, or leave endpoint out"
type IssuerSpec struct {
	// region is the AWS region whose STS endpoint is called and for which requests are signed. Tokens of a regional
	// endpoint work in every region that the account has enabled.
	// Example: "eu-central-1"
	// +required
	// +kubebuilder:validation:MinLength=5
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]+(-[a-z]+)+-[0-9]+$')",message="region must be an AWS region code such as us-east-1, cn-north-1 or us-gov-west-1"
	Region string `json:"region,omitempty"`

	// endpoint replaces the region's STS endpoint: a VPC endpoint, or another service that speaks the STS protocol. An
	// http or https URL of a host, without path, query or user. Use https but for tests: the answers are credentials.
	// Example: "https://vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != '' && url(self).getEscapedPath() in ['', '/'] && !self.contains('?') && !self.contains('#') && !self.contains('@')",message="endpoint must be an http or https URL of a host, without path, query, fragment or user, such as https://sts.eu-central-1.amazonaws.com"
	Endpoint string `json:"endpoint,omitempty"`

	// fips calls the region's FIPS 140 endpoint.
	// +optional
	FIPS *bool `json:"fips,omitempty"`

	// accessKey calls STS with the long-term key of an IAM user, which GetFederationToken requires.
	// +optional
	AccessKey *AccessKeyIdentity `json:"accessKey,omitempty"`

	// ambient calls STS with the credentials that the operator's own pod has, by the AWS SDK's default chain. Only a
	// ClusterSessionIssuer may use it.
	// +optional
	Ambient *AmbientIdentity `json:"ambient,omitempty"`

	// requestsPerSecond is the most STS requests a second through this issuer, 1 to 600; absent 50. STS grants an account
	// 600 a second in each region, shared with everything else in the account.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=600
	RequestsPerSecond *int32 `json:"requestsPerSecond,omitempty"`
}

// AccessKeyIdentity is an IAM user's long-term access key.
type AccessKeyIdentity struct {
	// secretRef names the Secret with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the issuer's namespace;
	// for a ClusterSessionIssuer in the operator's namespace. A replaced key is picked up within a minute.
	// +required
	SecretRef SecretReference `json:"secretRef,omitzero"`
}

// SecretReference names a Secret.
type SecretReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="secretRef.name must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253 characters"
	Name string `json:"name,omitempty"`
}

// AmbientIdentity is the identity of the operator's own pod. It has no fields.
type AmbientIdentity struct{}

// IssuerStatus is what STS says of an issuer's identity.
type IssuerStatus struct {
	// conditions are Ready (always); CanFederate, whether the identity may call GetFederationToken; RootIdentity while the
	// identity is an account's root user.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the metadata.generation this status speaks of; -1 before anybody looked.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// account is the AWS account of the identity, 12 digits, as GetCallerIdentity tells it.
	// +optional
	// +kubebuilder:validation:MaxLength=12
	Account string `json:"account,omitempty"`

	// arn of the identity, as GetCallerIdentity tells it.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	ARN string `json:"arn,omitempty"`

	// userID is the unique id of the identity, as GetCallerIdentity tells it.
	// +optional
	// +kubebuilder:validation:MaxLength=193
	UserID string `json:"userID,omitempty"`

	// accessKeyID is the access key that was verified; absent for an ambient identity.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	AccessKeyID string `json:"accessKeyID,omitempty"`

	// lastVerifiedTime is when GetCallerIdentity first confirmed what this status tells. Later checks that find the same
	// do not move it, so that an idle cluster sees no writes.
	// +optional
	LastVerifiedTime *metav1.Time `json:"lastVerifiedTime,omitempty"`
}

// SessionIssuer calls AWS STS for the FederatedSessions of its own namespace.
//
// +genclient
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=sissuer,categories=aws
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.spec.region`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.status.account`
// +kubebuilder:printcolumn:name="ARN",type=string,priority=1,JSONPath=`.status.arn`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type SessionIssuer struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is where STS is and as whom to call it.
	// +required
	Spec SessionIssuerSpec `json:"spec,omitzero"`

	// status is what STS says of the identity.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status IssuerStatus `json:"status,omitzero"`
}

// SessionIssuerSpec is where STS is and as whom to call it.
//
// +kubebuilder:validation:XValidation:rule="!has(self.ambient)",message="ambient is for a ClusterSessionIssuer only: it would lend the operator's own identity to this namespace; use accessKey"
type SessionIssuerSpec struct {
	IssuerSpec `json:",inline"`
}

// SessionIssuerList is a list of SessionIssuers.
//
// +kubebuilder:object:root=true
type SessionIssuerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []SessionIssuer `json:"items"`
}

// ClusterSessionIssuer calls AWS STS for the FederatedSessions of the namespaces it allows.
//
// +genclient
// +genclient:nonNamespaced
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=csissuer,categories=aws
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.spec.region`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.status.account`
// +kubebuilder:printcolumn:name="ARN",type=string,priority=1,JSONPath=`.status.arn`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type ClusterSessionIssuer struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is where STS is, as whom to call it and for which namespaces.
	// +required
	Spec ClusterSessionIssuerSpec `json:"spec,omitzero"`

	// status is what STS says of the identity.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status IssuerStatus `json:"status,omitzero"`
}

// ClusterSessionIssuerSpec is where STS is, as whom to call it and for which namespaces.
type ClusterSessionIssuerSpec struct {
	IssuerSpec `json:",inline"`

	// allowedNamespaces are the namespaces whose FederatedSessions may name this issuer. Absent, none; {} allows every
	// namespace; names and selector together allow what either admits.
	// +optional
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty"`
}

// AllowedNamespaces admits namespaces by name, by label, or, when empty, all of them.
//
// +kubebuilder:validation:XValidation:rule="!has(self.selector) || !has(self.selector.matchExpressions) || self.selector.matchExpressions.all(e, (e.operator in ['In', 'NotIn'] && has(e.values) && e.values.size() > 0) || (e.operator in ['Exists', 'DoesNotExist'] && (!has(e.values) || e.values.size() == 0)))",message="allowedNamespaces.selector: the operator of a match expression is In or NotIn with values, or Exists or DoesNotExist without"
type AllowedNamespaces struct {
	// names of namespaces, 1 to 256, each in full: there are no patterns. An empty list is refused, because to leave names
	// out means something else.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="!format.dns1123Label().validate(self).hasValue()",message="allowedNamespaces.names must be names of namespaces: lower-case letters, digits and '-', at most 63 characters; to allow many use selector"
	Names []string `json:"names,omitempty"`

	// selector admits namespaces by their labels. An empty selector admits every namespace.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// ClusterSessionIssuerList is a list of ClusterSessionIssuers.
//
// +kubebuilder:object:root=true
type ClusterSessionIssuerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []ClusterSessionIssuer `json:"items"`
}
