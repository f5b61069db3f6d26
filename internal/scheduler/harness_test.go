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
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// noon is the beginning of an MFA window.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// everybodys is an issuer that serves several namespaces.
var everybodys = scheduler.IssuerID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: "aws"}

// issuerOf a namespace.
func issuerOf(namespace, name string) scheduler.IssuerID {
	return scheduler.IssuerID{Kind: v1alpha1.SessionIssuerKind, Namespace: namespace, Name: name}
}

var (
	unavailable = sts.Problemf(v1alpha1.ReasonUnavailable, "STS answered HTTP 503")
	keyRefused  = sts.Problemf(v1alpha1.ReasonKeyRefused, "AWS does not know the issuer's access key")
)

const quick = 20 * time.Millisecond

// fixture is a scheduler with its time.
type fixture struct {
	*scheduler.Scheduler
	*WithT
	t   *testing.T
	now time.Time
}

func start(t *testing.T) *fixture {
	t.Helper()
	return &fixture{Scheduler: scheduler.New(16), WithT: NewWithT(t), t: t, now: noon}
}

func (f *fixture) advance(d time.Duration) { f.now = f.now.Add(d) }

// sessionOf a namespace that has no credentials, through everybody's issuer.
func sessionOf(namespace, name string) scheduler.Claim {
	return scheduler.Claim{
		Waiter: scheduler.Waiter{Kind: v1alpha1.FederatedSessionKind, Namespace: namespace, Name: name},
		Issuer: everybodys, Limits: scheduler.Limits{RequestsPerSecond: 50},
	}
}

func numbered(namespace string, i int) scheduler.Claim {
	return sessionOf(namespace, fmt.Sprintf("s%05d", i))
}

// with changes a claim.
func with(c scheduler.Claim, changes ...func(*scheduler.Claim)) scheduler.Claim {
	for _, change := range changes {
		change(&c)
	}
	return c
}

func through(id scheduler.IssuerID) func(*scheduler.Claim) {
	return func(c *scheduler.Claim) { c.Issuer = id }
}

func perSecond(n int) func(*scheduler.Claim) {
	return func(c *scheduler.Claim) { c.Limits.RequestsPerSecond = n }
}

func until(t time.Time) func(*scheduler.Claim) {
	return func(c *scheduler.Claim) { c.Expiration = t }
}

func hasFailed(c *scheduler.Claim) { c.HasFailed = true }

func ownEndpoint(c *scheduler.Claim) { c.Limits.OwnEndpoint = true }

func withDevice(c *scheduler.Claim) {
	c.Call, c.Limits.MFASerialNumber = scheduler.SignedWithCode, "arn:aws:iam::123456789012:mfa/demo"
}

func call(kind scheduler.Call) func(*scheduler.Claim) {
	return func(c *scheduler.Claim) { c.Call = kind }
}

// turn is one that the test counts on.
func (f *fixture) turn(claim scheduler.Claim) *scheduler.Turn {
	f.t.Helper()
	turn, wait := f.Ask(f.now, claim)
	if wait != nil {
		f.t.Fatalf("%s waits for obstacle %d", claim.Waiter.Name, wait.Obstacle)
	}
	return turn
}

// waits is why a claim has no turn.
func (f *fixture) waits(claim scheduler.Claim) *scheduler.Wait {
	f.t.Helper()
	turn, wait := f.Ask(f.now, claim)
	if turn != nil {
		f.t.Fatalf("%s has a turn", claim.Waiter.Name)
	}
	return wait
}

// makes a call at once.
func (f *fixture) makes(claim scheduler.Claim, problem *sts.Problem) {
	f.t.Helper()
	turn := f.turn(claim)
	f.advance(quick)
	f.Done(f.now, turn, quick, problem)
}

// spend what is left of everybody's budget.
func (f *fixture) spend(change ...func(*scheduler.Claim)) {
	f.t.Helper()
	for i := range 1000 {
		turn, wait := f.Ask(f.now, with(numbered("spends", i), change...))
		if wait != nil {
			f.Leave(f.now, with(numbered("spends", i), change...).Waiter)
			return
		}
		f.Done(f.now, turn, quick, nil)
	}
}

// woken are the names whose turn has come.
func (f *fixture) woken() (names []string) {
	woken, _ := f.Next(f.now)
	for _, w := range woken {
		names = append(names, w.Namespace+"/"+w.Name)
	}
	return names
}

// served are the first n that get turns, one call after the other.
func (f *fixture) served(n int, claims map[string]scheduler.Claim) (names []string) {
	f.t.Helper()
	for range 10_000 {
		for _, name := range f.woken() {
			if names = append(names, name); len(names) == n {
				return names
			}
			f.Done(f.now, f.turn(claims[name]), quick, nil)
		}
		_, at := f.Next(f.now)
		if at.IsZero() {
			return names
		}
		f.now = at
	}
	f.t.Fatal("it never ends")
	return nil
}

func (f *fixture) queue(claims ...scheduler.Claim) map[string]scheduler.Claim {
	f.t.Helper()
	queued := map[string]scheduler.Claim{}
	for _, c := range claims {
		f.waits(c)
		queued[c.Waiter.Namespace+"/"+c.Waiter.Name] = c
	}
	return queued
}
