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
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

const tooCostly = "it costs more than the 100000 units that an expression may"

// thousand is a list of a thousand numbers.
var thousand = "[" + strings.Repeat("1,", 999) + "1]"

// many is a list of half as many, and costly compares all pairs of them.
var (
	many   = thousand[:999] + "1]"
	costly = strings.ReplaceAll("L.all(a, L.all(b, a == b))", "L", many)
)

// vast is a namespace with annotations as large as Kubernetes takes them.
var vast = metadata.New(map[string]celpolicy.Value{
	"name":   celpolicy.String("team-a"),
	"labels": celpolicy.StringMap(wide(1000)),
	"annotations": celpolicy.StringMap(map[string]string{
		"long": strings.Repeat("a", 1<<17), "list": strings.Repeat("a,", 1<<16),
	}),
})

// wide is a map of so many keys.
func wide(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprintf("key-%05d", i)] = "x"
	}
	return m
}

// Evaluated to the end, each of these would run for seconds to ages, or take gigabytes. If this test hangs, a bound is gone.
// A stands for the namespace's annotations, L for a list of fifty numbers and M for one of a thousand.
func TestEvaluationBoolTooCostly(t *testing.T) {
	const doubled = "((x+x)+(x+x))"
	for sentence, expression := range map[string]string{
		"loops in loops":                    costly,
		"loops in loops in loops":           strings.ReplaceAll("L.all(a, L.all(b, L.all(c, a == b)))", "L", many),
		"a text that grows with each step":  "['" + strings.Repeat("x", 1000) + "']" + strings.Repeat(".map(x, ("+doubled+"+"+doubled+"))", 5) + "[0] == ''",
		"a replacement of each letter":      "A.long.replace('a', A.long) == ''",
		"a long separator":                  "A.list.split(',').join(A.long) == ''",
		"a search that nearly finds":        "A.long.indexOf('" + strings.Repeat("a", 100) + "b') == 0",
		"a format of long texts":            "'" + strings.Repeat("%s", 50) + "'.format([" + strings.Repeat("A.long,", 49) + "'']) == ''",
		"large sets":                        "sets.contains(A.list.split(','), A.list.split(','))",
		"a long text in many steps":         "M.all(i, A.long.size() > i)",
		"a long text compared many times":   "M.all(i, A.long != A.list)",
		"long texts in lists, compared":     "[[A.long]].all(l, [[A.list]].all(m, M.all(i, l != m)))",
		"long texts in a list, sought":      "[[" + strings.Repeat("A.list,", 70) + "'']].all(l, M.all(i, !(A.long in l)))",
		"long texts in maps, compared":      "[{'a': A.long}].all(l, [{'a': A.list}].all(m, M.all(i, l != m)))",
		"a large map compared many times":   "M.all(i, namespace.labels == namespace.labels)",
		"a long list made in each step":     "L.all(i, L.all(j, M.size() > 0))",
		"a large map made in each step":     "L.all(i, L.all(j, {" + strings.Repeat("'':1,", 400) + "'':1}.size() > 0))",
		"time zones read from files":        "L.all(i, L.all(j, timestamp('2026-01-01T00:00:00Z').getHours('America/New_York') > 0))",
		"a long text, sought many times":    "M.all(i, !A.long.contains('b'))",
		"a long text put together":          "M.all(i, (A.long + 'x') != '')",
		"a pattern that goes many ways":     "A.long.matches('(x?){100}(a|aa|aaa)*b')",
		"a pattern with a large repetition": "A.long.matches('.{700}b')",
		"a short pattern, many times":       "M.all(i, A.long.matches('b$') == false)",
	} {
		t.Run(sentence, func(t *testing.T) {
			expression := strings.NewReplacer("A.", "namespace.annotations.", "L", thousand[:100]+"1]", "M", thousand).Replace(expression)
			g := NewWithT(t)
			g.Expect(len(expression)).To(BeNumerically("<=", 4096), "the schema allows no more")
			holds, err := evaluate(t, expression, aSession, vast)
			g.Expect(err).To(MatchError(tooCostly))
			g.Expect(holds).To(BeFalse())
		})
	}
}

// The cost of a call is known beforehand: matched to the end, this text would take minutes.
func TestEvaluationBoolPatternOnTooLongAText(t *testing.T) {
	huge := metadata.New(map[string]celpolicy.Value{
		"annotations": celpolicy.StringMap(map[string]string{"huge": strings.Repeat("a", 1<<24)}),
	})
	_, err := evaluate(t, "namespace.annotations.huge.matches('(a.{390}|.{390}b)$')", aSession, huge)
	NewWithT(t).Expect(err).To(MatchError(tooCostly))
}

func TestEvaluationBoolLargeWithinBounds(t *testing.T) {
	for _, expression := range []string{
		"'a' in namespace.annotations.list.split(',')",
		"namespace.annotations.long.startsWith('aaa') && namespace.annotations.long.matches('^a+$')",
		thousand + ".all(i, i == 1)",
		"session.policy.Statement.all(s, s.Action.all(a, " + thousand[:600] + "1].exists(i, a == 's3:' + string(i) || a != '')))",
	} {
		asking := allowing(append(strings.Split(strings.Repeat("s3:GetObject,", 120), ",")[:120], "s3:PutObject"))
		g := NewWithT(t)
		g.Expect(evaluate(t, expression, asking, vast)).To(BeTrue(), expression[:min(len(expression), 80)])
	}
}

// CEL counts these steps as 1. They once sorted keys or hashed a long text in every step, and the first took fifteen seconds.
func TestEvaluationBoolStepsThatCountAsOne(t *testing.T) {
	annotations := wide(15_000)
	annotations["long"] = strings.Repeat("a", 1<<17)
	large := metadata.New(map[string]celpolicy.Value{
		"labels": celpolicy.StringMap(wide(100)), "annotations": celpolicy.StringMap(annotations),
	})
	tagged := session.New(map[string]celpolicy.Value{"tags": celpolicy.FoldedStringMap(wide(50))})
	for sentence, expression := range map[string]string{
		"a loop over a large map that ends at once": "L.all(i, L.all(j, namespace.annotations.exists(k, true)))",
		"a long text as an index":                   "L.all(i, L.all(j, namespace.labels[namespace.annotations.long] == '' || true))",
		"a long text as the key of a tag":           "L.all(i, L.all(j, session.tags[namespace.annotations.long] == '' || true))",
	} {
		t.Run(sentence, func(t *testing.T) {
			expression := strings.ReplaceAll(expression, "L", thousand[:140]+"1]")
			NewWithT(t).Expect(evaluate(t, expression, tagged, large)).To(BeTrue())
		})
	}
}

// costs is a condition of about 70,000 units.
var costs = strings.ReplaceAll("L.all(a, L.all(b, a == b))", "L", thousand[:209]+"1]")

// An evaluation has a total budget. When it is spent, nothing more is evaluated, however cheap.
func TestEvaluationCost(t *testing.T) {
	const together = "with what was evaluated before, it costs more than the 300000 units that the expressions of an author may together"
	environment := newEnvironment(t)
	for sentence, c := range map[string]struct {
		expression string
		// before the budget is spent
		holds bool
		err   string
		times int
	}{
		"many cheap enough":  {costs, true, "", 4},
		"many that are dear": {costly, false, tooCostly, 3},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			compiler := environment.NewCompiler()
			expression, err := compiler.CompileBool("rule", c.expression)
			g.Expect(err).NotTo(HaveOccurred())
			cheap, err := compiler.CompileBool("cheap", "true")
			g.Expect(err).NotTo(HaveOccurred())
			for range 2 { // each evaluation has its own budget
				evaluation := newEvaluation(environment, aSession, aNamespace)
				for range c.times {
					holds, err := evaluation.Bool(expression)
					g.Expect(message(err)).To(Equal(c.err))
					g.Expect(holds).To(Equal(c.holds))
				}
				_, err := evaluation.Bool(expression)
				g.Expect(err).To(MatchError(together))
				spent := evaluation.Cost()
				g.Expect(spent).To(And(BeNumerically(">", 300_000), BeNumerically("<", 410_000)), "the last one ran to its end")
				_, err = evaluation.Bool(cheap)
				g.Expect(err).To(MatchError(together))
				g.Expect(evaluation.Cost()).To(Equal(spent))
			}
		})
	}
}
