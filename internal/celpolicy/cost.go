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
	"fmt"
	"regexp"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// Cost limits of one expression, and of everything that one Evaluation evaluates. A unit is about the cost of reading a field
// or of comparing ten characters. A hundred thousand units take at most a tenth of a second.
const (
	costLimit      = 100_000
	totalCostLimit = 300_000
)

var tooCostly = fmt.Sprintf("it costs more than the %d units that an expression may", costLimit)

// tooCostlyTogether is the error when an Evaluation has spent its total budget.
func tooCostlyTogether(owner string) string {
	return fmt.Sprintf("with what was evaluated before, it costs more than the %d units that the expressions of an %s may together",
		totalCostLimit, owner)
}

// pattern is a regular expression, compiled once.
type pattern struct {
	regexp *regexp.Regexp
	// steps that one character of a text can take at most.
	steps uint64
}

// cost of matching a text: the time grows with the product of its length and the steps.
func (p pattern) cost(text string) uint64 { return 1 + uint64(len(text)+1)*p.steps/10 }

// patterns are the regular expressions of a Compiler, by their text.
type patterns map[string]pattern

// programOptions bound the program of an expression.
func (p patterns) programOptions() []cel.ProgramOption {
	return []cel.ProgramOption{
		cel.CostLimit(costLimit),
		cel.CostTracking(p),
		cel.CustomDecoratorV2(decorateLiterals),
		cel.OptimizeRegex(&interpreter.RegexOptimization{Function: "matches", RegexIndex: 1, Factory: p.matcher}),
	}
}

// matcher replaces a call of matches by one whose pattern is compiled, and which refuses too long a text beforehand.
func (p patterns) matcher(call interpreter.InterpretableCall, text string) (interpreter.InterpretableCall, error) {
	compiled := p[text]
	var match functions.FunctionOp = func(args ...ref.Val) ref.Val {
		in := fmt.Sprint(args[0].Value())
		if compiled.cost(in) > costLimit {
			return types.NewErrFromString(tooCostly)
		}
		return types.Bool(compiled.regexp.MatchString(in))
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), match), nil
}

// literalFunction names the construction of a list or a map. No function that an author can write begins with @.
const literalFunction = "@literal"

// timeZoneCost is the cost of a time function with a time zone, which reads the zone from a file.
const timeZoneCost = 100

// CallCost implements interpreter.ActualCostEstimator for the calls that CEL undercounts. CEL counts some as 1, matches by
// the length of its pattern (.{1000} is short), and others by the number of values, however long these are.
func (p patterns) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	var cost uint64
	switch function {
	case "matches":
		cost = p[fmt.Sprint(args[1].Value())].cost(fmt.Sprint(args[0].Value()))
	case "charAt", "format", "indexOf", "join", "lastIndexOf", "lowerAscii", "replace", "reverse", "split", "strings.quote",
		"substring", "trim", "upperAscii", "sets.contains", "sets.equivalent", "sets.intersects":
		cost = callCost(args)
	case operators.Equals, operators.NotEquals:
		cost = 1 + min(extent(args[0]), extent(args[1]))/10
	case operators.In:
		cost = searchCost(args[0], args[1])
	case literalFunction:
		cost = 10 + uint64(len(args))/5
	case operators.Add, overloads.Contains:
		return nil // CEL counts these by length, which is right
	default:
		if strings.HasPrefix(function, "get") && len(args) == 2 {
			cost = timeZoneCost
			break
		}
		length := textLength(args)
		if length < longText {
			return nil
		}
		cost = 1 + length/100
	}
	return &cost
}

// longText in bytes. CEL counts a pass over a text, such as size or a comparison, as 1. Names, ARNs and labels are shorter
// than this; an annotation may have 256 KiB.
const longText = 4096

func textLength(args []ref.Val) (sum uint64) {
	for _, arg := range args {
		if text, ok := arg.(types.String); ok {
			sum += uint64(len(text))
		}
	}
	return sum
}

// callCost is the cost of a library function. At worst, such a function passes over one argument for each part of another.
func callCost(args []ref.Val) uint64 {
	largest, second := uint64(1), uint64(1)
	for _, arg := range args {
		if e := extent(arg); e > largest {
			largest, second = e, largest
		} else if e > second {
			second = e
		}
	}
	if largest > 10*costLimit { // over the limit already, and the product could overflow
		return largest
	}
	return 1 + largest*second/10
}

// searchCost is the cost of searching a list or a map for a value.
func searchCost(value, in ref.Val) uint64 {
	list, ok := in.(traits.Lister)
	if !ok {
		return 1 + extent(value)/100
	}
	cost, sought := uint64(1), extent(value)
	for it := list.Iterator(); it.HasNext() == types.True; {
		cost += 1 + min(sought, extent(it.Next()))/100
	}
	return cost
}

// extent is the size of a value in bytes, with everything in it. Finding a key counts as ten bytes.
func extent(value ref.Val) uint64 {
	switch v := value.(type) {
	case types.String:
		return 1 + uint64(len(v))
	case traits.Lister:
		sum := uint64(1)
		for it := v.Iterator(); it.HasNext() == types.True; {
			sum += extent(it.Next())
		}
		return sum
	case traits.Mapper:
		sum := uint64(1)
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			value, _ := v.Find(key)
			sum += 10 + extent(key) + extent(value)
		}
		return sum
	}
	return 1
}
