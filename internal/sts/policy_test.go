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
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// policyOf has so many characters, all but nine of them the given one.
func policyOf(characters int, filler string) string {
	return `{"Id":"` + strings.Repeat(filler, characters-9) + `"}`
}

// nested is a policy of so many objects, one in another.
func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1)
}

func TestParsePolicyAccepts(t *testing.T) {
	for sentence, c := range map[string]struct{ text, want string }{
		"no policy":                                 {"", ""},
		"a policy without white space, as it is":    {`{"Version":"2012-10-17"}`, `{"Version":"2012-10-17"}`},
		"a policy with white space, without it":     {" {\t\"Version\" :\r\n \"2012-10-17\" } \n", `{"Version":"2012-10-17"}`},
		"white space in a string, which is kept":    {`{"Sid": "a  b"}`, `{"Sid":"a  b"}`},
		"an empty object":                           {"{ }", "{}"},
		"unsorted keys, sorted":                     {`{"b": 1, "a": {"d": 1, "c": 2}}`, `{"a":{"c":2,"d":1},"b":1}`},
		"numbers in their shortest form":            {`{"a": 1.0e2, "b": 9007199254740993, "c": 0.10}`, `{"a":100,"b":9007199254740993,"c":0.1}`},
		"characters that HTML would escape":         {`{"Resource": "<&>"}`, `{"Resource":"<&>"}`},
		"escaped control characters":                {`{"Sid": "a\tb\u0000"}`, `{"Sid":"a\tb\u0000"}`},
		"an escaped emoji":                          {`{"Sid": "\ud83d\ude00"}`, `{"Sid":"\ud83d\ude00"}`},
		"the first character past Latin-1, escaped": {`{"Sid": "Ā"}`, `{"Sid":"\u0100"}`},
		"an emoji, escaped":                         {`{"Sid": "😀"}`, `{"Sid":"\ud83d\ude00"}`},
		"a Version in quotes":                       {`{"Version": "2008-10-17"}`, `{"Version":"2008-10-17"}`},
		"numbers and booleans in a condition": {
			`{"Condition": {"Bool": {"a": true}, "Numeric": {"b": 5}}}`, `{"Condition":{"Bool":{"a":true},"Numeric":{"b":5}}}`,
		},
		"Latin-1, up to its last character":           {`{"Sid": "Müller ÿ"}`, `{"Sid":"Müller ÿ"}`},
		"the controls that AWS accepts":               {"{\"Sid\": \"\u007f\u0080\u009f\u00a0\"}", "{\"Sid\":\"\u007f\u0080\u009f\u00a0\"}"},
		"2048 characters":                             {policyOf(2048, "a"), policyOf(2048, "a")},
		"2048 characters of two bytes each":           {policyOf(2048, "ü"), policyOf(2048, "ü")},
		"20,000 characters, most of them white space": {"{" + strings.Repeat(" ", 20_000) + "}", "{}"},
		"objects nested as deep as fits":              {nested(300), nested(300)},
		"the same key in an object and in one within": {`{"a": {"a": {"a": 1}}}`, `{"a":{"a":{"a":1}}}`},
		"the same key in two objects of an array":     {`{"Statement": [{"Sid": "1"}, {"Sid": "2"}]}`, `{"Statement":[{"Sid":"1"},{"Sid":"2"}]}`},
		"the same key in two objects side by side":    {`{"a": {"x": 1}, "b": {"x": 1}}`, `{"a":{"x":1},"b":{"x":1}}`},
		"a value that equals its key":                 {`{"a": "a", "b": ["a", "b", "b"], "c": "a"}`, `{"a":"a","b":["a","b","b"],"c":"a"}`},
		"keys that differ only by case":               {`{"a": 1, "A": 2}`, `{"A":2,"a":1}`},
		"an empty key":                                {`{"": 1}`, `{"":1}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			policy, problem := sts.ParsePolicy("spec.policy", []byte(c.text))

			g.Expect(problem).To(BeNil())
			g.Expect(policy.Text()).To(Equal(c.want))
			g.Expect(policy.IsZero()).To(Equal(c.want == ""))
		})
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	for sentence, c := range map[string]struct{ text, want string }{
		"white space only":                           {" \n", "not JSON: unexpected end of JSON input (at byte 2)"},
		"text":                                       {"allow all", "not JSON: invalid character 'a' looking for beginning of value (at byte 1)"},
		"an object cut short, with its place":        {`{"a":1`, "not JSON: unexpected end of JSON input (at byte 6)"},
		"a trailing comma, with its place":           {`{"a":1,}`, "(at byte 8)"},
		"a comment":                                  {"{} // all", "not JSON: invalid character '/' after top-level value (at byte 4)"},
		"a second object":                            {"{}{}", "not JSON: invalid character '{' after top-level value (at byte 3)"},
		"YAML":                                       {"Version: 2012-10-17", "not JSON"},
		"an array":                                   {`[{"Version":"2012-10-17"}]`, "must be a JSON object"},
		"a string":                                   {`"{}"`, "must be a JSON object"},
		"a number":                                   {"17", "must be a JSON object"},
		"null":                                       {" null ", "must be a JSON object"},
		"a control character in a string":            {"{\"Sid\":\"a\x01\"}", `not JSON: invalid character '\x01' in string literal (at byte 10)`},
		"a tab in a string":                          {"{\"Sid\":\"a\tb\"}", "not JSON"},
		"a byte that is no UTF-8":                    {"{\"Sid\":\"\xff\"}", "is not UTF-8"},
		"half of an escaped emoji":                   {`{"Sid":"\ud83d"}`, "not valid Unicode"},
		"a key that is half of an escaped emoji":     {`{"\ud83d":""}`, "not valid Unicode"},
		"a Version that YAML made a time of":         {`{"Version":"2012-10-17T00:00:00Z"}`, `put it in quotes, Version: "2012-10-17"`},
		"a Version that YAML made a number of":       {`{"Version":2012}`, `"Version" that must be a string`},
		"a Sid that YAML made a boolean of":          {`{"Statement":[{"Sid":true}]}`, `"Statement[0].Sid" that must be a string: put it in quotes`},
		"a number that readers do not agree on":      {`{"Statement":{"a":[12345678901234567890]}}`, `"Statement.a[0]" that JSON readers do not agree on`},
		"a byte order mark":                          {"\ufeff{}", "not JSON"},
		"2049 characters":                            {policyOf(2049, "a"), "2049 characters"},
		"2049 characters of two bytes each":          {policyOf(2049, "ü"), "2049 characters"},
		"objects nested deeper than fits":            {nested(400), "characters"},
		"objects nested without measure":             {nested(20_000), "exceeded max depth"},
		"a key given twice":                          {`{"a":1,"b":2,"a":3}`, `the key "a" twice`},
		"a key given twice with the same value":      {`{"a":1,"a":1}`, `the key "a" twice`},
		"a key given twice, once escaped":            {`{"a":1,"\u0061":1}`, `the key "a" twice`},
		"an empty key given twice":                   {`{"":1,"":2}`, `the key "" twice`},
		"a key given twice at depth":                 {`{"a":{"b":{"c":1,"d":[],"c":2}}}`, `the key "a.b.c" twice`},
		"a key given twice in an object of an array": {`{"a":[{"x":1},[{"y":1,"y":2}]]}`, `the key "a[1][0].y" twice`},
		"a key given twice around an object":         {`{"a":{"b":1},"c":[[]],"a":2}`, `the key "a" twice`},
		"a key given twice before a string value":    {`{"a":"b","b":"a","a":"c"}`, `the key "a" twice`},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			policy, problem := sts.ParsePolicy("spec.policy", []byte(c.text))

			g.Expect(policy.IsZero()).To(BeTrue())
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonInvalidPolicy))
			g.Expect(problem.Outcome()).To(Equal(sts.Refuse))
			g.Expect(problem.Message).To(And(HavePrefix("spec.policy "), ContainSubstring(c.want)))
			g.Expect(len(problem.Message)).To(BeNumerically("<", 1024), "it fits a condition")
		})
	}
}

func FuzzParsePolicy(f *testing.F) {
	for _, seed := range []string{
		"", " ", "{}", " { } ", "null", "[]", `"{}"`, "{}{}", `{"a":1,}`, `{"a":1,"a":2}`, `{"":1,"":2}`, `{"a":[{"x":1},{"x":2}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`,
		`{"a":"\ud83d\ude00","b":"Müller","c":"<&>"}`, `{"a":"😀"}`, "{\"a\":\"\xff\"}", "{\"a\":\"\x00\"}",
		`{"a":1.0e2,"b":12345678901234567890,"c":-0,"d":[true,false,null]}`, policyOf(2048, "ü"), policyOf(2049, "ü"), nested(300),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := NewWithT(t)

		policy, problem := sts.ParsePolicy("spec.policy", []byte(text))

		if problem != nil {
			g.Expect(policy.IsZero()).To(BeTrue())
			g.Expect(problem.Outcome()).To(Equal(sts.Refuse))
			return
		}
		if text == "" {
			g.Expect(policy.IsZero()).To(BeTrue())
			return
		}
		sent := policy.Text()
		g.Expect(meaning(t, sent)).To(Equal(meaning(t, text)), "it means what was written")
		g.Expect(sent).To(HavePrefix("{"))
		g.Expect(utf8.ValidString(sent)).To(BeTrue())
		g.Expect(utf8.RuneCountInString(sent)).To(BeNumerically("<=", 2048))
		g.Expect(strings.ContainsFunc(sent, func(r rune) bool { return r < ' ' || r > 'ÿ' })).To(BeFalse(), "AWS takes every character")

		again, problem := sts.ParsePolicy("spec.policy", []byte(policy.Text()))
		g.Expect(problem).To(BeNil())
		g.Expect(again).To(Equal(policy), "what is canonical stays as it is")
	})
}

// meaning of a JSON text.
func meaning(t *testing.T, text string) any {
	t.Helper()
	var value any
	NewWithT(t).Expect(json.Unmarshal([]byte(text), &value)).To(Succeed())
	return value
}
