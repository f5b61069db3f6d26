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

// Condition types. The first three follow kstatus, so that kubectl wait, Argo CD and Flux understand them unaided.
const (
	// ReadyCondition is always present. On a FederatedSession it is True exactly while the Secret holds unexpired
	// credentials issued for this spec; on an issuer while STS confirms its identity.
	ReadyCondition = "Ready"
	// ReconcilingCondition is present, True, while a first issue or a changed spec is under way.
	ReconcilingCondition = "Reconciling"
	// StalledCondition is present, True, while only an edit of this object is a cure.
	StalledCondition = "Stalled"
	// CanFederateCondition tells whether an issuer's identity may call GetFederationToken, which AWS keeps to IAM users'
	// (and the root user's) long-term keys.
	CanFederateCondition = "CanFederate"
	// RootIdentityCondition is present, True, on an issuer whose identity is an account's root user.
	RootIdentityCondition = "RootIdentity"
)

// Reasons of a FederatedSession's Ready condition (and of Reconciling and Stalled, which repeat it).
const (
	// ReasonIssued: the Secret holds unexpired credentials issued for this spec.
	ReasonIssued = "Issued"
	// ReasonRenewalFailing: the credentials are due for renewal, which fails; those published still work.
	ReasonRenewalFailing = "RenewalFailing"
	// ReasonSuspended: spec.suspend is set; nothing is issued or renewed.
	ReasonSuspended = "Suspended"
	// ReasonExpired: the published credentials have expired and new ones could not be had.
	ReasonExpired = "Expired"

	// ReasonInvalidSpec: the spec breaks a rule that the schema could not check.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonInvalidPolicy: the inline policy is no JSON object, holds characters AWS refuses, is too long, or STS cannot read it.
	ReasonInvalidPolicy = "InvalidPolicy"
	// ReasonPolicyTooLarge: policies and tags together exceed what fits into a session token.
	ReasonPolicyTooLarge = "PolicyTooLarge"
	// ReasonRequestRefused: STS refuses a parameter of the request.
	ReasonRequestRefused = "RequestRefused"

	// ReasonIssuerNotFound: the issuer that issuerRef names does not exist.
	ReasonIssuerNotFound = "IssuerNotFound"
	// ReasonIssuerNotReady: the issuer exists but STS has not confirmed its identity.
	ReasonIssuerNotReady = "IssuerNotReady"
	// ReasonIssuerCannotFederate: the issuer's identity is a role or a temporary session, which may not call GetFederationToken.
	ReasonIssuerCannotFederate = "IssuerCannotFederate"
	// ReasonNamespaceNotAllowed: the ClusterSessionIssuer does not admit this namespace.
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"
	// ReasonNamespaceTerminating: the namespace is being deleted; nothing new is issued.
	ReasonNamespaceTerminating = "NamespaceTerminating"
	// ReasonSecretConflict: something else owns a Secret of the target's name.
	ReasonSecretConflict = "SecretConflict"
	// ReasonSecretImmutable: the target Secret was made immutable and cannot be renewed.
	ReasonSecretImmutable = "SecretImmutable"
	// ReasonSecretWriteFailed: the Kubernetes API did not take the Secret.
	ReasonSecretWriteFailed = "SecretWriteFailed"
	// ReasonBudgetExhausted: the issuer's requestsPerSecond are spent; the session waits for its turn.
	ReasonBudgetExhausted = "BudgetExhausted"

	// ReasonAccessDenied: IAM does not let the issuer's identity make this call.
	ReasonAccessDenied = "AccessDenied"
	// ReasonThrottled: STS throttles the account.
	ReasonThrottled = "Throttled"
	// ReasonUnavailable: STS cannot be reached or answers with a server error.
	ReasonUnavailable = "Unavailable"
	// ReasonIncompleteResponse: STS answered without an error but not with complete credentials.
	ReasonIncompleteResponse = "IncompleteResponse"
	// ReasonUnknownError: STS answered with an error this version does not know.
	ReasonUnknownError = "UnknownError"
)

// Reasons of an issuer's conditions, and of sessions whose issue failed because of the issuer.
const (
	// ReasonVerified: STS confirms the identity.
	ReasonVerified = "Verified"
	// ReasonIAMUser: the identity is an IAM user's long-term key, which may call GetFederationToken.
	ReasonIAMUser = "IAMUser"
	// ReasonRootUser: the identity is an account's root user: it may do everything and its sessions last an hour at most.
	ReasonRootUser = "RootUser"
	// ReasonTemporaryIdentity: the identity is a role or another temporary session.
	ReasonTemporaryIdentity = "TemporaryIdentity"
	// ReasonKeyNotFound: the Secret of accessKey.secretRef does not exist.
	ReasonKeyNotFound = "KeyNotFound"
	// ReasonKeyInvalid: the Secret of accessKey.secretRef holds no usable access key.
	ReasonKeyInvalid = "KeyInvalid"
	// ReasonKeyRefused: STS does not know the access key (a new one takes some seconds to work), or its secret is wrong.
	ReasonKeyRefused = "KeyRefused"
	// ReasonIdentityExpired: the temporary credentials that the identity consists of have expired.
	ReasonIdentityExpired = "IdentityExpired"
	// ReasonRegionDisabled: STS is not activated for the account in the issuer's region.
	ReasonRegionDisabled = "RegionDisabled"
	// ReasonNoAmbientCredentials: the operator's pod has no AWS credentials of its own.
	ReasonNoAmbientCredentials = "NoAmbientCredentials"
	// ReasonClockSkew: the operator's clock and AWS's differ by more than AWS accepts.
	ReasonClockSkew = "ClockSkew"
)
