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
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
)

// The most that an expression may be: in characters, in parts within parts (the type checker takes the cube of it) and in
// loops within loops; and the most that those of an issuer may have together, in bytes, each of which takes up to 100 when
// compiled.
const (
	maxExpressionLength = 4096
	maxDepth            = 100
	maxNesting          = 5
	maxTotalLength      = 32 << 10
)

// environment is what expressions are compiled in: the same for all, made once because that takes a while, never changed.
var environment = sync.OnceValue(func() *cel.Env {
	env, err := newEnvironment()
	if err != nil {
		panic(fmt.Errorf("making the CEL environment: %w", err)) // unreachable: nothing in it depends on an input
	}
	return env
})

func newEnvironment() (*cel.Env, error) {
	library, err := cel.NewCustomEnv(ext.Strings(), ext.Sets())
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.StdLib(),
		cel.CustomTypeAdapter(types.DefaultTypeAdapter),
		cel.CustomTypeProvider(provider{types.NewEmptyRegistry()}),
		cel.Variable("session", cel.ObjectType("Session")),
		cel.Variable(namespaceVariable, cel.ObjectType("Metadata")),
		cel.Variable("object", cel.ObjectType("Metadata")),
		cel.ParserExpressionSizeLimit(maxExpressionLength),
		cel.ParserRecursionLimit(maxDepth),
		cel.ASTValidators(library.Validators()...),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(),
		),
	}
	for _, function := range library.Functions() {
		declared, err := bounded(function)
		if err != nil {
			return nil, err
		}
		options = append(options, declared)
	}
	return cel.NewCustomEnv(options...)
}

// bounded is a function of a library that refuses arguments on which it alone would cost too much. CEL counts the cost of
// a call when it is over; but one replace or sets.contains can take as long, or as much memory, as one likes.
func bounded(function *decls.FunctionDecl) (cel.EnvOption, error) {
	bindings, err := function.Bindings()
	if err != nil {
		return nil, err
	}
	implementations := map[string]*functions.Overload{}
	for _, binding := range bindings {
		implementations[binding.Operator] = binding
	}
	var overloads []cel.FunctionOpt
	for _, overload := range function.OverloadDecls() {
		declare := cel.Overload
		if overload.IsMemberFunction() {
			declare = cel.MemberOverload
		}
		overloads = append(overloads, declare(overload.ID(), overload.ArgTypes(), overload.ResultType(), boundedBinding(implementations[overload.ID()], len(overload.ArgTypes()))))
	}
	return cel.Function(function.Name(), overloads...), nil
}

func boundedBinding(implementation *functions.Overload, arguments int) cel.OverloadOpt {
	call := func(args ...ref.Val) ref.Val {
		if callCost(args) > costLimit {
			return types.NewErrFromString(tooCostly)
		}
		switch arguments {
		case 1:
			return implementation.Unary(args[0])
		case 2:
			if implementation.Binary != nil {
				return implementation.Binary(args[0], args[1])
			}
		}
		return implementation.Function(args...)
	}
	switch arguments {
	case 1:
		return cel.UnaryBinding(func(arg ref.Val) ref.Val { return call(arg) })
	case 2:
		return cel.BinaryBinding(func(left, right ref.Val) ref.Val { return call(left, right) })
	}
	return cel.FunctionBinding(call)
}
