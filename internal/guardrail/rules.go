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
	"github.com/sts-operator/sts-operator/internal/celpolicy"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// maxMessageLength of the value of a messageExpression, in characters.
const maxMessageLength = 512

// rule is a condition that every session must meet.
type rule struct {
	field      string
	expression *celpolicy.Expression
	message    string
	// messageExpression computes the message; nil for none.
	messageExpression *celpolicy.Expression
}

func compileRules(compiler *celpolicy.Compiler, rules []v1alpha1.Rule) ([]rule, error) {
	var compiled []rule
	for i, spec := range rules {
		field := fmt.Sprintf("spec.guardrails.rules[%d]", i)
		condition, err := compiler.CompileBool(field+".expression", spec.Expression)
		if err != nil {
			return nil, err
		}
		r := rule{field: field, expression: condition, message: cmp.Or(oneLine(spec.Message), oneLine(spec.Expression))}
		if spec.MessageExpression != "" {
			if r.messageExpression, err = compiler.CompileString(field+".messageExpression", spec.MessageExpression); err != nil {
				return nil, err
			}
		}
		compiled = append(compiled, r)
	}
	return compiled, nil
}

// checkRules evaluates the rules one after the other. A policy that cannot be read is refused, since no rule can judge it.
func (g *Guardrails) checkRules(evaluation *celpolicy.Evaluation, policyError error) *sts.Problem {
	refuse := func(format string, args ...any) *sts.Problem {
		return sts.Problemf(v1alpha1.ReasonRuleViolated, "%s refuses the session: "+format, append([]any{g.issuer}, args...)...)
	}
	if policyError != nil {
		return refuse("its rules cannot judge the inline policy, because %s", policyError)
	}
	for _, rule := range g.rules {
		holds, err := evaluation.Bool(rule.expression)
		switch {
		case err != nil:
			return refuse("its %s cannot be evaluated for it: %s", rule.field, err)
		case !holds:
			return refuse("%s", rule.messageFor(evaluation))
		}
	}
	return nil
}

// messageFor is the message for a session that violates the rule. Where messageExpression fails or does not give a short line,
// it is the rule's text.
func (r rule) messageFor(evaluation *celpolicy.Evaluation) string {
	if r.messageExpression == nil {
		return r.message
	}
	message, err := evaluation.Text(r.messageExpression)
	message = strings.TrimSpace(message)
	if err != nil || message == "" || utf8.RuneCountInString(message) > maxMessageLength ||
		strings.ContainsAny(message, "\r\n\v\f\u0085\u2028\u2029") {
		return r.message
	}
	return message
}

// oneLine is the text with each run of white space as one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
