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
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
)

// encodedMessage is what follows in the message of a denial.
func encodedMessage(g Gomega, err error) string {
	var denied smithy.APIError
	g.Expect(errors.As(err, &denied)).To(BeTrue(), "%v", err)
	g.Expect(denied.ErrorCode()).To(Equal("AccessDenied"))
	told, encoded, found := strings.Cut(denied.ErrorMessage(), ". Encoded authorization failure message: ")
	g.Expect(found).To(BeTrue(), denied.ErrorMessage())
	g.Expect(told).To(HavePrefix("User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:"))
	g.Expect(encoded).To(MatchRegexp(`^[A-Za-z0-9_-]{100,}$`))
	return encoded
}

func decoding(message string) *awssts.DecodeAuthorizationMessageInput {
	return &awssts.DecodeAuthorizationMessageInput{EncodedMessage: &message}
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	const denyExternal = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},
		{"Sid":"NoExternal","Effect":"Deny","Principal":"*","Action":"sts:Assume*","Condition":{"StringLike":{"sts:ExternalId":"*"}}}]}`
	for name, test := range map[string]struct {
		call    func(*awssts.Client) error
		decoded string
	}{
		"a trust policy that forbids": {func(c *awssts.Client) error {
			_, err := c.AssumeRole(t.Context(), assuming(readerARN, func(i *awssts.AssumeRoleInput) { i.ExternalId = aws.String("ext") }))
			return err
		}, `{"allowed":false,"explicitDeny":true,
			"matchedStatements":{"items":[{"statementId":"NoExternal","effect":"DENY","actions":{"items":[{"value":"sts:Assume*"}]}}]},
			"failures":{"items":[]},
			"context":{"principal":{"id":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::123456789012:user/demo"},
				"action":"sts:AssumeRole","resource":"arn:aws:iam::123456789012:role/reader",
				"conditions":{"items":[
					{"key":"aws:PrincipalAccount","values":{"items":[{"value":"123456789012"}]}},
					{"key":"aws:PrincipalArn","values":{"items":[{"value":"arn:aws:iam::123456789012:user/demo"}]}},
					{"key":"sts:ExternalId","values":{"items":[{"value":"ext"}]}},
					{"key":"sts:RoleSessionName","values":{"items":[{"value":"s-1"}]}}]}}}`},
		"a permission that is lacking": {func(c *awssts.Client) error {
			_, err := c.GetFederationToken(t.Context(), federate("team-a"))
			return err
		},
			`{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},
			"context":{"principal":{"id":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::123456789012:user/demo"},
				"action":"sts:GetFederationToken","resource":"arn:aws:sts::123456789012:federated-user/team-a","conditions":{"items":[]}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			g, f := NewWithT(t), withRoles(t, stsfake.Role{Name: "reader", Trust: denyExternal})
			f.SetUser(
				stsfake.DefaultAccountID,
				stsfake.User{Name: "demo", ID: "AIDACKCEVSQ6C2EXAMPLE", Keys: []stsfake.AccessKey{demoKey}, Denied: []string{"sts:GetFederationToken"}},
			)
			g.Expect(f.SetScenarios(stsfake.Scenario{Kind: stsfake.EncodedDenials})).To(Succeed())
			client := f.sdk(longTerm(demoKey))
			first, second := encodedMessage(g, test.call(client)), encodedMessage(g, test.call(client))
			g.Expect(first).NotTo(Equal(second))
			for _, message := range []string{first, second} {
				output, err := client.DecodeAuthorizationMessage(t.Context(), decoding(message))
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(*output.DecodedMessage).To(MatchJSON(test.decoded))
			}
		})
	}
}

func TestDecodeAuthorizationMessageRefuses(t *testing.T) {
	g, f := NewWithT(t), start(t)
	f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, Denied: []string{"sts:GetSessionToken"}})
	g.Expect(f.SetScenarios(stsfake.Scenario{Kind: stsfake.EncodedDenials, Operation: "GetSessionToken", Times: 1})).To(Succeed())
	client := f.sdk(longTerm(demoKey))
	_, err := client.GetSessionToken(t.Context(), nil)
	message := encodedMessage(g, err)
	_, err = client.GetSessionToken(t.Context(), nil)
	expectCode(g, err, 403, "AccessDenied", "User: "+demoARN+" is not authorized to perform: sts:GetSessionToken on resource: *")

	changed := "A" + message[1:]
	if changed == message {
		changed = "B" + message[1:]
	}
	for name, wrong := range map[string]string{
		"no base64": "?", "something else": "AAAA", "a changed one": changed, "half of it": message[:len(message)/2], "with a line end": message + "\n",
	} {
		_, err = client.DecodeAuthorizationMessage(t.Context(), decoding(wrong))
		g.Expect(err).To(HaveOccurred(), name)
		expectCode(g, err, 400, "InvalidAuthorizationMessageException", "Message is not valid")
	}
	_, err = start(t).sdk(longTerm(demoKey)).DecodeAuthorizationMessage(t.Context(), decoding(message))
	expectCode(g, err, 400, "InvalidAuthorizationMessageException", "Message is not valid") // another server's

	stranger := f.IssueAssumedRole("210987654321", "ops", "s-1", time.Hour)
	_, err = f.sdk(temporary(stranger)).DecodeAuthorizationMessage(t.Context(), decoding(message))
	expectCode(g, err, 400, "InvalidAuthorizationMessageException", "Message is not valid")

	f.SetUser(stsfake.DefaultAccountID, stsfake.User{Name: "demo", Keys: []stsfake.AccessKey{demoKey}, Denied: []string{"sts:DecodeAuthorizationMessage"}})
	_, err = client.DecodeAuthorizationMessage(t.Context(), decoding(message))
	expectCode(g, err, 403, "AccessDenied", "User: "+demoARN+" is not authorized to perform: sts:DecodeAuthorizationMessage on resource: *")
}
