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

func TestGetSessionToken(t *testing.T) {
	root := stsfake.AccessKey{ID: "AKIAROOTEXAMPLE00000", Secret: "root-secret"}
	for name, test := range map[string]struct {
		key      stsfake.AccessKey
		input    *awssts.GetSessionTokenInput
		arn      string
		lifetime time.Duration
	}{
		"twelve hours unless asked":  {demoKey, &awssts.GetSessionTokenInput{}, demoARN, 12 * time.Hour},
		"as long as asked":           {demoKey, &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(129600)}, demoARN, 36 * time.Hour},
		"as short as asked":          {demoKey, &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}, demoARN, 15 * time.Minute},
		"an hour at most for root":   {root, &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(129600)}, "arn:aws:iam::123456789012:root", time.Hour},
		"shorter than that for root": {root, &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)}, "arn:aws:iam::123456789012:root", 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			f.SetRootKeys(stsfake.DefaultAccountID, root)
			test.input.MinimumSessionTokenSize = aws.Int32(1000)
			output, err := f.sdk(longTerm(test.key)).GetSessionToken(t.Context(), test.input)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*output.Credentials.AccessKeyId).To(HavePrefix("ASIA"))
			g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(test.lifetime)))
			g.Expect(*output.SessionTokenSize).To(BeEquivalentTo(1000))
			g.Expect(len(*output.Credentials.SessionToken)).To(Equal(1000))
			g.Expect(*output.SessionTokenUtilization).To(BeEquivalentTo(25))

			identity, err := f.session(output.Credentials).GetCallerIdentity(t.Context(), nil)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*identity.Arn).To(Equal(test.arn))
			f.clock.Advance(test.lifetime)
			_, err = f.session(output.Credentials).GetCallerIdentity(t.Context(), nil)
			expectCode(g, err, 403, "ExpiredToken", "The security token included in the request is expired")
		})
	}
}

func TestGetSessionTokenRefuses(t *testing.T) {
	g, f := NewWithT(t), start(t)
	_, err := f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{DurationSeconds: aws.Int32(899)})
	expectCode(g, err, 400, "ValidationError",
		"1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")
	_, err = f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{MinimumSessionTokenSize: aws.Int32(4097)})
	expectCode(g, err, 400, "ValidationError",
		"1 validation error detected: Value '4097' at 'minimumSessionTokenSize' failed to satisfy constraint: Member must have value less than or equal to 4096")

	f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, Denied: []string{"sts:GetSessionToken"}})
	_, err = f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), nil)
	expectCode(g, err, 403, "AccessDenied", "User: "+demoARN+" is not authorized to perform: sts:GetSessionToken on resource: *")
}

// Before September 2026 the answer had no sizes.
func TestGetSessionTokenOfThePackedPolicyRegime(t *testing.T) {
	g, f := NewWithT(t), start(t, stsfake.WithSizeRegime(stsfake.PackedPolicy))
	output, err := f.sdk(longTerm(demoKey)).GetSessionToken(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(output.SessionTokenSize).To(BeNil())
	g.Expect(output.SessionTokenUtilization).To(BeNil())
}

func TestGetAccessKeyInfo(t *testing.T) {
	g, f := NewWithT(t), start(t)
	other := stsfake.AccessKey{ID: "AKIAOTHEREXAMPLE0000", Secret: "other-secret"}
	f.SetUser("210987654321", stsfake.User{Name: "ops", Keys: []stsfake.AccessKey{other}})
	issued := f.IssueFederatedUser("210987654321", "ops", time.Minute)
	client := f.sdk(longTerm(demoKey))
	f.clock.Advance(time.Hour)
	for _, id := range []string{other.ID, issued.AccessKeyID} {
		output, err := client.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: &id})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(*output.Account).To(Equal("210987654321"))
	}

	_, err := client.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIANOBODYEXAMPLE000")})
	expectCode(g, err, 400, "ValidationError", "The access key AKIANOBODYEXAMPLE000 is not known to this server")
	_, err = client.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIA")})
	expectCode(g, err, 400, "ValidationError",
		"1 validation error detected: Value 'AKIA' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16")
	f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, Denied: []string{"sts:GetAccessKeyInfo"}})
	_, err = client.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: &other.ID})
	expectCode(g, err, 403, "AccessDenied", "User: "+demoARN+" is not authorized to perform: sts:GetAccessKeyInfo on resource: *")
}
