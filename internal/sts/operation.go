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

package sts

import (
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// The STS operations behind a FederatedSession.
const (
	OperationGetFederationToken        = "GetFederationToken"
	OperationAssumeRole                = "AssumeRole"
	OperationAssumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity"
	OperationAssumeRoleWithSAML        = "AssumeRoleWithSAML"
	OperationGetSessionToken           = "GetSessionToken"
)

// traits is what AWS says of an operation.
type traits struct {
	// defaultDuration is what STS grants when no DurationSeconds is sent.
	defaultDuration time.Duration
	// unsigned: what is presented speaks for the caller, who needs no identity.
	unsigned bool
	// longTermOnly: only IAM users (and the root user) may call it, with their long-term keys.
	longTermOnly bool
	// takesTags and takesSourceIdentity: a caller can set them.
	takesTags, takesSourceIdentity bool
	// takesMFA: a caller can prove a multi-factor device.
	takesMFA bool
	// ofRole: the credentials are those of a role session.
	ofRole bool
}

var operationTraits = map[string]traits{
	OperationGetFederationToken:        {defaultDuration: 12 * time.Hour, longTermOnly: true, takesTags: true},
	OperationAssumeRole:                {defaultDuration: time.Hour, takesTags: true, takesSourceIdentity: true, takesMFA: true, ofRole: true},
	OperationAssumeRoleWithWebIdentity: {defaultDuration: time.Hour, unsigned: true, ofRole: true},
	OperationAssumeRoleWithSAML:        {defaultDuration: time.Hour, unsigned: true, ofRole: true},
	OperationGetSessionToken:           {defaultDuration: 12 * time.Hour, longTermOnly: true, takesMFA: true},
}

// operationOf is the operation that a spec chooses.
func operationOf(spec *v1alpha1.FederatedSessionSpec) string {
	switch {
	case spec.AssumeRole != nil:
		return OperationAssumeRole
	case spec.AssumeRoleWithWebIdentity != nil:
		return OperationAssumeRoleWithWebIdentity
	case spec.AssumeRoleWithSAML != nil:
		return OperationAssumeRoleWithSAML
	case spec.GetSessionToken != nil:
		return OperationGetSessionToken
	}
	return OperationGetFederationToken
}

// IsUnsigned says whether the request is made without an identity of the issuer's.
func (r Request) IsUnsigned() bool { return operationTraits[r.Operation].unsigned }

// NeedsLongTermKey says whether only IAM users, and the root user, may make the request, with their long-term keys.
func (r Request) NeedsLongTermKey() bool { return operationTraits[r.Operation].longTermOnly }

// IsOfRole says whether the request is for a role session.
func (r Request) IsOfRole() bool { return operationTraits[r.Operation].ofRole }

// TakesTags says whether the caller can set session tags.
func (r Request) TakesTags() bool { return operationTraits[r.Operation].takesTags }

// TakesSourceIdentity says whether the caller can set a source identity.
func (r Request) TakesSourceIdentity() bool { return operationTraits[r.Operation].takesSourceIdentity }

// TakesMFA says whether the caller can prove a multi-factor device.
func (r Request) TakesMFA() bool { return operationTraits[r.Operation].takesMFA }

// lifetimeTolerance is by how much credentials may seem to live longer than was asked: the clocks of STS and of the operator
// differ.
const lifetimeTolerance = 5 * time.Minute

// LatestExpiration is when credentials expire at the latest that the request got at a time. STS grants no more than was asked, so
// more only shows that a clock is wrong, or that somebody wrote it.
func (r Request) LatestExpiration(issuedAt time.Time) time.Time {
	return issuedAt.Add(r.Duration() + lifetimeTolerance)
}

// Duration is the lifetime that the request asks for.
func (r Request) Duration() time.Duration {
	if r.DurationSeconds == 0 {
		return operationTraits[r.Operation].defaultDuration
	}
	return time.Duration(r.DurationSeconds) * time.Second
}
