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
package sts_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	samlNamespaces = ` xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`
	anAssertion    = `<saml:Assertion ID="a"><saml:Issuer>https://idp.example.com</saml:Issuer></saml:Assertion>`
	where          = "Secret corporate, key response"
)

// responseOf is a SAML response that holds what is given. It is not signed; only STS would notice.
func responseOf(inner string) string {
	return "<samlp:Response" + samlNamespaces + ">" + inner + "</samlp:Response>"
}

// endingAt is an assertion with these ends of Conditions and SubjectConfirmationData; empty for none.
func endingAt(conditions, confirmation string) string {
	end := func(element, at string) string {
		if at == "" {
			return "<saml:" + element + "/>"
		}
		return "<saml:" + element + ` NotBefore="2026-11-02T00:00:00Z" NotOnOrAfter="` + at + `"/>`
	}
	return "<saml:Assertion><saml:Subject><saml:SubjectConfirmation>" + end("SubjectConfirmationData", confirmation) +
		"</saml:SubjectConfirmation></saml:Subject>" + end("Conditions", conditions) +
		`<saml:AuthnStatement SessionNotOnOrAfter="2026-11-02T11:00:00Z"/></saml:Assertion>`
}

func encoded(document string) string { return base64.StdEncoding.EncodeToString([]byte(document)) }

// folded has a line break after every 64 characters, as openssl writes it.
func folded(text, lineBreak string) string {
	var out strings.Builder
	for i := 0; i < len(text); i += 64 {
		out.WriteString(text[i:min(i+64, len(text))] + lineBreak)
	}
	return out.String()
}

func TestParseAssertion(t *testing.T) {
	utc := func(hour, minute int) time.Time {
		return time.Date(2026, time.November, 2, hour, minute, 0, 0, time.UTC)
	}
	for sentence, c := range map[string]struct {
		document string
		ends     time.Time
	}{
		"a response with one assertion":                 {responseOf(anAssertion), never},
		"an encrypted assertion":                        {responseOf("<saml:EncryptedAssertion><x/></saml:EncryptedAssertion>"), never},
		"an XML declaration before it":                  {`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + responseOf(anAssertion), never},
		"line breaks around it":                         {"\n" + responseOf("\n"+anAssertion+"\n") + "\r\n", never},
		"a status and a signature before the assertion": {responseOf("<samlp:Status/><Signature/>" + anAssertion), never},
		"other prefixes": {
			`<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"><Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/></Response>`, never,
		},
		"a document like one within":        {responseOf(strings.Replace(anAssertion, "https", "&lt;samlp:Response&gt;", 1)), never},
		"the end of its conditions":         {responseOf(endingAt("2026-11-02T12:30:00Z", "")), utc(12, 30)},
		"the end of its confirmation":       {responseOf(endingAt("", "2026-11-02T12:05:00Z")), utc(12, 5)},
		"the earlier, of its confirmation":  {responseOf(endingAt("2026-11-02T12:30:00Z", "2026-11-02T12:05:00Z")), utc(12, 5)},
		"the earlier, of its conditions":    {responseOf(endingAt("2026-11-02T12:01:00Z", "2026-11-02T12:05:00Z")), utc(12, 1)},
		"an end in another zone":            {responseOf(endingAt("2026-11-02T14:30:00+02:00", "2026-11-02T13:00:00Z")), utc(12, 30)},
		"an end with parts of a second":     {responseOf(endingAt("2026-11-02T12:30:00.250Z", "")), utc(12, 30).Add(250 * time.Millisecond)},
		"no end at all":                     {responseOf(endingAt("", "")), never},
		"an end that cannot be read":        {responseOf(endingAt("soon", "")), never},
		"an end without a zone":             {responseOf(endingAt("2026-11-02T12:30:00", "")), never},
		"an end that is empty":              {responseOf(`<saml:Assertion><saml:Conditions NotOnOrAfter=""/></saml:Assertion>`), never},
		"one end that can be read, one not": {responseOf(endingAt("soon", "2026-11-02T12:05:00Z")), utc(12, 5)},
		"an end of something else": {
			responseOf(`<saml:Assertion><Conditions NotOnOrAfter="2026-11-02T12:30:00Z"/><saml:Advice NotOnOrAfter="2026-11-02T12:30:00Z"/></saml:Assertion>`), never,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			a := sts.ParseAssertion([]byte(encoded(c.document)), where)

			g.Expect(a.Problem).To(BeNil())
			g.Expect(a.Response.Text()).To(Equal(encoded(c.document)), "STS is sent what was there")
			g.Expect(a.Digest).To(MatchRegexp("^[0-9a-f]{64}$"))
			g.Expect(a.NotOnOrAfter).To(BeTemporally("==", c.ends))
		})
	}
}

func TestParseAssertionDigestIgnoresWhiteSpace(t *testing.T) {
	plain := encoded(responseOf(endingAt("2026-11-02T12:30:00Z", "")))
	digest := sts.ParseAssertion([]byte(plain), where).Digest
	for sentence, text := range map[string]string{
		"a line break at the end":   plain + "\n",
		"white space around it":     " \t\r\n" + plain + "\v\f ",
		"lines of 64 characters":    folded(plain, "\n"),
		"lines of another system":   folded(plain, "\r\n"),
		"lines that are indented":   folded(plain, "\n    "),
		"spaces of another script":  folded(plain, "\u00a0\u2003"),
		"a space between all parts": strings.Join(strings.Split(plain, ""), " "),
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			a := sts.ParseAssertion([]byte(text), where)
			g.Expect(a.Problem).To(BeNil())
			g.Expect(a.Response.Text()).To(Equal(plain))
			g.Expect(a.Digest).To(Equal(digest))
		})
	}
	other := sts.ParseAssertion([]byte(encoded(responseOf(endingAt("2026-11-02T12:31:00Z", "")))), where)
	NewWithT(t).Expect(other.Digest).NotTo(Equal(digest), "another assertion has another")
}

// notAssertions are texts that must not be sent to STS, with the problem of each.
func notAssertions() map[string]struct{ text, problem string } {
	const (
		notBase64, incomplete = "is not base64", "is not complete XML"
		notResponse, notOne   = "is not a SAML 2.0 response", "does not hold exactly one SAML assertion"
	)
	plain := encoded(responseOf(anAssertion))
	long := responseOf(anAssertion + "<x>" + strings.Repeat("x", 75000) + "</x>")
	return map[string]struct{ text, problem string }{
		"nothing":                          {"", notBase64},
		"white space":                      {" \n\t", notBase64},
		"XML that is not encoded":          {responseOf(anAssertion), notBase64},
		"base64 without its padding":       {strings.TrimRight(encoded(responseOf(anAssertion)+" "), "="), notBase64},
		"base64 for URLs":                  {base64.URLEncoding.EncodeToString([]byte(responseOf(anAssertion + "<x>???>>></x>"))), notBase64},
		"base64 and more":                  {plain + "!", notBase64},
		"base64 that ends amid a group":    {plain[:len(plain)-5], notBase64},
		"garbage after it":                 {encoded(responseOf(anAssertion) + "garbage"), "holds more than a SAML 2.0 response"},
		"a comment after it":               {encoded(responseOf(anAssertion) + "<!-- password -->"), "holds more than a SAML 2.0 response"},
		"garbage before it":                {encoded("password=hunter2 " + responseOf(anAssertion)), notResponse},
		"a processing instruction first":   {encoded("<?password hunter2?>" + responseOf(anAssertion)), notResponse},
		"an assertion of another name":     {encoded(responseOf(strings.ReplaceAll(anAssertion, "saml:Assertion", "saml:FooAssertion"))), notOne},
		"two responses, one after another": {encoded(responseOf(anAssertion) + responseOf(anAssertion)), notResponse},
		"a second root":                    {encoded(responseOf(anAssertion) + "<password>x</password>"), notResponse},
		"a first root":                     {encoded("<password>x</password>" + responseOf(anAssertion)), notResponse},

		"a response that is cut off":         {encoded(responseOf(anAssertion)[:220]), incomplete},
		"a response without its last letter": {encoded(strings.TrimSuffix(responseOf(anAssertion), ">")), incomplete},
		"a response and half an element":     {encoded(responseOf(anAssertion) + "<a"), incomplete},
		"a response that ends twice":         {encoded(responseOf(anAssertion) + "</samlp:Response>"), incomplete},
		"elements that cross":                {encoded(responseOf("<a><b></a></b>" + anAssertion)), incomplete},
		"bytes that are not UTF-8":           {encoded(responseOf(anAssertion + "\xff")), incomplete},
		"a zero byte after it":               {encoded(responseOf(anAssertion) + "\x00"), incomplete},
		"an entity of a DTD":                 {encoded(responseOf("&xxe;" + anAssertion)), incomplete},
		"a DTD": {
			encoded(`<!DOCTYPE r [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>` + responseOf("&xxe;"+anAssertion)), "has a document type declaration",
		},
		"a DTD after it": {encoded(responseOf(anAssertion) + "<!DOCTYPE r>"), "has a document type declaration"},

		"another root":                       {encoded("<samlp:AuthnRequest" + samlNamespaces + ">" + anAssertion + "</samlp:AuthnRequest>"), notResponse},
		"a response of no namespace":         {encoded("<Response>" + anAssertion + "</Response>"), notResponse},
		"a response of SAML 1.1":             {encoded(`<Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol"/>`), notResponse},
		"a response of the wrong namespace":  {encoded("<saml:Response" + samlNamespaces + ">" + anAssertion + "</saml:Response>"), notResponse},
		"a bare assertion":                   {encoded(strings.Replace(anAssertion, "<saml:Assertion", "<saml:Assertion"+samlNamespaces, 1)), notResponse},
		"a response in an envelope":          {encoded("<Envelope>" + responseOf(anAssertion) + "</Envelope>"), notResponse},
		"an HTML page":                       {encoded("<html><body>Sign in</body></html>"), notResponse},
		"no assertion":                       {encoded(responseOf("<samlp:Status/>")), notOne},
		"a response that is empty":           {encoded(responseOf("")), notOne},
		"two assertions":                     {encoded(responseOf(anAssertion + anAssertion)), notOne},
		"a plain and an encrypted assertion": {encoded(responseOf(anAssertion + "<saml:EncryptedAssertion/>")), notOne},
		"an assertion of no namespace":       {encoded(responseOf("<Assertion/>")), notOne},
		"an assertion that lies deeper":      {encoded(responseOf("<x>" + anAssertion + "</x>")), notOne},
		"an assertion in a comment":          {encoded(responseOf("<!--" + anAssertion + "-->")), notOne},
		"an assertion in character data":     {encoded(responseOf("<![CDATA[" + anAssertion + "]]>")), notOne},
		"plain text":                         {encoded("hunter2"), notResponse},

		"more than STS takes":            {encoded(long), "is longer than the 100000 characters that STS takes"},
		"more than STS takes of nothing": {strings.Repeat("A", 100001), "is longer than the 100000 characters that STS takes"},
		"50,000 elements, each within":   {encoded(responseOf(strings.Repeat("<a>", 50000) + strings.Repeat("</a>", 50000))), "is longer"},
		"the most elements that fit":     {encoded(responseOf(anAssertion + strings.Repeat("<a>", 24900))), incomplete},

		"a JSON document":          {`{"password":"hunter2"}`, notBase64},
		"a JSON document, encoded": {encoded(`{"auths":{"images.example.com":{"password":"hunter2"}}}`), notResponse},
		"a key":                    {"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHunter2\n-----END PRIVATE KEY-----\n", notBase64},
		"a key, encoded":           {encoded("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHunter2\n-----END PRIVATE KEY-----\n"), notResponse},
		"a key, in bytes":          {"MC4CAQAwBQYDK2VwBCIEIHunter2Hunter2Hunter2Hunter2Hunter2HunterAA", incomplete},
		"a token":                  {"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJl", notBase64},
		"a password":               {"hunter2", notBase64},
		"a password of 4 letters":  {"abcd", incomplete},
		"an AWS secret key":        {"wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab", incomplete},
		"bytes":                    {"\x00\x01\xfe\xff", notBase64},
	}
}

func TestParseAssertionRefuses(t *testing.T) {
	for sentence, c := range notAssertions() {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			a := sts.ParseAssertion([]byte(c.text), where)

			g.Expect(a.Problem).NotTo(BeNil())
			g.Expect(a.Problem.Reason).To(Equal(v1alpha1.ReasonAssertionInvalid))
			g.Expect(a.Problem.Message).To(HavePrefix(where + " " + c.problem))
			g.Expect(a.Problem.Message).To(HaveSuffix(": put the base64-encoded SAML response of the identity provider there"))
			g.Expect(strings.ToLower(a.Problem.Message)).NotTo(ContainSubstring("hunter2"), "it quotes nothing of the text")
			a.Problem = nil
			g.Expect(a).To(BeZero(), "and there is nothing that could be sent")
		})
	}
}

func TestParseAssertionLongest(t *testing.T) {
	g := NewWithT(t)
	frame := responseOf(anAssertion + "<x></x>")
	longest := responseOf(anAssertion + "<x>" + strings.Repeat("x", 75000-len(frame)) + "</x>")
	g.Expect(encoded(longest)).To(HaveLen(100000))

	g.Expect(sts.ParseAssertion([]byte(folded(encoded(longest), "\n")), where).Problem).To(BeNil(), "white space does not count")
	g.Expect(sts.ParseAssertion([]byte(encoded(longest+"x")), where).Problem).NotTo(BeNil())
}

func TestParseAssertionDeep(t *testing.T) {
	for sentence, inner := range map[string]string{
		"beside the assertion": anAssertion + strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000),
		"within the assertion": "<saml:Assertion>" + strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000) + "</saml:Assertion>",
		"of namespaces":        anAssertion + strings.Repeat(`<a xmlns:b="c">`, 3500) + strings.Repeat("</a>", 3500),
		"of attributes":        anAssertion + "<a" + strings.Repeat(` b="&lt;"`, 7000) + "/>",
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(sts.ParseAssertion([]byte(encoded(responseOf(inner))), where).Problem).To(BeNil())
		})
	}
}

func FuzzParseAssertion(f *testing.F) {
	for _, c := range notAssertions() {
		f.Add([]byte(c.text), false)
	}
	for _, document := range []string{responseOf(anAssertion), responseOf(endingAt("2026-11-02T12:30:00Z", "soon")), responseOf("<saml:EncryptedAssertion/>")} {
		f.Add([]byte(document), true)
		f.Add([]byte(folded(encoded(document), "\n")), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, encode bool) {
		if encode {
			text = []byte(base64.StdEncoding.EncodeToString(text))
		}
		a := sts.ParseAssertion(text, where)
		passes := a.Problem == nil
		if passes != (a.Digest != "") || passes != (a.Response.Text() != "") {
			t.Errorf("what passes has a digest and a response, what does not has neither: %q", text)
		}
		if !passes {
			return
		}
		again := sts.ParseAssertion([]byte(folded(a.Response.Text(), "\n")), "elsewhere")
		if again.Problem != nil || again.Digest != a.Digest || !again.NotOnOrAfter.Equal(a.NotOnOrAfter) {
			t.Errorf("what passes passes again, as the same: %q", text)
		}
		document, err := base64.StdEncoding.DecodeString(a.Response.Text())
		if err != nil || !strings.Contains(string(document), "urn:oasis:names:tc:SAML:2.0:protocol") || len(a.Response.Text()) > 100000 {
			t.Errorf("only a SAML response passes: %q", document)
		}
	})
}
