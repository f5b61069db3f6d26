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

package session_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// failedTimes is a session whose present request has failed so many times, the last time then.
func failedTimes(count int32, reason string, then time.Time) func(*session.Observed) {
	return func(o *session.Observed) {
		failure := session.NextFailure(*o, sts.Problemf(reason, "what went wrong"), then)
		failure.Count = count
		o.Session.Status.LastFailure = &failure
	}
}

func failedOnce(reason string, then time.Time) func(*session.Observed) {
	return failedTimes(1, reason, then)
}

func TestDecideAfterFailure(t *testing.T) {
	const (
		retry  = v1alpha1.ReasonUnknownError
		wait   = v1alpha1.ReasonAccessDenied
		refuse = v1alpha1.ReasonRequestRefused
	)
	var (
		left      = midnight.Sub(due)
		retryAt   = due.Add(session.Backoff(sts.Retry, 1, left, uid))
		laterAt   = due.Add(session.Backoff(sts.Retry, 5, left, uid))
		waitAt    = due.Add(session.Backoff(sts.Wait, 1, left, uid))
		nearEnd   = midnight.Add(-16 * time.Minute)
		soonAt    = nearEnd.Add(session.Backoff(sts.Wait, 1, 16*time.Minute, uid))
		refusedAt = due.Add(session.Backoff(sts.Refuse, 1, left, uid))
		anewAt    = noon.Add(session.Backoff(sts.Refuse, 6, 0, uid))
		firstAt   = noon.Add(session.Backoff(sts.Retry, 1, 0, uid))
		rotateNow = func(o *session.Observed) { askFor(o, func(r *sts.Request) { r.RotateRequestedAt = "now" }) }
	)
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		now   time.Time
		want  verdict
	}{
		"a failure does not matter while the credentials are fresh": {failedOnce(refuse, noon), noon, keep(due)},
		"a try that failed waits for its back-off":                  {failedOnce(retry, due), due, hold(retry, retryAt)},
		"a failed try waits until the instant before":               {failedOnce(retry, due), retryAt.Add(-1), hold(retry, retryAt)},
		"a failed try is repeated at the end of its back-off":       {failedOnce(retry, due), retryAt, issue(session.CauseDue)},
		"a failed try is repeated at any later time":                {failedOnce(retry, due), midnight, issue(session.CauseExpired)},
		"the fifth try waits longer than the first":                 {failedTimes(5, retry, due), retryAt, hold(retry, laterAt)},
		"the fifth try waits no longer, if the issuer fails":        {failedTimes(5, v1alpha1.ReasonThrottled, due), retryAt, issue(session.CauseDue)},
		"a first issue that failed waits for its back-off":          {all(missing, failedOnce(retry, noon)), noon, hold(retry, firstAt)},
		"a first issue that failed is repeated after it":            {all(missing, failedOnce(retry, noon)), firstAt, issue(session.CauseMissing)},
		"a reason of a later version is retried":                    {failedOnce("FromTheFuture", due), due, hold("FromTheFuture", retryAt)},
		"what others must mend is looked at again slowly":           {failedOnce(wait, due), retryAt, hold(wait, waitAt)},
		"what others must mend is tried after its back-off":         {failedOnce(wait, due), waitAt, issue(session.CauseDue)},
		"a refusal is repeated within the hour only":                {failedOnce(refuse, due), due.Add(time.Minute), hold(refuse, refusedAt)},
		"a refusal is repeated after an hour":                       {failedOnce(refuse, due), refusedAt, issue(session.CauseDue)},
		"a refusal of a first issue waits, too, once it has been repeated": {
			all(missing, failedTimes(6, refuse, noon)), noon.Add(time.Minute), hold(refuse, anewAt),
		},
		"a back-off past the expiration is cut short to say so":        {failedOnce(retry, midnight.Add(-time.Second)), midnight.Add(-1), hold(retry, midnight)},
		"a back-off near the expiration is as long as it was at first": {failedOnce(wait, nearEnd), soonAt.Add(-1), hold(wait, soonAt)},
		"another request is tried at once after a failure":             {all(failedOnce(retry, due), rotateNow), due, issue(session.CauseRequested)},
		"another request is tried at once after a wait":                {all(failedOnce(wait, due), rotateNow), due, issue(session.CauseRequested)},
		"another request is tried at once after a refusal":             {all(failedOnce(refuse, due), rotateNow), due, issue(session.CauseRequested)},
		"the very request that was changed waits if it failed":         {all(rotateNow, failedOnce(refuse, due)), due, hold(refuse, retryAt)},
		"a clock set back an hour does not prolong the back-off":       {failedOnce(retry, due.Add(time.Hour)), due, issue(session.CauseDue)},
		"a clock set back an hour does not prolong the wait":           {failedOnce(wait, due.Add(time.Hour)), due, issue(session.CauseDue)},
		"another version of the issuer is tried at once": {
			all(failedOnce(refuse, due), func(o *session.Observed) { o.Issuer.Version = "edited" }), due, issue(session.CauseDue),
		},
		"a clock set forward an hour ends the back-off":      {failedOnce(retry, due), due.Add(time.Hour), issue(session.CauseDue)},
		"a clock set forward an hour ends the wait":          {failedOnce(wait, due), due.Add(time.Hour), issue(session.CauseDue)},
		"clocks five minutes apart do not void the back-off": {all(missing, failedOnce(retry, noon)), noon.Add(-5 * time.Minute), hold(retry, firstAt)},
		"clocks further apart do": {
			all(missing, failedOnce(retry, noon)), noon.Add(-5*time.Minute - 1), issue(session.CauseMissing),
		},
		"a Secret that was emptied does not lift the back-off": {all(emptied, failedOnce(retry, due)), due, hold(retry, retryAt)},
		"a missing issuer takes precedence over the failure":   {all(noIssuer, failedOnce(retry, due)), due, hold(v1alpha1.ReasonIssuerNotFound, midnight)},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(c.given), c.now))).To(Equal(c.want))
		})
	}
}

func TestDecideRepeatsFailureMessage(t *testing.T) {
	g := NewWithT(t)

	d := session.Decide(healthy(failedOnce(v1alpha1.ReasonThrottled, due)), due)

	g.Expect(d.Problem).To(Equal(&sts.Problem{Reason: v1alpha1.ReasonThrottled, Message: "what went wrong"}))
}
