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
	// toleratedFailures in a row do not stop an issuer that was served recently: a service that fails a share of its calls must
	// still serve everybody. Where one call in ten succeeds, so many fail in a row once in 40,000 calls. shortPause is the
	// pause of such an issuer after them.
	toleratedFailures = 100
	recently          = 10 * time.Minute
	shortPause        = time.Second
	// slowCall: a failure counts once more for each time that it took so long. Endpoints that hang hold workers.
	slowCall = 200 * time.Millisecond
)

// breaker stops the calls of an issuer that STS does not serve: after a failure there is a pause, after the pause one call may
// try, and the others wait for its result. So ten thousand failing sessions make one call, not ten thousand.
type breaker struct {
	mutex    sync.Mutex
	problem  *sts.Problem // nil while STS serves the issuer
	failures int          // pauses in a row
	streak   int          // failures in a row, slow ones counted more
	served   time.Time    // when a call last succeeded
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
		return false, b.problem, min(b.until.Sub(now), longestPause) // not longer where the clock was set back
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

// report what became of a call that took a time: the problem, if it concerns the issuer. One of the request alone shows that
// STS serves it.
func (b *breaker) report(now time.Time, took time.Duration, probe bool, problem *sts.Problem) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.probing = b.probing && !probe
	if problem == nil {
		b.problem, b.failures, b.streak, b.served = nil, 0, 0, now
		return
	}
	b.streak += 1 + int(took/slowCall)
	wasServed := problem.IsTransient() && now.Sub(b.served).Abs() < recently
	if b.problem == nil && wasServed && b.streak < toleratedFailures {
		return
	}
	// Calls that were under way together fail together: only a probe's failure lengthens the pause.
	if b.problem == nil || probe {
		pause := min(firstPause<<min(b.failures, 10), longestPause)
		if wasServed {
			pause = shortPause
		}
		b.until = now.Add(pause)
		b.failures++
	}
	b.problem = problem
}

func (b *breaker) trouble() *sts.Problem {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.problem
}
