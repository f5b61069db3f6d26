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

import "time"

// group is the lanes that share something, and who has had how much of it: the lanes of one issuer share its requests, those
// of all issuers with an endpoint of their own share the calls that may be under way.
type group struct {
	lanes   map[*lane]struct{} // in which somebody waits
	waiting int
	// had is what each namespace has had, floor the least that any counts: who had nothing for long gains no lead.
	had   map[string]float64
	floor float64
}

func newGroup() *group { return &group{lanes: map[*lane]struct{}{}, had: map[string]float64{}} }

const (
	// urgentWithin of its deadline a claim is urgent. Its namespace may go before others that have had up to headStart requests
	// less, and no more: what is urgent is said by the tenants themselves.
	urgentWithin = 5 * time.Minute
	headStart    = 10
)

// rank of a claim's namespace: who has had least goes first.
func (g *group) rank(e *entry, now time.Time) float64 {
	rank := max(g.had[e.claim.Waiter.Namespace], g.floor)
	if !e.lane.issuer.limits.OwnEndpoint && e.deadline.Sub(now) < urgentWithin {
		rank -= headStart
	}
	return rank
}

// first is the claim that goes first, of the lanes that are free; nil if there is none.
func (g *group) first(now time.Time, isFree func(*lane) bool) *entry {
	var first *entry
	var best float64
	floor := -1.0
	for l := range g.lanes {
		if !isFree(l) {
			continue
		}
		for namespace, q := range l.queues {
			e := (*q)[0]
			if had := max(g.had[namespace], g.floor); floor < 0 || had < floor {
				floor = had
			}
			rank := g.rank(e, now)
			if first == nil || rank < best || rank == best && e.isBefore(first) {
				first, best = e, rank
			}
		}
	}
	g.floor = max(g.floor, floor)
	return first
}

// charge a namespace for what it has.
func (g *group) charge(namespace string, cost float64) {
	g.had[namespace] = max(g.had[namespace], g.floor) + cost
	for other, had := range g.had {
		if had <= g.floor {
			delete(g.had, other)
		}
	}
}

// cost of a call: one request of the issuer's or, where calls under way are what is shared, the seconds that it takes.
func (i *issuer) cost(took time.Duration) float64 {
	if !i.limits.OwnEndpoint {
		return 1
	}
	return took.Seconds()
}
