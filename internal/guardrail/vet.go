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
	"regexp"
	"regexp/syntax"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
)

// The most that a regular expression may be: in bytes, in instructions, which take time, and in weight, which takes memory.
// One \pL or \pN fits. And the most that all of an issuer may weigh.
const (
	maxPatternLength = 512
	maxPatternSize   = 1000
	maxPatternWeight = 4000
	maxTotalWeight   = 20_000
)

// deep are the functions that go through all of their arguments in one step, whose cost is known only afterwards.
var deep = []string{
	operators.Equals, operators.NotEquals, operators.In, "format", "sets.contains", "sets.equivalent", "sets.intersects",
}

// vetParsed finds what must not reach the type checker. The type of a map whose key is a value of its own doubles with each
// step of [1].map(x, {x: x}).map(x, {x: x})…, and the checker takes minutes for twenty of them.
func vetParsed(env *cel.Env, parsed *cel.Ast) *cel.Issues {
	issues := noIssues(parsed)
	ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.StructKind:
			issues.ReportErrorAtID(e.ID(), "objects cannot be made")
		case ast.MapKind:
			for _, entry := range e.AsMap().Entries() {
				if key := entry.AsMapEntry().Key(); key.Kind() != ast.LiteralKind || key.AsLiteral().Type() != types.StringType {
					issues.ReportErrorAtID(key.ID(), "the keys of a map must be string literals")
				}
			}
		default:
		}
	}))
	cel.ValidateComprehensionNestingLimit(maxNesting).Validate(env, nil, parsed.NativeRep(), issues)
	return issues
}

// vetChecked finds what CEL would evaluate without a bound on the time. With every type known, a value cannot be nested
// deeper than its type tells, and what is compared at one go is flat. It compiles the regular expressions on the way.
func (c *compiler) vetChecked(checked *cel.Ast) *cel.Issues {
	issues := noIssues(checked)
	for _, node := range ast.MatchDescendants(ast.NavigateAST(checked.NativeRep()), ast.AllMatcher()) {
		if at, message := c.vet(node); message != "" {
			issues.ReportErrorAtID(at.ID(), "%s", message)
			break
		}
	}
	return issues
}

func noIssues(of *cel.Ast) *cel.Issues {
	return cel.NewIssuesWithSourceInfo(common.NewErrors(of.Source()), of.NativeRep().SourceInfo())
}

// vet finds what is wrong with a node, and with which part of it.
func (c *compiler) vet(node ast.NavigableExpr) (ast.NavigableExpr, string) {
	if !isDefinite(node.Type()) && !isFormatList(node) {
		return node, fmt.Sprintf("the type of this must be known, and is %s", node.Type())
	}
	if node.Kind() != ast.CallKind {
		return node, ""
	}
	call := node.AsCall()
	name := call.FunctionName()
	children := node.Children()
	switch {
	case slices.Contains(deep, name):
		return node, vetFlat(children)
	case name == operators.Add && node.Type().Kind() == types.ListKind && !isAccumulator(children[0]):
		return node, "lists cannot be joined with +"
	case name == overloads.Matches:
		return children[1], c.vetPattern(children[1])
	}
	return node, ""
}

// isDefinite says whether a type is known throughout.
func isDefinite(t *types.Type) bool {
	if slices.Contains([]types.Kind{types.DynKind, types.AnyKind, types.TypeParamKind}, t.Kind()) {
		return false
	}
	return !slices.ContainsFunc(t.Parameters(), func(p *types.Type) bool { return !isDefinite(p) })
}

// isFormatList: the arguments of format may be of several types.
func isFormatList(node ast.NavigableExpr) bool {
	parent, ok := node.Parent()
	return ok && node.Kind() == ast.ListKind && parent.Kind() == ast.CallKind && parent.AsCall().FunctionName() == "format"
}

// isAccumulator: the macros map and filter build their result so. No name in a text begins with @.
func isAccumulator(node ast.NavigableExpr) bool {
	return node.Kind() == ast.IdentKind && node.AsIdent() == "@result"
}

// vetFlat holds arguments to be plain values, or lists and maps of plain values.
func vetFlat(arguments []ast.NavigableExpr) string {
	for _, argument := range arguments {
		parts := argument.Type().Parameters()
		if isFormatList(argument) {
			parts = nil
			for _, element := range argument.Children() {
				parts = append(parts, element.Type())
			}
		}
		if argument.Type().Kind() == types.StructKind || slices.ContainsFunc(parts, func(t *types.Type) bool { return !isPlain(t) }) {
			return fmt.Sprintf("only plain values, and lists and maps of them, can be compared or formatted, not %s", argument.Type())
		}
	}
	return ""
}

// isPlain: a value of the type is not made of others.
func isPlain(t *types.Type) bool {
	return len(t.Parameters()) == 0 && t.Kind() != types.StructKind
}

// vetPattern holds a regular expression to be a literal of bounded size, alone and with all others of the issuer.
func (c *compiler) vetPattern(argument ast.NavigableExpr) string {
	if argument.Kind() != ast.LiteralKind {
		return "the pattern must be a string literal"
	}
	text := fmt.Sprint(argument.AsLiteral().Value())
	if _, known := c.patterns[text]; known {
		return ""
	}
	if len(text) > maxPatternLength {
		return fmt.Sprintf("the pattern has %d bytes, at most %d are allowed", len(text), maxPatternLength)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return err.Error()
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return err.Error()
	}
	if len(program.Inst) > maxPatternSize {
		return fmt.Sprintf("the pattern takes %d instructions, at most %d are allowed: use smaller repetitions", len(program.Inst), maxPatternSize)
	}
	weight := weigh(program)
	if weight > maxPatternWeight {
		return fmt.Sprintf("the pattern weighs %d, at most %d is allowed: use smaller classes of characters, or repeat them less", weight, maxPatternWeight)
	}
	if c.weight += weight; c.weight > maxTotalWeight {
		return fmt.Sprintf("with this pattern those of the issuer weigh %d, at most %d is allowed together: use fewer or smaller ones", c.weight, maxTotalWeight)
	}
	compiled, err := regexp.Compile(noOnePass + text)
	if err != nil {
		return err.Error()
	}
	c.patterns[text] = pattern{compiled, uint64(len(program.Inst))}
	return ""
}

// noOnePass before a pattern matches nothing, so the pattern stays what it is. But as Go sees no ^ at its beginning, it does
// not make a second program, "one pass", of it, which has copies of all ranges that may follow: 8 MB for ^\pL{980}$.
const noOnePass = "()"

// weigh tells what a regular expression may take of memory: each instruction weighs 1, and 1 more for each bound of the ranges
// of characters that it tells apart.
func weigh(program *syntax.Prog) (weight int) {
	for _, instruction := range program.Inst {
		weight += 1 + len(instruction.Rune)
	}
	return weight
}
