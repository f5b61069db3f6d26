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
	"errors"
	"slices"
	"strings"

	"github.com/sts-operator/sts-operator/test/stsfake/fault"
	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
	"github.com/sts-operator/sts-operator/test/stsfake/query"
	"github.com/sts-operator/sts-operator/test/stsfake/trust"
)

func webIdentityMembers() []query.Member {
	return []query.Member{
		{Name: "RoleArn", Required: true, Shape: arnType()},
		{Name: "RoleSessionName", Required: true, Shape: sessionNameType(64)},
		{Name: "WebIdentityToken", Required: true, Secret: true, Shape: query.Shape{Min: 4, Max: 20000}},
		{Name: "ProviderId", Shape: query.Shape{Min: 4, Max: 2048}},
		{Name: "PolicyArns", Shape: policyDescriptorListType()},
		{Name: "Policy", Shape: sessionPolicyDocumentType()},
		{Name: "DurationSeconds", Shape: durationSecondsType(43200)},
		{Name: "MinimumSessionTokenSize", Shape: minimumSessionTokenSizeType()},
	}
}

// webIdentityResult is AssumeRoleWithWebIdentityResult.
type webIdentityResult struct {
	SubjectFromWebIdentityToken string
	Provider                    string // the provider's ARN; the documentation says the issuer, recorded answers have this
	Audience                    string
	assumeResult
}

// assumeRoleWithWebIdentity is not signed; the token says who calls.
func (s *Server) assumeRoleWithWebIdentity(x *exchange) (any, error) {
	target, err := parseRoleARN(x.input.Text("RoleArn"))
	if err != nil {
		return nil, err
	}
	if err := x.checkPartition(target.text); err != nil {
		return nil, err
	}
	if err := x.checkSessionPolicies(); err != nil {
		return nil, err
	}
	provider, claims, err := s.readWebIdentity(x, target.accountID)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(provider.Issuer, "https://")
	providerARN := "arn:" + target.partition + ":iam::" + target.accountID + ":oidc-provider/" + name
	audience := acceptedAudience(provider, claims)
	role, err := s.admitFederated(target, []string{trust.AssumeRoleWithWebIdentity}, trust.Request{
		Principals: []trust.Principal{{Type: trust.Federated, Name: providerARN}},
		Context: map[string]string{
			trust.RoleSessionName: x.input.Text("RoleSessionName"), name + ":aud": audience, name + ":sub": claims.Subject,
		},
	})
	if err != nil {
		return nil, err
	}
	assumed, err := s.assume(x, assumption{target: target, role: role, sessionName: x.input.Text("RoleSessionName")})
	if err != nil {
		return nil, err
	}
	return webIdentityResult{
		SubjectFromWebIdentityToken: claims.Subject,
		Provider:                    providerARN,
		Audience:                    audience,
		assumeResult:                assumed,
	}, nil
}

// readWebIdentity verifies the token with the keys of the issuer it names. A token comes over the wire, so its times are
// held against the wire's clock.
func (s *Server) readWebIdentity(x *exchange, accountID string) (oidc.Provider, oidc.Claims, error) {
	fail := func(code, format string, args ...any) (oidc.Provider, oidc.Claims, error) {
		return oidc.Provider{}, oidc.Claims{}, fault.BadRequest(code, format, args...)
	}
	if x.input.Has("ProviderId") {
		return fail("InvalidIdentityToken", "This server knows no OAuth 2.0 provider, and OpenID Connect needs no ProviderId.")
	}
	token := x.input.Text("WebIdentityToken")
	issuer, err := oidc.Issuer(token)
	if err != nil {
		return fail("InvalidIdentityToken", "%v", err)
	}
	provider, known := s.estate.findIssuer(accountID, issuer)
	if !known {
		return fail("InvalidIdentityToken", "No OpenIDConnect provider found in your account for %s", issuer)
	}
	claims, err := provider.Verify(token, x.wireNow)
	switch {
	case errors.Is(err, oidc.ErrExpired):
		return fail("ExpiredTokenException", "%v", err)
	case err != nil:
		return fail("InvalidIdentityToken", "%v", err)
	}
	return provider, claims, nil
}

// acceptedAudience is the audience for which the provider took the token.
func acceptedAudience(provider oidc.Provider, claims oidc.Claims) string {
	for _, audience := range claims.Audience {
		if slices.Contains(provider.ClientIDs, audience) {
			return audience
		}
	}
	return ""
}

// admitFederated holds the trust of the role against the actions an identity provider's user asks for.
func (s *Server) admitFederated(target roleARN, actions []string, request trust.Request) (knownRole, error) {
	role, exists := s.findRole(target)
	for _, request.Action = range actions {
		if !exists || !role.policy.Decide(request).Allowed {
			return knownRole{}, fault.AccessDenied("Not authorized to perform %s", request.Action)
		}
	}
	return role, nil
}
