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
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// unused is a broker that is asked for permits only, with theIssuer at so many requests a second.
func unused(t *testing.T, perSecond int) *fixture {
	t.Helper()
	f := startAt(t, testingclock.NewFakePassiveClock(noon), "http://unused.invalid")
	f.config.RequestsPerSecond = perSecond
	f.use(f.config)
	return f
}

// granted is how many of so many sessions that ask one after the other get a permit. They give it back, which leaves the
// request spent.
func (f *fixture) granted(asking int, urgent bool) int {
	granted := 0
	for i := range asking {
		if permit, _ := f.ask(theIssuer, sequential(i), urgent); permit != nil {
			permit.Cancel()
			granted++
		}
	}
	return granted
}

func sequential(i int) types.UID { return types.UID(fmt.Sprintf("uid-%d", i)) }

func TestBudgetBurst(t *testing.T) {
	for _, c := range []struct{ perSecond, urgent, rotations int }{
		{1, 2, 1},
		{2, 2, 1},
		{3, 3, 2},
		{4, 4, 3},
		{50, 50, 37},
		{600, 600, 450},
	} {
		t.Run(fmt.Sprintf("%d a second", c.perSecond), func(t *testing.T) {
			g := NewWithT(t)

			g.Expect(unused(t, c.perSecond).granted(1000, true)).To(Equal(c.urgent), "urgent ones get the whole burst")
			g.Expect(unused(t, c.perSecond).granted(1000, false)).To(Equal(c.rotations), "rotations leave a quarter of it")
		})
	}
}

func TestBudgetReservesQuarterForUrgent(t *testing.T) {
	g := NewWithT(t)
	f := unused(t, 40)

	g.Expect(f.granted(100, false)).To(Equal(30))
	g.Expect(f.granted(100, true)).To(Equal(10))
	f.advance(250 * time.Millisecond)
	g.Expect(f.granted(100, false)).To(BeZero(), "what is refilled goes to the reserve first")
	g.Expect(f.granted(100, true)).To(Equal(10))
	f.advance(time.Hour)
	g.Expect(f.granted(100, true)).To(Equal(40), "no more than a second's worth is ever saved up")
}

func TestPermitBudgetExhausted(t *testing.T) {
	g := NewWithT(t)
	f := unused(t, 1)
	g.Expect(f.granted(2, true)).To(Equal(2))

	permit, problem := f.ask(theIssuer, "uid", true)

	g.Expect(permit).To(BeNil())
	g.Expect(*problem).To(Equal(sts.Problem{
		Reason:     v1alpha1.ReasonBudgetExhausted,
		Message:    "the requestsPerSecond of SessionIssuer aws are spent; the session waits for its turn",
		RetryAfter: time.Second,
		Quiet:      true,
	}))
	g.Expect(f.Trouble(theIssuer)).To(BeNil())
}

// Each refused session gets a turn of its own, so that they do not all come back at once.
func TestBudgetTurnsAreSpread(t *testing.T) {
	g := NewWithT(t)
	f := unused(t, 10)
	g.Expect(f.granted(10, true)).To(Equal(10))

	perSecond := map[int]int{}
	for i := range 100 {
		_, problem := f.ask(theIssuer, sequential(i), true)
		g.Expect(problem.RetryAfter).To(BeNumerically(">=", 100*time.Millisecond), "no sooner than a request is refilled")
		perSecond[int((problem.RetryAfter-1).Seconds())]++
	}

	g.Expect(perSecond).To(HaveLen(10))
	for second, sessions := range perSecond {
		g.Expect(sessions).To(BeNumerically("~", 10, 1), "second %d", second)
	}
}

// However many rotations wait, a session that has nothing to work with is not lined up behind them; nor they behind it.
func TestBudgetUrgentTurns(t *testing.T) {
	for sentence, urgent := range map[string]bool{"urgent ones after rotations": true, "rotations after urgent ones": false} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := unused(t, 10)
			g.Expect(f.granted(10, true)).To(Equal(10))
			g.Expect(f.granted(100, !urgent)).To(BeZero(), "but all have turns now")

			_, others := f.ask(theIssuer, "uid", !urgent)
			_, first := f.ask(theIssuer, "uid", urgent)
			_, second := f.ask(theIssuer, "uid", urgent)
			_, third := f.ask(theIssuer, "uid", urgent)

			g.Expect(others.RetryAfter).To(Equal(10 * time.Second))
			g.Expect(first.RetryAfter).To(Equal(100 * time.Millisecond))
			g.Expect(second.RetryAfter).To(Equal(100 * time.Millisecond))
			g.Expect(third.RetryAfter).To(Equal(200*time.Millisecond), "they are spread among themselves")
		})
	}
}

func TestBudgetLongestTurn(t *testing.T) {
	for sentence, c := range map[string]struct {
		perSecond int
		urgent    bool
	}{
		"rotations at one a second": {1, false},
		"rotations at two a second": {2, false},
		"urgent at one a second":    {1, true},
		"urgent at two a second":    {2, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := unused(t, c.perSecond)
			g.Expect(f.granted(2, c.urgent)).NotTo(BeZero())
			for i := range 10_000 {
				if _, problem := f.ask(theIssuer, sequential(i), c.urgent); problem != nil {
					g.Expect(problem.RetryAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", 5*time.Minute)))
				}
			}
			f.advance(5 * time.Minute)
			g.Expect(f.granted(1, c.urgent)).To(Equal(1))
			f.advance(10 * time.Minute)
			g.Expect(f.granted(10, true)).To(Equal(2))
			_, problem := f.ask(theIssuer, "uid", c.urgent)
			g.Expect(problem.RetryAfter).To(BeNumerically("<=", 10*time.Second), "expired turns delay no session")
		})
	}
}

// Sessions that keep their turns are all served, at the issuer's rate and without starving, even at one a second.
func TestBudgetServesEverySession(t *testing.T) {
	for _, c := range []struct{ perSecond, sessions int }{{1, 60}, {2, 120}, {5, 200}, {50, 600}} {
		t.Run(fmt.Sprintf("%d rotations at %d a second", c.sessions, c.perSecond), func(t *testing.T) {
			g := NewWithT(t)
			f := unused(t, c.perSecond)
			due := make([]time.Time, c.sessions)
			for i := range due {
				due[i] = noon
			}
			served, tick := 0, time.Second/time.Duration(c.perSecond)
			for elapsed := time.Duration(0); served < c.sessions; elapsed += tick {
				g.Expect(elapsed).To(BeNumerically("<", 4*time.Duration(c.sessions)*tick), "%d of %d are served", served, c.sessions)
				for i := range due {
					if due[i].IsZero() || due[i].After(f.clock.Now()) {
						continue
					}
					permit, problem := f.ask(theIssuer, sequential(i), false)
					if permit != nil {
						permit.Cancel()
						served, due[i] = served+1, time.Time{}
						continue
					}
					due[i] = f.clock.Now().Add(problem.RetryAfter)
				}
				f.advance(tick)
			}
		})
	}
}

func TestBudgetPerIssuer(t *testing.T) {
	g := NewWithT(t)
	f := unused(t, 1)
	other := broker.ID{Kind: v1alpha1.SessionIssuerKind, Namespace: "team-b", Name: theIssuer.Name}
	f.Register(other, f.config, theIdentity)
	g.Expect(f.granted(10, true)).To(Equal(2))

	_, problem := f.ask(theIssuer, "uid", true)
	g.Expect(problem).NotTo(BeNil())
	_, problem = f.ask(other, "uid", true)
	g.Expect(problem).To(BeNil())
}
