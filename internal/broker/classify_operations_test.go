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
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

// Every operation may be answered with any of these; what each means does not depend on which it is.
func TestClassifyIdentityProviderErrors(t *testing.T) {
	for code, c := range map[string]struct {
		status          int
		reason, message string
		outcome         sts.Outcome
	}{
		"IDPRejectedClaim":      {403, v1alpha1.ReasonIdentityRejected, claimRejected + " (IDPRejectedClaim" + said, sts.Wait},
		"InvalidIdentityToken":  {400, v1alpha1.ReasonIdentityRejected, tokenRejected + " (InvalidIdentityToken" + said, sts.Wait},
		"ExpiredTokenException": {400, v1alpha1.ReasonIdentityRejected, proofExpired + " (ExpiredTokenException)", sts.Wait},
		"IDPCommunicationError": {400, v1alpha1.ReasonIdentityProviderUnavailable, providerAway + " (IDPCommunicationError)", sts.Retry},
	} {
		for operation, request := range requests() {
			t.Run(code+", "+operation, func(t *testing.T) {
				g := NewWithT(t)
				f, record := startWithRoles(t)
				f.fail(stsfake.Scenario{Kind: stsfake.Error, Code: code, Status: c.status, Message: "What AWS says."})

				problem := f.turnedDown(broker.IssueRequest{Request: request, Verify: true})

				g.Expect(*problem).To(Equal(sts.Problem{Reason: c.reason, Message: c.message}))
				g.Expect(problem.Outcome()).To(Equal(c.outcome))
				g.Expect(f.Trouble(theIssuer)).To(BeNil(), "a role's provider is one session's choice: a tenant could stop a cluster-scoped issuer")
				g.Expect(f.observed).To(Equal([]observation{{operation, code, 0}}))
				g.Expect(record.all()).To(HaveLen(1), "STS lists IDPCommunicationError as one to retry, which the work queue does")
			})
		}
	}
}

// What STS says of an account is, where the request is not signed or assumes a role, said of the role's, which is one
// session's choice. What is away, or answers nonsense, is so for everybody.
func TestClassifyConcernsIssuer(t *testing.T) {
	server := map[string]http.HandlerFunc{
		"away":                     answers(503, "text/xml", ""),
		"answering nonsense":       says(""),
		"there, and refusing more": answers(400, "text/xml", errorXML("Novelty", "What AWS says.")),
	}
	concerns := map[string]bool{"away": true, "answering nonsense": true}
	signedConcerns := map[string]bool{"away": true, "answering nonsense": true}
	for code, c := range codeCases {
		server["answering "+code] = answers(c.status, "text/xml", errorXML(code, "What AWS says."))
		signedConcerns["answering "+code] = c.issuerWide
	}
	for sentence, answer := range server {
		for operation, request := range requests() {
			t.Run(sentence+", "+operation, func(t *testing.T) {
				f, _ := startRecording(t, answer)

				_ = f.turnedDown(broker.IssueRequest{Request: request})

				expected := signedConcerns[sentence]
				switch {
				case request.IsUnsigned():
					expected = concerns[sentence]
				case request.IsOfRole() && strings.Contains(sentence, "RegionDisabled"), request.IsOfRole() && strings.Contains(sentence, "OptIn"):
					expected = false
				}
				NewWithT(t).Expect(f.Trouble(theIssuer) != nil).To(Equal(expected))
			})
		}
	}
}

// STS refuses these by itself: nothing is asked of the fake but to be faithful.
func TestClassifyRefusedToken(t *testing.T) {
	signer, stranger := must(tokens()), must(newStranger())
	minutesAgo, audience := func(n int) time.Time { return time.Now().Add(-time.Duration(n) * time.Minute) }, []string{tokenAudience}
	for sentence, c := range map[string]struct {
		token, reason, begins string
	}{
		"one that has expired": {
			must(signer.Sign(tokenSubject, audience, minutesAgo(20), 10*time.Minute)), v1alpha1.ReasonIdentityRejected,
			proofExpired + " (ExpiredTokenException)",
		},
		"one for another audience": {
			must(signer.Sign(tokenSubject, []string{"vault"}, minutesAgo(1), time.Hour)), v1alpha1.ReasonIdentityRejected,
			tokenRejected + " (InvalidIdentityToken: Incorrect token audience)",
		},
		"one of an unknown issuer": {
			must(stranger.Sign(tokenSubject, audience, minutesAgo(1), time.Hour)), v1alpha1.ReasonIdentityRejected,
			tokenRejected + " (InvalidIdentityToken: No OpenIDConnect provider found in your account for https://stranger.example.test)",
		},
		"one whose signature is cut": {aToken()[:len(aToken())-10], v1alpha1.ReasonIdentityRejected, tokenRejected + " (InvalidIdentityToken: "},
		"what is no token":           {"not.a.token", v1alpha1.ReasonIdentityRejected, tokenRejected + " (InvalidIdentityToken: "},
		"one of another ServiceAccount": {
			must(signer.Sign("system:serviceaccount:team-b:reports", audience, minutesAgo(1), time.Hour)), v1alpha1.ReasonAccessDenied,
			"AWS denies sts:AssumeRoleWithWebIdentity on " + reportsRole,
		},
		"one that is longer than it may be": {string(make([]byte, 20_001)), v1alpha1.ReasonRequestRefused, refused},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithRoles(t)

			issued, problem := f.present(broker.IssueRequest{Request: requests()[webIdentity]}, sts.Proof{WebIdentityToken: sts.NewSensitive(c.token)})

			g.Expect(issued).To(BeZero())
			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(HavePrefix(c.begins))
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "STS serves the issuer's other sessions")
		})
	}
}

func TestClassifyRefusedAssertion(t *testing.T) {
	respond := func(issued, lifetime time.Duration, change func(*saml.Claims)) string {
		claims := saml.Claims{Subject: assertedName, SessionName: "jean", Roles: []saml.RolePair{{RoleARN: reportsRole, ProviderARN: samlARN}}}
		change(&claims)
		return must(must(assertions()).Respond(claims, time.Now().Add(-issued), lifetime))
	}
	unchanged, minute := func(*saml.Claims) {}, time.Minute
	for sentence, c := range map[string]struct {
		assertion, reason, begins string
	}{
		"one that has expired": {respond(20*minute, 10*minute, unchanged), v1alpha1.ReasonIdentityRejected, proofExpired + " (ExpiredTokenException)"},
		"one for another recipient": {
			respond(minute, time.Hour, func(c *saml.Claims) { c.Recipient = "https://other.example.test" }),
			v1alpha1.ReasonIdentityRejected, claimRejected + " (IDPRejectedClaim: Response is for the recipient https://other.example.test)",
		},
		"one for another audience": {
			respond(minute, time.Hour, func(c *saml.Claims) { c.Audience = "urn:other" }), v1alpha1.ReasonIdentityRejected, claimRejected + " (IDPRejectedClaim: ",
		},
		"one for other roles": {
			respond(minute, time.Hour, func(c *saml.Claims) { c.Roles[0].RoleARN = otherRole }),
			v1alpha1.ReasonAccessDenied, "AWS denies sts:AssumeRoleWithSAML on " + reportsRole + ": check that the role exists, that its trust policy admits " + samlARN,
		},
		"half of one":       {anAssertion()[:2000], v1alpha1.ReasonIdentityRejected, tokenRejected + " (InvalidIdentityToken: "},
		"what is no base64": {"<Response>", v1alpha1.ReasonIdentityRejected, tokenRejected + " (InvalidIdentityToken: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithRoles(t)

			issued, problem := f.present(broker.IssueRequest{Request: requests()[samlRole]}, sts.Proof{SAMLAssertion: sts.NewSensitive(c.assertion)})

			g.Expect(issued).To(BeZero())
			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(HavePrefix(c.begins))
			g.Expect(f.Trouble(theIssuer)).To(BeNil(), "STS serves the issuer's other sessions")
		})
	}
}

func TestClassifyAssertionUsedTwice(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithRoles(t)
	proof := aProof()
	_, problem := f.present(broker.IssueRequest{Request: requests()[samlRole]}, proof)
	g.Expect(problem).To(BeNil())

	_, problem = f.present(broker.IssueRequest{Request: requests()[samlRole]}, proof)

	g.Expect(problem).To(HaveField("Reason", v1alpha1.ReasonIdentityRejected))
	g.Expect(problem.Message).To(HavePrefix(claimRejected + " (IDPRejectedClaim: "))
}

// What STS says of a role that a request asks too much of is quoted: no advice could know it.
func TestClassifyRefusedRoleRequest(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*fixture, *sts.Request)
		said   string
	}{
		"longer than the role's sessions": {
			func(_ *fixture, r *sts.Request) { r.RoleARN, r.DurationSeconds = otherRole, 7200 },
			"(ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.)",
		},
		"longer than a chained role's": {
			func(f *fixture, r *sts.Request) {
				chained := f.fake.IssueAssumedRole(stsfake.DefaultAccountID, "operator", "pod-1", time.Hour)
				f.use(configOf(f.config.Endpoint, sts.NewCredentials(chained.AccessKeyID, chained.SecretAccessKey, chained.SessionToken)))
				if err := f.fake.SetRole(stsfake.DefaultAccountID, stsfake.Role{Name: "reports", Path: "/team-a/", MaxSessionDuration: 43200,
					Trust: trusting(`{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}`)}); err != nil {
					f.t.Fatal(err)
				}
				r.DurationSeconds = 7200
			},
			"(ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.)",
		},
		"a transitive key that is no tag": {
			func(_ *fixture, r *sts.Request) { r.TransitiveTagKeys = []string{"team"} },
			"(InvalidParameterValue: The specified transitive tag key must be included in the requested tags.)",
		},
		"an ARN that is none": {
			func(_ *fixture, r *sts.Request) { r.RoleARN = "arn:aws:iam::123456789012:user/demo" },
			"(ValidationError: arn:aws:iam::123456789012:user/demo is invalid)",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithRoles(t)
			request := requests()[role]
			c.change(f, &request)

			problem := f.turnedDown(broker.IssueRequest{Request: request})

			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonRequestRefused, Message: refused + " " + c.said}))
			g.Expect(problem.Outcome()).To(Equal(sts.Refuse))
		})
	}
}
