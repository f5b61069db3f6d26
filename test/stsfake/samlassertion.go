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
	"crypto/sha1" //nolint:gosec // AWS defines NameQualifier with it
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

func samlMembers() []query.Member {
	return []query.Member{
		{Name: "RoleArn", Required: true, Shape: arnType()},
		{Name: "PrincipalArn", Required: true, Shape: arnType()},
		{Name: "SAMLAssertion", Required: true, Secret: true, Shape: query.Shape{Min: 4, Max: 100000}},
		{Name: "PolicyArns", Shape: policyDescriptorListType()},
		{Name: "Policy", Shape: sessionPolicyDocumentType()},
		{Name: "DurationSeconds", Shape: durationSecondsType(43200)},
		{Name: "MinimumSessionTokenSize", Shape: minimumSessionTokenSizeType()},
	}
}

// samlResult is AssumeRoleWithSAMLResult.
type samlResult struct {
	Subject       string
	SubjectType   string
	Issuer        string
	Audience      string // the recipient of the assertion, as the documentation says
	NameQualifier string
	assumeResult
}

var samlProviderARN = regexp.MustCompile(`\Aarn:([a-z0-9-]+):iam::([0-9]{12}):saml-provider/([\w.-]{1,128})\z`)

// assumeRoleWithSAML is not signed; the assertion says who calls.
func (s *Server) assumeRoleWithSAML(x *exchange) (any, error) {
	target, err := parseRoleARN(x.input.Text("RoleArn"))
	if err != nil {
		return nil, err
	}
	principalARN := x.input.Text("PrincipalArn")
	parts := samlProviderARN.FindStringSubmatch(principalARN)
	if parts == nil {
		return nil, fault.Validation("%s is invalid", principalARN)
	}
	if err := x.checkPartition(target.text); err != nil {
		return nil, err
	}
	if err := x.checkSessionPolicies(); err != nil {
		return nil, err
	}
	provider, known := s.estate.findSAMLProvider(parts[2], parts[3])
	if !known || parts[1] != target.partition || parts[2] != target.accountID { // the text is from memory
		return nil, fault.BadRequest("InvalidIdentityToken", "Specified provider doesn't exist")
	}
	assertion, err := provider.verifier.Verify(x.input.Text("SAMLAssertion"), provider.expectation(), x.wireNow)
	if err != nil {
		return nil, samlFault(err)
	}
	role, err := s.admitAssertion(target, principalARN, assertion)
	if err != nil {
		return nil, err
	}
	next, err := assertedSession(assertion)
	if err != nil {
		return nil, err
	}
	// AWS is not known to refuse a second use; the fake does, so that a client which keeps assertions is found out.
	if !s.estate.useAssertion(principalARN+"/"+assertion.ID, assertion.NotOnOrAfter, x.wireNow) {
		return nil, fault.Forbidden("IDPRejectedClaim", "The assertion %s has been used before.", assertion.ID)
	}
	asked := assumption{target: target, role: role, sessionName: assertion.SessionName, session: next}
	if !assertion.SessionNotOnOrAfter.IsZero() {
		asked.limit = max(assertion.SessionNotOnOrAfter.Sub(x.wireNow).Truncate(time.Second), time.Second) // 0 would be none
	}
	assumed, err := s.assume(x, asked)
	if err != nil {
		return nil, err
	}
	return samlResult{
		Subject:       assertion.Subject,
		SubjectType:   assertion.SubjectFormat,
		Issuer:        assertion.Issuer,
		Audience:      assertion.Recipient,
		NameQualifier: nameQualifier(assertion.Issuer, parts[2], parts[3]),
		assumeResult:  assumed,
	}, nil
}

// admitAssertion wants the pair of role and provider in the assertion, and the role's trust.
func (s *Server) admitAssertion(target roleARN, principalARN string, assertion saml.Assertion) (knownRole, error) {
	if !assertion.Permits(target.text, principalARN) {
		return knownRole{}, fault.AccessDenied("Not authorized to perform %s", trust.AssumeRoleWithSAML)
	}
	request := trust.Request{
		Principals: []trust.Principal{{Type: trust.Federated, Name: principalARN}},
		Context: map[string]string{
			trust.RoleSessionName: assertion.SessionName, trust.SAMLAudience: assertion.Recipient,
			trust.SAMLIssuer: assertion.Issuer, trust.SAMLSubject: assertion.Subject,
		},
	}
	actions := []string{trust.AssumeRoleWithSAML}
	if len(assertion.Tags) > 0 {
		actions = append(actions, trust.TagSession)
	}
	for key, value := range assertion.Tags {
		request.Context[trust.RequestTag+key] = value
	}
	if assertion.SourceIdentity != "" {
		actions = append(actions, trust.SetSourceIdentity)
		request.Context[trust.SourceIdentity] = assertion.SourceIdentity
	}
	return s.admitFederated(target, actions, request)
}

// assertedSession is what the session of the role takes over from the assertion.
func assertedSession(assertion saml.Assertion) (session, error) {
	next := session{sourceIdentity: assertion.SourceIdentity, transitiveTags: map[string]string{}}
	for _, key := range assertion.TransitiveTagKeys {
		value, isTag := assertion.Tags[key]
		if !isTag {
			return session{}, transitiveKeyMissing()
		}
		next.transitiveTags[strings.ToLower(key)] = value
	}
	return next, nil
}

func samlFault(err error) error {
	switch {
	case errors.Is(err, saml.ErrExpired):
		return fault.BadRequest("ExpiredTokenException", "%v", err)
	case errors.Is(err, saml.ErrRejected):
		return fault.Forbidden("IDPRejectedClaim", "%v", err)
	default:
		return fault.BadRequest("InvalidIdentityToken", "%v", err)
	}
}

// nameQualifier tells apart the same subject of two providers, in the way the documentation of AssumeRoleWithSAML defines.
func nameQualifier(issuer, accountID, provider string) string {
	sum := sha1.Sum([]byte(issuer + accountID + "/" + provider)) //nolint:gosec // AWS defines it so
	return base64.StdEncoding.EncodeToString(sum[:])
}
