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

	"github.com/sts-operator/sts-operator/internal/sts"
)

// AssertionPoll is how often a SAML assertion's Secret is read.
const AssertionPoll = time.Minute

// presentsAssertion says whether the session's request presents a SAML assertion.
func (o Observed) presentsAssertion() bool {
	return o.Request.ToSend().Operation == sts.OperationAssumeRoleWithSAML
}

// assertionSecret is the Secret that the assertion is read from.
func (o Observed) assertionSecret() string {
	return o.Session.Spec.AssumeRoleWithSAML.AssertionSecretRef.Name
}

// assertionIsNotNew asks for credentials as soon as there is another assertion: most are valid for minutes only, so it
// would be of no use when the credentials are due.
func assertionIsNotNew(o Observed, now time.Time) *Decision {
	if !o.presentsAssertion() || assertionIsFresh(o, now) != nil {
		return nil
	}
	return issue(CauseNewAssertion)
}

func assertionIsFresh(o Observed, now time.Time) *Decision {
	if !o.presentsAssertion() {
		return nil
	}
	wait := func(problem *sts.Problem) *Decision {
		d := hold(problem)
		d.RetryAt = now.Add(AssertionPoll)
		return d
	}
	switch a := o.Assertion; {
	case a.Problem != nil:
		return wait(a.Problem)
	case o.Secret.AssertionDigest == a.Digest:
		return wait(assertionUsed(o))
	case !a.NotOnOrAfter.IsZero() && !now.Before(a.NotOnOrAfter):
		return wait(assertionExpired(o))
	}
	return nil
}

// untilPoll is the time, but for a session that presents assertions the next look at their Secret if that is earlier: no
// watch reports a new one.
func untilPoll(o Observed, at, now time.Time) time.Time {
	if look := now.Add(AssertionPoll); o.presentsAssertion() && look.Before(at) {
		return look
	}
	return at
}
