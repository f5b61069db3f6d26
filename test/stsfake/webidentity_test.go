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

package stsfake_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
)

const (
	clusterURL = "https://oidc.example.com/cluster"
	clusterARN = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/cluster"
	workload   = "system:serviceaccount:team-a:default"
)

// trustCluster is the trust in ServiceAccounts of one namespace.
func trustCluster() stsfake.Document {
	return allow(`{"Federated":"`+clusterARN+`"}`, `"sts:AssumeRoleWithWebIdentity"`,
		`"StringEquals":{"oidc.example.com/cluster:aud":"sts.amazonaws.com"},"StringLike":{"oidc.example.com/cluster:sub":"system:serviceaccount:team-a:*"}`)
}

// withCluster is a fake that knows a cluster, and the cluster's signer.
func withCluster(t *testing.T, trust stsfake.Document) (*fixture, *oidc.Signer) {
	t.Helper()
	signer, err := oidc.NewSigner(clusterURL)
	if err != nil {
		t.Fatal(err)
	}
	f := withRoles(t, stsfake.Role{Name: "reader", Trust: trust})
	if err := f.SetOIDCProvider(stsfake.DefaultAccountID, stsfake.OIDCProviderFor(signer.Provider("sts.amazonaws.com", "sts.example.com"))); err != nil {
		t.Fatal(err)
	}
	return f, signer
}

// token is one that the cluster signs now, for an hour.
func (f *fixture) token(signer *oidc.Signer, subject string, audience ...string) *string {
	f.t.Helper()
	signed, err := signer.Sign(subject, audience, f.clock.Now(), time.Hour)
	if err != nil {
		f.t.Fatal(err)
	}
	return &signed
}

func withToken(token *string, changes ...func(*awssts.AssumeRoleWithWebIdentityInput)) *awssts.AssumeRoleWithWebIdentityInput {
	input := &awssts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(readerARN), RoleSessionName: aws.String("s-1"), WebIdentityToken: token}
	for _, change := range changes {
		change(input)
	}
	return input
}

// nobody is a client without credentials.
func (f *fixture) nobody() *awssts.Client {
	return f.sdk(aws.Credentials{}, func(options *awssts.Options) { options.Credentials = aws.AnonymousCredentials{} })
}

func TestAssumeRoleWithWebIdentityThroughTheSDK(t *testing.T) {
	g := NewWithT(t)
	f, signer := withCluster(t, trustCluster())
	token := f.token(signer, workload, "kubernetes", "sts.amazonaws.com")
	output, err := f.nobody().AssumeRoleWithWebIdentity(t.Context(), withToken(token, func(input *awssts.AssumeRoleWithWebIdentityInput) {
		input.DurationSeconds, input.Policy, input.MinimumSessionTokenSize = aws.Int32(900), aws.String(policy), aws.Int32(3000)
	}))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.SubjectFromWebIdentityToken).To(Equal(workload))
	g.Expect(*output.Provider).To(Equal(clusterARN))
	g.Expect(*output.Audience).To(Equal("sts.amazonaws.com"))
	g.Expect(*output.AssumedRoleUser.Arn).To(Equal("arn:aws:sts::123456789012:assumed-role/reader/s-1"))
	g.Expect(*output.AssumedRoleUser.AssumedRoleId).To(MatchRegexp(`^AROA[A-Z2-7]{17}:s-1$`))
	g.Expect(*output.PackedPolicySize).To(BeNumerically(">", 0)) //nolint:staticcheck // deprecated or not, the fake must send it
	g.Expect(*output.SessionTokenSize).To(BeEquivalentTo(3000))
	g.Expect(*output.SessionTokenUtilization).To(BeEquivalentTo(74))
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(15 * time.Minute)))

	identity, err := f.session(output.Credentials).GetCallerIdentity(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*identity.Arn).To(Equal(*output.AssumedRoleUser.Arn))

	_, err = f.nobody().AssumeRoleWithWebIdentity(t.Context(), withToken(token))
	g.Expect(err).NotTo(HaveOccurred(), "a token serves until it expires")
	call := f.Calls()[0]
	g.Expect(call.Caller).To(BeEmpty())
	g.Expect(call.Parameters).To(HaveKeyWithValue("WebIdentityToken", MatchRegexp(`^REDACTED sha256:[0-9a-f]{12}$`)))
	g.Expect(call.Parameters).To(HaveKeyWithValue("RoleArn", readerARN))
}

func TestAssumeRoleWithWebIdentityRefuses(t *testing.T) {
	const (
		denied  = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		invalid = "InvalidIdentityToken"
	)
	unknown, err := oidc.NewSigner("https://oidc.example.com/other")
	if err != nil {
		t.Fatal(err)
	}
	impostor, err := oidc.NewSigner(clusterURL)
	if err != nil {
		t.Fatal(err)
	}
	good := func(f *fixture, signer *oidc.Signer) *string { return f.token(signer, workload, "sts.amazonaws.com") }
	for name, test := range map[string]struct {
		trust   stsfake.Document
		token   func(*fixture, *oidc.Signer) *string
		change  func(*awssts.AssumeRoleWithWebIdentityInput)
		status  int
		code    string
		message string
	}{
		"no JWT": {"", func(*fixture, *oidc.Signer) *string { return aws.String("s3cret") }, nil, 400, invalid,
			"The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"},
		"an unknown provider": {"", func(f *fixture, _ *oidc.Signer) *string { return f.token(unknown, workload, "sts.amazonaws.com") }, nil, 400, invalid,
			"No OpenIDConnect provider found in your account for https://oidc.example.com/other"},
		"a provider of another account": {"", good, func(i *awssts.AssumeRoleWithWebIdentityInput) {
			i.RoleArn = aws.String("arn:aws:iam::210987654321:role/reader")
		}, 400, invalid,
			"No OpenIDConnect provider found in your account for " + clusterURL},
		"a key of somebody else": {"", func(f *fixture, _ *oidc.Signer) *string { return f.token(impostor, workload, "sts.amazonaws.com") }, nil, 400, invalid,
			"The ID Token's signature was made with no key of the identity provider"},
		"another audience": {
			"", func(f *fixture, s *oidc.Signer) *string { return f.token(s, workload, "kubernetes") }, nil, 400, invalid,
			"Incorrect token audience",
		},
		"an expired token": {"", func(f *fixture, s *oidc.Signer) *string {
			token := good(f, s)
			f.clock.Advance(time.Hour)
			return token
		}, nil, 400, "ExpiredTokenException", "Token expired: current date/time 1795352400 must be before the expiration date/time 1795352400"},
		"a ProviderId": {"", good, func(i *awssts.AssumeRoleWithWebIdentityInput) { i.ProviderId = aws.String("www.example.com") }, 400, invalid,
			"This server knows no OAuth 2.0 provider, and OpenID Connect needs no ProviderId."},
		"another subject than trusted": {"", func(f *fixture, s *oidc.Signer) *string {
			return f.token(s, "system:serviceaccount:team-b:default", "sts.amazonaws.com")
		}, nil, 403, "AccessDenied", denied},
		"another audience than trusted": {
			"", func(f *fixture, s *oidc.Signer) *string { return f.token(s, workload, "sts.example.com") }, nil, 403, "AccessDenied", denied,
		},
		"a role that trusts users only": {allowAll(), good, nil, 403, "AccessDenied", denied},
		"a role that does not exist": {"", good, func(i *awssts.AssumeRoleWithWebIdentityInput) {
			i.RoleArn = aws.String("arn:aws:iam::123456789012:role/other")
		}, 403, "AccessDenied", denied},
		"a role that is none": {
			"", good, func(i *awssts.AssumeRoleWithWebIdentityInput) { i.RoleArn = aws.String("nothing-valid-in-here") }, 400,
			"ValidationError", "nothing-valid-in-here is invalid",
		},
		"longer than the role's limit": {"", good, func(i *awssts.AssumeRoleWithWebIdentityInput) { i.DurationSeconds = aws.Int32(7200) }, 400, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"a malformed policy": {
			"", good, func(i *awssts.AssumeRoleWithWebIdentityInput) { i.Policy = aws.String("[]") }, 400, "MalformedPolicyDocument",
			"Syntax errors in policy.",
		},
		"a token too short": {"", func(*fixture, *oidc.Signer) *string { return aws.String("abc") }, nil, 400, "ValidationError",
			"1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4"},
	} {
		t.Run(name, func(t *testing.T) {
			trust, change := test.trust, test.change
			if trust == "" {
				trust = trustCluster()
			}
			if change == nil {
				change = func(*awssts.AssumeRoleWithWebIdentityInput) {}
			}
			f, signer := withCluster(t, trust)
			_, err := f.nobody().AssumeRoleWithWebIdentity(t.Context(), withToken(test.token(f, signer), change))
			expectCode(NewWithT(t), err, test.status, test.code, test.message)
		})
	}
}

// A cluster signs with the machine's time while a test's clock stands elsewhere.
func TestTokensAreHeldAgainstTheWireClock(t *testing.T) {
	g, f := NewWithT(t), start(t, stsfake.WithWireClock(time.Now))
	signer, err := oidc.NewSigner(clusterURL)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(f.SetOIDCProvider(stsfake.DefaultAccountID, stsfake.OIDCProviderFor(signer.Provider("sts.amazonaws.com")))).To(Succeed())
	g.Expect(f.SetRole(stsfake.DefaultAccountID, stsfake.Role{Name: "reader", Trust: trustCluster()})).To(Succeed())
	f.clock.Advance(100_000 * time.Hour)
	token, err := signer.Sign(workload, []string{"sts.amazonaws.com"}, time.Now(), time.Hour)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = f.nobody().AssumeRoleWithWebIdentity(t.Context(), withToken(&token))
	g.Expect(err).NotTo(HaveOccurred())
}
