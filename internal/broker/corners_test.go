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
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

func TestOnlyAStatementThatDeniesIsToldToDeny(t *testing.T) {
	f, _ := decoding(t, encodedDenial+"abc", says(decodedXML(`{"explicitDeny":true,"matchedStatements":{"items":[`+
		`{"statementId":"AllowsIt","effect":"ALLOW"},{"statementId":"DeniesIt","effect":"DENY"}]},"context":{"principal":{"arn":"p"},"action":"a","resource":"r"}}`)))

	problem := f.turnedDown(broker.Order{Request: requests()[role]})

	NewWithT(t).Expect(problem.Message).To(Equal("AWS denies p the action a on r: the statement DeniesIt of a policy denies it explicitly (AccessDenied)"))
}

// The key of new credentials is another one each time, so a message that named it would be written to the status for ever.
func TestAVerificationThatFailsReadsTheSameEachTime(t *testing.T) {
	g := NewWithT(t)
	for _, keyID := range []string{"ASIAFIRSTFIRSTFIRST2", "ASIAOTHEROTHEROTHER2"} {
		server := verifying(role, reportsSession, whose("123456789012", reportsSession, "AROAEXAMPLE:reports"), says(keyInfoXML("<Account>"+anotherAccount+"</Account>")))
		elements := anAnswer(role)
		elements["Credentials.AccessKeyId"] = keyID
		server[role] = says(answerXML(role, elements))
		f, _ := startRecording(t, server)

		problem := notVerified(t, f, requests()[role])

		g.Expect(problem.Message).NotTo(Or(ContainSubstring(keyID), ContainSubstring("spec.accountID")))
		g.Expect(problem.Message).To(HaveSuffix("nothing was published"))
	}
}

func TestWhatIsFoundToBeSomebodyElsesIsToldApart(t *testing.T) {
	f, _ := startRecording(t, verifying(role, reportsSession, whose("123456789012", reportsSession, "AROAOTHER:reports"), nil))

	problem := notVerified(t, f, requests()[role])

	NewWithT(t).Expect(problem.Message).To(And(ContainSubstring("AROAOTHER"), ContainSubstring("AROAEXAMPLE")))
}

// Ten thousand sessions that wait for a code must leave those alone that need none.
func TestWhoWaitsForACodeSpendsNoBudget(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	g.Expect(f.askFor(theIssuer)).To(BeZero())
	f.config.RequestsPerSecond = 1
	f.use(f.config)

	for range 100 {
		g.Expect(f.askFor(theIssuer)).NotTo(BeZero())
	}

	g.Expect(f.granted(10, true)).To(Equal(2))
}

func TestADeviceThatIsGivenUpIsForgotten(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	g.Expect(f.askFor(theIssuer)).To(BeZero())
	f.advance(30 * time.Second)
	device, other := f.config, f.config
	other.MFASerialNumber = "arn:aws:iam::123456789012:mfa/other"

	f.use(other)
	f.use(device)

	g.Expect(f.askFor(theIssuer)).NotTo(BeZero(), "it is seen for the first time")
}

// A clock that was an hour ahead and is set right must not cost an hour.
func TestTheWaitForACodeIsBoundedWhenTheClockIsSetBack(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithDevice(t)
	f.advance(time.Hour)
	g.Expect(f.askFor(theIssuer)).To(BeZero())
	f.advance(-time.Hour)

	g.Expect(f.askFor(theIssuer)).To(BeNumerically("<=", 5*time.Minute))
}

func TestWhoIsRefusedIsNobody(t *testing.T) {
	g := NewWithT(t)
	f, _ := startRecording(t, byAction{"GetCallerIdentity": says(identityXML(anIdentity())), "GetAccessKeyInfo": says(keyInfoXML("<Account>" + anotherAccount + "</Account>"))})
	f.config.AccountID = "123456789012"

	identity, problem := f.identify(t.Context())

	g.Expect(problem).NotTo(BeNil())
	g.Expect(identity).To(BeZero())
}

// Whether STS knows the issuer's key is of no concern to who presents a token, and shows nothing of the key.
func TestUnsignedRequestsAndTheBreakerOfAKey(t *testing.T) {
	g := NewWithT(t)
	f, _ := startEstate(t)
	f.fail(stsfake.Scenario{Kind: stsfake.Error, Operation: federation, Code: "InvalidClientTokenId", Status: 403})
	underWay := f.permitFor(broker.Order{Request: requests()[webIdentity]})
	g.Expect(f.refused().Reason).To(Equal(v1alpha1.ReasonKeyRefused))

	_, problem := underWay.Issue(t.Context(), aProof())
	g.Expect(problem).To(BeNil())
	g.Expect(f.Trouble(theIssuer)).To(HaveField("Reason", v1alpha1.ReasonKeyRefused), "the key is as it was")

	_, problem = f.Permit(broker.Order{Issuer: theIssuer, UID: "uid", Request: requests()[webIdentity]})
	g.Expect(problem).To(BeNil())
}

// The session name of a role is another one from pod to pod and from hour to hour; who it is stays the same.
func TestAnotherSessionOfTheSameRoleKeepsBudgetAndBreaker(t *testing.T) {
	f := start(t)
	f.Register(theIssuer, f.config, broker.Identity{Account: "123456789012", ARN: "arn:aws:server::123456789012:assumed-role/operator/1", UserID: "AROAEXAMPLE:1"})
	f.fail(unavailable)
	f.refused()

	f.Register(theIssuer, f.config, broker.Identity{Account: "123456789012", ARN: "arn:aws:server::123456789012:assumed-role/operator/2", UserID: "AROAEXAMPLE:2"})

	NewWithT(t).Expect(f.Trouble(theIssuer)).NotTo(BeNil())
}

// Only who is denied the decoding lacks the permission; and a message must not change with what is away for a moment.
func TestOnlyWhoMayNotDecodeIsToldToAllowIt(t *testing.T) {
	for sentence, decoded := range map[string]http.HandlerFunc{
		"throttled":   answers(400, "text/xml", errorXML("Throttling", "Rate exceeded")),
		"unavailable": answers(503, "text/xml", ""),
		"unreadable":  answers(400, "text/xml", errorXML("InvalidAuthorizationMessageException", "Message is not valid")),
	} {
		t.Run(sentence, func(t *testing.T) {
			f, _ := decoding(t, encodedDenial+"abc", decoded)

			problem := f.turnedDown(broker.Order{Request: requests()[role]})

			NewWithT(t).Expect(problem.Message).NotTo(ContainSubstring("sts:DecodeAuthorizationMessage"))
		})
	}
}

func TestNoTransitiveKeysAreNotSent(t *testing.T) {
	f, record := startEstate(t)
	request := requests()[role]
	request.TransitiveTagKeys = []string{}

	_, _ = f.issue(request)

	NewWithT(t).Expect(record.all()[0].parameters).NotTo(HaveKey("TransitiveTagKeys"))
}

// What never left the operator is nobody's fault but its own: no endpoint is to blame, and no breaker to open.
func TestWhatWasNotSentIsNotTheEndpointsFault(t *testing.T) {
	for sentence, c := range map[string]struct {
		request sts.Request
		change  func(*broker.Config)
	}{
		"a seed that is none":   {guarded, func(c *broker.Config) { c.MFASeed = sts.NewSensitive("none!") }},
		"a proof that is empty": {requests()[webIdentity], func(*broker.Config) {}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithDevice(t)
			c.change(&f.config)
			f.use(f.config)

			_, problem := f.issue(c.request)

			g.Expect(problem.Reason).NotTo(Equal(v1alpha1.ReasonUnavailable))
			g.Expect(f.Trouble(theIssuer)).To(BeNil())
		})
	}
}

// Whoever reads a status need not be allowed to make tokens; an endpoint must not tell them.
func TestAnEndpointThatRepeatsWhatWasPresented(t *testing.T) {
	for _, code := range []string{"ValidationError", "InvalidIdentityToken", "IDPRejectedClaim", "Novelty"} {
		for operation, parameter := range map[string]string{webIdentity: "WebIdentityToken", samlRole: "SAMLAssertion", role: "TokenCode"} {
			t.Run(code+", "+parameter, func(t *testing.T) {
				g := NewWithT(t)
				var presented string
				f, _ := startRecording(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					presented = parametersOf(r).Get(parameter)
					answers(400, "text/xml", errorXML(code, "Value '"+presented+"' is wrong"))(w, r)
				}))
				f.use(withDevice(f.config))
				f.advance(time.Minute)

				problem := f.turnedDown(broker.Order{Request: requests()[operation]})

				g.Expect(presented).NotTo(BeEmpty())
				g.Expect(problem.Message).NotTo(ContainSubstring(presented[:min(40, len(presented))]))
			})
		}
	}
}
