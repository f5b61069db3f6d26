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
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// unavailable is an STS that is down.
var unavailable = stsfake.Scenario{Kind: stsfake.Error, Code: "ServiceUnavailable"}

// neighbour is another issuer of the namespace.
var neighbour = broker.ID{Kind: v1alpha1.SessionIssuerKind, Namespace: theIssuer.Namespace, Name: "neighbour"}

func brokenConnection(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }

func panics(*http.Request) (*http.Response, error) { panic("a defect") }

// answering is a transport's answer without a network.
func answering(r *http.Request, body string) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	answers(http.StatusOK, "text/xml", body)(recorder, r)
	return recorder.Result(), nil
}

// unused is a broker that is asked for permits only, with theIssuer at so many requests a second.
func unused(t *testing.T, perSecond int) *fixture {
	t.Helper()
	f := startAt(t, testingclock.NewFakePassiveClock(noon), "http://unused.invalid")
	f.config.RequestsPerSecond = perSecond
	f.use(f.config)
	return f
}

// granted is how many of so many sessions that ask one after the other get a permit, which they keep.
func (f *fixture) granted(asking int) int {
	granted := 0
	for i := range asking {
		if permit, _ := f.ask(theIssuer, strconv.Itoa(i), true); permit != nil {
			granted++
		}
	}
	return granted
}

// pause is how long a session must wait, and 0 if it may call; the leave to call is given back.
func (f *fixture) pause() time.Duration {
	f.t.Helper()
	defer f.scheduler.Leave(f.clock.Now(), broker.WaiterOf(sessionOf("looks")))
	permit, problem := f.ask(theIssuer, "looks", true)
	if problem != nil {
		return problem.RetryAfter
	}
	permit.Cancel()
	return 0
}

func TestPermitSaysWhatItWaitsFor(t *testing.T) {
	serial := "arn:aws:iam::123456789012:mfa/demo"
	for sentence, c := range map[string]struct {
		prepare func(*fixture)
		request sts.Request
		want    sts.Problem
	}{
		"the budget": {
			func(f *fixture) {
				f.config.RequestsPerSecond = 1
				f.use(f.config)
				f.permit()
				f.permit()
			},
			theRequest,
			sts.Problem{
				Reason: v1alpha1.ReasonBudgetExhausted, RetryAfter: time.Second, Quiet: true,
				Message: "the requestsPerSecond of SessionIssuer aws are spent; the session waits for its turn",
			},
		},
		"calls under way": {
			func(f *fixture) {
				for range 4 {
					f.permit()
				}
			},
			theRequest,
			sts.Problem{
				Reason: v1alpha1.ReasonBudgetExhausted, RetryAfter: time.Second, Quiet: true,
				Message: "too many calls through SessionIssuer aws, or issuers like it, are under way; the session waits for its turn",
			},
		},
		"a code": {
			func(f *fixture) {
				f.config.MFASerialNumber = serial
				f.use(f.config)
			},
			guarded,
			sts.Problem{
				Reason: v1alpha1.ReasonWaitingForMFACode, RetryAfter: 30*time.Second - 400*time.Millisecond, Quiet: true,
				Message: "AWS takes each code of MFA device " + serial + " once, so its calls are 30 seconds apart; the session waits for its turn",
			},
		},
		"writes": {
			func(f *fixture) {
				for range 3 {
					f.scheduler.Written(f.clock.Now(), false)
				}
			},
			theRequest,
			sts.Problem{
				Reason: v1alpha1.ReasonSecretWriteFailed, RetryAfter: 5 * time.Second, Quiet: true,
				Message: "the Kubernetes API does not accept Secrets at present: see the API server, etcd and admission webhooks; " +
					"nothing is asked of STS meanwhile",
			},
		},
		"an issuer that is not registered": {
			func(f *fixture) { f.Forget(theIssuer) },
			theRequest,
			sts.Problem{Reason: v1alpha1.ReasonIssuerNotReady, RetryAfter: time.Second, Quiet: true, Message: "SessionIssuer aws is being loaded"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := unused(t, 50)
			c.prepare(f)

			permit, problem := f.Permit(broker.IssueRequest{Issuer: theIssuer, Session: sessionOf("waits"), Request: c.request})

			g.Expect(permit).To(BeNil())
			g.Expect(*problem).To(Equal(c.want))
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "to wait is no trouble")
		})
	}
}

func TestPermitRepeatsTrouble(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(unavailable)
	failed := f.refused()

	_, problem := f.ask(theIssuer, "another", true)

	g.Expect(*problem).To(Equal(sts.Problem{Reason: failed.Reason, Message: failed.Message, RetryAfter: 2 * time.Second}))
	g.Expect(f.Trouble(theIssuer)).To(Equal(failed))
	f.advance(2 * time.Second)
	_, problem = f.ask(theIssuer, "another", true)
	g.Expect(problem).To(BeNil(), "it may try")
}

func TestIssueProblemOfRequestIsNoTrouble(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "AccessDenied"})

	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonAccessDenied))

	g.Expect(f.Trouble(theIssuer)).To(BeNil())
	g.Expect(f.pause()).To(BeZero(), "STS serves the issuer's other sessions")
}

// Ten thousand sessions that fail make one call a pause, not ten thousand.
func TestPermitDuringOutage(t *testing.T) {
	g := NewWithT(t)
	const sessions = 10_000
	var calls atomic.Int32
	f := startAnswering(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})

	asked, due := 0, make([]time.Time, sessions)
	for elapsed := time.Duration(0); elapsed < 5*time.Minute; elapsed += time.Second {
		now := f.clock.Now()
		f.scheduler.Next(now)
		for i := range due {
			if due[i].After(now) {
				continue
			}
			asked++
			permit, problem := f.ask(theIssuer, strconv.Itoa(i), true)
			if problem == nil {
				_, problem = permit.Issue(t.Context(), noProof)
				g.Expect(problem.RetryAfter).To(BeZero(), "a try that failed is left to the back-off")
				problem.RetryAfter = 5 * time.Second
			}
			due[i] = now.Add(problem.RetryAfter)
		}
		f.advance(time.Second)
	}

	// Pauses of 2, 4 and 8 seconds, and then of 10 each.
	g.Expect(calls.Load()).To(BeNumerically("<=", 33))
	g.Expect(asked).To(BeNumerically("<", 3*sessions), "nor do they ask all the time")
}

// used swallows the panic of a call, as a work queue does.
func used(f *fixture, permit *broker.Permit) {
	defer func() { _ = recover() }()
	_, _ = permit.Issue(f.t.Context(), noProof)
}

// room is how many more calls through the issuers of theIssuer's namespace may begin.
func (f *fixture) room() int {
	var permits []*broker.Permit
	for len(permits) < 10 {
		permit, problem := f.ask(neighbour, "looks", true)
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

func TestPermitEnds(t *testing.T) {
	granting := func(r *http.Request) (*http.Response, error) { return answering(r, responseXML(aResult())) }
	for sentence, c := range map[string]struct {
		sts  roundTrip
		ends func(*fixture, *broker.Permit)
	}{
		"a call that succeeds":      {granting, used},
		"a call that fails":         {brokenConnection, used},
		"a call that panics":        {panics, used},
		"a permit that is not used": {panics, func(_ *fixture, p *broker.Permit) { p.Cancel() }},
		"a permit that is given back twice": {panics, func(_ *fixture, p *broker.Permit) {
			p.Cancel()
			p.Cancel()
		}},
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
			f := atNameless(t, withTransport(c.sts))
			f.Register(neighbour, f.config, theIdentity)
			var permits []*broker.Permit
			for range 4 {
				permits = append(permits, f.permit())
			}
			g.Expect(f.room()).To(BeZero())

			for i, permit := range permits {
				c.ends(f, permit)
				g.Expect(f.room()).To(Equal(i + 1))
			}
		})
	}
}

// A probe that never comes back would stop its issuer for ever.
func TestIssuePanics(t *testing.T) {
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

// Whether STS knows the issuer's key is of no concern to who presents a token, and shows nothing of the key.
func TestTroubleOfUnsignedRequests(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithRoles(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Operation: federation, Code: "InvalidClientTokenId", Status: 403})
	underWay := f.permitFor(broker.IssueRequest{Request: requests()[webIdentity]})
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonKeyRefused))

	_, problem := underWay.Issue(t.Context(), aProof())
	g.Expect(problem).To(BeNil())
	g.Expect(f.Trouble(theIssuer)).To(HaveField("Reason", v1alpha1.ReasonKeyRefused), "the key is as it was")

	_, problem = f.Permit(broker.IssueRequest{Issuer: theIssuer, Session: sessionOf("another"), Request: requests()[webIdentity]})
	g.Expect(problem).To(BeNil())
}

func TestIdentifyWaitsForCallsUnderWay(t *testing.T) {
	g := NewWithT(t)
	f := startAnswering(t, answers(200, "text/xml", identityXML(anIdentity())))
	var permits []*broker.Permit
	for range 4 {
		permits = append(permits, f.permit())
	}

	identity, problem := f.identify(t.Context())
	g.Expect(identity).To(BeZero())
	g.Expect(problem.AwaitsTurn()).To(BeTrue())
	g.Expect(f.observed).To(BeEmpty(), "nothing was called")

	permits[0].Cancel()
	woken, _ := f.scheduler.Next(f.clock.Now())
	g.Expect(woken).To(ConsistOf(scheduler.Waiter{Kind: string(theIssuer.Kind), Namespace: theIssuer.Namespace, Name: theIssuer.Name}))
	_, problem = f.identify(t.Context())
	g.Expect(problem).To(BeNil())
}
