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

	"github.com/sts-operator/sts-operator/test/stsfake/query"
)

const sessionDefault = 12 * time.Hour

func sessionTokenMembers() []query.Member {
	return []query.Member{
		{Name: "DurationSeconds", Shape: durationSecondsType(129600)},
		{Name: "SerialNumber", Shape: serialNumberType()},
		{Name: "TokenCode", Secret: true, Shape: tokenCodeType()},
		{Name: "MinimumSessionTokenSize", Shape: minimumSessionTokenSizeType()},
	}
}

// sessionTokenResult is GetSessionTokenResult.
type sessionTokenResult struct {
	Credentials credentialsResult
	*tokenSizeResult
}

// getSessionToken issues credentials of the caller itself.
func (s *Server) getSessionToken(x *exchange) (any, error) {
	if err := s.authorize(x, "sts:GetSessionToken", "*"); err != nil {
		return nil, err
	}
	verified, err := s.multiFactor(x)
	if err != nil {
		return nil, err
	}
	size, err := s.regime.measure(x.input)
	if err != nil {
		return nil, err
	}
	owner := x.caller.identity
	owner.session = session{withMFA: verified}
	issued := s.issue(owner, size.token, x.now, s.userLifetime(x, sessionDefault))
	return sessionTokenResult{Credentials: s.credentialsResult(issued), tokenSizeResult: s.tokenSizeResult(size)}, nil
}
