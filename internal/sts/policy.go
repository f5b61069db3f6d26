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

package sts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// maxPolicyLength is the most characters STS takes as an inline session policy.
const maxPolicyLength = 2048

// CompactPolicy removes the insignificant white space of an inline session policy and checks what STS would refuse: text
// that is not one JSON object, a key given twice (readers differ in which one counts), characters outside
// [\t\n\r\x20-\xFF], more than 2048 characters. An empty text is no policy. The problem is a refusal.
func CompactPolicy(text string) (string, *Problem) {
	if text == "" {
		return "", nil
	}
	var compacted bytes.Buffer
	if err := json.Compact(&compacted, []byte(text)); err != nil {
		return "", Problemf(v1alpha1.ReasonInvalidPolicy, "spec.policy is not JSON: %s", jsonProblem(text))
	}
	policy := compacted.String()
	if policy[0] != '{' {
		return "", Problemf(v1alpha1.ReasonInvalidPolicy, "spec.policy must be a JSON object, an IAM policy document such as {\"Version\":\"2012-10-17\",\"Statement\":[...]}")
	}
	for i, char := range []rune(policy) {
		// Compact JSON holds no control characters, so only the upper bound is left to check.
		if char > '\u00FF' {
			return "", Problemf(v1alpha1.ReasonInvalidPolicy, "spec.policy holds the character %q (%U) at position %d of its compacted form: AWS takes only characters up to U+00FF, write it as \\u escapes", char, char, i)
		}
	}
	if key, found := duplicateKey(policy); found {
		return "", Problemf(v1alpha1.ReasonInvalidPolicy, "spec.policy gives the key %q twice in one object: remove one, since readers differ in which of them counts", key)
	}
	if n := utf8.RuneCountInString(policy); n > maxPolicyLength {
		return "", Problemf(v1alpha1.ReasonInvalidPolicy, "spec.policy has %d characters without insignificant white space, AWS takes at most %d: shorten it or move parts to a managed policy (policyARNs)", n, maxPolicyLength)
	}
	return policy, nil
}

// jsonProblem words why the text is not JSON, and where. It parses anew, since the errors of json.Compact have no position.
func jsonProblem(text string) string {
	var document json.RawMessage
	err := json.Unmarshal([]byte(text), &document)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%s (at byte %d)", syntax, syntax.Offset)
	}
	return fmt.Sprint(err)
}

// duplicateKey is a key that stands twice in one object of the JSON text, if there is one.
func duplicateKey(text string) (string, bool) {
	type container struct {
		keys  map[string]bool // nil for an array
		value bool            // in an object: the next token is a value
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var open []*container
	for {
		token, err := decoder.Token()
		if err != nil { // the end: the text is known to be JSON
			return "", false
		}
		var top *container
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		if key, ok := token.(string); ok && top != nil && top.keys != nil && !top.value {
			if top.keys[key] {
				return key, true
			}
			top.keys[key], top.value = true, true
			continue
		}
		switch token {
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			continue
		}
		if top != nil {
			top.value = false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &container{keys: map[string]bool{}})
		case json.Delim('['):
			open = append(open, &container{})
		}
	}
}
