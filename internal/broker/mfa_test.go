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
