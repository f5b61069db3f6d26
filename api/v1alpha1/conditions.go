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
	// credentials issued for this spec; on an issuer while its guardrails can be read and STS confirms its identity, if it has one.
	ReadyCondition = "Ready"
	// ReconcilingCondition is present, True, while a first issue or a changed spec is under way.
	ReconcilingCondition = "Reconciling"
	// StalledCondition is present, True, while only an edit of this object, or of its issuer's guardrails, is a cure.
	StalledCondition = "Stalled"
	// CanFederateCondition says whether an issuer's identity may call GetFederationToken and GetSessionToken, which AWS
	// keeps to IAM users' (and the root user's) long-term keys.
	CanFederateCondition = "CanFederate"
	// RootIdentityCondition is present, True, on an issuer whose identity is an account's root user.
	RootIdentityCondition = "RootIdentity"
	// UnrestrictedCondition is present, True, on a ClusterSessionIssuer that admits every namespace without any rule: every
	// tenant may ask for whatever the issuer's identity may lend. It is a hint, not an error.
	UnrestrictedCondition = "Unrestricted"
)

// Reasons of a FederatedSession's Ready condition (and of Reconciling and Stalled, which repeat it).
const (
	// ReasonPending: the operator has not looked at the object yet. The schema's default says so, on issuers too.
	ReasonPending = "Pending"
	// ReasonIssued: the Secret holds unexpired credentials issued for this spec.
	ReasonIssued = "Issued"
	// ReasonRotationFailing: the credentials are due for rotation, which fails; those published still work.
	ReasonRotationFailing = "RotationFailing"
	// ReasonSuspended: spec.suspend is set; nothing is issued or rotated.
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

	// ReasonPartitionMismatch: an ARN belongs to another AWS partition than the issuer's region.
	ReasonPartitionMismatch = "PartitionMismatch"
	// ReasonRoleChainingLimit: the issuer is itself a role, and AWS lets it assume another for an hour at most.
	ReasonRoleChainingLimit = "RoleChainingLimit"
	// ReasonOperationNotAllowed: the issuer's guardrails do not list the STS operation that the session asks for.
	ReasonOperationNotAllowed = "OperationNotAllowed"
	// ReasonRuleViolated: one of the issuer's rules refuses the session, or could not be evaluated for it.
	ReasonRuleViolated = "RuleViolated"
	// ReasonForcedTagConflict: the issuer puts a tag on every session, and this one gives it another value or cannot carry it.
	ReasonForcedTagConflict = "ForcedTagConflict"
	// ReasonSourceIdentityConflict: the issuer sets a source identity, and the session asks for another or cannot carry one.
	ReasonSourceIdentityConflict = "SourceIdentityConflict"
	// ReasonAudienceNotAllowed: the Kubernetes API itself accepts tokens of the audience, or a namespace has chosen both the
	// audience and the endpoint that would receive the token; none is given away.
	ReasonAudienceNotAllowed = "AudienceNotAllowed"

	// ReasonIssuerNotFound: the issuer that issuerRef names does not exist.
	ReasonIssuerNotFound = "IssuerNotFound"
	// ReasonIssuerNotReady: the issuer exists, but STS has not confirmed its identity, or its guardrails cannot be read.
	ReasonIssuerNotReady = "IssuerNotReady"
	// ReasonIssuerHasNoIdentity: the issuer has no identity, and the operation needs one.
	ReasonIssuerHasNoIdentity = "IssuerHasNoIdentity"
	// ReasonIssuerCannotFederate: the issuer's identity is a role or a temporary session, which may not call GetFederationToken
	// or GetSessionToken.
	ReasonIssuerCannotFederate = "IssuerCannotFederate"
	// ReasonNamespaceNotAllowed: the ClusterSessionIssuer does not admit this namespace.
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"
	// ReasonNamespaceTerminating: the namespace is being deleted; nothing new is issued.
	ReasonNamespaceTerminating = "NamespaceTerminating"
	// ReasonSecretConflict: something else owns a Secret of the target's name.
	ReasonSecretConflict = "SecretConflict"
	// ReasonSecretImmutable: the target Secret was made immutable, so its credentials cannot be replaced.
	ReasonSecretImmutable = "SecretImmutable"
	// ReasonSecretOverwritten: something else keeps changing or deleting the target Secret; repairs are made ever less often.
	ReasonSecretOverwritten = "SecretOverwritten"
	// ReasonSecretWriteFailed: the Kubernetes API did not take the Secret.
	ReasonSecretWriteFailed = "SecretWriteFailed"
	// ReasonBudgetExhausted: the issuer's requestsPerSecond are spent, or too many calls of its namespace are under way; the
	// session waits for its turn.
	ReasonBudgetExhausted = "BudgetExhausted"

	// ReasonServiceAccountNotFound: the ServiceAccount whose token is to be presented does not exist.
	ReasonServiceAccountNotFound = "ServiceAccountNotFound"
	// ReasonTokenRequestForbidden: the operator lacks the right to create tokens of ServiceAccounts in this namespace.
	ReasonTokenRequestForbidden = "TokenRequestForbidden"
	// ReasonTokenRequestFailed: the Kubernetes API did not make the token.
	ReasonTokenRequestFailed = "TokenRequestFailed"
	// ReasonIdentityRejected: STS does not accept the ServiceAccount token or SAML assertion that was presented.
	ReasonIdentityRejected = "IdentityRejected"
	// ReasonIdentityProviderUnavailable: STS cannot reach the identity provider to verify the token.
	ReasonIdentityProviderUnavailable = "IdentityProviderUnavailable"
	// ReasonAssertionNotFound: the Secret of the SAML assertion, or its key, does not exist, or the operator may not read it.
	ReasonAssertionNotFound = "AssertionNotFound"
	// ReasonAssertionInvalid: the Secret holds no SAML response that could be presented.
	ReasonAssertionInvalid = "AssertionInvalid"
	// ReasonAssertionExpired: the SAML assertion has expired; a new one is waited for.
	ReasonAssertionExpired = "AssertionExpired"
	// ReasonAssertionUsed: the SAML assertion has been used already; a new one is waited for.
	ReasonAssertionUsed = "AssertionUsed"
	// ReasonWaitingForMFACode: AWS accepts each code of the issuer's MFA device once, and others are before this session.
	ReasonWaitingForMFACode = "WaitingForMFACode"
	// ReasonVerificationFailed: STS does not say that the new credentials are those of the expected principal; they were not published.
	ReasonVerificationFailed = "VerificationFailed"

	// ReasonAccessDenied: AWS denies the call: IAM does not let the issuer's identity make it, or the role does not trust who asks.
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
	// ReasonUnverified: the service is not AWS, and is not asked who the identity is.
	ReasonUnverified = "Unverified"
	// ReasonIAMUser: the identity is an IAM user's long-term key, which may call GetFederationToken and GetSessionToken.
	ReasonIAMUser = "IAMUser"
	// ReasonRootUser: the identity is an account's root user: it may do everything and its sessions last an hour at most.
	ReasonRootUser = "RootUser"
	// ReasonTemporaryIdentity: the identity is a role or another temporary session.
	ReasonTemporaryIdentity = "TemporaryIdentity"
	// ReasonNoRules: the issuer admits every namespace and has no rule.
	ReasonNoRules = "NoRules"
	// ReasonNoIdentity: the issuer has no identity and serves unsigned operations only.
	ReasonNoIdentity = "NoIdentity"
	// ReasonRuleInvalid: an expression of the issuer's guardrails cannot be read; it refuses every session.
	ReasonRuleInvalid = "RuleInvalid"
	// ReasonAccountMismatch: the identity belongs to another account than spec.accountID; nothing is issued.
	ReasonAccountMismatch = "AccountMismatch"
	// ReasonMFASeedNotFound: the Secret of mfa.totpSecretRef, or its key, does not exist, or the operator may not read it.
	ReasonMFASeedNotFound = "MFASeedNotFound"
	// ReasonMFASeedInvalid: the Secret of mfa.totpSecretRef holds no base32 seed.
	ReasonMFASeedInvalid = "MFASeedInvalid"
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
	// ReasonRegionMismatch: what is behind the endpoint takes signatures for another region than the issuer's.
	ReasonRegionMismatch = "RegionMismatch"
	// ReasonNoAmbientCredentials: the operator's pod has no AWS credentials of its own.
	ReasonNoAmbientCredentials = "NoAmbientCredentials"
	// ReasonAmbientCredentialsFailed: the operator's pod names a source of AWS credentials, and it fails.
	ReasonAmbientCredentialsFailed = "AmbientCredentialsFailed"
	// ReasonClockSkew: the operator's clock and AWS's differ by more than AWS accepts.
	ReasonClockSkew = "ClockSkew"
)
