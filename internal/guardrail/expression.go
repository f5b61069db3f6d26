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
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// expression is a compiled CEL expression.
type expression struct{ program cel.Program }

// compiler reads the expressions of one issuer, which the operator keeps in memory as long as there is the issuer.
type compiler struct {
	// length of the expressions so far, in bytes.
	length int
	// patterns so far, and what they weigh together.
	patterns patterns
	weight   int
}

// boolean reads an expression that must be true or false; field is where it stands.
func (c *compiler) boolean(field, text string) (*expression, *sts.Problem) {
	return c.compile(field, text, cel.BoolType)
}

// text reads an expression that tells a string.
func (c *compiler) text(field, text string) (*expression, *sts.Problem) {
	return c.compile(field, text, cel.StringType)
}

func (c *compiler) compile(field, text string, want *cel.Type) (*expression, *sts.Problem) {
	if c.length += len(text); c.length > maxTotalLength {
		return nil, sts.Problemf(v1alpha1.ReasonRuleInvalid, "%s is too long: with it the issuer's expressions have %d bytes, at most %d are allowed together", field, c.length, maxTotalLength)
	}
	env := environment()
	parsed, issues := parse(env, text)
	if issues.Err() != nil {
		return nil, invalid(field, firstOf(issues))
	}
	if issues = vetParsed(env, parsed); issues.Err() != nil {
		return nil, invalid(field, firstOf(issues))
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, invalid(field, firstOf(issues))
	}
	if issues = c.vetChecked(checked); issues.Err() != nil {
		return nil, invalid(field, firstOf(issues))
	}
	if got := checked.OutputType(); !got.IsExactType(want) {
		return nil, sts.Problemf(v1alpha1.ReasonRuleInvalid, "%s must give a %s, but it gives a %s", field, want, got)
	}
	program, err := env.Program(checked, c.patterns.options()...)
	if err != nil {
		return nil, sts.Problemf(v1alpha1.ReasonRuleInvalid, "%s is invalid: %s", field, oneLine(err.Error()))
	}
	return &expression{program}, nil
}

// namespaceVariable is what CEL knows the variable namespace by: it keeps that word for the languages it is translated to.
// Of the same length, so that lines and columns stay as they are.
const namespaceVariable = "__nspace_"

// parse reads a text in which namespace is a variable like others: wherever the parser, and nobody knows better, finds the
// word in place of a variable, the variable's own name is put.
func parse(env *cel.Env, text string) (*cel.Ast, *cel.Issues) {
	for {
		parsed, issues := env.Parse(text)
		source, renamed := common.NewTextSource(text), []rune(text)
		for _, issue := range issues.Errors() {
			offset, ok := source.LocationOffset(issue.Location)
			if ok && issue.Message == "reserved identifier: namespace" && strings.HasPrefix(string(renamed[offset:]), "namespace") {
				copy(renamed[offset:], []rune(namespaceVariable))
			}
		}
		if string(renamed) == text {
			return parsed, issues
		}
		text = string(renamed)
	}
}

// firstOf the issues is the one that stands first in the text.
func firstOf(issues *cel.Issues) *cel.Error {
	return slices.MinFunc(issues.Errors(), func(a, b *cel.Error) int {
		return slices.Compare([]int{a.Location.Line(), a.Location.Column()}, []int{b.Location.Line(), b.Location.Column()})
	})
}

// invalid is the problem of an issuer with a broken expression. CEL counts columns from 0.
func invalid(field string, issue *cel.Error) *sts.Problem {
	message := strings.NewReplacer(" (in container '')", "", namespaceVariable, "namespace").Replace(oneLine(issue.Message))
	if issue.Location.Line() < 1 { // a limit on the whole text
		return sts.Problemf(v1alpha1.ReasonRuleInvalid, "%s is invalid: %s", field, message)
	}
	return sts.Problemf(v1alpha1.ReasonRuleInvalid, "%s is invalid at line %d, column %d: %s", field, issue.Location.Line(), max(issue.Location.Column()+1, 1), message)
}

// trial is one Apply: what its expressions see, and what they have cost so far.
type trial struct {
	facts map[string]any
	cost  uint64
}

// holds says whether the expression is true.
func (e *expression) holds(t *trial) (bool, error) {
	value, err := e.run(t)
	return err == nil && value == types.True, err
}

// evaluate is the string that the expression tells.
func (e *expression) evaluate(t *trial) (string, error) {
	value, err := e.run(t)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(value.Value()), nil
}

// run evaluates the expression, unless those before it have spent what all of them may.
func (e *expression) run(t *trial) (ref.Val, error) {
	if t.cost > applyCostLimit {
		return nil, errors.New(tooCostlyTogether)
	}
	value, details, err := e.program.Eval(t.facts)
	if cost := details.ActualCost(); cost != nil {
		t.cost += *cost
	}
	cancelled, ok := errors.AsType[interpreter.EvalCancelledError](err)
	switch {
	case ok && cancelled.Cause == interpreter.CostLimitExceeded:
		return nil, errors.New(tooCostly)
	case err != nil:
		return nil, errors.New(told(err.Error()))
	case t.cost > applyCostLimit:
		return nil, errors.New(tooCostlyTogether)
	}
	return value, nil
}

// told is a failure in one line. It may name a missing key that is as long as an annotation, of which nobody reads the end.
func told(failure string) string {
	return oneLine(strings.ToValidUTF8(failure[:min(len(failure), longText)], ""))
}
