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

package sts_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestAccountOf(t *testing.T) {
	for sentence, c := range map[string]struct{ arn, want string }{
		"a federated user has the account that issued it": {"arn:aws:sts::123456789012:federated-user/reporter", "123456789012"},
		"an IAM user has its own":                         {"arn:aws-cn:iam::123456789012:user/team/broker", "123456789012"},
		"a colon in the resource does not matter":         {"arn:aws:iam::123456789012:user:a:b", "123456789012"},
		"a policy of AWS has the account aws":             {"arn:aws:iam::aws:policy/ReadOnlyAccess", "aws"},
		"an ARN without an account has none":              {"arn:aws:s3:::bucket", ""},
		"what is no ARN has none":                         {"123456789012:reporter", ""},
		"nothing has none":                                {"", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(sts.AccountOf(c.arn)).To(Equal(c.want))
		})
	}
}

func TestIdentityOf(t *testing.T) {
	for sentence, c := range map[string]struct{ arn, userID, account string }{
		"the account is that of the ARN":                       {"arn:aws:sts::123456789012:assumed-role/x/y", "AROAX:y", "123456789012"},
		"a service may have no accounts":                       {"arn:aws:sts:::assumed-role/x/y", "", ""},
		"or others than AWS, which are left out if too long":   {"arn:aws:sts::RGW00000000000000001:assumed-role/x/y", "x:y", ""},
		"a service may name nobody":                            {"", "", ""},
		"or an id alone, which says nothing about its account": {"", "minioadmin", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(sts.IdentityOf(c.arn, c.userID)).To(Equal(sts.Identity{AccountID: c.account, ARN: c.arn, UserID: c.userID}))
		})
	}
}

func TestForeignPartition(t *testing.T) {
	for sentence, c := range map[string]struct {
		arn, region, partition string
		want                   bool
	}{
		"an ARN of the region's partition is not foreign":    {"arn:aws:iam::123456789012:role/x", "eu-central-1", "aws", false},
		"nor is one of China in China":                       {"arn:aws-cn:iam::123456789012:role/x", "cn-north-1", "aws-cn", false},
		"one of China is elsewhere":                          {"arn:aws-cn:iam::123456789012:role/x", "eu-central-1", "aws-cn", true},
		"one of the commercial partition is in GovCloud":     {"arn:aws:iam::aws:policy/ReadOnlyAccess", "us-gov-west-1", "aws", true},
		"a partition that only begins alike is foreign":      {"arn:aws-iso-b:iam::123456789012:role/x", "us-iso-east-1", "aws-iso-b", true},
		"one of another service is foreign everywhere":       {"arn:minio:iam:::role/x", "eu-central-1", "minio", true},
		"in a region that is not known, any of AWS may be":   {"arn:aws-new:iam::123456789012:role/x", "moon-base-1", "aws-new", false},
		"but none of another service":                        {"arn:minio:iam:::role/x", "moon-base-1", "minio", true},
		"and none of one whose name begins like AWS's does ": {"arn:awsome:iam:::role/x", "moon-base-1", "awsome", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			partition, isForeign := sts.ForeignPartition(c.arn, c.region)
			g.Expect(partition).To(Equal(c.partition))
			g.Expect(isForeign).To(Equal(c.want))
		})
	}
}

func TestIdentityStable(t *testing.T) {
	for sentence, c := range map[string]struct{ userID, want string }{
		"an IAM user is its id":                            {"AIDAEXAMPLE", "AIDAEXAMPLE"},
		"a root user is its account":                       {"123456789012", "123456789012"},
		"a role is the same in every session":              {"AROAEXAMPLE:pod-7f9c", "AROAEXAMPLE"},
		"a role without a session name is that role":       {"AROAEXAMPLE", "AROAEXAMPLE"},
		"a federated user is account and name":             {"123456789012:reporter", "123456789012:reporter"},
		"a federated user may have the name of a role":     {"123456789012:AROAEXAMPLE", "123456789012:AROAEXAMPLE"},
		"who is not known yet stays so":                    {"", ""},
		"only the first colon parts a role from a session": {"AROAEXAMPLE:a:b", "AROAEXAMPLE"},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(sts.Identity{UserID: c.userID}.Stable()).To(Equal(c.want))
		})
	}
}

func TestIdentityCanFederate(t *testing.T) {
	for sentence, c := range map[string]struct {
		arn               string
		canFederate, root bool
	}{
		"an IAM user can":                             {"arn:aws:iam::123456789012:user/broker", true, false},
		"an IAM user with a path can":                 {"arn:aws:iam::123456789012:user/platform/broker", true, false},
		"an IAM user of another partition can":        {"arn:aws-us-gov:iam::123456789012:user/broker", true, false},
		"an IAM user named root can, and is not root": {"arn:aws:iam::123456789012:user/root", true, false},
		"the root user can":                           {"arn:aws:iam::123456789012:root", true, true},
		"a role session cannot":                       {"arn:aws:sts::123456789012:assumed-role/broker/pod", false, false},
		"a role session named root cannot":            {"arn:aws:sts::123456789012:assumed-role/broker/root", false, false},
		"a role session named like a user cannot":     {"arn:aws:sts::123456789012:assumed-role/user/user", false, false},
		"a federated user cannot":                     {"arn:aws:sts::123456789012:federated-user/reporter", false, false},
		"a role cannot":                               {"arn:aws:iam::123456789012:role/user/broker", false, false},
		"a role as a service might name it cannot":    {"arn:aws:sts::123456789012:role/broker", false, false},
		"the user of moto can":                        {"arn:aws:sts::123456789012:user/moto", true, false},
		"whoever is not known to be temporary can":    {"arn:aws:iam::000000000000:service/broker", true, false},
		"who is not known cannot":                     {"", false, false},
		"what is no ARN cannot":                       {"broker", false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(sts.Identity{ARN: c.arn}.CanFederate()).To(Equal(c.canFederate))
			g.Expect(sts.Identity{ARN: c.arn}.IsRoot()).To(Equal(c.root))
		})
	}
}
