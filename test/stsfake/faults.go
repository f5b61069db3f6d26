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

package stsfake

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

// faults are the scenarios in force, safe for concurrent use.
type faults struct {
	mu      sync.Mutex
	active  []*activeScenario
	changed chan struct{} // closed when the scenarios are replaced; lets hanging calls go
}

// activeScenario is a scenario and what has happened since it was set.
type activeScenario struct {
	Scenario
	setAt   time.Time
	seen    int // calls that it could have applied to
	applied int

	tokens   float64 // of Throttle
	filledAt time.Time
}

func newFaults() *faults { return &faults{changed: make(chan struct{})} }

// SetScenarios replaces the scenarios in force; none of them remain if one of the new is wrong. Hanging calls are let go.
func (s *Server) SetScenarios(scenarios ...Scenario) error {
	if err := checkScenarios(scenarios); err != nil {
		return err
	}
	s.faults.set(scenarios, s.clock())
	return nil
}

// ClearScenarios ends every scenario.
func (s *Server) ClearScenarios() { s.faults.set(nil, s.clock()) }

// Scenarios are those in force.
func (s *Server) Scenarios() []Scenario {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	scenarios := make([]Scenario, len(s.faults.active))
	for i, active := range s.faults.active {
		scenarios[i] = active.Scenario
	}
	return scenarios
}

func (f *faults) set(scenarios []Scenario, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
	for _, scenario := range scenarios {
		f.active = append(f.active, &activeScenario{
			Scenario: scenario, setAt: now, filledAt: now, tokens: float64(max(scenario.Burst, 1)),
		})
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// skew is how far the server's clock is off.
func (f *faults) skew() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	var skew time.Duration
	for _, active := range f.active {
		if active.Kind == ClockSkew {
			skew += active.Duration
		}
	}
	return skew
}

// isTooYoung tells whether a long-term key has not yet become valid, as happens to keys just made in IAM.
func (f *faults) isTooYoung(key *credential, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !key.isTemporary() && slices.ContainsFunc(f.active, func(active *activeScenario) bool {
		since := active.setAt
		if key.addedAt.After(since) {
			since = key.addedAt
		}
		concerns := active.AccessKeyID == "" || active.AccessKeyID == key.accessKeyID
		return active.Kind == KeyDelay && concerns && now.Before(since.Add(active.Duration))
	})
}

// plan decides what becomes of one call.
func (f *faults) plan(operation, accessKeyID string, now time.Time) interference {
	f.mu.Lock()
	defer f.mu.Unlock()
	plan := interference{released: f.changed}
	for _, active := range f.active {
		if !active.selects(operation, accessKeyID) {
			continue
		}
		if plan.add(active, now); plan.isSettled() {
			break
		}
	}
	return plan
}

// selects tells whether the scenario applies to the call, and counts it.
func (a *activeScenario) selects(operation, accessKeyID string) bool {
	if a.Operation != "" && a.Operation != operation || a.AccessKeyID != "" && a.AccessKeyID != accessKeyID {
		return false
	}
	turn := a.seen
	a.seen++
	if a.OutOf > 0 && turn%a.OutOf >= a.Hits || a.Times > 0 && a.applied >= a.Times {
		return false
	}
	a.applied++
	return true
}

// overRate takes a token from the scenario's bucket and tells whether there was none.
func (a *activeScenario) overRate(now time.Time) bool {
	filled := a.tokens + max(now.Sub(a.filledAt).Seconds(), 0)*a.RequestsPerSecond
	a.tokens, a.filledAt = min(filled, float64(max(a.Burst, 1))), now
	if a.tokens < 1 {
		return true
	}
	a.tokens--
	return false
}

// fault is the error of an Error scenario.
func (a *activeScenario) fault() *fault.Fault {
	f := &fault.Fault{Status: a.Status, Code: a.Code, Message: a.Message}
	if f.Status == 0 {
		f.Status = usualStatus(a.Code)
	}
	if f.Message == "" {
		f.Message = "Asked for by a scenario."
	}
	return f
}

// usualStatus is the HTTP status STS sends with a code.
func usualStatus(code string) int {
	switch code {
	case "AccessDenied", "ExpiredToken", "IDPRejectedClaim", "InvalidClientTokenId", "MissingAuthenticationToken", "OptInRequired",
		"OutboundWebIdentityFederationDisabledException", "RegionDisabledException", "SessionDurationEscalationException",
		"SignatureDoesNotMatch":
		return http.StatusForbidden
	case "InternalFailure", "InternalError":
		return http.StatusInternalServerError
	case "ServiceUnavailable":
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}
