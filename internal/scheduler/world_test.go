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
	"time"

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
