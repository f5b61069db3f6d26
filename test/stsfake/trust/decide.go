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

package trust

import (
	"slices"
	"strings"
)

// Request is what somebody wants to do to a role.
type Request struct {
	Action     string
	Principals []Principal       // every name of the caller
	Context    map[string]string // by condition key; a key without a value is absent
}

// Verdict is a decision and, if statements forbid the request, those.
type Verdict struct {
	Allowed bool
	Denials []Statement
}

// Statement tells which part of a policy decided.
type Statement struct {
	ID      string
	Actions []string
}

// Decide admits what a statement allows and none forbids.
func (p Policy) Decide(request Request) Verdict {
	context := make(map[string]string, len(request.Context))
	for key, value := range request.Context {
		context[strings.ToLower(key)] = value
	}
	var verdict Verdict
	for _, statement := range p.statements {
		if !statement.appliesTo(request, context) {
			continue
		}
		if statement.isDeny {
			verdict.Denials = append(verdict.Denials, statement.public())
		} else {
			verdict.Allowed = true
		}
	}
	verdict.Allowed = verdict.Allowed && len(verdict.Denials) == 0
	return verdict
}

func (s statement) appliesTo(request Request, context map[string]string) bool {
	if !slices.ContainsFunc(s.actions, func(action pattern) bool { return action.matchesIgnoringCase(request.Action) }) {
		return false
	}
	if !slices.ContainsFunc(s.principals, func(principal Principal) bool { return principal.isOneOf(request.Principals) }) {
		return false
	}
	return !slices.ContainsFunc(s.conditions, func(condition condition) bool { return !condition.holds(context) })
}

func (p Principal) isOneOf(names []Principal) bool {
	return slices.ContainsFunc(names, func(name Principal) bool {
		return name == p || p == Principal{AWS, "*"} && name.Type == AWS
	})
}

func (s statement) public() Statement {
	actions := make([]string, len(s.actions))
	for i, action := range s.actions {
		actions[i] = action.text
	}
	return Statement{ID: s.id, Actions: actions}
}
