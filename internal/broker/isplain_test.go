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
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// notPlain are values, as XML, that STS never issues. The first would have an SDK run a program, if it came into an ini file.
var notPlain = map[string]string{
	"a section of its own":          "x&#10;[default]&#10;credential_process=/bin/sh",
	"a line break of the XML's":     "x\ny",
	"a line break at its end":       "x&#10;",
	"a line break at its beginning": "\nx",
	"a line end of Windows":         "x&#13;&#10;y",
	"a carriage return":             "x&#13;y",
	"a line break of Unicode":       "x&#x2028;y",
	"a tab":                         "x&#9;y",
	"two words":                     "x y",
	"a space at its end":            "x ",
	"a space at its beginning":      " x",
	"nothing but a space":           " ",
	"nothing but a line break":      "&#10;",
	"a space that does not break":   "x&#xa0;y",
	"a delete character":            "x&#127;",
	"a control character of C1":     "x&#x85;",
	"a letter beyond ASCII":         "xé",
	"a byte order mark":             "&#xfeff;x",
}

// plainSizes is how many characters are taken of each element that STS answers GetFederationToken with.
var plainSizes = map[string]int{"AccessKeyId": 128, "SecretAccessKey": 16384, "SessionToken": 16384, "Arn": 2048, "FederatedUserId": 193}

// identitySizes is the same for GetCallerIdentity.
var identitySizes = map[string]int{"Account": 12, "Arn": 2048, "UserId": 193}

// anIdentity is a complete GetCallerIdentityResult.
func anIdentity() map[string]string {
	return map[string]string{"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/demo", "UserId": "AIDAEXAMPLE"}
}

// identityXML writes an answer by hand, without the elements that the identity lacks.
func identityXML(identity map[string]string) string {
	var xml strings.Builder
	for _, name := range slices.Sorted(maps.Keys(identity)) {
		xml.WriteString("<" + name + ">" + identity[name] + "</" + name + ">")
	}
	return "<GetCallerIdentityResponse><GetCallerIdentityResult>" + xml.String() + "</GetCallerIdentityResult></GetCallerIdentityResponse>"
}

// with is a result with another value, as XML, of one element.
func with(result map[string]string, element, value string) map[string]string {
	result[element] = value
	return result
}

func TestIssueNotPlainAnswer(t *testing.T) {
	for element, longest := range plainSizes {
		values := maps.Clone(notPlain)
		values["too much"] = strings.Repeat("x", longest+1)
		for sentence, value := range values {
			t.Run(element+" with "+sentence, func(t *testing.T) {
				g := NewWithT(t)
				f := startAnswering(t, answers(200, "text/xml", responseXML(with(aResult(), element, value))))

				problem := f.refused()

				g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonIncompleteResponse, Message: endpointOf(f) + nothingUsed}))
				g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
			})
		}
	}
}

func TestIdentifyNotPlainAnswer(t *testing.T) {
	for element, longest := range identitySizes {
		values := maps.Clone(notPlain)
		values["too much"] = strings.Repeat("x", longest+1)
		for sentence, value := range values {
			t.Run(element+" with "+sentence, func(t *testing.T) {
				g := NewWithT(t)
				f := startAnswering(t, answers(200, "text/xml", identityXML(with(anIdentity(), element, value))))

				identity, problem := f.identify(t.Context())

				g.Expect(identity).To(BeZero())
				g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonIncompleteResponse))
			})
		}
	}
}

// everyPlain is each character that is taken, as XML and as it is.
func everyPlain() (escaped, plain string) {
	for c := '!'; c <= '~'; c++ {
		plain += string(c)
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(plain), plain
}

func TestIssuePlainAnswer(t *testing.T) {
	escaped, plain := everyPlain()
	for element, longest := range plainSizes {
		start := "" // of a value that must look like something
		if element == "Arn" {
			start = "arn:aws:sts::123456789012:federated-user/"
		}
		full := start + strings.Repeat("x", longest-len(start))
		for xml, value := range map[string]string{start + escaped: start + plain, full: full} {
			t.Run(element+" "+value[len(value)-1:], func(t *testing.T) {
				g := NewWithT(t)
				f := startAnswering(t, answers(200, "text/xml", responseXML(with(aResult(), element, xml))))
				request := theRequest
				if element == "Arn" {
					request.Name = strings.TrimPrefix(value, start)
				}

				issued, problem := f.issue(request)

				g.Expect(problem).To(BeNil())
				g.Expect([]string{
					issued.Credentials.AccessKeyID(), issued.Credentials.SecretAccessKey(), issued.Credentials.SessionToken(),
					issued.Identity.ARN, issued.Identity.UserID,
				}).To(ContainElement(value))
			})
		}
	}
}

func TestIdentifyPlainAnswer(t *testing.T) {
	escaped, plain := everyPlain()
	for element, longest := range identitySizes {
		values := map[string]string{strings.Repeat("x", longest): strings.Repeat("x", longest)}
		if longest >= len(plain) {
			values[escaped] = plain
		}
		for xml, value := range values {
			t.Run(element+" "+value[:1], func(t *testing.T) {
				g := NewWithT(t)
				f := startAnswering(t, answers(200, "text/xml", identityXML(with(anIdentity(), element, xml))))

				identity, problem := f.identify(t.Context())

				g.Expect(problem).To(BeNil())
				g.Expect([]string{identity.AccountID, identity.ARN, identity.UserID}).To(ContainElement(value))
			})
		}
	}
}

func TestIssueInvalidAccountAndPercentage(t *testing.T) {
	g := NewWithT(t)
	f := startAnswering(t, answers(200, "text/xml", responseXML(with(aResult(), "Arn", "arn:aws:sts::12345678901234567890:federated-user/x"))))
	_, problem := f.issue(theRequest)
	g.Expect(problem).To(HaveField("Reason", v1alpha1.ReasonIncompleteResponse))

	f = startAnswering(t, answers(200, "text/xml", responseXML(with(aResult(), "PackedPolicySize", "-5"))))
	issued, problem := f.issue(theRequest)
	g.Expect(problem).To(BeNil())
	g.Expect(issued.PackedPolicySize).To(BeNil())
}
