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

package session_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Where the issuer calls STS.
var (
	inChina    = calling("cn-north-1")
	compatible = func(o *session.Observed) {
		o.Issuer.Compatible, o.Issuer.Region, o.Issuer.Identity = true, "default", sts.Identity{UserID: identity}
	}
)

func calling(region string) func(*session.Observed) {
	return func(o *session.Observed) { o.Issuer.Region = region }
}

// assuming makes the session, which has no credentials, ask for a role.
func assuming(arn string) func(*session.Observed) {
	return func(o *session.Observed) {
		of(sts.OperationAssumeRole)(o)
		askFor(o, func(r *sts.Request) { r.RoleARN, r.ProvidedContexts = arn, nil })
		o.Secret = session.Secret{}
	}
}

// naming makes the session, which has no credentials, name ARNs beside those of roles.
func naming(operation string, change func(*sts.Request)) func(*session.Observed) {
	return func(o *session.Observed) {
		of(operation)(o)
		askFor(o, change)
		o.Secret = session.Secret{}
		expiringAssertion(midnight)(o)
	}
}

func TestDecidePartition(t *testing.T) {
	const (
		china, chinaSAML  = "arn:aws-cn:iam::123456789012:role/reports", "arn:aws-cn:iam::123456789012:saml-provider/x"
		chinaContext      = "arn:aws-cn:iam::aws:contextProvider/x"
		ofAWS, ofGovCloud = "arn:aws:iam::aws:policy/A", "arn:aws-us-gov:iam::aws:policy/B"
		minio             = "arn:minio:iam:::role/x"
	)
	in := func(region, operation string, change func(*sts.Request)) func(*session.Observed) {
		return all(naming(operation, change), calling(region))
	}
	policies := func(arns ...string) func(*sts.Request) {
		return func(r *sts.Request) { r.PolicyARNs = arns }
	}
	aRoleOfChina := func(r *sts.Request) { r.RoleARN = china }
	const federation, web, saml = sts.OperationGetFederationToken, sts.OperationAssumeRoleWithWebIdentity, sts.OperationAssumeRoleWithSAML
	for sentence, c := range map[string]struct {
		given   func(*session.Observed)
		foreign string // the ARN that is refused
	}{
		"a role of the region's partition":       {all(assuming(roleARN), calling("eu-central-1")), ""},
		"a role of China, in China":              {all(assuming(china), inChina), ""},
		"a role of China, elsewhere":             {all(assuming(china), calling("eu-central-1")), china},
		"a role of the commercial one, in China": {all(assuming(roleARN), inChina), roleARN},
		"a role of China, in a region not known": {all(assuming(china), calling("moon-base-1")), ""},
		"a role of another service":              {all(assuming(minio), calling("eu-central-1")), minio},
		"the same, in a region not known":        {all(assuming(minio), calling("moon-base-1")), minio},
		"the same, of an issuer of that service": {all(assuming(minio), compatible), ""},
		"policies of the region's partition":     {in("us-east-1", federation, policies(ofAWS)), ""},
		"one policy of another":                  {in("us-east-1", federation, policies(ofAWS, ofGovCloud)), ofGovCloud},
		"a token's role of another":              {in("us-east-1", web, aRoleOfChina), china},
		"the same, without an identity":          {all(in("us-east-1", web, aRoleOfChina), noIdentity), china},
		"an assertion's role of another":         {in("us-east-1", saml, aRoleOfChina), china},
		"an assertion's provider of another":     {in("us-east-1", saml, func(r *sts.Request) { r.PrincipalARN = chinaSAML }), chinaSAML},
		"a context's provider of another": {
			in("us-east-1", sts.OperationAssumeRole, func(r *sts.Request) { r.ProvidedContexts[0].ProviderARN = chinaContext }), chinaContext,
		},
		"a user's own session, which names no ARN": {in("cn-north-1", sts.OperationGetSessionToken, func(*sts.Request) {}), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(c.given)

			d := session.Decide(o, noon)

			if c.foreign == "" {
				g.Expect(verdictOf(d)).To(Equal(issue(session.CauseMissing)))
				return
			}
			g.Expect(verdictOf(d)).To(Equal(hold(v1alpha1.ReasonPartitionMismatch, never)))
			g.Expect(d.Problem.Outcome()).To(Equal(sts.Refuse))
			g.Expect(d.Problem.Message).To(HavePrefix(c.foreign + " is of partition "))
			g.Expect(d.Problem.Message).To(ContainSubstring("ClusterSessionIssuer aws calls AWS STS in region " + o.Issuer.Region))
		})
	}
}

func TestDecidePartitionMessage(t *testing.T) {
	d := session.Decide(healthy(assuming("arn:aws-cn:iam::123456789012:role/x"), calling("eu-central-1")), noon)
	NewWithT(t).Expect(d.Problem.Message).To(Equal("arn:aws-cn:iam::123456789012:role/x is of partition aws-cn, but ClusterSessionIssuer aws calls " +
		"AWS STS in region eu-central-1, whose partition is aws: correct the ARN, or use an issuer of that partition; if this is another " +
		"service than AWS, it needs spec.service: Compatible"))
}

func TestDecideRoleWithoutAccount(t *testing.T) {
	for sentence, c := range map[string]struct {
		given   func(*session.Observed)
		refused bool
	}{
		"AWS has none":                          {assuming("arn:aws:iam:::role/reports"), true},
		"nor one with a tenant":                 {assuming("arn:aws:iam::tenant:role/reports"), true},
		"nor one with thirteen digits":          {assuming("arn:aws:iam::1234567890123:role/reports"), true},
		"it has those with an account":          {assuming(roleARN), false},
		"other services may have them":          {all(assuming("arn:aws:iam:::role/reports"), compatible), false},
		"other services may have tenants":       {all(assuming("arn:aws:iam::tenant:role/reports"), compatible), false},
		"a federated user has no role at all":   {missing, false},
		"the token of a ServiceAccount has one": {naming(sts.OperationAssumeRoleWithWebIdentity, func(r *sts.Request) { r.RoleARN = "arn:aws:iam:::role/x" }), true},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			d := session.Decide(healthy(c.given), noon)

			if !c.refused {
				g.Expect(verdictOf(d)).To(Equal(issue(session.CauseMissing)))
				return
			}
			g.Expect(verdictOf(d)).To(Equal(hold(v1alpha1.ReasonInvalidSpec, never)))
			g.Expect(d.Problem.Message).To(ContainSubstring("spec.service: Compatible"))
		})
	}
}

// What only AWS has is neither asked for nor demanded of another service.
func TestDecideCompatible(t *testing.T) {
	verified := func(o *session.Observed) { o.Session.Spec.Verify = new(true) }
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  verdict
	}{
		"nobody knows whether the key is temporary":        {all(compatible, missing), issue(session.CauseMissing)},
		"or how long a role may last that assumes another": {all(assuming(roleARN), compatible), issue(session.CauseMissing)},
		"unsigned operations need no identity": {
			all(naming(sts.OperationAssumeRoleWithWebIdentity, func(*sts.Request) {}), compatible, noIdentity), issue(session.CauseMissing),
		},
		"nobody is asked whose the credentials are": {all(compatible, verified, missing), hold(v1alpha1.ReasonInvalidSpec, never)},
		"AWS is": {all(verified, missing), issue(session.CauseMissing)},
		"a token for others stays off a chosen endpoint": {
			all(naming(sts.OperationAssumeRoleWithWebIdentity, func(r *sts.Request) { r.Audience = "vault" }), compatible,
				func(o *session.Observed) { o.Issuer.OwnEndpoint = true }),
			hold(v1alpha1.ReasonAudienceNotAllowed, never),
		},
		"another key is another issuer": {
			all(compatible, func(o *session.Observed) { o.Issuer.Identity.UserID = "another" }), issue(session.CauseIssuerChanged),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(verdictOf(session.Decide(healthy(c.given), noon))).To(Equal(c.want))
		})
	}
}

// Another service names principals and keys as it likes, or not at all.
func TestIsIntactClaimsOfCompatible(t *testing.T) {
	longTerm := claiming(func(s *session.Secret) { s.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" })
	claimed := func(o *session.Observed) {
		o.Secret = healthy().Secret
		o.Secret.RequestHash = o.Request.ToSend().Hash()
	}
	notServed := func(o *session.Observed) { o.Issuer = session.Issuer{State: session.IssuerNotServed} }
	for sentence, c := range map[string]struct {
		given  func(*session.Observed)
		intact bool
	}{
		"nobody is believed":                        {all(compatible, being("")), true},
		"somebody else is believed":                 {all(compatible, being("arn:minio:iam:::user/x")), true},
		"a key of any shape is believed":            {all(compatible, longTerm), true},
		"more time than was asked is not":           {all(compatible, claiming(func(s *session.Secret) { s.Expiration = midnight.Add(time.Hour) })), false},
		"an issue in the far future is not":         {all(compatible, claiming(func(s *session.Secret) { s.IssuedAt = noon.AddDate(1, 0, 0) })), false},
		"of an issuer that has gone, nobody is":     {all(noIssuer, being("")), true},
		"of one that is not served, nobody is":      {all(notServed, being("")), true},
		"of an issuer of AWS that is known, not":    {being(""), false},
		"nor of one that is not ready":              {all(issuerNotReady, being("")), false},
		"of one that has gone, somebody else is no": {all(noIssuer, being("arn:aws:iam::123456789012:root")), false},
		"unless the role is none of AWS's": {
			all(assuming("arn:aws:iam:::role/reports"), claimed, noIssuer, being("arn:aws:sts::000000000000:assumed-role/reports/reporter")), true,
		},
		"nor of AWS's partitions": {
			all(assuming("arn:minio:iam::123456789012:role/reports"), claimed, noIssuer, being("arn:minio:iam:::user/x")), true,
		},
		"of a role of AWS's, only its session is": {
			all(assuming(roleARN), claimed, noIssuer, being("arn:aws:sts::000000000000:assumed-role/reports/reporter")), false,
		},
		"nor is a long-term key of nobody": {all(noIssuer, being(""), longTerm), false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(c.given)
			g.Expect(session.IsIntact(o, noon)).To(Equal(c.intact))
			g.Expect(session.IsUsable(o, noon)).To(Equal(c.intact))
		})
	}
}
