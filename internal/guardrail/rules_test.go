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
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestApplyRules(t *testing.T) {
	const (
		refused = "ClusterSessionIssuer aws refuses the session: "
		first   = "its spec.guardrails.rules[0] cannot be evaluated for it: "
		second  = "its spec.guardrails.rules[1] cannot be evaluated for it: "
	)
	for sentence, c := range map[string]struct {
		rules   []string
		request sts.Request
		want    string
	}{
		"all hold":                             {[]string{"true", "session.name.startsWith('team-a-')"}, federation, ""},
		"the first holds, the second does not": {[]string{"true", "session.name == 'x'"}, federation, refused + "session.name == 'x'"},
		"of two that do not, the first counts": {
			[]string{"session.name == 'x'", "session.name == 'y'"}, federation,
			refused + "session.name == 'x'",
		},
		"a rule of two lines in the message": {[]string{"session.name\n  == 'x'\n"}, federation, refused + "session.name == 'x'"},
		"a missing key": {
			[]string{"true", "session.tags['team'] == 'a'"}, federation,
			refused + second + "no such key: team",
		},
		"a missing policy": {
			[]string{"session.policy.Statement.size() == 1"}, federation,
			refused + first + "no such key: policy",
		},
		"a missing element of a policy": {
			[]string{"session.policy.Statement[1].Action.size() == 1"}, everything,
			refused + first + "no such key: Action",
		},
		"a missing element of a list": {
			[]string{"session.policyARNs[0] == 'x'"}, federation,
			refused + first + "index out of bounds: 0",
		},
		"a missing key within a map": {
			[]string{"{'a': session.tags['x']}['a'] == ''"}, federation,
			refused + first + "no such key: x",
		},
		"a division by zero": {
			[]string{"1 / session.minimumSessionTokenSize == 1"}, federation,
			refused + first + "division by zero",
		},
		"a number that is none": {
			[]string{"int(session.name) == 1"}, federation,
			refused + first + `type conversion error from 'string' to 'int'`,
		},
		"what fails after what decides":  {[]string{"session.name != '' || session.tags['x'] == 'a'"}, federation, ""},
		"what fails before what decides": {[]string{"session.tags['x'] == 'a' || session.name != ''"}, federation, ""},
		"of several failures always the same": {
			[]string{"namespace.labels.all(k, session.tags[k] == namespace.labels[k])"}, federation,
			refused + first + "no such key: stage",
		},
		"another operation's field is empty": {[]string{"session.roleARN != ''"}, federation, refused + "session.roleARN != ''"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails := compile(t, withRules(c.rules...))
			for range 20 { // the same state, the same words
				request, problem := guardrails.Apply(c.request, namespace, object)
				g.Expect(request).To(Equal(c.request))
				g.Expect(message(problem)).To(Equal(c.want))
				if problem != nil {
					g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonRuleViolated))
				}
			}
		})
	}
}

func TestApplyRuleMessage(t *testing.T) {
	long := strings.Repeat("x", 512)
	for sentence, c := range map[string]struct{ message, expression, want string }{
		"neither":                             {"", "", "session.name == 'x'"},
		"a message":                           {"choose another name", "", "choose another name"},
		"a message of two lines":              {"choose\nanother name\n", "", "choose another name"},
		"an expression":                       {"", "'begin the name with ' + namespace.name + '-'", "begin the name with team-a-"},
		"an expression with space around":     {"", "' x\\n'", "x"},
		"an expression that fails":            {"", "session.tags['x']", "session.name == 'x'"},
		"an expression that fails, message":   {"the message", "session.tags['x']", "the message"},
		"an expression that gives only space": {"", "' '", "session.name == 'x'"},
		"an expression of two lines":          {"", "'a\\nb'", "session.name == 'x'"},
		"an expression with U+2028":           {"", "'a\\u2028b'", "session.name == 'x'"},
		"a long expression":                   {"", "'" + long + "'", long},
		"too long an expression":              {"", "'" + long + "x'", "session.name == 'x'"},
		"too costly an expression":            {"", "['x'].map(x, " + costly + " ? 'a' : 'b')[0]", "session.name == 'x'"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, problem := apply(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
				spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.name == 'x'", Message: c.message, MessageExpression: c.expression}}
			}), federation)
			NewWithT(t).Expect(message(problem)).To(Equal("ClusterSessionIssuer aws refuses the session: " + c.want))
		})
	}
}

func TestApplyRulesSeeTheSentRequest(t *testing.T) {
	g := NewWithT(t)
	request, problem := apply(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.Guardrails.SessionTags = []v1alpha1.ForcedTag{
			{Key: "kubernetes-namespace", ValueExpression: "namespace.name"},
			{Key: "asked", ValueExpression: "string(session.tags.size())"},
		}
		spec.Guardrails.SourceIdentityExpression = "namespace.name + '.' + string(session.tags.size())"
		spec.Guardrails.Rules = []v1alpha1.Rule{
			{Expression: "session.tags == {'kubernetes-namespace': 'team-a', 'asked': '0'} && session.sourceIdentity == 'team-a.0'"},
		}
	}), role)
	g.Expect(problem).To(BeNil())
	g.Expect(request.Tags).To(HaveLen(2))
	g.Expect(request.SourceIdentity).To(Equal("team-a.0"))
}

func TestApplyRulesOfASessionIssuer(t *testing.T) {
	issuer := &v1alpha1.SessionIssuer{}
	issuer.Name = "mine"
	issuer.Spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "false", Message: "never"}}
	guardrails, problem := guardrail.Compile(issuer)
	g := NewWithT(t)
	g.Expect(problem).To(BeNil())
	_, problem = guardrails.Apply(federation, namespace, object)
	g.Expect(problem.Message).To(Equal("SessionIssuer mine refuses the session: never"))
}
