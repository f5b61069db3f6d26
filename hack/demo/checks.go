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

package main

import (
	"context"
	"fmt"
	"time"
)

// check holds the operator to one promise.
type check struct {
	promise string
	// keeps tells what was seen, or how it differs from what was expected.
	keeps func(*stage) (seen string, err error)
}

// checks in the order in which they are made. Each leaves the sessions as the next ones expect them.
var checks = []check{
	{"an MFA code is good once, so sessions queue for one where it shows", queuesForMFA},
	{"GetFederationToken: sessions become Ready, and their credentials work", becomesReady},
	{"AssumeRole: the role of a partner's account", assumesRole},
	{"AssumeRoleWithWebIdentity: a ServiceAccount is enough", assumesRoleWithWebIdentity},
	{"AssumeRoleWithSAML: an assertion is used once, and a new one issues anew", assumesRoleWithSAML},
	{"GetSessionToken: the issuer's own user", issuesSessionToken},

	{"a rotation comes before the old credentials expire", rotates},
	{"an edited spec is issued anew at once", followsSpec},
	{"a request to rotate now is honoured exactly once", rotatesOnRequest},
	{"an invalid spec is refused at admission", refusesInvalidSpec},
	{"an invalid policy shows as a condition", refusesInvalidPolicy},
	{"a Secret of somebody else is left untouched", sparesForeignSecret},
	{"a tampered Secret is issued anew", mendsSecret},

	{"a namespace that is not allowed is refused, and served once it is allowed", guardsNamespace},
	{"a rule refuses a session, and an edit mends it", obeysRules},
	{"a broken rule refuses everything, and says where it is broken", refusesAllByBrokenRule},
	{"a forced tag is on every session, and none can have another value", forcesTags},
	{"a source identity is on every role session, and none can have another", setsSourceIdentity},
	{"a key of another account issues nothing", knowsItsAccount},
	{"new credentials are tried before they are published, where asked for", triesBeforePublishing},
	{"an encoded denial is explained in a sentence", explainsDenials},
	{"tokens of ServiceAccounts need a right in their namespace", needsTokenRight},
	{"no token leaves that is good for anything but AWS", keepsOtherTokens},
	{"admission: who writes a session needs the verb use on its issuer", asksWhoMayUse},
	{"admission: the operator may not write what it never writes", fencesTheOperator},
	{"admission: a session that is probably not meant so gets a warning", hints},

	{"an outage of STS leaves working credentials in place, and heals", survivesOutage},
	{"each session with MFA had its turn, with a code of its own", passesMFA},
}

// checkAll makes the checks and prints one line for each.
func (s *stage) checkAll() error {
	failed := 0
	for _, c := range checks {
		begun := time.Now()
		seen, err := c.keeps(s)
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		seconds := time.Since(begun).Seconds()
		if err != nil {
			failed++
			s.say("FAIL %s: %v (%.1f s)", c.promise, err, seconds)
			continue
		}
		s.say("ok   %s: %s (%.1f s)", c.promise, seen, seconds)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(checks))
	}
	s.say("\nAll %d checks passed, %.0f s after the start.", len(checks), time.Since(s.begun).Seconds())
	return nil
}
