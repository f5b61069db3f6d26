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

// Service is what the server imitates.
type Service string

const (
	// ServiceAWS is AWS STS.
	ServiceAWS Service = "aws"
	// ServiceCompatible is another service that speaks the STS protocol, as MinIO does: it has AssumeRole and no other operation, takes
	// any path, region and role ARN, and does not say whose the credentials are.
	ServiceCompatible Service = "compatible"
)

// WithService sets what the server imitates; the default is ServiceAWS.
func WithService(service Service) Option { return func(s *Server) { s.service = service } }

// compatibleOperations are all that a service has which is not AWS.
func compatibleOperations() map[string]operation {
	return map[string]operation{
		"AssumeRole": {name: "AssumeRole", perform: (*Server).assumeAnyRole, members: assumeRoleMembers()},
	}
}

// unsupportedAction is the answer to an operation that the service lacks.
func unsupportedAction(name string) error {
	return fault.BadRequest("InvalidParameterValue", "Unsupported action %s", name)
}

// assumeAnyRole issues credentials of the caller: the service has no roles.
func (s *Server) assumeAnyRole(x *exchange) (any, error) {
	size, err := s.regime.measure(x.input)
	if err != nil {
		return nil, err
	}
	lifetime := assumeDefault
	if x.input.Has("DurationSeconds") {
		lifetime = time.Duration(x.input.Number("DurationSeconds")) * time.Second
	}
	issued := s.issue(x.caller.identity, size.token, x.now, s.shorten(x, lifetime))
	return assumeResult{Credentials: s.credentialsResult(issued)}, nil
}
