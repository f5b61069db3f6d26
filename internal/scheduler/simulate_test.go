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
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// E1: a service that fails a share of its calls must still serve everybody.
func TestSimulateShareOfCallsFails(t *testing.T) {
	const sessions = 10_000
	simulate := func(share float64, isGated, wasServed bool) (lost, calls int) {
		w := newWorld(uint64(share * 1000))
		w.population(sessions, time.Hour)
		if wasServed {
			served, _ := w.scheduler.Ask(w.now, sessionOf("a", "served lately"))
			w.scheduler.Done(w.now, served, quick, nil)
		}
		w.answer = func(*simulated) (time.Duration, *sts.Problem) {
			if w.random.Float64() < share {
				return quick, unavailable
			}
			return quick, nil
		}
		w.isGated = isGated
		w.run(noon.Add(time.Hour))
		return w.lost(), w.calls
	}
	for _, share := range []float64{0.1, 0.5, 0.7, 0.9} {
		t.Run(fmt.Sprintf("%.0f %%", 100*share), func(t *testing.T) {
			t.Parallel()
			lost, calls := simulate(share, true, true)
			t.Logf("%.0f %% of calls fail: %d of %d sessions lost, %d calls", 100*share, lost, sessions, calls)

			NewWithT(t).Expect(lost).To(BeZero())
		})
	}
	t.Run("90 %, without a gate", func(t *testing.T) {
		t.Parallel()
		lost, calls := simulate(0.9, false, true)
		t.Logf("without a gate %d of %d sessions lost, %d calls", lost, sessions, calls)

		NewWithT(t).Expect(lost).To(BeZero(), "it is the earliest expiration first that saves them")
	})
	t.Run("80 %, after a restart that knows of no success", func(t *testing.T) {
		t.Parallel()
		lost, calls := simulate(0.8, true, false)
		t.Logf("after a restart %d of %d sessions lost, %d calls", lost, sessions, calls)

		NewWithT(t).Expect(lost).To(BeZero())
	})
	t.Run("100 %", func(t *testing.T) {
		t.Parallel()
		_, calls := simulate(1, true, true)
		t.Logf("all calls fail: %d calls in an hour", calls)

		NewWithT(t).Expect(calls).To(BeNumerically("<=", 3600), "one call a second")
	})
}

// E5: when STS serves an issuer again, everybody is served at once, whose credentials ended first before the others.
func TestSimulateOutageEnds(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const sessions, lifetime = 2000, 15 * time.Minute
	w := newWorld(5)
	w.population(sessions, lifetime)
	w.run(noon.Add(time.Hour)) // it was served
	outage, back := w.now, w.now.Add(20*time.Minute)
	var order []time.Time
	w.answer = func(s *simulated) (time.Duration, *sts.Problem) {
		if w.now.Before(back) {
			return quick, unavailable
		}
		order = append(order, s.claim.Expiration)
		return quick, nil
	}
	calls := w.calls
	w.run(back)
	g.Expect(w.lost()).To(Equal(sessions))
	g.Expect(w.calls - calls).To(BeNumerically("<=", int(back.Sub(outage).Seconds())))

	w.run(back.Add(10*time.Second + sessions/50*time.Second + 2*time.Second))

	last := 0
	for _, s := range w.inOrder {
		if s.expiration.Before(w.now) {
			last++
		}
	}
	g.Expect(last).To(BeZero(), "all are served after the longest pause, at the issuer's rate")
	late := 0
	for i := 60; i < len(order)-60; i++ {
		if order[i].After(order[i+60]) {
			late++
		}
	}
	g.Expect(late).To(BeNumerically("<", sessions/20), "nearly in order, and fair between namespaces")
}

// T1: four namespaces, each with 120 issuers whose endpoints hang.
func TestSimulateHangingEndpoints(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w := newWorld(7)
	hangs := map[string]bool{}
	for tenant := range 4 {
		namespace := fmt.Sprintf("hostile-%d", tenant)
		hangs[namespace] = true
		for i := range 120 {
			w.add(with(numbered(namespace, i), through(issuerOf(namespace, fmt.Sprint("issuer-", i))), ownEndpoint), time.Hour, time.Time{})
		}
	}
	busy, most := 0, 0
	w.answer = func(s *simulated) (time.Duration, *sts.Problem) {
		if hangs[s.claim.Waiter.Namespace] {
			busy++
			most = max(most, busy)
			w.plan(w.now.Add(10*time.Second), func() { busy-- })
			return 10 * time.Second, unavailable
		}
		return quick, nil
	}
	w.run(noon.Add(10 * time.Minute))
	rotates := w.add(sessionOf("bystander", "rotates"), 15*time.Minute, w.now)
	var begin []*simulated
	var own []*simulated
	for i := range 50 {
		begin = append(begin, w.add(numbered("bystander", i), time.Hour, time.Time{}))
		own = append(own, w.add(with(numbered("minio", i), through(issuerOf("minio", "own")), ownEndpoint), 15*time.Minute, time.Time{}))
	}

	w.run(w.now.Add(40 * time.Minute))

	g.Expect(most).To(BeNumerically("<=", 4), "they hold a quarter of the workers")
	g.Expect(rotates.delay).To(BeNumerically("<", time.Second))
	for _, s := range begin {
		g.Expect(s.delay).To(BeNumerically("<", time.Second))
	}
	worst := time.Duration(0)
	for _, s := range own {
		g.Expect(s.lost).To(BeZero())
		worst = max(worst, s.delay)
	}
	t.Logf("a bystander with an endpoint of its own waits %s at most", worst)
	g.Expect(worst).To(BeNumerically("<", 15*time.Second), "until one of the calls that hang has ended")
}

// T4: sessions of one namespace that are permitted and then find that they may not write.
func TestSimulatePermitsThatLeadToNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	w := newWorld(9)
	for i := range 100 {
		w.wastes(numbered("hostile", i))
	}
	w.population(500, time.Hour)

	w.run(noon.Add(40 * time.Minute))

	for _, s := range w.inOrder {
		g.Expect(s.delay).To(BeNumerically("<", 5*time.Second))
	}
}

// wastes a turn each second.
func (w *world) wastes(claim scheduler.Claim) {
	w.plan(w.now.Add(time.Second), func() {
		if turn, _ := w.scheduler.Ask(w.now, claim); turn != nil {
			w.scheduler.Withdraw(w.now, turn, false)
		}
		w.wastes(claim)
	})
}
