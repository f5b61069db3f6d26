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

// denialClause is how AWS says of which kind the policy is that denies: "… with an explicit deny in a service control
// policy: ARN", "… because no session policy allows the sts:AssumeRole action". No code tells them apart.
var denialClause = regexp.MustCompile(`(?i)\b(with an explicit deny\b|because no .{0,64}\bpolicy allows\b|because no permissions boundary allows\b).*`)

// denialNoise is what follows a clause and differs each time.
var denialNoise = regexp.MustCompile(
	`(?i)[\s.,;(\[]*(\b(service|status code|http status|(aws |extended )?request[ -]?id)\s*[:=]|\bencoded authorization failure message|` +
		`(^|[\s([])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}).*$`,
)

// clauseOf is AWS's own clause of why it denies; empty for none.
func clauseOf(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return firstLine(strings.TrimRight(denialNoise.ReplaceAllString(denialClause.FindString(line), ""), " .,;"))
}

// denied words a denial: what to allow where, and AWS's own clause of why.
func denied(code, message string, config Config, request sts.Request) *sts.Problem {
	clause := clauseOf(message)
	if clause == "" {
		return sts.Problemf(v1alpha1.ReasonAccessDenied, "%s (%s)", denialAdvice(config, request), code)
	}
	advice := cureOf(clause, request)
	if advice == "" {
		advice = denialAdvice(config, request)
	}
	return sts.Problemf(v1alpha1.ReasonAccessDenied, "%s (%s: %s)", advice, code, clause)
}

// cureOf a denial that allowing the action to the caller, or in the role's trust policy, does not cure; empty if it does.
func cureOf(clause string, request sts.Request) string {
	sentence, kind := "AWS denies sts:"+request.Operation+onWhat(request)+": ", strings.ToLower(clause)
	contains := func(words string) bool { return strings.Contains(kind, words) }
	switch {
	case contains("explicit deny"):
		return sentence + "a policy denies it explicitly, which no other can outweigh: change that policy"
	case contains("permissions boundary"):
		return sentence + "allow it in the permissions boundary of the issuer's identity, too"
	case contains("service control policy"), contains("resource control policy"):
		return sentence + "allow it in the policies that the organization sets for the account"
	case contains("session policy"):
		return sentence + "allow it in the session policy of the issuer's own credentials, or give it others"
	case contains("endpoint policy"):
		return sentence + "allow it in the policy of the VPC endpoint that the request takes"
	}
	return ""
}

// onWhat names the resource of a request, for messages.
func onWhat(request sts.Request) string {
	switch {
	case request.IsOfRole():
		return " on " + request.RoleARN
	case request.Operation == sts.OperationGetFederationToken:
		return " on the federated user " + request.Name
	}
	return ""
}
