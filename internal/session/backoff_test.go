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
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestBackoff(t *testing.T) {
	const expired = -time.Hour
	for sentence, c := range map[string]struct {
		outcome   sts.Outcome
		count     int32
		remaining time.Duration
		want      time.Duration // before the spread
	}{
		"the first retry comes after five seconds":                             {sts.Retry, 1, expired, 5 * time.Second},
		"a count that was lost is a first one":                                 {sts.Retry, 0, expired, 5 * time.Second},
		"a count that makes no sense is a first one":                           {sts.Retry, -3, expired, 5 * time.Second},
		"the second retry doubles the delay":                                   {sts.Retry, 2, expired, 10 * time.Second},
		"the third retry doubles it again":                                     {sts.Retry, 3, expired, 20 * time.Second},
		"the sixth retry is the last that doubles":                             {sts.Retry, 6, expired, 160 * time.Second},
		"the seventh retry has reached five minutes":                           {sts.Retry, 7, expired, 5 * time.Minute},
		"the thousandth retry is no later":                                     {sts.Retry, 1000, expired, 5 * time.Minute},
		"the largest count is no later":                                        {sts.Retry, 1<<31 - 1, expired, 5 * time.Minute},
		"credentials that last do not hurry a retry":                           {sts.Retry, 7, 40 * time.Minute, 5 * time.Minute},
		"credentials that end sooner leave an eighth of their rest to a retry": {sts.Retry, 7, 32 * time.Minute, 4 * time.Minute},
		"an eighth of their rest does not slow an early retry down":            {sts.Retry, 1, 32 * time.Minute, 5 * time.Second},
		"less than five seconds is not hurried":                                {sts.Retry, 7, time.Second, 5 * time.Second},
		"credentials that have just expired hurry nothing":                     {sts.Retry, 7, 0, 5 * time.Minute},
		"what others must mend is looked at every five minutes":                {sts.Wait, 1, expired, 5 * time.Minute},
		"the hundredth wait is no longer":                                      {sts.Wait, 100, expired, 5 * time.Minute},
		"a wait is an eighth of the rest where the credentials end sooner":     {sts.Wait, 1, 16 * time.Minute, 2 * time.Minute},
		"a refusal is looked at every hour":                                    {sts.Refuse, 1, expired, time.Hour},
		"a refusal is looked at sooner where the credentials end sooner":       {sts.Refuse, 1, time.Hour, 7*time.Minute + 30*time.Second},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			for i := range 100 {
				delay := session.Backoff(c.outcome, c.count, c.remaining, sequential(i))

				g.Expect(delay).To(And(BeNumerically("<=", c.want), BeNumerically(">=", c.want-c.want/5)), "a fifth of %s is spread", c.want)
				g.Expect(delay).To(Equal(session.Backoff(c.outcome, c.count, c.remaining, sequential(i))), "the delay is stable")
			}
		})
	}
}

func TestBackoffGrows(t *testing.T) {
	g := NewWithT(t)
	for i := range 100 {
		var before time.Duration
		for count := int32(1); count <= 7; count++ {
			delay := session.Backoff(sts.Retry, count, 0, sequential(i))
			g.Expect(delay).To(BeNumerically(">", before), "try %d of session %d", count, i)
			before = delay
		}
	}
}

func TestBackoffSpreadsSessions(t *testing.T) {
	g := NewWithT(t)
	buckets := make([]int, 10)
	for i := range 10_000 {
		early := 5*time.Minute - session.Backoff(sts.Retry, 10, 0, sequential(i))
		buckets[int(early*10/time.Minute)]++
	}
	g.Expect(buckets).To(HaveEach(BeNumerically("~", 1000, 200)))
}

func TestBackoffSpreadsTriesOfOneSession(t *testing.T) {
	g := NewWithT(t)
	delays := map[time.Duration]bool{}
	for count := int32(10); count < 20; count++ {
		delays[session.Backoff(sts.Retry, count, 0, uid)] = true
	}
	g.Expect(delays).To(HaveLen(10))
}

func TestBackoffEightTriesBeforeExpiration(t *testing.T) {
	for _, outcome := range []sts.Outcome{sts.Retry, sts.Wait} {
		for _, remaining := range []time.Duration{
			40 * time.Second, 90 * time.Second, 6 * time.Minute, 24 * time.Minute, time.Hour, 5 * time.Hour, 18 * time.Hour,
		} {
			t.Run(fmt.Sprintf("of outcome %v with %s left", outcome, remaining), func(t *testing.T) {
				g := NewWithT(t)
				for i := range 100 {
					g.Expect(triesWithin(remaining, outcome, sequential(i))).To(BeNumerically(">=", 8), "session %d", i)
				}
			})
		}
	}
}

// triesWithin plays a session that fails from noon on for as long as its credentials last, or a thousand times.
func triesWithin(remaining time.Duration, outcome sts.Outcome, uid types.UID) int {
	expiration := noon.Add(remaining)
	tries := int32(0)
	for now := noon; !now.After(expiration) && tries < 1000; tries++ {
		now = now.Add(session.Backoff(outcome, tries+1, expiration.Sub(now), uid))
	}
	return int(tries)
}

func TestNextFailure(t *testing.T) {
	const throttled, denied = v1alpha1.ReasonThrottled, v1alpha1.ReasonAccessDenied
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  int32
	}{
		"the first failure is the first":                         {nil, 1},
		"another failure of the same request is the next":        {failedTimes(4, throttled, noon), 5},
		"another failure for another reason is the next, too":    {failedTimes(4, denied, noon), 5},
		"the first failure of another request is the first":      {all(failedTimes(4, throttled, noon), edited), 1},
		"a clock that was set back does not take a failure back": {failedTimes(4, throttled, noon.AddDate(1, 0, 0)), 5},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(c.given)
			local := time.FixedZone("here", 3600)

			failure := session.NextFailure(o, sts.Problemf(throttled, "slow down"), noon.Add(time.Hour+time.Millisecond).In(local))

			g.Expect(failure).To(Equal(v1alpha1.Failure{
				Time: metav1.NewTime(noon.Add(time.Hour)), Reason: throttled, Message: "slow down", AttemptHash: failure.AttemptHash, Count: c.want,
			}), "it reads the same whatever zone and fraction of a second it is")
		})
	}
}

func TestDecideAfterNextFailure(t *testing.T) {
	g := NewWithT(t)
	o := healthy(missing)

	failure := session.NextFailure(o, sts.Problemf(v1alpha1.ReasonThrottled, "slow down"), noon)
	o.Session.Status.LastFailure = &failure

	g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(hold(v1alpha1.ReasonThrottled, noon.Add(session.Backoff(sts.Retry, 1, 0, uid)))))
}

// NextTry is when a failed try is followed by another look: after the back-off, but when the credentials expire at the
// latest, and for a new assertion within the minute.
func TestNextTry(t *testing.T) {
	problem := sts.Problemf(v1alpha1.ReasonAccessDenied, "no")
	g := NewWithT(t)

	issued := healthy()
	g.Expect(session.NextTry(issued, problem, noon)).To(And(BeTemporally(">", noon.Add(4*time.Minute-time.Second)), BeTemporally("<=", noon.Add(5*time.Minute))))

	ending := healthy()
	ending.Secret.Expiration = noon.Add(3 * time.Second)
	g.Expect(session.NextTry(ending, problem, noon)).To(Equal(noon.Add(3 * time.Second)))

	asserting := healthy(of(sts.OperationAssumeRoleWithSAML))
	g.Expect(session.NextTry(asserting, problem, noon)).To(Equal(noon.Add(time.Minute)))
}

func TestDecideMissingIssuer(t *testing.T) {
	for kind, cure := range map[v1alpha1.IssuerKind]string{
		v1alpha1.SessionIssuerKind:        "does not exist in namespace team-a: create it there, correct spec.issuerRef, or use a ClusterSessionIssuer",
		v1alpha1.ClusterSessionIssuerKind: "does not exist: create it or correct spec.issuerRef",
	} {
		o := healthy()
		o.Session.Namespace, o.Session.Spec.IssuerRef.Kind, o.Issuer = "team-a", kind, session.Issuer{}

		NewWithT(t).Expect(session.Decide(o, noon).Problem.Message).To(ContainSubstring(cure))
	}
}
