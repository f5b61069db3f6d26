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
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

const (
	// maxPolicyLength is the most characters STS takes as an inline session policy.
	maxPolicyLength = 2048
	// largestExact is the largest integer below which JSON readers agree.
	largestExact = 1 << 53
)

// Policy is an inline session policy in canonical form: the same content is the same text, whatever its white space, the
// order of its keys and the field it was given in. The zero Policy is none.
type Policy struct {
	text     string
	document map[string]any
}

// ParsePolicy reads an inline session policy and refuses what STS, or a reader in between, would not take as it was meant:
// text that is not one JSON object, a key given twice, values that YAML has turned into something else, more than 2048
// characters. field is where it stands. No text is no policy.
func ParsePolicy(field string, text []byte) (Policy, *Problem) {
	if len(text) == 0 {
		return Policy{}, nil
	}
	refuse := func(format string, args ...any) (Policy, *Problem) {
		return Policy{}, Problemf(v1alpha1.ReasonInvalidPolicy, field+" "+format, args...)
	}
	if !utf8.Valid(text) {
		return refuse("is not UTF-8 text")
	}
	var value any
	duplicates, err := kjson.UnmarshalStrict(text, &value, kjson.DisallowDuplicateFields)
	if err != nil {
		return refuse("is not JSON: %s", syntaxProblem(err))
	}
	document, ok := value.(map[string]any)
	if !ok {
		return refuse(`must be a JSON object, an IAM policy document such as {"Version":"2012-10-17","Statement":[...]}`)
	}
	if len(duplicates) > 0 {
		return refuse("gives the key %q twice: remove one, since readers differ in which of them counts", pathOf(duplicates[0]))
	}
	if at, problem := misreadValue("", document); problem != "" {
		return refuse("has a value at %q that %s", at, problem)
	}
	canonical := canonicalJSON(document)
	if strings.ContainsRune(canonical, utf8.RuneError) || strings.Contains(canonical, `\ufffd`) {
		return refuse("holds characters that are not valid Unicode")
	}
	if n := len(canonical); n > maxPolicyLength && utf8.RuneCountInString(canonical) > maxPolicyLength {
		return refuse("has %d characters without insignificant white space, AWS takes at most %d: shorten it or move parts to a managed policy (policyARNs)",
			utf8.RuneCountInString(canonical), maxPolicyLength)
	}
	return Policy{text: canonical, document: document}, nil
}

// Text is what STS is sent: compact JSON with sorted keys, characters from U+0020 to U+00FF; empty for no policy.
func (p Policy) Text() string { return p.text }

// Document is the policy as decoded JSON, whose numbers are int64 or float64; nil for no policy. It must not be changed.
func (p Policy) Document() map[string]any { return p.document }

// IsZero says whether there is no policy.
func (p Policy) IsZero() bool { return p.text == "" }

// MarshalJSON implements json.Marshaler: the text, as a JSON string.
func (p Policy) MarshalJSON() ([]byte, error) { return json.Marshal(p.text) }

// syntaxProblem words why a text is not JSON, and where if that is known.
func syntaxProblem(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%s (at byte %d)", syntax, syntax.Offset)
	}
	if is, offset := kjson.SyntaxErrorOffset(err); is {
		return fmt.Sprintf("%s (at byte %d)", err, offset)
	}
	return err.Error()
}

// pathOf a strict error, such as Statement[0].Action.
func pathOf(err error) string {
	if field, ok := errors.AsType[kjson.FieldError](err); ok {
		return field.FieldPath()
	}
	return err.Error()
}

// timestamp is what becomes of a date without quotes in some readers of YAML.
var timestamp = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T`)

// misreadValue finds a value that a reader of YAML has made from text without quotes, or that JSON readers disagree on, and
// says what is wrong with it.
func misreadValue(at string, value any) (path, problem string) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := strings.TrimPrefix(at+"."+key, ".")
			if mustBeText(key) {
				if problem := textProblem(key, v[key]); problem != "" {
					return inner, problem
				}
			}
			if path, problem := misreadValue(inner, v[key]); problem != "" {
				return path, problem
			}
		}
	case []any:
		for i, element := range v {
			if path, problem := misreadValue(fmt.Sprintf("%s[%d]", at, i), element); problem != "" {
				return path, problem
			}
		}
	case float64:
		if math.Abs(v) >= largestExact {
			return at, "JSON readers do not agree on, since it is such a large number: put it in quotes"
		}
	}
	return "", ""
}

// mustBeText: these elements of an IAM policy are strings.
func mustBeText(key string) bool {
	return key == "Version" || key == "Id" || key == "Sid" || key == "Effect"
}

func textProblem(key string, value any) string {
	text, isText := value.(string)
	switch {
	case key == "Version" && isText && timestamp.MatchString(text):
		return `a reader of YAML has made a time of: put it in quotes, Version: "2012-10-17"`
	case isText:
		return ""
	}
	return "must be a string: put it in quotes"
}

// canonicalJSON is compact, with sorted keys and without the characters that AWS does not take.
func canonicalJSON(document map[string]any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		panic(err) // unreachable: decoded JSON always encodes
	}
	var escaped strings.Builder
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		switch high, low := utf16.EncodeRune(r); {
		case r <= '\u00FF':
			escaped.WriteRune(r)
		case high != utf8.RuneError:
			fmt.Fprintf(&escaped, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	return escaped.String()
}
