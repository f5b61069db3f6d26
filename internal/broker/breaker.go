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
	"sync"
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	// firstPause after a failure of the issuer's, doubled with each further one up to longestPause.
	firstPause, longestPause = 2 * time.Second, time.Minute
)

// breaker stops the calls of an issuer that STS does not serve: after each failure there is a pause, after the pause one
// call may try, and the others wait for its result. So ten thousand failing sessions make one call, not ten thousand.
type breaker struct {
	mutex    sync.Mutex
	problem  *sts.Problem // nil while STS serves the issuer
	failures int
	until    time.Time
	probing  bool
}

// ask for leave to call. A problem is the one that STS does not serve the issuer for, with the time to ask again. Leave to
// probe must be followed by report or withdraw.
func (b *breaker) ask(now time.Time) (probe bool, problem *sts.Problem, wait time.Duration) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case b.problem == nil:
		return false, nil, 0
	case now.Before(b.until):
		return false, b.problem, b.until.Sub(now)
	case b.probing:
		return false, b.problem, firstPause
	}
	b.probing = true
	return true, nil, 0
}

// withdraw a leave that was not used; only a probe's makes room for another.
func (b *breaker) withdraw(probe bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.probing = b.probing && !probe
}

// report what became of a call: the problem, if it concerns the issuer. One of the request alone shows that STS serves it.
func (b *breaker) report(now time.Time, probe bool, problem *sts.Problem) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.probing = b.probing && !probe
	if problem == nil {
		b.problem, b.failures = nil, 0
		return
	}
	// Calls that were under way together fail together: only a probe's failure lengthens the pause.
	if b.problem == nil || probe {
		b.until = now.Add(min(firstPause<<min(b.failures, 10), longestPause))
		b.failures++
	}
	b.problem = problem
}

func (b *breaker) trouble() *sts.Problem {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.problem
}
