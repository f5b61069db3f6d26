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
	"regexp/syntax"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
)

// Limits of a regular expression: bytes, instructions (which take time) and weight (which takes memory; see weigh). One \pL or
// \pN fits. maxTotalWeight is the limit of all regular expressions of a Compiler.
const (
	maxPatternLength = 512
	maxPatternSize   = 1000
	maxPatternWeight = 4000
	maxTotalWeight   = 20_000
)

// deepFunctions pass over their whole arguments in one step, whose cost is known only afterwards.
var deepFunctions = []string{
	operators.Equals, operators.NotEquals, operators.In, "format", "sets.contains", "sets.equivalent", "sets.intersects",
}

// vetParsed finds what must not reach the type checker. In [1].map(x, {x: x}).map(x, {x: x})… the type doubles with each step,
// and for twenty steps the checker takes minutes.
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

// vetChecked finds what CEL would evaluate in unbounded time. Every type must be known, so that no value is nested deeper than
// its type says, and what one call compares must be flat. It also compiles the regular expressions.
func (c *Compiler) vetChecked(checked *cel.Ast) *cel.Issues {
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

// vet checks one node. It returns the part that is wrong and what is wrong with it, or no message.
func (c *Compiler) vet(node ast.NavigableExpr) (ast.NavigableExpr, string) {
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
	case slices.Contains(deepFunctions, name):
		return node, vetFlat(children)
	case name == operators.Add && node.Type().Kind() == types.ListKind && !isAccumulator(children[0]):
		return node, "lists cannot be joined with +"
	case name == overloads.Matches:
		return children[1], c.vetPattern(children[1])
	}
	return node, ""
}

// isDefinite says whether a type and all its parameters are known.
func isDefinite(t *types.Type) bool {
	if slices.Contains([]types.Kind{types.DynKind, types.AnyKind, types.TypeParamKind}, t.Kind()) {
		return false
	}
	return !slices.ContainsFunc(t.Parameters(), func(p *types.Type) bool { return !isDefinite(p) })
}

// isFormatList says whether a node is the argument list of format, whose elements may have several types.
func isFormatList(node ast.NavigableExpr) bool {
	parent, ok := node.Parent()
	return ok && node.Kind() == ast.ListKind && parent.Kind() == ast.CallKind && parent.AsCall().FunctionName() == "format"
}

// isAccumulator says whether a node is the variable in which the macros map and filter build their result. No name that an
// author can write begins with @.
func isAccumulator(node ast.NavigableExpr) bool {
	return node.Kind() == ast.IdentKind && node.AsIdent() == "@result"
}

// vetFlat checks that arguments are plain values, or lists and maps of plain values.
func vetFlat(arguments []ast.NavigableExpr) string {
	for _, argument := range arguments {
		parts := argument.Type().Parameters()
		if isFormatList(argument) {
			parts = nil
			for _, element := range argument.Children() {
				parts = append(parts, element.Type())
			}
		}
		nested := slices.ContainsFunc(parts, func(t *types.Type) bool { return !isPlain(t) })
		if nested || argument.Type().Kind() == types.StructKind {
			return fmt.Sprintf("only plain values, and lists and maps of them, can be compared or formatted, not %s",
				argument.Type())
		}
	}
	return ""
}

// isPlain says whether values of a type consist of no others.
func isPlain(t *types.Type) bool {
	return len(t.Parameters()) == 0 && t.Kind() != types.StructKind
}

// vetPattern checks that a regular expression is a literal within the limits, its own and those of the Compiler, and compiles it.
func (c *Compiler) vetPattern(argument ast.NavigableExpr) string {
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
	if message := c.vetProgram(program); message != "" {
		return message
	}
	compiled, err := regexp.Compile(noOnePass + text)
	if err != nil {
		return err.Error()
	}
	c.patterns[text] = pattern{compiled, uint64(len(program.Inst))}
	return ""
}

// vetProgram checks the size of a regular expression, and adds its weight to the total.
func (c *Compiler) vetProgram(program *syntax.Prog) string {
	if len(program.Inst) > maxPatternSize {
		return fmt.Sprintf("the pattern takes %d instructions, at most %d are allowed: use smaller repetitions",
			len(program.Inst), maxPatternSize)
	}
	weight := weigh(program)
	if weight > maxPatternWeight {
		return fmt.Sprintf("the pattern weighs %d, at most %d is allowed: use smaller classes of characters, or repeat them less",
			weight, maxPatternWeight)
	}
	if c.weight += weight; c.weight > maxTotalWeight {
		return fmt.Sprintf("with this pattern those of the %s weigh %d, at most %d is allowed together: use fewer or smaller ones",
			c.env.owner, c.weight, maxTotalWeight)
	}
	return ""
}

// noOnePass in front of a pattern matches the empty text, so it does not change the meaning. But it hides a leading ^ from Go,
// which would otherwise build a second "one pass" program with copies of all ranges that may follow: 8 MB for ^\pL{980}$.
const noOnePass = "()"

// weigh measures the memory that a regular expression may take. An instruction weighs 1, and 1 more for each bound of its
// ranges of characters.
func weigh(program *syntax.Prog) (weight int) {
	for _, instruction := range program.Inst {
		weight += 1 + len(instruction.Rune)
	}
	return weight
}
