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
	"slices"
	"time"
)

// enter a claim into its lane. One that is asked again keeps its deadline.
func (s *Scheduler) enter(now time.Time, l *lane, claim Claim) {
	e := s.waiting[claim.Waiter]
	deadline := claim.deadline(now)
	if e != nil {
		deadline = earlier(deadline, e.deadline)
		l.remove(e)
	}
	e = &entry{claim: claim, deadline: deadline, lane: l}
	s.waiting[claim.Waiter] = e
	l.add(e)
}

// leave whatever the waiter waits for or was given, but in one lane.
func (s *Scheduler) leave(now time.Time, waiter Waiter, but *lane) {
	if e := s.waiting[waiter]; e != nil && e.lane != but {
		e.lane.remove(e)
		delete(s.waiting, waiter)
	}
	if turn := s.given[waiter]; turn != nil {
		s.withdraw(now, turn, false)
	}
}

// obstacle is what keeps a lane from calling; nil if nothing does.
func (s *Scheduler) obstacle(now time.Time, l *lane) *Wait {
	if l.call != Verification {
		if o := cmp.Or(l.gate().obstacle(now), s.writes.obstacle(now)); o != nil {
			return o
		}
	}
	if s.isCrowded(l.issuer) {
		return &Wait{Obstacle: CallsUnderWay}
	}
	if l.call == Verification {
		return nil
	}
	if l.call == SignedWithCode {
		if o := l.issuer.device.obstacle(now); o != nil {
			return o
		}
	}
	return l.issuer.budget.obstacle(now)
}

// isCrowded says whether as many calls are under way as may be.
func (s *Scheduler) isCrowded(i *issuer) bool {
	if i.turns >= s.perIssuer {
		return true
	}
	if s.isFull(i.group) || i.limits.OwnEndpoint && s.own[i.id.Namespace] >= s.ownPerNamespace {
		return true
	}
	return i.id.Namespace != "" && s.calls[i.id.Namespace] >= callsPerNamespace
}

// isFull says whether no lane of a group may call, whatever else.
func (s *Scheduler) isFull(g *group) bool { return g == s.tenants && s.allOwn >= s.ownEndpoints }

// give the turns of a group that can be given.
func (s *Scheduler) give(now time.Time, g *group) {
	if s.isFull(g) { // looked at first, since tenants may have any number of issuers
		return
	}
	isFree := func(l *lane) bool { return s.obstacle(now, l) == nil }
	for e := g.first(now, isFree); e != nil; e = g.first(now, isFree) {
		e.lane.remove(e)
		delete(s.waiting, e.claim.Waiter)
		g.charge(e.claim.Waiter.Namespace, e.lane.issuer.cost(e.lane.issuer.took))
		turn := &Turn{claim: e.claim, lane: e.lane, givenAt: now, expected: e.lane.issuer.took}
		s.begin(now, turn)
		s.given[e.claim.Waiter] = turn
		s.woken = append(s.woken, e.claim.Waiter)
	}
}

// begin takes what a turn needs.
func (s *Scheduler) begin(now time.Time, turn *Turn) {
	i := turn.lane.issuer
	s.count(i, 1)
	if turn.claim.Call == Verification {
		return
	}
	turn.isProbe = turn.lane.gate().enter()
	s.writes.enter(now, turn)
	i.budget.spend()
	if turn.claim.Call == SignedWithCode {
		turn.usedBefore, turn.window = i.device.used, now.Truncate(codeWindow)
		i.device.used = turn.window
	}
}

// take a turn that was given. The code of a window that has passed meanwhile is exchanged for the present one, if it is free.
func (s *Scheduler) take(turn *Turn, now time.Time) bool {
	if !turn.window.IsZero() && !turn.window.Equal(now.Truncate(codeWindow)) {
		if turn.lane.issuer.device.obstacle(now) != nil {
			return false
		}
		turn.window = now.Truncate(codeWindow)
		turn.lane.issuer.device.used = turn.window
	}
	delete(s.given, turn.claim.Waiter)
	s.woken = slices.DeleteFunc(s.woken, func(w Waiter) bool { return w == turn.claim.Waiter })
	return true
}

// withdraw a turn and give back what it took.
func (s *Scheduler) withdraw(now time.Time, turn *Turn, isCodeUsed bool) {
	if turn.isEnded {
		return
	}
	s.writes.leave(now, turn, false)
	if turn.claim.Call != Verification {
		turn.lane.gate().leave(turn.isProbe)
		turn.lane.issuer.budget.refund()
	}
	if d := turn.lane.issuer.device; !turn.window.IsZero() && !isCodeUsed && d.used.Equal(turn.window) {
		d.used = turn.usedBefore
	}
	s.end(turn)
}

// end a turn.
func (s *Scheduler) end(turn *Turn) {
	turn.isEnded = true
	s.count(turn.lane.issuer, -1)
	if s.given[turn.claim.Waiter] == turn {
		delete(s.given, turn.claim.Waiter)
	}
}

// count a turn through an issuer.
func (s *Scheduler) count(i *issuer, change int) {
	i.turns += change
	add := func(counts map[string]int) {
		if counts[i.id.Namespace] += change; counts[i.id.Namespace] == 0 {
			delete(counts, i.id.Namespace)
		}
	}
	add(s.calls)
	if i.limits.OwnEndpoint {
		add(s.own)
		s.allOwn += change
	}
}
