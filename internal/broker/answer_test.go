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
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

const (
	nothingUsed = " answered GetFederationToken without an error but not with a complete result: nothing was used of it" +
		"; if that is not AWS, set the issuer's spec.service to Compatible"
	notLikeSTS = " answered, but not as STS does: check the issuer's spec.endpoint"
	pageOfOK   = " answered with a web page, not as STS does: check the issuer's spec.endpoint and what is between it and the operator"
	pageOf404  = " answered HTTP 404 with a web page, not as STS does: check the issuer's spec.endpoint and what is between it and the operator"
)

// aResult is a complete GetFederationTokenResult, by the name of each element that must be there.
func aResult() map[string]string {
	return map[string]string{
		"AccessKeyId":     "ASIAEXAMPLEEXAMPLE23",
		"SecretAccessKey": "anExampleOfASecretKeyWithFortyCharacters",
		"SessionToken":    "IQoJb3JpZ2luX2VjExample+/==",
		"Expiration":      "2026-11-23T00:00:00Z",
		"Arn":             "arn:aws:sts::123456789012:federated-user/reports",
		"FederatedUserId": "123456789012:reports",
	}
}

// responseXML writes an answer by hand, without the elements that the result lacks.
func responseXML(result map[string]string) string {
	elements := func(names ...string) string {
		var xml strings.Builder
		for _, name := range names {
			if value, ok := result[name]; ok {
				fmt.Fprintf(&xml, "<%s>%s</%s>", name, value, name)
			}
		}
		return xml.String()
	}
	return `<GetFederationTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetFederationTokenResult>` +
		"<Credentials>" + elements("SessionToken", "SecretAccessKey", "Expiration", "AccessKeyId") + "</Credentials>" +
		"<FederatedUser>" + elements("Arn", "FederatedUserId") + "</FederatedUser>" + elements("PackedPolicySize") +
		"</GetFederationTokenResult><ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata></GetFederationTokenResponse>"
}

func TestIssueCompleteAnswer(t *testing.T) {
	g := NewWithT(t)
	f := startAnswering(t, answers(200, "text/xml", responseXML(aResult())))

	issued, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(issued.Credentials.Equals(sts.NewCredentials(
		"ASIAEXAMPLEEXAMPLE23", "anExampleOfASecretKeyWithFortyCharacters", "IQoJb3JpZ2luX2VjExample+/=="))).To(BeTrue())
	issued.Credentials = sts.Credentials{}
	g.Expect(issued).To(Equal(sts.Issued{
		IssuedAt:   noon.Truncate(time.Second),
		Expiration: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		Identity: sts.Identity{
			AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:federated-user/reports", UserID: "123456789012:reports",
		},
	}), "sizes that STS does not return stay nil")
}

// Credentials come complete or not at all, whatever the HTTP status says.
func TestIssueAnswerWithoutField(t *testing.T) {
	for _, field := range slices.Sorted(maps.Keys(aResult())) {
		whenEmpty := nothingUsed
		if field == "Expiration" {
			whenEmpty = notLikeSTS // nothing is not a time
		}
		for sentence, c := range map[string]struct {
			change  func(map[string]string)
			message string
		}{
			"without " + field:       {func(result map[string]string) { delete(result, field) }, nothingUsed},
			"with an empty " + field: {func(result map[string]string) { result[field] = "" }, whenEmpty},
		} {
			t.Run(sentence, func(t *testing.T) {
				g := NewWithT(t)
				result := aResult()
				c.change(result)
				f := startAnswering(t, answers(200, "text/xml", responseXML(result)))

				problem := f.refused()

				g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIncompleteResponse))
				g.Expect(problem.Message).To(Equal(endpointOf(f) + c.message))
				g.Expect(f.Trouble(theIssuer)).NotTo(BeNil(), "every session would fail so")
			})
		}
	}
}

func TestIssueUnusableAnswer(t *testing.T) {
	complete := responseXML(aResult())
	with := func(field, value string) string {
		result := aResult()
		result[field] = value
		return responseXML(result)
	}
	for sentence, c := range map[string]struct {
		status          int
		body            string
		reason, message string // the message after the name of the endpoint
	}{
		"nothing at all": {200, "", v1alpha1.ReasonIncompleteResponse, nothingUsed},
		"an empty result": {
			200, "<GetFederationTokenResponse><GetFederationTokenResult/></GetFederationTokenResponse>", v1alpha1.ReasonIncompleteResponse,
			nothingUsed,
		},
		"the answer of another operation": {
			200, "<GetSessionTokenResponse><GetSessionTokenResult/></GetSessionTokenResponse>", v1alpha1.ReasonIncompleteResponse, notLikeSTS,
		},
		"XML that ends in the middle": {200, complete[:len(complete)/2], v1alpha1.ReasonIncompleteResponse, notLikeSTS},
		"XML that lacks its last tag": {200, strings.TrimSuffix(complete, "</GetFederationTokenResponse>"), "", ""},
		"an HTML page with status 200": {
			200, "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome<br></body></html>", v1alpha1.ReasonIncompleteResponse,
			pageOfOK,
		},
		"an HTML page that is not XML":  {200, "<html><body><hr></body></html>", v1alpha1.ReasonIncompleteResponse, pageOfOK},
		"JSON with status 200":          {200, `{"ok":true}`, v1alpha1.ReasonIncompleteResponse, nothingUsed},
		"an expiration that is no time": {200, with("Expiration", "tomorrow"), v1alpha1.ReasonIncompleteResponse, notLikeSTS},
		"no content":                    {204, "", v1alpha1.ReasonIncompleteResponse, nothingUsed},
		"a bad gateway's page": {
			502, "<html><head><title>502 Bad Gateway</title></head><body><hr></body></html>", v1alpha1.ReasonUnavailable, " answered HTTP 502",
		},
		"a bad gateway's page that is XML": {502, "<html><body><h1>502 Bad Gateway</h1></body></html>", v1alpha1.ReasonUnavailable, " answered HTTP 502"},
		"an unavailable service's XML": {
			503, "<ErrorResponse><Error><Code>ServiceUnavailable</Code><Message>Try later</Message></Error></ErrorResponse>",
			v1alpha1.ReasonUnavailable, " answered HTTP 503",
		},
		"an unavailable service's silence":      {503, "", v1alpha1.ReasonUnavailable, " answered HTTP 503"},
		"a page that is not found":              {404, "<html><body><h1>Not found</h1></body></html>", v1alpha1.ReasonUnavailable, pageOf404},
		"a page that is not found and not XML":  {404, "404 page not found\n", v1alpha1.ReasonUnavailable, " answered HTTP 404"},
		"JSON with status 400":                  {400, `{"message":"Missing Authentication Token"}`, v1alpha1.ReasonUnavailable, " answered HTTP 400"},
		"an answer that goes on after a result": {200, complete + "<more>" + strings.Repeat("x", 100), "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := startAnswering(t, answers(c.status, contentTypeOf(c.body), c.body))
			if c.reason == "" {
				_, problem := f.issue(theRequest)
				g.Expect(problem).To(BeNil(), "the credentials are complete")
				return
			}

			problem := f.refused()

			g.Expect(problem.Reason).To(Equal(c.reason))
			g.Expect(problem.Message).To(Equal(endpointOf(f) + c.message))
			g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
		})
	}
}

func contentTypeOf(body string) string {
	switch {
	case strings.HasPrefix(body, "{"):
		return "application/json"
	case strings.HasPrefix(body, "<html>"), strings.HasPrefix(body, "<!DOCTYPE html>"):
		return "text/html; charset=utf-8"
	}
	return "text/xml"
}

// endpointOf is how messages name the fixture's endpoint: as its issuer does, without the scheme.
func endpointOf(f *fixture) string { return strings.TrimPrefix(f.config.Endpoint, "http://") }

func TestIssueExpiredCredentials(t *testing.T) {
	for sentence, c := range map[string]struct {
		expiration string
		taken      bool
	}{
		"expired an hour ago":                      {"2026-11-22T11:00:00Z", false},
		"expires at this very second":              {"2026-11-22T12:00:00Z", false},
		"expires at this second, fractions do not": {"2026-11-22T12:00:00.999Z", false},
		"expires in ten seconds":                   {"2026-11-22T12:00:10Z", true},
		"expires in ten seconds, in another zone":  {"2026-11-22T13:00:10+01:00", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			result := aResult()
			result["Expiration"] = c.expiration
			f := startAnswering(t, answers(200, "text/xml", responseXML(result)))
			if c.taken {
				issued, problem := f.issue(theRequest)
				g.Expect(problem).To(BeNil())
				g.Expect(issued.Expiration).To(Equal(time.Date(2026, 11, 22, 12, 0, 10, 0, time.UTC)))
				return
			}

			problem := f.refused()

			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIncompleteResponse))
			g.Expect(problem.Message).To(
				Equal(endpointOf(f) + " granted credentials that have expired already by the operator's clock: set the clock of the operator's node"),
			)
		})
	}
}

func TestIssueLongestToken(t *testing.T) {
	g := NewWithT(t)
	token := strings.Repeat("aZ9+/b==", 512)
	result := aResult()
	result["SessionToken"] = token
	f := startAnswering(t, answers(200, "text/xml", responseXML(result)))

	issued, problem := f.issue(theRequest)

	g.Expect(problem).To(BeNil())
	g.Expect(issued.Credentials.SessionToken()).To(HaveLen(4096))
	g.Expect(issued.Credentials.SessionToken()).To(Equal(token))
}

// The fake spoils real answers: what STS has issued by then is lost, and nothing of it is used.
func TestIssueSpoiledAnswer(t *testing.T) {
	for sentence, c := range map[string]struct {
		kind    stsfake.Kind
		message string
	}{
		"no body":      {stsfake.Empty, nothingUsed},
		"half the XML": {stsfake.Truncated, notLikeSTS},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			f := start(t)
			f.fail(stsfake.Scenario{Kind: c.kind})

			problem := f.refused()

			g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonIncompleteResponse, Message: endpointOf(f) + c.message}))
			g.Expect(f.fake.Calls()[0].Status).To(Equal(http.StatusOK), "STS issued something")
		})
	}
}
