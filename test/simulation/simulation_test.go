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

// Package simulation runs the operator for simulated weeks, with faults drawn from a seed. See docs/simulation.md.
package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	// warmUp is how long a run goes on before the first fault.
	warmUp = time.Hour
	// calm is how long it goes on after the last.
	calm = 15 * time.Minute
)

// config of a run. The same one gives the same run.
type config struct {
	seed           uint64
	days, sessions int
	// hours besides the days.
	hours int
	// faults that happen, by name; nil for all.
	faults []string
	// hostiles are there from the beginning to the end; 0 for none but those of the fault.
	hostiles int
	// sabotage the run just before it begins; nil for tests of the operator.
	sabotage func(*simulation)
	// progress is told how far the run has come; nil for nobody.
	progress *atomic.Int64
}

// length of a run, but for the calm at its end.
func (c config) length() time.Duration { return time.Duration(24*c.days+c.hours) * time.Hour }

// simulation is a run.
type simulation struct {
	config config
	loop   *loop
	random *rand.Rand
	clock  *nodeClock
	store  *store
	fake   *stsfake.Server
	// lastCall is what the fake has just answered.
	lastCall stsfake.Call

	leader *process
	awake  []*controller

	issuers      []*issuerState
	issuersByKey map[objectKey]*issuerState
	subjects     map[types.NamespacedName]*subject
	order        []*subject
	mints        map[string]*mint

	episodes []*episode // all of the run
	active   []*episode
	begins   time.Time
	ends     time.Time // when faults end

	// brokenWatches counts the faults that break the watches of each kind.
	brokenWatches [kinds]int
	mendedAt      time.Time // when watches were last mended
	clockMovedAt  time.Time
	throttled     struct {
		second time.Time
		calls  int
	}

	trace      *trace
	stats      stats
	violations []violation
	broken     map[string]int // violations by invariant
	failures   map[*issuerState]*hourOfFailures
}

// nodeClock is the clock of the operator's node. It jumps as a real one does: what it shows does, by whole seconds, and the
// monotonic part of its times, by which two of them are compared, does not.
type nodeClock struct {
	started time.Time
	offset  time.Duration
}

// Now implements clock.PassiveClock. Times of a bubble have no monotonic part, and package time offers no way to make one:
// the first word of a time holds a flag for it, 33 bits of seconds since 1885 and 30 of nanoseconds, the second word the part.
func (c *nodeClock) Now() time.Time {
	shown := time.Now().Add(c.offset)
	now := shown
	words := (*[2]uint64)(unsafe.Pointer(&now))
	words[0] = 1<<63 | uint64(shown.Unix()-since1885)<<30 | uint64(shown.Nanosecond())
	words[1] = uint64(time.Since(c.started)) + 1
	return now
}

// since1885 is when the seconds of times with a monotonic part begin, by those of Unix.
var since1885 = time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// Since implements clock.PassiveClock.
func (c *nodeClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// newSimulation prepares a run; it must be called in the bubble of synctest in which it runs.
func newSimulation(c config) *simulation {
	s := &simulation{
		config: c, random: rand.New(rand.NewPCG(c.seed, 1)), clock: &nodeClock{started: time.Now()},
		store: &store{objects: map[objectKey]client.Object{}}, subjects: map[types.NamespacedName]*subject{}, mints: map[string]*mint{},
		issuersByKey: map[objectKey]*issuerState{},
		trace:        newTrace(), broken: map[string]int{}, failures: map[*issuerState]*hourOfFailures{}, begins: time.Now(),
	}
	s.loop = &loop{parked: make(chan struct{}), after: s.afterEvent}
	s.fake = stsfake.NewServer(time.Now, stsfake.World{Accounts: []stsfake.Account{{ID: account}}},
		// The SDK signs by the time of the bubble, as if the node's clock were right. So the other clock is shifted instead.
		stsfake.WithWireClock(func() time.Time { return time.Now().Add(-s.clock.offset) }),
		stsfake.WithObserver(func(call stsfake.Call) { s.lastCall = call }))
	s.ends = s.begins.Add(c.length())
	s.stats.faults = map[string]int{}
	return s
}

// run the whole of it.
func (s *simulation) run() {
	s.populate()
	s.drawFaults()
	for i := range s.config.hostiles {
		s.addHostile(fmt.Sprintf("hostile-%02d", i))
	}
	s.boot()
	if s.config.sabotage != nil {
		s.config.sabotage(s)
	}
	s.loop.run(s.ends.Add(calm))
	s.checkConvergence()
	s.shutDown()
}

// boot starts the next process, which becomes the leader.
func (s *simulation) boot() {
	if s.isActive("api-down") {
		s.loop.in(5*time.Second, s.boot)
		return
	}
	s.record(sessions, types.NamespacedName{}, "process starts", "")
	s.leader = newProcess(s)
	s.afterEvent()
}

// hasDied is told of the death of a process. If it was the leader, another follows.
func (s *simulation) hasDied(p *process) {
	if p != s.leader || s.isOver() {
		return
	}
	s.leader = nil
	wait := s.between(3*time.Second, 30*time.Second)
	s.episodes = append(s.episodes, &episode{fault: downtime, from: time.Now(), to: time.Now().Add(wait)})
	s.loop.in(wait, s.boot)
}

func (s *simulation) isOver() bool { return !time.Now().Before(s.ends.Add(calm)) }

// afterEvent lets idle workers take what has become ready, and asks the scheduler whose turn it is.
func (s *simulation) afterEvent() {
	for _, c := range s.store.watchers {
		if !c.process.paused {
			c.process.turns()
		}
	}
	for len(s.awake) > 0 {
		next := s.awake[0]
		s.awake = s.awake[1:]
		next.dispatch()
	}
}

// shutDown ends all tasks, so that no goroutine is left.
func (s *simulation) shutDown() {
	for _, p := range s.living() {
		p.die()
	}
	s.loop.run(time.Now().Add(time.Second))
	s.loop.end()
}

// living are the processes that have not died.
func (s *simulation) living() []*process {
	var living []*process
	for _, c := range s.store.watchers {
		living = append(living, c.process)
	}
	return living
}

// between draws a duration.
func (s *simulation) between(shortest, longest time.Duration) time.Duration {
	return shortest + time.Duration(s.random.Int64N(int64(longest-shortest)+1))
}

// hits draws whether something of a probability happens.
func (s *simulation) hits(probability float64) bool { return s.random.Float64() < probability }

// wants says whether a fault happens in this run.
func (s *simulation) wants(name string) bool {
	return s.config.faults == nil || slices.Contains(s.config.faults, name)
}
