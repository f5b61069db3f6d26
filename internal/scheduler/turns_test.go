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

	"github.com/sts-operator/sts-operator/internal/scheduler"
)

func TestCallsUnderWay(t *testing.T) {
	own, neighbour, elsewhere := issuerOf("a", "own"), issuerOf("a", "neighbour"), issuerOf("b", "own")
	type held struct {
		through scheduler.IssuerID
		own     bool
		count   int
	}
	for sentence, c := range map[string]struct {
		held    []held
		asks    scheduler.IssuerID
		own     bool
		crowded bool
	}{
		"three of a namespace's four":                        {[]held{{own, false, 3}}, own, false, false},
		"a namespace's four":                                 {[]held{{own, false, 4}}, own, false, true},
		"a neighbour's four":                                 {[]held{{neighbour, false, 4}}, own, false, true},
		"four of another namespace":                          {[]held{{elsewhere, false, 4}}, own, false, false},
		"eleven through one issuer":                          {[]held{{everybodys, false, 11}}, everybodys, false, false},
		"twelve, three quarters of the workers":              {[]held{{everybodys, false, 12}}, everybodys, false, true},
		"an administrator's issuer does not stop a tenant's": {[]held{{everybodys, false, 12}}, own, false, false},
		"one to an endpoint of its own":                      {[]held{{own, true, 1}}, own, true, false},
		"two to endpoints of its own":                        {[]held{{own, true, 1}, {neighbour, true, 1}}, own, true, true},
		"two to its own endpoint, and one to AWS":            {[]held{{own, true, 2}}, neighbour, false, false},
		"three to endpoints of anybody's own":                {[]held{{own, true, 2}, {issuerOf("c", "own"), true, 1}}, elsewhere, true, false},
		"four to endpoints of anybody's own":                 {[]held{{own, true, 2}, {issuerOf("c", "own"), true, 2}}, elsewhere, true, true},
		"four to endpoints of anybody's own stop nobody else": {
			[]held{{own, true, 2}, {issuerOf("c", "own"), true, 2}}, everybodys, false, false,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, kind := range []scheduler.Call{scheduler.Signed, scheduler.Verification} {
				f := start(t)
				var last *scheduler.Turn
				for _, h := range c.held {
					for i := range h.count {
						claim := with(numbered(h.through.Namespace, i), through(h.through), call(kind))
						claim.Waiter.Name += h.through.Name
						claim.Limits.OwnEndpoint = h.own
						last = f.turn(claim)
					}
				}
				asks := with(sessionOf(c.asks.Namespace, "asks"), through(c.asks), call(kind))
				asks.Limits.OwnEndpoint = c.own

				if !c.crowded {
					f.turn(asks)
					continue
				}
				wait := f.waits(asks)
				f.Expect(wait.Obstacle).To(Equal(scheduler.CallsUnderWay))
				f.Done(f.now, last, quick, nil)
				f.Expect(f.woken()).To(Equal([]string{c.asks.Namespace + "/asks"}))
			}
		})
	}
}

func TestDevice(t *testing.T) {
	const window = 30 * time.Second
	own, neighbour := issuerOf("a", "own"), issuerOf("a", "neighbour")
	guarded := func(name string, id scheduler.IssuerID) scheduler.Claim {
		return with(sessionOf(id.Namespace, name), through(id), withDevice)
	}
	begin := func(t *testing.T) *fixture {
		f := start(t)
		for _, id := range []scheduler.IssuerID{own, neighbour, issuerOf("b", "own"), everybodys} {
			f.Register(f.now, id, guarded("", id).Limits)
		}
		return f
	}
	t.Run("the window it is first seen in is skipped", func(t *testing.T) {
		f := begin(t)
		f.advance(time.Second)
		wait := f.waits(guarded("s", own))
		f.Expect(wait.Obstacle).To(Equal(scheduler.CodeUsed))
		f.Expect(wait.After).To(Equal(window - time.Second))
		f.advance(window - time.Second)
		f.Expect(f.woken()).To(Equal([]string{"a/s"}))
		f.Expect(f.turn(guarded("s", own)).Window()).To(Equal(noon.Add(window)))
	})
	t.Run("one call a window, and each window has its call", func(t *testing.T) {
		f := begin(t)
		claims := map[string]scheduler.Claim{}
		for i := range 20 {
			claim := with(numbered("a", i), through(own), withDevice)
			f.waits(claim)
			claims["a/"+claim.Waiter.Name] = claim
		}
		f.Expect(f.served(20, claims)).To(HaveLen(20))
		f.Expect(f.now).To(Equal(noon.Add(20 * window)))
	})
	t.Run("the next in line goes by its deadline", func(t *testing.T) {
		f := begin(t)
		f.waits(with(guarded("rotates", own), until(noon.Add(time.Hour))))
		f.waits(guarded("begins", own))
		f.advance(window)
		f.Expect(f.woken()).To(Equal([]string{"a/begins"}))
	})
	t.Run("who needs no code does not wait for one", func(t *testing.T) {
		f := begin(t)
		f.waits(guarded("s", own))
		plain := guarded("plain", own)
		plain.Call = scheduler.Signed
		f.turn(plain)
	})
	t.Run("issuers of a namespace share it", func(t *testing.T) {
		f := begin(t)
		f.advance(window)
		f.turn(guarded("s", own))
		f.Expect(f.waits(guarded("t", neighbour)).Obstacle).To(Equal(scheduler.CodeUsed))
		f.turn(guarded("u", issuerOf("b", "own")))
		f.turn(guarded("v", everybodys))
	})
	t.Run("a code that may have been presented is used", func(t *testing.T) {
		for _, isUsed := range []bool{true, false} {
			f := begin(t)
			f.advance(window)
			f.Withdraw(f.now, f.turn(guarded("s", own)), isUsed)
			_, wait := f.Ask(f.now, guarded("t", own))
			f.Expect(wait != nil).To(Equal(isUsed))
		}
	})
	t.Run("who comes late for its turn has the present window's code", func(t *testing.T) {
		f := begin(t)
		f.waits(guarded("s", own))
		f.advance(window + 25*time.Second)
		f.Expect(f.woken()).To(Equal([]string{"a/s"}))
		f.advance(6 * time.Second)
		f.Expect(f.turn(guarded("s", own)).Window()).To(Equal(noon.Add(2 * window)))
		f.Expect(f.waits(guarded("t", own)).Obstacle).To(Equal(scheduler.CodeUsed))
	})
	t.Run("an issuer that is registered anew has not used it less", func(t *testing.T) {
		f := begin(t)
		f.advance(window)
		f.turn(guarded("s", own))
		f.Register(f.now, own, guarded("", own).Limits)
		f.Expect(f.waits(guarded("t", own)).Obstacle).To(Equal(scheduler.CodeUsed))
		f.advance(window)
		f.turn(guarded("t", own))
	})
	t.Run("a clock that was an hour ahead costs no hour", func(t *testing.T) {
		f := begin(t)
		f.advance(2 * time.Hour)
		f.turn(guarded("s", own))
		f.advance(-2 * time.Hour)
		f.Expect(f.waits(guarded("t", own)).After).To(BeNumerically("<=", window))
	})
}
