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
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	decodeAuthorizationMessage = "DecodeAuthorizationMessage"
	// longestEncoded is the most characters that it takes.
	longestEncoded = 10240
)

// encodedMessage is how AWS hides why it denied: the text differs each time, and only who may decode it learns more.
var encodedMessage = regexp.MustCompile(`(?i)encoded authorization failure message: ([\w+/=-]+)`)

// explain says, of a denial with an encoded message, what was denied to whom by which statement, if the issuer may decode
// it (DecodeAuthorizationMessage), and which permission it lacks if it may not.
func (p *Permit) explain(ctx context.Context, err error, problem *sts.Problem) *sts.Problem {
	apiError, ok := errors.AsType[smithy.APIError](err)
	if !ok || problem.Reason != v1alpha1.ReasonAccessDenied {
		return problem
	}
	match := encodedMessage.FindStringSubmatch(apiError.ErrorMessage())
	switch {
	case match == nil || len(match[1]) > longestEncoded:
		return problem
	case !p.issuer.config.HasIdentity():
		return sts.Problemf(problem.Reason, "%s; an issuer with an identity that is allowed sts:DecodeAuthorizationMessage would learn more", problem.Message)
	}
	var out *awssts.DecodeAuthorizationMessageOutput
	err = p.broker.call(ctx, decodeAuthorizationMessage, func(ctx context.Context) (err error) {
		out, err = p.issuer.client.DecodeAuthorizationMessage(ctx, &awssts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(match[1])})
		return err
	})
	switch {
	case err != nil && classify(err, p.issuer.config, sts.Request{Operation: decodeAuthorizationMessage}).Reason != v1alpha1.ReasonAccessDenied:
		return problem
	case err != nil:
		return sts.Problemf(problem.Reason, "%s; allow the issuer's identity sts:DecodeAuthorizationMessage to learn which statement denies it", problem.Message)
	}
	sentence, ok := wordDenial(aws.ToString(out.DecodedMessage))
	if !ok {
		return problem
	}
	return sts.Problemf(problem.Reason, "%s (%s)", sentence, apiError.ErrorCode())
}

// denial is the part of a decoded message that is reported. AWS documents these members.
type denial struct {
	ExplicitDeny      bool `json:"explicitDeny"`
	MatchedStatements struct {
		Items []struct {
			StatementID string `json:"statementId"`
			Effect      string `json:"effect"`
		} `json:"items"`
	} `json:"matchedStatements"`
	Context struct {
		Principal struct {
			ARN string `json:"arn"`
		} `json:"principal"`
		Action   string `json:"action"`
		Resource string `json:"resource"`
	} `json:"context"`
}

// wordDenial words a decoded message in one sentence.
func wordDenial(decoded string) (string, bool) {
	var d denial
	if json.Unmarshal([]byte(decoded), &d) != nil || d.Context.Action == "" {
		return "", false
	}
	sentence := fmt.Sprintf(
		"AWS denies %s the action %s on %s: ",
		firstLine(d.Context.Principal.ARN),
		firstLine(d.Context.Action),
		firstLine(d.Context.Resource),
	)
	if !d.ExplicitDeny {
		return sentence + "no statement of a policy allows it", true
	}
	for _, statement := range d.MatchedStatements.Items {
		if strings.EqualFold(statement.Effect, "Deny") && statement.StatementID != "" {
			return sentence + "the statement " + firstLine(statement.StatementID) + " of a policy denies it explicitly", true
		}
	}
	return sentence + "a statement without Sid denies it explicitly", true
}

// denialAdvice says what to check for a request that AWS denies: AWS does not distinguish a role that does not exist from one that
// does not trust, nor what the trust lacks.
func denialAdvice(config Config, r sts.Request) string {
	switch r.Operation {
	case sts.OperationAssumeRole:
		actions := "sts:AssumeRole"
		if len(r.Tags) > 0 {
			actions += ", sts:TagSession"
		}
		if r.SourceIdentity != "" {
			actions += ", sts:SetSourceIdentity"
		}
		return "AWS denies sts:AssumeRole on " + r.RoleARN + ": check that the role exists, and that its trust policy and the issuer's own policies allow " +
			actions +
			"; it was asked " + given(
			"an external id (spec.assumeRole.externalID)",
			r.ExternalID,
		) + " and " + given(
			"an MFA code (the issuer's spec.mfa)",
			config.MFASerialNumber,
		)
	case sts.OperationAssumeRoleWithWebIdentity:
		return "AWS denies sts:AssumeRoleWithWebIdentity on " + r.RoleARN + ": check that the role exists, and that its trust policy admits ServiceAccount " +
			r.ServiceAccountName +
			" of this namespace with the audience " + r.Audience
	case sts.OperationAssumeRoleWithSAML:
		return "AWS denies sts:AssumeRoleWithSAML on " + r.RoleARN + ": check that the role exists, that its trust policy admits " + r.PrincipalARN +
			" with the SAML:aud of the assertion, and that the assertion names both"
	case sts.OperationGetSessionToken:
		if config.MFASerialNumber != "" {
			return "AWS denies sts:GetSessionToken, which needs no permission: check the issuer's spec.mfa.serialNumber, the seed in " +
				"spec.mfa.totpSecretRef and the clock of the operator's node"
		}
		return "AWS denies sts:GetSessionToken, which needs no permission: check which policy denies it to the issuer's IAM user, without MFA perhaps"
	case sts.OperationGetFederationToken:
		advice := "AWS denies the call: allow the issuer's IAM user sts:GetFederationToken"
		if len(r.Tags) > 0 {
			advice += " and sts:TagSession"
		}
		return advice + " on the federated user " + r.Name
	case getCallerIdentity:
		return "AWS denies the call: GetCallerIdentity needs no permission, so something in between denies it, such as the policy of a VPC endpoint (spec.endpoint)"
	}
	return "AWS denies the call: allow the issuer's identity sts:" + r.Operation
}

// given says whether a request was made with something.
func given(what, value string) string {
	if value == "" {
		return "without " + what
	}
	return "with " + what
}
