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

// Package policydoc tells a session policy that IAM would take from one it would call malformed. It holds the grammar
// of the IAM user guide, and refuses only what that grammar excludes.
package policydoc

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

var errSyntax = fault.MalformedPolicy("Syntax errors in policy.")

// Check returns MalformedPolicyDocument for text that is not an identity policy document.
func Check(text string) error {
	var document any
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&document); err != nil {
		return fault.MalformedPolicy("%s", jsonError(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errSyntax
	}
	policy, isObject := document.(map[string]any)
	if !isObject || !hasOnly(policy, "Version", "Id", "Statement") {
		return errSyntax
	}
	if version, present := policy["Version"]; present && version != "2012-10-17" && version != "2008-10-17" {
		return errSyntax
	}
	if id, present := policy["Id"]; present && !isText(id) {
		return errSyntax
	}
	return checkStatements(policy["Statement"])
}

// jsonError stands in for the text of the service's JSON parser, which has varied over the years.
func jsonError(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "Unexpected end-of-input"
	}
	return "Syntax errors in policy: " + err.Error()
}

func hasOnly(object map[string]any, names ...string) bool {
	known := 0
	for _, name := range names {
		if _, present := object[name]; present {
			known++
		}
	}
	return known == len(object)
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}
