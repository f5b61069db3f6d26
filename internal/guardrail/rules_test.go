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

// everything is a request with every field that expressions see.
var everything = sts.Request{
	Operation: sts.OperationAssumeRole, Name: "team-a-reports", PolicyARNs: []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"},
	Policy: `{"Version":"2012-10-17","Id":"id","Statement":[{"Sid":"one","Effect":"Allow","Action":"s3:GetObject","Resource":["*"],` +
		`"Condition":{"StringEquals":{"aws:a":"x","aws:b":["y","z"]},"Bool":{"aws:c":true},"NumericLessThan":{"aws:d":1.50}}},` +
		`{"Effect":"Deny","NotAction":["s3:*","sts:*"],"NotResource":"arn:aws:s3:::x"}]}`,
	Tags:            []sts.Tag{{Key: "Team", Value: "a"}, {Key: "stage", Value: "test"}},
	DurationSeconds: 900, MinimumSessionTokenSize: 4096, RoleARN: roleARN, ExternalID: "external", SourceIdentity: "someone",
	TransitiveTagKeys: []string{"Team"}, ProvidedContexts: []sts.Context{{ProviderARN: "arn:aws:iam::aws:contextProvider/X", Assertion: "assertion"}},
}

func TestWhatExpressionsSee(t *testing.T) {
	for _, c := range []struct {
		request    sts.Request
		expression string
	}{
		{everything, `session.operation == 'AssumeRole' && session.name == 'team-a-reports'`},
		{everything, `session.policyARNs == ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B']`},
		{everything, `session.tags == {'stage': 'test', 'Team': 'a'} && session.tags['Team'] == 'a' && session.tags.stage == 'test'`},
		{everything, `session.durationSeconds == 900 && session.minimumSessionTokenSize == 4096`},
		{everything, `session.roleARN.endsWith('/team-a/reports') && session.externalID == 'external' && session.sourceIdentity == 'someone'`},
		{everything, `session.transitiveTagKeys == ['Team'] && session.providedContexts == ['arn:aws:iam::aws:contextProvider/X']`},
		{everything, `has(session.name) && has(session.policy) && has(session.tags) && has(session.policyARNs) && has(session.minimumSessionTokenSize)`},
		{everything, `session.policy.Version == '2012-10-17' && session.policy.Id == 'id' && session.policy.Statement.size() == 2`},
		{everything, `session.policy.Statement[0].Sid == 'one' && session.policy.Statement[0].Effect == 'Allow'`},
		{everything, `session.policy.Statement[0].Action == ['s3:GetObject'] && session.policy.Statement[0].Resource == ['*']`},
		{everything, `session.policy.Statement[1].NotAction == ['s3:*', 'sts:*'] && session.policy.Statement[1].NotResource == ['arn:aws:s3:::x']`},
		{everything, `session.policy.Statement[0].Condition['StringEquals']['aws:a'] == ['x']`},
		{everything, `session.policy.Statement[0].Condition.StringEquals['aws:b'] == ['y', 'z']`},
		{everything, `session.policy.Statement[0].Condition.Bool['aws:c'] == ['true'] && session.policy.Statement[0].Condition.NumericLessThan['aws:d'] == ['1.50']`},
		{everything, `session.policy.Statement.map(s, has(s.Sid)) == [true, false] && session.policy.Statement.filter(s, has(s.NotAction)).size() == 1`},
		{everything, `!has(session.policy.Statement[1].Condition) && !has(session.policy.Statement[1].Action)`},
		{withPolicy(federation, `{"Statement":{"Effect":"Allow","Action":"\u0073\u0033:*","Resource":"*"}}`), `session.policy.Statement[0].Action == ['s3:*'] && !has(session.policy.Version)`},
		{federation, `session.durationSeconds == 43200`},
		{role, `session.durationSeconds == 3600`},
		{federation, `!has(session.policy) && !has(session.tags) && !has(session.policyARNs) && !has(session.roleARN) && !has(session.sourceIdentity)`},
		{federation, `session.roleARN == '' && session.tags.size() == 0 && session.policyARNs.size() == 0 && session.minimumSessionTokenSize == 0`},
		{token, `!has(session.name) && session.name == ''`},
		{web, `session.serviceAccountName == 'default' && session.audience == 'sts.amazonaws.com' && session.providerID == 'www.example.com'`},
		{saml, `session.principalARN.endsWith(':saml-provider/corporate')`},
		{federation, `namespace.name == 'team-a' && namespace.labels == {'team': 'a', 'stage': 'test'} && 'example.com/role-arns' in namespace.annotations`},
		{federation, `object.name == 'reports' && object.labels.app == 'reports' && !has(object.annotations) && object.annotations.size() == 0`},
		{federation, `!has(object.labels.team) && has(namespace.labels.team) && !('x' in object.annotations)`},
		{federation, `namespace.labels.map(k, k + '=' + namespace.labels[k]).join(',') == 'stage=test,team=a'`},
		{federation, `{'b': 1, 'c': 2, 'a': 3}.map(k, k) == ['a', 'b', 'c']`},
		{federation, `session.name.split('-') == ['team', 'a', 'reports'] && session.name.upperAscii() == 'TEAM-A-REPORTS' && ' x '.trim() == 'x'`},
		{federation, `session.name.indexOf('a') == 2 && session.name.indexOf('a', 3) == 5 && session.name.lastIndexOf('r') == 11 && session.name.lastIndexOf('r', 8) == 7`},
		{federation, `session.name.replace('-', '/') == 'team/a/reports' && session.name.replace('-', '/', 1) == 'team/a-reports' && session.name.substring(7) == 'reports' && session.name.substring(0, 4) == 'team'`},
		{federation, `session.name.charAt(0) == 't' && 'abc'.reverse() == 'cba' && strings.quote('x') == '"x"' && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && ['a', 'b'].join() == 'ab'`},
		{federation, `'%s lives %d seconds'.format([session.name, session.durationSeconds]) == 'team-a-reports lives 43200 seconds'`},
		{federation, `sets.contains(['a', 'b'], ['a']) && sets.equivalent(['a', 'b'], ['b', 'a', 'a']) && !sets.intersects(['a'], ['b'])`},
		{federation, `session.name.matches('^team-[a-z]+-') && matches(session.name, 'reports$') && 'äöü'.size() == 3 && 'Größe'.lowerAscii() == 'größe'`},
		{federation, "namespace . name == 'team-a' && // namespace in a comment\n 'namespace' == \"namespace\" && [namespace].all(n, n.name == 'team-a')"},
		{federation, strings.Repeat("namespace.name == 'team-a' && ", 130) + "true"},
	} {
		_, problem := apply(t, withRules(c.expression), c.request)
		NewWithT(t).Expect(message(problem)).To(BeEmpty(), c.expression)
	}
}

func TestRules(t *testing.T) {
	const refused = "ClusterSessionIssuer aws refuses the session: "
	for sentence, c := range map[string]struct {
		rules   []string
		request sts.Request
		want    string
	}{
		"all hold":                             {[]string{"true", "session.name.startsWith('team-a-')"}, federation, ""},
		"the first holds, the second does not": {[]string{"true", "session.name == 'x'"}, federation, refused + "session.name == 'x'"},
		"of two that do not, the first counts": {[]string{"session.name == 'x'", "session.name == 'y'"}, federation, refused + "session.name == 'x'"},
		"a text of many lines is told in one":  {[]string{"session.name\n  == 'x'\n"}, federation, refused + "session.name == 'x'"},
		"a missing key":                        {[]string{"true", "session.tags['team'] == 'a'"}, federation, refused + "its spec.rules[1] cannot be evaluated for it: no such key: team"},
		"a missing policy":                     {[]string{"session.policy.Statement.size() == 1"}, federation, refused + "its spec.rules[0] cannot be evaluated for it: no such key: policy"},
		"a missing element of a policy":        {[]string{"session.policy.Statement[1].Action.size() == 1"}, everything, refused + "its spec.rules[0] cannot be evaluated for it: no such key: Action"},
		"a missing element of a list":          {[]string{"session.policyARNs[0] == 'x'"}, federation, refused + "its spec.rules[0] cannot be evaluated for it: index out of bounds: 0"},
		"a missing key within a map":           {[]string{"{'a': session.tags['x']}['a'] == ''"}, federation, refused + "its spec.rules[0] cannot be evaluated for it: no such key: x"},
		"a division by zero":                   {[]string{"1 / session.minimumSessionTokenSize == 1"}, federation, refused + "its spec.rules[0] cannot be evaluated for it: division by zero"},
		"a number that is none":                {[]string{"int(session.name) == 1"}, federation, refused + `its spec.rules[0] cannot be evaluated for it: type conversion error from 'string' to 'int'`},
		"what fails after what decides":        {[]string{"session.name != '' || session.tags['x'] == 'a'"}, federation, ""},
		"what fails before what decides":       {[]string{"session.tags['x'] == 'a' || session.name != ''"}, federation, ""},
		"of several failures always the same":  {[]string{"namespace.labels.all(k, session.tags[k] == namespace.labels[k])"}, federation, refused + "its spec.rules[0] cannot be evaluated for it: no such key: stage"},
		"another operation's field is empty":   {[]string{"session.roleARN != ''"}, federation, refused + "session.roleARN != ''"},
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

func TestMessages(t *testing.T) {
	long := strings.Repeat("x", 512)
	for sentence, c := range map[string]struct{ message, expression, want string }{
		"nothing tells the rule":            {"", "", "session.name == 'x'"},
		"a message":                         {"choose another name", "", "choose another name"},
		"a message of two lines":            {"choose\nanother name\n", "", "choose another name"},
		"an expression":                     {"", "'begin the name with ' + namespace.name + '-'", "begin the name with team-a-"},
		"an expression with space around":   {"", "' x\\n'", "x"},
		"an expression that fails":          {"", "session.tags['x']", "session.name == 'x'"},
		"an expression that fails, message": {"the message", "session.tags['x']", "the message"},
		"an expression that tells nothing":  {"", "' '", "session.name == 'x'"},
		"an expression of two lines":        {"", "'a\\nb'", "session.name == 'x'"},
		"an expression with U+2028":         {"", "'a\\u2028b'", "session.name == 'x'"},
		"a long expression":                 {"", "'" + long + "'", long},
		"too long an expression":            {"", "'" + long + "x'", "session.name == 'x'"},
		"too costly an expression":          {"", "['x'].map(x, " + costly + " ? 'a' : 'b')[0]", "session.name == 'x'"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, problem := apply(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
				spec.Rules = []v1alpha1.Rule{{Expression: "session.name == 'x'", Message: c.message, MessageExpression: c.expression}}
			}), federation)
			NewWithT(t).Expect(message(problem)).To(Equal("ClusterSessionIssuer aws refuses the session: " + c.want))
		})
	}
}

func TestRulesSeeTheFinalRequest(t *testing.T) {
	g := NewWithT(t)
	request, problem := apply(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.Tags = []v1alpha1.ForcedTag{{Key: "kubernetes-namespace", ValueExpression: "namespace.name"}, {Key: "asked", ValueExpression: "string(session.tags.size())"}}
		spec.SourceIdentityExpression = "namespace.name + '.' + string(session.tags.size())"
		spec.Rules = []v1alpha1.Rule{
			{Expression: "session.tags == {'kubernetes-namespace': 'team-a', 'asked': '0'} && session.sourceIdentity == 'team-a.0'"},
		}
	}), role)
	g.Expect(problem).To(BeNil())
	g.Expect(request.Tags).To(HaveLen(2))
	g.Expect(request.SourceIdentity).To(Equal("team-a.0"))
}

// A policy that the rules' authors could not foresee is refused, never passed on.
func TestPoliciesThatRulesCannotJudge(t *testing.T) {
	statement := func(members string) string { return `{"Statement":[{"Effect":"Allow",` + members + `}]}` }
	for policy, want := range map[string]string{
		`[]`:                 "it is not a JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}",
		`{}`:                 "it has no Statement",
		`{"Statement":[]}`:   "Statement must not be empty",
		`{"Statement":1}`:    "Statement must be an object",
		`{"Statement":[[]]}`: "Statement[0] must be an object",
		`{"Statement":null}`: "Statement must be an object",
		`{"statement":{}}`:   `"statement" is not an element of session policies, whose names are written exactly as in the IAM documentation`,
		`{"Version":1}`:      "Version must be a string",
		`{"Id":{}}`:          "Id must be a string",
		`{"Statement":{}}`:   "Statement.Effect must be Allow or Deny",
		`{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}`:                         "Statement.Effect must be Allow or Deny",
		`{"Statement":{"Effect":["Allow"],"Action":"*","Resource":"*"}}`:                       "Statement.Effect must be a string",
		`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Permit"}]}`:    "Statement[1].Effect must be Allow or Deny",
		statement(`"action":"*","Resource":"*"`):                                               `"Statement[0].action" is not an element of session policies, whose names are written exactly as in the IAM documentation`,
		statement(`"Principal":"*","Action":"*","Resource":"*"`):                               `"Statement[0].Principal" is not an element of session policies, whose names are written exactly as in the IAM documentation`,
		statement(`"Action\n":"*","Resource":"*"`):                                             `"Statement[0].Action\n" is not an element of session policies, whose names are written exactly as in the IAM documentation`,
		statement(`"Action":[],"Resource":"*"`):                                                "Statement[0].Action must not be empty",
		statement(`"NotAction":[],"Resource":"*"`):                                             "Statement[0].NotAction must not be empty",
		statement(`"Action":["s3:*",1],"Resource":"*"`):                                        "Statement[0].Action[1] must be a string",
		statement(`"Action":{"s3:*":true},"Resource":"*"`):                                     "Statement[0].Action must be a string",
		statement(`"Action":[["*"]],"Resource":"*"`):                                           "Statement[0].Action[0] must be a string",
		statement(`"Action":null,"Resource":"*"`):                                              "Statement[0].Action must be a string",
		statement(`"Action":"*","NotAction":"s3:*","Resource":"*"`):                            "Statement[0] must have either Action or NotAction",
		statement(`"Resource":"*"`):                                                            "Statement[0] must have either Action or NotAction",
		statement(`"Action":"*"`):                                                              "Statement[0] must have either Resource or NotResource",
		statement(`"Action":"*","Resource":1`):                                                 "Statement[0].Resource must be a string",
		statement(`"Action":"*","Resource":"*","Condition":[]`):                                "Statement[0].Condition must be an object",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":true}`):                     "Statement[0].Condition.Bool must be an object",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":null}}`):           "Statement[0].Condition.Bool.aws:x must be a string, a number or true or false",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":[]}}`):             "Statement[0].Condition.Bool.aws:x must not be empty",
		statement(`"Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":[true,{}]}}`):      "Statement[0].Condition.Bool.aws:x[1] must be a string, a number or true or false",
		statement(`"Action":"*","Resource":"*","b":1,"a":1`):                                   `"Statement[0].a" is not an element of session policies, whose names are written exactly as in the IAM documentation`,
		`{"Statement":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `}`:            "Statement[0] must be an object",
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"` + "\u00e9" + `":true}`: `"é" is not an element of session policies, whose names are written exactly as in the IAM documentation`,
	} {
		t.Run(policy[:min(len(policy), 80)], func(t *testing.T) {
			g := NewWithT(t)
			request := withPolicy(federation, policy)
			unchanged, problem := apply(t, withRules("true"), request)
			g.Expect(unchanged).To(Equal(request))
			g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonRuleViolated))
			g.Expect(problem.Message).To(Equal("ClusterSessionIssuer aws refuses the session: its rules cannot judge spec.policy, because " + want))

			_, problem = apply(t, withRules(), request)
			g.Expect(problem).To(BeNil(), "without rules that is for STS to judge")

			_, problem = apply(t, withTags(v1alpha1.ForcedTag{Key: "scoped", ValueExpression: "string(has(session.policy))"}), request)
			g.Expect(message(problem)).To(HaveSuffix("spec.policy cannot be judged, because " + want))
			_, problem = apply(t, withTags(v1alpha1.ForcedTag{Key: "sid", ValueExpression: "session.policy.Id"}), request)
			g.Expect(message(problem)).To(HaveSuffix("spec.policy cannot be judged, because " + want))
		})
	}
}

func TestHowPoliciesAreSpeltDoesNotMatter(t *testing.T) {
	guardrails := compile(t, withRules(`session.policy.Statement.all(s, has(s.Action) && s.Action.all(a, a == 's3:GetObject') && s.Resource.all(r, r == '*'))`))
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

func TestAnIssuerOfOneNamespaceHasRulesToo(t *testing.T) {
	issuer := &v1alpha1.SessionIssuer{}
	issuer.Name = "mine"
	issuer.Spec.Rules = []v1alpha1.Rule{{Expression: "false", Message: "never"}}
	guardrails, problem := guardrail.Compile(issuer)
	g := NewWithT(t)
	g.Expect(problem).To(BeNil())
	_, problem = guardrails.Apply(federation, namespace, object)
	g.Expect(problem.Message).To(Equal("SessionIssuer mine refuses the session: never"))
}
