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
	"slices"
	"time"
)

// This file counts the calls of STS and asks of each why it was made: invariant 3.

// stats of a run.
type stats struct {
	faults                                                        map[string]int
	calls, failed, mints, rotations, expired, excused, reconciles int
	errors, stale                                                 int
	maxDelay, undisturbedDelay                                    time.Duration // the latter of rotations that no fault disturbed
	delays                                                        []int32       // of each rotation, in milliseconds
}

// percentile of the delays.
func (s *stats) percentile(percent float64) time.Duration {
	if len(s.delays) == 0 {
		return 0
	}
	slices.Sort(s.delays)
	return time.Duration(s.delays[int(percent/100*float64(len(s.delays)-1))]) * time.Millisecond
}

// hourOfFailures of an issuer.
type hourOfFailures struct {
	began         time.Time
	failed, mints int
}

// checkMint: credentials are issued only if something calls for them.
func (s *simulation) checkMint(t *task, m *mint) {
	s.hourOf(m.session.issuer).mints++
	if why := s.reasonToIssue(t, m); why == "" {
		s.violate(callsAreFew, t.name, "STS was called though nothing called for new credentials; the last were published at %s and due at %s",
			s.elapsed(m.session.published.publishedAt), s.elapsed(m.session.published.dueAt))
	} else {
		s.record(sessions, t.name, "issued", why)
	}
}

// lag is for how long credentials may still be issued by what was so before: an issuer's key is read once a minute, a
// reconcile takes half a minute.
const lag = 2 * time.Minute

// reasonToIssue is why credentials were issued; empty for no reason.
func (s *simulation) reasonToIssue(t *task, m *mint) string {
	sub := m.session
	last, fs := sub.published, s.fsOf(sub)
	isLater := func(at time.Time) bool { return at.After(last.at) || time.Since(at) < lag }
	switch {
	case last == nil:
		return "first"
	case sub.isGone || fs == nil:
		return "deleted meanwhile"
	case last.publishedAt.After(t.began):
		return "another was quicker"
	case !s.clock.Now().Before(last.dueAt):
		return "due"
	case isLater(sub.editedAt) || last.mismatch(fs) != "":
		return "edited"
	case isLater(sub.touchedAt):
		return "Secret overwritten or deleted"
	case isLater(sub.issuer.changedAt):
		return "issuer became another"
	case isLater(s.clockMovedAt):
		return "clock was moved"
	case s.isBehind():
		return "cache was behind"
	}
	return ""
}

// failedCall: a call fails only if a fault makes it, and no issuer has too many that do.
func (s *simulation) failedCall(t *task, call stsCall, code string) {
	if code == "no answer" && t.process.died {
		return
	}
	s.stats.failed++
	t.disturbed = "STS: " + code
	issuer := s.issuerOf(t)
	if issuer == nil {
		return // deleted meanwhile
	}
	sub := s.subjects[t.name]
	isDenied := t.kind == sessions && sub.role == denied
	isIssuer := issuer.disabled+issuer.swapped+issuer.deleted > 0 || time.Since(issuer.settledAt) < lag
	// The SDK remembers by how much the clock was off, for each client: that of sessions may not have called since.
	isClock := s.clock.offset != 0 || s.clockMovedAt.After(issuer.servedAt) || code == "SignatureDoesNotMatch" && time.Since(s.clockMovedAt) < time.Hour
	wasPaused := t.process.resumedAt.After(call.began)
	if call.cause == "" && !wasPaused && !isDenied && !isIssuer && !isClock {
		s.violate(callsAreFew, t.name, "a call failed without any fault: %s", code)
	}
	hour := s.hourOf(issuer)
	hour.failed++
	if bound := failuresAnHour + failuresPerMint*hour.mints + deniedAnHour*issuer.denied; hour.failed == bound+1 {
		s.violate(callsAreFew, t.name, "%d calls of %s have failed within an hour, after %d that did not", hour.failed, issuer.key, hour.mints)
	}
}

func (s *simulation) hourOf(issuer *issuerState) *hourOfFailures {
	hour := time.Now().Truncate(time.Hour)
	of := s.failures[issuer]
	if of == nil || !of.began.Equal(hour) {
		of = &hourOfFailures{began: hour}
		s.failures[issuer] = of
	}
	return of
}

// issuerOf a task, which reconciles it or one of its sessions.
func (s *simulation) issuerOf(t *task) *issuerState {
	if t.kind == sessions {
		return s.subjects[t.name].issuer
	}
	return s.issuersByKey[objectKey{t.kind, t.name}]
}

// reconciled is told of the end of each reconcile.
func (s *simulation) reconciled(t *task, err error) {
	s.stats.reconciles++
	if err != nil {
		s.stats.errors++
		s.record(t.kind, t.name, "reconcile fails", err.Error())
		return
	}
	if t.minted != nil && t.published == nil && t.disturbed == "" && s.clock.offset == 0 && !t.process.died && t.minted.session.role == tenant {
		s.violate(callsAreFew, t.name, "credentials were issued and not published, though nothing went wrong")
	}
}

// summary of a run.
func (s *simulation) summary() string {
	perRotation := float64(s.stats.calls) / float64(max(s.stats.rotations, 1))
	return fmt.Sprintf("%d reconciles (%d found the cache behind), %d STS calls (%d failed), %d issued, %d rotations (%.2f calls each), "+
		"delay p50 %s p99.9 %s max %s (undisturbed %s), %d expired (%d excused), trace of %d entries %016x",
		s.stats.reconciles, s.stats.stale, s.stats.calls, s.stats.failed, s.stats.mints, s.stats.rotations, perRotation,
		s.stats.percentile(50), s.stats.percentile(99.9), s.stats.maxDelay.Round(time.Millisecond),
		s.stats.undisturbedDelay.Round(time.Millisecond), s.stats.expired, s.stats.excused,
		s.trace.length, s.trace.hash.Sum64())
}

// report of the violations of a run, with what it takes to see them again.
func (s *simulation) report() string {
	text := ""
	for _, v := range s.violations {
		text += fmt.Sprintf("seed %d, %s, invariant %s (%d times)\n  %s: %s\n  its recent trace:\n%s  what happened around it:\n%s",
			s.config.seed, s.elapsed(v.at), v.invariant, s.broken[v.invariant], v.subject, v.detail, v.recent, v.around)
	}
	return text
}
