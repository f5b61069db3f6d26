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

package broker

import (
	"regexp"
	"strings"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// meaning is what an STS error code means to a session.
type meaning struct {
	reason string
	// advice says what to change.
	advice string
	// quote adds what STS says of the request itself, which no advice could know.
	quote bool
}

// What several codes mean.
var (
	parameterRefused = meaning{v1alpha1.ReasonRequestRefused, "STS refuses a parameter of the request: change the field it names", true}
	unknownKey       = meaning{reason: v1alpha1.ReasonKeyRefused} // the advice depends on the region: see unknownKeyAdvice
	throttled        = meaning{
		reason: v1alpha1.ReasonThrottled,
		advice: "AWS throttles the account's STS requests: lower the issuers' requestsPerSecond or lengthen the sessions",
	}
)

// meanings of the error codes of STS and of the AWS query protocol. Codes that are not here are UnknownError, or
// Unavailable with a status of 500 and above.
var meanings = map[string]meaning{
	"ValidationError":         parameterRefused,
	"InvalidParameterValue":   parameterRefused,
	"MalformedPolicyDocument": {v1alpha1.ReasonInvalidPolicy, "STS cannot read the inline policy as an IAM policy: correct it", true},
	"PackedPolicyTooLarge": {
		v1alpha1.ReasonPolicyTooLarge,
		"policies and tags do not fit into a session token: shorten the inline policy, or use fewer or shorter spec.policyARNs and spec.tags",
		true,
	},

	"AccessDenied": {reason: v1alpha1.ReasonAccessDenied}, // the advice depends on the operation: see denialAdvice

	"IDPRejectedClaim": {
		v1alpha1.ReasonIdentityRejected,
		"STS rejects a claim of what was presented: correct the role's trust policy, or what the identity provider asserts",
		true,
	},
	"InvalidIdentityToken": {
		v1alpha1.ReasonIdentityRejected,
		"STS does not accept what was presented: check that the identity provider exists in IAM with this issuer, audience and keys",
		true,
	},
	"ExpiredTokenException": {
		reason: v1alpha1.ReasonIdentityRejected,
		advice: "what was presented has expired by the clock of AWS: replace the assertion or context that the spec names, or set the node's clock",
	},
	"IDPCommunicationError": {
		reason: v1alpha1.ReasonIdentityProviderUnavailable,
		advice: "STS could not reach the identity provider to verify the token: check that its keys can be read from the internet",
	},

	"InvalidClientTokenId":        unknownKey,
	"UnrecognizedClientException": unknownKey,
	"SignatureDoesNotMatch": {
		reason: v1alpha1.ReasonKeyRefused,
		advice: "AWS does not accept the signature: the issuer's secret access key does not belong to its access key id",
	},
	"IncompleteSignature": {
		reason: v1alpha1.ReasonKeyRefused,
		advice: "AWS cannot read the signature: the issuer's access key id holds characters that it should not",
	},
	"MissingAuthenticationToken": {
		reason: v1alpha1.ReasonKeyRefused,
		advice: "the request reached AWS unsigned: check the issuer's access key and what is between the operator and AWS",
	},
	"ExpiredToken": {
		reason: v1alpha1.ReasonIdentityExpired,
		advice: "the issuer's own temporary credentials have expired: replace them",
	},
	"RegionDisabledException": {
		reason: v1alpha1.ReasonRegionDisabled,
		advice: "STS is not activated for the account in the issuer's region: activate it in the account settings or change the issuer's spec.region",
	},
	"OptInRequired": {
		reason: v1alpha1.ReasonRegionDisabled,
		advice: "the account has not opted in to the issuer's region: enable it or change the issuer's spec.region",
	},

	"Throttling":               throttled,
	"ThrottlingException":      throttled,
	"RequestLimitExceeded":     throttled,
	"TooManyRequestsException": throttled,
}

// wrongScope is how AWS says that a signature is not for this region or service. It has no code of its own, and the key is
// in order, so the text decides.
var wrongScope = regexp.MustCompile(`(?i)credential should be scoped to (a valid region|correct service)`)

func scopeIsWrong(message string) bool { return wrongScope.MatchString(message) }

// regionMismatch: the endpoint is not the region's, or not that of STS.
func regionMismatch(config Config, code, message string) *sts.Problem {
	takes := "takes signatures for another region than " + config.Region
	if match := wrongScope.FindStringSubmatch(message); strings.EqualFold(match[1], "correct service") {
		takes = "takes signatures for another service than STS in " + config.Region
	}
	return sts.Problemf(v1alpha1.ReasonRegionMismatch, "%s %s: correct the issuer's spec.region or spec.endpoint (%s)", endpointName(config), takes, code)
}

// unknownKeyAdvice says what to check of a key that AWS does not know in a region: AWS answers so, too, for a good key where
// the account has not enabled the region, and for a key of another partition.
func unknownKeyAdvice(region string) string {
	const sentence, gone = "AWS does not know the issuer's access key", "it was deleted or deactivated, it is new and takes some seconds to work"
	switch partition := sts.PartitionOf(region); {
	case partition == "":
		return sentence + ": " + gone + ", or it is another service's"
	case partition != sts.CommercialPartition:
		return sentence + " in " + region + ": " + gone + ", or it is of another partition than " + partition + ", whose keys alone work there"
	case !sts.IsEnabledByDefault(region):
		return sentence + " in " + region + ": the account may not have enabled the region (enable it, or change the issuer's spec.region); else " +
			gone + ", or it is of another partition"
	}
	return sentence + ": " + gone + ", or it is of another partition (China, GovCloud)"
}
