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
	"slices"
	"sync"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// orderedMap is a map of strings to values whose keys are gone through in order, so that the same state always gives the
// same message.
type orderedMap struct {
	traits.Mapper
	// keys in order, found once: a loop may begin to go through them many times.
	keys func() traits.Lister
}

func newOrderedMap(m traits.Mapper) orderedMap {
	return orderedMap{m, sync.OnceValue(func() traits.Lister {
		var keys []string
		for it := m.Iterator(); it.HasNext() == types.True; {
			key, _ := it.Next().Value().(string) // vetParsed saw to it that there are no others
			keys = append(keys, key)
		}
		slices.Sort(keys)
		return types.NewStringList(types.DefaultTypeAdapter, keys)
	})}
}

// Iterator implements traits.Iterable.
func (m orderedMap) Iterator() traits.Iterator { return m.keys().Iterator() }

// longestKey that a map can have, in bytes: no literal is longer, nor what Kubernetes and AWS take for a key.
const longestKey = 4 * maxExpressionLength

// Find implements traits.Mapper. CEL counts it as 1, however long an annotation it is asked for.
func (m orderedMap) Find(key ref.Val) (ref.Val, bool) {
	if text, ok := key.(types.String); ok && len(text) > longestKey {
		return nil, false
	}
	return m.Mapper.Find(key)
}

// Contains implements traits.Container.
func (m orderedMap) Contains(key ref.Val) ref.Val { return containsKey(m, key) }

// Get implements traits.Indexer.
func (m orderedMap) Get(key ref.Val) ref.Val { return valueOf(m, key) }

func containsKey(m traits.Mapper, key ref.Val) ref.Val {
	_, found := m.Find(key)
	return types.Bool(found)
}

func valueOf(m traits.Mapper, key ref.Val) ref.Val {
	value, found := m.Find(key)
	if !found {
		return types.ValOrErr(value, "no such key: %v", key)
	}
	return value
}

// literals finds the lists and maps that stand in an expression.
func literals(step interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	if constructor, ok := step.(interpreter.InterpretableConstructor); ok {
		return literal{constructor}, nil
	}
	return step, nil
}

// literal makes a list or a map, an ordered one. It is a call for CEL, which counts one by its arguments: see CallCost.
type literal struct {
	constructor interpreter.InterpretableConstructor
}

var _ interpreter.InterpretableCall = literal{}

// ID implements interpreter.Interpretable.
func (l literal) ID() int64 { return l.constructor.ID() }

// Function implements interpreter.InterpretableCall.
func (l literal) Function() string { return literalFunction }

// OverloadID implements interpreter.InterpretableCall.
func (l literal) OverloadID() string { return literalFunction }

// Args implements interpreter.InterpretableCall.
func (l literal) Args() []interpreter.InterpretableV2 { return l.constructor.InitVals() }

// Exec implements interpreter.InterpretableV2.
func (l literal) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	value := l.constructor.Exec(frame)
	if m, ok := value.(traits.Mapper); ok {
		return newOrderedMap(m)
	}
	return value // a list, or an error
}

// Eval implements interpreter.Interpretable.
func (l literal) Eval(vars interpreter.Activation) ref.Val { return l.Exec(interpreter.AsFrame(vars)) }
