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
	"testing"
	"time"
)

// planned is a fault and how bad it is.
type planned struct {
	name    string
	share   float64
	latency time.Duration
	variant int
	team    string
	lasts   time.Duration
}

// TestEpisodes runs one long episode of each fault that a drawn run seldom has at its worst, with many sessions.
func TestEpisodes(t *testing.T) {
	for _, p := range []planned{
		{name: "api-conflicts", share: 0.8},
		{name: "api-loses-answers", share: 0.5},
		{name: "api-loses-answers", share: 0.8},
		{name: "api-refuses-writes", variant: byPolicy, team: "team-003"},
		{name: "sts-fails-a-share", share: 0.5},
		{name: "sts-fails-a-share", share: 0.8},
		{name: "sts-fails-a-share", share: 0.9},
		{name: "sts-slow", latency: 9 * time.Second},
		{name: "sts-throttles", share: 0.1},
		{name: "watch-broken", variant: 1 << sessions, lasts: 40 * time.Minute},
		{name: "watch-broken", variant: 1 << secrets, lasts: 40 * time.Minute},
	} {
		t.Run(fmt.Sprintf("%s_%v", p.name, max(p.share, float64(p.variant))), func(t *testing.T) {
			t.Parallel()
			number := min(fromEnvironment("SESSIONS", 40), 1000)
			s := simulate(t, config{
				seed: uint64(max(fromEnvironment("SEED", 1), 1)), hours: 4, sessions: number, faults: []string{}, sabotage: p.plan,
			})
			t.Log(s.summary())
			if len(s.violations) > 0 {
				t.Errorf("%s  replay: make simulate SEED=%d SESSIONS=%d ARGS='-run %s'", s.report(), s.config.seed, number, t.Name())
			}
		})
	}
}

// plan the one episode of a run.
func (p planned) plan(s *simulation) {
	for _, f := range allFaults(s.config.sessions) {
		if f.name != p.name {
			continue
		}
		if p.lasts == 0 {
			p.lasts = 2 * time.Hour
		}
		begins := s.begins.Add(warmUp)
		s.plan(&episode{
			fault: f, from: begins, to: begins.Add(p.lasts), share: p.share, latency: p.latency, variant: p.variant, team: p.team,
		})
		return
	}
	panic("there is no fault " + p.name)
}
