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

package trust

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The condition keys of requests. A tag's key is RequestTag and the key of the tag; an OpenID Connect provider's are its
// name and ":aud" or ":sub".
const (
	ExternalID       = "sts:ExternalId"
	MultiFactor      = "aws:MultiFactorAuthPresent"
	PrincipalARN     = "aws:PrincipalArn"
	PrincipalAccount = "aws:PrincipalAccount"
	RequestTag       = "aws:RequestTag/"
	RoleSessionName  = "sts:RoleSessionName"
	SAMLAudience     = "SAML:aud"
	SAMLIssuer       = "SAML:iss"
	SAMLSubject      = "SAML:sub"
	SourceIdentity   = "sts:SourceIdentity"
)

// condition compares one key with values of which one must fit, or none if the operator is a negation.
type condition struct {
	key       string // lower case
	values    []pattern
	isNegated bool
	ifExists  bool // true for a request without the key
}

func parseConditions(value any, providers []string) ([]condition, error) {
	if value == nil {
		return nil, nil
	}
	operators, isObject := value.(map[string]any)
	if !isObject {
		return nil, flawed("", "must be an object")
	}
	var conditions []condition
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, isObject := operators[operator].(map[string]any)
		if !isObject {
			return nil, flawed(operator, "must be an object")
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			parsed, err := parseCondition(operator, key, keys[key], providers)
			if err != nil {
				return nil, within(operator+"."+key, err)
			}
			conditions = append(conditions, parsed)
		}
	}
	return conditions, nil
}

func parseCondition(operator, key string, value any, providers []string) (condition, error) {
	name, ifExists := strings.CutSuffix(operator, "IfExists")
	if !slices.Contains([]string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "Bool"}, name) {
		return condition{}, flawed("", "this server does not evaluate the operator")
	}
	if !isKnownKey(key, providers) {
		return condition{}, flawed("", "this server does not evaluate the key here")
	}
	if isBool := strings.EqualFold(key, MultiFactor); isBool != (name == "Bool") {
		return condition{}, flawed("", "Bool goes with %s, the other operators with the other keys", MultiFactor)
	}
	if boolean, isBool := value.(bool); isBool {
		value = fmt.Sprint(boolean)
	}
	values, err := texts(value)
	if err != nil {
		return condition{}, err
	}
	parsed := condition{key: strings.ToLower(key), ifExists: ifExists, isNegated: strings.Contains(name, "Not")}
	for _, text := range values {
		switch {
		case strings.Contains(text, "${"):
			return condition{}, flawed("", "this server does not evaluate the variable in %q", text)
		case name == "Bool" && text != "true" && text != "false":
			return condition{}, flawed("", "%q is neither true nor false", text)
		case strings.HasSuffix(name, "Like"):
			parsed.values = append(parsed.values, newPattern(text))
		default:
			parsed.values = append(parsed.values, literal(text))
		}
	}
	return parsed, nil
}

func isKnownKey(key string, providers []string) bool {
	fixed := []string{ExternalID, MultiFactor, PrincipalARN, PrincipalAccount, RoleSessionName, SAMLAudience, SAMLIssuer, SAMLSubject, SourceIdentity}
	for _, provider := range providers {
		fixed = append(fixed, provider+":aud", provider+":sub")
	}
	isTag := len(key) > len(RequestTag) && strings.EqualFold(key[:len(RequestTag)], RequestTag)
	return isTag || slices.ContainsFunc(fixed, func(known string) bool { return strings.EqualFold(known, key) })
}

// holds tells whether the request's values, by lower-case key, fulfil the condition.
func (c condition) holds(request map[string]string) bool {
	actual, present := request[c.key]
	if !present {
		return c.isNegated || c.ifExists
	}
	fits := slices.ContainsFunc(c.values, func(value pattern) bool { return value.matches(actual) })
	return fits != c.isNegated
}

// pattern is a text in which * stands for any characters and ? for one.
type pattern struct {
	text  string
	whole *regexp.Regexp
}

func newPattern(text string) pattern {
	expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(text))
	return pattern{text, regexp.MustCompile(`(?s)\A` + expression + `\z`)}
}

func literal(text string) pattern {
	return pattern{text, regexp.MustCompile(`\A` + regexp.QuoteMeta(text) + `\z`)}
}

func (p pattern) matches(text string) bool { return p.whole.MatchString(text) }

// matchesIgnoringCase is for patterns of lower-case letters.
func (p pattern) matchesIgnoringCase(text string) bool { return p.matches(strings.ToLower(text)) }
