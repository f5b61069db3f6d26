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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestNew(t *testing.T) {
	g := NewWithT(t)
	fake := stsfake.New(t)
	g.Expect(fake.SetRole(stsfake.DefaultAccountID, stsfake.Role{Name: "reader", Trust: `{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/demo"}, "Action": "sts:AssumeRole"}]
	}`})).To(Succeed())
	client := awssts.New(awssts.Options{
		BaseEndpoint: aws.String(fake.URL),
		Region:       "eu-central-1",
		Credentials:  credentials.NewStaticCredentialsProvider(stsfake.DefaultAccessKeyID, stsfake.DefaultSecretAccessKey, ""),
	})

	session, err := client.AssumeRole(t.Context(), &awssts.AssumeRoleInput{
		RoleArn:         aws.String("arn:aws:iam::123456789012:role/reader"),
		RoleSessionName: aws.String("reports"),
	})

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*session.AssumedRoleUser.Arn).To(Equal("arn:aws:sts::123456789012:assumed-role/reader/reports"))
	g.Expect(fake.Count("AssumeRole")).To(Equal(1))
	g.Expect(fake.Calls()[0].Caller).To(Equal("arn:aws:iam::123456789012:user/demo"))
}
