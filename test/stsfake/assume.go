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

package stsfake

import (
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
)

const (
	assumeDefault = time.Hour

	// chainingMaximum limits sessions of a role that another role assumed.
	chainingMaximum = time.Hour
)

// assumption is a role that may be assumed.
type assumption struct {
	target      roleARN
	role        knownRole
	sessionName string
	session     session
	limit       time.Duration // of the session, which ends earlier than asked; 0 is none
}

// assumeResult is what the results of all operations that assume roles have in common.
type assumeResult struct {
	Credentials     credentialsResult
	AssumedRoleUser struct {
		AssumedRoleID string `xml:"AssumedRoleId"`
		Arn           string
	}
	PackedPolicySize *int   // nil, and so absent, without policies and tags
	SourceIdentity   string `xml:",omitempty"`
	*tokenSizeResult
}

// assume issues the credentials of the role's session.
func (s *Server) assume(x *exchange, a assumption) (assumeResult, error) {
	lifetime, err := roleLifetime(x, a.role)
	if err != nil {
		return assumeResult{}, err
	}
	if a.limit > 0 {
		lifetime = min(lifetime, a.limit)
	}
	size, err := s.regime.measure(x.input)
	if err != nil {
		return assumeResult{}, err
	}
	assumed := newAssumedRole(a.target.accountID, a.role.Role, a.sessionName, a.session)
	issued := s.issue(assumed, size.token, x.now, s.shorten(x, lifetime))

	result := assumeResult{
		Credentials:     s.credentialsResult(issued),
		SourceIdentity:  a.session.sourceIdentity,
		tokenSizeResult: s.tokenSizeResult(size),
	}
	if size.packedPercent > 0 {
		result.PackedPolicySize = &size.packedPercent
	}
	result.AssumedRoleUser.AssumedRoleID, result.AssumedRoleUser.Arn = assumed.userID, assumed.arn(a.target.partition)
	return result, nil
}

// roleLifetime is what the request asks for; too much is an error, not a shorter session.
func roleLifetime(x *exchange, role knownRole) (time.Duration, error) {
	lifetime := assumeDefault
	if x.input.Has("DurationSeconds") {
		lifetime = time.Duration(x.input.Number("DurationSeconds")) * time.Second
	}
	isChained := x.caller != nil && x.caller.kind == assumedRole
	if isChained && lifetime > chainingMaximum {
		return 0, fault.Validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if lifetime > role.maxSessionDuration() {
		return 0, fault.Validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return lifetime, nil
}
