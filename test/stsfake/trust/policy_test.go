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

package trust_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

const (
	account  = `"arn:aws:iam::123456789012:root"`
	demo     = `"arn:aws:iam::123456789012:user/demo"`
	cluster  = `"arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id"`
	assuming = `"Action":"sts:AssumeRole"`
)

// statement is a policy of one statement that allows.
func statement(rest string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + rest + `}]}`
}

// byDemo is a request of the demo user's, with condition keys and values.
func byDemo(context ...string) trust.Request {
	request := trust.Request{
		Action: trust.AssumeRole,
		Principals: []trust.Principal{{Type: trust.AWS, Name: "123456789012"}, {Type: trust.AWS, Name: "arn:aws:iam::123456789012:root"},
			{Type: trust.AWS, Name: "arn:aws:iam::123456789012:user/demo"}},
		Context: map[string]string{},
	}
	for i := 0; i < len(context); i += 2 {
		request.Context[context[i]] = context[i+1]
	}
	return request
}

func TestDecide(t *testing.T) {
	condition := func(text string) string {
		return statement(`"Principal":{"AWS":` + demo + `},` + assuming + `,"Condition":{` + text + `}`)
	}
	withProvider := byDemo("oidc.example.com/id:sub", "system:serviceaccount:a:b")
	withProvider.Action, withProvider.Principals = trust.AssumeRoleWithWebIdentity, []trust.Principal{
		{Type: trust.Federated, Name: cluster[1 : len(cluster)-1]},
	}

	for name, test := range map[string]struct {
		policy  string
		request trust.Request
		allowed bool
	}{
		"the user itself":             {statement(`"Principal":{"AWS":` + demo + `},` + assuming), byDemo(), true},
		"the root of the account":     {statement(`"Principal":{"AWS":` + account + `},` + assuming), byDemo(), true},
		"the number of the account":   {statement(`"Principal":{"AWS":["123456789012"]},` + assuming), byDemo(), true},
		"everybody":                   {statement(`"Principal":"*",` + assuming), byDemo(), true},
		"everybody with an ARN":       {statement(`"Principal":{"AWS":"*"},` + assuming), byDemo(), true},
		"another user":                {statement(`"Principal":{"AWS":"arn:aws:iam::123456789012:user/other"},` + assuming), byDemo(), false},
		"another account":             {statement(`"Principal":{"AWS":["210987654321"]},` + assuming), byDemo(), false},
		"a provider is not everybody": {statement(`"Principal":"*","Action":"sts:*"`), withProvider, false},
		"another action":              {statement(`"Principal":"*","Action":"sts:TagSession"`), byDemo(), false},
		"a pattern of actions":        {statement(`"Principal":"*","Action":["sts:TagSession","STS:assume*"]`), byDemo(), true},
		"a single statement that is no list": {
			`{"Version":"2012-10-17","Id":"x","Statement":{"Sid":"a","Effect":"Allow","Principal":"*",` + assuming + `}}`, byDemo(), true,
		},
		"an equal text":                         {condition(`"StringEquals":{"sts:ExternalId":["a","b"]}`), byDemo("sts:ExternalId", "b"), true},
		"the key in other capitals":             {condition(`"StringEquals":{"STS:externalid":"b"}`), byDemo("sts:ExternalId", "b"), true},
		"a text in other capitals":              {condition(`"StringEquals":{"sts:ExternalId":"B"}`), byDemo("sts:ExternalId", "b"), false},
		"a star is no pattern for StringEquals": {condition(`"StringEquals":{"sts:ExternalId":"*"}`), byDemo("sts:ExternalId", "b"), false},
		"no such key":                           {condition(`"StringEquals":{"sts:ExternalId":"b"}`), byDemo(), false},
		"no such key, if it exists":             {condition(`"StringEqualsIfExists":{"sts:ExternalId":"b"}`), byDemo(), true},
		"another text, if it exists":            {condition(`"StringEqualsIfExists":{"sts:ExternalId":"b"}`), byDemo("sts:ExternalId", "c"), false},
		"an unequal text":                       {condition(`"StringNotEquals":{"sts:ExternalId":["a","b"]}`), byDemo("sts:ExternalId", "c"), true},
		"one of the texts that must not be":     {condition(`"StringNotEquals":{"sts:ExternalId":["a","b"]}`), byDemo("sts:ExternalId", "b"), false},
		"no such key is unequal":                {condition(`"StringNotEquals":{"sts:ExternalId":"b"}`), byDemo(), true},
		"a pattern":                             {condition(`"StringLike":{"sts:RoleSessionName":"ci-*-?"}`), byDemo("sts:RoleSessionName", "ci-.-1"), true},
		"a pattern and more":                    {condition(`"StringLike":{"sts:RoleSessionName":"ci-?"}`), byDemo("sts:RoleSessionName", "ci-12"), false},
		"a dot is a dot":                        {condition(`"StringLike":{"sts:RoleSessionName":"c.i"}`), byDemo("sts:RoleSessionName", "cxi"), false},
		"not like":                              {condition(`"StringNotLike":{"sts:RoleSessionName":"ci-*"}`), byDemo("sts:RoleSessionName", "ci-1"), false},
		"MFA":                                   {condition(`"Bool":{"aws:MultiFactorAuthPresent":"true"}`), byDemo("aws:MultiFactorAuthPresent", "true"), true},
		"no MFA":                                {condition(`"Bool":{"aws:MultiFactorAuthPresent":true}`), byDemo(), false},
		"no MFA, if it exists":                  {condition(`"BoolIfExists":{"aws:MultiFactorAuthPresent":true}`), byDemo(), true},
		"two conditions": {
			condition(`"StringEquals":{"sts:ExternalId":"a","aws:RequestTag/Team":"x"}`),
			byDemo("sts:ExternalId", "a", "aws:RequestTag/team", "x"), true,
		},
		"two conditions of which one holds": {
			condition(`"StringEquals":{"sts:ExternalId":"a","aws:RequestTag/Team":"x"}`),
			byDemo("sts:ExternalId", "a", "aws:RequestTag/team", "y"), false,
		},
		"two operators of which one holds": {
			condition(`"StringEquals":{"sts:ExternalId":"a"},"StringLike":{"sts:SourceIdentity":"b*"}`),
			byDemo("sts:ExternalId", "a", "sts:SourceIdentity", "c"), false,
		},
		"the provider with its subject": {
			statement(`"Principal":{"Federated":` + cluster + `},"Action":"sts:AssumeRoleWithWebIdentity",` +
				`"Condition":{"StringLike":{"oidc.example.com/id:sub":"system:serviceaccount:a:*"}}`),
			withProvider, true,
		},
		"the provider with another's subject": {
			statement(`"Principal":{"Federated":` + cluster + `},"Action":"sts:AssumeRoleWithWebIdentity",` +
				`"Condition":{"StringLike":{"oidc.example.com/id:sub":"system:serviceaccount:b:*"}}`),
			withProvider, false,
		},
		"the provider may not assume without it": {statement(`"Principal":{"Federated":` + cluster + `},` + assuming), withProvider, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			policy, err := trust.Parse([]byte(test.policy))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(policy.Decide(test.request)).To(Equal(trust.Verdict{Allowed: test.allowed}))
		})
	}
}

func TestWhatAStatementForbidsNoneAllows(t *testing.T) {
	g := NewWithT(t)
	policy, err := trust.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Sid":"NoMFA","Effect":"Deny","Principal":"*","Action":"sts:Assume*",
		"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}},{"Effect":"Allow","Principal":{"AWS":` + demo + `},` + assuming + `}]}`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(policy.Decide(byDemo())).To(Equal(trust.Verdict{Denials: []trust.Statement{{ID: "NoMFA", Actions: []string{"sts:Assume*"}}}}))
	g.Expect(policy.Decide(byDemo("aws:MultiFactorAuthPresent", "true"))).To(Equal(trust.Verdict{Allowed: true}))
	g.Expect(trust.Policy{}.Decide(byDemo()).Allowed).To(BeFalse())
}

func TestParseRefusesWhatItWouldNotEvaluate(t *testing.T) {
	const actions = `["sts:AssumeRole" "sts:AssumeRoleWithSAML" "sts:AssumeRoleWithWebIdentity" "sts:SetSourceIdentity" "sts:TagSession"]`
	for name, test := range map[string]struct{ policy, message string }{
		"no JSON":                     {`x`, "this is not a JSON object: invalid character 'x' looking for beginning of value"},
		"a list":                      {`[]`, "this is not a JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}"},
		"two documents":               {`{}{}`, "this is not a JSON object: invalid character '{' after top-level value"},
		"an element twice":            {`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow"}]}`, `duplicate field "Statement[0].Effect"`},
		"an unknown element":          {`{"Versions":1}`, `Versions: not evaluated by this server, which knows ["Version" "Id" "Statement"] here`},
		"no version":                  {`{}`, `Version: must be "2012-10-17"`},
		"an id that is a number":      {`{"Version":"2012-10-17","Id":1}`, "Id: must be a text"},
		"no statement":                {`{"Version":"2012-10-17"}`, "Statement: there is none"},
		"an empty list of statements": {`{"Version":"2012-10-17","Statement":[]}`, "Statement: there is none"},
		"a statement that is a text":  {`{"Version":"2012-10-17","Statement":["x"]}`, "Statement[0]: must be an object"},
		"a resource": {
			statement(`"Resource":"*"`),
			`Statement[0].Resource: not evaluated by this server, which knows ["Sid" "Effect" "Principal" "Action" "Condition"] here`,
		},
		"NotPrincipal": {
			statement(`"NotPrincipal":"*"`),
			`Statement[0].NotPrincipal: not evaluated by this server, which knows ["Sid" "Effect" "Principal" "Action" "Condition"] here`,
		},
		"a Sid that is a number":     {statement(`"Sid":1`), "Statement[0].Sid: must be a text"},
		"another effect":             {`{"Version":"2012-10-17","Statement":{"Effect":"allow"}}`, `Statement[0].Effect: must be "Allow" or "Deny"`},
		"no principal":               {statement(assuming), `Statement[0].Principal: must be "*" or an object with AWS or Federated`},
		"no principal in the object": {statement(assuming + `,"Principal":{}`), `Statement[0].Principal: must be "*" or an object with AWS or Federated`},
		"a service": {
			statement(assuming + `,"Principal":{"Service":"ec2.amazonaws.com"}`),
			`Statement[0].Principal.Service: not evaluated by this server, which knows ["AWS" "Federated"] here`,
		},
		"a principal that is a number": {statement(assuming + `,"Principal":{"AWS":1}`), "Statement[0].Principal.AWS: must be a text or a list of texts"},
		"an empty list of principals":  {statement(assuming + `,"Principal":{"AWS":[]}`), "Statement[0].Principal.AWS: must not be empty"},
		"a principal that is no ARN":   {statement(assuming + `,"Principal":{"AWS":"demo"}`), `Statement[0].Principal.AWS: "demo" is not the ARN of one`},
		"a pattern of principals": {
			statement(assuming + `,"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}`),
			`Statement[0].Principal.AWS: "arn:aws:iam::123456789012:user/*" is not the ARN of one`,
		},
		"a provider that is no ARN": {
			statement(assuming + `,"Principal":{"Federated":"oidc.example.com"}`),
			`Statement[0].Principal.Federated: "oidc.example.com" is not the ARN of one`,
		},
		"no action":                    {statement(`"Principal":"*"`), "Statement[0].Action: must be given"},
		"an action of another service": {statement(`"Principal":"*","Action":"*"`), `Statement[0].Action: "*" fits none of ` + actions},
		"a misspelled action": {
			statement(`"Principal":"*","Action":["sts:AssumeRoles"]`), `Statement[0].Action: "sts:AssumeRoles" fits none of ` + actions,
		},
		"an action that is an object": {statement(`"Principal":"*","Action":{}`), "Statement[0].Action: must be a text or a list of texts"},
		"a condition that is a text":  {statement(`"Principal":"*",` + assuming + `,"Condition":"x"`), "Statement[0].Condition: must be an object"},
		"an operator without keys":    {statement(`"Principal":"*",` + assuming + `,"Condition":{"Bool":"x"}`), "Statement[0].Condition.Bool: must be an object"},
		"an operator it does not know": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"IpAddress":{"aws:SourceIp":"::1"}}`),
			"Statement[0].Condition.IpAddress.aws:SourceIp: this server does not evaluate the operator",
		},
		"a key it does not know": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"StringLike":{"aws:SourceIp":"*"}}`),
			"Statement[0].Condition.StringLike.aws:SourceIp: this server does not evaluate the key here",
		},
		"a tag without a key": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"StringLike":{"aws:RequestTag/":"*"}}`),
			"Statement[0].Condition.StringLike.aws:RequestTag/: this server does not evaluate the key here",
		},
		"the key of another provider": {
			statement(`"Principal":{"Federated":` + cluster + `},"Action":"sts:*","Condition":{"StringLike":{"oidc.example.com:sub":"*"}}`),
			"Statement[0].Condition.StringLike.oidc.example.com:sub: this server does not evaluate the key here",
		},
		"Bool of a text": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"Bool":{"sts:ExternalId":"true"}}`),
			"Statement[0].Condition.Bool.sts:ExternalId: Bool goes with aws:MultiFactorAuthPresent, the other operators with the other keys",
		},
		"a text of Bool": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"yes"}}`),
			`Statement[0].Condition.Bool.aws:MultiFactorAuthPresent: "yes" is neither true nor false`,
		},
		"a variable": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"StringLike":{"sts:RoleSessionName":"${aws:username}"}}`),
			"Statement[0].Condition.StringLike.sts:RoleSessionName: this server does not evaluate the variable in \"${aws:username}\"",
		},
		"a value that is an object": {
			statement(`"Principal":"*",` + assuming + `,"Condition":{"StringLike":{"sts:ExternalId":{}}}`),
			"Statement[0].Condition.StringLike.sts:ExternalId: must be a text or a list of texts",
		},
		"the second statement is wrong": {
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",` + assuming + `},{}]}`,
			`Statement[1].Effect: must be "Allow" or "Deny"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trust.Parse([]byte(test.policy))
			NewWithT(t).Expect(err).To(MatchError(test.message))
		})
	}
}

// FuzzParse looks for a document that makes reading or deciding fail in another way than with an error.
func FuzzParse(f *testing.F) {
	f.Add(
		statement(
			`"Principal":{"AWS":`+demo+`,"Federated":[`+cluster+`]},`+assuming+
				`,"Condition":{"StringLike":{"sts:ExternalId":["a*",""]},"BoolIfExists":{"aws:MultiFactorAuthPresent":true}}`,
		),
		"x",
	)
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["sts:*","sts:TagSession"]},{}]}`, "")
	f.Fuzz(func(_ *testing.T, document, externalID string) {
		if policy, err := trust.Parse([]byte(document)); err == nil {
			policy.Decide(byDemo(trust.ExternalID, externalID))
		}
	})
}
