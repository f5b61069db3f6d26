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
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// decorateLiterals replaces the steps of a program that construct a list or a map.
func decorateLiterals(step interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	if constructor, ok := step.(interpreter.InterpretableConstructor); ok {
		return literal{constructor}, nil
	}
	return step, nil
}

// literal constructs a list, or an ordered map. To CEL it is a call, so that CallCost can count its cost by its size.
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
