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

package federatedsession

import (
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// writesBeforePause: so many writes in a row must have failed for nothing to be minted for a while.
	writesBeforePause = 3
	// writePause is how long; then one session finds out whether writes succeed again.
	writePause = 5 * time.Second
)

// writeGate keeps credentials from being minted that could not be written: each would be lost, and STS asked for another. It
// looks at what fails for everybody (the API server, etcd, a webhook) and not at what is refused to somebody (a quota, a
// policy), so that no tenant can shut it.
type writeGate struct {
	mutex    sync.Mutex
	failures int
	until    time.Time
}

// wait is how long nothing should be minted; 0 lets one session try.
func (g *writeGate) wait(now time.Time) time.Duration {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.failures < writesBeforePause {
		return 0
	}
	if wait := min(g.until.Sub(now), writePause); wait > 0 { // never longer than a pause, wherever the clock was set
		return wait
	}
	g.until = now.Add(writePause)
	return 0
}

// note what came of a write.
func (g *writeGate) note(err error, now time.Time) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	switch {
	case err == nil:
		g.failures = 0
	case !isOfThisSession(err):
		g.failures++
		g.until = now.Add(writePause)
	}
}

// isOfThisSession says whether an error of the API says nothing of other sessions' writes.
func isOfThisSession(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) ||
		apierrors.IsNotFound(err)
}
