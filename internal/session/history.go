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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// History is what this process remembers of a session. The status may not say it: it is written last, and may be refused.
type History struct {
	// IsKnown: a try was made here. Until then the status is all there is.
	IsKnown bool
	// Failure is the latest try, if it failed.
	Failure *v1alpha1.Failure
	// Reissues counts how often in a row, and LastReissue is when, credentials were replaced before they were due.
	Reissues    int
	LastReissue time.Time
	// Conflicts counts the looks in a row that met a Secret which no watch reports.
	Conflicts int
}

const (
	// freeReissues in a row are made at once: somebody edits a spec, or deletes a Secret. Then each waits longer than the one
	// before, from firstReissueWait up to longestReissueWait.
	freeReissues                         = 3
	firstReissueWait, longestReissueWait = 10 * time.Second, 5 * time.Minute
	// reissuesForgotten is how long nothing must be reissued for the count to begin anew.
	reissuesForgotten = 10 * time.Minute
)

// AfterFailure is the history after a try that failed.
func (h History) AfterFailure(failure v1alpha1.Failure) History {
	h.IsKnown, h.Failure = true, &failure
	return h
}

// AfterLook is the history after a look at the target Secret.
func (h History) AfterLook(secret Secret) History {
	h.Conflicts++
	if !secret.Unwatched {
		h.Conflicts = 0
	}
	return h
}

// AfterIssue is the history after credentials were issued for a cause, in place of others if it is a reissue.
func (h History) AfterIssue(cause string, isReissue bool, now time.Time) History {
	h.IsKnown, h.Failure = true, nil
	if !isReissue || !isEarly(cause) {
		return h
	}
	if now.Sub(h.LastReissue) > reissuesForgotten {
		h.Reissues = 0
	}
	h.Reissues, h.LastReissue = h.Reissues+1, now
	return h
}

// At is the history at a time: nothing in it is later, so that a clock that was set back prolongs no wait.
func (h History) At(now time.Time) History {
	if h.LastReissue.After(now) {
		h.LastReissue = now
	}
	if h.Failure != nil && h.Failure.Time.After(now) {
		failure := *h.Failure
		failure.Time = metav1.NewTime(now.UTC().Truncate(time.Second))
		h.Failure = &failure
	}
	return h
}

// isEarly says whether credentials are replaced for the cause before they are due.
func isEarly(cause string) bool {
	switch cause {
	case CauseDue, CauseExpired, CauseNewAssertion:
		return false
	}
	return true
}

// nextReissue is when credentials may be replaced early again.
func (h History) nextReissue() time.Time {
	if h.Reissues < freeReissues {
		return time.Time{}
	}
	wait := longestReissueWait
	if shift := h.Reissues - freeReissues; shift < 5 {
		wait = firstReissueWait << shift
	}
	return h.LastReissue.Add(wait)
}

// reissueIsPaced keeps whoever changes the Secret, or the spec, again and again from having STS called each time.
func reissueIsPaced(o Observed, cause string, now time.Time) *Decision {
	next := o.History.nextReissue()
	if !isEarly(cause) || !now.Before(next) {
		return nil
	}
	problem := sessionChangedTooOften()
	if cause == CauseTampered || cause == CauseMissing || cause == CauseRestored {
		problem = secretOverwritten(o)
	}
	d := hold(problem)
	d.RetryAt = next
	return d
}

// lastFailure is the latest try, if it failed.
func (o Observed) lastFailure() *v1alpha1.Failure {
	if o.History.IsKnown {
		return o.History.Failure
	}
	return o.Session.Status.LastFailure
}

// HasFailed says whether the latest try to issue failed.
func (o Observed) HasFailed() bool { return o.lastFailure() != nil }

// IsAfterFailedWrite says whether the latest try failed because the Kubernetes API did not accept the Secret.
func (o Observed) IsAfterFailedWrite() bool {
	failure := o.lastFailure()
	return failure != nil && failure.Reason == v1alpha1.ReasonSecretWriteFailed
}
