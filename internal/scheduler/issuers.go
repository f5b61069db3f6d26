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
	"container/heap"
	"maps"
	"slices"
	"time"
)

// issuer is what is kept of an issuer.
type issuer struct {
	id               IssuerID
	limits           Limits
	budget           budget
	signed, unsigned gate
	device           *device // nil without MFA
	lanes            [callKinds]*lane
	group            *group
	turns            int           // given and not ended
	took             time.Duration // the latest call
}

// lane is where the claims for one kind of call wait, by namespace.
type lane struct {
	issuer  *issuer
	call    Call
	queues  map[string]*queue
	waiting int
}

func (l *lane) gate() *gate {
	if l.call == Unsigned {
		return &l.issuer.unsigned
	}
	return &l.issuer.signed
}

func (l *lane) add(e *entry) {
	namespace := e.claim.Waiter.Namespace
	if l.queues[namespace] == nil {
		l.queues[namespace] = &queue{}
	}
	heap.Push(l.queues[namespace], e)
	l.issuer.group.waiting++
	if l.waiting++; l.waiting == 1 {
		l.issuer.group.lanes[l] = struct{}{}
	}
}

func (l *lane) remove(e *entry) {
	namespace := e.claim.Waiter.Namespace
	heap.Remove(l.queues[namespace], e.index)
	if l.queues[namespace].Len() == 0 {
		delete(l.queues, namespace)
	}
	l.issuer.group.waiting--
	if l.waiting--; l.waiting == 0 {
		delete(l.issuer.group.lanes, l)
	}
}

// groups in which somebody waits, always in the same order: they compete for the calls that a namespace may have under way.
func (s *Scheduler) groups() []*group {
	var waiting []*issuer
	for _, i := range s.issuers {
		if i.group != s.tenants && len(i.group.lanes) > 0 {
			waiting = append(waiting, i)
		}
	}
	slices.SortFunc(waiting, func(a, b *issuer) int {
		return cmp.Or(cmp.Compare(a.id.Kind, b.id.Kind), cmp.Compare(a.id.Namespace, b.id.Namespace), cmp.Compare(a.id.Name, b.id.Name))
	})
	groups := []*group{s.tenants}
	for _, i := range waiting {
		groups = append(groups, i.group)
	}
	return groups
}

// lane of a claim. An issuer that is seen for the first time, or whose limits have changed, begins anew.
func (s *Scheduler) lane(now time.Time, claim Claim) *lane {
	i := s.issuers[claim.Issuer]
	if i == nil || i.limits != claim.Limits {
		i = s.register(now, claim.Issuer, claim.Limits)
	}
	return i.lanes[claim.Call]
}

// firstCall is how long an issuer's first call is expected to take.
const firstCall = time.Second

func (s *Scheduler) register(now time.Time, id IssuerID, limits Limits) *issuer {
	if former := s.issuers[id]; former != nil {
		s.forget(now, former)
	}
	i := &issuer{id: id, limits: limits, budget: newBudget(limits.RequestsPerSecond, now), group: newGroup(), took: firstCall}
	if limits.OwnEndpoint {
		i.group = s.tenants
	}
	for call := range i.lanes {
		i.lanes[call] = &lane{issuer: i, call: Call(call), queues: map[string]*queue{}}
	}
	i.device = s.device(now, id.Namespace, limits.MFASerialNumber)
	s.issuers[id] = i
	s.sweepDevices()
	return i
}

// device of an issuer; issuers of a namespace share it by its serial number.
func (s *Scheduler) device(now time.Time, namespace, serialNumber string) *device {
	if serialNumber == "" {
		return nil
	}
	key := deviceID{namespace, serialNumber}
	if s.devices[key] == nil {
		s.devices[key] = &device{used: now.Truncate(codeWindow)}
	}
	return s.devices[key]
}

// sweepDevices drops the devices that no issuer has any more.
func (s *Scheduler) sweepDevices() {
	if len(s.devices) == 0 {
		return
	}
	held := map[*device]bool{}
	for _, i := range s.issuers {
		held[i.device] = true
	}
	maps.DeleteFunc(s.devices, func(_ deviceID, d *device) bool { return !held[d] })
}

// forget an issuer. Who waited for it is told to look again.
func (s *Scheduler) forget(now time.Time, i *issuer) {
	delete(s.issuers, i.id)
	for _, l := range i.lanes {
		for _, namespace := range slices.Sorted(maps.Keys(l.queues)) {
			for q := l.queues[namespace]; q.Len() > 0; {
				waiter := (*q)[0].claim.Waiter
				s.leave(now, waiter, nil)
				s.woken = append(s.woken, waiter)
			}
		}
	}
}
