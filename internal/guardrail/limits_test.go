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
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
)

// matching are rules with one pattern each.
func matching(patterns ...string) []string {
	var rules []string
	for _, pattern := range patterns {
		rules = append(rules, "session.name.matches(r'"+pattern+"')")
	}
	return rules
}

// varied are n patterns of like weight.
func varied(n int, format string) []string {
	var patterns []string
	for i := range n {
		patterns = append(patterns, fmt.Sprintf(format, rune('a'+i)))
	}
	return patterns
}

func TestCompilePatternWeight(t *testing.T) {
	for sentence, c := range map[string]struct {
		rules []string
		want  string
	}{
		"five large ones": {matching(varied(5, `%c[acegikmoqsuwy]{145}`)...), ""},
		"six": {
			matching(varied(6, `%c[acegikmoqsuwy]{145}`)...),
			"spec.guardrails.rules[5].expression is invalid at line 1, column 22: with this pattern those of the issuer weigh 23514, " +
				"at most 20000 is allowed together: use fewer or smaller ones",
		},
		"six times the same": {matching(slices.Repeat([]string{`[acegikmoqsuwy]{145}`}, 6)...), ""},
		"six in one rule": {
			[]string{strings.Join(matching(varied(6, `%c[acegikmoqsuwy]{145}`)...), " ||\n")},
			"spec.guardrails.rules[0].expression is invalid at line 6, column 22: with this pattern those of the issuer weigh 23514, " +
				"at most 20000 is allowed together: use fewer or smaller ones",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, problem := guardrail.Compile(withRules(c.rules...))
			NewWithT(t).Expect(message(problem)).To(Equal(c.want))
		})
	}
}

// text is an expression of a string, of so many bytes; condition is one that is true.
func text(length int) string      { return "'" + strings.Repeat("x", length-2) + "'" }
func condition(length int) string { return "'' != " + text(length-6) }

func TestCompileTotalLength(t *testing.T) {
	const allowed = ", at most 32768 are allowed together"
	rules := func(n, length int) []v1alpha1.Rule {
		return slices.Repeat([]v1alpha1.Rule{{Expression: condition(length)}}, n)
	}
	tags := func(n int) (tags []v1alpha1.ForcedTag) {
		for i := range n {
			tags = append(tags, v1alpha1.ForcedTag{Key: v1alpha1.TagKey(fmt.Sprint(i)), ValueExpression: text(1024)})
		}
		return tags
	}
	for sentence, c := range map[string]struct {
		spec v1alpha1.Guardrails
		want string
	}{
		"32 KiB of rules": {v1alpha1.Guardrails{Rules: rules(8, 4096)}, ""},
		"and a rule": {
			v1alpha1.Guardrails{Rules: append(rules(8, 4096), v1alpha1.Rule{Expression: "true"})},
			"spec.guardrails.rules[8].expression is too long: with it the issuer's expressions have 32772 bytes" + allowed,
		},
		"and a message": {
			v1alpha1.Guardrails{Rules: append(rules(8, 4095), v1alpha1.Rule{Expression: "true", MessageExpression: text(5)})},
			"spec.guardrails.rules[8].messageExpression is too long: with it the issuer's expressions have 32769 bytes" + allowed,
		},
		"messages are no rules": {
			v1alpha1.Guardrails{Rules: []v1alpha1.Rule{{Expression: condition(4096), Message: strings.Repeat("x", 512)}}},
			"",
		},
		"32 KiB of all kinds": {v1alpha1.Guardrails{Rules: rules(1, 4096), SessionTags: tags(27), SourceIdentityExpression: text(1024)}, ""},
		"50 tags": {
			v1alpha1.Guardrails{SessionTags: tags(50)},
			"spec.guardrails.sessionTags[32].valueExpression is too long: with it the issuer's expressions have 33792 bytes" + allowed,
		},
		"a source identity": {
			v1alpha1.Guardrails{SessionTags: tags(32), SourceIdentityExpression: text(10)},
			"spec.guardrails.sourceIdentityExpression is too long: with it the issuer's expressions have 32778 bytes" + allowed,
		},
		"bytes, not characters": {
			v1alpha1.Guardrails{Rules: slices.Repeat([]v1alpha1.Rule{{Expression: "'" + strings.Repeat("東", 4000) + "' != ''"}}, 3)},
			"spec.guardrails.rules[2].expression is too long: with it the issuer's expressions have 36024 bytes" + allowed,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, problem := guardrail.Compile(issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.Guardrails = c.spec }))
			g := NewWithT(t)
			g.Expect(message(problem)).To(Equal(c.want))
			g.Expect(reason(problem)).To(Or(BeEmpty(), Equal(v1alpha1.ReasonRuleInvalid)))
		})
	}
}

// split is an expression in rules of the longest kind, as many as an issuer may have.
func split(part string) []string {
	rule := strings.Repeat(part+" || ", (4096-len("true"))/len(part+" || ")) + "true"
	return slices.Repeat([]string{rule}, 32<<10/4096)
}

// These keep up to 2.3 MB, where a single rule once kept 300.
func TestCompileMemory(t *testing.T) {
	var small []string
	for i := range 1900 {
		small = append(small, fmt.Sprintf("''.matches('%c')", 0x4e00+i))
	}
	for sentence, rules := range map[string][]string{
		"classes that are repeated": matching(varied(7, `^1{0,450}\pL%c$`)...),
		"anchored classes":          matching(varied(15, `^%c\pL$`)...),
		"many small patterns": {
			strings.Join(small[:200], "||"), strings.Join(small[200:400], "||"), strings.Join(small[400:600], "||"),
			strings.Join(small[600:800], "||"),
		},
		"conditions":                        split("session.name.size() > 0"),
		"loops":                             split("[1].all(x, true)"),
		"loops with a longer way of saying": split("[1].exists_one(x, true)"),
		"lists":                             split("[[1],[1],[1],[1]].size() > 0"),
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			compile(t, withRules(rules...)) // what is made once for all
			before := heap()
			guardrails := compile(t, withRules(rules...))
			after := heap()
			runtime.KeepAlive(guardrails)
			t.Logf("%d KiB", (after-before)>>10)
			g.Expect(after - before).To(BeNumerically("<", 16<<20))
		})
	}
}

// heap in use, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestApplyCost(t *testing.T) {
	const together = "with what was evaluated before, it costs more than the 300000 units that the expressions of an issuer may together"
	tag, dear := v1alpha1.ForcedTag{Key: "cheap", ValueExpression: "'x'"}, dearTags("string("+costs+")")
	rules := func(expressions ...string) []v1alpha1.Rule { return withRules(expressions...).Spec.Guardrails.Rules }
	for sentence, c := range map[string]struct {
		spec   v1alpha1.Guardrails
		reason string
		want   string
	}{
		"three rules": {v1alpha1.Guardrails{Rules: rules(costs, costs, costs)}, "", ""},
		"rules": {
			v1alpha1.Guardrails{Rules: rules(costs, costs, costs, costs, costs, costs)}, v1alpha1.ReasonRuleViolated,
			"refuses the session: its spec.guardrails.rules[4] cannot be evaluated for it: " + together,
		},
		"tags, then rules": {
			v1alpha1.Guardrails{SessionTags: dear[:3], Rules: rules("true", costs, costs)}, v1alpha1.ReasonRuleViolated,
			"refuses the session: its spec.guardrails.rules[2] cannot be evaluated for it: " + together,
		},
		"tags": {
			v1alpha1.Guardrails{SessionTags: append(dear[:5:5], tag)}, v1alpha1.ReasonForcedTagConflict,
			"cannot compute the value of the tag 4 for this session (spec.guardrails.sessionTags[4]): " + together,
		},
		"tags, then the source identity": {
			v1alpha1.Guardrails{SessionTags: dear[:4], SourceIdentityExpression: "string(" + costs + ")"}, v1alpha1.ReasonSourceIdentityConflict,
			"cannot compute the source identity of this session (spec.guardrails.sourceIdentityExpression): " + together,
		},
		"a message": {
			v1alpha1.Guardrails{Rules: append(rules(costs, costs, costs), v1alpha1.Rule{
				Expression: "!" + costs, Message: "no", MessageExpression: "'because of ' + string(" + costs + ")",
			})},
			v1alpha1.ReasonRuleViolated, "refuses the session: no",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails := compile(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.Guardrails = c.spec }))
			for range 2 { // each Apply has its own budget
				_, problem := guardrails.Apply(role, namespace, object)
				g.Expect(reason(problem)).To(Equal(c.reason))
				g.Expect(strings.TrimPrefix(message(problem), "ClusterSessionIssuer aws ")).To(Equal(c.want))
			}
		})
	}
}

// dearTags are six tags whose values are computed so.
func dearTags(expression string) (tags []v1alpha1.ForcedTag) {
	for i := range 6 {
		tags = append(tags, v1alpha1.ForcedTag{Key: v1alpha1.TagKey(fmt.Sprint(i)), ValueExpression: expression})
	}
	return tags
}

// What comes when the budget is spent is not evaluated, however cheap, whether many evaluations spent it or one refused one.
func TestApplyBudgetSpent(t *testing.T) {
	for _, expression := range []string{costs, costly} {
		forced := append(dearTags("string("+expression+")"), v1alpha1.ForcedTag{Key: "cheap", ValueExpression: "'x'"})
		_, problem := apply(t, withTags(forced...), federation)
		g := NewWithT(t)
		g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonForcedTagConflict))
		cost := compile(t, withTags(forced...)).Cost(federation, namespace, object)
		g.Expect(cost).To(BeNumerically("<", 410_000), "the last one runs to its end")
	}
}
