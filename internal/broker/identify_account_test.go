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
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// anotherAccount is not the one of theIdentity.
const anotherAccount = "210987654321"

// keyInfoXML answers GetAccessKeyInfo by hand.
func keyInfoXML(account string) string {
	return "<GetAccessKeyInfoResponse><GetAccessKeyInfoResult>" + account + "</GetAccessKeyInfoResult></GetAccessKeyInfoResponse>"
}

// says is a complete answer.
func says(body string) http.HandlerFunc { return answers(http.StatusOK, "text/xml", body) }

func TestIdentifyExpectedAccount(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)
	f.config.AccountID = stsfake.DefaultAccountID

	identity, problem := f.identify(t.Context())

	g.Expect(problem).To(BeNil())
	g.Expect(identity).To(Equal(theIdentity))
	g.Expect(record.operations()).To(Equal([]string{"GetCallerIdentity", "GetAccessKeyInfo"}))
	g.Expect(record.all()[1].parameters).To(Equal(map[string]string{"AccessKeyId": stsfake.DefaultAccessKeyID}))
	g.Expect(f.observed).To(Equal([]observation{{"GetCallerIdentity", "OK", 0}, {"GetAccessKeyInfo", "OK", 0}}))
}

func TestIdentifyWithoutExpectedAccount(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)

	_, problem := f.identify(t.Context())

	g.Expect(problem).To(BeNil())
	g.Expect(record.operations()).To(Equal([]string{"GetCallerIdentity"}))
}

// A wrong key in the right Secret must not hand out another account's credentials.
func TestIdentifyAnotherAccount(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)
	f.config.AccountID = anotherAccount

	identity, problem := f.identify(t.Context())

	g.Expect(identity).To(BeZero(), "no identity comes with a problem")
	g.Expect(*problem).To(Equal(sts.Problem{
		Reason: v1alpha1.ReasonAccountMismatch,
		Message: "the identity arn:aws:iam::123456789012:user/demo belongs to account 123456789012, not to spec.accountID 210987654321: " +
			"put a key of that account there, or correct spec.accountID",
	}))
	g.Expect(record.operations()).To(Equal([]string{"GetCallerIdentity"}), "nothing else need be known")
	g.Expect(f.Trouble(theIssuer)).To(BeNil())
}

func TestIdentifyAccountOfKey(t *testing.T) {
	for sentence, c := range map[string]struct {
		answer          http.HandlerFunc
		reason, message string // the message after the name of the endpoint, if it begins with it
	}{
		"the same account": {answer: says(keyInfoXML("<Account>123456789012</Account>"))},
		"that the issuer may not ask": {
			answer: answers(403, "text/xml", errorXML("AccessDenied", "User: x is not authorized to perform: sts:GetAccessKeyInfo")),
		},
		"another account": {
			says(keyInfoXML("<Account>" + anotherAccount + "</Account>")), v1alpha1.ReasonAccountMismatch,
			"the identity arn:aws:iam::123456789012:user/demo belongs to account 210987654321, not to spec.accountID 123456789012: put a key " +
				"of that account there, or correct spec.accountID",
		},
		"no account":         {says(keyInfoXML("")), v1alpha1.ReasonIncompleteResponse, incompleteKeyInfo},
		"an empty account":   {says(keyInfoXML("<Account></Account>")), v1alpha1.ReasonIncompleteResponse, incompleteKeyInfo},
		"an account too far": {says(keyInfoXML("<Account>1234567890123</Account>")), v1alpha1.ReasonIncompleteResponse, incompleteKeyInfo},
		"a line break":       {says(keyInfoXML("<Account>1234\n5678</Account>")), v1alpha1.ReasonIncompleteResponse, incompleteKeyInfo},
		"nothing":            {says(""), v1alpha1.ReasonIncompleteResponse, incompleteKeyInfo},
		"a page":             {says("<html><hr></html>"), v1alpha1.ReasonIncompleteResponse, notLikeSTS},
		"that it throttles":  {answers(400, "text/xml", errorXML("Throttling", "Rate exceeded")), v1alpha1.ReasonThrottled, throttled + " (Throttling)"},
		"that it is away":    {answers(503, "text/xml", ""), v1alpha1.ReasonUnavailable, " answered HTTP 503"},
		"that there is no such key": {
			answers(
				400, "text/xml", errorXML("ValidationError", "The access key is not known"),
			), v1alpha1.ReasonRequestRefused, refused + " (ValidationError: The access key is not known)",
		},
		"that there is no such operation": {
			answers(400, "text/xml", errorXML("InvalidAction", "Could not find operation")), "", "",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startRecording(t, byAction{"GetCallerIdentity": says(identityXML(anIdentity())), "GetAccessKeyInfo": c.answer})
			f.config.AccountID = "123456789012"

			identity, problem := f.identify(t.Context())

			if c.reason == "" {
				g.Expect(problem).To(BeNil())
				g.Expect(identity.AccountID).To(Equal("123456789012"))
				return
			}
			if c.message[0] == ' ' {
				c.message = endpointOf(f) + c.message
			}
			g.Expect(*problem).To(Equal(sts.Problem{Reason: c.reason, Message: c.message}))
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "it is how an issuer finds out")
		})
	}
}

const incompleteKeyInfo = " answered GetAccessKeyInfo without an error but not with a complete result: nothing was used of it" +
	"; if that is not AWS, set the issuer's spec.service to Compatible"

func TestIdentifyGetAccessKeyInfoDenied(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)
	f.fake.SetUser(stsfake.DefaultAccountID, stsfake.User{
		Name: stsfake.DefaultUserName, ID: theIdentity.UserID, Denied: []string{"sts:GetAccessKeyInfo"},
		Keys: []stsfake.AccessKey{{ID: stsfake.DefaultAccessKeyID, Secret: stsfake.DefaultSecretAccessKey}},
	})
	f.config.AccountID = stsfake.DefaultAccountID

	identity, problem := f.identify(t.Context())

	g.Expect(problem).To(BeNil())
	g.Expect(identity).To(Equal(theIdentity))
	g.Expect(record.operations()).To(Equal([]string{"GetCallerIdentity", "GetAccessKeyInfo"}))
}

// The operator's own credentials change by the hour; their account is what GetCallerIdentity says it is.
func TestIdentifyAccountOfAmbientIssuer(t *testing.T) {
	for account, reason := range map[string]string{stsfake.DefaultAccountID: "", anotherAccount: v1alpha1.ReasonAccountMismatch} {
		t.Run(account, func(t *testing.T) {
			g := NewWithT(t)
			var own stsfake.Credentials
			f, record := startWithRoles(t, func(o *broker.Options) {
				o.Ambient = ambientOf(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: own.AccessKeyID, SecretAccessKey: own.SecretAccessKey, SessionToken: own.SessionToken}, nil
				}))
			})
			own = f.fake.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "pod-1", time.Hour)
			f.config = broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 1, Ambient: true, AccountID: account}

			identity, problem := f.identify(t.Context())

			g.Expect(record.operations()).To(Equal([]string{"GetCallerIdentity"}))
			if reason != "" {
				g.Expect(identity).To(BeZero())
				g.Expect(problem).To(HaveField("Reason", reason))
				return
			}
			g.Expect(problem).To(BeNil())
			g.Expect(identity.ARN).To(Equal("arn:aws:sts::123456789012:assumed-role/operator/pod-1"))
		})
	}
}

func TestConfigHasIdentity(t *testing.T) {
	g := NewWithT(t)
	g.Expect(broker.Config{Key: demoKey()}.HasIdentity()).To(BeTrue())
	g.Expect(broker.Config{Ambient: true}.HasIdentity()).To(BeTrue())
	g.Expect(broker.Config{}.HasIdentity()).To(BeFalse())
	g.Expect(withoutIdentity(broker.Config{Ambient: true, Key: demoKey()}).HasIdentity()).To(BeFalse())
}

func TestIdentifyReturnsNoIdentityWithProblem(t *testing.T) {
	g := NewWithT(t)
	f, _ := startRecording(
		t,
		byAction{"GetCallerIdentity": says(identityXML(anIdentity())), "GetAccessKeyInfo": says(keyInfoXML("<Account>" + anotherAccount + "</Account>"))},
	)
	f.config.AccountID = "123456789012"

	identity, problem := f.identify(t.Context())

	g.Expect(problem).NotTo(BeNil())
	g.Expect(identity).To(BeZero())
}
