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
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// Only what can prove a device waits for it.
func TestPermitNeedsNoMFACode(t *testing.T) {
	for operation, request := range requests() {
		if request.TakesMFA() {
			continue
		}
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)
			f.use(withDevice(f.config)) // and no code is to be had

			for range 3 {
				_, problem := f.present(broker.IssueRequest{Request: request}, aProof())
				g.Expect(problem).To(BeNil())
			}

			for _, call := range record.calls(operation) {
				g.Expect(call.parameters).NotTo(Or(HaveKey("SerialNumber"), HaveKey("TokenCode")))
			}
			f.advance(30 * time.Second)
			g.Expect(f.permitFor(broker.IssueRequest{Request: guarded})).NotTo(BeNil(), "nor do they take one")
		})
	}
}

func TestIdentifyNeedsNoMFACode(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithDevice(t)
	f.config.AccountID = theIdentity.AccountID

	_, problem := f.identify(t.Context())

	g.Expect(problem).To(BeNil())
	for _, call := range record.all() {
		g.Expect(call.parameters).NotTo(Or(HaveKey("SerialNumber"), HaveKey("TokenCode")))
	}
	g.Expect(f.permitFor(broker.IssueRequest{Request: guarded})).NotTo(BeNil())
}

// Between the permit and the call there are Kubernetes' answers to wait for. The code must be the one that was handed
// out: that of another window may belong to another session.
func TestIssueUsesMFACodeOfPermit(t *testing.T) {
	for late, taken := range map[time.Duration]bool{0: true, 2 * time.Second: true, 30 * time.Second: true, 31 * time.Second: false} {
		t.Run(late.String(), func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)
			f.clock.SetTime(time.Unix(1111111109, 0).Add(-time.Minute)) // a second before the end of its window
			f.use(withDevice(f.config))
			f.advance(time.Minute)
			permit := f.permitFor(broker.IssueRequest{Request: guarded})

			f.advance(late)
			_, problem := permit.Issue(t.Context(), noProof)

			g.Expect(record.all()[0].parameters).To(HaveKeyWithValue("TokenCode", "081804"))
			if taken {
				g.Expect(problem).To(BeNil())
				return
			}
			g.Expect(problem).To(HaveField("Reason", v1alpha1.ReasonAccessDenied), "and STS says so if it is too late")
		})
	}
}

// A replaced seed yields the codes of the new one, and at most one a window as before.
func TestRegisterReplacedMFASeed(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	_, problem := f.issue(guarded)
	g.Expect(problem).To(BeNil())
	const next = "JBSWY3DPEHPK3PXP"
	f.fake.SetUser(stsfake.DefaultAccountID, stsfake.User{
		Name: stsfake.DefaultUserName, ID: theIdentity.UserID, Keys: []stsfake.AccessKey{{ID: stsfake.DefaultAccessKeyID, Secret: stsfake.DefaultSecretAccessKey}},
		MFADevices: []stsfake.MFADevice{{SerialNumber: deviceSerial, Seed: next}},
	})
	f.advance(30 * time.Second)
	g.Expect(f.turnedDown(broker.IssueRequest{Request: guarded}).Reason).To(Equal(v1alpha1.ReasonAccessDenied), "the code is the old seed's")

	f.config.MFASeed = sts.NewSensitive(next)
	f.use(f.config)
	_, problem = f.Permit(broker.IssueRequest{Issuer: theIssuer, Session: sessionOf("session"), Request: guarded})
	g.Expect(problem).To(HaveField("Reason", v1alpha1.ReasonWaitingForMFACode))
	f.advance(30 * time.Second)
	_, problem = f.issue(guarded)

	g.Expect(problem).To(BeNil())
}

func TestIsSeed(t *testing.T) {
	for sentence, c := range map[string]struct {
		seed  string
		valid bool
	}{
		"base32":                     {deviceSeed, true},
		"what AWS shows":             {strings.Repeat("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 2), true},
		"base32 with padding":        {"GEZDGNBVGY3Q====", true},
		"base32 in small letters":    {strings.ToLower(deviceSeed), true},
		"base32 between white":       {" " + deviceSeed + "\n", true},
		"nothing":                    {"", false},
		"digits that base32 has not": {"GEZDGNBVGY3TQOJ1", false},
		"a sentence":                 {"my secret seed", false},
		"base64":                     {"c2VjcmV0LXNlZWQ=", false},
		"an address of a code":       {"otpauth://totp/AWS:demo?secret=" + deviceSeed, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			valid := broker.IsSeed(sts.NewSensitive(c.seed))

			g.Expect(valid).To(Equal(c.valid))
		})
	}
	NewWithT(t).Expect(broker.IsSeed(sts.Sensitive{})).To(BeFalse())
}

// The issuer's reconciler lets no such seed pass. If one comes here, no call is made and nothing of it is said.
func TestIssueInvalidMFASeed(t *testing.T) {
	for _, request := range []sts.Request{guarded, requests()[ownSession]} {
		t.Run(request.Operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithDevice(t)
			f.config.MFASeed = sts.NewSensitive("my secret seed!")
			f.use(f.config)

			problem := f.turnedDown(broker.IssueRequest{Request: request})

			g.Expect(record.all()).To(BeEmpty())
			g.Expect(problem.Message).NotTo(ContainSubstring("secret"))
		})
	}
}
