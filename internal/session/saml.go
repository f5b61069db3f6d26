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
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// assertionPoll is how often a SAML assertion's Secret is read.
const assertionPoll = time.Minute

// assertionIsNotNew asks for credentials as soon as there is another assertion: most are valid for minutes only, so it
// would be of no use when the credentials are due.
func assertionIsNotNew(o Observed, now time.Time) *Decision {
	if o.Request.Operation != sts.OperationAssumeRoleWithSAML || assertionIsFresh(o, now) != nil {
		return nil
	}
	return &Decision{Action: Issue, Cause: CauseNewAssertion}
}

func assertionIsFresh(o Observed, now time.Time) *Decision {
	if o.Request.Operation != sts.OperationAssumeRoleWithSAML {
		return nil
	}
	wait := func(problem *sts.Problem) *Decision {
		return &Decision{Action: Hold, Problem: problem, RetryAt: now.Add(assertionPoll)}
	}
	ref := o.Session.Spec.AssumeRoleWithSAML.AssertionSecretRef
	switch a := o.Assertion; {
	case a.Problem != nil:
		return wait(a.Problem)
	case o.Secret.AssertionDigest == a.Digest:
		return wait(sts.Problemf(v1alpha1.ReasonAssertionUsed, "the assertion in Secret %s has been used for the published credentials: put a new one there", ref.Name))
	case !a.NotOnOrAfter.IsZero() && !now.Before(a.NotOnOrAfter):
		return wait(sts.Problemf(v1alpha1.ReasonAssertionExpired, "the assertion in Secret %s has expired: put a new one there", ref.Name))
	}
	return nil
}

// untilPoll is the time, but for a session that presents assertions the next look at their Secret if that is earlier: no
// watch tells of a new one.
func untilPoll(o Observed, at, now time.Time) time.Time {
	if look := now.Add(assertionPoll); o.Request.Operation == sts.OperationAssumeRoleWithSAML && look.Before(at) {
		return look
	}
	return at
}
