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

package broker_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// Ten thousand sessions that fail make one call a pause, not ten thousand.
func TestPermitDuringOutage(t *testing.T) {
	g := NewWithT(t)
	const sessions = 10_000
	var calls atomic.Int32
	f := startAnswering(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})

	asked, due := 0, make([]time.Time, sessions)
	for elapsed := time.Duration(0); elapsed < 5*time.Minute; elapsed += time.Second {
		now := f.clock.Now()
		for i := range due {
			if due[i].After(now) {
				continue
			}
			asked++
			permit, problem := f.ask(theIssuer, sequential(i), true)
			if problem == nil {
				_, problem = permit.Issue(t.Context(), noProof)
				g.Expect(problem.RetryAfter).To(BeZero(), "a try that failed is left to the back-off")
				problem.RetryAfter = 5 * time.Second
			}
			due[i] = now.Add(problem.RetryAfter)
		}
		f.advance(time.Second)
	}

	// The pauses of 2, 4, 8, 16 and 32 seconds and then of a minute end at 2, 6, 14, 30, 62, 122, 182 and 242 seconds.
	g.Expect(calls.Load()).To(BeEquivalentTo(9))
	g.Expect(asked).To(BeNumerically("<", 20*sessions), "nor do they ask all the time")
}

func TestPermitCancelTwice(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	permit, problem := f.ask(theIssuer, "uid", true)
	g.Expect(problem).To(BeNil())
	permit.Cancel()
	permit.Cancel()
	for range 4 {
		_, problem = f.ask(theIssuer, "uid", true)
		g.Expect(problem).To(BeNil())
	}
	_, problem = f.ask(theIssuer, "uid", true)
	g.Expect(problem).To(HaveField("Reason", v1alpha1.ReasonBudgetExhausted))
}
