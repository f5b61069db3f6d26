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
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Issuers besides theIssuer.
var (
	neighbour   = broker.ID{Kind: v1alpha1.SessionIssuerKind, Namespace: theIssuer.Namespace, Name: "neighbour"}
	elsewhere   = broker.ID{Kind: v1alpha1.SessionIssuerKind, Namespace: "team-b", Name: theIssuer.Name}
	clusterWide = broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: theIssuer.Name}
)

const tooManyCallsMessage = "too many calls through the issuers of namespace team-a are under way; this one waits for its turn"

func brokenConnection(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }

// answering is a transport's answer without a network.
func answering(r *http.Request, body string) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	answers(http.StatusOK, "text/xml", body)(recorder, r)
	return recorder.Result(), nil
}

func panics(*http.Request) (*http.Response, error) { panic("a defect") }

// everywhere registers every issuer like theIssuer.
func everywhere(f *fixture) *fixture {
	for _, id := range []broker.ID{neighbour, elsewhere, clusterWide} {
		f.Register(id, f.config, theIdentity)
	}
	return f
}

// hold takes so many permits of an issuer.
func (f *fixture) hold(id broker.ID, count int) []*broker.Permit {
	f.t.Helper()
	var permits []*broker.Permit
	for i := range count {
		permit, problem := f.ask(id, sequential(i), true)
		if problem != nil {
			f.t.Fatalf("no permit %d: %v", i, problem)
		}
		permits = append(permits, permit)
	}
	return permits
}

// room is how many more calls through the issuers of theIssuer's namespace may begin.
func (f *fixture) room() int {
	var permits []*broker.Permit
	for len(permits) < 10 {
		permit, problem := f.ask(neighbour, "uid", true)
		if problem != nil {
			break
		}
		permits = append(permits, permit)
	}
	for _, permit := range permits {
		permit.Cancel()
	}
	return len(permits)
}

func TestPermitFourCallsPerNamespace(t *testing.T) {
	for sentence, c := range map[string]struct {
		held    broker.ID
		count   int
		asks    broker.ID
		urgent  bool
		tooMany bool
	}{
		"the fourth may call":                     {theIssuer, 3, theIssuer, false, false},
		"the fifth waits":                         {theIssuer, 4, theIssuer, false, true},
		"the fifth waits even if it is urgent":    {theIssuer, 4, theIssuer, true, true},
		"an issuer's calls hold up its neighbour": {theIssuer, 4, neighbour, true, true},
		"a neighbour's calls hold up an issuer":   {neighbour, 4, theIssuer, true, true},
		"another namespace does not wait":         {theIssuer, 4, elsewhere, false, false},
		"cluster-scoped issuers do not wait":      {theIssuer, 4, clusterWide, false, false},
		"cluster-scoped issuers have no limit":    {clusterWide, 30, clusterWide, false, false},
		"cluster-scoped calls delay no namespace": {clusterWide, 30, theIssuer, false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := everywhere(unused(t, 50))
			f.hold(c.held, c.count)

			permit, problem := f.ask(c.asks, leastSpread, c.urgent)

			g.Expect(permit == nil).To(Equal(c.tooMany))
			if !c.tooMany {
				g.Expect(problem).To(BeNil())
				return
			}
			g.Expect(problem.RetryAfter).To(within(time.Second))
			problem.RetryAfter = 0
			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonBudgetExhausted, Message: tooManyCallsMessage, Quiet: true}))
			g.Expect(f.Trouble(c.asks)).To(BeNil())
		})
	}
}

func TestPermitTooManyCallsSpreadsRetries(t *testing.T) {
	g := NewWithT(t)
	f := unused(t, 50)
	f.hold(theIssuer, 4)

	waits := map[time.Duration]bool{}
	for i := range 100 {
		_, problem := f.ask(theIssuer, sequential(i), false)
		g.Expect(problem.RetryAfter).To(And(BeNumerically(">=", time.Second), BeNumerically("<", 2*time.Second)))
		waits[problem.RetryAfter] = true
	}

	g.Expect(waits).To(HaveLen(100), "they do not all come back at once")
}

// used swallows the panic of a call, as a work queue does.
func used(f *fixture, permit *broker.Permit) {
	defer func() { _ = recover() }()
	_, _ = permit.Issue(f.t.Context(), noProof)
}

func TestCallCounterEnd(t *testing.T) {
	granting := func(r *http.Request) (*http.Response, error) { return answering(r, responseXML(aResult())) }
	issue := func(f *fixture, p *broker.Permit) { used(f, p) }
	for sentence, c := range map[string]struct {
		sts  roundTrip
		ends func(*fixture, *broker.Permit)
	}{
		"a call that succeeds":      {granting, issue},
		"a call that fails":         {brokenConnection, issue},
		"a call that panics":        {panics, issue},
		"a permit that is not used": {panics, func(_ *fixture, p *broker.Permit) { p.Cancel() }},
		"a call through an issuer that is forgotten": {granting, func(f *fixture, p *broker.Permit) {
			f.Forget(theIssuer)
			used(f, p)
		}},
		"a call through an issuer that is another now": {granting, func(f *fixture, p *broker.Permit) {
			f.Register(theIssuer, f.config, anotherIdentity)
			used(f, p)
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := everywhere(atNameless(t, withTransport(c.sts)))
			permits := f.hold(theIssuer, 4)
			g.Expect(f.room()).To(BeZero())

			for i, permit := range permits {
				c.ends(f, permit)
				g.Expect(f.room()).To(Equal(i + 1))
			}
		})
	}
}

func TestCallCounterIgnoresRefusals(t *testing.T) {
	for sentence, refuse := range map[string]func(*fixture){
		"by the breaker":            func(f *fixture) { _ = f.refused() },
		"by the budget":             func(f *fixture) { f.granted(50, true) },
		"of an unregistered issuer": func(f *fixture) { f.Forget(theIssuer) },
		"for want of room in the past": func(f *fixture) {
			for _, permit := range f.hold(theIssuer, 4) {
				defer permit.Cancel()
			}
			_, problem := f.ask(theIssuer, "uid", true)
			NewWithT(f.t).Expect(problem.Message).To(Equal(tooManyCallsMessage))
			f.Forget(theIssuer)
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := everywhere(atNameless(t, withTransport(roundTrip(brokenConnection))))
			refuse(f)

			NewWithT(t).Expect(f.granted(20, true)).To(BeZero())
			NewWithT(t).Expect(f.room()).To(Equal(4))
		})
	}
}

func TestPermitTooManyCallsSpendsNoBudget(t *testing.T) {
	g := NewWithT(t)
	f := everywhere(atNameless(t, withTransport(roundTrip(brokenConnection))))
	f.config.RequestsPerSecond = 3
	f.use(f.config)
	_ = f.refused()
	f.advance(time.Hour)
	held := f.hold(neighbour, 4)

	g.Expect(f.granted(20, true)).To(BeZero())
	held[0].Cancel()

	g.Expect(f.granted(20, true)).To(Equal(3), "the breaker lets a probe try, and then another, of the whole budget")
}

// A probe that never comes back would keep the breaker open for ever.
func TestBreakerProbePanics(t *testing.T) {
	g := NewWithT(t)
	f := atNameless(t, withTransport(roundTrip(panics)))
	opens := f.permit()
	g.Expect(func() { _, _ = opens.Issue(t.Context(), noProof) }).To(PanicWith("a defect"), "the broker does not hide it")
	g.Expect(f.pause()).To(BeZero(), "nothing was found out")

	failing := start(t, withTransport(flaky(t)))
	_ = failing.refused()
	failing.advance(2 * time.Second)
	used(failing, failing.permit())

	g.Expect(failing.Trouble(theIssuer)).NotTo(BeNil(), "nothing was found out")
	g.Expect(failing.pause()).To(BeZero(), "another may probe")
	_, problem := failing.issue(theRequest)
	g.Expect(problem).To(BeNil())
	g.Expect(failing.Trouble(theIssuer)).To(BeNil())
}

// flaky is a transport that fails, then panics and then works.
func flaky(t *testing.T) roundTrip {
	t.Helper()
	calls := 0
	return func(r *http.Request) (*http.Response, error) {
		calls++
		switch calls {
		case 1:
			return brokenConnection(r)
		case 2:
			return panics(r)
		}
		return answering(r, responseXML(aResult()))
	}
}

func TestIdentifyFourCallsPerNamespace(t *testing.T) {
	for sentence, c := range map[string]struct {
		held    broker.ID
		count   int
		asks    broker.ID
		tooMany bool
	}{
		"the fourth may call":                   {theIssuer, 3, theIssuer, false},
		"the fifth waits":                       {theIssuer, 4, theIssuer, true},
		"a neighbour's calls hold up an issuer": {neighbour, 4, theIssuer, true},
		"another namespace's do not":            {theIssuer, 4, elsewhere, false},
		"cluster-scoped issuers do not wait":    {clusterWide, 30, clusterWide, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := everywhere(startAnswering(t, answers(200, "text/xml", identityXML(anIdentity()))))
			f.hold(c.held, c.count)

			identity, problem := f.Identify(t.Context(), c.asks, f.config)

			g.Expect(identity == sts.Identity{}).To(Equal(c.tooMany))
			if !c.tooMany {
				g.Expect(problem).To(BeNil())
				return
			}
			g.Expect(problem.RetryAfter).To(And(BeNumerically(">=", time.Second), BeNumerically("<", 2*time.Second)))
			problem.RetryAfter = 0
			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonBudgetExhausted, Message: tooManyCallsMessage, Quiet: true}))
			g.Expect(f.observed).To(BeEmpty(), "nothing was called")
		})
	}
}
