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

func TestIsExpectedPrincipal(t *testing.T) {
	const user, role = "arn:aws:iam::123456789012:user/broker", "arn:aws:sts::123456789012:assumed-role/broker/pod"
	type principals map[string]string // what the principal is, and its ARN
	federation := sts.Request{Operation: sts.OperationGetFederationToken, Name: "reporter"}
	inChina, path, plain, noted := roleRequest("arn:aws-cn:iam::123456789012:role/reports"),
		roleRequest("arn:aws:iam::123456789012:role/team-a/eu/reports"), roleRequest("arn:aws:iam::123456789012:role/reports"),
		roleRequest("arn:aws:iam::210987654321:role/reports")
	web, saml := plain, plain
	web.Operation = sts.OperationAssumeRoleWithWebIdentity
	saml.Operation, saml.Name = sts.OperationAssumeRoleWithSAML, ""
	own := sts.Request{Operation: sts.OperationGetSessionToken}

	for sentence, c := range map[string]struct {
		request          sts.Request
		issuer           string
		expected, others principals
	}{
		"a federated user is the one of its name, of the issuer's account": {
			federation, user,
			principals{"it": "arn:aws:sts::123456789012:federated-user/reporter"},
			principals{
				"one of another name":                  "arn:aws:sts::123456789012:federated-user/auditor",
				"one whose name begins alike":          "arn:aws:sts::123456789012:federated-user/reporter2",
				"one whose name is a part":             "arn:aws:sts::123456789012:federated-user/report",
				"one in other case":                    "arn:aws:sts::123456789012:federated-user/Reporter",
				"one of another account":               "arn:aws:sts::210987654321:federated-user/reporter",
				"one below the name":                   "arn:aws:sts::123456789012:federated-user/reporter/auditor",
				"one below another":                    "arn:aws:sts::123456789012:federated-user/auditor/reporter",
				"an IAM user with such a path":         "arn:aws:iam::123456789012:user/federated-user/reporter",
				"a role session of the name":           "arn:aws:sts::123456789012:assumed-role/federated-user/reporter",
				"the issuer":                           user,
				"one whose account is in the resource": "arn:aws:sts:::123456789012:federated-user/reporter",
				"what is no ARN":                       "federated-user/reporter",
				"no ARN":                               "",
			},
		},
		"a federated user of another partition is of the issuer's": {
			federation, "arn:aws-us-gov:iam::123456789012:user/broker",
			principals{"it": "arn:aws-us-gov:sts::123456789012:federated-user/reporter"},
			principals{"one of another account": "arn:aws-us-gov:sts::210987654321:federated-user/reporter"},
		},
		"a federated user of moto's user is of its account": {
			federation, "arn:aws:sts::123456789012:user/moto",
			principals{"it": "arn:aws:sts::123456789012:federated-user/reporter"},
			principals{"one of another account": "arn:aws:sts::210987654321:federated-user/reporter"},
		},
		"a federated user may have any character that a name may have": {
			sts.Request{Operation: sts.OperationGetFederationToken, Name: "a+b=c,d.e@f-g"}, user,
			principals{"it": "arn:aws:sts::123456789012:federated-user/a+b=c,d.e@f-g"},
			principals{"one with another dot": "arn:aws:sts::123456789012:federated-user/a+b=c,dxe@f-g"},
		},
		"a role session is the one of its name, of the role": {
			plain, role,
			principals{"it": "arn:aws:sts::123456789012:assumed-role/reports/reporter"},
			principals{
				"one of another name":               "arn:aws:sts::123456789012:assumed-role/reports/auditor",
				"one whose name begins alike":       "arn:aws:sts::123456789012:assumed-role/reports/reporter2",
				"one of another role":               "arn:aws:sts::123456789012:assumed-role/admin/reporter",
				"one of a role that begins alike":   "arn:aws:sts::123456789012:assumed-role/reports2/reporter",
				"one of a role that ends alike":     "arn:aws:sts::123456789012:assumed-role/my-reports/reporter",
				"one of another account":            "arn:aws:sts::210987654321:assumed-role/reports/reporter",
				"one with more before the role":     "arn:aws:sts::123456789012:assumed-role/x/reports/reporter",
				"one with more behind the name":     "arn:aws:sts::123456789012:assumed-role/reports/reporter/x",
				"one without a name":                "arn:aws:sts::123456789012:assumed-role/reports/",
				"the role itself":                   "arn:aws:iam::123456789012:role/reports",
				"a federated user of the name":      "arn:aws:sts::123456789012:federated-user/reporter",
				"the issuer":                        role,
				"a role without an account":         "arn:aws:sts:::assumed-role/reports/reporter",
				"what is no ARN":                    "assumed-role/reports/reporter",
				"no ARN":                            "",
				"one whose account is in the place": "arn:aws:sts:123456789012::assumed-role/reports/reporter",
			},
		},
		"a role session does not show its role's path": {
			path, user,
			principals{"it": "arn:aws:sts::123456789012:assumed-role/reports/reporter"},
			principals{
				"one with the path":                 "arn:aws:sts::123456789012:assumed-role/team-a/eu/reports/reporter",
				"one of a role named as the path":   "arn:aws:sts::123456789012:assumed-role/team-a/reporter",
				"one of a role named as its middle": "arn:aws:sts::123456789012:assumed-role/eu/reports",
			},
		},
		"a role session is of the role's account, not of the issuer's": {
			noted, user,
			principals{"it": "arn:aws:sts::210987654321:assumed-role/reports/reporter"},
			principals{"one of the issuer's account": "arn:aws:sts::123456789012:assumed-role/reports/reporter"},
		},
		"a role session of another partition is of the role's": {
			inChina, "arn:aws-cn:iam::123456789012:user/broker",
			principals{"it": "arn:aws-cn:sts::123456789012:assumed-role/reports/reporter"},
			principals{"one of another role": "arn:aws-cn:sts::123456789012:assumed-role/admin/reporter"},
		},
		"the session of a ServiceAccount needs no issuer": {
			web, "",
			principals{"it": "arn:aws:sts::123456789012:assumed-role/reports/reporter"},
			principals{
				"one of another name":             "arn:aws:sts::123456789012:assumed-role/reports/auditor",
				"one of a role that begins alike": "arn:aws:sts::123456789012:assumed-role/reports2/reporter",
				"one of another account":          "arn:aws:sts::210987654321:assumed-role/reports/reporter",
				"no ARN":                          "",
			},
		},
		"the session of an assertion has the name that the assertion holds": {
			saml, "",
			principals{
				"of one name": "arn:aws:sts::123456789012:assumed-role/reports/alice@example.com",
				"of another":  "arn:aws:sts::123456789012:assumed-role/reports/bob",
			},
			principals{
				"one of a role that begins alike": "arn:aws:sts::123456789012:assumed-role/reports2/alice",
				"one of a role that ends alike":   "arn:aws:sts::123456789012:assumed-role/my-reports/alice",
				"one of another role":             "arn:aws:sts::123456789012:assumed-role/admin/reports",
				"one of another account":          "arn:aws:sts::210987654321:assumed-role/reports/alice",
				"one without a name at all":       "arn:aws:sts::123456789012:assumed-role/reports",
				"a federated user":                "arn:aws:sts::123456789012:federated-user/reports/alice",
				"no ARN":                          "",
			},
		},
		"a session of the issuer's own is the issuer": {
			own, user,
			principals{"it": user},
			principals{
				"another user":                "arn:aws:iam::123456789012:user/broker2",
				"a user with another path":    "arn:aws:iam::123456789012:user/x/broker",
				"the user of another account": "arn:aws:iam::210987654321:user/broker",
				"the user elsewhere":          "arn:aws-cn:iam::123456789012:user/broker",
				"the root user":               "arn:aws:iam::123456789012:root",
				"no ARN":                      "",
			},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			for who, arn := range c.expected {
				g.Expect(sts.IsExpectedPrincipal(c.request, c.issuer, arn)).To(BeTrue(), who)
			}
			for who, arn := range c.others {
				g.Expect(sts.IsExpectedPrincipal(c.request, c.issuer, arn)).To(BeFalse(), who)
			}
		})
	}
}

// roleRequest is a request for a session of a role.
func roleRequest(arn string) sts.Request {
	return sts.Request{Operation: sts.OperationAssumeRole, Name: "reporter", RoleARN: arn}
}
