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
)

// A policy that the author of a rule could not foresee is refused.
func TestReadPolicyRefused(t *testing.T) {
	const (
		notInGrammar   = " is not an element of session policies, whose names are written exactly as in the IAM documentation"
		eitherAction   = "Statement[0] must have either Action or NotAction"
		notAValue      = " must be a string, a number or true or false"
		cannotJudge    = "ClusterSessionIssuer aws refuses the session: its rules cannot judge the inline policy, because "
		cannotBeJudged = "the inline policy cannot be judged, because "
	)
	statement := func(members string) string { return `{"Statement":[{"Effect":"Allow",` + members + `}]}` }
	for policy, want := range map[string]string{
		`{}`:                 "it has no Statement",
		`{"Statement":[]}`:   "Statement must not be empty",
		`{"Statement":1}`:    "Statement must be an object",
		`{"Statement":[[]]}`: "Statement[0] must be an object",
		`{"Statement":null}`: "Statement must be an object",
		`{"statement":{}}`:   `"statement"` + notInGrammar,
		`{"Statement":{}}`:   "Statement.Effect must be Allow or Deny",
		`{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}`:                         "Statement.Effect must be Allow or Deny",
		`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Permit"}]}`:    "Statement[1].Effect must be Allow or Deny",
		statement(`"action":"*","Resource":"*"`):                                               `"Statement[0].action"` + notInGrammar,
		statement(`"Principal":"*","Action":"*","Resource":"*"`):                               `"Statement[0].Principal"` + notInGrammar,
		statement(`"Action\n":"*","Resource":"*"`):                                             `"Statement[0].Action\n"` + notInGrammar,
		statement(`"Action":[],"Resource":"*"`):                                                "Statement[0].Action must not be empty",
		statement(`"NotAction":[],"Resource":"*"`):                                             "Statement[0].NotAction must not be empty",
		statement(`"Action":["s3:*",1],"Resource":"*"`):                                        "Statement[0].Action[1] must be a string",
		statement(`"Action":{"s3:*":true},"Resource":"*"`):                                     "Statement[0].Action must be a string",
		statement(`"Action":[["*"]],"Resource":"*"`):                                           "Statement[0].Action[0] must be a string",
		statement(`"Action":null,"Resource":"*"`):                                              "Statement[0].Action must be a string",
		statement(`"Action":"*","NotAction":"s3:*","Resource":"*"`):                            eitherAction,
		statement(`"Resource":"*"`):                                                            eitherAction,
		statement(`"Action":"*"`):                                                              "Statement[0] must have either Resource or NotResource",
		statement(`"Action":"*","Resource":1`):                                                 "Statement[0].Resource must be a string",
		statement(`"Action":"*","Resource":"*","Condition":[]`):                                "Statement[0].Condition must be an object",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":true}`):                     "Statement[0].Condition.Bool must be an object",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":null}}`):           "Statement[0].Condition.Bool.aws:x" + notAValue,
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":[]}}`):             "Statement[0].Condition.Bool.aws:x must not be empty",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":[true,{}]}}`):      "Statement[0].Condition.Bool.aws:x[1]" + notAValue,
		statement(`"Action":"*","Resource":"*","b":1,"a":1`):                                   `"Statement[0].a"` + notInGrammar,
		`{"Statement":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `}`:            "Statement[0] must be an object",
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"` + "\u00e9" + `":true}`: `"é"` + notInGrammar,
	} {
		t.Run(policy[:min(len(policy), 80)], func(t *testing.T) {
			g := NewWithT(t)
			request := withPolicy(federation, policy)
			unchanged, problem := apply(t, withRules("true"), request)
			g.Expect(unchanged).To(Equal(request))
			g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonRuleViolated))
			g.Expect(problem.Message).To(Equal(cannotJudge + want))

			_, problem = apply(t, withRules(), request)
			g.Expect(problem).To(BeNil(), "without rules that is for STS to judge")

			_, problem = apply(t, withTags(v1alpha1.ForcedTag{Key: "scoped", ValueExpression: "string(has(session.policy))"}), request)
			g.Expect(message(problem)).To(HaveSuffix(cannotBeJudged + want))
			_, problem = apply(t, withTags(v1alpha1.ForcedTag{Key: "sid", ValueExpression: "session.policy.Id"}), request)
			g.Expect(message(problem)).To(HaveSuffix(cannotBeJudged + want))
		})
	}
}

func TestReadPolicySpelling(t *testing.T) {
	guardrails := compile(t, withRules(`session.policy.Statement.all(s,
		has(s.Action) && s.Action.all(a, a == 's3:GetObject') && s.Resource.all(r, r == '*'))`))
	for _, policy := range []string{
		`{"Statement":{"Effect":"Allow","Action":"%s","Resource":"*"}}`,
		`{"Statement":[{"Effect":"Allow","Action":["%s"],"Resource":["*"]}]}`,
		`{"Statement":[{"Effect":"Allow","Action":["s3:GetObject","%s"],"Resource":"\u002a"}]}`,
		`{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Allow","\u0041ction":["%s"],"Resource":["*"]}]}`,
	} {
		g := NewWithT(t)
		_, problem := guardrails.Apply(withPolicy(federation, fmt.Sprintf(policy, "s3:GetObject")), namespace, object)
		g.Expect(message(problem)).To(BeEmpty(), policy)
		_, problem = guardrails.Apply(withPolicy(federation, fmt.Sprintf(policy, "s3:*")), namespace, object)
		g.Expect(message(problem)).NotTo(BeEmpty(), policy)
	}
}

func TestReadConditionValue(t *testing.T) {
	for sentence, c := range map[string]struct {
		value any
		want  string
	}{
		"a string":             {"x", "x"},
		"true":                 {true, "true"},
		"false":                {false, "false"},
		"a whole number":       {int64(-3600), "-3600"},
		"a large whole number": {int64(9007199254740993), "9007199254740993"},
		"a fraction":           {1.5, "1.5"},
		"a float without one":  {float64(2), "2"},
		"a large float":        {1e21, "1000000000000000000000"},
		"a small float":        {1e-7, "0.0000001"},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(guardrail.ConditionText(c.value)).To(Equal(c.want))
		})
	}
	for _, value := range []any{nil, []any{}, map[string]any{}, 'x', float32(1)} {
		_, err := guardrail.ConditionText(value)
		NewWithT(t).Expect(err).To(MatchError("value must be a string, a number or true or false"))
	}
}
