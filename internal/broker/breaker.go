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

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	// firstPause after a failure of the issuer's, doubled with each further one up to longestPause.
	firstPause, longestPause = 2 * time.Second, time.Minute
)

// issuerWide are the reasons that every session of the issuer would fail for.
var issuerWide = map[string]bool{
	v1alpha1.ReasonThrottled:            true,
	v1alpha1.ReasonUnavailable:          true,
	v1alpha1.ReasonIncompleteResponse:   true,
	v1alpha1.ReasonKeyRefused:           true,
	v1alpha1.ReasonIdentityExpired:      true,
	v1alpha1.ReasonRegionDisabled:       true,
	v1alpha1.ReasonNoAmbientCredentials: true,
	v1alpha1.ReasonClockSkew:            true,
	v1alpha1.ReasonAccountMismatch:      true,
}

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

// concerns says whether every session of the issuer would fail for the problem of a request. What STS says of an account
// is, where a role is assumed, said of the role's, which may be anybody's.
func concerns(problem *sts.Problem, request sts.Request) bool {
	switch {
	case request.IsUnsigned():
		return problem.Reason == v1alpha1.ReasonUnavailable || problem.Reason == v1alpha1.ReasonIncompleteResponse
	case request.IsOfRole() && problem.Reason == v1alpha1.ReasonRegionDisabled:
		return false
	}
	return issuerWide[problem.Reason]
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
