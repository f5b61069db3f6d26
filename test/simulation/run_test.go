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
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// simulate runs one simulation in a bubble of its own.
func simulate(t *testing.T, c config) *simulation {
	t.Helper()
	debug.SetGCPercent(400) // memory is not what runs out
	var s *simulation
	synctest.Test(t, func(*testing.T) {
		s = newSimulation(c)
		s.run()
	})
	return s
}

// fromEnvironment is a number that the environment may set.
func fromEnvironment(name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("%s=%s is no number", name, text))
	}
	return number
}

// campaign is several runs, and what they came to.
type campaign struct {
	began time.Time
	mutex sync.Mutex
	runs  map[uint64]*atomic.Int64 // under way
	total stats
	done  int
}

// TestSimulation runs SEEDS seeds (2) of DAYS days (2) with SESSIONS sessions (20), or the one seed SEED; only with
// FAULTS, names with commas between, if that is set.
func TestSimulation(t *testing.T) {
	days, number := fromEnvironment("DAYS", 2), fromEnvironment("SESSIONS", 20)
	var only []string
	if names := os.Getenv("FAULTS"); names != "" {
		only = strings.Split(names, ",")
	}
	runCampaign(t, config{days: days, sessions: number, faults: only})
}

// TestHostileTenants runs as many seeds with nothing but hostile tenants, for HOURS hours (1).
func TestHostileTenants(t *testing.T) {
	runCampaign(t, config{hours: fromEnvironment("HOURS", 1), sessions: fromEnvironment("SESSIONS", 20), hostiles: 24, faults: []string{}})
}

func runCampaign(t *testing.T, c config) {
	t.Helper()
	first, seeds := 1, fromEnvironment("SEEDS", 2)
	if seed := fromEnvironment("SEED", 0); seed != 0 {
		first, seeds = seed, 1
	}
	all := &campaign{began: time.Now(), runs: map[uint64]*atomic.Int64{}, total: stats{faults: map[string]int{}}}
	if testing.Verbose() {
		stop := all.printProgress(t.Name(), seeds, c.length())
		t.Cleanup(func() {
			stop()
			t.Log(all.summary())
		})
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			run := c
			run.seed = uint64(seed)
			s := all.run(t, run)
			if len(s.violations) > 0 {
				t.Errorf("%s  replay: make simulate SEED=%d DAYS=%d SESSIONS=%d FAULTS=%s ARGS='-run %s'",
					s.report(), seed, c.days, c.sessions, strings.Join(c.faults, ","), strings.Split(t.Name(), "/")[0])
			}
		})
	}
}

func (c *campaign) run(t *testing.T, run config) *simulation {
	t.Helper()
	run.progress = &atomic.Int64{}
	c.mutex.Lock()
	c.runs[run.seed] = run.progress
	c.mutex.Unlock()
	began := time.Now()
	s := simulate(t, run)
	took := time.Since(began)
	t.Logf("seed %d: %s; %s, %.3f ms a rotation", run.seed, s.summary(), took.Round(time.Millisecond), took.Seconds()*1000/float64(max(s.stats.rotations, 1)))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.runs, run.seed)
	c.done++
	c.total.add(s.stats)
	return s
}

// printProgress every few seconds, until the result is called.
func (c *campaign) printProgress(name string, seeds int, length time.Duration) (stop func()) {
	stopped := make(chan struct{})
	go func() {
		for {
			select {
			case <-stopped:
				return
			case <-time.After(5 * time.Second):
			}
			c.mutex.Lock()
			var running []string
			for seed, at := range c.runs {
				running = append(running, fmt.Sprintf("seed %d has come to %.0f %%", seed, 100*float64(at.Load())/float64(length)))
			}
			done := c.done
			c.mutex.Unlock()
			slices.Sort(running)
			fmt.Fprintf(os.Stderr, "%s: %s: %d of %d seeds are done; %s\n",
				time.Since(c.began).Round(time.Second), name, done, seeds, strings.Join(running, ", "))
		}
	}()
	return func() { close(stopped) }
}

// summary of all runs.
func (c *campaign) summary() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d seeds in %s: %d STS calls, %d failed; %d rotations; %d credentials expired, %d of them while no promise held; "+
		"a rotation was published %s after it was due (half), %s (99.9 %%), %s (at most; %s of those that no fault disturbed)\nfaults:",
		c.done, time.Since(c.began).Round(time.Second), c.total.calls, c.total.failed, c.total.rotations, c.total.expired, c.total.excused,
		c.total.percentile(50), c.total.percentile(99.9), c.total.maxDelay.Round(time.Millisecond), c.total.undisturbedDelay.Round(time.Millisecond))
	var names []string
	for name := range c.total.faults {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&text, " %s %d", name, c.total.faults[name])
	}
	return text.String()
}

// add the numbers of another run.
func (s *stats) add(other stats) {
	s.calls += other.calls
	s.failed += other.failed
	s.rotations += other.rotations
	s.expired += other.expired
	s.excused += other.excused
	s.maxDelay, s.undisturbedDelay = max(s.maxDelay, other.maxDelay), max(s.undisturbedDelay, other.undisturbedDelay)
	s.delays = append(s.delays, other.delays...)
	for name, number := range other.faults {
		s.faults[name] += number
	}
}
