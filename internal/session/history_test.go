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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// reissued is a history of so many early issues in a row, the last one at noon.
func reissued(times int) session.History {
	var h session.History
	for range times {
		h = h.AfterIssue(session.CauseTampered, true, noon)
	}
	return h
}

func TestDecidePacesReissues(t *testing.T) {
	const overwritten, tooOften = v1alpha1.ReasonSecretOverwritten, v1alpha1.ReasonBudgetExhausted
	for sentence, c := range map[string]struct {
		times  int
		change func(*session.Observed)
		after  time.Duration
		want   verdict
	}{
		"the first repair is made at once":                   {0, emptied, 0, issue(session.CauseTampered)},
		"so is the third":                                    {2, emptied, 0, issue(session.CauseTampered)},
		"the fourth waits":                                   {3, emptied, 0, hold(overwritten, noon.Add(10*time.Second))},
		"and is made then":                                   {3, emptied, 10 * time.Second, issue(session.CauseTampered)},
		"the fifth waits longer":                             {4, emptied, 10 * time.Second, hold(overwritten, noon.Add(20*time.Second))},
		"at last they are five minutes apart":                {100, emptied, time.Minute, hold(overwritten, noon.Add(5*time.Minute))},
		"a Secret that is deleted again and again":           {3, missing, 0, hold(overwritten, noon.Add(10*time.Second))},
		"a spec that is edited again and again":              {3, edited, 0, hold(tooOften, noon.Add(10*time.Second))},
		"a rotation that is due waits for none of that":      {100, nil, due.Sub(noon), issue(session.CauseDue)},
		"nor does one whose credentials have expired":        {100, nil, 12 * time.Hour, issue(session.CauseExpired)},
		"credentials that are left alone are not even asked": {100, nil, time.Minute, keep(due)},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := healthy(c.change)
			o.History = reissued(c.times)

			NewWithT(t).Expect(verdictOf(session.Decide(o, noon.Add(c.after)))).To(Equal(c.want))
		})
	}
}

func TestHistoryAfterIssue(t *testing.T) {
	g := NewWithT(t)
	g.Expect(reissued(3).Reissues).To(Equal(3))
	g.Expect(session.History{}.AfterIssue(session.CauseMissing, false, noon).Reissues).To(BeZero(), "a first issue is none")
	g.Expect(reissued(3).AfterIssue(session.CauseDue, true, noon).Reissues).To(Equal(3), "nor is a rotation")
	g.Expect(reissued(3).AfterIssue(session.CauseTampered, true, noon.Add(11*time.Minute)).Reissues).To(Equal(1), "old ones are forgotten")
	failed := session.History{}.AfterFailure(v1alpha1.Failure{Reason: v1alpha1.ReasonUnavailable})
	g.Expect(failed.AfterIssue(session.CauseDue, true, noon).Failure).To(BeNil())
}

// What this process remembers wins over the status, whose last write may have been refused.
func TestDecideRemembersAFailure(t *testing.T) {
	g := NewWithT(t)
	o := healthy(missing)
	problem := sts.Problemf(v1alpha1.ReasonSecretWriteFailed, "etcd is full")
	o.History = o.History.AfterFailure(session.NextFailure(o, problem, noon))

	g.Expect(session.Decide(o, noon.Add(time.Second)).Action).To(Equal(session.Hold))
	g.Expect(o.IsAfterFailedWrite()).To(BeTrue())
	g.Expect(session.NextFailure(o, problem, noon.Add(5*time.Second)).Count).To(Equal(int32(2)))

	failure := session.NextFailure(o, problem, noon)
	o.Session.Status.LastFailure = &failure
	o.History = o.History.AfterIssue(session.CauseMissing, false, noon)
	g.Expect(session.Decide(o, noon.Add(time.Second)).Action).To(Equal(session.Issue), "that it has ended is remembered, too")
}

// A clock that was set back by minutes must not prolong a wait of seconds by them.
func TestHistoryAtAnEarlierTime(t *testing.T) {
	g := NewWithT(t)
	o := healthy(missing)
	failure := session.NextFailure(o, sts.Problemf(v1alpha1.ReasonUnavailable, "away"), noon)
	earlier := noon.Add(-4 * time.Minute)

	o.History = o.History.AfterFailure(failure).At(earlier)

	d := session.Decide(o, earlier)
	g.Expect(d.Action).To(Equal(session.Hold))
	g.Expect(d.RetryAt).To(BeTemporally("<=", earlier.Add(5*time.Second)))
	g.Expect(failure.Time).To(Equal(metav1.NewTime(noon)), "what it is made from is left as it is")
	g.Expect(reissued(3).At(earlier).LastReissue).To(Equal(earlier))
	g.Expect(reissued(3).At(noon.Add(time.Hour)).LastReissue).To(Equal(noon))
}
