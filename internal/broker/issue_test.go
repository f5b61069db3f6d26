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
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestIssueGetFederationToken(t *testing.T) {
	g := NewWithT(t)
	f := start(t)

	issued, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(f.fake.Calls()).To(HaveLen(1))
	call := f.fake.Calls()[0]
	g.Expect(call.Operation).To(Equal("GetFederationToken"))
	g.Expect(call.Caller).To(Equal("arn:aws:iam::123456789012:user/demo"))
	g.Expect(call.AccessKeyID).To(Equal(stsfake.DefaultAccessKeyID))
	g.Expect(call.Region).To(Equal("eu-central-1"))

	g.Expect(issued.Credentials.AccessKeyID()).To(MatchRegexp("^ASIA[A-Z2-7]{16}$"))
	g.Expect(issued.Credentials.SecretAccessKey()).To(HaveLen(40))
	g.Expect(len(issued.Credentials.SessionToken())).To(BeNumerically(">", 300))
	g.Expect(issued.IssuedAt).To(Equal(noon.Truncate(time.Second)), "whole seconds, in UTC")
	g.Expect(issued.Expiration).To(Equal(noon.Truncate(time.Second).Add(12*time.Hour)), "whole seconds, in UTC")
	g.Expect(issued.Identity.ARN).To(Equal("arn:aws:sts::123456789012:federated-user/reports"))
	g.Expect(issued.Identity.UserID).To(Equal("123456789012:reports"))
	g.Expect(issued.Identity.AccountID).To(Equal("123456789012"))
	g.Expect(*issued.PackedPolicySize).To(BeZero())
	g.Expect(*issued.SessionTokenUtilization).To(BeNumerically("~", 9, 2))
	g.Expect(f.observed).To(Equal([]observation{{"GetFederationToken", "OK", 0}}))
}

func TestIssueShorterLifetime(t *testing.T) {
	g := NewWithT(t)
	f := start(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Lifetime, Duration: 17 * time.Minute})
	request := theRequest
	request.DurationSeconds = 3600

	issued, problem := f.issue(request)

	g.Expect(problem).To(BeNil())
	g.Expect(issued.Expiration.Sub(issued.IssuedAt)).To(Equal(17 * time.Minute))
}

// What the SDK's default chain would read must not reach the broker: it is configured by its issuers alone.
func TestBrokerIgnoresEnvironment(t *testing.T) {
	g := NewWithT(t)
	missing := filepath.Join(t.TempDir(), "missing")
	garbage := filepath.Join(t.TempDir(), "garbage")
	g.Expect(os.WriteFile(garbage, []byte("[default\nnonsense"), 0o600)).To(Succeed())
	for name, value := range map[string]string{
		"AWS_CA_BUNDLE":                          missing,
		"AWS_CONFIG_FILE":                        garbage,
		"AWS_SHARED_CREDENTIALS_FILE":            garbage,
		"AWS_PROFILE":                            "no-such-profile",
		"AWS_ACCESS_KEY_ID":                      "AKIAGARBAGE",
		"AWS_SECRET_ACCESS_KEY":                  "garbage",
		"AWS_SESSION_TOKEN":                      "garbage",
		"AWS_REGION":                             "nowhere-9",
		"AWS_DEFAULT_REGION":                     "nowhere-9",
		"AWS_ENDPOINT_URL":                       "http://127.0.0.1:1",
		"AWS_ENDPOINT_URL_STS":                   "http://127.0.0.1:1",
		"AWS_USE_FIPS_ENDPOINT":                  "true",
		"AWS_USE_DUALSTACK_ENDPOINT":             "true",
		"AWS_STS_REGIONAL_ENDPOINTS":             "garbage",
		"AWS_MAX_ATTEMPTS":                       "garbage",
		"AWS_RETRY_MODE":                         "garbage",
		"AWS_ROLE_ARN":                           "garbage",
		"AWS_WEB_IDENTITY_TOKEN_FILE":            missing,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://127.0.0.1:1",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/garbage",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT":      "garbage",
		"AWS_AUTH_SCHEME_PREFERENCE":             "garbage",
		"AWS_NEW_RETRIES_2026":                   "true",
	} {
		t.Setenv(name, value)
	}
	f := start(t)

	_, problem := f.issue(theRequest)
	g.Expect(problem).To(BeNil())
	g.Expect(f.fake.Calls()[0].AccessKeyID).To(Equal(stsfake.DefaultAccessKeyID))
	g.Expect(f.fake.Calls()[0].Region).To(Equal("eu-central-1"))

	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "ServiceUnavailable", Status: 503})
	_ = f.refused()
	g.Expect(f.fake.Count("GetFederationToken")).To(Equal(2), "no retry, whatever the environment says")
}

// The SDK must not retry: the work queue does, by urgency and within the budget.
func TestIssueDoesNotRetry(t *testing.T) {
	for sentence, scenario := range map[string]stsfake.Scenario{
		"throttled":              {Kind: stsfake.Error, Code: "Throttling"},
		"unavailable":            {Kind: stsfake.Error, Code: "ServiceUnavailable", Status: 503},
		"failed internally":      {Kind: stsfake.Error, Code: "InternalFailure", Status: 500},
		"an HTML page, 502":      {Kind: stsfake.HTML, Status: 502},
		"the connection reset":   {Kind: stsfake.Reset},
		"half an answer":         {Kind: stsfake.Truncated},
		"no content":             {Kind: stsfake.Empty},
		"a clock that is skewed": {Kind: stsfake.ClockSkew, Duration: time.Hour},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.fail(scenario)

			_ = f.refused()

			g.Expect(f.fake.Count("GetFederationToken")).To(Equal(1))
		})
	}
}

func TestAssumeRoleInputWithoutTransitiveKeys(t *testing.T) {
	f, record := startWithRoles(t)
	request := requests()[role]
	request.TransitiveTagKeys = []string{}

	_, _ = f.issue(request)

	NewWithT(t).Expect(record.all()[0].parameters).NotTo(HaveKey("TransitiveTagKeys"))
}
