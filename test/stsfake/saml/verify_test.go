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

package saml

import (
	"crypto/x509"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/onsi/gomega"
)

const (
	entityID = "https://idp.example/saml"
	role     = "arn:aws:iam::123456789012:role/path/reader"
	idp      = "arn:aws:iam::123456789012:saml-provider/corporate"
)

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	aws      = Expectation{Recipient: AWSRecipient, Audience: AWSAudience}
	trusted  = sync.OnceValues(func() (*IdentityProvider, error) { return NewIdentityProvider(entityID, noon) })
	stranger = sync.OnceValues(func() (*IdentityProvider, error) { return NewIdentityProvider(entityID, noon) })
)

func TestVerifyReadsWhatAWSReads(t *testing.T) {
	g := gomega.NewWithT(t)
	provider := must(trusted())
	response, err := provider.Respond(Claims{
		Subject:             "ada",
		SessionName:         "ada@example.org",
		Roles:               []RolePair{{role, idp}, {role + "-2", idp}},
		SourceIdentity:      "ada",
		Tags:                map[string]string{"Department": "Engines & Co <1>", "Empty": ""},
		TransitiveTagKeys:   []string{"Department"},
		SessionDuration:     time.Hour,
		SessionNotOnOrAfter: noon.Add(8 * time.Hour),
	}, noon, 5*time.Minute)
	g.Expect(err).NotTo(gomega.HaveOccurred())

	assertion, err := provider.Provider().Verify(response, aws, noon)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(assertion.ID).To(gomega.MatchRegexp("^_[0-9a-f]{32}$"))
	assertion.ID = ""
	g.Expect(assertion).To(gomega.Equal(Assertion{
		Issuer:              entityID,
		Subject:             "ada",
		SubjectFormat:       "persistent",
		Audience:            AWSAudience,
		Recipient:           AWSRecipient,
		SessionName:         "ada@example.org",
		Roles:               []RolePair{{role, idp}, {role + "-2", idp}},
		SessionDuration:     time.Hour,
		SourceIdentity:      "ada",
		Tags:                map[string]string{"Department": "Engines & Co <1>", "Empty": ""},
		TransitiveTagKeys:   []string{"Department"},
		NotOnOrAfter:        noon.Add(5 * time.Minute),
		SessionNotOnOrAfter: noon.Add(8 * time.Hour),
	}))
	g.Expect(assertion.Permits(role, idp)).To(gomega.BeTrue())
	g.Expect(assertion.Permits(role, idp+"-2")).To(gomega.BeFalse())
	g.Expect(assertion.Permits(role+"-3", idp)).To(gomega.BeFalse())
}

func TestRespondNeverRepeatsAnID(t *testing.T) {
	g := gomega.NewWithT(t)
	provider := must(trusted())
	ids := map[string]bool{}
	for range 3 {
		response, err := provider.Respond(goodClaims(), noon, time.Minute)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		assertion, err := provider.Provider().Verify(response, aws, noon)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		ids[assertion.ID] = true
	}
	g.Expect(ids).To(gomega.HaveLen(3))
}

func TestVerifyChecksClaims(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*Claims)
		expected Expectation
		at       time.Duration
		kind     error
		message  string
	}{
		"everything as AWS wants it": {},
		"the last millisecond":       {at: 5*time.Minute - time.Millisecond},
		"NotOnOrAfter itself":        {at: 5 * time.Minute, kind: ErrExpired, message: "Response has expired"},
		"before NotBefore":           {at: -time.Millisecond, kind: ErrInvalid, message: "Response is not valid before 2026-11-22T12:00:00Z"},
		"as old as it may be":        {at: time.Minute, expected: Expectation{AWSRecipient, AWSAudience, time.Minute}},
		"older than it may be": {
			at: 2*time.Minute + 1, expected: Expectation{AWSRecipient, AWSAudience, 2 * time.Minute}, kind: ErrExpired,
			message: "Token must be redeemed within 2 minutes of issuance",
		},
		"a session that is over":        {change: func(c *Claims) { c.SessionNotOnOrAfter = noon }, kind: ErrExpired, message: "Response has expired"},
		"another recipient":             {change: func(c *Claims) { c.Recipient = AWSRecipient + "/" }, kind: ErrRejected, message: "recipient"},
		"a recipient of another region": {change: func(c *Claims) { c.Recipient = "r" }, expected: Expectation{"r", AWSAudience, 0}},
		"another audience": {
			change: func(c *Claims) { c.Audience = "urn:amazon:webservices:cn-north-1" }, kind: ErrRejected,
			message: "Response does not contain the required audience",
		},
		"the recipient for an audience": {change: func(c *Claims) { c.Audience = AWSRecipient }},
		"no session name": {
			change: func(c *Claims) { c.SessionName = "" }, kind: ErrInvalid, message: "RoleSessionName is required in AuthnResponse",
		},
		"a session name with a space": {
			change: func(c *Claims) { c.SessionName = "a b" }, kind: ErrInvalid,
			message: "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
		},
		"no role":                            {change: func(c *Claims) { c.Roles = nil }, kind: ErrRejected, message: "permits no role"},
		"the provider before the role":       {change: func(c *Claims) { c.Roles = []RolePair{{idp, role}} }},
		"spaces around the role":             {change: func(c *Claims) { c.Roles = []RolePair{{" " + role + " ", " " + idp}} }},
		"two roles and no provider":          {change: func(c *Claims) { c.Roles = []RolePair{{role, role}} }, kind: ErrRejected, message: "no pair of a role"},
		"two providers and no role":          {change: func(c *Claims) { c.Roles = []RolePair{{idp, idp}} }, kind: ErrRejected, message: "no pair of a role"},
		"a role and nothing":                 {change: func(c *Claims) { c.Roles = []RolePair{{role, ""}} }, kind: ErrRejected, message: "no pair of a role"},
		"a source identity of AWS":           {change: func(c *Claims) { c.SourceIdentity = "aws:ada" }, kind: ErrInvalid, message: `not begin with "aws:"`},
		"a source identity of one character": {change: func(c *Claims) { c.SourceIdentity = "a" }, kind: ErrInvalid, message: "Source Identity must match"},
		"the shortest session":               {change: func(c *Claims) { c.SessionDuration = 15 * time.Minute }},
		"the longest session":                {change: func(c *Claims) { c.SessionDuration = 12 * time.Hour }},
		"a session of 899 seconds":           {change: func(c *Claims) { c.SessionDuration = 899 * time.Second }, kind: ErrInvalid, message: "from 900 to 43200"},
		"a session of 43201 seconds":         {change: func(c *Claims) { c.SessionDuration = 43201 * time.Second }, kind: ErrInvalid, message: "from 900 to 43200"},
		"no subject":                         {change: func(c *Claims) { c.Subject = "" }, kind: ErrInvalid, message: "no NameID"},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			claims := goodClaims()
			if test.change != nil {
				test.change(&claims)
			}
			if test.expected == (Expectation{}) {
				test.expected = aws
			}
			response, err := must(trusted()).Respond(claims, noon, 5*time.Minute)
			g.Expect(err).NotTo(gomega.HaveOccurred())
			assertion, err := must(trusted()).Provider().Verify(response, test.expected, noon.Add(test.at))
			if test.kind == nil {
				g.Expect(err).NotTo(gomega.HaveOccurred())
				g.Expect(assertion.Roles).To(gomega.Equal([]RolePair{{role, idp}}))
				return
			}
			expectRefusal(g, err, test.kind, test.message)
			g.Expect(assertion).To(gomega.Equal(Assertion{}))
		})
	}
}

// Each changes the assertion before it is signed.
func TestVerifyChecksTheAssertion(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(assertion *etree.Element)
		kind    error
		message string
	}{
		"an unknown format is good":         {change: func(a *etree.Element) { set(a, "//saml:NameID", "Format", "urn:example:badge") }},
		"no format is good":                 {change: func(a *etree.Element) { a.FindElement("//saml:NameID").RemoveAttr("Format") }},
		"foreign attributes are good":       {change: func(a *etree.Element) { addAttributeTo(a, "mail", "a@example.org", "b@example.org") }},
		"two audiences, one right, is good": {change: func(a *etree.Element) { add(a.FindElement("//saml:AudienceRestriction"), "saml:Audience").SetText("x") }},
		"space around values is good":       {change: func(a *etree.Element) { a.FindElement("//saml:Audience").SetText("\n  " + AWSAudience + "\n") }},
		"foreign elements of the same name are good": {change: func(a *etree.Element) {
			a.InsertChildAt(1, newElement("x:Subject", "xmlns:x", "urn:x"))
			a.InsertChildAt(1, newElement("x:Conditions", "xmlns:x", "urn:x", "NotOnOrAfter", "never"))
		}},
		"a foreign subject":         {change: func(a *etree.Element) { set(a, "//saml:Subject", "xmlns:saml", "urn:x") }, kind: ErrInvalid, message: "no NameID"},
		"no AuthnStatement is good": {change: func(a *etree.Element) { remove(a, "//saml:AuthnStatement") }},
		"another issuer": {
			change: func(a *etree.Element) { a.FindElement("./saml:Issuer").SetText("https://evil.example") }, kind: ErrInvalid,
			message: "Issuer not present in specified provider",
		},
		"no issuer": {
			change: func(a *etree.Element) { a.FindElement("./saml:Issuer").SetText("") }, kind: ErrInvalid,
			message: "Issuer not present in specified provider",
		},
		"SAML 1.1":     {change: func(a *etree.Element) { a.CreateAttr("Version", "1.1") }, kind: ErrInvalid, message: "not of SAML 2.0"},
		"two subjects": {change: func(a *etree.Element) { a.AddChild(a.FindElement("//saml:Subject").Copy()) }, kind: ErrInvalid, message: "no NameID"},
		"two names": {change: func(a *etree.Element) {
			a.FindElement("//saml:Subject").AddChild(a.FindElement("//saml:NameID").Copy())
		}, kind: ErrInvalid, message: "no NameID"},
		"two confirmations": {change: func(a *etree.Element) {
			a.FindElement("//saml:Subject").AddChild(a.FindElement("//saml:SubjectConfirmation").Copy())
		}, kind: ErrInvalid, message: "exactly one bearer SubjectConfirmation"},
		"no confirmation": {
			change: func(a *etree.Element) { remove(a, "//saml:SubjectConfirmation") }, kind: ErrInvalid,
			message: "exactly one bearer SubjectConfirmation",
		},
		"no confirmation data": {
			change: func(a *etree.Element) { remove(a, "//saml:SubjectConfirmationData") }, kind: ErrInvalid,
			message: "exactly one bearer SubjectConfirmation",
		},
		"a holder of a key": {change: func(a *etree.Element) {
			set(a, "//saml:SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")
		}, kind: ErrInvalid, message: "bearer"},
		"no recipient": {
			change: func(a *etree.Element) { a.FindElement("//saml:SubjectConfirmationData").RemoveAttr("Recipient") }, kind: ErrRejected,
			message: "recipient",
		},
		"no end of the confirmation": {
			change: func(a *etree.Element) { a.FindElement("//saml:SubjectConfirmationData").RemoveAttr("NotOnOrAfter") }, kind: ErrInvalid,
			message: "no NotOnOrAfter",
		},
		"a confirmation that is over": {
			change: func(a *etree.Element) { set(a, "//saml:SubjectConfirmationData", "NotOnOrAfter", format(noon)) }, kind: ErrExpired,
			message: "has expired",
		},
		"a confirmation of the future": {
			change: func(a *etree.Element) { set(a, "//saml:SubjectConfirmationData", "NotBefore", format(noon.Add(1e9))) }, kind: ErrInvalid,
			message: "not valid before",
		},
		"conditions that are over": {
			change: func(a *etree.Element) { set(a, "//saml:Conditions", "NotOnOrAfter", format(noon)) }, kind: ErrExpired,
			message: "has expired",
		},
		"conditions without an end is good": {change: func(a *etree.Element) { a.FindElement("//saml:Conditions").RemoveAttr("NotOnOrAfter") }},
		"no conditions":                     {change: func(a *etree.Element) { remove(a, "//saml:Conditions") }, kind: ErrRejected, message: "required audience"},
		"conditions twice": {
			change: func(a *etree.Element) { a.AddChild(a.FindElement("//saml:Conditions").Copy()) }, kind: ErrRejected,
			message: "required audience",
		},
		"no audience restriction": {
			change: func(a *etree.Element) { remove(a, "//saml:AudienceRestriction") }, kind: ErrRejected, message: "required audience",
		},
		"a second restriction that refuses": {change: func(a *etree.Element) {
			add(add(a.FindElement("//saml:Conditions"), "saml:AudienceRestriction"), "saml:Audience").SetText("x")
		}, kind: ErrRejected, message: "required audience"},
		"no time of issue": {change: func(a *etree.Element) { a.RemoveAttr("IssueInstant") }, kind: ErrInvalid, message: "IssueInstant"},
		"a NotBefore that is none": {
			change: func(a *etree.Element) { set(a, "//saml:Conditions", "NotBefore", "today") }, kind: ErrInvalid,
			message: "NotBefore that is not a time in UTC",
		},
		"an end that is none": {
			change: func(a *etree.Element) { set(a, "//saml:Conditions", "NotOnOrAfter", "2026-11-22") }, kind: ErrInvalid,
			message: "NotOnOrAfter that is not a time in UTC",
		},
		"a time of another zone": {
			change: func(a *etree.Element) { set(a, "//saml:Conditions", "NotOnOrAfter", "2026-11-23T12:00:00+01:00") }, kind: ErrInvalid,
			message: "not a time in UTC",
		},
		"a session end that is none": {
			change: func(a *etree.Element) { set(a, "//saml:AuthnStatement", "SessionNotOnOrAfter", "never") }, kind: ErrInvalid,
			message: "SessionNotOnOrAfter",
		},
		"two session names": {
			change: func(a *etree.Element) { addAttributeTo(a, sessionNameAttribute, "eve") }, kind: ErrInvalid,
			message: "RoleSessionName twice",
		},
		"two values of one tag": {
			change: func(a *etree.Element) { addAttributeTo(a, tagAttributePrefix+"k", "1", "2") }, kind: ErrInvalid,
			message: "exactly one value",
		},
		"a tag without a value": {change: func(a *etree.Element) { addAttributeTo(a, tagAttributePrefix+"k") }, kind: ErrInvalid, message: "exactly one value"},
		"a duration that is none": {
			change: func(a *etree.Element) { addAttributeTo(a, sessionDurationAttribute, "1h") }, kind: ErrInvalid,
			message: "from 900 to 43200",
		},
		"a duration that overflows": {
			change: func(a *etree.Element) { addAttributeTo(a, sessionDurationAttribute, "9223372036854775807") }, kind: ErrInvalid,
			message: "from 900 to 43200",
		},
		"an assertion without an ID": {change: func(a *etree.Element) { a.RemoveAttr("ID") }, kind: ErrInvalid, message: "not of the form"},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			provider := must(trusted())
			assertion := provider.assertion(goodClaims(), noon, 5*time.Minute)
			test.change(assertion)
			g.Expect(provider.sign(assertion)).To(gomega.Succeed())
			_, err := provider.Provider().Verify(encode(provider.response(assertion, noon)), aws, noon)
			if test.kind == nil {
				g.Expect(err).NotTo(gomega.HaveOccurred())
				return
			}
			expectRefusal(g, err, test.kind, test.message)
		})
	}
}

func TestSubjectFormatIsThatOfSTS(t *testing.T) {
	for format, expected := range map[string]string{
		"urn:oasis:names:tc:SAML:2.0:nameid-format:transient":    "transient",
		"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
		"urn:example:badge": "urn:example:badge",
	} {
		t.Run(format, func(t *testing.T) {
			g := gomega.NewWithT(t)
			provider := must(trusted())
			assertion := provider.assertion(goodClaims(), noon, time.Minute)
			set(assertion, "//saml:NameID", "Format", format)
			g.Expect(provider.sign(assertion)).To(gomega.Succeed())
			read, err := provider.Provider().Verify(encode(provider.response(assertion, noon)), aws, noon)
			g.Expect(err).NotTo(gomega.HaveOccurred())
			g.Expect(read.SubjectFormat).To(gomega.Equal(expected))
		})
	}
}

func goodClaims() Claims {
	return Claims{Subject: "ada", SessionName: "ada", Roles: []RolePair{{role, idp}}}
}

// signedResponse is a good response with a signed assertion.
func signedResponse(t *testing.T) *etree.Element {
	t.Helper()
	provider := must(trusted())
	assertion := provider.assertion(goodClaims(), noon, 5*time.Minute)
	gomega.NewWithT(t).Expect(provider.sign(assertion)).To(gomega.Succeed())
	return provider.response(assertion, noon)
}

func set(root *etree.Element, path, name, value string) {
	root.FindElement(path).CreateAttr(name, value)
}

func remove(root *etree.Element, path string) {
	element := root.FindElement(path)
	element.Parent().RemoveChild(element)
}

func addAttributeTo(assertion *etree.Element, name string, values ...string) {
	element := add(assertion.FindElement("//saml:AttributeStatement"), "saml:Attribute", "Name", name)
	for _, value := range values {
		add(element, "saml:AttributeValue").SetText(value)
	}
}

func must(provider *IdentityProvider, err error) *IdentityProvider {
	if err != nil {
		panic(err)
	}
	return provider
}

func certificates(providers ...*IdentityProvider) []*x509.Certificate {
	var all []*x509.Certificate
	for _, provider := range providers {
		all = append(all, provider.certificate)
	}
	return all
}

func expectRefusal(g *gomega.WithT, err, kind error, message string) {
	g.Expect(err).To(gomega.MatchError(kind))
	g.Expect(err).To(gomega.MatchError(gomega.ContainSubstring(message)))
}
