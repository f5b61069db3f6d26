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

package scheduler

import (
	"cmp"
	"sync"
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	// callsPerNamespace is how many calls through the issuers of one namespace may be under way. Cluster-scoped issuers are an
	// administrator's.
	callsPerNamespace = 4
	// takeWithin is how long a turn waits for whoever it was given to.
	takeWithin = 10 * time.Second
	// askAgain is when to ask again after what only an event removes, if nobody has told before.
	askAgain = time.Second
	// longestWait bounds the time until the next question; asksPerSecond spreads the questions of those who wait
	// together.
	longestWait   = 5 * time.Minute
	asksPerSecond = 10
)

// Scheduler gives turns. It is safe for concurrent use.
type Scheduler struct {
	// most turns: through one issuer, through all issuers with an endpoint of their own, and of those in one namespace.
	perIssuer, ownEndpoints, ownPerNamespace int

	changed chan struct{}

	mutex   sync.Mutex
	issuers map[IssuerID]*issuer
	devices map[deviceID]*device
	writes  writes
	tenants *group // the lanes of issuers with an endpoint of their own
	waiting map[Waiter]*entry
	given   map[Waiter]*Turn // and not taken yet
	calls   map[string]int   // turns through issuers of a namespace
	own     map[string]int   // of those, through endpoints of their own
	allOwn  int
	woken   []Waiter
}

// New is a scheduler for so many workers. An issuer may hold three quarters of them; all issuers that name an endpoint of their
// own hold a quarter together, those of one namespace half of that.
func New(workers int) *Scheduler {
	own := max(workers/4, 1)
	return &Scheduler{
		perIssuer: max(workers*3/4, 1), ownEndpoints: own, ownPerNamespace: max(own/2, 1),
		issuers: map[IssuerID]*issuer{}, devices: map[deviceID]*device{}, tenants: newGroup(),
		changed: make(chan struct{}, 1), waiting: map[Waiter]*entry{}, given: map[Waiter]*Turn{}, calls: map[string]int{}, own: map[string]int{},
	}
}

// Ask for a turn: it is given, or the claim waits in its lane, in the place of any earlier one of the waiter.
func (s *Scheduler) Ask(now time.Time, claim Claim) (*Turn, *Wait) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	l := s.lane(now, claim)
	if turn := s.given[claim.Waiter]; turn != nil && turn.lane == l && s.take(turn, now) {
		return turn, nil
	}
	s.leave(now, claim.Waiter, l)
	s.enter(now, l, claim)
	s.give(now, l.issuer.group)
	if turn := s.given[claim.Waiter]; turn != nil && s.take(turn, now) {
		return turn, nil
	}
	s.change()
	return nil, s.wait(now, l)
}

// Done ends a turn with what its call came to: the problem, if it concerns the issuer.
func (s *Scheduler) Done(now time.Time, turn *Turn, took time.Duration, problem *sts.Problem) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if turn.isEnded {
		return
	}
	i := turn.lane.issuer
	i.group.charge(turn.claim.Waiter.Namespace, i.cost(took)-i.cost(turn.expected))
	i.took = took
	if turn.claim.Call != Verification {
		turn.lane.gate().report(now, took, turn.isProbe, problem)
		turn.isProbe = false // another one may begin before this turn is given back
	}
	s.writes.leave(now, turn, problem == nil)
	s.end(turn)
	s.give(now, i.group)
	s.change()
}

// Withdraw a turn that led to no call: what it took is given back, but for a code that may have been presented.
func (s *Scheduler) Withdraw(now time.Time, turn *Turn, isCodeUsed bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.withdraw(now, turn, isCodeUsed)
	s.give(now, turn.lane.issuer.group)
	s.change()
}

// Leave says that the waiter has nothing to ask for any more.
func (s *Scheduler) Leave(now time.Time, waiter Waiter) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.leave(now, waiter, nil)
}

// Register an issuer anew: its budget is full and no call has failed. The MFA device that it names has had no code used but,
// maybe, that of the present window: an earlier life of the operator may have used it.
func (s *Scheduler) Register(now time.Time, id IssuerID, limits Limits) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.register(now, id, limits)
	s.change()
}

// Forget an issuer. Who waited for it is told to look again; its calls under way still count.
func (s *Scheduler) Forget(now time.Time, id IssuerID) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if i := s.issuers[id]; i != nil {
		s.forget(now, i)
		s.change()
	}
}

// Trouble is what keeps STS from serving an issuer at present, or nil.
func (s *Scheduler) Trouble(id IssuerID) *sts.Problem {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	i := s.issuers[id]
	if i == nil {
		return nil
	}
	return cmp.Or(i.signed.problem, i.unsigned.problem)
}

// Written says what came of writing a Secret; a failure must be one that concerns everybody's.
func (s *Scheduler) Written(now time.Time, accepted bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.writes.report(now, accepted)
	s.change()
}

// Changed receives after something has happened that may have brought somebody's turn: see Next.
func (s *Scheduler) Changed() <-chan struct{} { return s.changed }

func (s *Scheduler) change() {
	select {
	case s.changed <- struct{}{}:
	default: // nobody has looked since the last time
	}
}

// Next is whose turn has come since it was asked last, and when to ask again; zero if only an event can bring the next turn.
func (s *Scheduler) Next(now time.Time) (woken []Waiter, at time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, turn := range s.given {
		if now.Sub(turn.givenAt).Abs() >= takeWithin {
			s.withdraw(now, turn, false)
		}
	}
	for _, g := range s.groups() {
		s.give(now, g)
	}
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for _, turn := range s.given {
		sooner(turn.givenAt.Add(takeWithin))
	}
	for _, g := range s.groups() {
		if s.isFull(g) {
			continue
		}
		for l := range g.lanes {
			if o := s.obstacle(now, l); o != nil && !o.until.IsZero() {
				sooner(o.until)
			}
		}
	}
	woken, s.woken = s.woken, nil
	return woken, at
}

// wait is what to tell a claim that has to wait. The more wait, the later it asks again: it will be told before.
func (s *Scheduler) wait(now time.Time, l *lane) *Wait {
	wait := s.obstacle(now, l)
	wait.After = askAgain
	if !wait.until.IsZero() {
		wait.After = wait.until.Sub(now)
	}
	wait.After = min(wait.After+time.Duration(l.issuer.group.waiting-1)*time.Second/asksPerSecond, longestWait)
	return wait
}
