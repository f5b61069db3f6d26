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
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

// Some of these would keep the type checker busy for ages, others the evaluation of a single comparison.
func TestCompileBoolUnbounded(t *testing.T) {
	environment := newEnvironment(t)
	for sentence, c := range map[string]struct{ expression, want string }{
		"a type that doubles": {"[1]" + strings.Repeat(".map(x,{x:x})", 5) + ".size() > 0", "the keys of a map must be string literals"},
		"a type that deepens": {"[1]" + strings.Repeat(".map(x,[x,x])", 8) + ".size() > 0", "comprehension exceeds nesting limit"},
		"a list of lists of lists": {
			strings.Repeat("[", 25) + "1" + strings.Repeat("]", 25) + ".size()",
			"expression recursion limit exceeded: 25",
		},
		"fewer lists of lists": {strings.Repeat("[", 20) + "1" + strings.Repeat("]", 20) + ".size()", "must give a bool"},
		"a value that doubles": {
			"[1]" + strings.Repeat(".map(x,[x,x])", 4) + ".all(x, x == x)",
			"only plain values, and lists and maps of them, can be compared or formatted",
		},
		"a list that doubles":       {"[[1]]" + strings.Repeat(".map(x,x+x)", 5) + ".size() > 0", "lists cannot be joined with +"},
		"a type that hides another": {"[true ? [1] : dyn(1)].all(x, x == x)", "the type of this must be known, and is"},
		"a search among lists":      {"[1] in [[1], [1]]", "only plain values, and lists and maps of them, can be compared or formatted"},
		"sets of lists": {
			"sets.contains([[1]], [[1]])",
			"only plain values, and lists and maps of them, can be compared or formatted",
		},
		"parentheses in parentheses":  {strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000), "expression recursion limit exceeded"},
		"conditions of conditions":    {strings.Repeat("true ? ", 260) + "true" + strings.Repeat(" : false", 250), "lookahead limit exceeded"},
		"many patterns of a thousand": {strings.Repeat("''.matches('.{1000}') || ", 150) + "true", "the pattern takes"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			expression, err := environment.NewCompiler().CompileBool("rule", c.expression)
			g.Expect(expression).To(BeNil())
			g.Expect(message(err)).To(ContainSubstring(c.want))
		})
	}
}

// matching are expressions with one pattern each.
func matching(patterns ...string) []string {
	var expressions []string
	for _, pattern := range patterns {
		expressions = append(expressions, "session.name.matches(r'"+pattern+"')")
	}
	return expressions
}

// varied are n patterns of like weight.
func varied(n int, format string) []string {
	var patterns []string
	for i := range n {
		patterns = append(patterns, fmt.Sprintf(format, rune('a'+i)))
	}
	return patterns
}

func TestCompileBoolPatternWeight(t *testing.T) {
	environment := newEnvironment(t)
	for sentence, c := range map[string]struct {
		rules []string
		want  string
	}{
		"letters of all scripts":        {matching(`^\pL+$`), ""},
		"what AWS takes in a tag":       {matching(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`), ""},
		"letters of all scripts, twice": {matching(`^\pL[\pL\pN]*$`), ""},
		"half the letters, repeated": {
			matching(`^[acegikmoqsuwy]{200}$`),
			"rules[0] is invalid at line 1, column 22: the pattern weighs 5404, at most 4000 is allowed: " +
				"use smaller classes of characters, or repeat them less",
		},
		"without ^, the same": {
			matching(`[acegikmoqsuwy]{200}`),
			"rules[0] is invalid at line 1, column 22: the pattern weighs 5402, at most 4000 is allowed: " +
				"use smaller classes of characters, or repeat them less",
		},
		"five large ones": {matching(varied(5, `%c[acegikmoqsuwy]{145}`)...), ""},
		"six": {
			matching(varied(6, `%c[acegikmoqsuwy]{145}`)...),
			"rules[5] is invalid at line 1, column 22: with this pattern those of the author weigh 23514, " +
				"at most 20000 is allowed together: use fewer or smaller ones",
		},
		"six times the same": {matching(slices.Repeat([]string{`[acegikmoqsuwy]{145}`}, 6)...), ""},
		"six in one rule": {
			[]string{strings.Join(matching(varied(6, `%c[acegikmoqsuwy]{145}`)...), " ||\n")},
			"rules[0] is invalid at line 6, column 22: with this pattern those of the author weigh 23514, " +
				"at most 20000 is allowed together: use fewer or smaller ones",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(message(compileAll(environment.NewCompiler(), c.rules))).To(Equal(c.want))
		})
	}
}

// compileAll compiles expressions until one fails.
func compileAll(compiler *celpolicy.Compiler, expressions []string) error {
	for i, expression := range expressions {
		if _, err := compiler.CompileBool(fmt.Sprintf("rules[%d]", i), expression); err != nil {
			return err
		}
	}
	return nil
}

func TestCompileBoolTotalLength(t *testing.T) {
	full := slices.Repeat([]string{"'" + strings.Repeat("x", 4090) + "'!=''"}, 8)
	for sentence, c := range map[string]struct {
		expressions []string
		want        string
	}{
		"32 KiB": {full, ""},
		"more": {
			append(full, "true"),
			"rules[8] is too long: with it the author's expressions have 32772 bytes, at most 32768 are allowed together",
		},
		"bytes, not characters": {
			slices.Repeat([]string{"'" + strings.Repeat("東", 4000) + "' != ''"}, 3),
			"rules[2] is too long: with it the author's expressions have 36024 bytes, at most 32768 are allowed together",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(message(compileAll(newEnvironment(t).NewCompiler(), c.expressions))).To(Equal(c.want))
		})
	}
}
