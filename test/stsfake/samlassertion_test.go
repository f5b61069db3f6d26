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
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake"
	"github.com/sts-operator/sts-operator/test/stsfake/saml"
)

const companyARN = "arn:aws:iam::123456789012:saml-provider/company"

// trustCompany is the trust in the company's users, and what else they may do.
func trustCompany(actions string) stsfake.Document {
	return allow(`{"Federated":"`+companyARN+`"}`, `"sts:AssumeRoleWithSAML"`+actions, `"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}`)
}

// withCompany is a fake that knows a company's sign-in, and that sign-in. Keys of RSA are slow to make: one serves all.
func withCompany(t *testing.T, company *saml.IdentityProvider, trust stsfake.Document) *fixture {
	t.Helper()
	f := withRoles(t, stsfake.Role{Name: "reader", ID: "AROAEXAMPLE", Trust: trust, MaxSessionDuration: 7200})
	if err := f.SetSAMLProvider(stsfake.DefaultAccountID, stsfake.SAMLProvider{Name: "company", Metadata: string(company.Metadata())}); err != nil {
		t.Fatal(err)
	}
	return f
}

func newCompany(t *testing.T) *saml.IdentityProvider {
	t.Helper()
	company, err := saml.NewIdentityProvider("https://idp.example.com/", noon)
	if err != nil {
		t.Fatal(err)
	}
	return company
}

// jean is a user of the company.
func jean(changes ...func(*saml.Claims)) saml.Claims {
	claims := saml.Claims{
		Subject: "jean@example.com", SessionName: "jean", Audience: saml.AWSAudience, Recipient: saml.AWSRecipient,
		Roles: []saml.RolePair{{RoleARN: readerARN, ProviderARN: companyARN}},
	}
	for _, change := range changes {
		change(&claims)
	}
	return claims
}

// assertion is what the company says now, good for five minutes.
func (f *fixture) assertion(company *saml.IdentityProvider, claims saml.Claims) *string {
	f.t.Helper()
	response, err := company.Respond(claims, f.clock.Now(), 5*time.Minute)
	if err != nil {
		f.t.Fatal(err)
	}
	return &response
}

func withAssertion(assertion *string, changes ...func(*awssts.AssumeRoleWithSAMLInput)) *awssts.AssumeRoleWithSAMLInput {
	input := &awssts.AssumeRoleWithSAMLInput{RoleArn: aws.String(readerARN), PrincipalArn: aws.String(companyARN), SAMLAssertion: assertion}
	for _, change := range changes {
		change(input)
	}
	return input
}

func TestAssumeRoleWithSAMLThroughTheSDK(t *testing.T) {
	g, company := NewWithT(t), newCompany(t)
	f := withCompany(t, company, trustCompany(`,"sts:TagSession","sts:SetSourceIdentity"`))
	g.Expect(f.SetRole(stsfake.DefaultAccountID, stsfake.Role{Name: "writer", Trust: allow(`{"AWS":"123456789012"}`,
		`"sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"`, `"StringEquals":{"aws:RequestTag/Team":"a"}`)})).To(Succeed())
	assertion := f.assertion(company, jean(func(claims *saml.Claims) {
		claims.SourceIdentity, claims.Tags, claims.TransitiveTagKeys = "jean", map[string]string{"Team": "a"}, []string{"Team"}
	}))
	output, err := f.nobody().AssumeRoleWithSAML(t.Context(), withAssertion(assertion, func(input *awssts.AssumeRoleWithSAMLInput) {
		input.DurationSeconds, input.MinimumSessionTokenSize = aws.Int32(7200), aws.Int32(3000)
	}))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.AssumedRoleUser.Arn).To(Equal("arn:aws:sts::123456789012:assumed-role/reader/jean"))
	g.Expect(*output.AssumedRoleUser.AssumedRoleId).To(Equal("AROAEXAMPLE:jean"))
	g.Expect(*output.Subject).To(Equal("jean@example.com"))
	g.Expect(*output.SubjectType).To(Equal("persistent"))
	g.Expect(*output.Issuer).To(Equal("https://idp.example.com/"))
	g.Expect(*output.Audience).To(Equal("https://signin.aws.amazon.com/saml"))
	g.Expect(*output.NameQualifier).To(Equal("/s4V+awYT8vQ1gdu1h4URtcm3XQ="), "base64 of SHA-1 of issuer, account, slash and provider")
	g.Expect(*output.SourceIdentity).To(Equal("jean"))
	g.Expect(*output.SessionTokenSize).To(BeEquivalentTo(3000))
	g.Expect(*output.SessionTokenUtilization).To(BeEquivalentTo(74))
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(2 * time.Hour)))
	g.Expect(f.Calls()[0].Parameters).To(HaveKeyWithValue("SAMLAssertion", MatchRegexp(`^REDACTED sha256:[0-9a-f]{12}$`)))

	chained, err := f.session(output.Credentials).AssumeRole(t.Context(), assuming(writerARN))
	g.Expect(err).NotTo(HaveOccurred(), "the transitive tag is still there")
	g.Expect(*chained.SourceIdentity).To(Equal("jean"))
}

func TestTheAssertionEndsTheSession(t *testing.T) {
	g, company := NewWithT(t), newCompany(t)
	f := withCompany(t, company, trustCompany(""))
	output, err := f.nobody().AssumeRoleWithSAML(t.Context(), withAssertion(f.assertion(company, jean(func(claims *saml.Claims) {
		claims.SessionNotOnOrAfter = noon.Add(20 * time.Minute)
		claims.SessionDuration = 12 * time.Hour // rules the console only
	}))))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*output.Credentials.Expiration).To(Equal(noon.Truncate(time.Second).Add(20 * time.Minute)))
}

func TestAnAssertionIsGoodOnce(t *testing.T) {
	g, company := NewWithT(t), newCompany(t)
	f := withCompany(t, company, trustCompany(""))
	assertion := f.assertion(company, jean())
	_, err := f.nobody().AssumeRoleWithSAML(t.Context(), withAssertion(assertion))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = f.nobody().AssumeRoleWithSAML(t.Context(), withAssertion(assertion))
	g.Expect(err).To(MatchError(MatchRegexp(`StatusCode: 403.*IDPRejectedClaim.*The assertion \S+ has been used before\.`)))
	_, err = f.nobody().AssumeRoleWithSAML(t.Context(), withAssertion(f.assertion(company, jean())))
	g.Expect(err).NotTo(HaveOccurred(), "the next one")
}

func TestAssumeRoleWithSAMLRefuses(t *testing.T) {
	const denied = "Not authorized to perform sts:AssumeRoleWithSAML"
	company, impostor := newCompany(t), newCompany(t)
	good := func(f *fixture) *string { return f.assertion(company, jean()) }
	claiming := func(change func(*saml.Claims)) func(*fixture) *string {
		return func(f *fixture) *string { return f.assertion(company, jean(change)) }
	}
	for name, test := range map[string]struct {
		trust     stsfake.Document
		assertion func(*fixture) *string
		change    func(*awssts.AssumeRoleWithSAMLInput)
		status    int
		code      string
		message   string
	}{
		"no base64": {"", func(*fixture) *string { return aws.String("s3cret!") }, nil, 400, "InvalidIdentityToken", "Invalid base64 SAMLResponse"},
		"no SAML": {"", func(*fixture) *string { return aws.String(base64.StdEncoding.EncodeToString([]byte("<a/>"))) }, nil, 400, "InvalidIdentityToken",
			"The root of the SAML document is not a Response"},
		"a key of somebody else": {
			"", func(f *fixture) *string { return f.assertion(impostor, jean()) }, nil, 400, "InvalidIdentityToken",
			"Response signature invalid",
		},
		"an unknown provider": {"", good, func(i *awssts.AssumeRoleWithSAMLInput) {
			i.PrincipalArn = aws.String(strings.Replace(companyARN, "company", "other", 1))
		},
			400, "InvalidIdentityToken", "Specified provider doesn't exist"},
		"a role of another account": {"", good, func(i *awssts.AssumeRoleWithSAMLInput) {
			i.RoleArn = aws.String("arn:aws:iam::210987654321:role/reader")
		},
			400, "InvalidIdentityToken", "Specified provider doesn't exist"},
		"a provider that is none": {
			"", good, func(i *awssts.AssumeRoleWithSAMLInput) { i.PrincipalArn = aws.String("nothing-valid-in-here") }, 400, "ValidationError",
			"nothing-valid-in-here is invalid",
		},
		"a role that is none": {
			"", good, func(i *awssts.AssumeRoleWithSAMLInput) { i.RoleArn = aws.String("nothing-valid-in-here") }, 400, "ValidationError",
			"nothing-valid-in-here is invalid",
		},
		"an expired assertion": {"", func(f *fixture) *string {
			assertion := good(f)
			f.clock.Advance(5 * time.Minute)
			return assertion
		}, nil, 400, "ExpiredTokenException", "Response has expired"},
		"another recipient": {
			"", claiming(func(c *saml.Claims) { c.Recipient = "https://example.com/" }), nil, 403, "IDPRejectedClaim",
			"Response is for the recipient https://example.com/",
		},
		"another audience": {
			"", claiming(func(c *saml.Claims) { c.Audience = "urn:example" }), nil, 403, "IDPRejectedClaim",
			"Response does not contain the required audience",
		},
		"a role that is not asserted": {"", good, func(i *awssts.AssumeRoleWithSAMLInput) {
			i.RoleArn = aws.String("arn:aws:iam::123456789012:role/writer")
		}, 403, "AccessDenied", denied},
		"a role that does not exist": {"", claiming(func(c *saml.Claims) { c.Roles[0].RoleARN = "arn:aws:iam::123456789012:role/other" }),
			func(i *awssts.AssumeRoleWithSAMLInput) {
				i.RoleArn = aws.String("arn:aws:iam::123456789012:role/other")
			}, 403, "AccessDenied", denied},
		"a role that trusts users only": {allowAll(), good, nil, 403, "AccessDenied", denied},
		"tags without trust": {
			"", claiming(func(c *saml.Claims) { c.Tags = map[string]string{"Team": "a"} }), nil, 403, "AccessDenied",
			"Not authorized to perform sts:TagSession",
		},
		"a source identity, no trust": {
			"", claiming(func(c *saml.Claims) { c.SourceIdentity = "jean" }), nil, 403, "AccessDenied",
			"Not authorized to perform sts:SetSourceIdentity",
		},
		"a transitive key that is no tag": {"", claiming(func(c *saml.Claims) { c.TransitiveTagKeys = []string{"Team"} }), nil, 400, "InvalidParameterValue",
			"The specified transitive tag key must be included in the requested tags."},
		"longer than the role's limit": {"", good, func(i *awssts.AssumeRoleWithSAMLInput) { i.DurationSeconds = aws.Int32(7201) }, 400, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"a malformed policy": {
			"", good, func(i *awssts.AssumeRoleWithSAMLInput) { i.Policy = aws.String("[]") }, 400, "MalformedPolicyDocument",
			"Syntax errors in policy.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			trust, change := test.trust, test.change
			if trust == "" {
				trust = trustCompany("")
			}
			if change == nil {
				change = func(*awssts.AssumeRoleWithSAMLInput) {}
			}
			f := withCompany(t, company, trust)
			_, err := f.nobody().AssumeRoleWithSAML(t.Context(), withAssertion(test.assertion(f), change))
			expectCode(NewWithT(t), err, test.status, test.code, test.message)
		})
	}
}
