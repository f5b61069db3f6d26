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

// Package query reads the parameters of an AWS query-protocol request against the shapes of the API model: first
// Decode, which knows types, then Validate, which knows bounds and speaks the service's words.
package query

import "regexp"

// Kind is the type of a shape.
type Kind int

// The kinds that occur in requests to STS.
const (
	String Kind = iota
	Integer
	List
	Structure
)

// Shape is a type of the API model with its bounds. Min and Max are the length of a string in characters, the number of
// elements of a list, or the value of an integer; a Max of 0 is no upper bound.
type Shape struct {
	Kind    Kind
	Min     int
	Max     int
	Pattern *Pattern // of a string; nil is any text
	Element *Shape   // of a list
	Members []Member // of a structure
}

// Member is a named part of a structure; the parameters of an operation are the members of one.
type Member struct {
	Name     string
	Shape    Shape
	Required bool
	Secret   bool // the value stays out of messages and records
}

// Pattern is a regular expression that a whole string must match.
type Pattern struct {
	text  string
	whole *regexp.Regexp
}

// NewPattern compiles a pattern of the API model. Messages show it as written in the model, whose Java escapes for code
// points differ from Go's, hence the second spelling.
func NewPattern(model, expression string) *Pattern {
	return &Pattern{text: model, whole: regexp.MustCompile(`\A(?:` + expression + `)\z`)}
}
