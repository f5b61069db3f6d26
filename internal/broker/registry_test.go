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
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestPermitUnregisteredIssuer(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	unregistered := broker.ID{Kind: v1alpha1.ClusterSessionIssuerKind, Name: "unregistered"}

	permit, problem := f.ask(unregistered, "session", true)

	g.Expect(permit).To(BeNil())
	g.Expect(problem.RetryAfter).To(Equal(time.Second))
	problem.RetryAfter = 0
	g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonIssuerNotReady, Message: "ClusterSessionIssuer unregistered is being loaded", Quiet: true}))
	g.Expect(f.Trouble(unregistered)).To(BeNil())
}

func TestForget(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	underWay := f.permit()
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "Throttling", Times: 1})
	_ = f.refused()

	f.Forget(theIssuer)
	f.Forget(theIssuer)

	_, problem := f.ask(theIssuer, "uid", true)
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIssuerNotReady))
	_, problem = underWay.Issue(t.Context(), noProof)
	g.Expect(problem).To(BeNil(), "a call under way is finished")
	g.Expect(f.Trouble(theIssuer)).To(BeNil())
	f.use(f.config)
	g.Expect(f.pause()).To(BeZero(), "it is new again")
}

func TestRegisterSameConfig(t *testing.T) {
	g := NewWithT(t)
	f := unused(t, 1)
	g.Expect(f.granted(10)).To(Equal(2))

	same := f.config
	same.Key = demoKey() // equal, and another pointer
	g.Expect(same.Equals(f.config)).To(BeTrue())
	f.use(same)
	_, problem := f.ask(theIssuer, "uid", true)
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonBudgetExhausted))

	failing := start(t)
	failing.fail(unavailable)
	_ = failing.refused()
	failing.use(failing.config)
	g.Expect(failing.Trouble(theIssuer)).NotTo(BeNil())
	g.Expect(failing.pause()).To(Equal(2 * time.Second))
}

// otherConfigs differ from the fixture's in one field each.
var otherConfigs = map[string]func(*broker.Config){
	"Region":            func(c *broker.Config) { c.Region = "eu-west-1" },
	"Endpoint":          func(c *broker.Config) { c.Endpoint = "http://other.invalid" },
	"Compatible":        func(c *broker.Config) { c.Compatible = true },
	"FIPS":              func(c *broker.Config) { c.FIPS = true },
	"RequestsPerSecond": func(c *broker.Config) { c.RequestsPerSecond++ },
	"Key":               func(c *broker.Config) { c.Key = sts.NewCredentials(stsfake.DefaultAccessKeyID, "replaced", "") },
	"Ambient":           func(c *broker.Config) { c.Ambient = true },
	"AccountID":         func(c *broker.Config) { c.AccountID = stsfake.DefaultAccountID },
	"MFASerialNumber":   func(c *broker.Config) { c.MFASerialNumber = "arn:aws:iam::123456789012:mfa/other" },
	"MFASeed":           func(c *broker.Config) { c.MFASeed = sts.NewSensitive("JBSWY3DPEHPK3PXP") },
}

func TestRegisterAnotherConfig(t *testing.T) {
	for field := range reflect.TypeFor[broker.Config]().Fields() {
		if field.Name == "Version" { // of the object, whatever it says: see below
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(otherConfigs).To(HaveKey(field.Name), "say how to change it")
			f := start(t)
			f.config.RequestsPerSecond = 1
			f.use(f.config)
			f.fail(unavailable)
			_ = f.refused()

			before := f.config
			otherConfigs[field.Name](&f.config)
			f.use(f.config)

			g.Expect(before.Equals(f.config)).To(BeFalse())
			g.Expect(f.config.Equals(before)).To(BeFalse())
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "no call of it has failed")
			g.Expect(f.granted(2)).To(Equal(2), "the budget is new")
		})
	}
}

// A request decided with another version of the issuer, and so by other guardrails, is not carried out.
func TestPermitAnotherVersion(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	request := broker.IssueRequest{Issuer: theIssuer, Session: sessionOf("session"), Request: requests()[federation], Version: "uid/1"}
	f.config.Version = "uid/1"
	f.use(f.config)
	permit, problem := f.Permit(request)
	g.Expect(problem).To(BeNil())
	f.fail(unavailable)
	_, problem = permit.Issue(t.Context(), noProof)
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonUnavailable))

	f.config.Version = "uid/2"
	f.use(f.config)

	_, problem = f.Permit(request)
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIssuerNotReady))
	g.Expect(problem.Quiet).To(BeTrue())
	g.Expect(f.Trouble(theIssuer)).NotTo(BeNil(), "budget and trouble are those of the issuer, not of its version")
}

func TestRegisterAnotherIdentity(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.config.RequestsPerSecond = 1
	f.use(f.config)
	earlier := f.permit()
	f.fail(unavailable)
	_ = f.refused()

	f.Register(theIssuer, f.config, anotherIdentity)

	g.Expect(f.Trouble(theIssuer)).To(BeNil(), "no call of it has failed")
	g.Expect(f.granted(2)).To(Equal(2), "the budget is new")
	f.advance(time.Second)
	g.Expect(f.permit().Identity()).To(Equal("AIDAANOTHER"))
	g.Expect(earlier.Identity()).To(Equal(theIdentity.UserID), "a permit is of who calls with it")
	_, problem := earlier.Issue(t.Context(), noProof)
	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonUnavailable))
	g.Expect(f.Trouble(theIssuer)).To(BeNil(), "the other's failure is its own")
}

// What a call with the old configuration comes to says nothing of the new one.
func TestRegisterDuringCall(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	underWay := f.permit()
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "InvalidClientTokenId"})
	f.config.RequestsPerSecond = 7
	f.use(f.config)

	_, problem := underWay.Issue(t.Context(), noProof)

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonKeyRefused))
	g.Expect(f.Trouble(theIssuer)).To(BeNil())
}

func TestRegisterReplacedKey(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	next := stsfake.AccessKey{ID: "AKIANEXTNEXTNEXTNEXT", Secret: "the-next-secret"}
	f.fake.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: stsfake.DefaultUserName, Keys: []stsfake.AccessKey{next}})
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonKeyRefused))

	f.use(configOf(f.config.Endpoint, sts.NewCredentials(next.ID, next.Secret, "")))
	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(f.fake.Calls()[1].AccessKeyID).To(Equal(next.ID))
}

// Everything at once, for the race detector.
func TestBrokerConcurrentUse(t *testing.T) {
	f := start(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "ServiceUnavailable", Hits: 1, OutOf: 3})
	ids := []broker.ID{theIssuer, {Kind: v1alpha1.ClusterSessionIssuerKind, Name: "aws"}}

	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 20 {
				id, config := ids[n%len(ids)], f.config
				config.RequestsPerSecond += n % 3
				switch i {
				case 0:
					f.Register(id, config, []sts.Identity{theIdentity, anotherIdentity}[n%2])
				case 1:
					f.Forget(ids[1])
				case 2:
					f.advance(time.Second)
				case 3:
					_, _ = f.Identify(t.Context(), id, config)
				}
				_ = f.Trouble(id)
				permit, problem := f.ask(id, strconv.Itoa(i), n%2 == 0)
				if problem != nil {
					continue
				}
				if n%5 == 0 {
					permit.Cancel()
					continue
				}
				issued, problem := permit.Issue(t.Context(), noProof)
				if (problem == nil) == (issued == sts.Issued{}) {
					t.Errorf("neither credentials nor a problem, or both: %v, %v", issued, problem)
				}
			}
		})
	}
	all.Wait()
}

// Nothing is locked while STS is called: a hanging issuer must not hold up another, nor its own other sessions.
func TestIssueHoldsNoLock(t *testing.T) {
	g := NewWithT(t)
	hanging := start(t)
	hanging.fail(stsfake.Scenario{Kind: stsfake.Hang, Operation: "GetFederationToken", Times: 1})
	done := make(chan *sts.Problem)
	permit := hanging.permit()
	go func() {
		_, problem := permit.Issue(t.Context(), noProof)
		done <- problem
	}()
	g.Eventually(func() int { return hanging.fake.Count("GetFederationToken") }).WithTimeout(10 * time.Second).Should(Equal(1))

	_, problem := hanging.issue(theRequest)
	g.Expect(problem).To(BeNil())
	_, problem = hanging.identify(t.Context())
	g.Expect(problem).To(BeNil())
	hanging.use(hanging.config)
	g.Expect(done).NotTo(Receive())

	hanging.fake.ClearScenarios()
	g.Eventually(done).WithTimeout(10 * time.Second).Should(Receive(HaveField("Reason", v1alpha1.ReasonUnavailable)))
}

// The session name of a role is another one from pod to pod and from hour to hour; who it is stays the same.
func TestRegisterAnotherSessionOfTheSameRole(t *testing.T) {
	f := start(t)
	f.Register(theIssuer, f.config, sts.Identity{AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/operator/1", UserID: "AROAEXAMPLE:1"})
	f.fail(unavailable)
	_ = f.refused()

	f.Register(theIssuer, f.config, sts.Identity{AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/operator/2", UserID: "AROAEXAMPLE:2"})

	NewWithT(t).Expect(f.Trouble(theIssuer)).NotTo(BeNil())
}
