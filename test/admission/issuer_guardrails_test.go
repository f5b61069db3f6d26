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
	supported = `"GetFederationToken", "AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "GetSessionToken"`
	// guardrailsOfAll has every field of guardrails.
	guardrailsOfAll = `guardrails: {operations: [AssumeRole], rules: [{expression: "true"}], sessionTags: [{key: team, value: a}], ` +
		`sourceIdentityExpression: namespace.name}`
	oneMessage     = `spec.guardrails.rules[0]: Invalid value: give at most one of message and messageExpression`
	oneValue       = `spec.guardrails.sessionTags[0]: Invalid value: give exactly one of value and valueExpression`
	notUniqueTwice = `spec.guardrails.sessionTags[1]: Duplicate value: {"key":"team"}`
)

func TestIssuerOperations(t *testing.T) {
	const (
		field = `spec.guardrails.operations`
		all   = `GetFederationToken, AssumeRole, AssumeRoleWithWebIdentity, AssumeRoleWithSAML, GetSessionToken`
	)
	operations := func(list string) string { return `guardrails: {operations: [` + list + `]}` }
	bothKinds(t, map[string]candidate{
		"guardrails may say nothing":               {`guardrails: {}`, ``},
		"GetFederationToken may be the only one":   {operations(`GetFederationToken`), ``},
		"AssumeRole may be the only one":           {operations(`AssumeRole`), ``},
		"GetSessionToken may be asked for by name": {operations(`GetSessionToken`), ``},
		"there may be all five":                    {operations(all), ``},
		"the unsigned ones may be listed":          {operations(`AssumeRoleWithWebIdentity, AssumeRoleWithSAML`), ``},
		"they must not be an empty list":           {operations(``), field + ` in body should have at least 1 items`},
		"there must be less than 6":                {operations(all + `, AssumeRole`), field + `: Too many: 6: must have at most 5 items`},
		"no operation may be there twice":          {operations(`AssumeRole, AssumeRole`), field + `[1]: Duplicate value: "AssumeRole"`},
		"an operation must be one that is known": {
			operations(`AssumeRoot`),
			field + `[0]: Unsupported value: "AssumeRoot": supported values: ` + supported,
		},
		"an operation is spelt as AWS spells it": {operations(`assumeRole`), field + `[0]: Unsupported value: "assumeRole"`},
		"an operation has no service before it":  {operations(`"sts:AssumeRole"`), field + `[0]: Unsupported value: "sts:AssumeRole"`},
		"an operation is not a pattern":          {operations(`"*"`), field + `[0]: Unsupported value: "*"`},
		"operations are a list":                  {`guardrails: {operations: AssumeRole}`, field + ` in body must be of type array`},
		"a field of guardrails must be known": {
			`guardrails: {operation: [AssumeRole]}`,
			`strict decoding error: unknown field "spec.guardrails.operation"`,
		},
		"everything may be there at once": {guardrailsOfAll, ``},
	})
}

// Whether an expression is one, only the operator can tell; it does so in a condition of the issuer.
func TestIssuerRules(t *testing.T) {
	rules := func(items string) string { return `guardrails: {rules: [` + items + `]}` }
	expression := func(e string) string { return rules(`{expression: "` + e + `"}`) }
	message := func(m string) string { return rules(`{expression: "true", message: "` + m + `"}`) }
	messageExpression := func(m string) string { return rules(`{expression: "true", messageExpression: "` + m + `"}`) }
	bothKinds(t, map[string]candidate{
		"there may be an empty list of rules": {rules(``), ``},
		"there may be 32 rules":               {rules(many(32, `{expression: "session.name != '%d'"}`)), ``},
		"there must be less than 33": {
			rules(many(33, `{expression: "session.name != '%d'"}`)),
			`spec.guardrails.rules: Too many: 33: must have at most 32 items`,
		},
		"a rule may be there twice":   {rules(many(2, `{expression: "true"}`)), ``},
		"a rule may have a message":   {message("the name must begin with the namespace"), ``},
		"a rule may make its message": {messageExpression("'name: ' + session.name"), ``},
		"a rule must not do both":     {rules(`{expression: "true", message: a, messageExpression: b}`), oneMessage},
		"the error says which of the rules is wrong": {
			rules(`{expression: "true"}, {expression: "true", message: a, messageExpression: b}`),
			`spec.guardrails.rules[1]: Invalid value: give at most one of message and messageExpression`,
		},
		"a rule must have an expression": {rules(`{message: a}`), `spec.guardrails.rules[0].expression: Required value`},
		"a rule must not be empty":       {rules(`{}`), `spec.guardrails.rules[0].expression: Required value`},
		"an expression must not be empty": {
			expression(""),
			`spec.guardrails.rules[0].expression in body should be at least 1 chars long`,
		},
		"an expression may have 4096 characters": {expression(text(4096, "e")), ``},
		"an expression must have less than 4097": {
			expression(text(4097, "e")),
			`spec.guardrails.rules[0].expression: Too long: may not be more than 4096`,
		},
		"an expression is text, even where it is constant": {
			rules(`{expression: true}`),
			`spec.guardrails.rules[0].expression in body must be of type string`,
		},
		"a message must not be empty": {
			message(""),
			`spec.guardrails.rules[0].message in body should be at least 1 chars long`,
		},
		"a message may have 512 characters": {message(text(512, "m")), ``},
		"a message must have less than 513": {
			message(text(513, "m")),
			`spec.guardrails.rules[0].message: Too long: may not be more than 512`,
		},
		"a message's expression must not be empty": {
			messageExpression(""),
			`spec.guardrails.rules[0].messageExpression in body should be at least 1 chars long`,
		},
		"a message's expression may have 4096 characters": {messageExpression(text(4096, "m")), ``},
		"a message's expression must have less than 4097": {
			messageExpression(text(4097, "m")),
			`spec.guardrails.rules[0].messageExpression: Too long: may not be more than 4096`,
		},
		"a rule has no other names for its expression": {
			rules(`{expression: "true", rule: "true"}`),
			`strict decoding error: unknown field "spec.guardrails.rules[0].rule"`,
		},
		"a rule is not only its expression": {rules(`"true"`), `spec.guardrails.rules[0] in body must be of type object`},
	})
}

func TestIssuerSessionTags(t *testing.T) {
	tags := func(items string) string { return `guardrails: {sessionTags: [` + items + `]}` }
	value := func(v string) string { return tags(`{key: team, value: "` + v + `"}`) }
	key := func(k string) string { return tags(`{key: "` + k + `", value: v}`) }
	expression := func(e string) string { return tags(`{key: team, valueExpression: "` + e + `"}`) }
	bothKinds(t, map[string]candidate{
		"a tag may have a value":                          {value("a"), ``},
		"a tag may make its value":                        {expression("namespace.name"), ``},
		"a tag's value may be empty":                      {value(""), ``},
		"a tag must have a value or make it":              {tags(`{key: team}`), oneValue},
		"a tag must not do both":                          {tags(`{key: team, value: a, valueExpression: b}`), oneValue},
		"a tag must not do both, even to empty the value": {tags(`{key: team, value: "", valueExpression: b}`), oneValue},
		"the error says which of the tags is wrong": {
			tags(`{key: owner, value: a}, {key: team}`),
			`spec.guardrails.sessionTags[1]: Invalid value: give exactly one of value and valueExpression`,
		},
		"a tag must have a key": {tags(`{value: a}`), `spec.guardrails.sessionTags[0].key: Required value`},
		"a key must not be empty": {
			key(""),
			`spec.guardrails.sessionTags[0].key in body should be at least 1 chars long`,
		},
		"a key may have 128 characters, of 4 bytes each": {key(text(128, "𐐀")), ``},
		"a key must have less than 129": {
			key(text(129, "k")),
			`spec.guardrails.sessionTags[0].key: Too long: may not be more than 128`,
		},
		"a key must not begin with aws:":              {key("aWs:team"), `spec.guardrails.sessionTags[0].key: Invalid value: "aWs:team": ` + reservedKey},
		"a value must not begin with aws:":            {value("AWS:a"), `spec.guardrails.sessionTags[0].value: Invalid value: "AWS:a": ` + reservedValue},
		"a key must not hold an asterisk":             {key("a*"), `spec.guardrails.sessionTags[0].key: Invalid value: "a*": ` + notATagKey},
		"a value may have 256 characters, of 4 bytes": {value(text(256, "𐐀")), ``},
		"a value must have less than 257": {
			value(text(257, "v")),
			`spec.guardrails.sessionTags[0].value: Too long: may not be more than 256`,
		},
		"a value must not hold an emoji": {
			value("🚀"),
			`spec.guardrails.sessionTags[0].value: Invalid value: "🚀": ` + notATagValue,
		},
		"an expression must not be empty": {
			expression(""),
			`spec.guardrails.sessionTags[0].valueExpression in body should be at least 1 chars long`,
		},
		"an expression may have 1024 characters": {expression(text(1024, "e")), ``},
		"an expression must have less than 1025": {
			expression(text(1025, "e")),
			`spec.guardrails.sessionTags[0].valueExpression: Too long: may not be more than 1024`,
		},
		"there may be an empty list of tags": {tags(``), ``},
		"there may be 50 tags":               {tags(many(50, `{key: k%d, value: v}`)), ``},
		"there must be less than 51": {
			tags(many(51, `{key: k%d, value: v}`)),
			`spec.guardrails.sessionTags: Too many: 51: must have at most 50 items`,
		},
		"keys must differ in more than case": {
			tags(`{key: Team, value: a}, {key: team, valueExpression: b}`),
			`spec.guardrails.sessionTags: Invalid value: ` + notUnique,
		},
		"keys must differ":                   {tags(`{key: team, value: a}, {key: team, valueExpression: b}`), notUniqueTwice},
		"a tag may pass on to further roles": {tags(`{key: team, value: a, transitive: true}`), ``},
		"a tag may be said not to":           {tags(`{key: team, valueExpression: namespace.name, transitive: false}`), ``},
		"whether a tag passes on is true or false": {
			tags(`{key: team, value: a, transitive: "yes"}`),
			`spec.guardrails.sessionTags[0].transitive in body must be of type boolean`,
		},
	})
}

func TestIssuerSourceIdentityExpression(t *testing.T) {
	const field = `spec.guardrails.sourceIdentityExpression`
	expression := func(e string) string { return `guardrails: {sourceIdentityExpression: ` + e + `}` }
	bothKinds(t, map[string]candidate{
		"it may be the name of the namespace": {expression(`namespace.name`), ``},
		"it may have 1 character":             {expression(`e`), ``},
		"it may have 1024 characters":         {expression(text(1024, "e")), ``},
		"it must not be empty":                {expression(`""`), field + ` in body should be at least 1 chars long`},
		"it must have less than 1025":         {expression(text(1025, "e")), field + `: Too long: may not be more than 1024`},
		"it must be text":                     {expression(`[namespace.name]`), field + ` in body must be of type string`},
		"it is not the value itself": {
			`guardrails: {sourceIdentity: jo}`,
			`strict decoding error: unknown field "spec.guardrails.sourceIdentity"`,
		},
	})
}
