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
// +kubebuilder:validation:XValidation:rule="!has(self.accessKey) || !has(self.ambient)",message="give at most one identity: accessKey (an IAM user's long-term key) or ambient (the operator's own); none serves assumeRoleWithWebIdentity and assumeRoleWithSAML only"
// +kubebuilder:validation:XValidation:rule="!has(self.mfa) || has(self.accessKey)",message="mfa needs accessKey: the device belongs to the IAM user of the key"
// +kubebuilder:validation:XValidation:rule="!has(self.accountID) || has(self.accessKey) || has(self.ambient)",message="accountID needs an identity (accessKey or ambient): without one there is no account to check"
// +kubebuilder:validation:XValidation:rule="has(self.accessKey) || has(self.ambient) || ((!has(self.tags) || self.tags.size() == 0) && !has(self.sourceIdentityExpression))",message="tags and sourceIdentityExpression need an identity (accessKey or ambient): the operations without one take neither, so every session would be refused"
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

	// accessKey calls STS with the long-term key of an IAM user, which GetFederationToken and GetSessionToken require.
	// Without accessKey and ambient the issuer has no identity and serves assumeRoleWithWebIdentity and
	// assumeRoleWithSAML only, whose calls are not signed.
	// +optional
	AccessKey *AccessKeyIdentity `json:"accessKey,omitempty"`

	// ambient calls STS with the credentials that the operator's own pod has, by the AWS SDK's default chain. Only a
	// ClusterSessionIssuer may use it. Write ambient: {}, since YAML reads a field without a value as one that is not there.
	// +optional
	Ambient *AmbientIdentity `json:"ambient,omitempty"`

	// accountID is the AWS account that the identity must belong to, 12 digits. With a key of any other account the issuer
	// is not ready and issues nothing: a wrong key in the right Secret hands out nobody's credentials.
	// Example: "123456789012" (in quotes, or YAML reads a number)
	// +optional
	// +kubebuilder:validation:MinLength=12
	// +kubebuilder:validation:MaxLength=12
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{12}$')",message="accountID must be the 12 digits of an AWS account"
	AccountID string `json:"accountID,omitempty"`

	// mfa is the virtual MFA device of the IAM user, whose codes are given with every assumeRole and sessionToken call.
	// AWS takes each code once, so such calls are made at most once in 30 seconds. GetFederationToken takes no code.
	// +optional
	MFA *MFADevice `json:"mfa,omitempty"`

	// rules are up to 32 conditions that every session of this issuer must meet, as CEL expressions over session, namespace
	// and object. All must be true; a rule that cannot be read makes the issuer not ready, one that fails refuses.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Rules []Rule `json:"rules,omitempty"`

	// tags are up to 50 session tags that this issuer puts on every session. A session that gives another value to
	// one of the keys, ignoring case, is refused, and so is one whose operation takes no tags.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.key.lowerAscii() == t.key.lowerAscii()))",message="tag keys must be unique ignoring case (AWS STS: session tag keys are case-insensitive)"
	Tags []ForcedTag `json:"tags,omitempty"`

	// sourceIdentityExpression is a CEL expression over session, namespace and object whose value, a string of 2 to 64
	// letters, digits and _+=,.@-, becomes the source identity of every role session. A session that asks for another is
	// refused, and so is one whose operation cannot carry it (assumeRoleWithWebIdentity, assumeRoleWithSAML) or whose
	// credentials could assume roles with any other (sessionToken). Federated users are left alone.
	// Example: "namespace.name"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	SourceIdentityExpression string `json:"sourceIdentityExpression,omitempty"`

	// requestsPerSecond is the most requests for credentials a second through this issuer, 1 to 600; absent 50. What a
	// session's verify and a denial's decoding ask besides is not counted. STS grants an account 600 a second in each
	// region, shared with everything else in the account.
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

// MFADevice is a virtual MFA device.
type MFADevice struct {
	// serialNumber of the device, 9 to 256 characters: for a virtual one its ARN.
	// Example: "arn:aws:iam::123456789012:mfa/broker"
	// +required
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z_+=/:,.@-]*$')",message="mfa.serialNumber may hold only letters, digits and _+=/:,.@- (AWS STS: SerialNumber matches [\\w+=/:,.@-]*, 9 to 256 characters)"
	SerialNumber string `json:"serialNumber,omitempty"`

	// totpSecretRef names the Secret key with the device's seed, the base32 text that AWS shows when the device is made,
	// in the issuer's namespace; for a ClusterSessionIssuer in the operator's namespace. The codes are those of RFC 6238.
	// +required
	TOTPSecretRef SecretKeyReference `json:"totpSecretRef,omitzero"`
}

// Rule is a condition that sessions must meet.
//
// +kubebuilder:validation:XValidation:rule="!has(self.message) || !has(self.messageExpression)",message="give at most one of message and messageExpression"
type Rule struct {
	// expression is a CEL expression that is true for the sessions that may be issued.
	// Example: "session.name.startsWith(namespace.name + '.')"
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Expression string `json:"expression,omitempty"`

	// message says what a refused session must change. Absent, the expression is told.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`

	// messageExpression is a CEL expression whose value, a string, is the message.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	MessageExpression string `json:"messageExpression,omitempty"`
}

// ForcedTag is a session tag that an issuer puts on every session.
//
// +kubebuilder:validation:XValidation:rule="has(self.value) != has(self.valueExpression)",message="give exactly one of value and valueExpression"
type ForcedTag struct {
	// key of the tag, 1 to 128 characters: letters, digits, white space and _.:/=+-@ of any script.
	// Example: "kubernetes-namespace"
	// +required
	Key TagKey `json:"key,omitempty"`

	// value of the tag, 0 to 256 characters of the same kind.
	// +optional
	// +kubebuilder:validation:MinLength=0
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[\\\\p{L}\\\\p{Z}\\\\p{N}_.:/=+\\\\-@]*$')",message="a tag value may hold only letters, digits, spaces and _.:/=+-@ (AWS STS: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*, 0 to 256 characters)"
	Value *string `json:"value,omitempty"`

	// valueExpression is a CEL expression over session, namespace and object whose value is the tag's, a string.
	// Example: "namespace.name"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	ValueExpression string `json:"valueExpression,omitempty"`
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
	// conditions are Ready (always); CanFederate, whether the identity may call GetFederationToken and GetSessionToken;
	// RootIdentity while the identity is an account's root user.
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

	// accessKeyID is the access key that was verified; absent for an ambient identity and without one.
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
