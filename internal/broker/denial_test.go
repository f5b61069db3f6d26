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
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// What AWS answers to who may not do something, with the message that only DecodeAuthorizationMessage can read.
const encodedDenial = "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: sts:AssumeRole. Encoded authorization failure message: "

// Advice on a denial, by what is missing.
const (
	assumeAdvice = "AWS denies sts:AssumeRole on " + reportsRole +
		": check that the role exists, and that its trust policy and the issuer's own policies allow sts:AssumeRole"
	assumeDemands = "; it was asked without an external id (spec.assumeRole.externalID) and without an MFA code (the issuer's spec.mfa)"
	mayNotDecode  = "; allow the issuer's identity sts:DecodeAuthorizationMessage to learn which statement denies it"
	nobodyDecodes = "; an issuer with an identity that is allowed sts:DecodeAuthorizationMessage would learn more"
)

func TestDenialAdvice(t *testing.T) {
	change := func(operation string, set func(*sts.Request)) sts.Request {
		request := requests()[operation]
		set(&request)
		return request
	}
	for sentence, c := range map[string]struct {
		request sts.Request
		advice  string
	}{
		"a federated user's permissions are the issuer's": {theRequest, denied},
		"a role must be allowed and must trust":           {requests()[role], assumeAdvice + assumeDemands},
		"with tags": {
			change(role, func(r *sts.Request) { r.Tags = []sts.Tag{{Key: "a"}} }), assumeAdvice + ", sts:TagSession" + assumeDemands,
		},
		"with a source identity": {
			change(role, func(r *sts.Request) { r.SourceIdentity = "Jean" }), assumeAdvice + ", sts:SetSourceIdentity" + assumeDemands,
		},
		"with both": {
			change(role, func(r *sts.Request) { r.Tags, r.SourceIdentity = []sts.Tag{{Key: "a"}}, "Jean" }),
			assumeAdvice + ", sts:TagSession, sts:SetSourceIdentity" + assumeDemands,
		},
		"a web identity's trust names account and audience": {
			change(webIdentity, func(r *sts.Request) { r.ServiceAccountName, r.Audience = "reporter", "aws.example" }),
			"AWS denies sts:AssumeRoleWithWebIdentity on " + reportsRole +
				": check that the role exists, and that its trust policy admits ServiceAccount reporter of this namespace with the audience aws.example",
		},
		"an assertion's trust names the provider": {
			requests()[samlRole],
			"AWS denies sts:AssumeRoleWithSAML on " + reportsRole + ": check that the role exists, that its trust policy admits " + samlARN +
				" with the SAML:aud of the assertion, and that the assertion names both",
		},
		"an own session needs no permission": {
			requests()[ownSession], "AWS denies sts:GetSessionToken, which needs no permission: check which policy denies it to the issuer's " +
				"IAM user, without MFA perhaps",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)
			f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "AccessDenied", Message: "Not authorized"})

			problem := f.turnedDown(broker.IssueRequest{Request: c.request})

			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonAccessDenied, Message: c.advice + " (AccessDenied)"}))
			g.Expect(problem.Outcome()).To(Equal(sts.Wait), "something in IAM must change")
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "STS serves the issuer's other sessions")
			g.Expect(record.all()).To(HaveLen(1), "there is nothing to decode")
		})
	}
}

func TestIdentifyDenied(t *testing.T) {
	f := start(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: "AccessDenied", Message: encodedDenial + "abc"})

	_, problem := f.identify(t.Context())

	NewWithT(t).Expect(problem.Message).To(
		Equal(
			"AWS denies the call: GetCallerIdentity needs no permission, so something in between denies it, such as the policy of a VPC " +
				"endpoint (spec.endpoint) (AccessDenied)",
		),
	)
}

// The fake decides, encodes and decodes as AWS does; the same denial is encoded differently each time.
func TestExplainDecodesDenial(t *testing.T) {
	deny := func(sid string) string {
		return `{` + sid + `"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:user/demo"},"Action":"sts:AssumeRole"}`
	}
	const who = "AWS denies arn:aws:iam::123456789012:user/demo the action sts:AssumeRole on " + reportsRole + ": "
	for sentence, c := range map[string]struct {
		trust   []string
		request sts.Request
		message string
	}{
		"no statement allows it": {[]string{trustsWithMFA}, requests()[role], who + "no statement of a policy allows it (AccessDenied)"},
		"a statement with its Sid": {
			[]string{trustsTheUser, deny(`"Sid":"NotTheDemoUser",`)}, requests()[role],
			who + "the statement NotTheDemoUser of a policy denies it explicitly (AccessDenied)",
		},
		"a statement without Sid": {[]string{trustsTheUser, deny("")}, requests()[role], who + "a statement without Sid denies it explicitly (AccessDenied)"},
		"two statements, the second with a Sid": {
			[]string{deny(""), deny(`"Sid":"Second",`)}, requests()[role],
			who + "the statement Second of a policy denies it explicitly (AccessDenied)",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)
			g.Expect(f.fake.SetRole(stsfake.DefaultAccountID, stsfake.Role{Name: "reports", Path: "/team-a/", Trust: trusting(c.trust...)})).To(Succeed())
			f.fail(stsfake.Scenario{Kind: stsfake.EncodedDenials})

			first := f.turnedDown(broker.IssueRequest{Request: c.request})
			second := f.turnedDown(broker.IssueRequest{Request: c.request})

			g.Expect(*first).To(Equal(sts.Problem{Reason: v1alpha1.ReasonAccessDenied, Message: c.message}))
			g.Expect(second).To(Equal(first), "the same denial reads the same, or the status would be written for ever")
			g.Expect(record.operations()).To(Equal([]string{role, "DecodeAuthorizationMessage", role, "DecodeAuthorizationMessage"}))
			messages := record.calls("DecodeAuthorizationMessage")
			g.Expect(messages[0].parameters).NotTo(Equal(messages[1].parameters), "it was encoded differently")
			g.Expect(f.observed[:2]).To(Equal([]observation{{role, "AccessDenied", 0}, {"DecodeAuthorizationMessage", "OK", 0}}))
			g.Expect(f.Trouble(theIssuer)).To(BeNil())
		})
	}
}

func TestExplainMissingPermission(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithRoles(t)
	f.denyUser("sts:GetFederationToken")
	f.fail(stsfake.Scenario{Kind: stsfake.EncodedDenials})

	problem := f.turnedDown(broker.IssueRequest{Request: theRequest})

	g.Expect(problem.Message).To(
		Equal("AWS denies arn:aws:iam::123456789012:user/demo the action sts:GetFederationToken on arn:aws:sts::123456789012:federated-user/reports: " +
			"no statement of a policy allows it (AccessDenied)"),
	)
}

// denyUser takes permissions from the issuer's user.
func (f *fixture) denyUser(actions ...string) {
	f.fake.SetUser(stsfake.DefaultAccountID, stsfake.User{
		Name: stsfake.DefaultUserName, ID: theIdentity.UserID, Denied: actions,
		Keys: []stsfake.AccessKey{{ID: stsfake.DefaultAccessKeyID, Secret: stsfake.DefaultSecretAccessKey}},
	})
}

func TestExplainDecodingDenied(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)
	f.denyUser("sts:AssumeRole", "sts:DecodeAuthorizationMessage")
	f.fail(stsfake.Scenario{Kind: stsfake.EncodedDenials})

	first := f.turnedDown(broker.IssueRequest{Request: requests()[role]})
	second := f.turnedDown(broker.IssueRequest{Request: requests()[role]})

	g.Expect(*first).To(Equal(sts.Problem{Reason: v1alpha1.ReasonAccessDenied, Message: assumeAdvice + assumeDemands + " (AccessDenied)" + mayNotDecode}))
	g.Expect(second).To(Equal(first))
	g.Expect(record.calls("DecodeAuthorizationMessage")).To(HaveLen(2))
}

// An unsigned request has no identity that could decode the denial.
func TestExplainIssuerWithoutIdentity(t *testing.T) {
	g := NewWithT(t)
	f, record := startRecording(t, byAction{webIdentity: answers(403, "text/xml", errorXML("AccessDenied", encodedDenial+"abc"))})
	f.useUnsigned()

	problem := f.turnedDown(broker.IssueRequest{Request: requests()[webIdentity]})

	g.Expect(problem.Message).To(HaveSuffix("with the audience sts.amazonaws.com (AccessDenied)" + nobodyDecodes))
	g.Expect(record.operations()).To(Equal([]string{webIdentity}))
}

// decodedXML answers DecodeAuthorizationMessage by hand.
func decodedXML(message string) string {
	return "<DecodeAuthorizationMessageResponse><DecodeAuthorizationMessageResult><DecodedMessage>" + escaped(message) +
		"</DecodedMessage></DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>"
}

// decoding is an STS that denies AssumeRole with a message of its own and decodes it to something.
func decoding(t *testing.T, message string, decoded http.HandlerFunc) (*fixture, *recorder) {
	t.Helper()
	return startRecording(t, byAction{role: answers(403, "text/xml", errorXML("AccessDenied", message)), "DecodeAuthorizationMessage": decoded})
}

func TestWordDenial(t *testing.T) {
	const undecoded = assumeAdvice + assumeDemands + " (AccessDenied)"
	for sentence, c := range map[string]struct{ decoded, message string }{
		"nothing":          {"", undecoded},
		"no JSON":          {"the user may not", undecoded},
		"half of it":       {`{"explicitDeny":true,"context":{"action":"sts:AssumeRole"`, undecoded},
		"a list":           {`["sts:AssumeRole"]`, undecoded},
		"null":             {`null`, undecoded},
		"another document": {`{"message":"denied"}`, undecoded},
		"other types":      {`{"explicitDeny":"yes","context":{"action":"sts:AssumeRole"}}`, undecoded},
		"more than one":    {`{"context":{"action":"sts:AssumeRole"}}{}`, undecoded},
		"as AWS documents it": {
			`{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"Sid1","effect":"DENY",` +
				`"principals":{"items":[{"value":"AIDAEXAMPLE"}]},` +
				`"actions":{"items":[{"value":"sts:AssumeRole"}]},"resources":{"items":[{"value":"*"}]},"conditions":{"items":[]}}]},"failures":{"items":[]},` +
				`"context":{"principal":{"id":"AIDAEXAMPLE","name":"Bob","arn":"arn:aws:iam::123456789012:user/Bob"},"action":"sts:AssumeRole","resource":"` +
				reportsRole + `","conditions":{"items":[]}}}`,
			"AWS denies arn:aws:iam::123456789012:user/Bob the action sts:AssumeRole on " + reportsRole +
				": the statement Sid1 of a policy denies it explicitly (AccessDenied)",
		},
		"control characters": {
			`{"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"S\u0000\u202eid\nmore","effect":"DENY"}]},` +
				`"context":{"principal":{"arn":"arn\u001b[31m"},"action":"sts:\u0007AssumeRole","resource":"r\nsecond line"}}`,
			"AWS denies arn[31m the action sts:AssumeRole on r: the statement Sid of a policy denies it explicitly (AccessDenied)",
		},
		"what is a format": {
			`{"context":{"principal":{"arn":"%s%d"},"action":"%v","resource":"%!"}}`, "AWS denies %s%d the action %v on %!: no statement of a " +
				"policy allows it (AccessDenied)",
		},
		"half a megabyte": {
			`{"context":{"principal":{"arn":"` + strings.Repeat("p", 1<<17) + `"},"action":"` + strings.Repeat("a", 1<<17) + `","resource":"` +
				strings.Repeat("r", 1<<17) + `"}}`,
			"AWS denies " + strings.Repeat("p", 512) + "… the action " + strings.Repeat("a", 1023-11-513-12) + "…",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, record := decoding(t, encodedDenial+"abc", says(decodedXML(c.decoded)))

			problem := f.turnedDown(broker.IssueRequest{Request: requests()[role]})

			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonAccessDenied, Message: c.message}))
			g.Expect([]rune(problem.Message)).To(HaveLen(min(1024, len([]rune(c.message)))))
			g.Expect(record.operations()).To(Equal([]string{role, "DecodeAuthorizationMessage"}))
			g.Expect(f.Trouble(theIssuer)).To(BeNil())
		})
	}
}

// What cannot be decoded is left at what is known without it; the encoded text, which differs each time, is not shown.
func TestExplainEncodedMessage(t *testing.T) {
	for sentence, c := range map[string]struct {
		message, sent string // nothing is sent if that is empty
	}{
		"what follows the words":               {encodedDenial + "Ab-_+/=9", "Ab-_+/=9"},
		"in other capitals":                    {strings.ToUpper(encodedDenial) + "abc", "abc"},
		"up to what is no part of it":          {encodedDenial + "abc, because", "abc"},
		"as much of it as STS takes":           {encodedDenial + strings.Repeat("x", 10_240), strings.Repeat("x", 10_240)},
		"nothing longer than STS takes":        {encodedDenial + strings.Repeat("x", 10_241), ""},
		"nothing without the words":            {"User: x is not authorized to perform: sts:AssumeRole on resource: y", ""},
		"nothing if nothing follows the words": {encodedDenial, ""},
		"nothing of what is not encoded":       {encodedDenial + "<script>", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, record := decoding(t, c.message, answers(403, "text/xml", errorXML("AccessDenied", "no")))

			problem := f.turnedDown(broker.IssueRequest{Request: requests()[role]})

			calls := record.calls("DecodeAuthorizationMessage")
			if c.sent == "" {
				g.Expect(calls).To(BeEmpty())
				g.Expect(problem.Message).To(Equal(assumeAdvice + assumeDemands + " (AccessDenied)"))
				return
			}
			g.Expect(calls).To(HaveLen(1))
			g.Expect(calls[0].parameters).To(Equal(map[string]string{"EncodedMessage": c.sent}))
			g.Expect(problem.Message).To(Equal(assumeAdvice + assumeDemands + " (AccessDenied)" + mayNotDecode))
		})
	}
}

// Only a denial is decoded, whatever else speaks of a message.
func TestExplainDecodesDenialsOnly(t *testing.T) {
	for _, code := range []string{"ValidationError", "Throttling", "InvalidIdentityToken", "Novelty"} {
		t.Run(code, func(t *testing.T) {
			f, record := startRecording(t, byAction{role: answers(400, "text/xml", errorXML(code, encodedDenial+"abc"))})

			_ = f.turnedDown(broker.IssueRequest{Request: requests()[role]})

			NewWithT(t).Expect(record.operations()).To(Equal([]string{role}))
		})
	}
}

func TestWordDenialNamesDenyingStatement(t *testing.T) {
	f, _ := decoding(t, encodedDenial+"abc", says(decodedXML(`{"explicitDeny":true,"matchedStatements":{"items":[`+
		`{"statementId":"AllowsIt","effect":"ALLOW"},{"statementId":"DeniesIt","effect":"DENY"}]},"context":{"principal":{"arn":"p"},"action":"a","resource":"r"}}`)))

	problem := f.turnedDown(broker.IssueRequest{Request: requests()[role]})

	NewWithT(t).Expect(problem.Message).To(Equal("AWS denies p the action a on r: the statement DeniesIt of a policy denies it explicitly (AccessDenied)"))
}

// Only who is denied the decoding lacks the permission; and a message must not change with what is away for a moment.
func TestExplainDecodingFails(t *testing.T) {
	for sentence, decoded := range map[string]http.HandlerFunc{
		"throttled":   answers(400, "text/xml", errorXML("Throttling", "Rate exceeded")),
		"unavailable": answers(503, "text/xml", ""),
		"unreadable":  answers(400, "text/xml", errorXML("InvalidAuthorizationMessageException", "Message is not valid")),
	} {
		t.Run(sentence, func(t *testing.T) {
			f, _ := decoding(t, encodedDenial+"abc", decoded)

			problem := f.turnedDown(broker.IssueRequest{Request: requests()[role]})

			NewWithT(t).Expect(problem.Message).NotTo(ContainSubstring("sts:DecodeAuthorizationMessage"))
		})
	}
}
