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

package broker_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// credentialHeaders are those that identify the signer.
var credentialHeaders = []string{"Authorization", "X-Amz-Security-Token", "X-Amz-Date"}

func TestIssueAction(t *testing.T) {
	for operation, request := range requests() {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)

			_, problem := f.present(broker.IssueRequest{Request: request}, aProof())

			g.Expect(problem).To(BeNil())
			g.Expect(record.operations()).To(Equal([]string{operation}))
			g.Expect(f.observed).To(Equal([]observation{{operation, "OK", 0}}))
			call := f.fake.Calls()[0]
			if request.IsUnsigned() {
				g.Expect(call.Caller).To(BeEmpty())
				return
			}
			g.Expect(call.Caller).To(Equal(theIdentity.ARN))
			g.Expect(record.all()[0].header.Get("Authorization")).To(ContainSubstring("Credential=" + stsfake.DefaultAccessKeyID + "/"))
		})
	}
}

// What is presented speaks for the caller. Were the request signed as well, STS would hold the signature against it, and
// the owner of the endpoint would learn the issuer's identity.
func TestIssueUnsigned(t *testing.T) {
	identities := map[string]func(*fixture){
		"an IAM user": func(*fixture) {},
		"a temporary session": func(f *fixture) {
			f.use(configOf(f.config.Endpoint, sts.NewCredentials("ASIAEXAMPLE", "secret", "a+token/==")))
		},
		"unsigned": (*fixture).useUnsigned,
		"the operator's own": func(f *fixture) {
			f.use(broker.Config{Region: "eu-central-1", Endpoint: f.config.Endpoint, RequestsPerSecond: 1, Ambient: true})
		},
	}
	for identity, use := range identities {
		for _, operation := range []string{webIdentity, samlRole} {
			t.Run(operation+" through an issuer that is "+identity, func(t *testing.T) {
				g := NewWithT(t)
				f, record := startWithRoles(t, func(o *broker.Options) {
					o.Ambient = ambientOf(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
						t.Error("the operator's credentials were asked for")
						return aws.Credentials{}, nil
					}))
				})
				use(f)
				permit := f.permitFor(broker.IssueRequest{Request: requests()[operation]})

				issued, problem := permit.Issue(t.Context(), aProof())

				g.Expect(problem).To(BeNil())
				g.Expect(issued.Identity.ARN).To(HavePrefix("arn:aws:sts::123456789012:assumed-role/reports/"))
				g.Expect(permit.Identity()).To(Equal("unsigned"), "the issuer's identity does not matter")
				g.Expect(record.all()).To(HaveLen(1))
				for _, header := range credentialHeaders {
					g.Expect(record.all()[0].header).NotTo(HaveKey(header))
				}
			})
		}
	}
}

func TestPermitIdentity(t *testing.T) {
	for operation, request := range requests() {
		if request.IsUnsigned() {
			continue
		}
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithRoles(t)
			f.Register(
				theIssuer,
				f.config,
				sts.Identity{AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/x/pod-1", UserID: "AROAEXAMPLE:pod-1"},
			)

			g.Expect(f.permitFor(broker.IssueRequest{Request: request}).Identity()).To(Equal("AROAEXAMPLE"), "the part that stays from pod to pod")
		})
	}
}

// results are what each operation returns in worldWithRoles, apart from credentials and sizes.
var results = map[string]sts.Issued{
	federation: {Identity: sts.Identity{ARN: "arn:aws:sts::123456789012:federated-user/reports", UserID: "123456789012:reports"}},
	role:       {Identity: sts.Identity{ARN: "arn:aws:sts::123456789012:assumed-role/reports/reports", UserID: "AROAREPORTSREPORTS222:reports"}},
	webIdentity: {
		Identity:    sts.Identity{ARN: "arn:aws:sts::123456789012:assumed-role/reports/reports", UserID: "AROAREPORTSREPORTS222:reports"},
		WebIdentity: &v1alpha1.WebIdentity{Subject: tokenSubject, Audience: tokenAudience, Provider: oidcARN},
	},
	samlRole: {
		Identity: sts.Identity{ARN: "arn:aws:sts::123456789012:assumed-role/reports/jean", UserID: "AROAREPORTSREPORTS222:jean"}, SourceIdentity: "Jean",
		SAML: &v1alpha1.SAMLIdentity{Subject: assertedName, SubjectType: "persistent", Issuer: assertedIssuer, Audience: "https://signin.aws.amazon.com/saml"},
	},
	ownSession: {Identity: sts.Identity{ARN: theIdentity.ARN, UserID: theIdentity.UserID}},
}

func TestIssueResult(t *testing.T) {
	lifetimes := map[string]time.Duration{federation: 12 * time.Hour, role: time.Hour, webIdentity: time.Hour, samlRole: time.Hour, ownSession: 12 * time.Hour}
	for operation, request := range requests() {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithRoles(t)

			issued, problem := f.present(broker.IssueRequest{Request: request}, aProof())

			g.Expect(problem).To(BeNil())
			g.Expect(issued.Credentials.AccessKeyID()).To(MatchRegexp("^ASIA[A-Z2-7]{16}$"))
			g.Expect(issued.Credentials.SecretAccessKey()).To(HaveLen(40))
			g.Expect(len(issued.Credentials.SessionToken())).To(BeNumerically(">", 300))
			g.Expect(issued.IssuedAt).To(Equal(noon.Truncate(time.Second)), "whole seconds, in UTC")
			g.Expect(issued.Expiration).To(Equal(noon.Truncate(time.Second).Add(lifetimes[operation])), "whole seconds, in UTC")
			g.Expect(*issued.SessionTokenUtilization).To(BeNumerically("~", 9, 2))
			if operation == federation {
				g.Expect(*issued.PackedPolicySize).To(BeZero())
			} else {
				g.Expect(issued.PackedPolicySize).To(BeNil(), "STS does not return it without a policy")
			}
			if issued.SAML != nil {
				g.Expect(issued.SAML.NameQualifier).To(MatchRegexp("^[A-Za-z0-9+/]{27}=$"), "a SHA-1 in base64")
				issued.SAML.NameQualifier = ""
			}
			issued.Credentials, issued.IssuedAt, issued.Expiration = sts.Credentials{}, time.Time{}, time.Time{}
			issued.SessionTokenUtilization, issued.PackedPolicySize = nil, nil
			expected := results[operation]
			expected.Identity.AccountID = "123456789012"
			g.Expect(issued).To(Equal(expected))
		})
	}
}

func TestIssueSizesAndSourceIdentity(t *testing.T) {
	for operation, sizes := range map[string]struct{ packed, source bool }{
		federation: {true, false}, role: {true, true}, webIdentity: {true, false}, samlRole: {true, true}, ownSession: {false, false},
	} {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, _ := startWithRoles(t)
			request := requests()[operation]
			request.Policy, request.SourceIdentity, request.MinimumSessionTokenSize = parsed(aPolicy), "Jean", 4096

			issued, problem := f.present(broker.IssueRequest{Request: request}, aProof())

			g.Expect(problem).To(BeNil())
			g.Expect(*issued.SessionTokenUtilization).To(BeEquivalentTo(100))
			g.Expect(issued.Credentials.SessionToken()).To(HaveLen(4096))
			g.Expect(issued.PackedPolicySize != nil && *issued.PackedPolicySize > 5).To(Equal(sizes.packed))
			g.Expect(issued.SourceIdentity == "Jean").To(Equal(sizes.source))
		})
	}
}

// GetSessionToken does not say whose the session is. It is the issuer's, whose identity STS confirmed.
func TestIssueGetSessionTokenIdentity(t *testing.T) {
	g := NewWithT(t)
	f, _ := startWithRoles(t)
	f.fake.SetRootKeys(stsfake.DefaultAccountID, stsfake.AccessKey{ID: "AKIAROOTROOTROOTROOT", Secret: "root-secret"})
	config := configOf(f.config.Endpoint, sts.NewCredentials("AKIAROOTROOTROOTROOT", "root-secret", ""))
	root, problem := f.Identify(t.Context(), theIssuer, config)
	g.Expect(problem).To(BeNil())
	f.Register(theIssuer, config, root)

	issued, problem := f.issue(requests()[ownSession])

	g.Expect(problem).To(BeNil())
	g.Expect(issued.Identity.ARN).To(Equal("arn:aws:iam::123456789012:root"))
	g.Expect(issued.Identity.UserID).To(Equal("123456789012"))
	g.Expect(issued.Expiration.Sub(issued.IssuedAt)).To(Equal(time.Hour), "as STS grants the root user at most")
}

// Decide holds such sessions; a broker that is asked all the same has no identity to sign with.
func TestIssueSignedWithoutIdentity(t *testing.T) {
	for operation, request := range requests() {
		if request.IsUnsigned() {
			continue
		}
		t.Run(operation, func(t *testing.T) {
			f, _ := startWithRoles(t)
			f.useUnsigned()

			problem := f.turnedDown(broker.IssueRequest{Request: request, Verify: true})

			NewWithT(t).Expect(problem.Reason).To(Equal(v1alpha1.ReasonKeyRefused))
		})
	}
}

// The least an unsigned request needs is its proof; without it STS refuses what is there.
func TestIssueUnsignedWithoutProof(t *testing.T) {
	for _, operation := range []string{webIdentity, samlRole} {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startWithRoles(t)

			issued, problem := f.present(broker.IssueRequest{Request: requests()[operation]}, noProof)

			g.Expect(issued).To(BeZero())
			g.Expect(problem).NotTo(BeNil())
			g.Expect(record.all()).To(BeEmpty(), "nothing was presented")
		})
	}
}

// A longest proof fills most of a request: it must arrive whole.
func TestIssueLongestProof(t *testing.T) {
	for operation, length := range map[string]int{webIdentity: 20_000, samlRole: 100_000} {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			f, record := startRecording(t, byAction{})
			long := strings.Repeat("+/aZ", length/4)
			proof := sts.Proof{WebIdentityToken: sts.NewSensitive(long), SAMLAssertion: sts.NewSensitive(long)}

			_, problem := f.present(broker.IssueRequest{Request: requests()[operation]}, proof)

			g.Expect(problem).NotTo(BeNil())
			g.Expect(record.all()[0].parameters).To(ContainElement(long))
			g.Expect(record.all()[0].header.Get("Content-Type")).To(Equal("application/x-www-form-urlencoded"), "not in a URL that a proxy writes down")
		})
	}
}
