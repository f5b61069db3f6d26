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
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// startCompatible is a fake of another service, for whose path and region the SDK signs.
func startCompatible(t *testing.T) (*fixture, *awssts.Client) {
	t.Helper()
	f := start(t, stsfake.WithService(stsfake.ServiceCompatible))
	client := f.sdk(longTerm(demoKey), func(o *awssts.Options) {
		o.Region, o.BaseEndpoint = "default", aws.String(f.url+"/sts")
	})
	return f, client
}

func TestCompatibleAssumeRole(t *testing.T) {
	for _, role := range []string{"arn:minio:iam:::role/reader", "arn:aws:iam:::role/reader", "arn:aws-cn:iam::123456789012:role/reader"} {
		t.Run(role, func(t *testing.T) {
			g := NewWithT(t)
			_, client := startCompatible(t)

			out, err := client.AssumeRole(t.Context(), &awssts.AssumeRoleInput{
				RoleArn: aws.String(role), RoleSessionName: aws.String("reports"), DurationSeconds: aws.Int32(900),
			})

			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(aws.ToString(out.AssumedRoleUser.Arn)+aws.ToString(out.AssumedRoleUser.AssumedRoleId)).To(BeEmpty(), "nobody is named")
			g.Expect(*out.Credentials.AccessKeyId).NotTo(HavePrefix("ASIA"))
			g.Expect(*out.Credentials.SecretAccessKey).NotTo(BeEmpty())
			g.Expect(*out.Credentials.SessionToken).NotTo(BeEmpty())
			g.Expect(*out.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(15 * time.Minute)))
		})
	}
}

// An unsigned request names no region, so only a server that has one knows its partition.
func TestPartitionOfUnsignedRequests(t *testing.T) {
	const role = "arn:aws-cn:iam::123456789012:role/reader"
	for region, want := range map[string]string{"us-east-1": "ValidationError", "cn-north-1": "InvalidIdentityToken", "": "InvalidIdentityToken"} {
		t.Run(region, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t, stsfake.WithRegion(region))

			_, err := f.nobody().AssumeRoleWithWebIdentity(t.Context(), &awssts.AssumeRoleWithWebIdentityInput{
				RoleArn: aws.String(role), RoleSessionName: aws.String("reports"), WebIdentityToken: aws.String("none"),
			})

			known, ok := errors.AsType[smithy.APIError](err)
			g.Expect(ok).To(BeTrue())
			g.Expect(known.ErrorCode()).To(Equal(want))
		})
	}
}

func TestCompatibleLacksOperations(t *testing.T) {
	g := NewWithT(t)
	f, client := startCompatible(t)
	for name, call := range map[string]func() error{
		"GetCallerIdentity": func() error { _, err := client.GetCallerIdentity(t.Context(), nil); return err },
		"GetFederationToken": func() error {
			_, err := client.GetFederationToken(t.Context(), &awssts.GetFederationTokenInput{Name: aws.String("reports")})
			return err
		},
	} {
		known, ok := errors.AsType[smithy.APIError](call())
		g.Expect(ok).To(BeTrue())
		g.Expect([]string{known.ErrorCode(), known.ErrorMessage()}).To(Equal([]string{"InvalidParameterValue", "Unsupported action " + name}))
		g.Expect(f.Count(name)).To(Equal(1))
	}
}

func TestCompatibleVerifiesSignatures(t *testing.T) {
	g := NewWithT(t)
	f, _ := startCompatible(t)
	client := f.sdk(longTerm(stsfake.AccessKey{ID: demoKey.ID, Secret: "another"}))

	_, err := client.AssumeRole(t.Context(), &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:minio:iam:::role/reader"), RoleSessionName: aws.String("reports"),
	})

	known, ok := errors.AsType[smithy.APIError](err)
	g.Expect(ok).To(BeTrue())
	g.Expect(known.ErrorCode()).To(Equal("SignatureDoesNotMatch"))
}
