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

package broker_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

var (
	throttling  = stsfake.Scenario{Kind: stsfake.Error, Code: "Throttling"}
	unavailable = stsfake.Scenario{Kind: stsfake.Error, Code: "ServiceUnavailable"}
	deniedOnce  = stsfake.Scenario{Kind: stsfake.Error, Code: "AccessDenied", Times: 1}
)

// pause is how long the issuer's sessions must wait, and 0 if one may call; the leave to call is given back.
func (f *fixture) pause() time.Duration {
	f.t.Helper()
	permit, problem := f.ask(theIssuer, leastSpread, true)
	if problem != nil {
		return problem.RetryAfter
	}
	permit.Cancel()
	return 0
}

// leastSpread is a UID that lengthens a wait by less than a thousandth.
const leastSpread = "uid-57"

func TestLeastSpread(t *testing.T) {
	NewWithT(t).Expect(session.Stagger(time.Minute, leastSpread)).To(BeNumerically("~", time.Minute, time.Minute/1000))
}

// within allows for what leastSpread adds.
func within(d time.Duration) OmegaMatcher {
	return And(BeNumerically(">=", d), BeNumerically("<", d+d/1000+1))
}

func TestBreakerOpensAtFirstFailure(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)

	g.Expect(f.pause()).To(BeZero())
	problem := f.refused()

	_, waiting := f.ask(theIssuer, "another", true)
	g.Expect(waiting.Reason).To(Equal(problem.Reason))
	g.Expect(waiting.Message).To(Equal(problem.Message), "a waiting session gets the same message")
	g.Expect(waiting.Quiet).To(BeFalse())
	g.Expect(waiting.RetryAfter).To(And(BeNumerically(">=", 2*time.Second), BeNumerically("<", 4*time.Second)), "and before twice the pause")
	_, later := f.ask(theIssuer, "yet another", true)
	g.Expect(later.RetryAfter).NotTo(Equal(waiting.RetryAfter), "they do not all come back at once")
	g.Expect(f.pause()).To(within(2 * time.Second))
	f.advance(2*time.Second - 1)
	g.Expect(f.pause()).NotTo(BeZero())
	f.advance(1)
	g.Expect(f.pause()).To(BeZero())
	g.Expect(f.fake.Count("GetFederationToken")).To(Equal(1))
}

func TestBreakerPauseDoublesUpToAMinute(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)

	var pauses []time.Duration
	for range 12 {
		_ = f.refused()
		pause := f.pause().Round(time.Second)
		pauses = append(pauses, pause)
		f.advance(pause)
	}

	s := time.Second
	g.Expect(pauses).To(Equal([]time.Duration{2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, 60 * s, 60 * s, 60 * s, 60 * s, 60 * s}))

	f.fake.ClearScenarios()
	_, problem := f.issue(theRequest)
	g.Expect(problem).To(BeNil())
	g.Expect(f.Trouble(theIssuer)).To(BeNil())
	f.advance(time.Hour)
	f.fail(unavailable)
	_ = f.refused()
	g.Expect(f.pause()).To(within(2*s), "a success ends the count")
}

func TestBreakerClosesOnProblemOfRequest(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	_ = f.refused()
	f.advance(2 * time.Second)
	f.fail(deniedOnce)

	problem := f.refused()

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonAccessDenied))
	g.Expect(f.Trouble(theIssuer)).To(BeNil())
	g.Expect(f.pause()).To(BeZero(), "STS serves the issuer's other sessions")
}

func TestTroubleIsLatestFailure(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	_ = f.refused()
	f.advance(2 * time.Second)
	f.fail(throttling)

	problem := f.refused()

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonThrottled))
	g.Expect(f.Trouble(theIssuer)).To(Equal(problem))
}

func TestBreakerAdmitsOneProbe(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	everybodys := broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: theIssuer.Name} // any number may ask at once
	f.Register(everybodys, f.config, theIdentity)
	first, _ := f.ask(everybodys, "uid", true)
	_, _ = first.Issue(t.Context(), noProof)
	f.advance(time.Hour)

	var probes atomic.Int32
	var waits sync.Map
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			permit, problem := f.ask(everybodys, sequential(i), i%2 == 0)
			if permit != nil {
				probes.Add(1)
				return
			}
			waits.Store(problem.RetryAfter, problem.Reason)
		})
	}
	all.Wait()

	g.Expect(probes.Load()).To(BeEquivalentTo(1))
	waits.Range(func(wait, reason any) bool {
		g.Expect(reason).To(Equal(v1alpha1.ReasonUnavailable))
		return g.Expect(wait).To(And(BeNumerically(">=", 2*time.Second), BeNumerically("<", 4*time.Second)))
	})
}

func TestBreakerProbeCancelled(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	_ = f.refused()
	f.advance(2 * time.Second)

	probe := f.permit()
	g.Expect(f.pause()).NotTo(BeZero())
	probe.Cancel()
	g.Expect(f.pause()).To(BeZero())
}

func TestBreakerProbeWithoutBudget(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.config.RequestsPerSecond = 1
	f.use(f.config)
	f.fail(unavailable)
	_ = f.refused() // opens the breaker and spends the budget
	f.advance(2 * time.Second)
	f.permit().Cancel() // probes that spend the next requests
	f.permit().Cancel()

	_, problem := f.ask(theIssuer, "uid", true)

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonBudgetExhausted))
	f.advance(time.Second)
	g.Expect(f.pause()).To(BeZero())
}

// Others that got their permits before the breaker opened come back while the probe is under way. They are not the probe.
func TestBreakerProbeOutlivesEarlierPermits(t *testing.T) {
	for sentence, back := range map[string]func(*fixture, *broker.Permit){
		"one that is cancelled": func(_ *fixture, p *broker.Permit) { p.Cancel() },
		"one that fails": func(f *fixture, p *broker.Permit) {
			_, problem := p.Issue(f.t.Context(), noProof)
			NewWithT(f.t).Expect(problem).NotTo(BeNil())
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.fail(unavailable)
			earlier := f.permit()
			_ = f.refused()
			f.advance(2 * time.Second)
			probe := f.permit()

			back(f, earlier)

			g.Expect(f.pause()).NotTo(BeZero(), "the probe is still under way")
			_, problem := probe.Issue(t.Context(), noProof)
			g.Expect(problem).NotTo(BeNil())
			g.Expect(f.pause()).To(within(4*time.Second), "it alone lengthened the pause")
		})
	}
}

func TestBreakerCountsConcurrentFailuresOnce(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	var permits []*broker.Permit
	for range 4 {
		permits = append(permits, f.permit())
	}

	var all sync.WaitGroup
	for _, permit := range permits {
		all.Go(func() { _, _ = permit.Issue(t.Context(), noProof) })
	}
	all.Wait()

	g.Expect(f.fake.Count("GetFederationToken")).To(Equal(4))
	g.Expect(f.pause()).To(within(2*time.Second), "that was one failure")
	f.advance(2 * time.Second)
	_ = f.refused()
	g.Expect(f.pause()).To(within(4 * time.Second))
}

func TestBreakerLateFailure(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	late := f.permit()
	_ = f.refused()
	f.advance(time.Second)

	_, problem := late.Issue(t.Context(), noProof)

	g.Expect(problem).NotTo(BeNil())
	g.Expect(f.pause()).To(within(time.Second), "the pause began with the first failure")
}

func TestBreakerLateSuccess(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	late := f.permit()
	_ = f.refused()
	f.fake.ClearScenarios()

	_, problem := late.Issue(t.Context(), noProof)

	g.Expect(problem).To(BeNil())
	g.Expect(f.pause()).To(BeZero(), "STS serves the issuer")
}

func TestBreakerPerIssuer(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	other := broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: theIssuer.Name}
	f.Register(other, f.config, theIdentity)
	f.fail(throttling)

	_ = f.refused()

	g.Expect(f.Trouble(theIssuer).Reason).To(Equal(v1alpha1.ReasonThrottled))
	g.Expect(f.Trouble(other)).To(BeNil())
	_, problem := f.ask(other, "uid", true)
	g.Expect(problem).To(BeNil())
}

// Whether STS knows the issuer's key is of no concern to who presents a token, and shows nothing of the key.
func TestBreakerOfUnsignedRequests(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithRoles(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Operation: federation, Code: "InvalidClientTokenId", Status: 403})
	underWay := f.permitFor(broker.IssueRequest{Request: requests()[webIdentity]})
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonKeyRefused))

	_, problem := underWay.Issue(t.Context(), aProof())
	g.Expect(problem).To(BeNil())
	g.Expect(f.Trouble(theIssuer)).To(HaveField("Reason", v1alpha1.ReasonKeyRefused), "the key is as it was")

	_, problem = f.Permit(broker.IssueRequest{Issuer: theIssuer, UID: "uid", Request: requests()[webIdentity]})
	g.Expect(problem).To(BeNil())
}
