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
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	firstRetry = 5 * time.Second
	// longestRetry bounds the back-off, slowRetry is the pace of looking again at what only others can mend.
	longestRetry, slowRetry = 5 * time.Minute, 5 * time.Minute
	// refusedRetry is the pace of asking STS again for what it has refused: an edit is the cure, but what STS refused may
	// have been a managed policy that was mended since, or not STS at all that refused.
	refusedRetry = time.Hour
	// quickTries follow a first denial at the pace of failures that pass: a role or policy that was created seconds ago is not
	// known everywhere in AWS yet. They take up to 155 s.
	quickTries = 5
	// triesBeforeExpiry is how many tries must still fit before the published credentials expire.
	triesBeforeExpiry = 8
)

// Backoff is how long to wait after the count-th failed try in a row, 5 s doubling up to 5 minutes, less a spread of up to
// a fifth taken from the UID. remaining is how long the published credentials still work: while they do, at least eight
// tries fit before their end, or as many as 5 s apart allow. A problem of outcome Wait is looked at every 5 minutes and a
// refusal every hour, under the same bound. Observed.backoff says which denials are retried like other failures at first.
func Backoff(outcome sts.Outcome, count int32, remaining time.Duration, uid types.UID) time.Duration {
	var delay time.Duration
	switch outcome {
	case sts.Refuse:
		delay = refusedRetry
	case sts.Wait:
		delay = slowRetry
	case sts.Retry:
		delay = longestRetry
		if shift := max(count, 1) - 1; shift < 6 {
			delay = firstRetry << shift
		}
	}
	if remaining > 0 {
		delay = min(delay, max(remaining/triesBeforeExpiry, firstRetry))
	}
	return lessSpread(delay, int(count), uid)
}

// lessSpread shortens a wait by up to a fifth, which the UID and the count of waits say.
func lessSpread(delay time.Duration, count int, uid types.UID) time.Duration {
	u := spread(uid + types.UID(strconv.Itoa(count)))
	return delay - time.Duration(u*float64(delay)/5)
}

// NextTry is when to look again after a try that failed now.
func NextTry(o Observed, problem *sts.Problem, now time.Time) time.Time {
	count := NextFailure(o, problem, now).Count
	return UntilExpiry(o, untilPoll(o, now.Add(o.backoff(problem.Reason, count, now)), now), now)
}

// backoff after the count-th failed try, made at a time. Credentials count only if they are the session's own. What concerns
// the issuer never lengthens it: the scheduler says when who calls again. What AWS says of new roles and policies, too, is tried
// again after 5, 10, 20, 40 and 80 s while the Secret does not hold credentials for this very request, and slowly only then.
func (o Observed) backoff(reason string, count int32, at time.Time) time.Duration {
	problem := &sts.Problem{Reason: reason}
	if problem.ConcernsIssuer(o.Request.ToSend()) {
		count = 1
	}
	outcome := problem.Outcome()
	if problem.MayPass() && count <= quickTries && !o.wasIssued() {
		outcome = sts.Retry
	}
	var remaining time.Duration
	if o.Secret.Exists && o.Secret.Foreign == "" {
		remaining = o.Secret.Expiration.Sub(at)
	}
	return Backoff(outcome, count, remaining, o.Session.UID)
}

// wasIssued says whether STS has granted this very request before: the Secret says so, whether its credentials still work or not.
func (o Observed) wasIssued() bool {
	return o.Secret.Exists && o.Secret.Foreign == "" && requestIsUnchanged(o, time.Time{}) == nil
}

// NextFailure is the record of a try that failed now: the next in a row if the same request failed before, else the first.
func NextFailure(o Observed, problem *sts.Problem, now time.Time) v1alpha1.Failure {
	failure := v1alpha1.Failure{
		Time:        metav1.NewTime(now.UTC().Truncate(time.Second)),
		Reason:      problem.Reason,
		Message:     problem.Message,
		AttemptHash: o.attemptHash(),
		Count:       1,
	}
	if last := o.lastFailure(); last != nil && last.AttemptHash == failure.AttemptHash {
		failure.Count = last.Count + 1
	}
	return failure
}

// lastFailureIsPast keeps a request that has failed from being sent again before its time, whatever wakes the session.
func lastFailureIsPast(o Observed, now time.Time) *Decision {
	f := o.lastFailure()
	if f == nil || f.AttemptHash != o.attemptHash() {
		return nil
	}
	d := hold(&sts.Problem{Reason: f.Reason, Message: f.Message})
	next := f.Time.Add(o.backoff(f.Reason, f.Count, f.Time.Time))
	// A failure in the future means that the clock was set back since.
	if !now.Before(next) || f.Time.After(now.Add(clockTolerance)) {
		return nil
	}
	d.RetryAt = untilPoll(o, next, now)
	return d
}
