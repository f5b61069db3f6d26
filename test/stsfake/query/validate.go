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

package query

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

// Validate holds a decoded request against the bounds of its members. Every violation is in the one answer.
func Validate(members []Member, request Value) error {
	violations := validateMembers(members, request, "")
	switch len(violations) {
	case 0:
		return nil
	case 1:
		return fault.Validation("1 validation error detected: %s", violations[0])
	default:
		return fault.Validation("%d validation errors detected: %s", len(violations), strings.Join(violations, "; "))
	}
}

func validateMembers(members []Member, structure Value, prefix string) []string {
	var violations []string
	for _, member := range members {
		place := prefix + lowerCamel(member.Name)
		value, present := structure.members[member.Name]
		switch {
		case present:
			subject := "Value " + display(member.Shape, value) + " at '" + place + "'"
			if member.Secret {
				subject = "Value at '" + place + "'"
			}
			violations = append(violations, validate(member.Shape, value, subject, place)...)
		case member.Required:
			violations = append(violations, "Value null at '"+place+"' failed to satisfy constraint: Member must not be null")
		}
	}
	return violations
}

func validate(shape Shape, value Value, subject, place string) []string {
	size, sizeIs := len(value.elements), "length"
	switch shape.Kind {
	case String:
		size = utf8.RuneCountInString(value.text)
	case Integer:
		size, sizeIs = value.number, "value"
	case Structure:
		return validateMembers(shape.Members, value, place+".")
	case List:
	}
	var violations []string
	violate := func(constraint string) {
		violations = append(violations, subject+" failed to satisfy constraint: Member must "+constraint)
	}
	if size < shape.Min {
		violate("have " + sizeIs + " greater than or equal to " + strconv.Itoa(shape.Min))
	}
	if shape.Max > 0 && size > shape.Max {
		violate("have " + sizeIs + " less than or equal to " + strconv.Itoa(shape.Max))
	}
	if shape.Pattern != nil && !shape.Pattern.whole.MatchString(value.text) {
		violate("satisfy regular expression pattern: " + shape.Pattern.text)
	}
	for i, element := range value.elements {
		place := place + "." + strconv.Itoa(i+1) + ".member"
		subject := "Value " + display(*shape.Element, element) + " at '" + place + "'"
		violations = append(violations, validate(*shape.Element, element, subject, place)...)
	}
	return violations
}

// display writes a value as the service's messages do.
func display(shape Shape, value Value) string {
	if shape.Kind != List {
		return "'" + value.text + "'"
	}
	elements := make([]string, len(value.elements))
	for i, element := range value.elements {
		elements[i] = displayElement(*shape.Element, element)
	}
	return "'[" + strings.Join(elements, ", ") + "]'"
}

func displayElement(shape Shape, element Value) string {
	if shape.Kind != Structure {
		return element.text
	}
	var shown []string
	for _, member := range shape.Members {
		if element.Has(member.Name) && !member.Secret {
			shown = append(shown, lowerCamel(member.Name)+"="+element.Text(member.Name))
		}
	}
	return "{" + strings.Join(shown, ", ") + "}"
}

// lowerCamel is how messages spell a member: DurationSeconds is durationSeconds there.
func lowerCamel(name string) string { return strings.ToLower(name[:1]) + name[1:] }
