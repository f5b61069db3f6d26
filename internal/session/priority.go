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

// UrgentPriority is the priority of a session without usable credentials; it goes before every rotation.
const UrgentPriority = 100

// failedPriority is that of a session which never had any and has failed: as if its credentials lasted an hour. Whoever may
// create sessions must not keep everybody's rotations waiting.
const failedPriority = UrgentPriority - 1 - 6

// Priority orders work by who expires first, from UrgentPriority for credentials that are absent (the zero time) or expired
// down to 0 for those with 16½ hours and more left, in steps of ten minutes.
func Priority(expiration time.Time, hasFailed bool, now time.Time) int {
	if expiration.IsZero() && hasFailed {
		return failedPriority
	}
	left := expiration.Sub(now)
	if left <= 0 {
		return UrgentPriority
	}
	return max(UrgentPriority-1-int(left/(10*time.Minute)), 0)
}
