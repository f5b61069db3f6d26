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
	"strconv"
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

var progress atomic.Int64

// TestSimulation runs SEEDS seeds (3) of DAYS days (3) and SESSIONS sessions (60), or the one seed SEED.
func TestSimulation(t *testing.T) {
	first, seeds := 1, fromEnvironment("SEEDS", 3)
	if seed := fromEnvironment("SEED", 0); seed != 0 {
		first, seeds = seed, 1
	}
	days, number := fromEnvironment("DAYS", 3), fromEnvironment("SESSIONS", 60)
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			s := simulate(t, config{seed: uint64(seed), days: days, sessions: number})
			took := time.Since(began)
			t.Logf("seed %d: %s; %s, %.3f ms a rotation", seed, s.summary(), took.Round(time.Millisecond), took.Seconds()*1000/float64(max(s.stats.rotations, 1)))
			if len(s.violations) > 0 {
				t.Errorf("%s  replay: make simulate SEED=%d DAYS=%d SESSIONS=%d", s.report(), seed, days, number)
			}
		})
	}
}
