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

package guardrail

import (
	"regexp"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/celpolicy"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const sourceIdentityField = "spec.guardrails.sourceIdentityExpression"

// sourceIdentity is what AWS STS takes: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
var sourceIdentity = regexp.MustCompile(`^[0-9A-Za-z_+=,.@-]{2,64}$`)

// addSourceIdentity is the request with the issuer's source identity, or why it cannot have it. A federated user has none, and
// its credentials cannot call an operation of STS that would give it one. Those of GetSessionToken can call AssumeRole with any
// source identity, which the operator would not see. See
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html and API_GetSessionToken.html.
func (g *Guardrails) addSourceIdentity(request sts.Request, evaluation *celpolicy.Evaluation) (sts.Request, *sts.Problem) {
	if g.sourceIdentity == nil || request.Operation == sts.OperationGetFederationToken {
		return request, nil
	}
	conflict := func(format string, args ...any) (sts.Request, *sts.Problem) {
		return request, sts.Problemf(v1alpha1.ReasonSourceIdentityConflict, "%s "+format, append([]any{g.issuer}, args...)...)
	}
	if request.Operation == sts.OperationGetSessionToken {
		return conflict("sets the source identity of every role session, but the credentials of %s can assume roles with any other: "+
			"use assumeRole or GetFederationToken, or an issuer without sourceIdentityExpression", request.Operation)
	}
	if !request.TakesSourceIdentity() {
		return conflict("sets the source identity of every role session, which %s cannot carry: "+
			"use assumeRole, or an issuer without sourceIdentityExpression", request.Operation)
	}
	value, err := evaluation.Text(g.sourceIdentity)
	switch {
	case err != nil:
		return conflict("cannot compute the source identity of this session (%s): %s", sourceIdentityField, err)
	case !sourceIdentity.MatchString(value):
		return conflict("gives this session the source identity %q, which AWS does not take: "+
			"it must be 2 to 64 letters, digits and _+=,.@-", value)
	case request.SourceIdentity != "" && request.SourceIdentity != value:
		return conflict("gives this session the source identity %q, but spec.assumeRole.sourceIdentity asks for %q: remove it",
			value, request.SourceIdentity)
	}
	request.SourceIdentity = value
	return request, nil
}
