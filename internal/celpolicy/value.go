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

package celpolicy

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Value is what expressions compute with.
type Value = ref.Val

// String is a text.
func String(text string) Value { return types.String(text) }

// Int is a whole number.
func Int(number int64) Value { return types.Int(number) }

// StringList is a list of texts.
func StringList(texts []string) Value { return types.NewStringList(types.DefaultTypeAdapter, texts) }

// List is a list of values, which must have the same type.
func List(values []Value) Value { return types.NewRefValList(types.DefaultTypeAdapter, values) }

// StringMap is a map of texts. Expressions see its keys in order.
func StringMap(texts map[string]string) Value {
	return newOrderedMap(types.NewStringStringMap(types.DefaultTypeAdapter, texts))
}

// Map is a map of values, which must have the same type. Expressions see its keys in order.
func Map(values map[string]Value) Value {
	members := make(map[string]any, len(values))
	for key, value := range values {
		members[key] = value
	}
	return newOrderedMap(types.NewStringInterfaceMap(types.DefaultTypeAdapter, members))
}

// Unreadable is the value of a field that cannot be read: an expression that reads it, or asks has(), fails with the error.
func Unreadable(err error) Value { return types.NewErrFromString(err.Error()) }
