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

import "strings"

// Unsigned is the identity behind credentials that were issued without a signature: nobody's.
const Unsigned = "unsigned"

// Identity is an AWS principal as STS names it; zero for nobody.
type Identity struct {
	// AccountID has 12 digits.
	AccountID string
	// ARN of the principal, and its unique id (aws:userid).
	ARN, UserID string
}

// Stable is the part of the unique id that stays the same from one session to the next: a role's callers have ids of the
// form ROLEID:SESSIONNAME, where the session name may differ for every pod.
func (i Identity) Stable() string {
	if role, _, ok := strings.Cut(i.UserID, ":"); ok && strings.HasPrefix(role, "AROA") {
		return role
	}
	return i.UserID
}

// CanFederate says whether AWS lets the identity call GetFederationToken and GetSessionToken: IAM users and the root user,
// whose keys are long-term, may; roles and federated users may not.
func (i Identity) CanFederate() bool {
	return i.IsRoot() || strings.Contains(i.ARN, ":iam::") && strings.Contains(i.ARN, ":user/")
}

// IsRoot says whether the identity is an account's root user.
func (i Identity) IsRoot() bool { return strings.HasSuffix(i.ARN, ":root") }

// AccountOf is the account in an ARN, or empty.
func AccountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// IsExpectedPrincipal says whether a principal is the one that a request of an issuer asks for: the federated user of its
// name in the issuer's account, the session of its role, or the issuer itself.
func IsExpectedPrincipal(r Request, issuerARN, principalARN string) bool {
	switch r.Operation {
	case OperationGetSessionToken:
		return principalARN == issuerARN && issuerARN != ""
	case OperationGetFederationToken:
		return principalARN == sessionARNPrefix(issuerARN)+"federated-user/"+r.Name && AccountOf(issuerARN) != ""
	}
	role := r.RoleARN[strings.LastIndex(r.RoleARN, "/")+1:] // without its path
	name, isOfRole := strings.CutPrefix(principalARN, sessionARNPrefix(r.RoleARN)+"assumed-role/"+role+"/")
	if r.Operation == OperationAssumeRoleWithSAML { // the assertion holds the name
		return isOfRole && name != "" && !strings.Contains(name, "/")
	}
	return isOfRole && name == r.Name
}

// sessionARNPrefix is how the ARNs of sessions begin that are of the same partition and account as another ARN.
func sessionARNPrefix(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return strings.Join([]string{parts[0], parts[1], "sts", "", parts[4], ""}, ":")
}
