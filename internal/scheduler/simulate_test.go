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
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// simulated is a session of the simulation: it falls due, asks, calls and is woken as the reconcilers do it.
type simulated struct {
	claim      scheduler.Claim
	uid        types.UID
	lifetime   time.Duration
	issuedAt   time.Time
	expiration time.Time
	due        time.Time
	lost       time.Duration // without credentials, in all
	delay      time.Duration // the longest between due and issued
	looks      int           // what was planned before a look is void
	isCalling  bool
}

// event is what happens at a time.
type event struct {
	at    time.Time
	order int
	do    func()
}

// events, the earliest first. It implements heap.Interface.
type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// world is the simulation.
type world struct {
	scheduler *scheduler.Scheduler
	now       time.Time
	random    *rand.Rand
	events    events
	planned   int
	sessions  map[scheduler.Waiter]*simulated
	inOrder   []*simulated
	wakeAt    time.Time
	calls     int
	isGated   bool // the scheduler is told of troubles
	// answer of STS to a call at present: how long it takes, and what keeps STS from serving the issuer.
	answer func(*simulated) (took time.Duration, trouble *sts.Problem)
}

func newWorld(seed uint64) *world {
	return &world{
		scheduler: scheduler.New(16), now: noon, random: rand.New(rand.NewPCG(1, seed)), sessions: map[scheduler.Waiter]*simulated{}, isGated: true,
		answer: func(*simulated) (time.Duration, *sts.Problem) { return quick, nil },
	}
}

func (w *world) plan(at time.Time, do func()) {
	w.planned++
	heap.Push(&w.events, event{at, w.planned, do})
}

// add a session that was issued some time ago, or never.
func (w *world) add(claim scheduler.Claim, lifetime time.Duration, issuedAt time.Time) *simulated {
	s := &simulated{claim: claim, uid: types.UID(claim.Waiter.Namespace + claim.Waiter.Name), lifetime: lifetime, due: w.now}
	w.sessions[claim.Waiter] = s
	w.inOrder = append(w.inOrder, s)
	if !issuedAt.IsZero() {
		s.issued(issuedAt)
	}
	w.look(s, s.due)
	return s
}

func (s *simulated) issued(at time.Time) {
	s.issuedAt, s.expiration = at, at.Add(s.lifetime)
	s.due = session.RotateAt(at, s.lifetime, 0, s.uid)
	s.claim.Expiration, s.claim.HasFailed = session.AdvertisedExpiration(at, s.expiration), false
}

// look at a session at a time, unless it is looked at before.
func (w *world) look(s *simulated, at time.Time) {
	s.looks++
	planned := s.looks
	w.plan(at, func() {
		if s.looks == planned {
			w.reconcile(s)
		}
	})
}

func (w *world) reconcile(s *simulated) {
	s.looks++
	if s.isCalling {
		return
	}
	if w.now.Before(s.due) {
		w.look(s, s.due)
		return
	}
	turn, wait := w.scheduler.Ask(w.now, s.claim)
	if wait != nil {
		w.look(s, w.now.Add(wait.After))
		return
	}
	w.calls++
	s.isCalling = true
	took, trouble := w.answer(s)
	w.plan(w.now.Add(took), func() {
		s.isCalling = false
		if w.isGated {
			w.scheduler.Done(w.now, turn, took, trouble)
		} else {
			w.scheduler.Done(w.now, turn, took, nil)
		}
		if trouble != nil {
			s.claim.HasFailed = true
			w.look(s, w.now.Add(session.Backoff(sts.Retry, 1, s.expiration.Sub(w.now), s.uid)))
			return
		}
		s.delay = max(s.delay, w.now.Sub(s.due))
		if !s.expiration.IsZero() {
			s.lost += max(w.now.Sub(s.expiration), 0)
		}
		s.issued(w.now)
		w.look(s, s.due)
	})
}

// run until a time.
func (w *world) run(end time.Time) {
	for {
		woken, at := w.scheduler.Next(w.now)
		for _, waiter := range woken {
			if s := w.sessions[waiter]; s != nil {
				w.reconcile(s)
			}
		}
		if !at.IsZero() && (w.wakeAt.Before(w.now) || w.wakeAt.Equal(w.now) || at.Before(w.wakeAt)) {
			w.wakeAt = at
			w.plan(at, func() {})
		}
		if len(woken) > 0 {
			continue
		}
		if w.events.Len() == 0 || w.events[0].at.After(end) {
			w.now = end
			return
		}
		e := heap.Pop(&w.events).(event)
		if e.at.After(w.now) {
			w.now = e.at
		}
		e.do()
	}
}

// lost counts the sessions that were without credentials, or are.
func (w *world) lost() (lost int) {
	for _, s := range w.inOrder {
		if s.lost > 0 || !s.expiration.IsZero() && w.now.After(s.expiration) {
			lost++
		}
	}
	return lost
}

// population of sessions of a lifetime, somewhere in the first half of it, in ten namespaces.
func (w *world) population(n int, lifetime time.Duration) {
	for i := range n {
		w.add(numbered(fmt.Sprintf("team-%d", i%10), i), lifetime, w.now.Add(-time.Duration(w.random.Float64()*float64(lifetime)/2)))
	}
}

// E1: a service that fails a share of its calls must still serve everybody.
func TestSimulateShareOfCallsFails(t *testing.T) {
	const sessions = 10_000
	simulate := func(share float64, isGated bool) (lost, calls int) {
		w := newWorld(uint64(share * 1000))
		w.population(sessions, time.Hour)
		served, _ := w.scheduler.Ask(w.now, sessionOf("a", "served lately"))
		w.scheduler.Done(w.now, served, quick, nil)
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
			lost, calls := simulate(share, true)
			t.Logf("%.0f %% of calls fail: %d of %d sessions lost, %d calls", 100*share, lost, sessions, calls)

			NewWithT(t).Expect(lost).To(BeZero())
		})
	}
	t.Run("90 %, without a gate", func(t *testing.T) {
		t.Parallel()
		lost, calls := simulate(0.9, false)
		t.Logf("without a gate %d of %d sessions lost, %d calls", lost, sessions, calls)

		NewWithT(t).Expect(lost).To(BeZero(), "it is the earliest expiration first that saves them")
	})
	t.Run("100 %", func(t *testing.T) {
		t.Parallel()
		_, calls := simulate(1, true)
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
