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

package celpolicy_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

func TestCompileBool(t *testing.T) {
	const (
		notPlain  = "only plain values, and lists and maps of them, can be compared or formatted, not "
		expecting = "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', " +
			"NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
	)
	environment := newEnvironment(t)
	for sentence, c := range map[string]struct{ expression, want string }{
		"an unknown field": {"session.nmae == 'x'", "is invalid at line 1, column 8: undefined field 'nmae'"},
		"an unknown field on line two": {
			"session.name == 'x' &&\n  object.spec == 'y'",
			"is invalid at line 2, column 9: undefined field 'spec'",
		},
		"an unknown element of a policy": {
			"session.policy.Statement.all(s, s.action.size() > 0)",
			"is invalid at line 1, column 34: undefined field 'action'",
		},
		"an unknown variable":         {"request.name == 'x'", "is invalid at line 1, column 1: undeclared reference to 'request'"},
		"an unknown function":         {"session.name.like('x')", "is invalid at line 1, column 18: undeclared reference to 'like'"},
		"the first of two mistakes":   {"session.a == session.b", "is invalid at line 1, column 8: undefined field 'a'"},
		"a function called namespace": {"namespace('x') && true", "is invalid at line 1, column 10: undeclared reference to 'namespace'"},
		"a string":                    {"session.name", "must give a bool, but it gives a string"},
		"a number":                    {"session.durationSeconds", "must give a bool, but it gives a int"},
		"a list":                      {"session.policyARNs", "must give a bool, but it gives a list(string)"},
		"a comparison of types": {
			"session.durationSeconds == 'x'",
			"is invalid at line 1, column 25: found no matching overload for '_==_' applied to '(int, string)'",
		},
		"a list of several types": {"session.name in ['x', 1]", "is invalid at line 1, column 23: expected type 'string' but found 'int'"},
		"a regular expression":    {"session.name.matches('(')", "is invalid at line 1, column 22: error parsing regexp: missing closing ): `(`"},
		"a large regular expression": {
			"session.name.matches('.{999}.{999}')",
			"is invalid at line 1, column 22: the pattern takes 2000 instructions, at most 1000 are allowed: use smaller repetitions",
		},
		"a long regular expression": {
			"session.name.matches('" + strings.Repeat("x", 513) + "')",
			"is invalid at line 1, column 22: the pattern has 513 bytes, at most 512 are allowed",
		},
		"a repetition beyond bounds": {
			"session.name.matches('x{1001}')",
			"is invalid at line 1, column 22: error parsing regexp: invalid repeat count: `{1001}`",
		},
		"a computed regular expression": {
			"session.name.matches(namespace.name)",
			"is invalid at line 1, column 31: the pattern must be a string literal",
		},
		"another, as a function": {
			"matches(session.name, namespace.name)",
			"is invalid at line 1, column 32: the pattern must be a string literal",
		},
		"a value of unknown type":  {"dyn(session.name) == 'x'", "is invalid at line 1, column 4: the type of this must be known, and is dyn"},
		"an empty list of nothing": {"[].size() == 0", "is invalid at line 1, column 1: the type of this must be known, and is list(dyn)"},
		"a map with computed keys": {
			"{session.name: true}[session.name]",
			"is invalid at line 1, column 9: the keys of a map must be string literals",
		},
		"a map with keys of a number": {"{1: true}[1]", "is invalid at line 1, column 2: the keys of a map must be string literals"},
		"an object that it makes":     {"Metadata{name: 'x'}.name == 'x'", "is invalid at line 1, column 9: objects cannot be made"},
		"two mistakes of one kind": {
			"{1: true}[1] || {2: true}[2]",
			"is invalid at line 1, column 2: the keys of a map must be string literals",
		},
		"a sum of lists":                 {"'x' in session.policyARNs + ['x']", "is invalid at line 1, column 27: lists cannot be joined with +"},
		"a comparison of objects":        {"namespace == object", "is invalid at line 1, column 11: " + notPlain + "Metadata"},
		"a comparison of lists of lists": {"[['x']] == [['x']]", "is invalid at line 1, column 9: " + notPlain + "list(list(string))"},
		"a format of lists": {
			"'%s'.format([session.policyARNs]) == 'x'",
			"is invalid at line 1, column 12: " + notPlain + "list(list(string))",
		},
		"a format of a variable's lists": {
			"[[['x']]].all(l, '%s'.format(l) == 'x')",
			"is invalid at line 1, column 29: " + notPlain + "list(list(string))",
		},
		"a format that does not fit": {
			"'%d'.format([session.name]) == 'x'",
			"is invalid at line 1, column 21: error during formatting: decimal clause can only be used on ints, uints, and doubles, was given string",
		},
		"loops within loops": {
			strings.Repeat("session.policyARNs.all(a, ", 6) + "true" + strings.Repeat(")", 6),
			"is invalid at line 1, column 153: comprehension exceeds nesting limit",
		},
		"too long a text": {
			"true || '" + strings.Repeat("x", 4096) + "' == ''",
			"is invalid: expression code point size exceeds limit: size: 4112, limit 4096",
		},
		"a duration":   {"duration('x') == duration('1s')", "is invalid at line 1, column 10: invalid duration argument"},
		"a time":       {"timestamp('x') == timestamp('y')", "is invalid at line 1, column 11: invalid timestamp argument"},
		"nothing":      {"", "is invalid at line 1, column 1: Syntax error: mismatched input '<EOF>' " + expecting},
		"half a thing": {"session.name ==", "is invalid at line 1, column 16: Syntax error: mismatched input '<EOF>' " + expecting},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			expression, err := environment.NewCompiler().CompileBool("rules[1]", c.expression)
			g.Expect(expression).To(BeNil())
			g.Expect(err).To(MatchError("rules[1] " + c.want))
		})
	}
}

func TestCompileString(t *testing.T) {
	for sentence, c := range map[string]struct{ expression, want string }{
		"a string":      {"'x' + session.name", ""},
		"a condition":   {"true", "message must give a string, but it gives a bool"},
		"a number":      {"session.durationSeconds", "message must give a string, but it gives a int"},
		"an unknown":    {"'x' + session.nmae", "message is invalid at line 1, column 14: undefined field 'nmae'"},
		"of two lines":  {"'x' +\n session.nmae", "message is invalid at line 2, column 9: undefined field 'nmae'"},
		"no expression": {"'x' 'y'", "message is invalid at line 1, column 5: Syntax error: extraneous input ''y'' expecting <EOF>"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := newEnvironment(t).NewCompiler().CompileString("message", c.expression)
			NewWithT(t).Expect(message(err)).To(Equal(c.want))
		})
	}
}

func TestError(t *testing.T) {
	for sentence, c := range map[string]struct {
		expression string
		want       celpolicy.Error
	}{
		"a mistake in the text": {
			"true &&\n session.nmae == ''",
			celpolicy.Error{Field: "rule", Line: 2, Column: 9, Message: "is invalid at line 2, column 9: undefined field 'nmae'"},
		},
		"another type": {"'x'", celpolicy.Error{Field: "rule", Message: "must give a bool, but it gives a string"}},
		"too long a text": {
			strings.Repeat("x", 4097),
			celpolicy.Error{Field: "rule", Message: "is invalid: expression code point size exceeds limit: size: 4097, limit 4096"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			_, err := newEnvironment(t).NewCompiler().CompileBool("rule", c.expression)
			found, ok := errors.AsType[*celpolicy.Error](err)
			g.Expect(ok).To(BeTrue())
			g.Expect(*found).To(Equal(c.want))
		})
	}
}

// An author can write anything. Each text either compiles, or fails with a message in one line.
func FuzzCompileBool(f *testing.F) {
	for _, seed := range []string{
		"true", "session.name", "[[1]].map(x, {x: x})", "'\\ud800'", "a.b.c(", "\x00", "1/0 == 1", "session.tags[''] == b'x'",
		"session.policy.Statement.all(s, s.Action.all(a, a != '*'))",
	} {
		f.Add(seed)
	}
	environment := newEnvironment(f)
	f.Fuzz(func(t *testing.T, text string) {
		g := NewWithT(t)
		expression, err := environment.NewCompiler().CompileBool("rule", text)
		if err != nil {
			g.Expect(err.Error()).To(HavePrefix("rule "))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
			return
		}
		asking := allowing([]string{"s3:*"})
		once, onceError := newEvaluation(environment, asking, aNamespace).Bool(expression)
		twice, twiceError := newEvaluation(environment, asking, aNamespace).Bool(expression)
		g.Expect(twice).To(Equal(once))
		g.Expect(message(twiceError)).To(Equal(message(onceError)))
		g.Expect(message(onceError)).NotTo(ContainSubstring("\n"))
	})
}

// allowing is a session whose policy has these actions.
func allowing(actions []string) celpolicy.Object {
	allow := statement.New(map[string]celpolicy.Value{"Action": celpolicy.StringList(actions)})
	document := policy.New(map[string]celpolicy.Value{"Statement": celpolicy.List([]celpolicy.Value{allow})})
	return session.New(map[string]celpolicy.Value{"policy": document})
}

func TestEvaluationText(t *testing.T) {
	g := NewWithT(t)
	environment := newEnvironment(t)
	expression, err := environment.NewCompiler().CompileString("message", "namespace.name + '/' + session.name")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(newEvaluation(environment, aSession, aNamespace).Text(expression)).To(Equal("team-a/reports"))

	expression, err = environment.NewCompiler().CompileString("message", "namespace.labels.owner")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = newEvaluation(environment, aSession, aNamespace).Text(expression)
	g.Expect(err).To(MatchError("no such key: owner"))
}

func TestEvaluationSet(t *testing.T) {
	g := NewWithT(t)
	environment := newEnvironment(t)
	expression, err := environment.NewCompiler().CompileBool("rule", "session.name == 'reports' && namespace.name == 'team-a'")
	g.Expect(err).NotTo(HaveOccurred())
	evaluation := newEvaluation(environment, aSession, aNamespace)
	g.Expect(evaluation.Bool(expression)).To(BeTrue())
	evaluation.Set("namespace", metadata.New(nil))
	g.Expect(evaluation.Bool(expression)).To(BeFalse())
}

func TestEvaluationBool(t *testing.T) {
	named := session.New(map[string]celpolicy.Value{
		"name": celpolicy.String("team-a-reports"), "durationSeconds": celpolicy.Int(43200),
		"conditions": celpolicy.Map(map[string]celpolicy.Value{"b": celpolicy.StringList([]string{"x"}), "a": celpolicy.StringList(nil)}),
	})
	for sentence, expression := range map[string]string{
		"an index of a map":              `namespace.labels.map(k, k + '=' + namespace.labels[k]).join(',') == 'stage=test,team=a'`,
		"a field of a map":               `namespace.labels.team == 'a' && has(namespace.labels.team) && !has(namespace.labels.owner)`,
		"the keys of a literal in order": `{'b': 1, 'c': 2, 'a': 3}.map(k, k) == ['a', 'b', 'c']`,
		"the keys of a map in order":     `session.conditions.map(k, k) == ['a', 'b'] && session.conditions['b'] == ['x']`,
		"split":                          `session.name.split('-') == ['team', 'a', 'reports'] && 'a,b,c'.split(',', 2) == ['a', 'b,c']`,
		"upperAscii and lowerAscii":      `session.name.upperAscii() == 'TEAM-A-REPORTS' && 'Größe'.lowerAscii() == 'größe'`,
		"trim, reverse and quote":        `' x '.trim() == 'x' && 'abc'.reverse() == 'cba' && strings.quote('x') == '"x"'`,
		"indexOf":                        `session.name.indexOf('a') == 2 && session.name.indexOf('a', 3) == 5`,
		"lastIndexOf":                    `session.name.lastIndexOf('r') == 11 && session.name.lastIndexOf('r', 8) == 7`,
		"replace":                        `session.name.replace('-', '/') == 'team/a/reports' && session.name.replace('-', '/', 1) == 'team/a-reports'`,
		"substring":                      `session.name.substring(7) == 'reports' && session.name.substring(0, 4) == 'team'`,
		"charAt and join":                `session.name.charAt(0) == 't' && ['a', 'b'].join() == 'ab'`,
		"format":                         `'%s lives %d s'.format([session.name, session.durationSeconds]) == 'team-a-reports lives 43200 s'`,
		"sets":                           `sets.contains(['a', 'b'], ['a']) && sets.equivalent(['a'], ['a', 'a']) && !sets.intersects(['a'], ['b'])`,
		"matches":                        `session.name.matches('^team-[a-z]+-') && matches(session.name, 'reports$')`,
		"size counts characters":         `'äöü'.size() == 3`,
		"namespace as a variable":        "namespace . name == 'team-a' && [namespace].all(n, n.name == 'team-a')",
		"namespace in texts":             "'namespace' == \"namespace\" && // namespace in a comment\n namespace.name == 'team-a'",
		"namespace many times":           strings.Repeat("namespace.name == 'team-a' && ", 130) + "true",
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(evaluate(t, expression, named, aNamespace)).To(BeTrue())
		})
	}
}
