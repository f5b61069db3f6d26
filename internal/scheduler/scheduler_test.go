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

package scheduler_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
)

func TestAskWithinNamespaceGoesByDeadline(t *testing.T) {
	f := start(t)
	f.spend(perSecond(1))
	claims := f.queue(
		with(sessionOf("a", "failed before"), perSecond(1), hasFailed),
		with(sessionOf("a", "an hour left"), perSecond(1), until(noon.Add(time.Hour))),
		with(sessionOf("a", "two minutes left"), perSecond(1), until(noon.Add(2*time.Minute))),
		with(sessionOf("a", "never had any"), perSecond(1)),
		with(sessionOf("a", "half an hour left"), perSecond(1), until(noon.Add(30*time.Minute))),
		with(sessionOf("a", "expired"), perSecond(1), until(noon.Add(-time.Minute))),
	)

	f.Expect(f.served(6, claims)).To(Equal([]string{
		"a/expired", "a/never had any", "a/two minutes left", "a/half an hour left", "a/an hour left", "a/failed before",
	}))
}

// One who asks again, since something else has woken it, keeps its place.
func TestAskAgainKeepsDeadline(t *testing.T) {
	f := start(t)
	f.spend(perSecond(1))
	first, second := with(sessionOf("a", "first"), perSecond(1)), with(sessionOf("a", "second"), perSecond(1))
	f.waits(first)
	f.now = f.now.Add(time.Millisecond)
	f.waits(second)
	f.now = f.now.Add(time.Millisecond)
	f.waits(first)

	f.advance(time.Second)
	f.Expect(f.woken()).To(Equal([]string{"a/first"}))
}

// A tenant with thousands of sessions, all of them urgent by its own account, delays others by a few calls only.
func TestFairBetweenNamespaces(t *testing.T) {
	for sentence, change := range map[string]func(*scheduler.Claim){
		"rotations":                until(noon.Add(time.Hour)),
		"sessions without any":     func(*scheduler.Claim) {},
		"sessions that have ended": until(noon.Add(-time.Hour)),
	} {
		t.Run(sentence, func(t *testing.T) {
			f := start(t)
			f.spend()
			claims := map[string]scheduler.Claim{}
			for i := range 2000 {
				maps.Copy(claims, f.queue(with(numbered("crowd", i), change)))
			}
			maps.Copy(claims, f.queue(
				with(sessionOf("bystander", "rotates"), until(noon.Add(30*time.Minute))),
				with(sessionOf("bystander", "begins"), until(time.Time{})),
			))

			order := f.served(2002, claims)

			f.Expect(order).To(HaveLen(2002), "everybody is served")
			f.Expect(slices.Index(order, "bystander/begins")).To(BeNumerically("<=", 12))
			f.Expect(slices.Index(order, "bystander/rotates")).To(BeNumerically("<=", 24))
		})
	}
}

// Namespaces that always ask share an issuer equally, however many sessions each has.
func TestFairSharesAreEqual(t *testing.T) {
	f := start(t)
	f.spend()
	claims := map[string]scheduler.Claim{}
	for namespace, sessions := range map[string]int{"large": 3000, "middle": 600, "small": 400} {
		for i := range sessions {
			maps.Copy(claims, f.queue(with(numbered(namespace, i), until(noon.Add(time.Hour)))))
		}
	}

	count := map[string]int{}
	for _, name := range f.served(1200, claims) {
		namespace, _, _ := strings.Cut(name, "/")
		count[namespace]++
	}

	f.Expect(count).To(Equal(map[string]int{"large": 400, "middle": 400, "small": 400}))
}

// Who has had nothing for long has saved up nothing.
func TestFairIdleNamespaceGainsNoLead(t *testing.T) {
	f := start(t)
	f.spend()
	claims := map[string]scheduler.Claim{}
	for i := range 1000 {
		maps.Copy(claims, f.queue(with(numbered("steady", i), until(noon.Add(time.Hour)))))
	}
	f.Expect(f.served(500, claims)).To(HaveLen(500))
	for i := range 500 {
		maps.Copy(claims, f.queue(with(numbered("late", i), until(noon.Add(time.Hour)))))
	}

	late := 0
	for _, name := range f.served(100, claims) {
		if strings.HasPrefix(name, "late/") {
			late++
		}
	}
	f.Expect(late).To(BeNumerically("~", 50, 1))
}

// T4: permits that lead to no call spend nothing.
func TestWithdrawGivesBackTheBudget(t *testing.T) {
	f := start(t)
	for i := range 10_000 {
		f.Withdraw(f.now, f.turn(numbered("a", i)), false)
	}

	f.makes(sessionOf("b", "calls"), nil)
}

func TestBudget(t *testing.T) {
	for _, c := range []struct{ perSecond, burst int }{{1, 2}, {2, 2}, {3, 3}, {12, 12}} {
		t.Run(fmt.Sprintf("%d a second", c.perSecond), func(t *testing.T) {
			f := start(t)
			claim := with(sessionOf("a", "s"), perSecond(c.perSecond))
			count := func() (n int) {
				for {
					turn, wait := f.Ask(f.now, claim)
					if wait != nil {
						f.Expect(wait.Obstacle).To(Equal(scheduler.BudgetSpent))
						f.Expect(wait.After).To(BeNumerically("~", time.Second/time.Duration(c.perSecond), time.Microsecond))
						return n
					}
					f.Done(f.now, turn, quick, nil)
					n++
				}
			}

			f.Expect(count()).To(Equal(c.burst))
			f.Leave(f.now, claim.Waiter)
			f.advance(time.Second)
			f.Expect(count()).To(Equal(c.perSecond))
			f.Leave(f.now, claim.Waiter)
			f.advance(time.Hour)
			f.Expect(count()).To(Equal(c.burst), "no more than a second's worth is ever saved up")
		})
	}
}

// However many wait, each is served at the issuer's rate, and nobody has to ask twice.
func TestNextServesEverybodyAtTheIssuersRate(t *testing.T) {
	f := start(t)
	f.spend()
	claims := map[string]scheduler.Claim{}
	for i := range 5000 {
		maps.Copy(claims, f.queue(with(numbered("a", i), until(noon.Add(time.Hour)))))
	}

	f.Expect(f.served(5000, claims)).To(HaveLen(5000))
	f.Expect(f.now.Sub(noon)).To(BeNumerically("~", 100*time.Second, time.Second), "at 50 a second")
}

func TestTurnThatNobodyTakesGoesToTheNext(t *testing.T) {
	f := start(t)
	own := func(name string) scheduler.Claim {
		return with(sessionOf("a", name), through(issuerOf("a", "own")), ownEndpoint)
	}
	first, second := f.turn(own("first")), f.turn(own("second"))
	f.queue(own("gone"), own("gone, too"))
	f.advance(time.Second)
	f.waits(own("next"))
	f.Done(f.now, first, quick, nil)
	f.Done(f.now, second, quick, nil)
	f.Expect(f.woken()).To(ConsistOf("a/gone", "a/gone, too"))
	_, at := f.Next(f.now)
	f.Expect(at).To(Equal(f.now.Add(10*time.Second)), "it is looked after")

	f.advance(10*time.Second - 1)
	f.Expect(f.woken()).To(BeEmpty())
	f.advance(1)
	f.Expect(f.woken()).To(Equal([]string{"a/next"}))
	f.turn(own("next"))
}

// An issuer that is given an endpoint of its own counts among those at once.
func TestAskWithOtherLimits(t *testing.T) {
	f := start(t)
	id := issuerOf("a", "edited")
	f.turn(with(sessionOf("a", "before"), through(id)))
	for i := range 2 {
		f.turn(with(numbered("a", i), through(id), ownEndpoint))
	}

	f.Expect(f.waits(with(sessionOf("a", "third"), through(id), ownEndpoint)).Obstacle).To(Equal(scheduler.CallsUnderWay))
}

// Where calls under way are what is shared, those count most that take longest, however new the issuer is.
func TestFairSharesOfTime(t *testing.T) {
	f := start(t)
	namespaces := []string{"slow", "slower", "slowest", "quick"}
	took := map[string]time.Duration{"slow": 8 * time.Second, "slower": 9 * time.Second, "slowest": 10 * time.Second, "quick": quick}
	own := func(namespace string, i int) scheduler.Claim {
		return with(numbered(namespace, i), through(issuerOf(namespace, fmt.Sprint("own-", i))), ownEndpoint, perSecond(600))
	}
	claims := map[string]scheduler.Claim{}
	held := []*scheduler.Turn{f.turn(own("x", 0)), f.turn(own("x", 1)), f.turn(own("y", 0)), f.turn(own("y", 1))}
	for i := range 500 {
		for _, namespace := range namespaces {
			maps.Copy(claims, f.queue(own(namespace, i)))
		}
	}
	for _, turn := range held {
		f.Done(f.now, turn, quick, nil)
	}

	count := map[string]int{}
	for range 100 { // of four turns each
		f.advance(100 * time.Millisecond)
		for _, name := range f.woken() {
			namespace, _, _ := strings.Cut(name, "/")
			count[namespace]++
			f.Done(f.now, f.turn(claims[name]), took[namespace], nil)
		}
	}
	f.Expect(count["quick"]).To(BeNumerically(">", 2*count["slow"]), "%v: it always has the half that one namespace may have", count)
}

func TestLeave(t *testing.T) {
	f := start(t)
	f.spend(perSecond(1))
	leaves, stays := with(sessionOf("a", "leaves"), perSecond(1)), with(sessionOf("a", "stays"), perSecond(1), until(noon.Add(time.Hour)))
	f.queue(leaves, stays)

	f.Leave(f.now, leaves.Waiter)
	f.Leave(f.now, leaves.Waiter)

	f.advance(time.Second)
	f.Expect(f.woken()).To(Equal([]string{"a/stays"}))
	f.Leave(f.now, stays.Waiter)
	f.turn(with(sessionOf("a", "another"), perSecond(1)))
}

func TestForgetWakesWhoWaits(t *testing.T) {
	f := start(t)
	underWay := f.turn(sessionOf("a", "calls"))
	f.spend()
	f.queue(sessionOf("a", "waits"))

	f.Forget(f.now, everybodys)
	f.Forget(f.now, everybodys)

	f.Expect(f.woken()).To(Equal([]string{"a/waits"}))
	f.Done(f.now, underWay, quick, unavailable)
	f.Expect(f.Trouble(everybodys)).To(BeNil(), "what a call through the former issuer came to says nothing of the new one")
	f.turn(sessionOf("a", "waits"))
}

// An object that asks through another issuer than before waits there only.
func TestAskThroughAnotherIssuer(t *testing.T) {
	f := start(t)
	f.spend()
	claim := sessionOf("a", "moves")
	f.waits(claim)

	f.turn(with(claim, through(issuerOf("a", "own"))))

	f.advance(time.Second)
	f.Expect(f.woken()).To(BeEmpty())
}

func TestAskIsSpread(t *testing.T) {
	f := start(t)
	f.makes(sessionOf("a", "fails"), unavailable)
	var last time.Duration
	for i := range 5000 {
		last = f.waits(numbered("a", i)).After
		f.Expect(last).To(BeNumerically("<=", 5*time.Minute))
	}

	f.Expect(last).To(Equal(5*time.Minute), "those who wait are woken: they need not ask all the time")
}

func TestWrites(t *testing.T) {
	f := start(t)
	written := func(accepted bool) { f.Written(f.now, accepted) }
	for range 2 {
		written(false)
	}
	f.makes(sessionOf("a", "calls"), nil)

	written(false)
	f.Expect(*f.waits(sessionOf("a", "waits"))).To(HaveField("Obstacle", scheduler.WritesFail))
	f.Expect(f.Trouble(everybodys)).To(BeNil())
	f.turn(with(sessionOf("a", "issuer"), call(scheduler.Verification)))

	f.advance(5 * time.Second)
	f.makes(sessionOf("a", "waits"), nil)
	f.Expect(f.waits(sessionOf("a", "another")).Obstacle).To(Equal(scheduler.WritesFail), "one at a time finds out")
	written(true)
	f.Expect(f.woken()).To(Equal([]string{"a/another"}))

	for range 3 {
		written(false)
	}
	f.advance(-time.Hour)
	f.Expect(f.waits(sessionOf("a", "waits")).After).To(BeNumerically("<=", 61*time.Second), "the clock was set back")
}

// A turn that should have found out whether writes succeed again, and came to none, makes room for another.
func TestWritesProbeThatComesToNone(t *testing.T) {
	for sentence, end := range map[string]func(*fixture, *scheduler.Turn){
		"STS fails":              func(f *fixture, turn *scheduler.Turn) { f.Done(f.now, turn, quick, unavailable) },
		"there is nothing to do": func(f *fixture, turn *scheduler.Turn) { f.Withdraw(f.now, turn, false) },
		"nobody comes for it": func(f *fixture, turn *scheduler.Turn) {
			f.Written(f.now, false)
			f.Done(f.now, turn, quick, nil)
			f.queue(sessionOf("a", "gone"))
			f.advance(time.Minute)
			f.Expect(f.woken()).To(Equal([]string{"a/gone"}))
			f.advance(10 * time.Second)
			f.Next(f.now)
		},
		"its write is not made": func(f *fixture, turn *scheduler.Turn) {
			f.Done(f.now, turn, quick, nil)
			f.advance(5 * time.Second)
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := start(t)
			for range 8 {
				f.Written(f.now, false)
			}
			f.advance(time.Minute)
			probe := with(sessionOf("b", "probes"), through(issuerOf("b", "own")))
			turn := f.turn(probe)
			f.Expect(turn.TriesWrites()).To(BeTrue())
			if sentence != "nobody comes for it" {
				f.Expect(f.waits(sessionOf("a", "next")).Obstacle).To(Equal(scheduler.WritesFail))
			}

			end(f, turn)

			f.Expect(f.turn(sessionOf("a", "next")).TriesWrites()).To(BeTrue())
			f.Written(f.now, false)
			f.Expect(f.waits(sessionOf("a", "another")).Obstacle).To(Equal(scheduler.WritesFail), "a write that fails is another matter")
		})
	}
}

func TestWaiterKinds(t *testing.T) {
	f := start(t)
	claim := with(sessionOf("a", "same"), call(scheduler.Verification))
	claim.Waiter.Kind = string(v1alpha1.SessionIssuerKind)

	f.turn(sessionOf("a", "same"))
	f.turn(claim)
}
