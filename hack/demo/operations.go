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

package main

import (
	"fmt"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func assumesRole(s *stage) (string, error) {
	fs, err := s.serves(forecast)
	if err != nil {
		return "", err
	}
	asked, err := s.latestIssue(fs.Spec.Name)
	if err != nil {
		return "", err
	}
	for parameter, expected := range map[string]string{
		"ExternalId": fs.Spec.AssumeRole.ExternalID, "SourceIdentity": fs.Spec.AssumeRole.SourceIdentity, "TransitiveTagKeys.member.1": "team",
	} {
		if seen := asked.Parameters[parameter]; asked.Operation != "AssumeRole" || seen != expected {
			return "", fmt.Errorf("expected a call of AssumeRole with %s %q; seen: %s with %q", parameter, expected, asked.Operation, seen)
		}
	}
	for _, tag := range fs.Spec.Tags {
		if seen := asked.tag(string(tag.Key)); seen != *tag.Value {
			return "", fmt.Errorf("expected the tag %s=%s in the call; seen: %q", tag.Key, *tag.Value, seen)
		}
	}
	status := fs.Status
	if status.SourceIdentity != fs.Spec.AssumeRole.SourceIdentity || status.SessionTokenUtilizationPercent == nil {
		return "", fmt.Errorf("expected the source identity and the utilisation of the token in the status; seen: %q, %v",
			status.SourceIdentity, status.SessionTokenUtilizationPercent)
	}
	return fmt.Sprintf("%s by external id, source identity %s, %d tags of which team is passed on, %d %% of a token's size used",
		status.Principal.ARN, status.SourceIdentity, len(fs.Spec.Tags), *status.SessionTokenUtilizationPercent), nil
}

func assumesRoleWithWebIdentity(s *stage) (string, error) {
	fs, err := s.serves(labels)
	if err != nil {
		return "", err
	}
	asked, err := s.latestIssue(fs.Spec.Name)
	if err != nil {
		return "", err
	}
	if asked.Operation != "AssumeRoleWithWebIdentity" || asked.AccessKeyID != "" {
		return "", fmt.Errorf("expected an unsigned call of AssumeRoleWithWebIdentity; seen: %s, signed with %q", asked.Operation, asked.AccessKeyID)
	}
	const subject, audience = "system:serviceaccount:shipping:labels", "sts.amazonaws.com"
	identity := fs.Status.WebIdentity
	if identity == nil || identity.Subject != subject || identity.Audience != audience || identity.Provider == "" {
		return "", fmt.Errorf("expected subject %s, audience %s and a provider in status.webIdentity; seen: %+v", subject, audience, identity)
	}
	return fmt.Sprintf("%s by a token of %s for %s, without a key", fs.Status.Principal.ARN, identity.Subject, identity.Audience), nil
}

func assumesRoleWithSAML(s *stage) (string, error) {
	before, err := s.serves(parcels)
	if err != nil {
		return "", err
	}
	identity := before.Status.SAML
	if identity == nil || identity.Subject != "jane" || identity.Issuer != "https://sign-in.example.com" || before.Status.SourceIdentity != "jane@example.com" {
		return "", fmt.Errorf("expected subject and issuer in status.saml and the source identity of the assertion; seen: %+v, %q", identity, before.Status.SourceIdentity)
	}
	if err := s.apply("checks/replayed-assertion.yaml"); err != nil {
		return "", err
	}
	replayed, err := s.refused(replayedAssertion, v1alpha1.ReasonIdentityRejected, "STS ")
	if err != nil {
		return "", fmt.Errorf("a second session with the same assertion: %w", err)
	}
	if err := s.kube.Delete(s.ctx, replayed); err != nil {
		return "", err
	}
	after, err := s.signsInAgain()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s as %s of %s says; the same assertion again: '%s'; with a new one %s became %s", before.Status.Principal.ARN,
		identity.Subject, identity.Issuer, ready(replayed).Message, before.Status.AccessKeyID, after.Status.AccessKeyID), nil
}

// signsInAgain checks that a new assertion brings new credentials, and that each was presented once by the session.
func (s *stage) signsInAgain() (*v1alpha1.FederatedSession, error) {
	before, err := s.session(parcels)
	if err != nil {
		return nil, err
	}
	if err := s.signIn(); err != nil {
		return nil, err
	}
	// It would be seen within a minute.
	if err := s.annotate(parcels, v1alpha1.RotateRequestedAtAnnotation, time.Now().Format(time.RFC3339)); err != nil {
		return nil, err
	}
	after, err := s.awaitSession(parcels, "is issued anew", patience, isIssuedAnew(before))
	if err != nil {
		return nil, err
	}
	if _, err := s.works(after); err != nil {
		return nil, err
	}
	taken, err := s.calls(func(c call) bool { return c.Operation == "AssumeRoleWithSAML" && c.Status == 200 })
	if err != nil {
		return nil, err
	}
	assertions := map[string]bool{}
	for _, c := range taken {
		assertions[c.Parameters["SAMLAssertion"]] = true
	}
	if len(taken) < 2 || len(assertions) != len(taken) {
		return nil, fmt.Errorf("expected at least two issues, each with an assertion of its own; seen: %d, with %d assertions", len(taken), len(assertions))
	}
	return after, nil
}

func issuesSessionToken(s *stage) (string, error) {
	const user = "arn:aws:iam::123456789012:user/demo"
	fs, err := s.serves(console)
	if err != nil {
		return "", err
	}
	if fs.Status.Principal.ARN != user {
		return "", fmt.Errorf("expected credentials of %s; seen: %s", user, fs.Status.Principal.ARN)
	}
	made, err := s.calls(func(c call) bool { return c.Operation == "GetSessionToken" && c.Caller == user })
	if err != nil {
		return "", err
	}
	if len(made) == 0 {
		return "", fmt.Errorf("expected a call of GetSessionToken by %s; seen: none", user)
	}
	return fmt.Sprintf("%s, for a while", user), nil
}
