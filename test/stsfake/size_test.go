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
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// noise is a text that does not pack well, the same each time.
func noise(length int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	source := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, length)
	for i := range text {
		text[i] = letters[source.IntN(len(letters))]
	}
	return string(text)
}

func policyOf(length int) *string {
	head, tail := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::`, `"}]}`
	return aws.String(head + noise(length-len(head)-len(tail)) + tail)
}

func tagsOf(count, valueLength int) []types.Tag {
	tags := make([]types.Tag, count)
	for i := range tags {
		tags[i] = types.Tag{Key: aws.String(fmt.Sprintf("key-%d", i)), Value: aws.String(strings.Repeat("v", valueLength))}
	}
	return tags
}

// packedPercent is a member that AWS deprecated and still sends.
func packedPercent(output *awssts.GetFederationTokenOutput) int {
	return int(*output.PackedPolicySize) //nolint:staticcheck // deprecated or not, the fake must send it
}

func TestSizeSince202609(t *testing.T) {
	for name, test := range map[string]struct {
		policy  *string
		tags    []types.Tag
		minimum *int32
		least   int
		message string
	}{
		"nothing":                     {least: 356},
		"a small policy":              {policy: aws.String(policy), least: 440},
		"the largest policy":          {policy: policyOf(2048), least: 2400},
		"a minimum above the content": {minimum: aws.Int32(1001), least: 1001},
		"a minimum below the content": {minimum: aws.Int32(100), least: 356},
		"a minimum of nothing":        {minimum: aws.Int32(0), least: 356},
		"the largest minimum":         {minimum: aws.Int32(4096), least: 4096},
		"tags that fill the token":    {tags: tagsOf(50, 47), least: 3900},
		"tags beyond the token":       {tags: tagsOf(50, 60), message: "Packed policy consumes 120% of allotted space, please use smaller policy."},
		"a policy and tags beyond the token together": {
			policy: policyOf(2048), tags: tagsOf(50, 30),
			message: `Packed policy consumes 1\d\d% of allotted space, please use smaller policy.`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t)
			output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{
				Name: aws.String("demo"), Policy: test.policy, Tags: test.tags, MinimumSessionTokenSize: test.minimum})
			if test.message != "" {
				var tooLarge *types.PackedPolicyTooLargeException
				g.Expect(errors.As(err, &tooLarge)).To(BeTrue(), "%v", err)
				g.Expect(tooLarge.ErrorMessage()).To(MatchRegexp("^" + test.message + "$"))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			size := len(*output.Credentials.SessionToken)
			g.Expect(size).To(And(BeNumerically(">=", test.least), BeNumerically("<=", min(test.least+200, 4096))))
			g.Expect(*output.SessionTokenSize).To(BeEquivalentTo(size))
			g.Expect(*output.SessionTokenUtilization).To(BeEquivalentTo((size*100 + 4095) / 4096))
			g.Expect(packedPercent(output)).To(BeNumerically("<=", 100))
		})
	}
}

func TestSizeBefore202609(t *testing.T) {
	for name, test := range map[string]struct {
		policy  *string
		tags    []types.Tag
		packed  int
		within  int // what deflate may differ by from one Go to the next
		message string
	}{
		"nothing": {packed: 0},
		"a policy that allows one action": {
			policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`), packed: 16,
			within: 1,
		},
		"a tag":                     {tags: tagsOf(1, 10), packed: 4},
		"tags that fill the space":  {tags: tagsOf(35, 8), packed: 99},
		"tags beyond the space":     {tags: tagsOf(50, 8), message: "Packed size of session tags consumes 142% of allotted space."},
		"a policy beyond the space": {policy: policyOf(2048), message: `Packed policy consumes [23]\d\d% of allotted space, please use smaller policy.`},
		"both beyond the space": {
			policy: policyOf(600), tags: tagsOf(20, 8), message: `Packed policy consumes 1\d\d% of allotted space, please use smaller policy.`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), start(t, stsfake.WithSizeRegime(stsfake.PackedPolicy))
			output, err := f.sdk(longTerm(demoKey)).GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{
				Name: aws.String("demo"), Policy: test.policy, Tags: test.tags, MinimumSessionTokenSize: aws.Int32(4096)})
			if test.message != "" {
				var tooLarge *types.PackedPolicyTooLargeException
				g.Expect(errors.As(err, &tooLarge)).To(BeTrue(), "%v", err)
				g.Expect(tooLarge.ErrorMessage()).To(MatchRegexp("^" + test.message + "$"))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(packedPercent(output)).To(BeNumerically("~", test.packed, test.within))
			g.Expect(output.SessionTokenSize).To(BeNil(), "not yet invented")
			g.Expect(output.SessionTokenUtilization).To(BeNil())
			g.Expect(len(*output.Credentials.SessionToken)).To(BeNumerically("<", 1200), "the minimum size was not yet invented")
		})
	}
}
