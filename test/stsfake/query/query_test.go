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

package query

import (
	"net/url"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// members has one of everything a request to STS can hold.
func members() []Member {
	word := NewPattern(`[\w]*`, `[\w]*`)
	pair := Shape{Kind: Structure, Members: []Member{
		{Name: "Key", Required: true, Shape: Shape{Min: 1, Max: 3}},
		{Name: "Value", Shape: Shape{Max: 3}},
	}}
	text := Shape{Min: 1, Max: 3}
	return []Member{
		{Name: "Name", Required: true, Shape: Shape{Min: 2, Max: 4, Pattern: word}},
		{Name: "Seconds", Shape: Shape{Kind: Integer, Min: 10, Max: 20}},
		{Name: "Pairs", Shape: Shape{Kind: List, Max: 2, Element: &pair}},
		{Name: "Texts", Shape: Shape{Kind: List, Min: 1, Element: &text}},
		{Name: "Nested", Shape: Shape{Kind: Structure, Members: []Member{{Name: "arn", Shape: Shape{Max: 3}}}}},
		{Name: "Assertion", Secret: true, Shape: Shape{Max: 3}},
	}
}

func parse(t *testing.T, text string) url.Values {
	t.Helper()
	parameters, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return parameters
}

func TestDecode(t *testing.T) {
	g := NewWithT(t)
	request, err := Decode(members(), parse(t, "Name=a&Seconds=12&Pairs.member.10.Key=ten&Pairs.member.2.Key=two&Pairs.member.2.Value="+
		"&Texts.member.1=x&Nested.arn=n&Unknown=1&Pairs.member.02.Key=no&Pairs.member.x.Key=no&Pairs.1.Key=no"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(request.Text("Name")).To(Equal("a"))
	g.Expect(request.Number("Seconds")).To(Equal(12))
	g.Expect(request.Elements("Pairs")).To(HaveLen(2))
	g.Expect(request.Elements("Pairs")[0].Text("Key")).To(Equal("two"), "elements come in the order of their numbers")
	g.Expect(request.Elements("Pairs")[0].Has("Value")).To(BeTrue(), "an empty value is a value")
	g.Expect(request.Elements("Pairs")[1].Text("Key")).To(Equal("ten"))
	g.Expect(request.Elements("Pairs")[1].Has("Value")).To(BeFalse())
	g.Expect(request.Elements("Texts")).To(HaveLen(1))
	g.Expect(request.Has("Nested")).To(BeTrue())
	g.Expect(request.Has("Assertion")).To(BeFalse())
}

func TestDecodeRefusesTextOfAnotherType(t *testing.T) {
	for name, parameters := range map[string]string{
		"a word for an integer":       "Seconds=many",
		"nothing for an integer":      "Seconds=",
		"a fraction for an integer":   "Seconds=1.5",
		"more than an integer holds":  "Seconds=2147483648",
		"a text for a list":           "Pairs=x",
		"a word inside a nested list": "Texts.member.1=a&Pairs=[]",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(members(), parse(t, parameters))
			NewWithT(t).Expect(err).To(MatchError(HavePrefix("MalformedInput: ")))
		})
	}
}

func TestValidate(t *testing.T) {
	const one = "ValidationError: 1 validation error detected: "
	for name, test := range map[string]struct{ parameters, message string }{
		"the least there can be":     {"Name=ab", ""},
		"everything at its most":     {"Name=abcd&Seconds=20&Pairs.member.1.Key=abc&Pairs.member.2.Key=k&Pairs.member.2.Value=&Texts.member.1=x&Nested.arn=abc", ""},
		"characters, not bytes":      {"Name=ab&Pairs.member.1.Key=äöü", ""},
		"an empty list":              {"Name=ab&Pairs=", ""},
		"a required member missing":  {"Seconds=10", one + "Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"a text too short":           {"Name=a", one + "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		"a text too long":            {"Name=abcde", one + "Value 'abcde' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4"},
		"a text outside the pattern": {"Name=a-b", one + `Value 'a-b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w]*`},
		"a line end after a match": {
			"Name=ab%0A", one + "Value 'ab\n' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w]*",
		},
		"a number too small": {
			"Name=ab&Seconds=9",
			one + "Value '9' at 'seconds' failed to satisfy constraint: Member must have value greater than or equal to 10",
		},
		"a number too large": {
			"Name=ab&Seconds=21", one + "Value '21' at 'seconds' failed to satisfy constraint: Member must have value less than or equal to 20",
		},
		"a list too long": {"Name=ab&Pairs.member.1.Key=a&Pairs.member.2.Key=b&Pairs.member.3.Key=c&Pairs.member.3.Value=d",
			one + "Value '[{key=a}, {key=b}, {key=c, value=d}]' at 'pairs' failed to satisfy constraint: Member must have length less than or equal to 2"},
		"a list too short": {
			"Name=ab&Texts=", one + "Value '[]' at 'texts' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		"an element's member too long": {
			"Name=ab&Pairs.member.1.Key=abcd",
			one + "Value 'abcd' at 'pairs.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 3",
		},
		"an element's member missing": {
			"Name=ab&Pairs.member.1.Value=v", one + "Value null at 'pairs.1.member.key' failed to satisfy constraint: Member must not be null",
		},
		"an element too long": {
			"Name=ab&Texts.member.1=a&Texts.member.2=abcd",
			one + "Value 'abcd' at 'texts.2.member' failed to satisfy constraint: Member must have length less than or equal to 3",
		},
		"a nested member too long": {
			"Name=ab&Nested.arn=abcd",
			one + "Value 'abcd' at 'nested.arn' failed to satisfy constraint: Member must have length less than or equal to 3",
		},
		"a secret is not in the message": {
			"Name=ab&Assertion=abcd",
			one + "Value at 'assertion' failed to satisfy constraint: Member must have length less than or equal to 3",
		},
		"more than one thing wrong": {
			"Name=-&Seconds=9",
			"ValidationError: 3 validation errors detected: Value '-' at 'name' failed to satisfy constraint: Member must have length greater " +
				"than or equal to 2; Value '-' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w]*; " +
				"Value '9' at 'seconds' failed to satisfy constraint: Member must have value greater than or equal to 10",
		},
		"a list of texts in the message": {
			"Name=ab&Texts=&Seconds=9",
			"ValidationError: 2 validation errors detected: Value '9' at 'seconds' failed to satisfy constraint: Member must have value " +
				"greater than or equal to 10; Value '[]' at 'texts' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			request, err := Decode(members(), parse(t, test.parameters))
			g.Expect(err).NotTo(HaveOccurred())
			if err := Validate(members(), request); test.message == "" {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(err).To(MatchError(test.message))
			}
		})
	}
}

func TestRecordable(t *testing.T) {
	NewWithT(t).Expect(Recordable(members(), parse(t, "Name=ab&Pairs.member.1.Key=k&Texts.member.1=x&Nested.arn=n&Pairs="+
		"&Assertion=s3cret&X-Amz-Signature=s3cret&Signature=s3cret&Name.Signature=s3cret&Pairs.member.1.Token=s3cret"))).To(Equal(map[string]string{
		"Name": "ab", "Pairs.member.1.Key": "k", "Texts.member.1": "x", "Nested.arn": "n", "Pairs": "",
		"Assertion": "REDACTED sha256:1ec1c26b50d5",
	}))
}

// FuzzDecode looks for parameters that make decoding, validating or recording fail in another way than with an answer.
func FuzzDecode(f *testing.F) {
	f.Add("Name=ab&Pairs.member.1.Key=k&Seconds=10")
	f.Add("Pairs=&Texts.member.=&Texts.member.1.member.1=x&Nested.=&Name.member.1=x&Pairs.member.99999999999999999999.Key=x")
	f.Fuzz(func(t *testing.T, text string) {
		parameters, err := url.ParseQuery(text)
		if err != nil {
			t.Skip("refused before")
		}
		for name, value := range Recordable(members(), parameters) {
			if strings.HasPrefix(name, "Assertion") && !strings.HasPrefix(value, "REDACTED sha256:") {
				t.Errorf("%s was recorded", name)
			}
		}
		if request, err := Decode(members(), parameters); err == nil {
			_ = Validate(members(), request)
		}
	})
}
