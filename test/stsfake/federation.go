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
	"regexp"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/policydoc"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
)

const (
	federationDefault = 12 * time.Hour

	// rootMaximum caps sessions of the root user without an error.
	rootMaximum = time.Hour
)

func federationMembers() []query.Member {
	return []query.Member{
		{Name: "Name", Required: true, Shape: sessionNameType(32)},
		{Name: "Policy", Shape: sessionPolicyDocumentType()},
		{Name: "PolicyArns", Shape: policyDescriptorListType()},
		{Name: "DurationSeconds", Shape: durationSecondsType(129600)},
		{Name: "Tags", Shape: tagListType()},
		{Name: "MinimumSessionTokenSize", Shape: minimumSessionTokenSizeType()},
	}
}

// federationResult is GetFederationTokenResult.
type federationResult struct {
	Credentials   credentialsResult
	FederatedUser struct {
		Arn             string
		FederatedUserID string `xml:"FederatedUserId"`
	}
	PackedPolicySize int
	*tokenSizeResult
}

func (s *Server) getFederationToken(x *exchange) (any, error) {
	user := newFederatedUser(x.caller.accountID, x.input.Text("Name"))
	arn := user.arn(x.partition())
	if err := s.authorize(x, "sts:GetFederationToken", arn); err != nil {
		return nil, err
	}
	if len(x.input.Elements("Tags")) > 0 {
		if err := s.authorize(x, "sts:TagSession", arn); err != nil {
			return nil, err
		}
	}
	if err := x.checkSessionPolicies(); err != nil {
		return nil, err
	}
	size, err := s.regime.measure(x.input)
	if err != nil {
		return nil, err
	}
	issued := s.issue(user, size.token, x.now, s.userLifetime(x, federationDefault))

	result := federationResult{
		Credentials:      s.credentialsResult(issued),
		PackedPolicySize: size.packedPercent,
		tokenSizeResult:  s.tokenSizeResult(size),
	}
	result.FederatedUser.Arn, result.FederatedUser.FederatedUserID = arn, user.userID
	return result, nil
}

// userLifetime is what the caller asks for or else the lifetime given, as far as the caller, the server and the scenarios allow.
func (s *Server) userLifetime(x *exchange, lifetime time.Duration) time.Duration {
	if x.input.Has("DurationSeconds") {
		lifetime = time.Duration(x.input.Number("DurationSeconds")) * time.Second
	}
	if x.caller.isRoot() {
		lifetime = min(lifetime, rootMaximum)
	}
	return s.shorten(x, lifetime)
}

// shorten applies the limits that are the fake's and not AWS's.
func (s *Server) shorten(x *exchange, lifetime time.Duration) time.Duration {
	for _, limit := range []time.Duration{s.maxLifetime, x.lifetime} {
		if limit > 0 {
			lifetime = min(lifetime, limit)
		}
	}
	return lifetime
}

var managedPolicyARN = regexp.MustCompile(`\Aarn:[a-z0-9-]+:iam::(aws|[0-9]{12}):policy/[\x21-\x7E]+\z`)

// checkSessionPolicies holds what the model's bounds cannot say about policies and tags.
func (x *exchange) checkSessionPolicies() error {
	for _, policy := range x.input.Elements("PolicyArns") {
		arn := policy.Text("arn")
		if !managedPolicyARN.MatchString(arn) {
			return fault.Validation("%s is invalid", arn)
		}
		if err := x.checkPartition(arn); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, tag := range x.input.Elements("Tags") {
		key := strings.ToLower(tag.Text("Key"))
		if isReserved(key) || isReserved(tag.Text("Value")) {
			return reservedTag()
		}
		if seen[key] {
			return fault.BadRequest("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[key] = true
	}
	if x.input.Has("Policy") {
		return policydoc.Check(x.input.Text("Policy"))
	}
	return nil
}

// checkPartition refuses an ARN of another partition than the region's. An unsigned request names no region.
func (x *exchange) checkPartition(arn string) error {
	if x.region != "" && !strings.HasPrefix(arn, "arn:"+x.partition()+":") {
		return fault.Validation("%s is invalid", arn)
	}
	return nil
}

// isReserved says whether a key or value of a tag is AWS's own.
func isReserved(keyOrValue string) bool {
	return strings.HasPrefix(strings.ToLower(keyOrValue), "aws:")
}

func reservedTag() error {
	return fault.BadRequest("InvalidParameterValue", "Tag keys and values that begin with aws: are reserved.")
}
