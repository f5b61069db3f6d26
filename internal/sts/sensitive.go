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
	"fmt"
	"log/slog"
)

// Redacted is what secrets look like to everything that prints, logs or serialises.
const Redacted = "REDACTED"

// Sensitive is a text that is meant to be read through Text alone. It is behind a pointer so that fmt, which cannot call the
// methods of an unexported field, shows an address and no secret. It points to a string, since fmt prints what a pointer to
// a struct points to where the verb does not fit it, as %s does not.
type Sensitive struct{ text *string }

// NewSensitive holds a text.
func NewSensitive(text string) Sensitive { return Sensitive{&text} }

// Text is the secret itself.
func (s Sensitive) Text() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String implements fmt.Stringer.
func (Sensitive) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (Sensitive) GoString() string { return Redacted }

// Format implements fmt.Formatter, so that no verb prints the field.
func (Sensitive) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue implements slog.LogValuer.
func (Sensitive) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON implements json.Marshaler.
func (Sensitive) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalLog implements logr.Marshaler.
func (Sensitive) MarshalLog() any { return Redacted }
