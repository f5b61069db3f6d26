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

func TestVerify(t *testing.T) {
	for operation, request := range requests() {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)

			issued, problem := f.present(broker.IssueRequest{Request: request, Verify: true}, aProof())

			g.Expect(problem).To(BeNil())
			g.Expect(record.operations()).To(Equal([]string{operation, "GetCallerIdentity", "GetAccessKeyInfo"}))
			calls := f.fake.Calls()
			g.Expect(calls[1].AccessKeyID).To(Equal(issued.Credentials.AccessKeyID()), "it is they who are asked who they are")
			g.Expect(calls[1].Caller).To(Equal(issued.Identity.ARN))
			g.Expect(calls[2].AccessKeyID).To(Equal(stsfake.DefaultAccessKeyID), "and the issuer, whose account their key is of")
			g.Expect(calls[2].Parameters).To(Equal(map[string]string{"AccessKeyId": issued.Credentials.AccessKeyID()}))
			g.Expect(f.observed).To(Equal([]observation{{operation, "OK", 0}, {"GetCallerIdentity", "OK", 0}, {"GetAccessKeyInfo", "OK", 0}}))
		})
	}
}

func TestVerifyIssuerWithoutIdentity(t *testing.T) {
	for _, operation := range []string{webIdentity, samlRole} {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)
			f.useUnsigned()

			issued, problem := f.present(broker.IssueRequest{Request: requests()[operation], Verify: true}, aProof())

			g.Expect(problem).To(BeNil())
			g.Expect(record.operations()).To(Equal([]string{operation, "GetCallerIdentity"}))
			g.Expect(f.fake.Calls()[1].AccessKeyID).To(Equal(issued.Credentials.AccessKeyID()))
		})
	}
}

func TestVerifyNotRequested(t *testing.T) {
	g := NewWithT(t)
	f, record := startWithRoles(t)

	_, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(record.operations()).To(Equal([]string{federation}))
}

// verifying is an STS, written by hand, that issues credentials of a principal and answers who they belong to.
func verifying(operation, principal string, whose, keyInfo http.HandlerFunc) byAction {
	elements := anAnswer(operation)
	for element := range elements {
		if strings.HasSuffix(element, ".Arn") {
			elements[element] = principal
		}
	}
	return byAction{operation: says(answerXML(operation, elements)), "GetCallerIdentity": whose, "GetAccessKeyInfo": keyInfo}
}

// whose answers GetCallerIdentity.
func whose(account, arn, userID string) http.HandlerFunc {
	return says(identityXML(map[string]string{"Account": account, "Arn": arn, "UserId": userID}))
}

// notVerified expects a problem, no credentials and no delay for other sessions.
func notVerified(t *testing.T, f *fixture, request sts.Request) *sts.Problem {
	t.Helper()
	g := NewWithT(t)
	problem := f.turnedDown(broker.IssueRequest{Request: request, Verify: true})
	if problem.Reason == v1alpha1.ReasonVerificationFailed {
		g.Expect(f.Trouble(theIssuer)).To(BeNil(), "STS serves the issuer: it issued")
		g.Expect(f.pause()).To(BeZero())
	} else {
		g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "what is issued and thrown away must not be many")
	}
	g.Expect(problem.Quiet).To(BeFalse())
	return problem
}

const reportsSession = "arn:aws:sts::123456789012:assumed-role/reports/reports"

// An endpoint may return the credentials of another principal. They are refused without asking who they belong to, whether or
// not that was to be verified.
func TestIssueUnexpectedPrincipal(t *testing.T) {
	for sentence, c := range map[string]struct{ operation, principal string }{
		"another federated user":               {federation, "arn:aws:sts::123456789012:federated-user/admin"},
		"a federated user with a longer name":  {federation, "arn:aws:sts::123456789012:federated-user/reports2"},
		"a federated user of another account":  {federation, "arn:aws:sts::210987654321:federated-user/reports"},
		"a role in place of a federated user":  {federation, "arn:aws:sts::123456789012:assumed-role/federated-user/reports"},
		"another role":                         {role, "arn:aws:sts::123456789012:assumed-role/admin/reports"},
		"another session name":                 {role, "arn:aws:sts::123456789012:assumed-role/reports/other"},
		"the role of another account":          {role, "arn:aws:sts::210987654321:assumed-role/reports/reports"},
		"the issuer in place of a role":        {role, "arn:aws:iam::123456789012:user/demo"},
		"another role, for a token":            {webIdentity, "arn:aws:sts::123456789012:assumed-role/admin/reports"},
		"another session name, for a token":    {webIdentity, "arn:aws:sts::123456789012:assumed-role/reports/other"},
		"another account, for a token":         {webIdentity, "arn:aws:sts::210987654321:assumed-role/reports/reports"},
		"another role, for an assertion":       {samlRole, "arn:aws:sts::123456789012:assumed-role/admin/jean"},
		"a longer role, for an assertion":      {samlRole, "arn:aws:sts::123456789012:assumed-role/reports2/jean"},
		"another account, for an assertion":    {samlRole, "arn:aws:sts::210987654321:assumed-role/reports/jean"},
		"a federated user, for an assertion":   {samlRole, "arn:aws:sts::123456789012:federated-user/reports"},
		"a role by its path, for an assertion": {samlRole, "arn:aws:sts::123456789012:assumed-role/team-a/reports/jean"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startRecording(t, verifying(c.operation, c.principal, whose("123456789012", c.principal, "AROAEXAMPLE:reports"), nil))

			problem := notVerified(t, f, requests()[c.operation])

			g.Expect(*problem).To(Equal(sts.Problem{
				Reason: v1alpha1.ReasonVerificationFailed,
				Message: "STS issued credentials of " + c.principal + ", which is not the principal that was asked for: check the issuer's " +
					"spec.endpoint; nothing was published",
			}))
			g.Expect(f.turnedDown(broker.IssueRequest{Request: requests()[c.operation]})).To(Equal(problem))
			g.Expect(record.operations()).To(Equal([]string{c.operation, c.operation}))
		})
	}
}

func TestVerifySessionNameOfAssertion(t *testing.T) {
	f, _ := startRecording(t, verifying(samlRole, "arn:aws:sts::123456789012:assumed-role/reports/jean",
		whose("123456789012", "arn:aws:sts::123456789012:assumed-role/reports/jean", "AROAEXAMPLE:reports"), says(keyInfoXML("<Account>123456789012</Account>"))))

	issued, problem := f.present(broker.IssueRequest{Request: requests()[samlRole], Verify: true}, aProof())

	NewWithT(t).Expect(problem).To(BeNil())
	NewWithT(t).Expect(issued.Identity.ARN).To(HaveSuffix("/jean"))
}

// The ARN in the answer may lie, so GetCallerIdentity says who the credentials belong to.
func TestVerifyAnotherPrincipal(t *testing.T) {
	const admin = "arn:aws:sts::123456789012:assumed-role/admin/reports"
	for sentence, c := range map[string]struct {
		whose http.HandlerFunc
		found string
	}{
		"another principal": {whose("123456789012", admin, "AROAEXAMPLE:reports"), admin + " (id AROAEXAMPLE:reports, account 123456789012)"},
		"the same role, made anew": {
			whose("123456789012", reportsSession, "AROAOTHER:reports"), reportsSession + " (id AROAOTHER:reports, account 123456789012)",
		},
		"another account that says less": {
			whose("210987654321", reportsSession, "AROAEXAMPLE:reports"), reportsSession + " (id AROAEXAMPLE:reports, account 210987654321)",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startRecording(t, verifying(role, reportsSession, c.whose, nil))

			problem := notVerified(t, f, requests()[role])

			g.Expect(*problem).To(Equal(sts.Problem{
				Reason: v1alpha1.ReasonVerificationFailed,
				Message: "STS says that the new credentials belong to " + c.found + ", not to " + reportsSession +
					" (id AROAEXAMPLE:reports, account 123456789012): check the issuer's spec.endpoint; nothing was published",
			}))
			g.Expect(record.operations()).To(Equal([]string{role, "GetCallerIdentity"}))
		})
	}
}

// An own session that is not the issuer's.
func TestVerifyAnotherPrincipalOfGetSessionToken(t *testing.T) {
	g := NewWithT(t)
	f, _ := startRecording(t, verifying(ownSession, "", whose("123456789012", "arn:aws:iam::123456789012:user/admin", "AIDAADMIN"), nil))

	problem := notVerified(t, f, requests()[ownSession])

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonVerificationFailed))
	g.Expect(problem.Message).To(
		HavePrefix(
			"STS says that the new credentials belong to arn:aws:iam::123456789012:user/admin (id AIDAADMIN, account 123456789012), not to " +
				"arn:aws:iam::123456789012:user/demo ",
		),
	)
}

func TestVerifyFails(t *testing.T) {
	right := whose("123456789012", reportsSession, "AROAEXAMPLE:reports")
	unsure := "STS does not say who the new credentials belong to ("
	fault := func(status int, code string) http.HandlerFunc {
		return answers(status, "text/xml", errorXML(code, "What AWS says."))
	}
	for sentence, c := range map[string]struct {
		whose, keyInfo  http.HandlerFunc
		reason, message string // how the message begins, after the name of the endpoint if that begins it
	}{
		"STS does not know the new key": {fault(403, "InvalidClientTokenId"), nil, v1alpha1.ReasonVerificationFailed, unsure + "KeyRefused): "},
		"STS denies the question":       {fault(403, "AccessDenied"), nil, v1alpha1.ReasonVerificationFailed, unsure + "AccessDenied): "},
		"STS says they have expired":    {fault(403, "ExpiredToken"), nil, v1alpha1.ReasonVerificationFailed, unsure + "IdentityExpired): "},
		"STS does not answer in full": {
			says(identityXML(map[string]string{"Account": "123456789012"})), nil, v1alpha1.ReasonVerificationFailed,
			unsure + "IncompleteResponse): ",
		},
		"a page answers":              {says("<html><hr></html>"), nil, v1alpha1.ReasonVerificationFailed, unsure + "IncompleteResponse): "},
		"STS answers an unknown code": {fault(400, "Novelty"), nil, v1alpha1.ReasonVerificationFailed, unsure + "UnknownError): "},
		"STS is away":                 {fault(503, "ServiceUnavailable"), nil, v1alpha1.ReasonUnavailable, " answered HTTP 503"},
		"STS throttles":               {fault(400, "Throttling"), nil, v1alpha1.ReasonThrottled, throttled},
		"the connection breaks": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, v1alpha1.ReasonUnavailable, " broke the connection",
		},

		"STS is away when it is asked for the account": {right, fault(503, "ServiceUnavailable"), v1alpha1.ReasonUnavailable, " answered HTTP 503"},
		"STS throttles the question for the account":   {right, fault(400, "Throttling"), v1alpha1.ReasonThrottled, throttled},
		"STS does not answer what the account is":      {right, says(keyInfoXML("")), v1alpha1.ReasonIncompleteResponse, incompleteKeyInfo},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startRecording(t, verifying(role, reportsSession, c.whose, c.keyInfo))

			problem := notVerified(t, f, requests()[role])

			if c.message[0] == ' ' {
				c.message = endpointOf(f) + c.message
			}
			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(HavePrefix(c.message))
			g.Expect(problem.Outcome() == sts.Wait).To(
				Equal(c.reason == v1alpha1.ReasonVerificationFailed),
				"what is away comes back; an endpoint that lies must be changed",
			)
		})
	}
}

func TestVerifyAccountOfKey(t *testing.T) {
	right := whose("123456789012", reportsSession, "AROAEXAMPLE:reports")
	for sentence, c := range map[string]struct {
		keyInfo http.HandlerFunc
		reason  string
	}{
		"the same account":            {says(keyInfoXML("<Account>123456789012</Account>")), ""},
		"the issuer may not ask":      {answers(403, "text/xml", errorXML("AccessDenied", "no")), ""},
		"a key of yet another issuer": {says(keyInfoXML("<Account>" + anotherAccount + "</Account>")), v1alpha1.ReasonVerificationFailed},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startRecording(t, verifying(role, reportsSession, right, c.keyInfo))
			if c.reason != "" {
				g.Expect(notVerified(t, f, requests()[role]).Reason).To(Equal(c.reason))
				return
			}
			_, problem := f.present(broker.IssueRequest{Request: requests()[role], Verify: true}, noProof)
			g.Expect(problem).To(BeNil())
		})
	}
}

// A verification that fails shows that STS serves the issuer, even if it found out that it does again.
func TestVerifyFailureEndsTrouble(t *testing.T) {
	g := NewWithT(t)
	server := verifying(role, reportsSession, answers(403, "text/xml", errorXML("InvalidClientTokenId", "no")), nil)
	issue := server[role]
	server[role] = answers(503, "text/xml", "")
	f, _ := startRecording(t, server)
	_ = f.turnedDown(broker.IssueRequest{Request: requests()[role]})
	g.Expect(f.Trouble(theIssuer)).NotTo(BeNil())
	f.advance(f.pause())
	server[role] = issue

	_ = notVerified(t, f, requests()[role])
}

// The key of new credentials is another one each time, so a message that named it would be written to the status for ever.
func TestVerifyMessageIsStable(t *testing.T) {
	g := NewWithT(t)
	for _, keyID := range []string{"ASIAFIRSTFIRSTFIRST2", "ASIAOTHEROTHEROTHER2"} {
		server := verifying(
			role,
			reportsSession,
			whose("123456789012", reportsSession, "AROAEXAMPLE:reports"),
			says(keyInfoXML("<Account>"+anotherAccount+"</Account>")),
		)
		elements := anAnswer(role)
		elements["Credentials.AccessKeyId"] = keyID
		server[role] = says(answerXML(role, elements))
		f, _ := startRecording(t, server)

		problem := notVerified(t, f, requests()[role])

		g.Expect(problem.Message).NotTo(Or(ContainSubstring(keyID), ContainSubstring("spec.accountID")))
		g.Expect(problem.Message).To(HaveSuffix("nothing was published"))
	}
}

func TestVerifyMessageNamesPrincipals(t *testing.T) {
	f, _ := startRecording(t, verifying(role, reportsSession, whose("123456789012", reportsSession, "AROAOTHER:reports"), nil))

	problem := notVerified(t, f, requests()[role])

	NewWithT(t).Expect(problem.Message).To(And(ContainSubstring("AROAOTHER"), ContainSubstring("AROAEXAMPLE")))
}
