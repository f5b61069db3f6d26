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
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

// Value is a decoded parameter, shaped like its Shape.
type Value struct {
	text     string
	number   int
	elements []Value
	members  map[string]Value
}

// Has tells whether the request has the member.
func (v Value) Has(name string) bool { _, ok := v.members[name]; return ok }

// Text is a string member; "" when absent.
func (v Value) Text(name string) string { return v.members[name].text }

// Number is an integer member; 0 when absent.
func (v Value) Number(name string) int { return v.members[name].number }

// Content is the text of a list's element that is a string.
func (v Value) Content() string { return v.text }

// Elements are those of a list member, in order.
func (v Value) Elements(name string) []Value { return v.members[name].elements }

// Decode reads the members from the parameters. Parameters that no member names are ignored, as STS does. It fails with
// MalformedInput for text that is not of the member's type; what STS says then is not known, the code is that of IAM.
func Decode(members []Member, parameters url.Values) (Value, error) {
	return decodeStructure(members, parameters, "")
}

func decodeStructure(members []Member, parameters url.Values, prefix string) (Value, error) {
	structure := Value{members: map[string]Value{}}
	for _, member := range members {
		value, present, err := decode(member.Shape, parameters, prefix+member.Name)
		if err != nil {
			return Value{}, err
		}
		if present {
			structure.members[member.Name] = value
		}
	}
	return structure, nil
}

func decode(shape Shape, parameters url.Values, name string) (value Value, present bool, err error) {
	switch shape.Kind {
	case List:
		return decodeList(shape, parameters, name)
	case Structure:
		value, err = decodeStructure(shape.Members, parameters, name+".")
		return value, len(value.members) > 0, err
	case Integer:
		if !parameters.Has(name) {
			return Value{}, false, nil
		}
		number, err := strconv.ParseInt(parameters.Get(name), 10, 32)
		if err != nil {
			return Value{}, false, fault.BadRequest("MalformedInput", "%s must be an integer", name)
		}
		return Value{text: parameters.Get(name), number: int(number)}, true, nil
	default:
		return Value{text: parameters.Get(name)}, parameters.Has(name), nil
	}
}

// decodeList reads Name.member.1, Name.member.2, …, in the order of their numbers, which need not be without gaps. A bare
// "Name=" is how botocore sends an empty list.
func decodeList(shape Shape, parameters url.Values, name string) (Value, bool, error) {
	if parameters.Get(name) != "" {
		return Value{}, false, fault.BadRequest("MalformedInput", "%s must be a list", name)
	}
	positions := map[int]bool{}
	for parameter := range parameters {
		rest, isElement := strings.CutPrefix(parameter, name+".member.")
		digits, _, _ := strings.Cut(rest, ".")
		if position, err := strconv.Atoi(digits); isElement && err == nil && strconv.Itoa(position) == digits {
			positions[position] = true
		}
	}
	var list Value
	for _, position := range slices.Sorted(maps.Keys(positions)) {
		element, _, err := decode(*shape.Element, parameters, name+".member."+strconv.Itoa(position))
		if err != nil {
			return Value{}, false, err
		}
		list.elements = append(list.elements, element)
	}
	return list, parameters.Has(name) || len(positions) > 0, nil
}

// Recordable are the parameters that a record of the request may show: those a member names. Of a secret one it shows a
// digest, enough to see whether it changed.
func Recordable(members []Member, parameters url.Values) map[string]string {
	shown := map[string]string{}
	for parameter := range parameters {
		switch found, secret := lookUp(members, strings.Split(parameter, ".")); {
		case secret:
			sum := sha256.Sum256([]byte(parameters.Get(parameter)))
			shown[parameter] = "REDACTED sha256:" + hex.EncodeToString(sum[:6])
		case found:
			shown[parameter] = parameters.Get(parameter)
		}
	}
	return shown
}

// lookUp walks one parameter name, such as Tags.member.1.Key, down the members.
func lookUp(members []Member, path []string) (found, secret bool) {
	at := slices.IndexFunc(members, func(member Member) bool { return member.Name == path[0] })
	if at < 0 {
		return false, false
	}
	shape, secret, path := members[at].Shape, members[at].Secret, path[1:]
	if shape.Kind == List && len(path) >= 2 && path[0] == "member" {
		shape, path = *shape.Element, path[2:]
	}
	if len(path) == 0 {
		return true, secret
	}
	if shape.Kind != Structure {
		return false, false
	}
	return lookUp(shape.Members, path)
}
