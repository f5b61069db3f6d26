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

package issuer

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// quotes are straight and typographic ones.
const quotes = "\"'`´\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb\u2039\u203a"

// shellAssignment is a line of a shell, an .env or a credentials file instead of the value alone.
var shellAssignment = regexp.MustCompile(`^(export\s+|set\s+|\$env:)?([A-Za-z_]\w*)\s*[=:]`)

// secretAlphabet is what the secret keys of AWS are made of; none has fewer characters than an id.
var secretAlphabet = regexp.MustCompile(`^[A-Za-z0-9+/=]{16,}$`)

// strayText says what a value of a key Secret holds besides the value itself, or is written in, and what to do about it;
// empty for nothing. Of the value it repeats at most one character. A secret key of another service than AWS may hold any
// printable text, so only what cannot be meant is named there.
func strayText(key, value string, service v1alpha1.Service) string {
	isAWS := service != v1alpha1.ServiceCompatible
	assignment := shellAssignment.FindStringSubmatch(value)
	switch {
	case bytes.HasPrefix([]byte(value), []byte{0xff, 0xfe}), bytes.HasPrefix([]byte(value), []byte{0xfe, 0xff}):
		return fmt.Sprintf("holds text in UTF-16 in %s: write it in ASCII or UTF-8", key)
	case !utf8.ValidString(value):
		return fmt.Sprintf("holds something that is no text in %s: put the value alone there", key)
	case strings.HasPrefix(value, "{") && (isAWS || strings.HasSuffix(value, "}")):
		return fmt.Sprintf("holds JSON in %s: put the value alone there", key)
	case strings.ContainsAny(value, "\r\n"):
		return fmt.Sprintf("holds several lines in %s: put the value alone there", key)
	case assignment != nil && (assignment[1] != "" || isNameOfKey(assignment[2], key)):
		return fmt.Sprintf("holds a whole assignment in %s: put the value alone there, without its name", key)
	case isQuoted(value):
		return fmt.Sprintf("has quotes around the value of %s: remove them", key)
	case isAWS && isEncodedTwice(value):
		return fmt.Sprintf("holds the value of %s in base64 within its own base64: encode it once, or use stringData", key)
	}
	for _, r := range value {
		if what := strayCharacter(r, isAWS); what != "" {
			return fmt.Sprintf("has %s in %s: remove it, or copy the value again", what, key)
		}
	}
	return ""
}

// isNameOfKey says whether a name is one that access keys go by, or that of the Secret's key itself.
func isNameOfKey(name, key string) bool {
	return strings.EqualFold(name, key) || strings.HasPrefix(strings.ToLower(name), "aws_")
}

// isQuoted says whether a value begins and ends with a quote.
func isQuoted(value string) bool {
	first, _ := utf8.DecodeRuneInString(value)
	last, size := utf8.DecodeLastRuneInString(value)
	return len(value) > size && strings.ContainsRune(quotes, first) && strings.ContainsRune(quotes, last)
}

// isEncodedTwice says whether a value is the base64 of what could be an access key. A secret key is itself base64, but of
// random bytes, which are never all in the alphabet.
func isEncodedTwice(value string) bool {
	decoded, err := base64.StdEncoding.DecodeString(value)
	return err == nil && secretAlphabet.Match(bytes.TrimSpace(decoded))
}

// strayCharacter says what a character is that no access key has; empty for one that it may have.
func strayCharacter(r rune, isAWS bool) string {
	switch {
	case r == '\ufeff':
		return "a byte-order mark"
	case r == '\u00a0', r == '\u202f', r == '\u2007':
		return "a non-breaking space"
	case unicode.IsSpace(r):
		return "white space"
	case unicode.Is(unicode.Cf, r):
		return fmt.Sprintf("the invisible character %U", r)
	case unicode.IsControl(r):
		return fmt.Sprintf("the control character %U", r)
	case isAWS && strings.ContainsRune(quotes, r):
		return "a quote"
	case isAWS && r > unicode.MaxASCII:
		return fmt.Sprintf("the character %U, which is not ASCII", r)
	}
	return ""
}
