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

package stsfake_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

const wrongCode = "MultiFactorAuthentication failed with invalid MFA one time pass code."

func withCode(serialNumber, code *string) func(*awssts.AssumeRoleInput) {
	return func(input *awssts.AssumeRoleInput) { input.SerialNumber, input.TokenCode = serialNumber, code }
}

// guarded is a role that wants MFA.
func guarded() stsfake.Role {
	return stsfake.Role{Name: "reader", Trust: allow(`{"AWS":"123456789012"}`, `"sts:AssumeRole"`, `"Bool":{"aws:MultiFactorAuthPresent":"true"}`)}
}

func TestMFACodes(t *testing.T) {
	const (
		unknown = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
		both    = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
	)
	for name, test := range map[string]struct {
		serialNumber string
		code         func(*fixture) *string
		message      string
	}{
		"the code of now":             {serial, func(f *fixture) *string { return f.code(0) }, ""},
		"the code of a step ago":      {serial, func(f *fixture) *string { return f.code(-30 * time.Second) }, ""},
		"the code of two steps ago":   {serial, func(f *fixture) *string { return f.code(-60 * time.Second) }, wrongCode},
		"the code of a step from now": {serial, func(f *fixture) *string { return f.code(30 * time.Second) }, wrongCode},
		"a wrong code":                {serial, func(*fixture) *string { return aws.String("000000") }, wrongCode},
		"another's device":            {"arn:aws:iam::123456789012:mfa/other", func(f *fixture) *string { return f.code(0) }, unknown},
		"a device without a code":     {serial, func(*fixture) *string { return nil }, both},
		"a code without a device":     {"", func(f *fixture) *string { return f.code(0) }, both},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), withRoles(t, guarded())
			var serialNumber *string
			if test.serialNumber != "" {
				serialNumber = &test.serialNumber
			}
			_, err := f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), assuming(readerARN, withCode(serialNumber, test.code(f))))
			if test.message != "" {
				expectCode(g, err, 403, "AccessDenied", test.message)
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
}

func TestAnMFACodeIsGoodOnce(t *testing.T) {
	g, f := NewWithT(t), withRoles(t, guarded())
	client := f.sdk(longTerm(demoKey))
	now, before := f.code(0), f.code(-30*time.Second)
	_, err := client.AssumeRole(t.Context(), assuming(readerARN, withCode(aws.String(serial), now)))
	g.Expect(err).NotTo(HaveOccurred())
	for _, used := range []*string{now, before} {
		_, err = client.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{SerialNumber: aws.String(serial), TokenCode: used})
		expectCode(g, err, 403, "AccessDenied", wrongCode)
	}

	// The user is set again, as a test does that gives it another key: the code stays used.
	f.SetUser(
		stsfake.DefaultAccountID,
		stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, MFADevices: []stsfake.MFADevice{{SerialNumber: serial, Seed: seed}}},
	)
	_, err = client.AssumeRole(t.Context(), assuming(readerARN, withCode(aws.String(serial), now)))
	expectCode(g, err, 403, "AccessDenied", wrongCode)

	f.clock.Advance(30 * time.Second)
	_, err = client.AssumeRole(t.Context(), assuming(readerARN, withCode(aws.String(serial), f.code(0))))
	g.Expect(err).NotTo(HaveOccurred(), "the next code")
	for _, call := range f.Calls() {
		g.Expect(call.Parameters).To(HaveKeyWithValue("TokenCode", MatchRegexp(`^REDACTED sha256:[0-9a-f]{12}$`)))
	}
	g.Expect(f.Calls()[0].Parameters["TokenCode"]).To(Equal(f.Calls()[1].Parameters["TokenCode"]))
	g.Expect(f.Calls()[0].Parameters["TokenCode"]).NotTo(Equal(f.Calls()[2].Parameters["TokenCode"]))
}

func TestOfManyCallsAtOnceOneHasTheCode(t *testing.T) {
	g, f := NewWithT(t), withRoles(t, guarded())
	code := f.code(0)
	results := make(chan error)
	for range 8 {
		go func() {
			_, err := f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), assuming(readerARN, withCode(aws.String(serial), code)))
			results <- err
		}()
	}
	accepted := 0
	for range 8 {
		if <-results == nil {
			accepted++
		}
	}
	g.Expect(accepted).To(Equal(1))
}

func TestASessionWithMFAOpensTheRole(t *testing.T) {
	g, f := NewWithT(t), withRoles(t, guarded())
	without, err := f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = f.session(without.Credentials).AssumeRole(t.Context(), assuming(readerARN))
	expectCode(g, err, 403, "AccessDenied", "User: "+demoARN+" is not authorized to perform: sts:AssumeRole on resource: "+readerARN)

	with, err := f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{SerialNumber: aws.String(serial), TokenCode: f.code(0)})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = f.session(with.Credentials).AssumeRole(t.Context(), assuming(readerARN))
	g.Expect(err).NotTo(HaveOccurred())
}

// A session of a user may assume a role with a code of its own.
func TestASessionTakesACode(t *testing.T) {
	g, f := NewWithT(t), withRoles(t, guarded())
	plain, err := f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = f.session(plain.Credentials).AssumeRole(t.Context(), assuming(readerARN, withCode(aws.String(serial), f.code(0))))
	g.Expect(err).NotTo(HaveOccurred())
}
