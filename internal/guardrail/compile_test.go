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
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
)

func TestCompile(t *testing.T) {
	for sentence, c := range map[string]struct {
		issuer *v1alpha1.ClusterSessionIssuer
		want   string
	}{
		"a rule": {
			withRules("true", "session.name == 'x' &&\n  session.nmae == 'y'"),
			"spec.guardrails.rules[1].expression is invalid at line 2, column 10: undefined field 'nmae'",
		},
		"a rule that is no condition": {withRules("session.name"), "spec.guardrails.rules[0].expression must give a bool, but it gives a string"},
		"a rule on an element of a policy that IAM does not have": {
			withRules("session.policy.Statement.all(s, s.action.size() > 0)"),
			"spec.guardrails.rules[0].expression is invalid at line 1, column 34: undefined field 'action'",
		},
		"a message": {
			issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
				spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "true", MessageExpression: "'x' + session.nmae"}}
			}), "spec.guardrails.rules[0].messageExpression is invalid at line 1, column 14: undefined field 'nmae'",
		},
		"a message that is no string": {
			issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
				spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "true", MessageExpression: "session.durationSeconds"}}
			}), "spec.guardrails.rules[0].messageExpression must give a string, but it gives a int",
		},
		"a source identity": {
			withSourceIdentity("namespace.nmae"),
			"spec.guardrails.sourceIdentityExpression is invalid at line 1, column 10: undefined field 'nmae'",
		},
		"a source identity of another type": {
			withSourceIdentity("true"),
			"spec.guardrails.sourceIdentityExpression must give a string, but it gives a bool",
		},
		"a tag": {
			withTags(v1alpha1.ForcedTag{Key: "a", Value: new("x")}, v1alpha1.ForcedTag{Key: "b", ValueExpression: "namespace.nmae"}),
			"spec.guardrails.sessionTags[1].valueExpression is invalid at line 1, column 10: undefined field 'nmae'",
		},
		"a tag that is no string": {
			withTags(v1alpha1.ForcedTag{Key: "a", ValueExpression: "1"}),
			"spec.guardrails.sessionTags[0].valueExpression must give a string, but it gives a int",
		},
		"a tag without value": {
			withTags(v1alpha1.ForcedTag{Key: "a"}),
			"spec.guardrails.sessionTags[0]: give exactly one of value and valueExpression",
		},
		"a tag with both": {
			withTags(v1alpha1.ForcedTag{Key: "a", Value: new("x"), ValueExpression: "'x'"}),
			"spec.guardrails.sessionTags[0]: give exactly one of value and valueExpression",
		},
		"a tag that AWS reserves, which the schema refuses now": {
			withTags(v1alpha1.ForcedTag{Key: "a", Value: new("x")}, v1alpha1.ForcedTag{Key: "Aws:team", Value: new("x")}),
			`spec.guardrails.sessionTags[1].key: "Aws:team" begins with aws:, which AWS reserves: use another key`,
		},
		"tags whose keys differ by case, which the schema sees in ASCII only": {
			withTags(v1alpha1.ForcedTag{Key: "größe", Value: new("x")}, v1alpha1.ForcedTag{Key: "GRÖßE", Value: new("x")}),
			`spec.guardrails.sessionTags[1].key: "größe" and "GRÖßE" differ only by case, which AWS ignores: remove one of the tags`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails, problem := guardrail.Compile(c.issuer)
			g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonRuleInvalid))
			_, refusal := guardrails.Apply(federation, namespace, object)
			g.Expect(refusal).To(Equal(problem))
			g.Expect(problem.Message).To(Equal(c.want))
		})
	}
}
