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
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestDeniedQuotesClause(t *testing.T) {
	const (
		prefix = "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:GetFederationToken " +
			"on resource: arn:aws:sts::123456789012:federated-user/reports "
		sentence = "AWS denies sts:GetFederationToken on the federated user reports: "
		outweigh = sentence + "a policy denies it explicitly, which no other can outweigh: change that policy"
		boundary = sentence + "allow it in the permissions boundary of the issuer's identity, too"
		ofSCP    = sentence + "allow it in the policies that the organization sets for the account"
		session  = sentence + "allow it in the session policy of the issuer's own credentials, or give it others"
		endpoint = sentence + "allow it in the policy of the VPC endpoint that the request takes"
		with     = "with an explicit deny in a "
		scp      = "arn:aws:organizations::999999999999:policy/o-exampleorgid/service_control_policy/p-examplepolicy"
	)
	for clause, c := range map[string]struct{ advice, quoted string }{
		with + "service control policy: " + scp:                                      {outweigh, ""},
		with + "service control policy":                                              {outweigh, ""},
		"with an explicit deny in an identity-based policy":                          {outweigh, ""},
		with + "permissions boundary":                                                {outweigh, ""},
		with + "resource control policy":                                             {outweigh, ""},
		with + "VPC endpoint policy":                                                 {outweigh, ""},
		"with an explicit deny":                                                      {outweigh, ""},
		"because no permissions boundary allows the sts:GetFederationToken action":   {boundary, ""},
		"because no service control policy allows the sts:GetFederationToken action": {ofSCP, ""},
		"because no session policy allows the sts:GetFederationToken action":         {session, ""},
		"because no VPC endpoint policy allows the sts:GetFederationToken action":    {endpoint, ""},
		"because no identity-based policy allows the sts:GetFederationToken action":  {denied, ""},
		"because no resource-based policy allows the sts:GetFederationToken action":  {denied, ""},
		"because no policy of tomorrow allows it":                                    {denied, "none"},
		"because no session policy allows the sts:X action (Service: Sts; Request ID: 1)": {
			session, "because no session policy allows the sts:X action",
		},
		with + "service control policy: " + scp + ". RequestId: 16fc956c": {outweigh, with + "service control policy: " + scp},
		with + "session policy, 16fc956c-0000-4000-8000-0123456789ab":     {outweigh, with + "session policy"},
		with + "session policy\n at 10.0.0.1:40000":                       {outweigh, with + "session policy"},
		with + strings.Repeat("p", 900):                                   {outweigh, with + strings.Repeat("p", 485) + "…"},
	} {
		t.Run(clause, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(403, "text/xml", errorXML("AccessDenied", prefix+clause)))
			quoted := " (AccessDenied: " + clause + ")"
			switch c.quoted {
			case "":
			case "none":
				quoted = " (AccessDenied)"
			default:
				quoted = " (AccessDenied: " + c.quoted + ")"
			}

			g.Expect(*f.refused()).To(Equal(sts.Problem{Reason: v1alpha1.ReasonAccessDenied, Message: c.advice + quoted}))
		})
	}
}

// For each operation the advice names what is denied, and never asks to allow what an explicit deny forbids.
func TestDeniedExplicitly(t *testing.T) {
	for operation, on := range map[string]string{
		role: " on " + reportsRole, webIdentity: " on " + reportsRole, samlRole: " on " + reportsRole, ownSession: "",
	} {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startRecording(t, byAction{operation: answers(403, "text/xml", errorXML("AccessDenied",
				"User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:"+operation+" with an explicit deny in a service control policy"))})

			problem := f.turnedDown(broker.IssueRequest{Request: requests()[operation]})

			g.Expect(problem.Message).To(Equal("AWS denies sts:" + operation + on + ": a policy denies it explicitly, which no other can outweigh: " +
				"change that policy (AccessDenied: with an explicit deny in a service control policy)"))
		})
	}
}
