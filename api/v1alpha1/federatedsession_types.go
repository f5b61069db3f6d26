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

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// RotateRequestedAtAnnotation asks for new credentials now. Any new value is honoured exactly once: the value is part
// of the request hash recorded on the Secret, so it needs no state of its own.
const RotateRequestedAtAnnotation = "sts-operator.dev/rotate-requested-at"

// FederatedSession declares temporary AWS credentials: who they name, what
// they may do and for how long. The operator obtains them from AWS STS through
// the issuer, keeps them in a Secret and replaces them before they expire. One
// of assumeRole, assumeRoleWithWebIdentity, assumeRoleWithSAML and
// getSessionToken chooses the STS operation; without any of them it is
// GetFederationToken.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=fsess,categories=aws
// +kubebuilder:selectablefield:JSONPath=`.spec.issuerRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.issuerRef.kind`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Identity",type=string,priority=1,JSONPath=`.status.identity.arn`
// +kubebuilder:printcolumn:name="Secret",type=string,JSONPath=`.status.secretName`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.expirationTime`
// +kubebuilder:printcolumn:name="Rotates",type=string,JSONPath=`.status.rotationTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type FederatedSession struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the session that is wanted.
	// +required
	Spec FederatedSessionSpec `json:"spec,omitzero"`

	// status is what the operator has issued and published.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1,"conditions":{{"type":"Ready","status":"Unknown","reason":"Pending","message":"waiting for the operator","lastTransitionTime":"1970-01-01T00:00:00Z"}}}
	Status FederatedSessionStatus `json:"status,omitzero"`
}

// FederatedSessionList is a list of FederatedSessions.
//
// +kubebuilder:object:root=true
type FederatedSessionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []FederatedSession `json:"items"`
}

// FederatedSessionSpec is the session that is wanted: the parameters of an AWS STS operation, the issuer that makes the
// call, and the Secret that receives the credentials.
//
// +kubebuilder:validation:XValidation:rule="[has(self.assumeRole), has(self.assumeRoleWithWebIdentity), has(self.assumeRoleWithSAML), has(self.getSessionToken)].filter(given, given).size() <= 1",message="give at most one of assumeRole, assumeRoleWithWebIdentity, assumeRoleWithSAML and getSessionToken (none: GetFederationToken)"
// +kubebuilder:validation:XValidation:rule="has(self.name) || has(self.assumeRoleWithSAML) || has(self.getSessionToken)",message="name is required: the federated user name, or with assumeRole and assumeRoleWithWebIdentity the role session name (only assumeRoleWithSAML and getSessionToken: {} have none)"
// +kubebuilder:validation:XValidation:rule="!has(self.name) || !(has(self.assumeRoleWithSAML) || has(self.getSessionToken))",message="name must not be given with assumeRoleWithSAML (the assertion holds it) or getSessionToken (the session keeps the issuer's name)"
// +kubebuilder:validation:XValidation:rule="!has(self.name) || has(self.assumeRole) || has(self.assumeRoleWithWebIdentity) || self.name.size() <= 32",message="name may have at most 32 characters (AWS STS: the Name of GetFederationToken; 64 only with assumeRole and assumeRoleWithWebIdentity)"
// +kubebuilder:validation:XValidation:rule="!has(self.getSessionToken) || (!has(self.policy) && !has(self.policyDocument) && !has(self.policyARNs))",message="policy, policyDocument and policyARNs must not be given with getSessionToken: GetSessionToken takes none, the session may do what the issuer may"
// +kubebuilder:validation:XValidation:rule="!has(self.policy) || !has(self.policyDocument)",message="give the inline policy once: as an object (policyDocument) or as JSON text (policy)"
// +kubebuilder:validation:XValidation:rule="!has(self.tags) || !(has(self.getSessionToken) || has(self.assumeRoleWithWebIdentity) || has(self.assumeRoleWithSAML))",message="tags must not be given with assumeRoleWithWebIdentity or assumeRoleWithSAML (AWS takes them from the token or assertion) or getSessionToken (it takes none)"
// +kubebuilder:validation:XValidation:rule="!has(self.durationSeconds) || self.durationSeconds <= 43200 || !(has(self.assumeRole) || has(self.assumeRoleWithWebIdentity) || has(self.assumeRoleWithSAML))",message="durationSeconds of a role may be at most 43200 (12 hours), and no longer than the role's own maximum session duration"
// +kubebuilder:validation:XValidation:rule="!has(self.assumeRole) || !has(self.assumeRole.transitiveTagKeys) || self.assumeRole.transitiveTagKeys.all(key, has(self.tags) && self.tags.exists(tag, tag.key.lowerAscii() == key.lowerAscii()))",message="assumeRole.transitiveTagKeys must be among the keys of tags (to pass on a tag that the issuer adds, give it in tags too, with the issuer's value)"
// +kubebuilder:validation:XValidation:rule="!has(self.rotation) || !has(self.rotation.beforeExpirationSeconds) || self.rotation.beforeExpirationSeconds < (has(self.durationSeconds) ? self.durationSeconds : has(self.assumeRole) || has(self.assumeRoleWithWebIdentity) || has(self.assumeRoleWithSAML) ? 3600 : 43200)",message="rotation.beforeExpirationSeconds must be smaller than durationSeconds (where that is not given, than the default of STS: 3600 for roles, else 43200)"
type FederatedSessionSpec struct {
	// issuerRef names the SessionIssuer of this namespace or the
	// ClusterSessionIssuer that calls STS for this session.
	// +required
	IssuerRef IssuerReference `json:"issuerRef,omitzero"`

	// name is the federated user name, 2 to 32 characters of letters, digits and
	// _+=,.@- (the Name parameter of STS GetFederationToken). It becomes the last
	// part of the principal's ARN, arn:aws:sts::ACCOUNT:federated-user/NAME, which
	// resource policies can name: choose it as carefully as a policy. With
	// assumeRole and assumeRoleWithWebIdentity it is the role session name, 2 to
	// 64 characters, the last part of arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME.
	// Required for these; excluded by assumeRoleWithSAML and getSessionToken.
	// Example: "reports".
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z_+=,.@-]*$')",message="name may hold only letters, digits and _+=,.@- (AWS STS: the Name of GetFederationToken and RoleSessionName match [\\w+=,.@-]*)"
	Name string `json:"name,omitempty"`

	// policyDocument is the inline session policy, an IAM policy document as an
	// object. The session may do what both this policy (together with policyARNs)
	// and the issuer's own policies allow; for a role, what both this policy and
	// the role's allow. Without an inline policy and policyARNs a federated user
	// has no permissions of its own, only what resource policies that name it
	// grant, and a role session has all that the role has. It is sent as compact
	// JSON with sorted keys, characters above U+00FF escaped, which may hold at
	// most 2048 characters. Put the Version in quotes: without them kustomize and
	// other readers of YAML make a time of the date. Excluded by policy and
	// getSessionToken.
	// Example: {Version: "2012-10-17", Statement: [{Effect: Allow,
	// Action: "s3:GetObject", Resource: "*"}]}
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:MaxProperties=8
	PolicyDocument *runtime.RawExtension `json:"policyDocument,omitempty"`

	// policy is the same as JSON text, for those who generate it. The same content
	// asks for the same session, in whichever field and order it is given.
	// Excluded by policyDocument and getSessionToken.
	// Example: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
	// "Action": "s3:GetObject", "Resource": "*"}]}
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20480
	Policy string `json:"policy,omitempty"`

	// policyARNs are up to 10 managed policies that limit the session, in any AWS
	// partition. They count towards the same 2048 characters as the inline policy.
	// The order does not matter. Excluded by getSessionToken.
	// Example: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10
	PolicyARNs []PolicyARN `json:"policyARNs,omitempty"`

	// tags are up to 50 session tags; policies see them as aws:PrincipalTag/KEY.
	// The issuer needs sts:TagSession. Keys are unique ignoring case. A session
	// tag overrides the issuing IAM user's (or the role's) tag of the same key.
	// The order does not matter. Only for GetFederationToken and assumeRole. The
	// issuer may add tags of its own.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.key.lowerAscii() == t.key.lowerAscii()))",message="tag keys must be unique ignoring case (AWS STS: session tag keys are case-insensitive)"
	Tags []Tag `json:"tags,omitempty"`

	// durationSeconds is how long the credentials are asked to live, in seconds,
	// 900 (15 minutes) to 129600 (36 hours); for roles to 43200 (12 hours) and to
	// the role's own maximum, and, with assumeRole, at most 3600 where the issuer
	// is itself a role (role chaining). Absent, STS uses its own default: 43200,
	// for roles 3600. STS may grant less: an account's root user gets at most
	// 3600. Rotation follows what was granted. Some SDKs want at least an hour to
	// refresh comfortably.
	// +optional
	// +kubebuilder:validation:Minimum=900
	// +kubebuilder:validation:Maximum=129600
	DurationSeconds *int32 `json:"durationSeconds,omitempty"`

	// assumeRole asks for a session of an IAM role (STS AssumeRole), with any
	// identity of the issuer that the role trusts.
	// +optional
	AssumeRole *AssumeRole `json:"assumeRole,omitempty"`

	// assumeRoleWithWebIdentity asks for a session of an IAM role that trusts a
	// ServiceAccount of this namespace (STS AssumeRoleWithWebIdentity). The call
	// is not signed, so the issuer needs no identity.
	// +optional
	AssumeRoleWithWebIdentity *AssumeRoleWithWebIdentity `json:"assumeRoleWithWebIdentity,omitempty"`

	// assumeRoleWithSAML asks for a session of an IAM role that trusts a SAML
	// identity provider (STS AssumeRoleWithSAML). The call is not signed, so the
	// issuer needs no identity.
	// +optional
	AssumeRoleWithSAML *AssumeRoleWithSAML `json:"assumeRoleWithSAML,omitempty"`

	// getSessionToken asks for a session of the issuer's own IAM user (STS
	// GetSessionToken), with its permissions, except: IAM, unless the issuer has
	// mfa; STS, other than AssumeRole and GetCallerIdentity. It lends all that the
	// user may, so an issuer serves it only if its guardrails.operations list it.
	// Write getSessionToken: {}, since YAML reads a field without a value as one
	// that is not there.
	// +optional
	GetSessionToken *GetSessionToken `json:"getSessionToken,omitempty"`

	// minimumSessionTokenSize is the least size of the session token in bytes, 1
	// to 4096; STS pads a shorter one. Absent, it has the size it needs. For
	// testing whether all that handles the token bears the largest ones.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	MinimumSessionTokenSize *int32 `json:"minimumSessionTokenSize,omitempty"`

	// verify asks STS who new credentials belong to (GetCallerIdentity, made with
	// them) before they are published, and does not publish those of another
	// principal or account than was asked for. It costs a request more each time,
	// two where the issuer has an identity (GetAccessKeyInfo).
	// +optional
	Verify *bool `json:"verify,omitempty"`

	// secret is the Secret that receives the credentials. Absent, it has the name
	// of this object and nothing added.
	// +optional
	Secret SecretTarget `json:"secret,omitzero"`

	// rotation is when the credentials are replaced. Absent, between 50 % and 60 %
	// of the lifetime STS granted.
	// +optional
	Rotation RotationPolicy `json:"rotation,omitzero"`

	// suspend stops issuing and rotating. What is published stays until it
	// expires; nothing is deleted.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// AssumeRole are the parameters of STS AssumeRole that no other operation has.
type AssumeRole struct {
	// roleARN is the role to assume, in any account whose role trusts the issuer's
	// identity.
	// Example: "arn:aws:iam::123456789012:role/reports"
	// +required
	RoleARN RoleARN `json:"roleARN,omitempty"`

	// externalID is what the role's trust policy demands as sts:ExternalId, 2 to
	// 1224 characters of letters, digits and _+=,.@:/-. It is no secret. A third
	// party uses it to keep its customers apart.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=1224
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z_+=,.@:/-]*$')",message="assumeRole.externalID may hold only letters, digits and _+=,.@:/- (AWS STS: ExternalId matches [\\w+=,.@:\\/-]*, 2 to 1224 characters)"
	ExternalID string `json:"externalID,omitempty"`

	// sourceIdentity is who is behind the session, 2 to 64 characters of letters,
	// digits and _+=,.@-. CloudTrail shows it on all that the session does, and on
	// the roles it assumes. The role's trust policy must allow
	// sts:SetSourceIdentity.
	// +optional
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z_+=,.@-]*$')",message="assumeRole.sourceIdentity may hold only letters, digits and _+=,.@- (AWS STS: SourceIdentity matches [\\w+=,.@-]*, 2 to 64 characters)"
	SourceIdentity string `json:"sourceIdentity,omitempty"`

	// transitiveTagKeys are the keys of those tags that stay with the sessions of
	// roles that this session assumes. Each must be among the keys of tags. The
	// order does not matter.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="self.all(k, self.exists_one(o, o.lowerAscii() == k.lowerAscii()))",message="assumeRole.transitiveTagKeys must be unique ignoring case (AWS STS: session tag keys are case-insensitive)"
	TransitiveTagKeys []TagKey `json:"transitiveTagKeys,omitempty"`

	// providedContexts are up to 5 trusted context assertions, such as those of
	// IAM Identity Center.
	// +optional
	// +listType=map
	// +listMapKey=providerARN
	// +kubebuilder:validation:MaxItems=5
	ProvidedContexts []ProvidedContext `json:"providedContexts,omitempty"`
}

// ProvidedContext is a trusted context assertion and who made it.
type ProvidedContext struct {
	// providerARN is the provider that made the assertion.
	// Example: "arn:aws:iam::aws:contextProvider/IdentityCenter"
	// +required
	// +kubebuilder:validation:MinLength=20
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:aws(-[a-z]+)*:[!-~]+$')",message="providedContexts.providerARN must be an ARN such as arn:aws:iam::aws:contextProvider/IdentityCenter"
	ProviderARN string `json:"providerARN,omitempty"`

	// contextAssertion is the signed and encrypted assertion, 4 to 2048
	// characters.
	// +required
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=2048
	ContextAssertion string `json:"contextAssertion,omitempty"`
}

// AssumeRoleWithWebIdentity are the parameters of STS AssumeRoleWithWebIdentity that no other operation has. The token is
// a fresh one of a ServiceAccount of the session's own namespace, made for each call and kept nowhere. The operator needs
// the right to create tokens of that ServiceAccount, which is not part of its default installation.
type AssumeRoleWithWebIdentity struct {
	// roleARN is the role to assume; it must trust the cluster's OIDC provider and
	// the ServiceAccount.
	// Example: "arn:aws:iam::123456789012:role/reports"
	// +required
	RoleARN RoleARN `json:"roleARN,omitempty"`

	// serviceAccountName is the ServiceAccount of this namespace whose token is
	// presented.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="assumeRoleWithWebIdentity.serviceAccountName must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253 characters"
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// audience of the token, 1 to 255 characters; absent sts.amazonaws.com. An
	// audience that the Kubernetes API itself accepts is refused: whoever received
	// such a token could act as the ServiceAccount in this cluster. A
	// SessionIssuer with an endpoint of its own is given tokens for
	// sts.amazonaws.com only.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[!-~]+$')",message="assumeRoleWithWebIdentity.audience may hold only printable ASCII characters without spaces"
	Audience string `json:"audience,omitempty"`

	// providerID is the host of an OAuth 2.0 provider, 4 to 2048 characters; leave
	// it out for an OpenID Connect provider, as a Kubernetes cluster is one.
	// +optional
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^[!-~]+$')",message="assumeRoleWithWebIdentity.providerID may hold only printable ASCII characters without spaces"
	ProviderID string `json:"providerID,omitempty"`
}

// AssumeRoleWithSAML are the parameters of STS AssumeRoleWithSAML that no other operation has. The role session name, the
// tags and the source identity come from the assertion.
type AssumeRoleWithSAML struct {
	// roleARN is the role to assume; it must trust the SAML provider.
	// Example: "arn:aws:iam::123456789012:role/reports"
	// +required
	RoleARN RoleARN `json:"roleARN,omitempty"`

	// principalARN is the SAML provider in IAM that the assertion comes from.
	// Example: "arn:aws:iam::123456789012:saml-provider/corporate"
	// +required
	// +kubebuilder:validation:MinLength=20
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:aws(-[a-z]+)*:iam::[0-9]{12}:saml-provider/[0-9A-Za-z._-]+$')",message="assumeRoleWithSAML.principalARN must look like arn:aws:iam::123456789012:saml-provider/NAME"
	PrincipalARN string `json:"principalARN,omitempty"`

	// assertionSecretRef names the Secret of this namespace that holds the SAML
	// response, base64-encoded as the identity provider posts it. It is read once
	// a minute. Each new assertion is used once, as soon as it is seen, since most
	// are valid for minutes only; when the credentials are due for rotation and
	// there is none, the session waits for it.
	// +required
	AssertionSecretRef SecretKeyReference `json:"assertionSecretRef,omitzero"`
}

// GetSessionToken asks for STS GetSessionToken. It has no fields.
type GetSessionToken struct{}

// SecretKeyReference names a key of a Secret.
type SecretKeyReference struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="the name of a Secret must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253 characters"
	Name string `json:"name,omitempty"`

	// key of the Secret, 1 to 253 letters, digits, '-', '_' and '.'.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="a key of a Secret may hold only letters, digits, '-', '_' and '.'"
	Key string `json:"key,omitempty"`
}

// RoleARN is the Amazon Resource Name of an IAM role, 20 to 2048 characters. Forms that AWS does not know, without an
// account or of another partition, are for issuers of a Compatible service.
//
// +kubebuilder:validation:MinLength=20
// +kubebuilder:validation:MaxLength=2048
// +kubebuilder:validation:XValidation:rule="self.matches('^arn:[a-z][0-9a-z-]*:iam::([0-9]{12}|[0-9A-Za-z_]*[A-Za-z_][0-9A-Za-z_]*)?:role/[!-~]+$')",message="roleARN must look like arn:aws:iam::123456789012:role/NAME (other partitions: arn:aws-cn, arn:aws-us-gov, arn:aws-eusc, arn:aws-iso...; other services: arn:aws:iam:::role/NAME, arn:minio:iam:::role/NAME)"
type RoleARN string

// TagKey is the key of a session tag, 1 to 128 characters: letters, digits, white space and _.:/=+-@ of any script.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="self.matches('^[\\\\p{L}\\\\p{Z}\\\\p{N}_.:/=+\\\\-@]+$')",message="a tag key may hold only letters, digits, spaces and _.:/=+-@ (AWS STS: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, 1 to 128 characters)"
// +kubebuilder:validation:XValidation:rule="!self.lowerAscii().startsWith('aws:')",message="a tag key must not begin with aws: in any case (AWS reserves that)"
type TagKey string

// IssuerReference names who calls STS.
type IssuerReference struct {
	// kind is SessionIssuer (in this object's namespace) or ClusterSessionIssuer.
	// +required
	Kind IssuerKind `json:"kind,omitempty"`

	// name of the issuer.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="issuerRef.name must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253 characters"
	Name string `json:"name,omitempty"`
}

// FederatedSessionKind is the kind of a session.
const FederatedSessionKind = "FederatedSession"

// IssuerKind is a kind of issuer.
//
// +kubebuilder:validation:Enum=SessionIssuer;ClusterSessionIssuer
type IssuerKind string

const (
	// SessionIssuerKind is a namespaced issuer.
	SessionIssuerKind IssuerKind = "SessionIssuer"
	// ClusterSessionIssuerKind is a cluster-scoped issuer.
	ClusterSessionIssuerKind IssuerKind = "ClusterSessionIssuer"
)

// PolicyARN is the Amazon Resource Name of a managed policy, 20 to 2048 characters.
//
// +kubebuilder:validation:MinLength=20
// +kubebuilder:validation:MaxLength=2048
// +kubebuilder:validation:XValidation:rule="self.matches('^arn:aws(-[a-z]+)*:iam::(aws|[0-9]{12}):policy/[!-~]+$')",message="a policy ARN must look like arn:aws:iam::123456789012:policy/NAME or arn:aws:iam::aws:policy/NAME (other partitions: arn:aws-cn, arn:aws-us-gov, arn:aws-eusc, arn:aws-iso...)"
type PolicyARN string

// Tag is an AWS session tag.
type Tag struct {
	// key of the tag, 1 to 128 characters: letters, digits, white space and
	// _.:/=+-@ of any script.
	// +required
	Key TagKey `json:"key,omitempty"`

	// value of the tag, 0 to 256 characters of the same kind; it may be empty but
	// must be given.
	// +required
	// +kubebuilder:validation:MinLength=0
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[\\\\p{L}\\\\p{Z}\\\\p{N}_.:/=+\\\\-@]*$')",message="a tag value may hold only letters, digits, spaces and _.:/=+-@ (AWS STS: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*, 0 to 256 characters)"
	// +kubebuilder:validation:XValidation:rule="!self.lowerAscii().startsWith('aws:')",message="a tag value must not begin with aws: in any case (AWS reserves that)"
	Value *string `json:"value,omitempty"`
}

// SecretTarget is the Secret that receives the credentials.
type SecretTarget struct {
	// name of the Secret. Absent, the name of the FederatedSession. After a change
	// the new Secret is written first, then the old one is removed. A Secret that
	// something else owns is never overwritten.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="secret.name must be a DNS subdomain: lower-case letters, digits, '-' and '.', at most 253 characters"
	Name string `json:"name,omitempty"`

	// template is what the Secret gets besides the credentials.
	// +optional
	Template SecretTemplate `json:"template,omitzero"`
}

// SecretTemplate is what the Secret gets besides the credentials.
type SecretTemplate struct {
	// metadata is added to the Secret's own.
	// +optional
	Metadata SecretMetadata `json:"metadata,omitzero"`
}

// SecretMetadata are labels and annotations of the Secret.
type SecretMetadata struct {
	// labels are added to the Secret. Labels that others put there are left alone.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k).hasValue())",message="secret.template.metadata.labels must have Kubernetes label keys such as app or example.com/app"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('sts-operator.dev/') && k != 'app.kubernetes.io/managed-by')",message="secret.template.metadata.labels must not set sts-operator.dev/... or app.kubernetes.io/managed-by: the operator sets these"
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// annotations are added to the Secret. Annotations that others put there are
	// left alone.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !format.qualifiedName().validate(k.lowerAscii()).hasValue())",message="secret.template.metadata.annotations must have Kubernetes annotation keys such as example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('sts-operator.dev/'))",message="secret.template.metadata.annotations must not set sts-operator.dev/...: the operator sets these"
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`
}

// LabelValue is the value of a Kubernetes label.
//
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$')",message="a label value may hold at most 63 letters, digits, '-', '_' and '.', and begins and ends with a letter or digit"
type LabelValue string

// AnnotationValue is the value of a Kubernetes annotation, at most 1024 characters: 32 of them, four bytes a character,
// stay below the 256 KiB that Kubernetes allows the annotations of an object together.
//
// +kubebuilder:validation:MaxLength=1024
type AnnotationValue string

// RotationPolicy is when credentials are replaced.
type RotationPolicy struct {
	// beforeExpirationSeconds is how long before their expiration the credentials
	// are replaced, in seconds, at least 300 and smaller than durationSeconds.
	// Each session rotates up to a tenth of its lifetime earlier than that, so
	// that sessions issued together do not rotate together. Leave 1800 or more to
	// SDKs that refresh 15 minutes ahead. Where STS grants a lifetime no longer
	// than this, the default applies.
	// +optional
	// +kubebuilder:validation:Minimum=300
	// +kubebuilder:validation:Maximum=129599
	BeforeExpirationSeconds *int32 `json:"beforeExpirationSeconds,omitempty"`
}

// FederatedSessionStatus is what the operator has issued and published. It is a report: nothing is decided from it
// but when to try again after a failure.
type FederatedSessionStatus struct {
	// conditions are Ready (always), and Reconciling or Stalled while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the metadata.generation this status speaks of; -1
	// before anybody looked.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// secretName is the Secret that holds the credentials.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	SecretName string `json:"secretName,omitempty"`

	// accessKeyID identifies the published credentials, in CloudTrail for
	// instance. It is no secret.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	AccessKeyID string `json:"accessKeyID,omitempty"`

	// identity is who the published credentials act as.
	// +optional
	Identity *Identity `json:"identity,omitempty"`

	// issuedTime is when the published credentials were issued.
	// +optional
	IssuedTime *metav1.Time `json:"issuedTime,omitempty"`

	// expirationTime is when AWS stops accepting the published credentials.
	// +optional
	ExpirationTime *metav1.Time `json:"expirationTime,omitempty"`

	// rotationTime is when they will be replaced.
	// +optional
	RotationTime *metav1.Time `json:"rotationTime,omitempty"`

	// sessionTokenUtilizationPercent is how much of the largest session token
	// policies and tags use, 0 to 100, as STS reported when the published
	// credentials were issued. At 100 a longer policy or more tags are refused.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SessionTokenUtilizationPercent *int32 `json:"sessionTokenUtilizationPercent,omitempty"`

	// packedPolicySizePercent is the older measure of the same, which AWS
	// deprecated in September 2026.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PackedPolicySizePercent *int32 `json:"packedPolicySizePercent,omitempty"`

	// sourceIdentity that STS set on the published credentials of a role; absent
	// without one.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	SourceIdentity string `json:"sourceIdentity,omitempty"`

	// webIdentity is what STS read in the ServiceAccount's token when the
	// published credentials were issued.
	// +optional
	WebIdentity *WebIdentity `json:"webIdentity,omitempty"`

	// saml is what STS read in the SAML assertion when the published credentials
	// were issued.
	// +optional
	SAML *SAMLIdentity `json:"saml,omitempty"`

	// lastFailure is the latest failed try to issue or to publish; absent once a
	// try has succeeded.
	// +optional
	LastFailure *Failure `json:"lastFailure,omitempty"`
}

// Identity is an AWS principal as STS names it.
type Identity struct {
	// accountID is the AWS account of the principal, 12 digits.
	// +optional
	// +kubebuilder:validation:MaxLength=12
	AccountID string `json:"accountID,omitempty"`

	// arn of the principal. Example:
	// arn:aws:sts::123456789012:federated-user/reports
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	ARN string `json:"arn,omitempty"`

	// userID is the unique id of the principal (aws:userid). Example:
	// 123456789012:reports
	// +optional
	// +kubebuilder:validation:MaxLength=193
	UserID string `json:"userID,omitempty"`
}

// WebIdentity is what STS read in a web identity token.
type WebIdentity struct {
	// subject of the token. Example: system:serviceaccount:team-a:reports
	// +optional
	// +kubebuilder:validation:MaxLength=255
	Subject string `json:"subject,omitempty"`

	// audience of the token, as the OIDC provider in IAM knows it.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Audience string `json:"audience,omitempty"`

	// provider is the issuer of the token, or its OIDC provider in IAM.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Provider string `json:"provider,omitempty"`
}

// SAMLIdentity is what STS read in a SAML assertion.
type SAMLIdentity struct {
	// subject is the NameID of the assertion.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Subject string `json:"subject,omitempty"`

	// subjectType is the format of the NameID, such as persistent or transient.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	SubjectType string `json:"subjectType,omitempty"`

	// issuer of the assertion.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Issuer string `json:"issuer,omitempty"`

	// audience is the recipient of the assertion.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Audience string `json:"audience,omitempty"`

	// nameQualifier is a hash by which AWS distinguishes the subjects of
	// providers.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	NameQualifier string `json:"nameQualifier,omitempty"`
}

// Failure is a failed try, and the last of how many in a row.
type Failure struct {
	// time of the latest try.
	// +required
	Time metav1.Time `json:"time,omitzero"`

	// reason it failed for, one of the reasons of the Ready condition.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason,omitempty"`

	// message says what went wrong and what to change.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`

	// attemptHash identifies the request that failed and the issuer that made it:
	// another one is tried at once.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	AttemptHash string `json:"attemptHash,omitempty"`

	// count of failed tries of this request in a row, at least 1.
	// +required
	// +kubebuilder:validation:Minimum=1
	Count int32 `json:"count,omitempty"`
}
