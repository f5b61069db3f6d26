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
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
)

// Size limits of an expression: characters, depth of the syntax tree (type checking takes its cube) and nested loops.
// maxTotalLength is the limit in bytes of all expressions of a Compiler: compiled, a byte takes up to 100 bytes of memory.
const (
	maxExpressionLength = 4096
	maxDepth            = 25
	maxNesting          = 5
	maxTotalLength      = 32 << 10
)

// Declarations are what expressions can refer to.
type Declarations struct {
	// Owner is the noun for what the expressions of one Compiler belong to, such as "issuer". Messages use it.
	Owner string
	// Types of objects.
	Types []*ObjectType
	// Variables by their names. A variable may have the name namespace, which CEL otherwise reserves.
	Variables map[string]*ObjectType
}

// Environment is what expressions are compiled in. Creating one takes a while; it never changes and is safe for concurrent use.
type Environment struct {
	cel   *cel.Env
	owner string
}

// NewEnvironment is an environment with the declarations, the standard functions of CEL, and those for strings and sets.
func NewEnvironment(declared Declarations) (*Environment, error) {
	library, err := cel.NewCustomEnv(ext.Strings(), ext.Sets())
	if err != nil {
		return nil, err
	}
	objects := map[string]*ObjectType{}
	for _, object := range declared.Types {
		objects[object.Name] = object
	}
	options := []cel.EnvOption{
		cel.StdLib(),
		cel.CustomTypeAdapter(types.DefaultTypeAdapter),
		cel.CustomTypeProvider(provider{types.NewEmptyRegistry(), objects}),
		cel.ParserExpressionSizeLimit(maxExpressionLength),
		cel.ParserRecursionLimit(maxDepth),
		cel.ASTValidators(library.Validators()...),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(),
		),
	}
	for name, object := range declared.Variables {
		options = append(options, cel.Variable(variableName(name), object.CELType()))
	}
	for _, function := range library.Functions() {
		option, err := bounded(function)
		if err != nil {
			return nil, err
		}
		options = append(options, option)
	}
	env, err := cel.NewCustomEnv(options...)
	if err != nil {
		return nil, err
	}
	return &Environment{env, declared.Owner}, nil
}

// bounded declares a library function that refuses arguments on which one call would exceed the cost limit. CEL counts the
// cost of a call only after it; yet a single replace or sets.contains has no bound on its time and memory.
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
		binding := boundedBinding(implementations[overload.ID()], len(overload.ArgTypes()))
		overloads = append(overloads, declare(overload.ID(), overload.ArgTypes(), overload.ResultType(), binding))
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
