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
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// guarded is a request that STS grants only with MFA.
var guarded = sts.Request{Operation: sts.OperationAssumeRole, Name: "reports", RoleARN: guardedRole}

const waitsForCode = "AWS takes each code of MFA device " + deviceSerial + " once, so its calls are 30 seconds apart; the session waits for its turn"

// withDevice is a configuration with the MFA device of the user in worldWithRoles.
func withDevice(c broker.Config) broker.Config {
	c.MFASerialNumber, c.MFASeed = deviceSerial, sts.NewSensitive(deviceSeed)
	return c
}

// startWithDevice registers theIssuer with an MFA device, and the window that it was first seen in is over: the clock
// stands at the beginning of another.
func startWithDevice(t *testing.T) (*fixture, *recorder) {
	t.Helper()
	f, record := startWithRoles(t)
	f.use(withDevice(f.config))
	f.advance(30*time.Second - 400*time.Millisecond)
	return f, record
}

// askFor a code of an issuer's device and give the permit back; the wait is 0 for one who got a code.
func (f *fixture) askFor(id broker.ID) time.Duration {
	f.t.Helper()
	permit, problem := f.Permit(broker.IssueRequest{Issuer: id, UID: "uid", Request: guarded, Urgent: true})
	if problem != nil {
		wait := problem.RetryAfter
		problem.RetryAfter = 0
		NewWithT(f.t).Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonWaitingForMFACode, Message: waitsForCode, Quiet: true}))
		return wait
	}
	permit.Cancel()
	return 0
}

// The vectors of RFC 6238, appendix B, of which AWS takes the last six digits.
func TestMFACodeRFC6238(t *testing.T) {
	for at, digits := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		for _, request := range []sts.Request{guarded, requests()[ownSession]} {
			t.Run(fmt.Sprint(at, " ", request.Operation), func(t *testing.T) {
				g := NewWithT(t)
				f, record := startWithRoles(t)
				f.clock.SetTime(time.Unix(at, 0).Add(-time.Minute))
				f.use(withDevice(f.config))
				f.clock.SetTime(time.Unix(at, 0))

				_, problem := f.issue(request)

				g.Expect(problem).To(BeNil(), "STS takes the code")
				g.Expect(record.all()[0].parameters).To(And(HaveKeyWithValue("SerialNumber", deviceSerial), HaveKeyWithValue("TokenCode", digits)))
			})
		}
	}
}

func TestIssueWithoutMFACode(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)

	problem := f.turnedDown(broker.IssueRequest{Request: guarded})

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonAccessDenied))
	g.Expect(record.all()[0].parameters).NotTo(Or(HaveKey("SerialNumber"), HaveKey("TokenCode")))
}

func TestDeviceOneCallPerWindow(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithDevice(t)

	for call := range 3 {
		_, problem := f.issue(guarded)
		g.Expect(problem).To(BeNil(), "call %d", call)
		g.Expect(f.askFor(theIssuer)).To(BeNumerically(">", 0))
		f.advance(29 * time.Second)
		g.Expect(f.askFor(theIssuer)).To(BeNumerically(">", 0), "the window is not over")
		f.advance(time.Second)
	}

	codes := map[string]bool{}
	for _, call := range record.calls(role) {
		codes[call.parameters["TokenCode"]] = true
	}
	g.Expect(codes).To(HaveLen(3))
}

// A permit that is given back may have been used after all; its code is not handed out again.
func TestDeviceKeepsCodeOfCancelledPermit(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)

	g.Expect(f.askFor(theIssuer)).To(BeZero())

	g.Expect(f.askFor(theIssuer)).To(Equal(30 * time.Second))
}

func TestDeviceWaitIsSpread(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	f.advance(400 * time.Millisecond)
	g.Expect(f.askFor(theIssuer)).To(BeZero())

	for turn := range 10 {
		g.Expect(f.askFor(theIssuer)).To(Equal(time.Duration(turn+1)*30*time.Second - 400*time.Millisecond))
	}
	g.Expect(f.askFor(theIssuer)).To(Equal(30*time.Second-400*time.Millisecond), "after five minutes they share turns")

	f.advance(30*time.Second - 400*time.Millisecond)
	g.Expect(f.askFor(theIssuer)).To(BeZero(), "who was given the first turn gets it")
	f.advance(time.Hour)
	g.Expect(f.askFor(theIssuer)).To(BeZero())
	g.Expect(f.askFor(theIssuer)).To(Equal(30*time.Second), "past turns delay no session")
}

// Sessions that keep their turns are all served, one a window, in any sequence.
func TestDeviceServesEverySession(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	const sessions = 30
	due := make([]time.Time, sessions)
	for i := range due {
		due[i] = f.clock.Now()
	}
	asked, served := 0, 0
	for elapsed := time.Duration(0); served < sessions; elapsed += time.Second {
		g.Expect(elapsed).To(BeNumerically("<", 2*sessions*30*time.Second), "%d of %d are served", served, sessions)
		for i := range due {
			if due[i].IsZero() || due[i].After(f.clock.Now()) {
				continue
			}
			asked++
			wait := f.askFor(theIssuer)
			g.Expect(wait).To(BeNumerically("<=", 5*time.Minute))
			if due[i] = f.clock.Now().Add(wait); wait == 0 {
				served, due[i] = served+1, time.Time{}
			}
		}
		f.advance(time.Second)
	}
	g.Expect(asked).To(BeNumerically("<", 6*sessions), "nor do they ask all the time")
}

func TestDeviceShared(t *testing.T) {
	otherCluster := broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: "other"}
	for sentence, c := range map[string]struct {
		takes, asks broker.ID
		shared      bool
	}{
		"an issuer with itself":                               {theIssuer, theIssuer, true},
		"two issuers of a namespace":                          {theIssuer, neighbour, true},
		"two issuers of a namespace, reversed":                {neighbour, theIssuer, true},
		"two cluster-scoped issuers":                          {clusterWide, otherCluster, true},
		"issuers of two namespaces":                           {theIssuer, elsewhere, false},
		"a cluster-scoped issuer, then one of a namespace":    {clusterWide, theIssuer, false},
		"an issuer of a namespace, then a cluster-scoped one": {elsewhere, clusterWide, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			f, _ := startWithDevice(t)
			f.clock.SetTime(noon)
			for _, id := range []broker.ID{neighbour, elsewhere, clusterWide, otherCluster} {
				f.Register(id, f.config, theIdentity)
			}
			f.advance(time.Minute)
			NewWithT(t).Expect(f.askFor(c.takes)).To(BeZero())

			NewWithT(t).Expect(f.askFor(c.asks) > 0).To(Equal(c.shared))
		})
	}
}

func TestDevicePerSerialNumber(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	other := f.config
	other.MFASerialNumber = "arn:aws:iam::123456789012:mfa/another"
	f.Register(neighbour, other, theIdentity)
	f.advance(30 * time.Second)

	g.Expect(f.askFor(theIssuer)).To(BeZero())
	permit, problem := f.Permit(broker.IssueRequest{Issuer: neighbour, UID: "uid", Request: guarded})
	g.Expect(problem).To(BeNil())
	permit.Cancel()
}

// An earlier life of the operator may have used the code of the window in which a device is first seen.
func TestDeviceSkipsFirstWindow(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithRoles(t)
	f.use(withDevice(f.config))

	g.Expect(f.askFor(theIssuer)).To(Equal(30*time.Second - 400*time.Millisecond))
	f.advance(30*time.Second - 400*time.Millisecond - 1)
	g.Expect(f.askFor(theIssuer)).To(BeNumerically(">", 0))
	f.advance(1)
	g.Expect(f.askFor(theIssuer)).To(BeZero())
}

// That a device was kept shows in the window after it was last used: a new one would not use it.
func TestDeviceLifetime(t *testing.T) {
	withoutIt := func(c broker.Config) broker.Config {
		c.MFASerialNumber, c.MFASeed = "", sts.Sensitive{}
		return c
	}
	for sentence, c := range map[string]struct {
		between func(*fixture)
		kept    bool
	}{
		"registered again as it was": {func(f *fixture) { f.use(f.config) }, true},
		"registered with another budget": {func(f *fixture) {
			f.config.RequestsPerSecond++
			f.use(f.config)
		}, true},
		"registered with another identity": {func(f *fixture) { f.Register(theIssuer, f.config, anotherIdentity) }, true},
		"registered with a new seed": {func(f *fixture) {
			f.config.MFASeed = sts.NewSensitive("JBSWY3DPEHPK3PXP")
			f.use(f.config)
		}, true},
		"forgotten": {func(f *fixture) {
			f.Forget(theIssuer)
			f.use(f.config)
		}, false},
		"forgotten, while a neighbour has it": {func(f *fixture) {
			f.Register(neighbour, f.config, theIdentity)
			f.Forget(theIssuer)
			f.use(f.config)
		}, true},
		"forgotten, while another namespace has one of that number": {func(f *fixture) {
			f.Register(elsewhere, f.config, theIdentity)
			f.Forget(theIssuer)
			f.use(f.config)
		}, false},
		"a neighbour is forgotten that never had it": {func(f *fixture) {
			f.Register(neighbour, withoutIt(f.config), theIdentity)
			f.Forget(neighbour)
		}, true},
		"given up, and a neighbour forgotten": {func(f *fixture) {
			device := f.config
			f.use(withoutIt(f.config))
			f.Forget(neighbour)
			f.use(device)
		}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithDevice(t)
			g.Expect(f.askFor(theIssuer)).To(BeZero())
			f.advance(30 * time.Second)

			c.between(f)

			g.Expect(f.askFor(theIssuer) == 0).To(Equal(c.kept))
		})
	}
}

// A clock that was an hour ahead and is set right must not cost an hour.
func TestDeviceWaitAfterClockIsSetBack(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	f.advance(time.Hour)
	g.Expect(f.askFor(theIssuer)).To(BeZero())
	f.advance(-time.Hour)

	g.Expect(f.askFor(theIssuer)).To(BeNumerically("<=", 5*time.Minute))
}
