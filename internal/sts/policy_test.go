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
	"bytes"
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

func TestCompactPolicyAccepts(t *testing.T) {
	for sentence, c := range map[string]struct{ text, want string }{
		"no policy":                                   {"", ""},
		"a policy without white space, as it is":      {`{"Version":"2012-10-17"}`, `{"Version":"2012-10-17"}`},
		"a policy with white space, without it":       {" {\t\"Version\" :\r\n \"2012-10-17\" } \n", `{"Version":"2012-10-17"}`},
		"white space in a string, which is kept":      {`{"Sid": "a  b"}`, `{"Sid":"a  b"}`},
		"an empty object":                             {"{ }", "{}"},
		"keys in the order given":                     {`{"b": 1, "a": 2}`, `{"b":1,"a":2}`},
		"numbers as they are written":                 {`{"a": 1.0e2, "b": 12345678901234567890}`, `{"a":1.0e2,"b":12345678901234567890}`},
		"characters that HTML would escape":           {`{"Resource": "<&>"}`, `{"Resource":"<&>"}`},
		"escaped control characters":                  {`{"Sid": "a\tb\u0000"}`, `{"Sid":"a\tb\u0000"}`},
		"an escaped emoji":                            {`{"Sid": "\ud83d\ude00"}`, `{"Sid":"\ud83d\ude00"}`},
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
		"keys that differ only by case":               {`{"a": 1, "A": 2}`, `{"a":1,"A":2}`},
		"an empty key":                                {`{"": 1}`, `{"":1}`},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			policy, problem := sts.CompactPolicy(c.text)

			g.Expect(problem).To(BeNil())
			g.Expect(policy).To(Equal(c.want))
		})
	}
}

func TestCompactPolicyRefuses(t *testing.T) {
	for sentence, c := range map[string]struct{ text, want string }{
		"white space only":                           {" \n", "not JSON: unexpected end of JSON input (at byte 2)"},
		"text":                                       {"allow all", "not JSON: invalid character 'a' looking for beginning of value (at byte 1)"},
		"an object cut short, telling where":         {`{"a":1`, "not JSON: unexpected end of JSON input (at byte 6)"},
		"a trailing comma, telling where":            {`{"a":1,}`, "(at byte 8)"},
		"a comment":                                  {"{} // all", "not JSON: invalid character '/' after top-level value (at byte 4)"},
		"a second object":                            {"{}{}", "not JSON: invalid character '{' after top-level value (at byte 3)"},
		"YAML":                                       {"Version: 2012-10-17", "not JSON"},
		"an array":                                   {`[{"Version":"2012-10-17"}]`, "must be a JSON object"},
		"a string":                                   {`"{}"`, "must be a JSON object"},
		"a number":                                   {"17", "must be a JSON object"},
		"null":                                       {" null ", "must be a JSON object"},
		"a control character in a string":            {"{\"Sid\":\"a\x01\"}", `not JSON: invalid character '\x01' in string literal (at byte 10)`},
		"a tab in a string":                          {"{\"Sid\":\"a\tb\"}", "not JSON"},
		"the first character past Latin-1":           {`{"Sid":"Ā"}`, "U+0100"},
		"an emoji, telling where":                    {`{ "Sid": "😀" }`, "'😀' (U+1F600) at position 8 "},
		"a byte that is no UTF-8":                    {"{\"Sid\":\"\xff\"}", "U+FFFD"},
		"a byte order mark":                          {"\ufeff{}", "not JSON"},
		"2049 characters":                            {policyOf(2049, "a"), "2049 characters"},
		"2049 characters of two bytes each":          {policyOf(2049, "ü"), "2049 characters"},
		"objects nested deeper than fits":            {nested(400), "characters"},
		"objects nested without measure":             {nested(20_000), "exceeded max depth"},
		"a key given twice":                          {`{"a":1,"b":2,"a":3}`, `the key "a" twice`},
		"a key given twice with the same value":      {`{"a":1,"a":1}`, `the key "a" twice`},
		"a key given twice, once escaped":            {`{"a":1,"\u0061":1}`, `the key "a" twice`},
		"an empty key given twice":                   {`{"":1,"":2}`, `the key "" twice`},
		"a key given twice at depth":                 {`{"a":{"b":{"c":1,"d":[],"c":2}}}`, `the key "c" twice`},
		"a key given twice in an object of an array": {`{"a":[{"x":1},[{"y":1,"y":2}]]}`, `the key "y" twice`},
		"a key given twice around an object":         {`{"a":{"b":1},"c":[[]],"a":2}`, `the key "a" twice`},
		"a key given twice before a string value":    {`{"a":"b","b":"a","a":"c"}`, `the key "a" twice`},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			policy, problem := sts.CompactPolicy(c.text)

			g.Expect(policy).To(BeEmpty())
			g.Expect(problem).NotTo(BeNil())
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonInvalidPolicy))
			g.Expect(problem.Outcome()).To(Equal(sts.Refuse))
			g.Expect(problem.Message).To(And(HavePrefix("spec.policy "), ContainSubstring(c.want)))
			g.Expect(len(problem.Message)).To(BeNumerically("<", 1024), "it fits a condition")
		})
	}
}

func FuzzCompactPolicy(f *testing.F) {
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

		policy, problem := sts.CompactPolicy(text)

		if problem != nil {
			g.Expect(policy).To(BeEmpty())
			g.Expect(problem.Outcome()).To(Equal(sts.Refuse))
			return
		}
		if text == "" {
			g.Expect(policy).To(BeEmpty())
			return
		}
		g.Expect(meaning(t, policy)).To(Equal(meaning(t, text)), "it means what was written")
		g.Expect(policy).To(HavePrefix("{"))
		g.Expect(utf8.ValidString(policy)).To(BeTrue())
		g.Expect(utf8.RuneCountInString(policy)).To(BeNumerically("<=", 2048))
		g.Expect(strings.ContainsFunc(policy, func(r rune) bool { return r < ' ' || r > 'ÿ' })).To(BeFalse(), "AWS takes every character")

		again, problem := sts.CompactPolicy(policy)
		g.Expect(problem).To(BeNil())
		g.Expect(again).To(Equal(policy), "what is compact stays as it is")
	})
}

// meaning of a JSON text, with its numbers as they are written.
func meaning(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var value any
	NewWithT(t).Expect(decoder.Decode(&value)).To(Succeed())
	return value
}
