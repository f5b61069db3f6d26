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

package broker

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The simulation: ten thousand sessions of an hour, and an hour in which STS fails a share of the calls.
const (
	simulatedSessions = 10_000
	simulatedHour     = time.Hour
)

// simulated is a session of the simulation.
type simulated struct {
	uid        types.UID
	expiration time.Time
	failures   int32
	isLost     bool // it was without credentials for a while
}

// event is when a session is looked at.
type event struct {
	at time.Time
	of *simulated
}

// queue of events, the earliest first.
type queue []event

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// simulate counts the sessions that lost their credentials, and the calls, while STS fails a share of them.
func simulate(share float64, withBreaker bool) (lost, calls int) {
	random := rand.New(rand.NewPCG(1, uint64(share*1000)))
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	breaker, budget := &breaker{served: start}, newBudget(50)
	unavailable := sts.Problemf(v1alpha1.ReasonUnavailable, "STS answered HTTP 503")
	var events queue
	for i := range simulatedSessions {
		s := &simulated{uid: types.UID(fmt.Sprint("session-", i))}
		issuedAt := start.Add(-time.Duration(random.Float64() * float64(simulatedHour) / 2))
		s.expiration = issuedAt.Add(simulatedHour)
		heap.Push(&events, event{session.RotateAt(issuedAt, simulatedHour, 0, s.uid), s})
	}
	for len(events) > 0 {
		e := heap.Pop(&events).(event)
		now, s := e.at, e.of
		if now.Sub(start) > simulatedHour {
			break
		}
		isExpired := !now.Before(s.expiration)
		s.isLost = s.isLost || isExpired
		again := func(after time.Duration) {
			at := now.Add(after)
			if !isExpired && at.After(s.expiration) {
				at = s.expiration
			}
			heap.Push(&events, event{at, s})
		}
		probe := false
		if withBreaker {
			var problem *sts.Problem
			var wait time.Duration
			if probe, problem, wait = breaker.ask(now); problem != nil {
				again(session.Stagger(wait, s.uid))
				continue
			}
		}
		if wait := budget.take(now, isExpired); wait > 0 {
			breaker.withdraw(probe)
			again(wait)
			continue
		}
		calls++
		if random.Float64() < share {
			breaker.report(now, 5*time.Millisecond, probe, unavailable)
			s.failures++
			again(session.Backoff(sts.Retry, s.failures, s.expiration.Sub(now), s.uid))
			continue
		}
		breaker.report(now, 5*time.Millisecond, probe, nil)
		s.failures, s.expiration = 0, now.Add(simulatedHour)
		heap.Push(&events, event{session.RotateAt(now, simulatedHour, 0, s.uid), s})
	}
	for _, e := range events {
		if e.of.isLost {
			lost++
		}
	}
	return lost, calls
}

// A service that fails half of its calls, or nine in ten, must still serve everybody: the breaker must not make an outage of it.
func TestBreakerWhileAShareOfCallsFails(t *testing.T) {
	for _, share := range []float64{0.1, 0.5, 0.7, 0.9} {
		t.Run(fmt.Sprintf("%.0f %%", 100*share), func(t *testing.T) {
			lost, calls := simulate(share, true)
			lostWithout, callsWithout := simulate(share, false)
			t.Logf("%.0f %% of calls fail: %d of %d sessions lost (without a breaker %d), %d calls (%d)",
				100*share, lost, simulatedSessions, lostWithout, calls, callsWithout)

			NewWithT(t).Expect(lost).To(BeNumerically("<=", lostWithout+simulatedSessions/100))
		})
	}
	t.Run("100 %", func(t *testing.T) {
		_, calls := simulate(1, true)
		t.Logf("all calls fail: %d calls in an hour", calls)

		NewWithT(t).Expect(calls).To(BeNumerically("<=", 3600+toleratedFailures), "about one call a second, after the first")
	})
}
