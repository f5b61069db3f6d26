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
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// parsePolicy is a session policy as expressions see it; nil for none. So that no spelling gets past a rule, Statement,
// Action, NotAction, Resource, NotResource and the values of conditions are always lists, and what is not in the grammar of
// IAM, letter by letter, is an error: IAM may read it in another way than the rule's author expects. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Session policies have no Principal.
// Names given twice do not get here: session.CompactPolicy refuses them.
func parsePolicy(text string) (ref.Val, error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("it is not a JSON object: %w", err)
	}
	policy := object{"Policy", map[string]ref.Val{}}
	err := each("", document, func(path, name string, value any) error {
		switch name {
		case "Version", "Id":
			return policy.readText(path, name, value)
		case "Statement":
			return policy.readStatements(path, value)
		}
		return notInGrammar(path)
	})
	if err == nil && policy.fields["Statement"] == nil {
		err = fmt.Errorf("it has no Statement")
	}
	if err != nil {
		return nil, err
	}
	return policy, nil
}

// each calls read for each member of a JSON object, in order of their names.
func each(path string, members map[string]any, read func(path, name string, value any) error) error {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		if err := read(at, name, members[name]); err != nil {
			return err
		}
	}
	return nil
}

func notInGrammar(path string) error {
	return fmt.Errorf("%q is not an element of session policies, whose names are written exactly as in the IAM documentation", path)
}

func (o object) readText(path, name string, value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("%s must be a string", path)
	}
	o.fields[name] = types.String(text)
	return nil
}

func (o object) readTexts(path, name string, value any) error {
	texts, err := list(path, value, func(path string, element any) (string, error) {
		text, ok := element.(string)
		if !ok {
			return "", fmt.Errorf("%s must be a string", path)
		}
		return text, nil
	})
	o.setList(name, texts)
	return err
}

func (o object) readStatements(path string, value any) error {
	statements, err := list(path, value, readStatement)
	o.fields["Statement"] = types.NewRefValList(types.DefaultTypeAdapter, statements)
	return err
}

func readStatement(path string, value any) (ref.Val, error) {
	members, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s must be an object", path)
	}
	statement := object{"Statement", map[string]ref.Val{}}
	err := each(path, members, func(path, name string, value any) error {
		switch name {
		case "Sid", "Effect":
			return statement.readText(path, name, value)
		case "Action", "NotAction", "Resource", "NotResource":
			return statement.readTexts(path, name, value)
		case "Condition":
			return statement.readCondition(path, value)
		}
		return notInGrammar(path)
	})
	if err != nil {
		return nil, err
	}
	if effect := statement.fields["Effect"]; effect != types.String("Allow") && effect != types.String("Deny") {
		return nil, fmt.Errorf("%s.Effect must be Allow or Deny", path)
	}
	for _, name := range []string{"Action", "Resource"} {
		if (statement.fields[name] == nil) == (statement.fields["Not"+name] == nil) {
			return nil, fmt.Errorf("%s must have either %s or Not%s", path, name, name)
		}
	}
	return statement, nil
}

// readCondition reads operators, their keys and the values of these, all of which IAM compares as text.
func (o object) readCondition(path string, value any) error {
	operators, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s must be an object", path)
	}
	condition := map[string]any{}
	err := each(path, operators, func(path, operator string, value any) error {
		keys, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("%s must be an object", path)
		}
		values := map[string]any{}
		condition[operator] = newOrderedMap(types.NewStringInterfaceMap(types.DefaultTypeAdapter, values))
		return each(path, keys, func(path, key string, value any) error {
			texts, err := list(path, value, func(path string, element any) (string, error) {
				switch element.(type) {
				case string, bool, json.Number:
					return fmt.Sprint(element), nil
				}
				return "", fmt.Errorf("%s must be a string, a number or true or false", path)
			})
			values[key] = types.NewStringList(types.DefaultTypeAdapter, texts)
			return err
		})
	})
	o.fields["Condition"] = newOrderedMap(types.NewStringInterfaceMap(types.DefaultTypeAdapter, condition))
	return err
}

// list reads a value, or a list of at least one: NotAction: [] would allow everything, and look like no NotAction at all.
func list[T any](path string, value any, read func(path string, element any) (T, error)) ([]T, error) {
	elements, ok := value.([]any)
	if !ok {
		element, err := read(path, value)
		return []T{element}, err
	}
	if len(elements) == 0 {
		return nil, fmt.Errorf("%s must not be empty", path)
	}
	var out []T
	for i, element := range elements {
		read, err := read(fmt.Sprintf("%s[%d]", path, i), element)
		if err != nil {
			return nil, err
		}
		out = append(out, read)
	}
	return out, nil
}
