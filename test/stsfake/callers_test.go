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
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// expectCode holds an error of the SDK against a code, a message and a status.
func expectCode(g Gomega, err error, status int, code, message string) {
	var refusal smithy.APIError
	g.Expect(errors.As(err, &refusal)).To(BeTrue(), "%v", err)
	g.Expect(refusal.ErrorCode()).To(Equal(code))
	g.Expect(refusal.ErrorMessage()).To(Equal(message))
	var response *awshttp.ResponseError
	g.Expect(errors.As(err, &response)).To(BeTrue())
	g.Expect(response.HTTPStatusCode()).To(Equal(status))
	g.Expect(response.ServiceRequestID()).NotTo(BeEmpty())
}

func TestGetCallerIdentityTellsWhoSigned(t *testing.T) {
	root := stsfake.AccessKey{ID: "AKIAROOTEXAMPLE00000", Secret: "root-secret"}
	other := stsfake.AccessKey{ID: "AKIAOTHEREXAMPLE0000", Secret: "other-secret"}
	world := stsfake.DefaultWorld()
	world.Accounts[0].RootKeys = []stsfake.AccessKey{root}
	world.Accounts = append(
		world.Accounts,
		stsfake.Account{ID: "210987654321", Users: []stsfake.User{{Name: "ops", Path: "/team/", Keys: []stsfake.AccessKey{other}}}},
	)

	for name, test := range map[string]struct {
		credentials func(*fixture) aws.Credentials
		region      string
		arn, id     string
		account     string
	}{
		"an IAM user": {func(*fixture) aws.Credentials { return longTerm(demoKey) }, "eu-central-1",
			"arn:aws:iam::123456789012:user/demo", "^AIDACKCEVSQ6C2EXAMPLE$", "123456789012"},
		"an IAM user in China": {func(*fixture) aws.Credentials { return longTerm(demoKey) }, "cn-north-1",
			"arn:aws-cn:iam::123456789012:user/demo", "^AIDACKCEVSQ6C2EXAMPLE$", "123456789012"},
		"an IAM user in the European sovereign cloud": {func(*fixture) aws.Credentials { return longTerm(demoKey) }, "eusc-de-east-1",
			"arn:aws-eusc:iam::123456789012:user/demo", "^AIDACKCEVSQ6C2EXAMPLE$", "123456789012"},
		"an IAM user of another account, with a path": {func(*fixture) aws.Credentials { return longTerm(other) }, "us-gov-west-1",
			"arn:aws-us-gov:iam::210987654321:user/team/ops", "^AIDA[A-Z2-7]{17}$", "210987654321"},
		"root": {func(*fixture) aws.Credentials { return longTerm(root) }, "us-east-1",
			"arn:aws:iam::123456789012:root", "^123456789012$", "123456789012"},
		"a federated user": {func(f *fixture) aws.Credentials {
			return temporary(f.IssueFederatedUser("123456789012", "team-a", time.Hour))
		}, "us-east-1", "arn:aws:sts::123456789012:federated-user/team-a", "^123456789012:team-a$", "123456789012"},
		"an assumed role": {func(f *fixture) aws.Credentials {
			return temporary(f.IssueAssumedRole("123456789012", "reader", "s-1", time.Hour))
		}, "us-east-1", "arn:aws:sts::123456789012:assumed-role/reader/s-1", "^AROA[A-Z2-7]{17}:s-1$", "123456789012"},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), startWorld(t, world)
			client := f.sdk(test.credentials(f), func(options *awssts.Options) { options.Region = test.region })
			output, err := client.GetCallerIdentity(t.Context(), nil)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*output.Arn).To(Equal(test.arn))
			g.Expect(*output.UserId).To(MatchRegexp(test.id))
			g.Expect(*output.Account).To(Equal(test.account))
			g.Expect(f.Calls()[0].Caller).To(Equal(test.arn))
			g.Expect(f.Calls()[0].Region).To(Equal(test.region))
		})
	}
}

func TestTemporaryCredentialsLiveUntilTheyExpire(t *testing.T) {
	g, f := NewWithT(t), start(t)
	output, err := f.sdk(
		longTerm(demoKey),
	).GetFederationToken(
		t.Context(),
		&awssts.GetFederationTokenInput{Name: aws.String("demo"), DurationSeconds: aws.Int32(900)},
	)
	g.Expect(err).NotTo(HaveOccurred())
	session := f.sdk(aws.Credentials{AccessKeyID: *output.Credentials.AccessKeyId, SecretAccessKey: *output.Credentials.SecretAccessKey,
		SessionToken: *output.Credentials.SessionToken})

	identity, err := session.GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*identity.Arn).To(Equal("arn:aws:sts::123456789012:federated-user/demo"))
	_, err = session.GetFederationToken(t.Context(), federate("demo"))
	expectCode(g, err, 403, "AccessDenied", "Cannot call GetFederationToken with session credentials")

	f.clock.Advance(output.Credentials.Expiration.Sub(f.clock.Now()) - time.Nanosecond)
	_, err = session.GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	f.clock.Advance(time.Nanosecond)
	_, err = session.GetCallerIdentity(t.Context(), nil)
	expectCode(g, err, 403, "ExpiredToken", "The security token included in the request is expired")
}

func TestRefusedCallers(t *testing.T) {
	const (
		invalid  = "The security token included in the request is invalid."
		mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
			"signing method. Consult the service documentation for details."
	)
	for name, test := range map[string]struct {
		credentials func(*fixture) aws.Credentials
		status      int
		code        string
		message     string
	}{
		"an unknown key": {
			func(*fixture) aws.Credentials { return longTerm(stsfake.AccessKey{ID: "AKIANOBODY", Secret: "x"}) }, 403, "InvalidClientTokenId",
			invalid,
		},
		"a wrong secret": {
			func(*fixture) aws.Credentials { return longTerm(stsfake.AccessKey{ID: demoKey.ID, Secret: "x"}) }, 403, "SignatureDoesNotMatch",
			mismatch,
		},
		"id and secret swapped": {func(*fixture) aws.Credentials {
			return longTerm(stsfake.AccessKey{ID: "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", Secret: demoKey.ID})
		}, 403, "InvalidClientTokenId", invalid},
		"a long-term key with a token": {func(*fixture) aws.Credentials {
			return aws.Credentials{AccessKeyID: demoKey.ID, SecretAccessKey: demoKey.Secret, SessionToken: "x"}
		}, 403, "InvalidClientTokenId", invalid},
		"a temporary key without its token": {func(f *fixture) aws.Credentials {
			issued := f.IssueFederatedUser("123456789012", "demo", time.Hour)
			return aws.Credentials{AccessKeyID: issued.AccessKeyID, SecretAccessKey: issued.SecretAccessKey}
		}, 403, "InvalidClientTokenId", invalid},
		"a temporary key with the token of another": {func(f *fixture) aws.Credentials {
			credentials := temporary(f.IssueFederatedUser("123456789012", "demo", time.Hour))
			credentials.SessionToken = f.IssueFederatedUser("123456789012", "demo", time.Hour).SessionToken
			return credentials
		}, 403, "InvalidClientTokenId", invalid},
		"a user who was removed": {func(f *fixture) aws.Credentials {
			f.RemoveUser("123456789012", "demo")
			return longTerm(demoKey)
		}, 403, "InvalidClientTokenId", invalid},
		"a key that was replaced": {func(f *fixture) aws.Credentials {
			f.SetUser("123456789012", stsfake.User{Name: "demo", Path: "/moved/", Keys: []stsfake.AccessKey{{ID: "AKIANEW", Secret: "new"}}})
			return longTerm(demoKey)
		}, 403, "InvalidClientTokenId", invalid},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			_, err := f.sdk(test.credentials(f)).GetFederationToken(t.Context(), federate("demo"))
			expectCode(g, err, test.status, test.code, test.message)
			call := f.Calls()[0]
			g.Expect(call.Code).To(Equal(test.code))
			g.Expect(call.Caller+call.AccessKeyID).To(BeEmpty(), "an unproven claim may be anything, even a secret")
		})
	}
}

func TestUnsignedAndMissignedRequests(t *testing.T) {
	const authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261122/us-east-1/%s/aws4_request, SignedHeaders=host;x-amz-date, Signature=abc"
	for name, test := range map[string]struct {
		headers       []string
		status        int
		code, message string
	}{
		"no signature": {nil, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		"half a signature": {[]string{"Authorization", "AWS4-HMAC-SHA256 AKIA"}, 400, "IncompleteSignature",
			"'AKIA' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 AKIA'."},
		"a signature for another service": {[]string{"Authorization", fmt.Sprintf(authorization, "s3"), "X-Amz-Date", "20261122T120000Z"}, 403,
			"SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'."},
		"a signature from yesterday": {[]string{"Authorization", fmt.Sprintf(authorization, "sts"), "X-Amz-Date", "20261121T120000Z"}, 403,
			"SignatureDoesNotMatch", "Signature expired: 20261121T120000Z is now earlier than 20261122T114500Z (20261122T120000Z - 15 min.)"},
		"a signature from tomorrow": {[]string{"Authorization", fmt.Sprintf(authorization, "sts"), "X-Amz-Date", "20261123T120000Z"}, 403,
			"SignatureDoesNotMatch", "Signature not yet current: 20261123T120000Z is still later than 20261122T121500Z (20261122T120000Z + 15 min.)"},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			got := f.do(f.request("POST", "", whoAmI, append(test.headers, "Content-Type", formType)...))
			g.Expect(got.status).To(Equal(test.status))
			g.Expect(got.Code).To(Equal(test.code))
			g.Expect(got.Message).To(Equal(test.message))
		})
	}
}

func TestRegionOfTheServer(t *testing.T) {
	g, f := NewWithT(t), start(t, stsfake.WithRegion("us-east-1"))
	_, err := f.sdk(longTerm(demoKey)).GetCallerIdentity(t.Context(), nil)
	expectCode(g, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid Region, not 'eu-central-1'.")
	_, err = f.sdk(longTerm(demoKey), func(options *awssts.Options) { options.Region = "us-east-1" }).GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
}

// A test may let years pass for sessions while the SDK goes on signing with the machine's time.
func TestWireClock(t *testing.T) {
	g, f := NewWithT(t), start(t, stsfake.WithWireClock(time.Now))
	client := f.sdk(longTerm(demoKey), func(options *awssts.Options) { options.HTTPSignerV4 = nil })
	output, err := client.GetFederationToken(t.Context(), federate("demo"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(12 * time.Hour)))
	f.clock.Advance(1000 * time.Hour)
	_, err = client.GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
}

func TestKeysChangeWhileRequestsRun(t *testing.T) {
	g, f := NewWithT(t), start(t)
	second := stsfake.AccessKey{ID: "AKIASECONDEXAMPLE000", Secret: "second"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50 {
			f.SetUser("123456789012", stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}})
			_ = f.SetScenarios(stsfake.Scenario{Kind: stsfake.Lifetime, Duration: time.Minute})
			f.SetUser("123456789012", stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey, second}})
			f.IssueFederatedUser("123456789012", "demo", time.Hour)
			f.ClearScenarios()
			_ = f.Calls()
		}
	}()
	for range 50 {
		g.Expect(f.call("GetFederationToken", "Name", "demo").status).To(Equal(200), "the key that stays works throughout")
	}
	<-done
	g.Expect(f.Count("GetFederationToken")).To(Equal(50))
}

func TestNothingSecretIsPrinted(t *testing.T) {
	g, f := NewWithT(t), start(t)
	issued := f.IssueFederatedUser("123456789012", "demo", time.Hour)
	world := stsfake.DefaultWorld()
	printed := fmt.Sprintf("%v %+v %#v %s %q | %v %+v %#v | %+v %#v", demoKey, demoKey, demoKey, demoKey, demoKey, issued, issued, issued, world, world)
	for _, secret := range []string{demoKey.Secret, issued.SecretAccessKey, issued.SessionToken} {
		g.Expect(strings.Contains(printed, secret)).To(BeFalse(), printed)
	}
	g.Expect(printed).To(ContainSubstring(demoKey.ID + " REDACTED"))
	for _, value := range []interface{ MarshalJSON() ([]byte, error) }{demoKey, issued} {
		text, err := value.MarshalJSON()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(text)).To(HaveSuffix(` REDACTED"`))
	}
}
