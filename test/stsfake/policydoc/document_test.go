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

package policydoc

import (
	"testing"

	. "github.com/onsi/gomega"
)

const allow = `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"`

func TestCheckTakesEveryFormOfTheGrammar(t *testing.T) {
	for name, policy := range map[string]string{
		"one statement":               `{"Version":"2012-10-17","Statement":{` + allow + `}}`,
		"a list of statements":        `{"Version":"2012-10-17","Statement":[{` + allow + `},{` + allow + `}]}`,
		"no version":                  `{"Statement":[{` + allow + `}]}`,
		"the old version and an id":   `{"Version":"2008-10-17","Id":"cd3ad3d9","Statement":[{` + allow + `}]}`,
		"a Sid":                       `{"Statement":[{"Sid":"One",` + allow + `},{"Sid":"Two",` + allow + `}]}`,
		"empty Sids are not equal":    `{"Statement":[{"Sid":"",` + allow + `},{"Sid":"",` + allow + `}]}`,
		"everything":                  `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		"NotAction and NotResource":   `{"Statement":[{"Effect":"Deny","NotAction":["iam:*"],"NotResource":["arn:aws:s3:::a","arn:aws:s3:::b"]}]}`,
		"wildcards in the action":     `{"Statement":[{"Effect":"Allow","Action":["s3:Get*","ec2:*"],"Resource":"*"}]}`,
		"wildcards in the ARN":        `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:*:s3:::b","arn:aws:s3*"]}]}`,
		"an ARN of another partition": `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws-cn:s3:::${aws:username}/*"}]}`,
		"a condition with every value": `{"Statement":[{` + allow +
			`,"Condition":{"StringEquals":{"a:b":["c","d"],"e:f":"g"},"Bool":{"h":true},"NumericLessThan":{"i":5}}}]}`,
		"operators with more around them": `{"Statement":[{` + allow +
			`,"Condition":{"ForAnyValue:StringLikeIfExists":{"a:b":"c"},"StringNotEqualsIgnoreCase":{"d:e":"f"},"Null":{"g:h":true}}}]}`,
		"an empty condition":              `{"Statement":[{` + allow + `,"Condition":{}}]}`,
		"spaces and line ends everywhere": "\n\t{ \"Statement\" : [ {\r\n" + allow + " } ] }\n ",
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(Check(policy)).To(Succeed())
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	const syntax = "Syntax errors in policy."
	for name, test := range map[string]struct{ policy, message string }{
		"nothing":                        {``, "Unexpected end-of-input"},
		"half a document":                {`{"Statement":`, "Unexpected end-of-input"},
		"a word":                         {`allow`, "Syntax errors in policy: invalid character 'a' looking for beginning of value"},
		"two documents":                  {`{"Statement":[{` + allow + `}]}{}`, syntax},
		"a list":                         {`[]`, syntax},
		"null":                           {`null`, syntax},
		"no statement":                   {`{"Version":"2012-10-17"}`, syntax},
		"an empty list of statements":    {`{"Statement":[]}`, syntax},
		"a statement that is a text":     {`{"Statement":["x"]}`, syntax},
		"an unknown version":             {`{"Version":"2012-10-18","Statement":[{` + allow + `}]}`, syntax},
		"a version that is a number":     {`{"Version":2012,"Statement":[{` + allow + `}]}`, syntax},
		"an id that is a number":         {`{"Id":1,"Statement":[{` + allow + `}]}`, syntax},
		"an unknown element":             {`{"Statements":[],"Statement":[{` + allow + `}]}`, syntax},
		"an unknown part of a statement": {`{"Statement":[{` + allow + `,"Actions":[]}]}`, syntax},
		"no effect":                      {`{"Statement":[{"Action":"s3:*","Resource":"*"}]}`, syntax},
		"another effect":                 {`{"Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}`, syntax},
		"no action":                      {`{"Statement":[{"Effect":"Allow","Resource":"*"}]}`, "Policy statement must contain actions."},
		"an empty list of actions":       {`{"Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}`, "Policy statement must contain actions."},
		"an action and its negation":     {`{"Statement":[{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}]}`, syntax},
		"an action that is a number":     {`{"Statement":[{"Effect":"Allow","Action":1,"Resource":"*"}]}`, syntax},
		"a number among actions":         {`{"Statement":[{"Effect":"Allow","Action":["s3:*",1],"Resource":"*"}]}`, syntax},
		"an action without service": {
			`{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`,
			"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		},
		"no resource":               {`{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`, "Policy statement must contain resources."},
		"a resource that is no ARN": {`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}`, `Resource bucket must be in ARN format or "*".`},
		"an ARN cut short": {
			`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3"}]}`, `Resource arn:aws:s3 must be in ARN format or "*".`,
		},
		"a principal": {`{"Statement":[{` + allow + `,"Principal":"*"}]}`, "Policy document should not specify a principal."},
		"a Sid with a space": {`{"Statement":[{"Sid":"a b",` + allow + `}]}`,
			"Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		"a Sid twice": {
			`{"Statement":[{"Sid":"A",` + allow + `},{"Sid":"A",` + allow + `}]}`, "Statement IDs (SID) in a single policy must be unique.",
		},
		"an unknown operator":            {`{"Statement":[{` + allow + `,"Condition":{"StringEqual":{"a:b":"c"}}}]}`, "Invalid Condition type : StringEqual."},
		"a resource and its negation":    {`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"}]}`, syntax},
		"NotPrincipal":                   {`{"Statement":[{` + allow + `,"NotPrincipal":{"AWS":"*"}}]}`, "Policy document should not specify a principal."},
		"a condition that is a text":     {`{"Statement":[{` + allow + `,"Condition":"x"}]}`, syntax},
		"a condition without keys":       {`{"Statement":[{` + allow + `,"Condition":{"StringEquals":"x"}}]}`, syntax},
		"a condition value that is deep": {`{"Statement":[{` + allow + `,"Condition":{"StringEquals":{"a":{"b":"c"}}}}]}`, syntax},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(Check(test.policy)).To(MatchError("MalformedPolicyDocument: " + test.message))
		})
	}
}
