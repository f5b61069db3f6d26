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
	"regexp"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

var sidPattern = regexp.MustCompile(`\A[0-9A-Za-z]*\z`)

func checkStatements(value any) error {
	statements, isList := value.([]any)
	if !isList {
		statements = []any{value}
	}
	if len(statements) == 0 {
		return errSyntax
	}
	sids := map[string]bool{}
	for _, statement := range statements {
		object, isObject := statement.(map[string]any)
		if !isObject {
			return errSyntax
		}
		if err := checkStatement(object); err != nil {
			return err
		}
		if sid, _ := object["Sid"].(string); sid != "" {
			if sids[sid] {
				return fault.MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
			}
			sids[sid] = true
		}
	}
	return nil
}

func checkStatement(statement map[string]any) error {
	for _, name := range []string{"Principal", "NotPrincipal"} {
		if _, present := statement[name]; present {
			return fault.MalformedPolicy("Policy document should not specify a principal.")
		}
	}
	if !hasOnly(statement, "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition") {
		return errSyntax
	}
	if effect := statement["Effect"]; effect != "Allow" && effect != "Deny" {
		return errSyntax
	}
	if err := checkSid(statement); err != nil {
		return err
	}
	if err := checkActions(statement); err != nil {
		return err
	}
	if err := checkResources(statement); err != nil {
		return err
	}
	return checkCondition(statement)
}

func checkSid(statement map[string]any) error {
	sid, present := statement["Sid"]
	if !present {
		return nil
	}
	if text, ok := sid.(string); !ok || !sidPattern.MatchString(text) {
		return fault.MalformedPolicy(
			"Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	return nil
}

func checkActions(statement map[string]any) error {
	actions, err := oneOf(statement, "Action", "NotAction", "Policy statement must contain actions.")
	if err != nil {
		return err
	}
	for _, action := range actions {
		if service, name, _ := strings.Cut(action, ":"); action != "*" && (service == "" || name == "") {
			return fault.MalformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	return nil
}

func checkResources(statement map[string]any) error {
	resources, err := oneOf(statement, "Resource", "NotResource", "Policy statement must contain resources.")
	if err != nil {
		return err
	}
	for _, resource := range resources {
		// A wildcard may stand for any of the six parts, even for several.
		isARN := strings.HasPrefix(resource, "arn:") && (strings.Count(resource, ":") >= 5 || strings.Contains(resource, "*"))
		if resource != "*" && !isARN {
			return fault.MalformedPolicy(`Resource %s must be in ARN format or "*".`, resource)
		}
	}
	return nil
}

// oneOf reads the element or its negation, of which a statement has exactly one: a string or a list of strings.
func oneOf(statement map[string]any, name, negation, missing string) ([]string, error) {
	value, positive := statement[name]
	negated, negative := statement[negation]
	if positive == negative {
		if positive {
			return nil, errSyntax
		}
		return nil, fault.MalformedPolicy("%s", missing)
	}
	if negative {
		value = negated
	}
	if text, ok := value.(string); ok {
		return []string{text}, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, errSyntax
	}
	if len(list) == 0 {
		return nil, fault.MalformedPolicy("%s", missing)
	}
	texts := make([]string, 0, len(list))
	for _, element := range list {
		text, ok := element.(string)
		if !ok {
			return nil, errSyntax
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// conditionOperators are those of the IAM user guide; most can be followed by IfExists and preceded by a set operator.
var conditionOperators = regexp.MustCompile(`\A((ForAllValues:|ForAnyValue:)?(String(Not)?(Equals|EqualsIgnoreCase|Like)` +
	`|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?|Null)\z`)

// checkCondition holds the form operator → key → value or values. Keys are not looked up: a service may have any. The text
// for an unknown operator is from memory.
func checkCondition(statement map[string]any) error {
	value, present := statement["Condition"]
	if !present {
		return nil
	}
	operators, ok := value.(map[string]any)
	if !ok {
		return errSyntax
	}
	for operator, keys := range operators {
		if !conditionOperators.MatchString(operator) {
			return fault.MalformedPolicy("Invalid Condition type : %s.", operator)
		}
		byKey, ok := keys.(map[string]any)
		if !ok {
			return errSyntax
		}
		for _, values := range byKey {
			if !isConditionValue(values) {
				return errSyntax
			}
		}
	}
	return nil
}

func isConditionValue(value any) bool {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	for _, element := range list {
		switch element.(type) {
		case string, bool, float64:
		default:
			return false
		}
	}
	return true
}
