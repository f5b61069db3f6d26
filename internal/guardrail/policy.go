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

package guardrail

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

// readPolicy is a decoded session policy as expressions see it; nil for none. Statement, Action, NotAction, Resource,
// NotResource and the values of conditions are always lists, so that no spelling of a policy gets past a rule. Whatever is not
// literally in IAM's grammar is an error, because IAM may read it in another way than the author of a rule expects. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Session policies have no Principal.
// Package sts refuses duplicate names before.
func readPolicy(document map[string]any) (celpolicy.Value, error) {
	if document == nil {
		return nil, nil
	}
	policy := fields{}
	err := eachMember("", document, func(path, name string, value any) error {
		switch name {
		case "Version", "Id":
			return policy.readString(path, name, value)
		case "Statement":
			return policy.readStatements(path, value)
		}
		return notInGrammar(path)
	})
	if err == nil && policy["Statement"] == nil {
		err = errors.New("it has no Statement")
	}
	if err != nil {
		return nil, err
	}
	return policyType.New(policy), nil
}

// eachMember calls read for each member of a JSON object, in the order of their names.
func eachMember(path string, object map[string]any, read func(path, name string, value any) error) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		if err := read(at, name, object[name]); err != nil {
			return err
		}
	}
	return nil
}

func notInGrammar(path string) error {
	return fmt.Errorf("%q is not an element of session policies, whose names are written exactly as in the IAM documentation", path)
}

func readString(path string, value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%s must be a string", path)
	}
	return text, nil
}

func (f fields) readString(path, name string, value any) error {
	text, err := readString(path, value)
	f[name] = celpolicy.String(text)
	return err
}

func (f fields) readStrings(path, name string, value any) error {
	texts, err := readList(path, value, readString)
	f[name] = celpolicy.StringList(texts)
	return err
}

func (f fields) readStatements(path string, value any) error {
	statements, err := readList(path, value, readStatement)
	f["Statement"] = celpolicy.List(statements)
	return err
}

func readStatement(path string, value any) (celpolicy.Value, error) {
	members, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s must be an object", path)
	}
	statement := fields{}
	err := eachMember(path, members, func(path, name string, value any) error {
		switch name {
		case "Sid", "Effect":
			return statement.readString(path, name, value)
		case "Action", "NotAction", "Resource", "NotResource":
			return statement.readStrings(path, name, value)
		case "Condition":
			return statement.readCondition(path, value)
		}
		return notInGrammar(path)
	})
	if err != nil {
		return nil, err
	}
	if effect := members["Effect"]; effect != "Allow" && effect != "Deny" {
		return nil, fmt.Errorf("%s.Effect must be Allow or Deny", path)
	}
	for _, name := range []string{"Action", "Resource"} {
		if (statement[name] == nil) == (statement["Not"+name] == nil) {
			return nil, fmt.Errorf("%s must have either %s or Not%s", path, name, name)
		}
	}
	return statementType.New(statement), nil
}

// readCondition reads a condition block: operators, their keys, and the values of these.
func (f fields) readCondition(path string, value any) error {
	operators, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s must be an object", path)
	}
	condition := map[string]celpolicy.Value{}
	err := eachMember(path, operators, func(path, operator string, value any) error {
		keys, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("%s must be an object", path)
		}
		values := map[string]celpolicy.Value{}
		err := eachMember(path, keys, func(path, key string, value any) error {
			texts, err := readList(path, value, readConditionValue)
			values[key] = celpolicy.StringList(texts)
			return err
		})
		condition[operator] = celpolicy.Map(values)
		return err
	})
	f["Condition"] = celpolicy.Map(condition)
	return err
}

// readConditionValue is the value as text, which is how IAM compares it. Numbers have no exponent.
func readConditionValue(path string, value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("%s must be a string, a number or true or false", path)
}

// readList reads one value, or a list of at least one. An empty list is an error: NotAction: [] would allow everything, and
// look as if there were no NotAction.
func readList[T any](path string, value any, read func(path string, element any) (T, error)) ([]T, error) {
	elements, ok := value.([]any)
	if !ok {
		element, err := read(path, value)
		return []T{element}, err
	}
	if len(elements) == 0 {
		return nil, fmt.Errorf("%s must not be empty", path)
	}
	var list []T
	for i, element := range elements {
		read, err := read(fmt.Sprintf("%s[%d]", path, i), element)
		if err != nil {
			return nil, err
		}
		list = append(list, read)
	}
	return list, nil
}
