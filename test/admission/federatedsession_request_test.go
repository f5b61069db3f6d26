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

package admission_test

import "testing"

const (
	notAName = `name may hold only letters, digits and _+=,.@- (AWS STS: the Name of GetFederationToken and RoleSessionName match ` +
		`[\w+=,.@-]*)`
	policyTwice   = `spec: Invalid value: give the inline policy once: as an object (policyDocument) or as JSON text (policy)`
	notAPolicy    = `a policy ARN must look like arn:aws:iam::123456789012:policy/NAME or arn:aws:iam::aws:policy/NAME`
	reservedKey   = `a tag key must not begin with aws: in any case (AWS reserves that)`
	reservedValue = `a tag value must not begin with aws: in any case (AWS reserves that)`
	notATagKey    = `a tag key may hold only letters, digits, spaces and _.:/=+-@ (AWS STS: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, 1 to 128 characters)`
	notATagValue  = `a tag value may hold only letters, digits, spaces and _.:/=+-@ (AWS STS: [\p{L}\p{Z}\p{N}_.:/=+\-@]*, 0 to 256 characters)`
	notUnique     = `tag keys must be unique ignoring case (AWS STS: session tag keys are case-insensitive)`
)

// How long it may be, and whether it must be there, depends on the operation: TestFederatedSessionNameOfEachOperation.
func TestFederatedSessionName(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"the name may have 2 characters":           {`name: ab`, ``},
		"the name may hold every character of AWS": {`name: aZ09_+=,.@-`, ``},
		"the name must not be empty":               {`name: ""`, `spec.name in body should be at least 2 chars long`},
		"the name must have more than 1 character": {`name: a`, `spec.name in body should be at least 2 chars long`},
		"the name must not hold a colon":           {`name: "a:b"`, `spec.name: Invalid value: "a:b": ` + notAName},
		"the name must not hold a space":           {`name: a b`, notAName},
		"the name must not end in a line feed":     {`name: "ab\n"`, notAName},
		"the name must be ASCII":                   {`name: Jürgen`, notAName},
		"the name must be a string":                {`name: 42`, `spec.name in body must be of type string`},
	})
}

// Whether the text is a policy that STS would take, only the operator can tell; it does so in a condition.
func TestFederatedSessionPolicy(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"the policy may have white space over several lines": {"policy: |\n  {\n    \"Version\": \"2012-10-17\"\n  }\n", ``},
		"the policy may have 20480 characters":               {`policy: ` + text(20480, "p"), ``},
		"the policy is measured in characters, not in bytes": {`policy: ` + text(20480, "ÿ"), ``},
		"the policy must not be empty":                       {`policy: ""`, `spec.policy in body should be at least 1 chars long`},
		"the policy must have less than 20481": {
			`policy: ` + text(20481, "p"),
			`spec.policy: Too long: may not be more than 20480`,
		},
		"the policy must be text, not YAML": {`policy: {}`, `spec.policy in body must be of type string`},
	})
}

// Whether the object is a policy that STS would take, only the operator can tell; it does so in a condition. The API server
// keeps the document as it is, whatever its fields.
func TestFederatedSessionPolicyDocument(t *testing.T) {
	const field = `spec.policyDocument`
	document := func(d string) string { return `policyDocument: ` + d }
	ask(t, "FederatedSession", map[string]candidate{
		"the document may be a policy": {document(`{Version: "2012-10-17", Id: a, Statement: [{Effect: Allow, ` +
			`Action: ["s3:GetObject"], Resource: "*", Condition: {Bool: {"aws:SecureTransport": true}}}]}`), ``},
		"the document's statement may be an object":   {document(`{Statement: {Effect: Allow, Action: "*", Resource: "*"}}`), ``},
		"the document may have fields that AWS lacks": {document(`{version: 1, deep: {list: [1, 1.5, true, "a", {b: c}, []]}}`), ``},
		"the document may be empty":                   {document(`{}`), ``},
		"the document may have 8 fields":              {document(`{` + many(8, `f%d: a`) + `}`), ``},
		"the document must have less than 9 fields": {
			document(`{` + many(9, `f%d: a`) + `}`),
			field + `: Too many: 9: must have at most 8 items`,
		},
		"the document must be an object, not text": {
			document(`'{"Version":"2012-10-17"}'`),
			field + ` in body must be of type object: "string"`,
		},
		"the document must be an object, not a list":     {document(`[{Effect: Allow}]`), field + ` in body must be of type object: "array"`},
		"the document must be an object, not a number":   {document(`20121017`), field + ` in body must be of type object: "integer"`},
		"the document must be an object, not true":       {document(`true`), field + ` in body must be of type object: "boolean"`},
		"the policy must not be given twice":             {`{policy: "{}", policyDocument: {Version: "2012-10-17"}}`, policyTwice},
		"the policy must not be given twice, even empty": {`{policy: "{}", policyDocument: {}}`, policyTwice},
	})
}

func TestFederatedSessionPolicyARNs(t *testing.T) {
	// 24 characters before the name, and the limit is 2048.
	longARN := func(length int) string { return `["arn:aws:iam::aws:policy/` + text(length-24, "n") + `"]` }
	ask(t, "FederatedSession", map[string]candidate{
		"a policy may be the account's own":          {`policyARNs: ["arn:aws:iam::123456789012:policy/team/reports"]`, ``},
		"a policy may be managed by AWS":             {`policyARNs: ["arn:aws:iam::aws:policy/service-role/Reports+=,.@_-"]`, ``},
		"a policy may be of China":                   {`policyARNs: ["arn:aws-cn:iam::123456789012:policy/reports"]`, ``},
		"a policy may be of GovCloud":                {`policyARNs: ["arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess"]`, ``},
		"a policy may be of the European cloud":      {`policyARNs: ["arn:aws-eusc:iam::aws:policy/ReadOnlyAccess"]`, ``},
		"a policy may be of the partition aws-iso":   {`policyARNs: ["arn:aws-iso:iam::aws:policy/ReadOnlyAccess"]`, ``},
		"a policy may be of the partition aws-iso-b": {`policyARNs: ["arn:aws-iso-b:iam::aws:policy/ReadOnlyAccess"]`, ``},
		"a policy may be of the partition aws-iso-e": {`policyARNs: ["arn:aws-iso-e:iam::aws:policy/ReadOnlyAccess"]`, ``},
		"a policy may be of the partition aws-iso-f": {`policyARNs: ["arn:aws-iso-f:iam::aws:policy/ReadOnlyAccess"]`, ``},
		"an ARN may have 2048 characters":            {`policyARNs: ` + longARN(2048), ``},
		"there may be no policies":                   {`policyARNs: []`, ``},
		"there may be 10 policies":                   {`policyARNs: [` + many(10, `"arn:aws:iam::aws:policy/P%d"`) + `]`, ``},
		"there must be less than 11": {
			`policyARNs: [` + many(11, `"arn:aws:iam::aws:policy/P%d"`) + `]`,
			`spec.policyARNs: Too many: 11: must have at most 10 items`,
		},
		"no policy may be there twice": {
			`policyARNs: [` + many(2, `"arn:aws:iam::aws:policy/P"`) + `]`,
			`spec.policyARNs[1]: Duplicate value: "arn:aws:iam::aws:policy/P"`,
		},
		"an ARN must have more than 19 characters": {
			`policyARNs: ["arn:aws:iam::aws:po"]`,
			`spec.policyARNs[0] in body should be at least 20 chars long`,
		},
		"an ARN must have less than 2049": {
			`policyARNs: ` + longARN(2049),
			`spec.policyARNs[0]: Too long: may not be more than 2048`,
		},
		"a sentence is not an ARN":                     {`policyARNs: ["read only, if you please"]`, notAPolicy},
		"a role is not a policy":                       {`policyARNs: ["arn:aws:iam::123456789012:role/reports"]`, notAPolicy},
		"an account has 12 digits, not 11":             {`policyARNs: ["arn:aws:iam::12345678901:policy/reports"]`, notAPolicy},
		"a policy has no region":                       {`policyARNs: ["arn:aws:iam:us-east-1:123456789012:policy/reports"]`, notAPolicy},
		"a policy has a name":                          {`policyARNs: ["arn:aws:iam::123456789012:policy/"]`, notAPolicy},
		"the partition begins with aws":                {`policyARNs: ["arn:azure:iam::123456789012:policy/reports"]`, notAPolicy},
		"the partition has a dash after aws":           {`policyARNs: ["arn:awscn:iam::123456789012:policy/reports"]`, notAPolicy},
		"an ARN must not have a space before or after": {`policyARNs: [" arn:aws:iam::aws:policy/reports"]`, notAPolicy},
		"the error says which of the ARNs is wrong": {
			`policyARNs: ["arn:aws:iam::aws:policy/P", "read only, if you please"]`,
			`spec.policyARNs[1]: Invalid value: "read only, if you please": ` + notAPolicy,
		},
	})
}

func TestFederatedSessionTags(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"a tag may hold every character of AWS":             {`tags: [{key: "aZ09 _.:/=+-@", value: "aZ09 _.:/=+-@"}]`, ``},
		"a tag may hold letters and digits of every script": {`tags: [{key: "Straße 東京 ٣", value: "Ελλάδα ½"}]`, ``},
		"a tag's value may be empty":                        {`tags: [{key: team, value: ""}]`, ``},
		"tags may have the same value":                      {`tags: [{key: team, value: a}, {key: owner, value: a}]`, ``},
		"a key may have 128 characters, of 4 bytes each":    {`tags: [{key: ` + text(128, "𐐀") + `, value: a}]`, ``},
		"a value may have 256 characters, of 4 bytes each":  {`tags: [{key: a, value: ` + text(256, "𐐀") + `}]`, ``},
		"there may be no tags":                              {`tags: []`, ``},
		"there may be 50 tags":                              {`tags: [` + many(50, `{key: k%d, value: v}`) + `]`, ``},
		"there must be less than 51": {
			`tags: [` + many(51, `{key: k%d, value: v}`) + `]`,
			`spec.tags: Too many: 51: must have at most 50 items`,
		},
		"a tag must have a key":          {`tags: [{value: a}]`, `spec.tags[0].key: Required value`},
		"a tag must have a value":        {`tags: [{key: a}]`, `spec.tags[0].value: Required value`},
		"a tag's value must not be null": {`tags: [{key: a, value: null}]`, `spec.tags[0].value: Required value`},
		"a key must not be empty": {
			`tags: [{key: "", value: a}]`,
			`spec.tags[0].key in body should be at least 1 chars long`,
		},
		"a key must have less than 129": {
			`tags: [{key: ` + text(129, "k") + `, value: a}]`,
			`spec.tags[0].key: Too long: may not be more than 128`,
		},
		"a value must have less than 257": {
			`tags: [{key: a, value: ` + text(257, "v") + `}]`,
			`spec.tags[0].value: Too long: may not be more than 256`,
		},
		"a key must not hold an emoji": {
			`tags: [{key: "🚀", value: a}]`,
			`spec.tags[0].key: Invalid value: "🚀": ` + notATagKey,
		},
		"a value must not hold an emoji": {
			`tags: [{key: a, value: "🚀"}]`,
			`spec.tags[0].value: Invalid value: "🚀": ` + notATagValue,
		},
		"a key must not begin with aws:": {
			`tags: [{key: "aws:cost-center", value: a}]`, `spec.tags[0].key: Invalid value: "aws:cost-center": ` + reservedKey,
		},
		"a key must not, in any case":            {`tags: [{key: "Aws:x", value: a}]`, reservedKey},
		"a key must not be aws: alone":           {`tags: [{key: "aws:", value: a}]`, reservedKey},
		"a key may begin with aws":               {`tags: [{key: aws, value: a}, {key: awsx, value: a}, {key: "x-aws:y", value: a}]`, ``},
		"a value must not begin with aws:":       {`tags: [{key: a, value: "aws:x"}]`, `spec.tags[0].value: Invalid value: "aws:x": ` + reservedValue},
		"a value must not, in any case":          {`tags: [{key: a, value: "AWS:"}]`, reservedValue},
		"a value may hold aws: behind its begin": {`tags: [{key: a, value: "arn:aws:x"}]`, ``},
		"a key must not hold an asterisk":        {`tags: [{key: "a*", value: a}]`, notATagKey},
		"a value must not hold an asterisk":      {`tags: [{key: a, value: "*"}]`, notATagValue},
		"a key must not hold a tab":              {`tags: [{key: "a\tb", value: a}]`, notATagKey},
		"a value must not hold a line feed":      {`tags: [{key: a, value: "a\nb"}]`, notATagValue},
		"keys must differ in more than case": {
			`tags: [{key: Team, value: a}, {key: team, value: b}]`,
			`spec.tags: Invalid value: ` + notUnique,
		},
		"keys must differ": {
			`tags: [{key: team, value: a}, {key: team, value: b}]`,
			`spec.tags[1]: Duplicate value: {"key":"team"}`,
		},
	})
}

func TestFederatedSessionDuration(t *testing.T) {
	ask(t, "FederatedSession", map[string]candidate{
		"a session may live 900 seconds":    {`durationSeconds: 900`, ``},
		"a session may live 129600 seconds": {`durationSeconds: 129600`, ``},
		"a session must live longer than 899": {
			`durationSeconds: 899`,
			`spec.durationSeconds in body should be greater than or equal to 900`,
		},
		"a session must live shorter than 129601": {
			`durationSeconds: 129601`,
			`spec.durationSeconds in body should be less than or equal to 129600`,
		},
		"a session must not live less than nothing": {
			`durationSeconds: -900`,
			`spec.durationSeconds in body should be greater than or equal to 900`,
		},
		"a duration must be a number, not a string": {`durationSeconds: 1h`, `spec.durationSeconds in body must be of type integer`},
		"a duration must be a whole number":         {`durationSeconds: 900.5`, `spec.durationSeconds in body must be of type int32`},
		"a duration must be one that fits its format": {
			`durationSeconds: 4294968196`,
			`spec.durationSeconds in body should be less than or equal to 129600`,
		},
	})
}
