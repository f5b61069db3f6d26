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

package simulation

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// fault is something that goes wrong, in episodes.
type fault struct {
	name string
	// perDay is how many episodes a day has on average; they last from shortest to longest, evenly by the logarithm.
	perDay            float64
	shortest, longest time.Duration
	// draw what is particular to an episode; nil for nothing.
	draw func(*simulation, *episode)
	// begin and end an episode; nil for nothing.
	begin, end func(*simulation, *episode)
	// call of STS that happens during an episode; nil for no effect.
	call func(*simulation, *episode, *stsCall)
	// request to the API server that happens during an episode; nil for no effect.
	request func(*simulation, *episode, verb, objectKey) (isLost bool, err error)
	// serves is the share of a session's tries that succeed during an episode as far as the fault is concerned; nil for all.
	serves func(*episode, *subject) float64
	// settles is for how long after an episode no try needs to succeed.
	settles time.Duration
}

// episode is one time that a fault happens.
type episode struct {
	*fault
	from, to time.Time
	// What particular faults draw.
	region  string // empty for everywhere
	share   float64
	latency time.Duration
	variant int
	issuer  *issuerState
	subject *subject
	team    string
}

// downtime is when no process runs, or none goes on.
var downtime = &fault{name: "downtime", serves: never}

func never(*episode, *subject) float64 { return 0 }

// allFaults are those of every run.
func allFaults(sessions int) []*fault {
	return slices.Concat(stsFaults(), apiFaults(), processFaults(), issuerFaults(), userFaults(sessions))
}

// drawFaults plans all episodes of the run. They end before it does.
func (s *simulation) drawFaults() {
	random := s.random
	for _, f := range allFaults(s.config.sessions) {
		if !s.wants(f.name) {
			continue
		}
		for at := s.begins.Add(warmUp); ; {
			at = at.Add(time.Duration(random.ExpFloat64() / f.perDay * float64(24*time.Hour)))
			length := f.shortest
			if f.longest > f.shortest {
				length = time.Duration(float64(f.shortest) * math.Pow(float64(f.longest)/float64(f.shortest), random.Float64()))
			}
			if at.Add(length + f.settles).After(s.ends) {
				break
			}
			e := &episode{fault: f, from: at, to: at.Add(length)}
			if f.draw != nil {
				f.draw(s, e)
			}
			s.plan(e)
		}
	}
	slices.SortStableFunc(s.episodes, func(a, b *episode) int { return a.from.Compare(b.from) })
}

// plan an episode.
func (s *simulation) plan(e *episode) {
	s.episodes = append(s.episodes, e)
	s.loop.at(e.from, func() {
		s.active = append(s.active, e)
		s.stats.faults[e.name]++
		if e.to.After(e.from) {
			s.record(sessions, types.NamespacedName{}, "begins: "+e.name, e.about())
		} else {
			s.record(sessions, types.NamespacedName{}, e.name, e.about())
		}
		if e.subject != nil {
			s.record(sessions, e.subject.key, e.name, "")
		}
		if e.begin != nil {
			e.begin(s, e)
		}
	})
	s.loop.at(e.to, func() {
		s.active = slices.DeleteFunc(s.active, func(other *episode) bool { return other == e })
		if e.to.After(e.from) {
			s.record(sessions, types.NamespacedName{}, "ends: "+e.name, e.about())
		}
		if e.end != nil {
			e.end(s, e)
		}
	})
}

// about says whom an episode concerns.
func (e *episode) about() string {
	switch {
	case e.subject != nil:
		return e.subject.key.String()
	case e.issuer != nil:
		return e.issuer.key.String()
	}
	return fmt.Sprintf("%s %.1f %s %d", cmp.Or(e.region, e.team, "everywhere"), e.share, e.latency.Round(time.Millisecond), e.variant)
}

// concerns says whether calls of a session go where the fault is.
func (e *episode) concerns(sub *subject) bool { return e.region == "" || e.region == sub.issuer.region }

// isActive says whether a fault happens just now.
func (s *simulation) isActive(name string) bool {
	return slices.ContainsFunc(s.active, func(e *episode) bool { return e.name == name })
}
