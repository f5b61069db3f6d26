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

package guardrail

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// maxMessageLength of what a messageExpression tells, in characters.
const maxMessageLength = 512

// rule is a condition that sessions must meet.
type rule struct {
	field      string
	expression *expression
	message    string
	// messageExpression tells the message; nil for none.
	messageExpression *expression
}

func (c *compiler) rules(rules []v1alpha1.Rule) ([]rule, *sts.Problem) {
	var compiled []rule
	for i, spec := range rules {
		field := fmt.Sprintf("spec.rules[%d]", i)
		condition, problem := c.boolean(field+".expression", spec.Expression)
		if problem != nil {
			return nil, problem
		}
		r := rule{field: field, expression: condition, message: cmp.Or(oneLine(spec.Message), oneLine(spec.Expression))}
		if spec.MessageExpression != "" {
			if r.messageExpression, problem = c.text(field+".messageExpression", spec.MessageExpression); problem != nil {
				return nil, problem
			}
		}
		compiled = append(compiled, r)
	}
	return compiled, nil
}

// judge holds the session against the rules, in their order. They cannot judge a policy that they cannot read.
func (g *Guardrails) judge(t *trial, policyError error) *sts.Problem {
	if policyError != nil {
		return sts.Problemf(v1alpha1.ReasonRuleViolated, "%s refuses the session: its rules cannot judge spec.policy, because %s", g.issuer, policyError)
	}
	for _, rule := range g.rules {
		holds, err := rule.expression.holds(t)
		switch {
		case err != nil:
			return sts.Problemf(v1alpha1.ReasonRuleViolated, "%s refuses the session: its %s cannot be evaluated for it: %s", g.issuer, rule.field, err)
		case !holds:
			return sts.Problemf(v1alpha1.ReasonRuleViolated, "%s refuses the session: %s", g.issuer, rule.explain(t))
		}
	}
	return nil
}

// explain is what a refused session is told. An expression that does not tell a short line gives way to the rule itself.
func (r rule) explain(t *trial) string {
	if r.messageExpression == nil {
		return r.message
	}
	message, err := r.messageExpression.evaluate(t)
	message = strings.TrimSpace(message)
	if err != nil || message == "" || utf8.RuneCountInString(message) > maxMessageLength || strings.ContainsAny(message, "\r\n\v\f\u0085\u2028\u2029") {
		return r.message
	}
	return message
}

// oneLine is the text with each run of white space as one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
