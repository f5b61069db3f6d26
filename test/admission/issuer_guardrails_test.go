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
	oneMessage     = `spec.rules[0]: Invalid value: give at most one of message and messageExpression`
	oneValue       = `spec.tags[0]: Invalid value: give exactly one of value and valueExpression`
	notUniqueTwice = `spec.tags[1]: Duplicate value: {"key":"team"}`
)

// Whether an expression is one, only the operator can tell; it does so in a condition of the issuer.
func TestIssuerRules(t *testing.T) {
	rules := func(items string) string { return `rules: [` + items + `]` }
	expression := func(e string) string { return rules(`{expression: "` + e + `"}`) }
	message := func(m string) string { return rules(`{expression: "true", message: "` + m + `"}`) }
	messageExpression := func(m string) string { return rules(`{expression: "true", messageExpression: "` + m + `"}`) }
	bothKinds(t, map[string]candidate{
		"there may be an empty list of rules":              {rules(``), ``},
		"there may be 32 rules":                            {rules(many(32, `{expression: "session.name != '%d'"}`)), ``},
		"there must be less than 33":                       {rules(many(33, `{expression: "session.name != '%d'"}`)), `spec.rules: Too many: 33: must have at most 32 items`},
		"a rule may be there twice":                        {rules(many(2, `{expression: "true"}`)), ``},
		"a rule may have a message":                        {message("the name must begin with the namespace"), ``},
		"a rule may make its message":                      {messageExpression("'name: ' + session.name"), ``},
		"a rule must not do both":                          {rules(`{expression: "true", message: a, messageExpression: b}`), oneMessage},
		"the error says which of the rules is wrong":       {rules(`{expression: "true"}, {expression: "true", message: a, messageExpression: b}`), `spec.rules[1]: Invalid value: give at most one of message and messageExpression`},
		"a rule must have an expression":                   {rules(`{message: a}`), `spec.rules[0].expression: Required value`},
		"a rule must not be empty":                         {rules(`{}`), `spec.rules[0].expression: Required value`},
		"an expression must not be empty":                  {expression(""), `spec.rules[0].expression in body should be at least 1 chars long`},
		"an expression may have 4096 characters":           {expression(text(4096, "e")), ``},
		"an expression must have less than 4097":           {expression(text(4097, "e")), `spec.rules[0].expression: Too long: may not be more than 4096`},
		"an expression is text, even where it is constant": {rules(`{expression: true}`), `spec.rules[0].expression in body must be of type string`},
		"a message must not be empty":                      {message(""), `spec.rules[0].message in body should be at least 1 chars long`},
		"a message may have 512 characters":                {message(text(512, "m")), ``},
		"a message must have less than 513":                {message(text(513, "m")), `spec.rules[0].message: Too long: may not be more than 512`},
		"a message's expression must not be empty":         {messageExpression(""), `spec.rules[0].messageExpression in body should be at least 1 chars long`},
		"a message's expression may have 4096 characters":  {messageExpression(text(4096, "m")), ``},
		"a message's expression must have less than 4097":  {messageExpression(text(4097, "m")), `spec.rules[0].messageExpression: Too long: may not be more than 4096`},
		"a rule has no other names for its expression":     {rules(`{expression: "true", rule: "true"}`), `strict decoding error: unknown field "spec.rules[0].rule"`},
		"a rule is not only its expression":                {rules(`"true"`), `spec.rules[0] in body must be of type object`},
	})
}

func TestIssuerTags(t *testing.T) {
	tags := func(items string) string { return `tags: [` + items + `]` }
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
		"the error says which of the tags is wrong":       {tags(`{key: owner, value: a}, {key: team}`), `spec.tags[1]: Invalid value: give exactly one of value and valueExpression`},
		"a tag must have a key":                           {tags(`{value: a}`), `spec.tags[0].key: Required value`},
		"a key must not be empty":                         {key(""), `spec.tags[0].key in body should be at least 1 chars long`},
		"a key may have 128 characters, of 4 bytes each":  {key(text(128, "𐐀")), ``},
		"a key must have less than 129":                   {key(text(129, "k")), `spec.tags[0].key: Too long: may not be more than 128`},
		"a key must not hold an asterisk":                 {key("a*"), `spec.tags[0].key: Invalid value: "a*": ` + notATagKey},
		"a value may have 256 characters, of 4 bytes":     {value(text(256, "𐐀")), ``},
		"a value must have less than 257":                 {value(text(257, "v")), `spec.tags[0].value: Too long: may not be more than 256`},
		"a value must not hold an emoji":                  {value("🚀"), `spec.tags[0].value: Invalid value: "🚀": ` + notATagValue},
		"an expression must not be empty":                 {expression(""), `spec.tags[0].valueExpression in body should be at least 1 chars long`},
		"an expression may have 1024 characters":          {expression(text(1024, "e")), ``},
		"an expression must have less than 1025":          {expression(text(1025, "e")), `spec.tags[0].valueExpression: Too long: may not be more than 1024`},
		"there may be an empty list of tags":              {tags(``), ``},
		"there may be 50 tags":                            {tags(many(50, `{key: k%d, value: v}`)), ``},
		"there must be less than 51":                      {tags(many(51, `{key: k%d, value: v}`)), `spec.tags: Too many: 51: must have at most 50 items`},
		"keys must differ in more than case":              {tags(`{key: Team, value: a}, {key: team, valueExpression: b}`), notUnique},
		"keys must differ":                                {tags(`{key: team, value: a}, {key: team, valueExpression: b}`), notUniqueTwice},
		"a tag that passes on is the session's to name":   {tags(`{key: team, value: a, transitive: true}`), `strict decoding error: unknown field "spec.tags[0].transitive"`},
	})
}

func TestIssuerSourceIdentityExpression(t *testing.T) {
	const field = `spec.sourceIdentityExpression`
	bothKinds(t, map[string]candidate{
		"it may be the name of the namespace": {`sourceIdentityExpression: namespace.name`, ``},
		"it may have 1 character":             {`sourceIdentityExpression: e`, ``},
		"it may have 1024 characters":         {`sourceIdentityExpression: ` + text(1024, "e"), ``},
		"it must not be empty":                {`sourceIdentityExpression: ""`, field + ` in body should be at least 1 chars long`},
		"it must have less than 1025":         {`sourceIdentityExpression: ` + text(1025, "e"), field + `: Too long: may not be more than 1024`},
		"it must be text":                     {`sourceIdentityExpression: [namespace.name]`, field + ` in body must be of type string`},
		"it is not the value itself":          {`sourceIdentity: jo`, `strict decoding error: unknown field "spec.sourceIdentity"`},
	})
}
