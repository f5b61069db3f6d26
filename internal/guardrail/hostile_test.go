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
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// thousand is a list of a thousand numbers.
var thousand = "[" + strings.Repeat("1,", 999) + "1]"

// many is a list of half as many, and costly goes through all pairs of them.
var (
	many   = thousand[:999] + "1]"
	costly = strings.ReplaceAll("L.all(a, L.all(b, a == b))", "L", many)
)

// vast is a namespace with annotations as large as Kubernetes takes them.
var vast = guardrail.Metadata{Name: "team-a", Labels: wide(1000), Annotations: map[string]string{
	"long": strings.Repeat("a", 1<<17), "list": strings.Repeat("a,", 1<<16),
}}

// wide is a map of so many keys.
func wide(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprintf("key-%05d", i)] = "x"
	}
	return m
}

// Each of these would run for seconds to ages, or take gigabytes, were it evaluated to the end. Where the test hangs, a
// bound is gone.
func TestCostIsBounded(t *testing.T) {
	const tooCostly = "it costs more than the 100000 units that an expression may"
	for sentence, expression := range map[string]string{
		"loops in loops":                    costly,
		"loops in loops in loops":           strings.ReplaceAll("L.all(a, L.all(b, L.all(c, a == b)))", "L", many),
		"a text that grows with each step":  "['" + strings.Repeat("x", 1000) + "']" + strings.Repeat(".map(x, (((x+x)+(x+x))+((x+x)+(x+x))))", 5) + "[0] == ''",
		"a replacement of each letter":      "namespace.annotations.long.replace('a', namespace.annotations.long) == ''",
		"a long separator":                  "namespace.annotations.list.split(',').join(namespace.annotations.long) == ''",
		"a search that nearly finds":        "namespace.annotations.long.indexOf('" + strings.Repeat("a", 100) + "b') == 0",
		"a format of long texts":            "'" + strings.Repeat("%s", 50) + "'.format([" + strings.Repeat("namespace.annotations.long,", 49) + "'']) == ''",
		"large sets":                        "sets.contains(namespace.annotations.list.split(','), namespace.annotations.list.split(','))",
		"a long text in many steps":         thousand + ".all(i, namespace.annotations.long.size() > i)",
		"a long text compared many times":   thousand + ".all(i, namespace.annotations.long != namespace.annotations.list)",
		"long texts in lists, compared":     "[[namespace.annotations.long]].all(l, [[namespace.annotations.list]].all(m, " + thousand + ".all(i, l != m)))",
		"long texts in a list, sought":      "[[" + strings.Repeat("namespace.annotations.list,", 70) + "'']].all(l, " + thousand + ".all(i, !(namespace.annotations.long in l)))",
		"long texts in maps, compared":      "[{'a': namespace.annotations.long}].all(l, [{'a': namespace.annotations.list}].all(m, " + thousand + ".all(i, l != m)))",
		"a large map compared many times":   thousand + ".all(i, namespace.labels == namespace.labels)",
		"a long list made in each step":     "L.all(i, L.all(j, M.size() > 0))",
		"a large map made in each step":     "L.all(i, L.all(j, {" + strings.Repeat("'':1,", 400) + "'':1}.size() > 0))",
		"time zones read from files":        "L.all(i, L.all(j, timestamp('2026-01-01T00:00:00Z').getHours('America/New_York') > 0))",
		"a long text, sought many times":    thousand + ".all(i, !namespace.annotations.long.contains('b'))",
		"a long text put together":          thousand + ".all(i, (namespace.annotations.long + 'x') != '')",
		"a pattern that goes many ways":     "namespace.annotations.long.matches('(x?){100}(a|aa|aaa)*b')",
		"a pattern with a large repetition": "namespace.annotations.long.matches('.{700}b')",
		"a short pattern, many times":       thousand + ".all(i, namespace.annotations.long.matches('b$') == false)",
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			expression := strings.NewReplacer("L", thousand[:100]+"1]", "M", thousand).Replace(expression)
			g.Expect(len(expression)).To(BeNumerically("<=", 4096), "the schema lets no more through")
			guardrails := compile(t, withRules(expression))
			request, problem := guardrails.Apply(federation, vast, object)
			g.Expect(request).To(Equal(federation))
			g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonRuleViolated))
			g.Expect(problem.Message).To(Equal("ClusterSessionIssuer aws refuses the session: its spec.rules[0] cannot be evaluated for it: " + tooCostly))
		})
	}
}

// The cost of a call is known beforehand: matched to the end, this text would take minutes.
func TestAPatternIsNotTriedOnTooLongAText(t *testing.T) {
	g := NewWithT(t)
	huge := guardrail.Metadata{Annotations: map[string]string{"huge": strings.Repeat("a", 1<<24)}}
	_, problem := compile(t, withRules("namespace.annotations.huge.matches('(a.{390}|.{390}b)$')")).Apply(federation, huge, object)
	g.Expect(message(problem)).To(ContainSubstring("it costs more than the 100000 units"))
}

// Of these, some would keep the type checker busy for ages, others the evaluation of a single comparison.
func TestWhatCannotBeBoundedIsNotRead(t *testing.T) {
	for sentence, c := range map[string]struct{ expression, want string }{
		"a type that doubles":         {"[1]" + strings.Repeat(".map(x,{x:x})", 5) + ".size() > 0", "the keys of a map must be string literals"},
		"a type that deepens":         {"[1]" + strings.Repeat(".map(x,[x,x])", 8) + ".size() > 0", "comprehension exceeds nesting limit"},
		"a list of lists of lists":    {strings.Repeat("[", 100) + "1" + strings.Repeat("]", 100) + ".size()", "expression recursion limit exceeded: 100"},
		"fewer lists of lists":        {strings.Repeat("[", 90) + "1" + strings.Repeat("]", 90) + ".size()", "must give a bool"},
		"a value that doubles":        {"[1]" + strings.Repeat(".map(x,[x,x])", 4) + ".all(x, x == x)", "only plain values, and lists and maps of them, can be compared or formatted"},
		"a list that doubles":         {"[[1]]" + strings.Repeat(".map(x,x+x)", 5) + ".size() > 0", "lists cannot be joined with +"},
		"a type that hides another":   {"[true ? [1] : dyn(1)].all(x, x == x)", "the type of this must be known, and is"},
		"a search among lists":        {"[1] in [[1], [1]]", "only plain values, and lists and maps of them, can be compared or formatted"},
		"sets of lists":               {"sets.contains([[1]], [[1]])", "only plain values, and lists and maps of them, can be compared or formatted"},
		"parentheses in parentheses":  {strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000), "expression recursion limit exceeded"},
		"conditions of conditions":    {strings.Repeat("true ? ", 260) + "true" + strings.Repeat(" : false", 250), "lookahead limit exceeded"},
		"many patterns of a thousand": {strings.Repeat("''.matches('.{1000}') || ", 150) + "true", "the pattern takes"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			_, problem := guardrail.Compile(withRules(c.expression))
			g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonRuleInvalid))
			g.Expect(problem.Message).To(ContainSubstring(c.want))
		})
	}
}

func TestWhatIsLargeButWithinBoundsPasses(t *testing.T) {
	for _, expression := range []string{
		"'a' in namespace.annotations.list.split(',')",
		"namespace.annotations.long.startsWith('aaa') && namespace.annotations.long.matches('^a+$')",
		thousand + ".all(i, i == 1)",
		"session.policy.Statement.all(s, s.Action.all(a, " + thousand[:600] + "1].exists(i, a == 's3:' + string(i) || a != '')))",
	} {
		actions := strings.Repeat(`"s3:GetObject",`, 120)
		request := withPolicy(federation, `{"Statement":{"Effect":"Allow","Resource":"*","Action":[`+actions+`"s3:PutObject"]}}`)
		_, problem := compile(t, withRules(expression)).Apply(request, vast, object)
		NewWithT(t).Expect(message(problem)).To(BeEmpty(), expression[:min(len(expression), 80)])
	}
}

// These were far slower than their cost tells, fifteen seconds the first: keys were sorted, or a long text hashed, in every step.
func TestStepsThatCountAsOneTakeNoLonger(t *testing.T) {
	large := guardrail.Metadata{Name: "team-a", Labels: wide(100), Annotations: wide(15_000)}
	large.Annotations["long"] = strings.Repeat("a", 1<<17)
	for sentence, expression := range map[string]string{
		"a loop over a large map that ends at once": "L.all(i, L.all(j, namespace.annotations.exists(k, true)))",
		"a long text as an index":                   "L.all(i, L.all(j, namespace.labels[namespace.annotations.long] == '' || true))",
		"a long text as the key of a tag":           "L.all(i, L.all(j, session.tags[namespace.annotations.long] == '' || true))",
	} {
		t.Run(sentence, func(t *testing.T) {
			expression := strings.ReplaceAll(expression, "L", thousand[:140]+"1]")
			request := with(federation, func(r *sts.Request) { r.Tags = fill(50) })
			_, problem := compile(t, withRules(expression)).Apply(request, large, object)
			NewWithT(t).Expect(message(problem)).To(BeEmpty())
		})
	}
}
