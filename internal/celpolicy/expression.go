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
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"
)

// Expression is a compiled expression. It is safe for concurrent use.
type Expression struct{ program cel.Program }

// Compiler compiles the expressions of one owner, and bounds the memory that they take together.
type Compiler struct {
	env *Environment
	// length of the expressions so far, in bytes.
	length int
	// patterns so far, and their total weight.
	patterns patterns
	weight   int
}

// NewCompiler is a compiler for one owner's expressions.
func (e *Environment) NewCompiler() *Compiler { return &Compiler{env: e, patterns: patterns{}} }

// Error is why an expression does not compile.
type Error struct {
	// Field where the expression stands, as the caller named it.
	Field string
	// Line and Column of the mistake, from 1; both are 0 if the expression as a whole is wrong.
	Line, Column int
	// Message follows the field in a sentence: "is invalid at line 1, column 8: undefined field 'nmae'".
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Field + " " + e.Message }

// CompileBool compiles an expression that gives true or false. A failure is an *Error that names the field.
func (c *Compiler) CompileBool(field, text string) (*Expression, error) {
	return c.compile(field, text, cel.BoolType)
}

// CompileString compiles an expression that gives a string. A failure is an *Error that names the field.
func (c *Compiler) CompileString(field, text string) (*Expression, error) {
	return c.compile(field, text, cel.StringType)
}

func (c *Compiler) compile(field, text string, want *cel.Type) (*Expression, error) {
	if c.length += len(text); c.length > maxTotalLength {
		return nil, &Error{Field: field, Message: fmt.Sprintf(
			"is too long: with it the %s's expressions have %d bytes, at most %d are allowed together", c.env.owner, c.length, maxTotalLength)}
	}
	env := c.env.cel
	parsed, issues := parse(env, text)
	if issues.Err() != nil {
		return nil, invalid(field, issues)
	}
	if issues = vetParsed(env, parsed); issues.Err() != nil {
		return nil, invalid(field, issues)
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, invalid(field, issues)
	}
	if issues = c.vetChecked(checked); issues.Err() != nil {
		return nil, invalid(field, issues)
	}
	if got := checked.OutputType(); !got.IsExactType(want) {
		return nil, &Error{Field: field, Message: fmt.Sprintf("must give a %s, but it gives a %s", want, got)}
	}
	program, err := env.Program(checked, c.patterns.programOptions()...)
	if err != nil {
		return nil, &Error{Field: field, Message: "is invalid: " + oneLine(err.Error())}
	}
	return &Expression{program}, nil
}

// CEL reserves the word namespace, so the variable of that name has another one in CEL. Both have the same length, so that
// lines and columns do not change.
const (
	reservedVariable = "namespace"
	celVariable      = "__nspace_"
)

// variableName is the name of a variable in CEL.
func variableName(name string) string {
	if name == reservedVariable {
		return celVariable
	}
	return name
}

// parse parses a text in which namespace is a variable like others. Only the parser knows where the word stands for a variable,
// so the word is replaced wherever the parser reports it as reserved.
func parse(env *cel.Env, text string) (*cel.Ast, *cel.Issues) {
	for {
		parsed, issues := env.Parse(text)
		source, renamed := common.NewTextSource(text), []rune(text)
		for _, issue := range issues.Errors() {
			offset, ok := source.LocationOffset(issue.Location)
			reserved := ok && issue.Message == "reserved identifier: "+reservedVariable
			if reserved && strings.HasPrefix(string(renamed[offset:]), reservedVariable) {
				copy(renamed[offset:], []rune(celVariable))
			}
		}
		if string(renamed) == text {
			return parsed, issues
		}
		text = string(renamed)
	}
}

// invalid is the error for the issue that comes first in the text. CEL counts columns from 0.
func invalid(field string, issues *cel.Issues) error {
	first := slices.MinFunc(issues.Errors(), func(a, b *cel.Error) int {
		return slices.Compare([]int{a.Location.Line(), a.Location.Column()}, []int{b.Location.Line(), b.Location.Column()})
	})
	message := strings.NewReplacer(" (in container '')", "", celVariable, reservedVariable).Replace(oneLine(first.Message))
	if first.Location.Line() < 1 { // a limit of the whole text
		return &Error{Field: field, Message: "is invalid: " + message}
	}
	line, column := first.Location.Line(), max(first.Location.Column()+1, 1)
	return &Error{field, line, column, fmt.Sprintf("is invalid at line %d, column %d: %s", line, column, message)}
}

// Evaluation evaluates expressions over the same variables, within one cost budget. It is not safe for concurrent use.
type Evaluation struct {
	owner     string
	variables map[string]any
	cost      uint64
}

// NewEvaluation is an evaluation with a whole budget and no variables.
func (e *Environment) NewEvaluation() *Evaluation {
	return &Evaluation{owner: e.owner, variables: map[string]any{}}
}

// Set sets a variable for the expressions that follow.
func (v *Evaluation) Set(variable string, value Object) { v.variables[variableName(variable)] = value }

// Cost is what the evaluation has cost so far, in units (see costLimit).
func (v *Evaluation) Cost() uint64 { return v.cost }

// Bool is the value of an expression of CompileBool.
func (v *Evaluation) Bool(expression *Expression) (bool, error) {
	value, err := v.evaluate(expression)
	return err == nil && value == types.True, err
}

// Text is the value of an expression of CompileString.
func (v *Evaluation) Text(expression *Expression) (string, error) {
	value, err := v.evaluate(expression)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(value.Value()), nil
}

// evaluate evaluates an expression unless the budget is spent already. The one that overspends it fails too.
func (v *Evaluation) evaluate(expression *Expression) (Value, error) {
	if v.cost > totalCostLimit {
		return nil, errors.New(tooCostlyTogether(v.owner))
	}
	value, details, err := expression.program.Eval(v.variables)
	if cost := details.ActualCost(); cost != nil {
		v.cost += *cost
	}
	cancelled, ok := errors.AsType[interpreter.EvalCancelledError](err)
	switch {
	case ok && cancelled.Cause == interpreter.CostLimitExceeded:
		return nil, errors.New(tooCostly)
	case err != nil:
		return nil, errors.New(shorten(err.Error()))
	case v.cost > totalCostLimit:
		return nil, errors.New(tooCostlyTogether(v.owner))
	}
	return value, nil
}

// shorten is a message in one line and without the end of a very long one: it may name a missing key as long as an annotation.
func shorten(message string) string {
	return oneLine(strings.ToValidUTF8(message[:min(len(message), longText)], ""))
}

// oneLine is the text with each run of white space as one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
