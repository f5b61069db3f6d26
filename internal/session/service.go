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

package session

import (
	"regexp"
	"slices"
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// partitionIsRight refuses ARNs of another partition than the issuer's region, for which AWS has no error of their own: it
// answers as if there were no such role.
func partitionIsRight(o Observed, _ time.Time) *Decision {
	if o.Issuer.Compatible {
		return nil
	}
	for _, arn := range arnsOf(o.Request.ToSend()) {
		if partition, isForeign := sts.ForeignPartition(arn, o.Issuer.Region); isForeign {
			return hold(partitionMismatch(o, arn, partition))
		}
	}
	return nil
}

// arnsOf a request are all that it names.
func arnsOf(r sts.Request) []string {
	arns := slices.Concat([]string{r.RoleARN, r.PrincipalARN}, r.PolicyARNs)
	for _, context := range r.ProvidedContexts {
		arns = append(arns, context.ProviderARN)
	}
	return slices.DeleteFunc(arns, func(arn string) bool { return arn == "" })
}

// awsAccount is what AWS's account ids look like.
var awsAccount = regexp.MustCompile(`^[0-9]{12}$`)

// isOfOtherService says whether a role cannot be one of AWS's.
func isOfOtherService(roleARN string) bool {
	_, isForeign := sts.ForeignPartition(roleARN, "")
	return roleARN != "" && (isForeign || !awsAccount.MatchString(sts.AccountOf(roleARN)))
}

// roleHasAccount refuses the role ARNs of other services, which the schema admits since it cannot see the issuer.
func roleHasAccount(o Observed, _ time.Time) *Decision {
	role := o.Request.ToSend().RoleARN
	if role == "" || o.Issuer.Compatible || awsAccount.MatchString(sts.AccountOf(role)) {
		return nil
	}
	return hold(roleWithoutAccount(o, role))
}

// verifyIsPossible refuses to ask another service than AWS whose credentials are: many have no GetCallerIdentity.
func verifyIsPossible(o Observed, _ time.Time) *Decision {
	if verify := o.Session.Spec.Verify; !o.Issuer.Compatible || verify == nil || !*verify {
		return nil
	}
	return hold(verifyNotPossible(o))
}
