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

import (
	"slices"
	"strings"
)

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

// IdentityOf is the principal of an ARN and a unique id, either of which may be unknown. An account that is none of AWS's is
// left out where it is longer than these: the ARN shows it.
func IdentityOf(arn, userID string) Identity {
	account := AccountOf(arn)
	if len(account) > longestAccount {
		account = ""
	}
	return Identity{AccountID: account, ARN: arn, UserID: userID}
}

// longestAccount is the length of AWS's account ids.
const longestAccount = 12

// CanFederate says whether AWS lets the identity call GetFederationToken and GetSessionToken: IAM users and the root user,
// whose keys are long-term, may; roles and federated users may not. Services that imitate AWS name users in other ways, such
// as arn:aws:sts::123456789012:user/moto, so whoever is not known to be temporary may.
func (i Identity) CanFederate() bool {
	parts := strings.SplitN(i.ARN, ":", 6)
	if len(parts) < 6 {
		return false
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	return !slices.Contains([]string{"assumed-role", "federated-user", "role"}, kind)
}

// IsOfImitation says whether AWS has no such identity: services that imitate it name users in STS's own form
// (arn:aws:sts::123456789012:user/moto) or are account 000000000000 (LocalStack, SeaweedFS). The keys that they issue may look
// like any.
func (i Identity) IsOfImitation() bool {
	return AccountOf(i.ARN) == "000000000000" || strings.Contains(i.ARN, ":sts::") && strings.Contains(i.ARN, ":user/")
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

// ForeignPartition says whether an ARN is of another AWS partition than a region, and of which. Of a region that is not
// known, every ARN of AWS may be.
func ForeignPartition(arn, region string) (partition string, isForeign bool) {
	_, rest, _ := strings.Cut(arn, ":")
	partition, _, _ = strings.Cut(rest, ":")
	if own := PartitionOf(region); own != "" {
		return partition, partition != own
	}
	return partition, partition != CommercialPartition && !strings.HasPrefix(partition, CommercialPartition+"-")
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
