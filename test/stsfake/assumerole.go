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
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

func assumeRoleMembers() []query.Member {
	return []query.Member{
		{Name: "RoleArn", Required: true, Shape: arnType()},
		{Name: "RoleSessionName", Required: true, Shape: sessionNameType(64)},
		{Name: "PolicyArns", Shape: policyDescriptorListType()},
		{Name: "Policy", Shape: unrestrictedSessionPolicyDocumentType()},
		{Name: "DurationSeconds", Shape: durationSecondsType(43200)},
		{Name: "Tags", Shape: tagListType()},
		{Name: "TransitiveTagKeys", Shape: tagKeyListType()},
		{Name: "ExternalId", Shape: externalIDType()},
		{Name: "SerialNumber", Shape: serialNumberType()},
		{Name: "TokenCode", Secret: true, Shape: tokenCodeType()},
		{Name: "SourceIdentity", Shape: sessionNameType(64)},
		{Name: "ProvidedContexts", Shape: providedContextsListType()},
		{Name: "MinimumSessionTokenSize", Shape: minimumSessionTokenSizeType()},
	}
}

// assumeRole answers a role that does not exist like one that does not trust the caller, as AWS does.
func (s *Server) assumeRole(x *exchange) (any, error) {
	target, err := parseRoleARN(x.input.Text("RoleArn"))
	if err != nil {
		return nil, err
	}
	if x.caller.isRoot() { // the text is from memory
		return nil, fault.AccessDenied("Roles may not be assumed by root accounts.")
	}
	if err := x.checkPartition(target.text); err != nil {
		return nil, err
	}
	for _, context := range x.input.Elements("ProvidedContexts") {
		if err := x.checkPartition(context.Text("ProviderArn")); err != nil {
			return nil, err
		}
	}
	if err := x.checkSessionPolicies(); err != nil {
		return nil, err
	}
	next, err := x.nextSession()
	if err != nil {
		return nil, err
	}
	verified, err := s.multiFactor(x)
	if err != nil {
		return nil, err
	}
	next.withMFA = next.withMFA || verified
	role, err := s.admitCaller(x, target, next)
	if err != nil {
		return nil, err
	}
	return s.assume(x, assumption{target: target, role: role, sessionName: x.input.Text("RoleSessionName"), session: next})
}

// nextSession is what the session of the role takes over from the caller's and from the request.
func (x *exchange) nextSession() (session, error) {
	inherited := x.caller.session
	next := session{withMFA: inherited.withMFA, sourceIdentity: inherited.sourceIdentity, transitiveTags: maps.Clone(inherited.transitiveTags)}
	if next.transitiveTags == nil {
		next.transitiveTags = map[string]string{}
	}
	if next.sourceIdentity == "" {
		next.sourceIdentity = x.input.Text("SourceIdentity")
	}
	tags := requestTags(x.input)
	for key := range tags {
		if _, conflicts := inherited.transitiveTags[key]; conflicts {
			return session{}, fault.BadRequest("InvalidParameterValue", "One of the specified transitive tag keys can't be set "+
				"because it conflicts with a transitive tag key from the calling session.")
		}
	}
	for _, element := range x.input.Elements("TransitiveTagKeys") {
		key := strings.ToLower(element.Content())
		if isReserved(key) {
			return session{}, reservedTag()
		}
		value, requested := tags[key]
		if !requested {
			return session{}, transitiveKeyMissing()
		}
		next.transitiveTags[key] = value
	}
	return next, nil
}

func transitiveKeyMissing() error {
	return fault.BadRequest("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
}

// requestTags are the tags of a request by key in lower case.
func requestTags(input query.Value) map[string]string {
	tags := map[string]string{}
	for _, tag := range input.Elements("Tags") {
		tags[strings.ToLower(tag.Text("Key"))] = tag.Text("Value")
	}
	return tags
}

// admitCaller holds the permissions of the caller and the trust of the role against every action the request amounts to.
func (s *Server) admitCaller(x *exchange, target roleARN, next session) (knownRole, error) {
	tags := maps.Clone(next.transitiveTags)
	maps.Copy(tags, requestTags(x.input))
	request := trust.Request{
		Principals: x.caller.principals(x.partition()),
		Context:    x.assumeRoleContext(next, tags),
	}
	actions := []string{trust.AssumeRole}
	if len(tags) > 0 {
		actions = append(actions, trust.TagSession)
	}
	if next.sourceIdentity != "" {
		actions = append(actions, trust.SetSourceIdentity)
	}
	role, exists := s.findRole(target)
	for _, request.Action = range actions {
		verdict := role.policy.Decide(request)
		if !exists || !verdict.Allowed || !x.caller.may(request.Action) {
			return knownRole{}, s.deny(x, denial{action: request.Action, resource: target.text, context: request.Context, statements: verdict.Denials})
		}
	}
	// A chained session keeps its source identity. Which error AWS has for another one is not known.
	if asked := x.input.Text("SourceIdentity"); asked != "" && asked != next.sourceIdentity {
		return knownRole{}, s.deny(x, denial{action: trust.SetSourceIdentity, resource: target.text, context: request.Context})
	}
	return role, nil
}

// assumeRoleContext are the condition keys of the request. A long-term key used without MFA has no MFA key at all.
func (x *exchange) assumeRoleContext(next session, tags map[string]string) map[string]string {
	context := map[string]string{
		trust.PrincipalARN:     x.caller.principalARN(x.partition()),
		trust.PrincipalAccount: x.caller.accountID,
		trust.RoleSessionName:  x.input.Text("RoleSessionName"),
	}
	for key, value := range tags {
		context[trust.RequestTag+key] = value
	}
	if x.input.Has("ExternalId") {
		context[trust.ExternalID] = x.input.Text("ExternalId")
	}
	if next.sourceIdentity != "" {
		context[trust.SourceIdentity] = next.sourceIdentity
	}
	if x.caller.isTemporary() || next.withMFA {
		context[trust.MultiFactor] = strconv.FormatBool(next.withMFA)
	}
	return context
}

// roleARN is the ARN of a role, taken apart.
type roleARN struct {
	text, partition, accountID, resource, name string
}

var roleARNPattern = regexp.MustCompile(`\Aarn:([a-z0-9-]+):iam::([0-9]{12}):(role/(?:[\x21-\x7E]+/)?([\w+=,.@-]{1,64}))\z`)

func parseRoleARN(text string) (roleARN, error) {
	parts := roleARNPattern.FindStringSubmatch(text)
	if parts == nil {
		return roleARN{}, fault.Validation("%s is invalid", text)
	}
	return roleARN{text: text, partition: parts[1], accountID: parts[2], resource: parts[3], name: parts[4]}, nil
}

// findRole finds the role only under its full path.
func (s *Server) findRole(target roleARN) (knownRole, bool) {
	role, exists := s.estate.findRole(target.accountID, target.name)
	if !exists || role.resource() != target.resource {
		return knownRole{}, false
	}
	return role, true
}

// isOpenTo tells whether an operation takes the caller's kind of credentials at all, whatever the permissions
// ("Comparing AWS STS API operations" in the IAM user guide).
func isOpenTo(operation string, caller *credential) bool {
	switch {
	case !caller.isTemporary() || operation == "GetCallerIdentity":
		return true
	case caller.kind == federatedUser:
		return false
	case caller.kind == assumedRole:
		return !slices.Contains([]string{"GetFederationToken", "GetSessionToken"}, operation)
	default: // of GetSessionToken
		return operation == "AssumeRole"
	}
}
