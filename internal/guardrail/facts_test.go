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

	"github.com/sts-operator/sts-operator/internal/sts"
)

// everything is a request with every field that expressions see.
var everything = sts.Request{
	Operation: sts.OperationAssumeRole, Name: "team-a-reports", PolicyARNs: []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"},
	Policy: parsed(`{"Version":"2012-10-17","Id":"id","Statement":[{"Sid":"one","Effect":"Allow","Action":"s3:GetObject","Resource":["*"],` +
		`"Condition":{"StringEquals":{"aws:a":"x","aws:b":["y","z"]},"Bool":{"aws:c":true},"NumericLessThan":{"aws:d":1.50}}},` +
		`{"Effect":"Deny","NotAction":["s3:*","sts:*"],"NotResource":"arn:aws:s3:::x"}]}`),
	Tags:            []sts.Tag{{Key: "Team", Value: "a"}, {Key: "stage", Value: "test"}},
	DurationSeconds: 900, MinimumSessionTokenSize: 4096, RoleARN: roleARN, ExternalID: "external", SourceIdentity: "someone",
	TransitiveTagKeys: []string{"Team"},
	ProvidedContexts:  []sts.Context{{ProviderARN: "arn:aws:iam::aws:contextProvider/X", Assertion: "assertion"}},
}

func TestApplyWhatExpressionsSee(t *testing.T) {
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
		{
			everything,
			`has(session.name) && has(session.policy) && has(session.tags) && has(session.policyARNs) && has(session.minimumSessionTokenSize)`,
		},
		{everything, `session.policy.Version == '2012-10-17' && session.policy.Id == 'id' && session.policy.Statement.size() == 2`},
		{everything, `session.policy.Statement[0].Sid == 'one' && session.policy.Statement[0].Effect == 'Allow'`},
		{everything, `session.policy.Statement[0].Action == ['s3:GetObject'] && session.policy.Statement[0].Resource == ['*']`},
		{
			everything,
			`session.policy.Statement[1].NotAction == ['s3:*', 'sts:*'] && session.policy.Statement[1].NotResource == ['arn:aws:s3:::x']`,
		},
		{everything, `session.policy.Statement[0].Condition['StringEquals']['aws:a'] == ['x']`},
		{everything, `session.policy.Statement[0].Condition.StringEquals['aws:b'] == ['y', 'z']`},
		{
			everything,
			`session.policy.Statement[0].Condition.Bool['aws:c'] == ['true'] && ` +
				`session.policy.Statement[0].Condition.NumericLessThan['aws:d'] == ['1.5']`,
		},
		{
			everything,
			`session.policy.Statement.map(s, has(s.Sid)) == [true, false] && session.policy.Statement.filter(s, has(s.NotAction)).size() == 1`,
		},
		{everything, `!has(session.policy.Statement[1].Condition) && !has(session.policy.Statement[1].Action)`},
		{
			withPolicy(federation, `{"Statement":{"Effect":"Allow","Action":"\u0073\u0033:*","Resource":"*"}}`),
			`session.policy.Statement[0].Action == ['s3:*'] && !has(session.policy.Version)`,
		},
		{federation, `session.durationSeconds == 43200`},
		{role, `session.durationSeconds == 3600`},
		{
			federation,
			`!has(session.policy) && !has(session.tags) && !has(session.policyARNs) && !has(session.roleARN) && !has(session.sourceIdentity)`,
		},
		{
			federation,
			`session.roleARN == '' && session.tags.size() == 0 && session.policyARNs.size() == 0 && session.minimumSessionTokenSize == 0`,
		},
		{token, `!has(session.name) && session.name == ''`},
		{web, `session.serviceAccountName == 'default' && session.audience == 'sts.amazonaws.com' && session.providerID == 'www.example.com'`},
		{saml, `session.principalARN.endsWith(':saml-provider/corporate')`},
		{
			federation,
			`namespace.name == 'team-a' && namespace.labels == {'team': 'a', 'stage': 'test'} && 'example.com/role-arns' in namespace.annotations`,
		},
		{federation, `object.name == 'reports' && object.labels.app == 'reports' && !has(object.annotations) && object.annotations.size() == 0`},
		{federation, `!has(object.labels.team) && has(namespace.labels.team) && !('x' in object.annotations)`},
		{federation, `namespace.labels.map(k, k + '=' + namespace.labels[k]).join(',') == 'stage=test,team=a'`},
		{everything, `session.tags['TEAM'] == 'a' && 'STAGE' in session.tags && has(session.tags.team)`},
		{federation, `!('Team' in namespace.labels) && !has(namespace.labels.TEAM)`},
	} {
		_, problem := apply(t, withRules(c.expression), c.request)
		NewWithT(t).Expect(message(problem)).To(BeEmpty(), c.expression)
	}
}
