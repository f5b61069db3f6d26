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

import "time"

// outdatedRetry is when to look again at a session of which the cache shows an old spec.
const outdatedRetry = time.Second

// IsOutdated says whether the session that was read is older than the one its Secret was published for: another replica has
// seen an edit that this one has not.
func (o Observed) IsOutdated() bool {
	return o.Secret.Exists && o.Secret.Foreign == "" && o.Secret.Intact && o.Secret.Generation > o.Session.Generation && !claimsFuture(o)
}

// claimsFuture says whether the Secret claims a generation that the session does not have yet, so that it was tampered with.
// Otherwise whoever may write the Secret could hold its session for ever.
func claimsFuture(o Observed) bool {
	return o.LiveGeneration > 0 && o.Secret.Generation > max(o.LiveGeneration, o.Session.Generation)
}

// sessionIsCurrent comes first, because nothing follows from an old spec. A leader that was stopped for longer than its Lease
// begins with one when it continues.
func sessionIsCurrent(o Observed, now time.Time) *Decision {
	if !o.IsOutdated() {
		return nil
	}
	return &Decision{Action: LookAgain, RetryAt: now.Add(outdatedRetry)}
}
