//go:build conformance

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

package conformance

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/pquerna/otp/totp"

	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

const (
	role   = "arn:aws:iam::" + account + ":role/"
	policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
)

func TestGetCallerIdentity(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	got := s.call(t, demo(), "get-caller-identity")
	g.Expect([]string{got.Arn, got.Account, got.UserID}).To(Equal([]string{demoARN, account, "AIDACKCEVSQ6C2EXAMPLE"}))
	wrong := demo()
	wrong.SecretAccessKey = "wrong"
	g.Expect(s.refused(t, wrong, "get-caller-identity")).To(ContainSubstring("(SignatureDoesNotMatch)"))
}

func TestGetFederationToken(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	got := s.call(t, demo(), "get-federation-token", "--name", "team-a", "--duration-seconds", "900", "--policy", policy,
		"--policy-arns", "arn=arn:aws:iam::aws:policy/ReadOnlyAccess", "--tags", "Key=Team,Value=a")
	g.Expect(got.FederatedUser.Arn).To(Equal("arn:aws:sts::" + account + ":federated-user/team-a"))
	g.Expect(s.call(t, got.Credentials, "get-caller-identity").Arn).To(Equal(got.FederatedUser.Arn))
	g.Expect(s.refused(t, got.Credentials, "get-session-token")).To(
		ContainSubstring("(AccessDenied) when calling the GetSessionToken operation: Cannot call GetSessionToken with session credentials"))
}

func TestGetSessionTokenWithMFA(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	code, err := totp.GenerateCode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	device := []string{"--serial-number", "arn:aws:iam::" + account + ":mfa/demo", "--token-code", code}
	got := s.call(t, demo(), append([]string{"get-session-token", "--duration-seconds", "3600"}, device...)...)
	g.Expect(s.call(t, got.Credentials, "get-caller-identity").Arn).To(Equal(demoARN))
	g.Expect(s.refused(t, demo(), append([]string{"get-session-token"}, device...)...)).To(
		ContainSubstring("MultiFactorAuthentication failed with invalid MFA one time pass code."))
	admin := s.call(t, got.Credentials, "assume-role", "--role-arn", role+"admin", "--role-session-name", "s-1")
	g.Expect(admin.AssumedRoleUser.Arn).To(HaveSuffix("assumed-role/admin/s-1"))
}

func TestAssumeRole(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	got := s.call(t, demo(), "assume-role", "--role-arn", role+"reader", "--role-session-name", "s-1", "--duration-seconds", "43200", "--policy", policy,
		"--external-id", "ext", "--source-identity", "jean", "--tags", "Key=Team,Value=a", "--transitive-tag-keys", "Team")
	g.Expect(s.call(t, got.Credentials, "get-caller-identity").Arn).To(Equal(got.AssumedRoleUser.Arn))
	g.Expect(s.refused(t, demo(), "assume-role", "--role-arn", role+"admin", "--role-session-name", "s-1")).To(
		ContainSubstring(
			"(AccessDenied) when calling the AssumeRole operation: User: " + demoARN + " is not authorized to perform: sts:AssumeRole on resource: " + role + "admin",
		),
	)
	g.Expect(s.refused(t, got.Credentials, "assume-role", "--role-arn", role+"reader", "--role-session-name", "s-1", "--duration-seconds", "7200")).To(
		ContainSubstring("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."))
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	call := func(subject string) []string {
		token, err := s.cluster.Sign(subject, []string{"sts.amazonaws.com"}, time.Now(), time.Hour)
		g.Expect(err).NotTo(HaveOccurred())
		return []string{"assume-role-with-web-identity", "--role-arn", role + "workload", "--role-session-name", "s-1", "--web-identity-token", token}
	}
	got := s.call(t, credentials{}, call("system:serviceaccount:team-a:default")...)
	g.Expect(got.SubjectFromWebIdentityToken).To(Equal("system:serviceaccount:team-a:default"))
	g.Expect([]string{got.Provider, got.Audience}).To(
		Equal([]string{"arn:aws:iam::" + account + ":oidc-provider/oidc.example.com/cluster", "sts.amazonaws.com"}),
	)
	g.Expect(s.call(t, got.Credentials, "get-caller-identity").Arn).To(Equal(got.AssumedRoleUser.Arn))
	g.Expect(s.refused(t, credentials{}, call("system:serviceaccount:team-b:default")...)).To(
		ContainSubstring("(AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity"))
}

func TestAssumeRoleWithSAML(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	provider := "arn:aws:iam::" + account + ":saml-provider/company"
	assertion, err := s.company.Respond(saml.Claims{
		Subject: "jean@example.com", SessionName: "jean", Audience: saml.AWSAudience, Recipient: saml.AWSRecipient,
		Roles: []saml.RolePair{{RoleARN: role + "engineer", ProviderARN: provider}},
	}, time.Now(), 5*time.Minute)
	g.Expect(err).NotTo(HaveOccurred())
	call := []string{"assume-role-with-saml", "--role-arn", role + "engineer", "--principal-arn", provider, "--saml-assertion", assertion}
	got := s.call(t, credentials{}, call...)
	g.Expect([]string{got.Subject, got.SubjectType, got.Issuer}).To(Equal([]string{"jean@example.com", "persistent", "https://idp.example.com/"}))
	g.Expect([]string{got.Audience, got.NameQualifier}).To(Equal([]string{saml.AWSRecipient, "/s4V+awYT8vQ1gdu1h4URtcm3XQ="}))
	g.Expect(s.call(t, got.Credentials, "get-caller-identity").Arn).To(Equal("arn:aws:sts::" + account + ":assumed-role/engineer/jean"))
	g.Expect(s.refused(t, credentials{}, call...)).To(ContainSubstring("(IDPRejectedClaim)"))
}

func TestGetAccessKeyInfo(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	g.Expect(s.call(t, demo(), "get-access-key-info", "--access-key-id", stsfake.DefaultAccessKeyID).Account).To(Equal(account))
	g.Expect(s.refused(t, demo(), "get-access-key-info", "--access-key-id", "AKIANOBODYEXAMPLE000")).To(ContainSubstring("(ValidationError)"))
}

func TestDecodeAuthorizationMessage(t *testing.T) {
	g, s := NewWithT(t), newStage(t)
	g.Expect(s.fake.SetScenarios(stsfake.Scenario{Kind: stsfake.EncodedDenials})).To(Succeed())
	said := s.refused(t, demo(), "assume-role", "--role-arn", role+"admin", "--role-session-name", "s-1")
	_, message, found := strings.Cut(said, "Encoded authorization failure message: ")
	g.Expect(found).To(BeTrue(), said)
	got := s.call(t, demo(), "decode-authorization-message", "--encoded-message", strings.TrimSpace(message))
	g.Expect(got.DecodedMessage).To(And(ContainSubstring(`"action":"sts:AssumeRole"`), ContainSubstring(`"resource":"`+role+`admin"`)))
	g.Expect(s.refused(t, demo(), "decode-authorization-message", "--encoded-message", "AAAA")).To(ContainSubstring("(InvalidAuthorizationMessageException)"))
}
