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

// Package trust reads the trust policy of a role and decides what it admits. It evaluates everything it accepts: an
// element, an operator or a condition key that it could only ignore is an error that names its place in the document.
package trust

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"sigs.k8s.io/json"
)

// Policy is the trust policy of a role. The zero Policy admits nobody.
type Policy struct{ statements []statement }

// Principal is one name somebody answers to, of type AWS (an ARN or an account id) or Federated (the ARN of a provider).
type Principal struct{ Type, Name string }

// The types of principals.
const (
	AWS       = "AWS"
	Federated = "Federated"
)

// statement applies to the principals, of which "*" is every one of type AWS, and actions that match.
type statement struct {
	id         string
	isDeny     bool
	principals []Principal
	actions    []pattern
	conditions []condition
}

// Parse reads a policy document. Its errors begin with the place in the document: "Statement[0].Effect: …".
func Parse(text []byte) (Policy, error) {
	var document map[string]any
	repeated, err := json.UnmarshalStrict(text, &document)
	if err != nil {
		return Policy{}, flawed("", "this is not a JSON object: %v", err)
	}
	if len(repeated) > 0 {
		return Policy{}, flawed("", "%v", errors.Join(repeated...))
	}
	if err := onlyKnown(document, "Version", "Id", "Statement"); err != nil {
		return Policy{}, err
	}
	if version := document["Version"]; version != "2012-10-17" {
		return Policy{}, flawed("Version", `must be "2012-10-17"`)
	}
	if _, isText := document["Id"].(string); document["Id"] != nil && !isText {
		return Policy{}, flawed("Id", "must be a text")
	}
	return parseStatements(document["Statement"])
}

func parseStatements(value any) (Policy, error) {
	list, isList := value.([]any)
	if !isList && value != nil {
		list = []any{value}
	}
	if len(list) == 0 {
		return Policy{}, flawed("Statement", "there is none")
	}
	var policy Policy
	for i, element := range list {
		parsed, err := parseStatement(element)
		if err != nil {
			return Policy{}, within("Statement["+strconv.Itoa(i)+"]", err)
		}
		policy.statements = append(policy.statements, parsed)
	}
	return policy, nil
}

func onlyKnown(object map[string]any, names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(names, name) {
			return flawed(name, "not evaluated by this server, which knows %q here", names)
		}
	}
	return nil
}

// texts reads a text or a list of texts, of which there must be one at least.
func texts(value any) ([]string, error) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	if len(list) == 0 {
		return nil, flawed("", "must not be empty")
	}
	read := make([]string, len(list))
	for i, element := range list {
		text, isText := element.(string)
		if !isText {
			return nil, flawed("", "must be a text or a list of texts")
		}
		read[i] = text
	}
	return read, nil
}
