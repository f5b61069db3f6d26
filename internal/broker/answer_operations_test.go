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
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// answered are the elements of a complete result, by name; an element of another is named after it, such as Credentials.Expiration.
type answered map[string]string

// anAnswer is a complete result of an operation, with nothing that STS may leave out.
func anAnswer(operation string) answered {
	elements := answered{
		"Credentials.AccessKeyId":     "ASIAEXAMPLEEXAMPLE23",
		"Credentials.SecretAccessKey": "anExampleOfASecretKeyWithFortyCharacters",
		"Credentials.SessionToken":    "IQoJb3JpZ2luX2VjExample+/==",
		"Credentials.Expiration":      "2026-11-22T13:00:00Z",
	}
	switch operation {
	case federation:
		elements["FederatedUser.Arn"], elements["FederatedUser.FederatedUserId"] = "arn:aws:sts::123456789012:federated-user/reports", "123456789012:reports"
	case role, webIdentity, samlRole:
		elements["AssumedRoleUser.Arn"], elements["AssumedRoleUser.AssumedRoleId"] = "arn:aws:sts::123456789012:assumed-role/reports/reports", "AROAEXAMPLE:reports"
	}
	return elements
}

// textElements are the optional elements of an operation, with the place of the session where each arrives.
func textElements(operation string) map[string]func(sts.Issued) string {
	places := map[string]func(sts.Issued) string{}
	if operation != ownSession && operation != federation {
		places["SourceIdentity"] = func(i sts.Issued) string { return i.SourceIdentity }
	}
	switch operation {
	case webIdentity:
		places["SubjectFromWebIdentityToken"] = func(i sts.Issued) string { return i.WebIdentity.Subject }
		places["Audience"] = func(i sts.Issued) string { return i.WebIdentity.Audience }
		places["Provider"] = func(i sts.Issued) string { return i.WebIdentity.Provider }
	case samlRole:
		places["Subject"] = func(i sts.Issued) string { return i.SAML.Subject }
		places["SubjectType"] = func(i sts.Issued) string { return i.SAML.SubjectType }
		places["Issuer"] = func(i sts.Issued) string { return i.SAML.Issuer }
		places["Audience"] = func(i sts.Issued) string { return i.SAML.Audience }
		places["NameQualifier"] = func(i sts.Issued) string { return i.SAML.NameQualifier }
	}
	return places
}

// answerXML writes an answer by hand. Values are XML.
func answerXML(operation string, elements answered) string {
	var result strings.Builder
	inside := ""
	for _, path := range append(slices.Sorted(maps.Keys(elements)), "~") {
		parent, name, nested := strings.Cut(path, ".")
		if !nested {
			parent, name = "", path
		}
		if parent != inside && inside != "" {
			fmt.Fprintf(&result, "</%s>", inside)
		}
		if parent != inside && parent != "" {
			fmt.Fprintf(&result, "<%s>", parent)
		}
		if inside = parent; path != "~" {
			fmt.Fprintf(&result, "<%s>%s</%s>", name, elements[path], name)
		}
	}
	return fmt.Sprintf("<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", operation, result.String())
}

// startElements registers theIssuer at an STS that answers one operation by hand.
func startElements(t *testing.T, operation string, elements answered) *fixture {
	t.Helper()
	f, _ := startRecording(t, byAction{operation: answers(200, "text/xml", answerXML(operation, elements))})
	return f
}

// each runs a test of every operation, with its request and a complete answer to it.
func each(t *testing.T, test func(t *testing.T, request sts.Request, elements answered)) {
	t.Helper()
	for operation, request := range requests() {
		t.Run(operation, func(t *testing.T) { test(t, request, anAnswer(operation)) })
	}
}

func TestIssueCompleteAnswerOfEachOperation(t *testing.T) {
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		g := NewWithT(t)
		f := startElements(t, request.Operation, elements)

		issued, problem := f.present(broker.IssueRequest{Request: request}, aProof())

		g.Expect(problem).To(BeNil())
		g.Expect(issued.Credentials.AccessKeyID()).To(Equal("ASIAEXAMPLEEXAMPLE23"))
		g.Expect(issued.Expiration.Sub(issued.IssuedAt)).To(Equal(time.Hour))
		g.Expect(issued.WebIdentity != nil).To(Equal(request.Operation == webIdentity))
		g.Expect(issued.SAML != nil).To(Equal(request.Operation == samlRole))
		g.Expect([]*int32{issued.SessionTokenUtilization, issued.PackedPolicySize}).To(HaveEach(BeNil()), "sizes that STS does not return stay nil")
		for element, place := range textElements(request.Operation) {
			g.Expect(place(issued)).To(BeEmpty(), "%s was not in the answer", element)
		}
	})
}

func TestIssueIncompleteAnswerOfEachOperation(t *testing.T) {
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		lacking := map[string]answered{"everything": {}}
		for element := range elements {
			parent, _, _ := strings.Cut(element, ".")
			lacking[element], lacking["all of "+parent], lacking["any "+element] = maps.Clone(elements), maps.Clone(elements), maps.Clone(elements)
			delete(lacking[element], element)
			maps.DeleteFunc(lacking["all of "+parent], func(element, _ string) bool { return strings.HasPrefix(element, parent) })
			lacking["any "+element][element] = ""
		}
		delete(lacking, "any Credentials.Expiration") // which is no time, see TestIssueAnswerWithoutField
		for what, elements := range lacking {
			t.Run("without "+what, func(t *testing.T) {
				g := NewWithT(t)
				f := startElements(t, request.Operation, elements)

				problem := f.turnedDown(broker.IssueRequest{Request: request})

				g.Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonIncompleteResponse, Message: nothingUsedOf(f, request.Operation)}))
				g.Expect(f.Trouble(theIssuer)).To(Equal(problem), "every session would fail so")
			})
		}
	})
}

// nothingUsedOf is the message of an incomplete answer.
func nothingUsedOf(f *fixture, operation string) string {
	return endpointOf(f) + " answered " + operation + " without an error but not with a complete result: nothing was used of it" +
		"; if that is not AWS, set the issuer's spec.service to Compatible"
}

func TestIssueNotPlainAnswerOfEachOperation(t *testing.T) {
	longest := map[string]int{"AccessKeyId": 128, "SecretAccessKey": 16384, "SessionToken": 16384, "Arn": 2048, "FederatedUserId": 193, "AssumedRoleId": 193}
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		for element := range elements {
			_, name, _ := strings.Cut(element, ".")
			if name == "Expiration" {
				continue
			}
			values := maps.Clone(notPlain)
			values["too much"] = strings.Repeat("x", longest[name]+1)
			if name == "Arn" {
				values["no account"], values["an account that is too long"] = "arn:aws:sts::", "arn:aws:sts::1234567890123:assumed-role/reports/reports"
			}
			for sentence, value := range values {
				t.Run(element+" with "+sentence, func(t *testing.T) {
					changed := maps.Clone(elements)
					changed[element] = value
					f := startElements(t, request.Operation, changed)

					problem := f.turnedDown(broker.IssueRequest{Request: request})

					NewWithT(t).Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonIncompleteResponse, Message: nothingUsedOf(f, request.Operation)}))
				})
			}
		}
	})
}

// Text that STS returns for people goes into a status, whose schema bounds it.
func TestIssuePrintableText(t *testing.T) {
	longest := map[string]int{"SourceIdentity": 64, "SubjectFromWebIdentityToken": 255}
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		for element, place := range textElements(request.Operation) {
			limit := 2048
			if longest[element] > 0 {
				limit = longest[element]
			}
			for sentence, c := range map[string]struct{ text, taken string }{
				"a word":                        {"jean", "jean"},
				"several words":                 {"Jean d'Été 長さ", "Jean d'Été 長さ"},
				"nothing":                       {"", ""},
				"as much as there is room for":  {strings.Repeat("é", limit), strings.Repeat("é", limit)},
				"one character more":            {strings.Repeat("é", limit) + "x", strings.Repeat("é", limit)},
				"half a megabyte":               {strings.Repeat("x", 1<<19), strings.Repeat("x", limit)},
				"nothing that could be read":    {"\n\r\t\u0085\u200b\u202e\u2028\ufeff", ""},
				"something hidden in the words": {"a\nb\u202ec\u200bd\te", "abcde"},
				"hidden characters, then words": {strings.Repeat("\u200b", 5000) + "jean", "jean"},
				"an element of XML":             {"<Subject>&amp;", "<Subject>&amp;"},
				"what is no text, but a format": {"100%s %d", "100%s %d"},
			} {
				t.Run(element+" is "+sentence, func(t *testing.T) {
					g := NewWithT(t)
					changed := maps.Clone(elements)
					changed[element] = escaped(c.text)
					f := startElements(t, request.Operation, changed)

					issued, problem := f.present(broker.IssueRequest{Request: request}, aProof())

					g.Expect(problem).To(BeNil())
					g.Expect(place(issued)).To(Equal(c.taken))
				})
			}
		}
	})
}

// escaped is a text as XML.
func escaped(text string) string {
	var xmlText strings.Builder
	_ = xml.EscapeText(&xmlText, []byte(text))
	return xmlText.String()
}

func TestIssueInvalidPercentages(t *testing.T) {
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		for value, taken := range map[string]bool{"-1": false, "-2147483648": false, "0": true, "100": true} {
			t.Run(value, func(t *testing.T) {
				g := NewWithT(t)
				changed := maps.Clone(elements)
				changed["SessionTokenUtilization"], changed["PackedPolicySize"] = value, value
				f := startElements(t, request.Operation, changed)

				issued, problem := f.present(broker.IssueRequest{Request: request}, aProof())

				g.Expect(problem).To(BeNil())
				g.Expect(issued.SessionTokenUtilization != nil).To(Equal(taken))
				g.Expect(issued.PackedPolicySize != nil).To(Equal(taken && request.Operation != ownSession), "GetSessionToken has none")
			})
		}
	})
}

// Megabytes are not read, whatever they are of.
func TestIssueAnswerOfMegabytes(t *testing.T) {
	each(t, func(t *testing.T, request sts.Request, elements answered) {
		elements["SourceIdentity"] = strings.Repeat("x", 2<<20)
		f := startElements(t, request.Operation, elements)

		problem := f.turnedDown(broker.IssueRequest{Request: request})

		NewWithT(t).Expect(*problem).To(Equal(sts.Problem{Reason: v1alpha1.ReasonIncompleteResponse, Message: endpointOf(f) + notLikeSTS}))
	})
}
