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
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	writerARN   = "arn:aws:iam::123456789012:role/writer"
	readerS1ARN = "arn:aws:sts::123456789012:assumed-role/reader/s-1"
)

func writer(input *awssts.AssumeRoleInput) { input.RoleArn = aws.String(writerARN) }

// chain assumes reader and gives a client of its session.
func chain(t *testing.T, f *fixture, changes ...func(*awssts.AssumeRoleInput)) *awssts.Client {
	t.Helper()
	output, err := f.sdk(longTerm(demoKey)).AssumeRole(t.Context(), assuming(readerARN, changes...))
	if err != nil {
		t.Fatal(err)
	}
	return f.session(output.Credentials)
}

func TestARoleAssumesARole(t *testing.T) {
	for name, trust := range map[string]stsfake.Document{
		"by its ARN":              allow(`{"AWS":"`+readerARN+`"}`, `"sts:AssumeRole"`, ""),
		"by its session":          allow(`{"AWS":"`+readerS1ARN+`"}`, `"sts:AssumeRole"`, ""),
		"by its account":          allow(`{"AWS":"123456789012"}`, `"sts:AssumeRole"`, ""),
		"by a key of a condition": allow(`"*"`, `"sts:AssumeRole"`, `"StringEquals":{"aws:PrincipalArn":"`+readerARN+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := withRoles(t, stsfake.Role{Name: "reader", Trust: allowAll()}, stsfake.Role{Name: "writer", Trust: trust, MaxSessionDuration: 43200})
			reader := chain(t, f)
			output, err := reader.AssumeRole(t.Context(), assuming(writerARN, func(i *awssts.AssumeRoleInput) { i.DurationSeconds = aws.Int32(3600) }))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*output.AssumedRoleUser.Arn).To(Equal("arn:aws:sts::123456789012:assumed-role/writer/s-1"))

			_, err = reader.AssumeRole(t.Context(), assuming(writerARN, func(i *awssts.AssumeRoleInput) { i.DurationSeconds = aws.Int32(3601) }))
			expectCode(g, err, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
		})
	}
}

func TestARoleWithoutPermissionAssumesNone(t *testing.T) {
	g := NewWithT(t)
	f := withRoles(t, stsfake.Role{Name: "reader", Trust: allowAll(), Denied: []string{"sts:AssumeRole"}}, stsfake.Role{Name: "writer", Trust: allowAll()})
	_, err := chain(t, f).AssumeRole(t.Context(), assuming(writerARN))
	expectCode(g, err, 403, "AccessDenied", "User: "+readerS1ARN+" is not authorized to perform: sts:AssumeRole on resource: "+writerARN)
}

func TestTheSourceIdentityStays(t *testing.T) {
	jean := func(input *awssts.AssumeRoleInput) { input.SourceIdentity = aws.String("jean") }
	for name, test := range map[string]struct {
		trust stsfake.Document
		asked *string
		code  string
	}{
		"and need not be repeated":       {allowAll(), nil, ""},
		"and may be repeated":            {allowAll(), aws.String("jean"), ""},
		"and cannot be changed":          {allowAll(), aws.String("paul"), "AccessDenied"},
		"and must be admitted once more": {allow(`{"AWS":"123456789012"}`, `"sts:AssumeRole"`, ""), nil, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := withRoles(t, stsfake.Role{Name: "reader", Trust: allowAll()}, stsfake.Role{Name: "writer", Trust: test.trust})
			output, err := chain(t, f, jean).AssumeRole(t.Context(), assuming(writerARN, func(i *awssts.AssumeRoleInput) { i.SourceIdentity = test.asked }))
			if test.code != "" {
				expectCode(g, err, 403, test.code, "User: "+readerS1ARN+" is not authorized to perform: sts:SetSourceIdentity on resource: "+writerARN)
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(*output.SourceIdentity).To(Equal("jean"))
		})
	}
}

func TestTransitiveTagsStay(t *testing.T) {
	tag := func(key string) []types.Tag { return []types.Tag{{Key: &key, Value: aws.String("a")}} }
	team := func(input *awssts.AssumeRoleInput) {
		input.Tags, input.TransitiveTagKeys = tag("Team"), []string{"team"}
	}
	const conflict = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
	inTeam := allow(`{"AWS":"123456789012"}`, `"sts:AssumeRole","sts:TagSession"`, `"StringEquals":{"aws:RequestTag/Team":"a"}`)
	for name, test := range map[string]struct {
		trust         stsfake.Document
		change        func(*awssts.AssumeRoleInput)
		status        int
		code, message string
	}{
		"and count as tags of the request": {inTeam, writer, 0, "", ""},
		"beside others":                    {inTeam, func(i *awssts.AssumeRoleInput) { i.Tags, i.TransitiveTagKeys = tag("Cost"), []string{"Cost"} }, 0, "", ""},
		"and cannot be set again": {inTeam, func(i *awssts.AssumeRoleInput) { i.Tags, i.TransitiveTagKeys = tag("TEAM"), []string{"TEAM"} },
			400, "InvalidParameterValue", conflict},
		"and cannot be overridden": {inTeam, func(i *awssts.AssumeRoleInput) { i.Tags = tag("Team") }, 400, "InvalidParameterValue", conflict},
		"and must be admitted": {allow(`{"AWS":"123456789012"}`, `"sts:AssumeRole"`, ""), writer, 403, "AccessDenied",
			"User: " + readerS1ARN + " is not authorized to perform: sts:TagSession on resource: " + writerARN},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			f := withRoles(t, stsfake.Role{Name: "reader", Trust: allowAll()}, stsfake.Role{Name: "writer", Trust: test.trust})
			_, err := chain(t, f, team).AssumeRole(t.Context(), assuming(writerARN, test.change))
			if test.code != "" {
				expectCode(g, err, test.status, test.code, test.message)
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
}

// Which credentials may call what: the table of "Comparing AWS STS API operations" in the IAM user guide.
func TestWhoMayCallWhat(t *testing.T) {
	f := withRoles(t, stsfake.Role{Name: "reader", Trust: allowAll()})
	of := func(issued *types.Credentials, err error) *awssts.Client {
		if err != nil {
			t.Fatal(err)
		}
		return f.session(issued)
	}
	demo := f.sdk(longTerm(demoKey))
	federated, err := demo.GetFederationToken(t.Context(), federate("demo"))
	federatedUser := of(federated.Credentials, err)
	session, err := demo.GetSessionToken(t.Context(), nil)
	userSession := of(session.Credentials, err)
	role := chain(t, f)

	calls := map[string]func(*awssts.Client) error{
		"AssumeRole": func(c *awssts.Client) error { _, err := c.AssumeRole(t.Context(), assuming(readerARN)); return err },
		"DecodeAuthorizationMessage": func(c *awssts.Client) error {
			_, err := c.DecodeAuthorizationMessage(t.Context(), &awssts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
			return err
		},
		"GetAccessKeyInfo": func(c *awssts.Client) error {
			_, err := c.GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: &demoKey.ID})
			return err
		},
		"GetCallerIdentity": func(c *awssts.Client) error { _, err := c.GetCallerIdentity(t.Context(), nil); return err },
		"GetFederationToken": func(c *awssts.Client) error {
			_, err := c.GetFederationToken(t.Context(), federate("demo"))
			return err
		},
		"GetSessionToken": func(c *awssts.Client) error { _, err := c.GetSessionToken(t.Context(), nil); return err },
	}
	for name, test := range map[string]struct {
		client *awssts.Client
		open   []string
	}{
		"a user": {
			demo,
			[]string{"AssumeRole", "DecodeAuthorizationMessage", "GetAccessKeyInfo", "GetCallerIdentity", "GetFederationToken", "GetSessionToken"},
		},
		"a federated user":    {federatedUser, []string{"GetCallerIdentity"}},
		"a session of a user": {userSession, []string{"AssumeRole", "GetCallerIdentity"}},
		"a session of a role": {role, []string{"AssumeRole", "DecodeAuthorizationMessage", "GetAccessKeyInfo", "GetCallerIdentity"}},
	} {
		t.Run(name, func(t *testing.T) {
			for operation, call := range calls {
				g := NewWithT(t)
				err := call(test.client)
				if !slices.Contains(test.open, operation) {
					expectCode(g, err, 403, "AccessDenied", "Cannot call "+operation+" with session credentials")
				} else if operation == "DecodeAuthorizationMessage" {
					expectCode(g, err, 400, "InvalidAuthorizationMessageException", "Message is not valid")
				} else {
					g.Expect(err).NotTo(HaveOccurred(), operation)
				}
			}
		})
	}
}
