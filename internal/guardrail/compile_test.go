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

package guardrail_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
)

func TestARuleThatCannotBeReadIsToldWithLineAndColumn(t *testing.T) {
	const field = "spec.rules[1].expression "
	for sentence, c := range map[string]struct{ expression, want string }{
		"an unknown field":               {"session.nmae == 'x'", "is invalid at line 1, column 8: undefined field 'nmae'"},
		"an unknown field on line two":   {"session.name == 'x' &&\n  object.spec == 'y'", "is invalid at line 2, column 9: undefined field 'spec'"},
		"an unknown element of a policy": {"session.policy.Statement.all(s, s.action.size() > 0)", "is invalid at line 1, column 34: undefined field 'action'"},
		"an unknown variable":            {"request.name == 'x'", "is invalid at line 1, column 1: undeclared reference to 'request'"},
		"an unknown function":            {"session.name.like('x')", "is invalid at line 1, column 18: undeclared reference to 'like'"},
		"the first of two mistakes":      {"session.a == session.b", "is invalid at line 1, column 8: undefined field 'a'"},
		"a function called namespace":    {"namespace('x') && true", "is invalid at line 1, column 10: undeclared reference to 'namespace'"},
		"a string":                       {"session.name", "must give a bool, but it gives a string"},
		"a number":                       {"session.durationSeconds", "must give a bool, but it gives a int"},
		"a list":                         {"session.policyARNs", "must give a bool, but it gives a list(string)"},
		"a comparison of types":          {"session.durationSeconds == 'x'", "is invalid at line 1, column 25: found no matching overload for '_==_' applied to '(int, string)'"},
		"a list of several types":        {"session.name in ['x', 1]", "is invalid at line 1, column 23: expected type 'string' but found 'int'"},
		"a regular expression":           {"session.name.matches('(')", "is invalid at line 1, column 22: error parsing regexp: missing closing ): `(`"},
		"a large regular expression":     {"session.name.matches('.{999}.{999}')", "is invalid at line 1, column 22: the pattern takes 2000 instructions, at most 1000 are allowed: use smaller repetitions"},
		"a long regular expression":      {"session.name.matches('" + strings.Repeat("x", 513) + "')", "is invalid at line 1, column 22: the pattern has 513 bytes, at most 512 are allowed"},
		"a repetition beyond bounds":     {"session.name.matches('x{1001}')", "is invalid at line 1, column 22: error parsing regexp: invalid repeat count: `{1001}`"},
		"a computed regular expression":  {"session.name.matches(namespace.name)", "is invalid at line 1, column 31: the pattern must be a string literal"},
		"another, as a function":         {"matches(session.name, namespace.name)", "is invalid at line 1, column 32: the pattern must be a string literal"},
		"a value of unknown type":        {"dyn(session.name) == 'x'", "is invalid at line 1, column 4: the type of this must be known, and is dyn"},
		"an empty list of nothing":       {"[].size() == 0", "is invalid at line 1, column 1: the type of this must be known, and is list(dyn)"},
		"a map with computed keys":       {"{session.name: true}[session.name]", "is invalid at line 1, column 9: the keys of a map must be string literals"},
		"a map with keys of a number":    {"{1: true}[1]", "is invalid at line 1, column 2: the keys of a map must be string literals"},
		"an object that it makes":        {"Metadata{name: 'x'}.name == 'x'", "is invalid at line 1, column 9: objects cannot be made"},
		"two mistakes of one kind":       {"{1: true}[1] || {2: true}[2]", "is invalid at line 1, column 2: the keys of a map must be string literals"},
		"a sum of lists":                 {"'x' in session.policyARNs + ['x']", "is invalid at line 1, column 27: lists cannot be joined with +"},
		"a comparison of objects":        {"namespace == object", "is invalid at line 1, column 11: only plain values, and lists and maps of them, can be compared or formatted, not Metadata"},
		"a comparison of lists of lists": {"[['x']] == [['x']]", "is invalid at line 1, column 9: only plain values, and lists and maps of them, can be compared or formatted, not list(list(string))"},
		"a format of lists":              {"'%s'.format([session.policyARNs]) == 'x'", "is invalid at line 1, column 12: only plain values, and lists and maps of them, can be compared or formatted, not list(list(string))"},
		"a format of a variable's lists": {"[[['x']]].all(l, '%s'.format(l) == 'x')", "is invalid at line 1, column 29: only plain values, and lists and maps of them, can be compared or formatted, not list(list(string))"},
		"a format that does not fit":     {"'%d'.format([session.name]) == 'x'", "is invalid at line 1, column 21: error during formatting: decimal clause can only be used on ints, uints, and doubles, was given string"},
		"loops within loops":             {strings.Repeat("session.policyARNs.all(a, ", 6) + "true" + strings.Repeat(")", 6), "is invalid at line 1, column 153: comprehension exceeds nesting limit"},
		"too long a text":                {"true || '" + strings.Repeat("x", 4096) + "' == ''", "is invalid: expression code point size exceeds limit: size: 4112, limit 4096"},
		"a duration":                     {"duration('x') == duration('1s')", "is invalid at line 1, column 10: invalid duration argument"},
		"a time":                         {"timestamp('x') == timestamp('y')", "is invalid at line 1, column 11: invalid timestamp argument"},
		"nothing":                        {"", "is invalid at line 1, column 1: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"},
		"half a thing":                   {"session.name ==", "is invalid at line 1, column 16: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails, problem := guardrail.Compile(withRules("true", c.expression))
			g.Expect(guardrails).To(BeNil(), "nothing works by halves")
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonRuleInvalid))
			g.Expect(problem.Message).To(Equal(field + c.want))
		})
	}
}

func TestEveryExpressionOfAnIssuerIsRead(t *testing.T) {
	for sentence, c := range map[string]struct {
		issuer *v1alpha1.ClusterSessionIssuer
		want   string
	}{
		"a message": {
			issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
				spec.Rules = []v1alpha1.Rule{{Expression: "true", MessageExpression: "'x' + session.nmae"}}
			}), "spec.rules[0].messageExpression is invalid at line 1, column 14: undefined field 'nmae'",
		},
		"a message that is no string": {
			issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
				spec.Rules = []v1alpha1.Rule{{Expression: "true", MessageExpression: "session.durationSeconds"}}
			}), "spec.rules[0].messageExpression must give a string, but it gives a int",
		},
		"a source identity":                 {withSourceIdentity("namespace.nmae"), "spec.sourceIdentityExpression is invalid at line 1, column 10: undefined field 'nmae'"},
		"a source identity of another type": {withSourceIdentity("true"), "spec.sourceIdentityExpression must give a string, but it gives a bool"},
		"a tag": {
			withTags(v1alpha1.ForcedTag{Key: "a", Value: ptr("x")}, v1alpha1.ForcedTag{Key: "b", ValueExpression: "namespace.nmae"}),
			"spec.tags[1].valueExpression is invalid at line 1, column 10: undefined field 'nmae'",
		},
		"a tag that is no string": {
			withTags(v1alpha1.ForcedTag{Key: "a", ValueExpression: "1"}), "spec.tags[0].valueExpression must give a string, but it gives a int",
		},
		"a tag without value": {withTags(v1alpha1.ForcedTag{Key: "a"}), "spec.tags[0]: give exactly one of value and valueExpression"},
		"a tag with both": {
			withTags(v1alpha1.ForcedTag{Key: "a", Value: ptr("x"), ValueExpression: "'x'"}), "spec.tags[0]: give exactly one of value and valueExpression",
		},
		"tags whose keys differ by case, which the schema sees in ASCII only": {
			withTags(v1alpha1.ForcedTag{Key: "größe", Value: ptr("x")}, v1alpha1.ForcedTag{Key: "GRÖßE", Value: ptr("x")}),
			`spec.tags[1].key: "größe" and "GRÖßE" differ only by case, which AWS ignores: remove one of the tags`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails, problem := guardrail.Compile(c.issuer)
			g.Expect(guardrails).To(BeNil())
			g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonRuleInvalid))
			g.Expect(problem.Message).To(Equal(c.want))
		})
	}
}

// Texts of all kinds: whatever an author writes is either read or told in one line.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"true", "session.name", "[[1]].map(x, {x: x})", "'\\ud800'", "a.b.c(", "\x00", "session.policy.Statement.all(s, s.Action.all(a, a != '*'))", "1/0 == 1", "session.tags[''] == b'x'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := NewWithT(t)
		guardrails, problem := guardrail.Compile(withRules(text))
		if problem != nil {
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonRuleInvalid))
			g.Expect(problem.Message).To(HavePrefix("spec.rules[0].expression "))
			g.Expect(problem.Message).NotTo(ContainSubstring("\n"))
			return
		}
		request := withPolicy(federation, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
		_, once := guardrails.Apply(request, namespace, object)
		_, twice := guardrails.Apply(request, namespace, object)
		g.Expect(twice).To(Equal(once))
	})
}
