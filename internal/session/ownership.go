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

	"k8s.io/apimachinery/pkg/types"
)

// longestConflictRetry bounds the wait for the next look at a Secret that no watch reports.
const longestConflictRetry = 2 * firstRetry

// secretIsOurs leaves alone what somebody else owns.
func secretIsOurs(o Observed, now time.Time) *Decision {
	if o.Secret.Foreign == "" {
		return nil
	}
	d := hold(secretConflict(o))
	d.RetryAt = now.Add(slowRetry)
	if o.Secret.Unwatched {
		d.RetryAt = now.Add(conflictRetry(o.History.Conflicts, o.Session.UID))
	}
	return d
}

// conflictRetry is how long to wait after so many looks before this one met a Secret that no watch reports: 5 s, then 10 s, less
// a spread of up to a fifth. A look costs one read of one name.
func conflictRetry(before int, uid types.UID) time.Duration {
	if before == 0 {
		return lessSpread(firstRetry, before, uid)
	}
	return lessSpread(longestConflictRetry, before, uid)
}

// secretIsControlled has what came out of a backup issued anew. Nobody knows whether it still works, nor whose it was.
func secretIsControlled(o Observed, _ time.Time) *Decision {
	if !o.Secret.Restored {
		return nil
	}
	return issue(CauseRestored)
}
