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

package scheduler_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// pause is how long a session must wait for the issuer to be served.
func (f *fixture) pause() time.Duration {
	f.t.Helper()
	looks := sessionOf("a", "looks")
	defer f.Leave(f.now, looks.Waiter)
	turn, wait := f.Ask(f.now, looks)
	if turn != nil {
		f.Withdraw(f.now, turn, false)
		return 0
	}
	f.Expect(wait.Obstacle).To(Equal(scheduler.IssuerTrouble))
	return wait.After
}

func TestIssuerThatWasNeverServed(t *testing.T) {
	const s = time.Second
	for sentence, c := range map[string]struct {
		problem *sts.Problem
		pauses  []time.Duration
	}{
		"a service that does not answer": {unavailable, []time.Duration{2 * s, 4 * s, 8 * s, 10 * s, 10 * s, 10 * s, 10 * s, 10 * s}},
		"a key that is refused":          {keyRefused, []time.Duration{2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, 60 * s}},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := start(t)
			f.Expect(f.pause()).To(BeZero())

			var pauses []time.Duration
			for range 8 {
				f.makes(sessionOf("a", "fails"), c.problem)
				pauses = append(pauses, f.pause())
				f.advance(f.pause())
			}

			f.Expect(pauses).To(Equal(c.pauses))
			f.makes(sessionOf("a", "works"), nil)
			f.Expect(f.Trouble(everybodys)).To(BeNil())
		})
	}
}

func TestIssuerThatWasServedLately(t *testing.T) {
	for sentence, c := range map[string]struct {
		problem  *sts.Problem
		took     time.Duration
		ago      time.Duration
		failures int // that are tolerated
		pause    time.Duration
	}{
		"a hundred failures in a row":               {unavailable, quick, 0, 99, time.Second},
		"an hour ago":                               {unavailable, quick, time.Hour, 0, 2 * time.Second},
		"less than an hour ago":                     {unavailable, quick, time.Hour - 10*time.Minute, 99, time.Second},
		"a key that STS does not accept any more":   {keyRefused, quick, 0, 0, 2 * time.Second},
		"calls that hang for ten seconds":           {unavailable, 10 * time.Second, 0, 1, time.Second},
		"calls that take as long as ten others":     {unavailable, 1900 * time.Millisecond, 0, 9, time.Second},
		"served by a clock that was set back since": {unavailable, quick, -30 * time.Minute, 99, time.Second},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := start(t)
			f.makes(sessionOf("a", "works"), nil)
			f.advance(c.ago)

			tolerated := -1
			for f.Trouble(everybodys) == nil {
				f.Done(f.now, f.turn(sessionOf("a", "fails")), c.took, c.problem)
				f.advance(time.Second)
				tolerated++
			}

			f.Expect(tolerated).To(Equal(c.failures))
			f.Expect(f.pause()).To(Equal(max(c.pause-time.Second, 0)))
		})
	}
}

// With every call failing, an issuer makes less than one call a second.
func TestIssuerProbesGrowRarer(t *testing.T) {
	f := start(t)
	f.makes(sessionOf("a", "works"), nil)
	calls := 0
	for end := f.now.Add(time.Hour); f.now.Before(end); calls++ {
		f.makes(sessionOf("a", "fails"), unavailable)
		f.advance(f.pause())
	}

	f.Expect(calls).To(BeNumerically("~", 500, 50))
	f.makes(sessionOf("a", "works"), nil)
	f.makes(sessionOf("a", "fails"), unavailable)
	f.Expect(f.pause()).To(BeZero(), "a success ends the count")
}

func TestProbe(t *testing.T) {
	open := func(t *testing.T) *fixture {
		f := start(t)
		f.makes(sessionOf("a", "fails"), unavailable)
		f.advance(2 * time.Second)
		return f
	}
	t.Run("one at a time", func(t *testing.T) {
		f := open(t)
		probe := f.turn(sessionOf("a", "probes"))
		wait := f.waits(sessionOf("a", "waits"))
		f.Expect(wait.Problem).To(Equal(unavailable))
		f.Expect(f.woken()).To(BeEmpty())

		f.Done(f.now, probe, quick, nil)

		f.Expect(f.woken()).To(Equal([]string{"a/waits"}), "who waits is woken at once")
	})
	t.Run("withdrawn, it makes room for another", func(t *testing.T) {
		f := open(t)
		f.Withdraw(f.now, f.turn(sessionOf("a", "probes")), false)
		f.turn(sessionOf("a", "another"))
	})
	t.Run("earlier turns that end are not the probe", func(t *testing.T) {
		f := start(t)
		cancelled, failed := f.turn(sessionOf("a", "1")), f.turn(sessionOf("a", "2"))
		f.makes(sessionOf("a", "fails"), unavailable)
		f.advance(2 * time.Second)
		probe := f.turn(sessionOf("a", "probes"))

		f.Withdraw(f.now, cancelled, false)
		f.Done(f.now, failed, quick, unavailable)
		f.Expect(f.pause()).NotTo(BeZero(), "the probe is still under way")
		f.Done(f.now, probe, quick, unavailable)

		f.Expect(f.pause()).To(Equal(4*time.Second), "it alone lengthened the pause")
	})
	t.Run("calls that fail together are one failure", func(t *testing.T) {
		f := start(t)
		var turns []*scheduler.Turn
		for i := range 8 {
			turns = append(turns, f.turn(numbered("a", i)))
		}
		for _, turn := range turns {
			f.Done(f.now, turn, quick, unavailable)
		}
		f.Expect(f.pause()).To(Equal(2 * time.Second))
	})
	t.Run("a late success ends the trouble", func(t *testing.T) {
		f := start(t)
		late := f.turn(sessionOf("a", "late"))
		f.makes(sessionOf("a", "fails"), unavailable)
		f.Done(f.now, late, quick, nil)
		f.Expect(f.pause()).To(BeZero())
	})
	t.Run("the latest failure is the trouble", func(t *testing.T) {
		f := open(t)
		f.makes(sessionOf("a", "probes"), keyRefused)
		f.Expect(f.Trouble(everybodys)).To(Equal(keyRefused))
	})
	t.Run("a clock that is set back prolongs no pause", func(t *testing.T) {
		f := open(t)
		f.makes(sessionOf("a", "fails"), unavailable)
		f.advance(-time.Hour)
		f.Expect(f.pause()).To(BeNumerically("<=", time.Minute))
	})
	t.Run("each issuer has its own trouble", func(t *testing.T) {
		f := open(t)
		f.makes(with(sessionOf("a", "s"), through(issuerOf("a", "aws"))), nil)
		f.Expect(f.Trouble(everybodys)).NotTo(BeNil())
	})
	t.Run("what is not signed has its own trouble, and is probed by itself", func(t *testing.T) {
		f := open(t)
		f.makes(with(sessionOf("a", "unsigned"), call(scheduler.Unsigned)), nil)
		f.Expect(f.Trouble(everybodys)).NotTo(BeNil(), "that shows nothing of the key")
		f.makes(with(sessionOf("a", "unsigned"), call(scheduler.Unsigned)), nil)
	})
	t.Run("a verification does not wait for an issuer that is not served", func(t *testing.T) {
		f := start(t)
		f.makes(sessionOf("a", "fails"), keyRefused)
		f.makes(with(sessionOf("a", "issuer"), call(scheduler.Verification)), nil)
		f.Expect(f.Trouble(everybodys)).To(Equal(keyRefused), "nor does it show that it is")
	})
	t.Run("a problem of the request shows that the issuer is served", func(t *testing.T) {
		f := open(t)
		f.Expect(sts.Problemf(v1alpha1.ReasonAccessDenied, "").ConcernsIssuer(sts.Request{})).To(BeFalse())
		f.makes(sessionOf("a", "denied"), nil)
		f.Expect(f.Trouble(everybodys)).To(BeNil())
	})
}
