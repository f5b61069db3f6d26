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
	"slices"
	"strings"
	"time"
)

const (
	// leastShare of the calls that STS serves for the promise to hold.
	leastShare = 0.1
	// grace is how long all must have been well, in all, for the promise to hold: the operator looks again at what has
	// failed, reads keys again, and starts.
	grace = 2 * time.Minute
)

// promise says whether the credentials of a session had to be replaced between two times, and why. While faults are in
// force, only a share of the session's tries can succeed: what STS serves, times what the Kubernetes API accepts, and
// nothing while the operator is down or the issuer broken. The promise holds if that share, averaged over the time, was
// leastShare, and amounts to grace of undisturbed time. Times with less than leastShare count for nothing.
func (s *simulation) promise(sub *subject, from, to time.Time) (holds bool, opportunity time.Duration, met string) {
	concerned := s.concerned(sub, from, to)
	cuts := []time.Time{from, to}
	var names []string
	for _, e := range concerned {
		names = append(names, e.name)
		for _, cut := range []time.Time{e.from, e.to.Add(e.settles)} {
			if cut.After(from) && cut.Before(to) {
				cuts = append(cuts, cut)
			}
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	for i := range cuts[1:] {
		share, middle := 1.0, cuts[i].Add(cuts[i+1].Sub(cuts[i])/2)
		for _, e := range concerned {
			if e.covers(middle) {
				share *= e.serves(e, sub)
			}
		}
		if share >= leastShare-1e-9 {
			opportunity += time.Duration(share * float64(cuts[i+1].Sub(cuts[i])))
		}
	}
	slices.Sort(names)
	met = strings.Join(slices.Compact(names), ", ")
	return opportunity >= max(time.Duration(leastShare*float64(to.Sub(from))), grace), opportunity, met
}

// concerned are the episodes between two times that may keep a session's tries from succeeding.
func (s *simulation) concerned(sub *subject, from, to time.Time) []*episode {
	var found []*episode
	for _, e := range s.episodes {
		if e.serves != nil && e.from.Before(to) && e.to.Add(e.settles).After(from) && e.serves(e, sub) < 1 {
			found = append(found, e)
		}
	}
	return found
}

func (e *episode) covers(at time.Time) bool {
	return !at.Before(e.from) && at.Before(e.to.Add(e.settles))
}
