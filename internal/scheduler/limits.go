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

package scheduler

import (
	"time"

	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	// firstPause after a failure of an issuer that STS has not served lately, doubled with each further one up to longestPause;
	// while the failures are transient, up to longestShortPause: after a restart nothing is known of what STS served before, and
	// where one call in ten succeeds, there must be enough of them.
	firstPause, longestPause = 2 * time.Second, time.Minute
	// toleratedFailures in a row do not stop an issuer that was served lately: a service that fails a share of its calls must
	// still serve everybody. Where one call in ten succeeds, so many fail in a row once in 40,000 calls. Then there are pauses
	// of shortPause, longer by a tenth of it each time, up to longestShortPause.
	toleratedFailures             = 100
	lately                        = time.Hour
	shortPause, longestShortPause = time.Second, 10 * time.Second
	// slowCall: a failure counts once more for each time that it took so long. Endpoints that hang hold workers.
	slowCall = 200 * time.Millisecond
)

// gate stops the calls of an issuer that STS does not serve: after a failure there is a pause, after the pause one call may
// try, and the others wait for its result. So ten thousand failing sessions make one call, not ten thousand.
type gate struct {
	problem   *sts.Problem // nil while STS serves the issuer
	pauses    int          // in a row
	failures  int          // in a row, slow ones counted more
	served    time.Time    // when a call last succeeded
	until     time.Time
	isProbing bool
}

// obstacle is what keeps a call from being made; nil if nothing does.
func (g *gate) obstacle(now time.Time) *Wait {
	switch {
	case g.problem == nil:
		return nil
	case g.isProbing:
		return &Wait{Obstacle: IssuerTrouble, Problem: g.problem}
	case g.until.Sub(now) > longestPause: // the clock was set back
		g.until = now.Add(longestPause)
	case !now.Before(g.until):
		return nil
	}
	return &Wait{Obstacle: IssuerTrouble, Problem: g.problem, until: g.until}
}

// enter says whether the call that begins is a probe. It must be followed by report or leave.
func (g *gate) enter() bool {
	g.isProbing = g.problem != nil
	return g.isProbing
}

// leave without a call; only a probe makes room for another.
func (g *gate) leave(isProbe bool) { g.isProbing = g.isProbing && !isProbe }

// report what became of a call that took a time: the problem, if it concerns the issuer. One of the request alone shows that
// STS serves it.
func (g *gate) report(now time.Time, took time.Duration, isProbe bool, problem *sts.Problem) {
	g.leave(isProbe)
	if problem == nil {
		*g = gate{served: now}
		return
	}
	g.failures += 1 + int(max(took, 0)/slowCall)
	wasServed := problem.IsTransient() && now.Sub(g.served).Abs() < lately
	if g.problem == nil && wasServed && g.failures < toleratedFailures {
		return
	}
	// Calls that were under way together fail together: only a probe's failure lengthens the pause.
	if g.problem == nil || isProbe {
		g.until = now.Add(g.pause(wasServed, problem.IsTransient()))
		g.pauses++
	}
	g.problem = problem
}

// pause that follows another.
func (g *gate) pause(wasServed, isTransient bool) time.Duration {
	switch {
	case wasServed:
		return min(shortPause+time.Duration(g.pauses)*shortPause/10, longestShortPause)
	case isTransient:
		return min(firstPause<<min(g.pauses, 10), longestShortPause)
	}
	return min(firstPause<<min(g.pauses, 10), longestPause)
}

const (
	// writesBeforePause: so many writes in a row must have failed for nothing to be minted for a while.
	writesBeforePause = 3
	// writePause is how long, doubled each time up to longestWritePause; then one session finds out whether writes succeed again.
	writePause, longestWritePause = 5 * time.Second, time.Minute
)

// writes keeps credentials from being minted that could not be written: each would be lost, and STS asked for another.
type writes struct {
	failures int // in a row
	pauses   int // in a row
	until    time.Time
	probe    *Turn // that finds out whether writes succeed again; nil once it has
}

func (w *writes) areFailing() bool { return w.failures >= writesBeforePause }

func (w *writes) pause() time.Duration { return min(writePause<<min(w.pauses, 10), longestWritePause) }

// obstacle is what keeps credentials from being written; nil if nothing is known to.
func (w *writes) obstacle(now time.Time) *Wait {
	if !w.areFailing() || !now.Before(w.until) {
		return nil
	}
	w.until = earlier(w.until, now.Add(longestWritePause)) // the clock was set back
	return &Wait{Obstacle: WritesFail, until: w.until}
}

// enter: while writes fail, one turn goes ahead and the others wait for another pause.
func (w *writes) enter(now time.Time, turn *Turn) {
	if !w.areFailing() {
		return
	}
	turn.triesWrites = true
	w.probe = turn
	w.until = now.Add(w.pause())
}

// leave ends a probe that has come to no write yet: after a call that succeeded, one is about to be made.
func (w *writes) leave(now time.Time, turn *Turn, isAboutToWrite bool) {
	if w.probe != turn {
		return
	}
	w.probe, w.until = nil, now
	if isAboutToWrite {
		w.until = now.Add(writePause)
	}
}

// report what came of a write.
func (w *writes) report(now time.Time, accepted bool) {
	if accepted {
		*w = writes{}
		return
	}
	w.failures++
	if w.areFailing() {
		w.until = now.Add(w.pause())
		w.pauses++
	}
	w.probe = nil
}

// budget keeps an issuer within its requests per second, with bursts of one second's worth, two requests at least.
type budget struct {
	perSecond float64
	left      float64
	at        time.Time
}

func newBudget(perSecond int, now time.Time) budget {
	return budget{perSecond: float64(perSecond), left: burst(float64(perSecond)), at: now}
}

func burst(perSecond float64) float64 { return max(perSecond, 2) }

// obstacle is the refill that has to be waited for; nil if a request is left.
func (b *budget) obstacle(now time.Time) *Wait {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.left+passed.Seconds()*b.perSecond, burst(b.perSecond))
	}
	b.at = now
	const almost = 1e-6 // what refills in binary fractions is never quite whole
	if b.left >= 1-almost {
		return nil
	}
	return &Wait{Obstacle: BudgetSpent, until: now.Add(time.Duration((1 - b.left) / b.perSecond * float64(time.Second)))}
}

func (b *budget) spend()  { b.left-- }
func (b *budget) refund() { b.left = min(b.left+1, burst(b.perSecond)) }

// codeWindow is how long a code of RFC 6238 lasts, as AWS uses them.
const codeWindow = 30 * time.Second

// longestAhead is how far the clock may have been ahead without a code being used twice.
const longestAhead = time.Hour

// deviceID is an MFA device as the issuers of one namespace know it: another namespace that names the same serial number
// must not take its turns.
type deviceID struct{ namespace, serialNumber string }

// device hands out the codes of an MFA device, each once, since AWS accepts each once.
type device struct {
	used time.Time // the latest window whose code was handed out
}

// obstacle is the window that has to be waited for; nil if the present one's code is free.
func (d *device) obstacle(now time.Time) *Wait {
	window := now.Truncate(codeWindow)
	if d.used.Sub(now) > longestAhead { // the clock was set back
		d.used = window
	}
	if window.After(d.used) {
		return nil
	}
	return &Wait{Obstacle: CodeUsed, until: d.used.Add(codeWindow)}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
