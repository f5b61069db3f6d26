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

// The keys of the Secret that an issuer's accessKey.secretRef names, unless accessKey names others.
const (
	AccessKeyIDKey     = "AWS_ACCESS_KEY_ID"
	SecretAccessKeyKey = "AWS_SECRET_ACCESS_KEY" // #nosec G101 -- the name of a key, not a credential
)

// IssuerSpec is what both kinds of issuer have in common: where STS is, as whom to call it, and for what.
//
// +kubebuilder:validation:XValidation:rule="[has(self.accessKey), has(self.ambient), has(self.unsigned)].filter(given, given).size() == 1",message="give exactly one identity: accessKey (an IAM user's long-term key), ambient: {} (the operator's own) or unsigned: {} (none, for assumeRoleWithWebIdentity and assumeRoleWithSAML only)"
// +kubebuilder:validation:XValidation:rule="!has(self.mfa) || has(self.accessKey)",message="mfa needs accessKey: the device belongs to the IAM user of the key"
// +kubebuilder:validation:XValidation:rule="!has(self.accountID) || !has(self.unsigned)",message="accountID needs an identity (accessKey or ambient): without one there is no account to check"
// +kubebuilder:validation:XValidation:rule="!has(self.unsigned) || !has(self.guardrails) || ((!has(self.guardrails.sessionTags) || self.guardrails.sessionTags.size() == 0) && !has(self.guardrails.sourceIdentityExpression))",message="guardrails.sessionTags and guardrails.sourceIdentityExpression need an identity (accessKey or ambient): unsigned operations take neither, so every session would be refused"
// +kubebuilder:validation:XValidation:rule="!has(self.unsigned) || !has(self.guardrails) || !has(self.guardrails.operations) || self.guardrails.operations.all(o, o in ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'])",message="guardrails.operations of an unsigned issuer may list AssumeRoleWithWebIdentity and AssumeRoleWithSAML only: the others need an identity"
// +kubebuilder:validation:XValidation:rule="!(has(self.fips) && self.fips && has(self.endpoint))",message="fips and endpoint exclude each other: name the FIPS endpoint itself, or leave endpoint out"
// +kubebuilder:validation:XValidation:rule="(has(self.service) && self.service == 'Compatible') || self.region.matches('^[a-z]+(-[a-z]+)+-[0-9]+$')",message="region must be an AWS region code such as us-east-1, cn-north-1 or us-gov-west-1 (other services, with service: Compatible, may have any)"
// +kubebuilder:validation:XValidation:rule="!has(self.service) || self.service != 'Compatible' || has(self.endpoint)",message="service: Compatible needs endpoint: where that service is"
// +kubebuilder:validation:XValidation:rule="!has(self.endpoint) || (has(self.service) && self.service == 'Compatible') || !isURL(self.endpoint) || url(self.endpoint).getEscapedPath().size() <= 1",message="endpoint must have no path, such as https://sts.eu-central-1.amazonaws.com (other services, with service: Compatible, may have one)"
// +kubebuilder:validation:XValidation:rule="!has(self.service) || self.service != 'Compatible' || (!has(self.ambient) && !has(self.accountID))",message="service: Compatible excludes ambient and accountID: these are AWS's; use accessKey or unsigned: {}"
type IssuerSpec struct {
	// service is what is called: AWS, or Compatible for another service that
	// speaks the STS protocol, such as Ceph, MinIO or SeaweedFS. Absent, AWS. A
	// Compatible service needs endpoint, may have any region, is not asked who the
	// identity is, and may answer without saying whose the credentials are. Its
	// roles may have ARNs such as arn:aws:iam:::role/NAME.
	// +optional
	Service Service `json:"service,omitempty"`

	// region is the AWS region whose STS endpoint is called and for which requests
	// are signed. Tokens of a regional endpoint work in every region that the
	// account has enabled. ARNs that sessions name must be of its partition. For a
	// Compatible service, 1 to 64 printable ASCII characters but space and '/'.
	// Example: "eu-central-1"
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[!-.0-~]+$')",message="region may hold only printable ASCII characters without spaces and '/'"
	Region string `json:"region,omitempty"`

	// endpoint replaces the region's STS endpoint: a VPC endpoint, or another
	// service that speaks the STS protocol. An http or https URL of a host,
	// without query or user and, but for a Compatible service, without path. Use
	// https but for tests: the answers are credentials.
	// Example: "https://vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHostname() != '' && !self.contains('?') && !self.contains('#') && !self.contains('@')",message="endpoint must be an http or https URL of a host, without query, fragment or user, such as https://sts.eu-central-1.amazonaws.com"
	Endpoint string `json:"endpoint,omitempty"`

	// fips calls the region's FIPS 140 endpoint.
	// +optional
	FIPS *bool `json:"fips,omitempty"`

	// accessKey calls STS with the long-term key of an IAM user, which
	// GetFederationToken and GetSessionToken require. Exactly one of accessKey,
	// ambient and unsigned must be given.
	// +optional
	AccessKey *AccessKeyIdentity `json:"accessKey,omitempty"`

	// ambient calls STS with the credentials that the operator's own pod has, by
	// the AWS SDK's default chain. Only a ClusterSessionIssuer may use it. Write
	// ambient: {}, since YAML reads a field without a value as one that is not
	// there.
	// +optional
	Ambient *AmbientIdentity `json:"ambient,omitempty"`

	// unsigned gives the issuer no identity: it serves assumeRoleWithWebIdentity
	// and assumeRoleWithSAML, whose calls are not signed. Write unsigned: {}.
	// +optional
	Unsigned *UnsignedIdentity `json:"unsigned,omitempty"`

	// accountID is the AWS account that the identity must belong to, 12 digits.
	// With a key of any other account the issuer is not ready and issues nothing:
	// a wrong key in the right Secret hands out nobody's credentials.
	// Example: "123456789012" (in quotes, or YAML reads a number)
	// +optional
	// +kubebuilder:validation:MinLength=12
	// +kubebuilder:validation:MaxLength=12
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{12}$')",message="accountID must be the 12 digits of an AWS account"
	AccountID string `json:"accountID,omitempty"`

	// mfa is the virtual MFA device of the IAM user, whose codes are given with
	// every assumeRole and getSessionToken call. AWS takes each code once, so such
	// calls are made at most once in 30 seconds. GetFederationToken takes no code.
	// +optional
	MFA *MFADevice `json:"mfa,omitempty"`

	// guardrails are what sessions may ask of this issuer, and what it adds to
	// them. Absent, it serves every operation but GetSessionToken without a rule.
	// +optional
	Guardrails Guardrails `json:"guardrails,omitzero"`

	// requestsPerSecond is the most requests for credentials a second through this
	// issuer, 1 to 600; absent 50. What a session's verify and a denial's decoding
	// ask besides is not counted. STS grants an account 600 a second in each
	// region, shared with everything else in the account.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=600
	RequestsPerSecond *int32 `json:"requestsPerSecond,omitempty"`

	// verificationIntervalSeconds is how often STS is asked who the issuer is
	// while nothing has changed, in seconds, 60 to 86400; absent 3600. The
	// questions are spread: one comes after one to two intervals. A key that was
	// deleted is noticed then, or by the next rotation. Compatible services are
	// not asked.
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=86400
	VerificationIntervalSeconds *int32 `json:"verificationIntervalSeconds,omitempty"`
}

// Service is what answers an issuer's calls.
//
// +kubebuilder:validation:Enum=AWS;Compatible
type Service string

const (
	// ServiceAWS is AWS STS; what is asked of it, and what it answers, is checked as AWS documents it.
	ServiceAWS Service = "AWS"
	// ServiceCompatible is another service that speaks the STS protocol.
	ServiceCompatible Service = "Compatible"
)

// AccessKeyIdentity is an IAM user's long-term access key.
type AccessKeyIdentity struct {
	// secretRef names the Secret that holds the key, in the issuer's namespace;
	// for a ClusterSessionIssuer in the operator's namespace. A replaced key is
	// picked up within a minute.
	// +required
	SecretRef SecretReference `json:"secretRef,omitzero"`

	// accessKeyIDKey is the key of the Secret that holds the access key id; absent
	// AWS_ACCESS_KEY_ID. Example: "access-key"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="a key of a Secret may hold only letters, digits, '-', '_' and '.'"
	AccessKeyIDKey string `json:"accessKeyIDKey,omitempty"`

	// secretAccessKeyKey is the key of the Secret that holds the secret access
	// key; absent AWS_SECRET_ACCESS_KEY. Example: "secret-access-key"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="a key of a Secret may hold only letters, digits, '-', '_' and '.'"
	SecretAccessKeyKey string `json:"secretAccessKeyKey,omitempty"`
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

	// totpSecretRef names the Secret key with the device's seed, the base32 text
	// that AWS shows when the device is made, in the issuer's namespace; for a
	// ClusterSessionIssuer in the operator's namespace. The codes are those of RFC
	// 6238.
	// +required
	TOTPSecretRef SecretKeyReference `json:"totpSecretRef,omitzero"`
}

// Guardrails are what sessions may ask of an issuer, and what it adds to them.
type Guardrails struct {
	// operations are the STS operations that the issuer serves. Absent, every
	// operation but GetSessionToken, which lends all that the issuer's user may
	// and must be asked for by name.
	// Example: ["GetFederationToken"]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	Operations []Operation `json:"operations,omitempty"`

	// rules are up to 32 conditions that every session must meet, as CEL
	// expressions over session, namespace and object. All must be true; a rule
	// that cannot be read makes the issuer not ready, one that fails refuses.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Rules []Rule `json:"rules,omitempty"`

	// sessionTags are up to 50 session tags that the issuer puts on every session.
	// A session that gives another value to one of the keys, ignoring case, is
	// refused, and so is one whose operation takes no tags.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.key.lowerAscii() == t.key.lowerAscii()))",message="tag keys must be unique ignoring case (AWS STS: session tag keys are case-insensitive)"
	SessionTags []ForcedTag `json:"sessionTags,omitempty"`

	// sourceIdentityExpression is a CEL expression over session, namespace and
	// object whose value, a string of 2 to 64 letters, digits and _+=,.@-, becomes
	// the source identity of every role session. A session that asks for another
	// is refused, and so is one whose operation cannot carry it
	// (assumeRoleWithWebIdentity, assumeRoleWithSAML) or whose credentials could
	// assume roles with any other (getSessionToken). Federated users are left
	// alone.
	// Example: "namespace.name"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	SourceIdentityExpression string `json:"sourceIdentityExpression,omitempty"`
}

// Operation is an STS operation that issues credentials.
//
// +kubebuilder:validation:Enum=GetFederationToken;AssumeRole;AssumeRoleWithWebIdentity;AssumeRoleWithSAML;GetSessionToken
type Operation string

// Rule is a condition that sessions must meet.
//
// +kubebuilder:validation:XValidation:rule="!has(self.message) || !has(self.messageExpression)",message="give at most one of message and messageExpression"
type Rule struct {
	// expression is a CEL expression that is true for the sessions that may be
	// issued.
	// Example: "session.name.startsWith(namespace.name + '.')"
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Expression string `json:"expression,omitempty"`

	// message says what a refused session must change. Absent, it is the
	// expression.
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
	// key of the tag, 1 to 128 characters: letters, digits, white space and
	// _.:/=+-@ of any script.
	// Example: "kubernetes-namespace"
	// +required
	Key TagKey `json:"key,omitempty"`

	// value of the tag, 0 to 256 characters of the same kind.
	// +optional
	// +kubebuilder:validation:MinLength=0
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[\\\\p{L}\\\\p{Z}\\\\p{N}_.:/=+\\\\-@]*$')",message="a tag value may hold only letters, digits, spaces and _.:/=+-@ (AWS STS: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*, 0 to 256 characters)"
	// +kubebuilder:validation:XValidation:rule="!self.lowerAscii().startsWith('aws:')",message="a tag value must not begin with aws: in any case (AWS reserves that)"
	Value *string `json:"value,omitempty"`

	// valueExpression is a CEL expression over session, namespace and object whose
	// value is the tag's, a string.
	// Example: "namespace.name"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	ValueExpression string `json:"valueExpression,omitempty"`

	// transitive passes the tag on to the sessions of roles that a role session
	// assumes. Tags of federated users are never passed on.
	// +optional
	Transitive *bool `json:"transitive,omitempty"`
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

// UnsignedIdentity is nobody's identity. It has no fields.
type UnsignedIdentity struct{}

// IssuerStatus is what STS says of an issuer's identity.
type IssuerStatus struct {
	// conditions are Ready (always); Stalled while only an edit is a cure;
	// CanFederate, whether the identity may call
	// GetFederationToken and GetSessionToken; RootIdentity while the identity is
	// an account's root user; Unrestricted while a ClusterSessionIssuer admits
	// every namespace without any rule.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the metadata.generation this status speaks of; -1
	// before anybody looked.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// controllerName is the installation that this status is of.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ControllerName string `json:"controllerName,omitempty"`

	// identity is who the issuer calls STS as, as GetCallerIdentity last named it.
	// It stays while the issuer is not ready, to say who is in trouble.
	// +optional
	Identity *Identity `json:"identity,omitempty"`

	// verified is what sessions are issued with: absent until STS has confirmed
	// the identity, and while it does not.
	// +optional
	Verified *VerifiedIdentity `json:"verified,omitempty"`

	// lastVerifiedTime is when GetCallerIdentity first confirmed what this status
	// says. Later checks that find the same do not move it, so that an idle
	// cluster sees no writes.
	// +optional
	LastVerifiedTime *metav1.Time `json:"lastVerifiedTime,omitempty"`
}

// VerifiedIdentity is what STS has confirmed, and of which issuer.
type VerifiedIdentity struct {
	// generation is the metadata.generation of the issuer that was verified.
	// +required
	// +kubebuilder:validation:Minimum=1
	Generation int64 `json:"generation,omitempty"`

	// accessKeyID is the access key that was verified; absent for an ambient
	// identity and without one.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	AccessKeyID string `json:"accessKeyID,omitempty"`

	// identity as GetCallerIdentity named it; empty for an unsigned issuer.
	// +optional
	Identity Identity `json:"identity,omitzero"`
}

// SessionIssuer calls AWS STS for the FederatedSessions of its own namespace.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=sissuer,categories=aws
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.spec.region`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.status.identity.accountID`
// +kubebuilder:printcolumn:name="Identity",type=string,priority=1,JSONPath=`.status.identity.arn`
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
	// +kubebuilder:default={"observedGeneration":-1,"conditions":{{"type":"Ready","status":"Unknown","reason":"Pending","message":"waiting for the operator","lastTransitionTime":"1970-01-01T00:00:00Z"}}}
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

// ClusterSessionIssuer calls AWS STS for the FederatedSessions of the
// namespaces it allows.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=csissuer,categories=aws
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.spec.region`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.status.identity.accountID`
// +kubebuilder:printcolumn:name="Identity",type=string,priority=1,JSONPath=`.status.identity.arn`
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
	// +kubebuilder:default={"observedGeneration":-1,"conditions":{{"type":"Ready","status":"Unknown","reason":"Pending","message":"waiting for the operator","lastTransitionTime":"1970-01-01T00:00:00Z"}}}
	Status IssuerStatus `json:"status,omitzero"`
}

// ClusterSessionIssuerSpec is where STS is, as whom to call it and for which namespaces.
type ClusterSessionIssuerSpec struct {
	IssuerSpec `json:",inline"`

	// controllerName is the installation that this issuer belongs to, where a
	// cluster has several: the --controller-name of that operator. Others leave it
	// and its sessions alone. Absent, each installation decides for the sessions
	// that it serves, by the Secrets of its own namespace.
	// Example: "sts-operator.dev/sts-operator-system"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z]([0-9A-Za-z._/-]*[0-9A-Za-z])?$')",message="controllerName may hold only letters, digits and ._/-, such as sts-operator.dev/sts-operator-system"
	ControllerName string `json:"controllerName,omitempty"`

	// allowedNamespaces are the namespaces whose FederatedSessions may name this
	// issuer. Absent, none; {} allows every namespace; names and selector together
	// allow what either admits.
	// +optional
	AllowedNamespaces *AllowedNamespaces `json:"allowedNamespaces,omitempty"`
}

// AllowedNamespaces admits namespaces by name, by label, or, when empty, all of them.
//
// +kubebuilder:validation:XValidation:rule="!has(self.selector) || !has(self.selector.matchExpressions) || self.selector.matchExpressions.all(e, (e.operator in ['In', 'NotIn'] && has(e.values) && e.values.size() > 0) || (e.operator in ['Exists', 'DoesNotExist'] && (!has(e.values) || e.values.size() == 0)))",message="allowedNamespaces.selector: the operator of a match expression is In or NotIn with values, or Exists or DoesNotExist without"
type AllowedNamespaces struct {
	// names of namespaces, 1 to 256, each in full: there are no patterns. An empty
	// list is refused, because to leave names out means something else.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="!format.dns1123Label().validate(self).hasValue()",message="allowedNamespaces.names must be names of namespaces: lower-case letters, digits and '-', at most 63 characters; to allow many use selector"
	Names []string `json:"names,omitempty"`

	// selector admits namespaces by their labels. An empty selector admits every
	// namespace.
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
