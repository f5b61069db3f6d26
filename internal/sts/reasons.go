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

package sts

import "github.com/sts-operator/sts-operator/api/v1alpha1"

// Outcome says what kind of cure a problem has.
type Outcome int

const (
	// Retry: trying again may do, so the session backs off and tries.
	Retry Outcome = iota
	// Wait: something outside this object must change first. Some of that is seen by a watch; for the rest, such as IAM,
	// a slow retry looks again.
	Wait
	// Refuse: an edit of this object, or of its issuer's guardrails, is the cure.
	Refuse
)

// traitsOfReason is all that the operator knows of a reason.
type traitsOfReason struct {
	outcome Outcome
	// issuerWide: every session of the issuer would fail for it.
	issuerWide bool
	// unsignedToo: issuerWide holds for requests that are not signed, which the issuer's identity does not concern.
	unsignedToo bool
	// ofAccount: it is said of the account that is called, which for a role may be anybody's.
	ofAccount bool
	// transient: it says nothing of the issuer's identity, so one that was confirmed stays so.
	transient bool
	// suspectsIssuer: the issuer may no longer be who it was, so that it is verified again.
	suspectsIssuer bool
	// stallsIssuer: only an edit, of the issuer or of what it names, is the cure of an issuer that has it.
	stallsIssuer bool
	// mayPass: AWS also says so of a role, a policy or an identity provider that was created seconds ago, until it knows that
	// everywhere.
	mayPass bool
	// awaitsTurn: others are before the session, which is no failure.
	awaitsTurn bool
	// sentence says what the reason means. docs/conditions.md repeats it.
	sentence string
}

// reasons holds every reason of package v1alpha1; a test sees to that. The zero values are those of a failure of one
// session that trying again may mend.
var reasons = map[string]traitsOfReason{
	// State.
	v1alpha1.ReasonPending:         {sentence: "the operator has not looked at the object yet"},
	v1alpha1.ReasonIssued:          {sentence: "the Secret holds unexpired credentials issued for this spec"},
	v1alpha1.ReasonRotationFailing: {sentence: "the published credentials work, but they cannot be rotated"},
	v1alpha1.ReasonSuspended:       {outcome: Wait, sentence: "spec.suspend is set: nothing is issued or rotated"},
	v1alpha1.ReasonExpired:         {sentence: "the credentials have expired, and no new ones could be issued"},

	// The object and the guardrails.
	v1alpha1.ReasonInvalidSpec:            {stallsIssuer: true, outcome: Refuse, sentence: "the spec breaks a rule that the schema cannot check"},
	v1alpha1.ReasonInvalidPolicy:          {outcome: Refuse, mayPass: true, sentence: "the inline policy is not one that STS accepts"},
	v1alpha1.ReasonPolicyTooLarge:         {outcome: Refuse, sentence: "policies and tags together do not fit into a session token"},
	v1alpha1.ReasonRequestRefused:         {outcome: Refuse, mayPass: true, sentence: "STS refuses a parameter of the request"},
	v1alpha1.ReasonNamespaceNotAllowed:    {outcome: Refuse, sentence: "the ClusterSessionIssuer does not admit the namespace"},
	v1alpha1.ReasonOperationNotAllowed:    {outcome: Refuse, sentence: "the issuer does not serve the STS operation"},
	v1alpha1.ReasonRuleViolated:           {outcome: Refuse, sentence: "a rule of the issuer refuses the session, or cannot be evaluated for it"},
	v1alpha1.ReasonForcedTagConflict:      {outcome: Refuse, sentence: "the issuer sets a tag that the session contradicts or cannot carry"},
	v1alpha1.ReasonSourceIdentityConflict: {outcome: Refuse, sentence: "the issuer sets a source identity that the session contradicts or cannot carry"},
	v1alpha1.ReasonPartitionMismatch:      {stallsIssuer: true, outcome: Refuse, sentence: "an ARN belongs to another AWS partition than the issuer's region"},
	v1alpha1.ReasonRoleChainingLimit:      {outcome: Refuse, sentence: "the issuer is itself a role, and AWS limits role chaining to an hour"},
	v1alpha1.ReasonAudienceNotAllowed:     {outcome: Refuse, sentence: "a token for this audience could be used elsewhere than at AWS"},

	// The surroundings.
	v1alpha1.ReasonIssuerNotFound:       {outcome: Wait, sentence: "the issuer that issuerRef names does not exist"},
	v1alpha1.ReasonIssuerNotReady:       {outcome: Wait, sentence: "the issuer's identity is not confirmed, or its guardrails cannot be read"},
	v1alpha1.ReasonIssuerHasNoIdentity:  {outcome: Wait, sentence: "the issuer has no identity, and the operation needs one"},
	v1alpha1.ReasonIssuerCannotFederate: {outcome: Wait, sentence: "the issuer's identity is temporary, and the operation needs a long-term key"},
	v1alpha1.ReasonNamespaceTerminating: {outcome: Wait, sentence: "the namespace is being deleted"},
	v1alpha1.ReasonSecretConflict:       {outcome: Wait, sentence: "something else owns a Secret of the target's name"},
	v1alpha1.ReasonSecretImmutable:      {outcome: Wait, sentence: "the target Secret is immutable, so its credentials cannot be replaced"},
	v1alpha1.ReasonSecretOverwritten:    {outcome: Wait, sentence: "something else keeps changing or deleting the target Secret"},
	v1alpha1.ReasonBudgetExhausted: {
		outcome: Wait, awaitsTurn: true,
		sentence: "the issuer's requests are spent, too many calls are under way or the session changes too often",
	},
	v1alpha1.ReasonWaitingForMFACode: {
		outcome: Wait, awaitsTurn: true,
		sentence: "AWS takes each code of the issuer's MFA device once, and the session waits for one",
	},
	v1alpha1.ReasonAccessDenied:       {outcome: Wait, mayPass: true, sentence: "AWS denies the call"},
	v1alpha1.ReasonVerificationFailed: {outcome: Wait, sentence: "STS does not confirm whose the new credentials are"},

	// Tokens and assertions.
	v1alpha1.ReasonServiceAccountNotFound: {outcome: Wait, sentence: "the ServiceAccount whose token is to be presented does not exist"},
	v1alpha1.ReasonTokenRequestForbidden:  {outcome: Wait, sentence: "the operator may not create tokens of the ServiceAccount"},
	v1alpha1.ReasonIdentityRejected:       {outcome: Wait, mayPass: true, sentence: "STS does not accept the token or assertion"},
	v1alpha1.ReasonAssertionNotFound:      {outcome: Wait, sentence: "the Secret of the SAML assertion, or its key, does not exist or cannot be read"},
	v1alpha1.ReasonAssertionInvalid:       {outcome: Wait, sentence: "the Secret holds no SAML response"},
	v1alpha1.ReasonAssertionExpired:       {outcome: Wait, sentence: "the SAML assertion has expired"},
	v1alpha1.ReasonAssertionUsed:          {outcome: Wait, sentence: "the SAML assertion has already been used"},

	// The call.
	v1alpha1.ReasonSecretWriteFailed:           {sentence: "the Kubernetes API did not accept the Secret"},
	v1alpha1.ReasonTokenRequestFailed:          {sentence: "the Kubernetes API did not issue the token"},
	v1alpha1.ReasonIdentityProviderUnavailable: {sentence: "STS cannot reach the identity provider to verify the token"},
	v1alpha1.ReasonThrottled:                   {issuerWide: true, transient: true, sentence: "STS throttles the account"},
	v1alpha1.ReasonUnavailable: {
		issuerWide: true, transient: true, unsignedToo: true,
		sentence: "STS cannot be reached or answers with a server error",
	},
	v1alpha1.ReasonIncompleteResponse: {
		issuerWide: true, transient: true, unsignedToo: true,
		sentence: "STS answered without an error, but not with complete credentials",
	},
	v1alpha1.ReasonUnknownError: {transient: true, sentence: "STS answered with an error that this version does not know"},

	// The issuer.
	v1alpha1.ReasonVerified:          {sentence: "STS confirms the identity"},
	v1alpha1.ReasonUnverified:        {sentence: "the service is not AWS, and is not asked who the identity is"},
	v1alpha1.ReasonNoIdentity:        {sentence: "the issuer has no identity and serves unsigned operations only"},
	v1alpha1.ReasonIAMUser:           {sentence: "the identity is an IAM user's long-term key"},
	v1alpha1.ReasonRootUser:          {sentence: "the identity is an account's root user"},
	v1alpha1.ReasonTemporaryIdentity: {sentence: "the identity is a role or another temporary session"},
	v1alpha1.ReasonNoRules:           {sentence: "the issuer admits every namespace and has no rule"},
	v1alpha1.ReasonRuleInvalid:       {stallsIssuer: true, sentence: "an expression of the issuer's guardrails cannot be read"},
	v1alpha1.ReasonAccountMismatch: {
		stallsIssuer: true, issuerWide: true, suspectsIssuer: true,
		sentence: "the identity belongs to another account than spec.accountID",
	},
	v1alpha1.ReasonMFASeedNotFound: {sentence: "the Secret of the MFA seed, or its key, does not exist or cannot be read"},
	v1alpha1.ReasonMFASeedInvalid:  {stallsIssuer: true, sentence: "the Secret of the MFA seed holds no base32 text"},
	v1alpha1.ReasonKeyNotFound:     {sentence: "the Secret of the access key does not exist"},
	v1alpha1.ReasonKeyInvalid:      {stallsIssuer: true, sentence: "the Secret holds no usable access key"},
	v1alpha1.ReasonKeyRefused:      {issuerWide: true, suspectsIssuer: true, sentence: "STS does not accept the access key"},
	v1alpha1.ReasonIdentityExpired: {issuerWide: true, suspectsIssuer: true, sentence: "the temporary credentials of the identity have expired"},
	v1alpha1.ReasonRegionDisabled: {
		outcome: Wait, issuerWide: true, ofAccount: true,
		sentence: "STS is not activated for the account in the issuer's region",
	},
	v1alpha1.ReasonRegionMismatch: {stallsIssuer: true, issuerWide: true, suspectsIssuer: true,
		sentence: "what is behind the endpoint takes signatures for another region than the issuer's",
	},
	v1alpha1.ReasonAmbientCredentialsFailed: {
		issuerWide: true, suspectsIssuer: true,
		sentence: "the operator's pod names a source of AWS credentials, and it fails",
	},
	v1alpha1.ReasonNoAmbientCredentials: {issuerWide: true, suspectsIssuer: true, sentence: "the operator's pod has no AWS credentials of its own"},
	v1alpha1.ReasonClockSkew:            {issuerWide: true, suspectsIssuer: true, sentence: "the clocks of the operator's node and of AWS are too far apart"},
}

// OutcomeOf a reason: Retry unless the reason is known to need a wait or an edit.
func OutcomeOf(reason string) Outcome { return reasons[reason].outcome }

// Sentence says what a reason means; empty for one that does not exist.
func Sentence(reason string) string { return reasons[reason].sentence }
