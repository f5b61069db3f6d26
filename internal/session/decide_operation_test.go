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

// of makes the session one of another operation, asked for and issued for twelve hours; one of AssumeRoleWithSAML has used
// the assertion that there is.
func of(operation string) func(*session.Observed) {
	return func(o *session.Observed) {
		choose[operation](&o.Session.Spec)
		o.Session.Spec.DurationSeconds = seconds(43200)
		ask(o)
		o.Secret.RequestHash, o.Secret.IssuerIdentity = o.Request.ToSend().Hash(), o.IssuerIdentity()
		o.Secret.Identity.ARN = principals[operation]
		if operation == sts.OperationAssumeRoleWithSAML {
			o.Secret.AssertionDigest = "first"
			o.Assertion = sts.Assertion{Digest: "first", NotOnOrAfter: noon.Add(5 * time.Minute)}
		}
	}
}

// Who the issuer may be.
var (
	noIdentity = func(o *session.Observed) {
		o.Issuer.HasIdentity, o.Issuer.Identity = false, sts.Identity{}
	}
	aRole = func(o *session.Observed) {
		o.Issuer.Identity.ARN = assumedRoleARN
		if o.Request.ToSend().Operation == sts.OperationGetSessionToken {
			o.Secret.Identity.ARN = assumedRoleARN
		}
	}
	aUser = func(*session.Observed) {}
)

func TestDecideIssuerIdentity(t *testing.T) {
	const none, cannot, chaining = v1alpha1.ReasonIssuerHasNoIdentity, v1alpha1.ReasonIssuerCannotFederate, v1alpha1.ReasonRoleChainingLimit
	rotated := issue(session.CauseDue)
	for operation, want := range map[string]struct{ unsigned, role, user verdict }{
		sts.OperationGetFederationToken:        {hold(none, midnight), hold(cannot, midnight), rotated},
		sts.OperationGetSessionToken:           {hold(none, midnight), hold(cannot, midnight), rotated},
		sts.OperationAssumeRole:                {hold(none, midnight), hold(chaining, midnight), rotated},
		sts.OperationAssumeRoleWithWebIdentity: {rotated, rotated, rotated},
		sts.OperationAssumeRoleWithSAML:        {rotated, rotated, rotated},
	} {
		for who, c := range map[string]struct {
			issuer func(*session.Observed)
			want   verdict
		}{
			"no identity": {noIdentity, want.unsigned}, "a role": {aRole, want.role}, "an IAM user": {aUser, want.user},
		} {
			t.Run(operation+" by "+who, func(t *testing.T) {
				g := NewWithT(t)
				o := healthy(of(operation), expiringAssertion(midnight), c.issuer)
				g.Expect(verdictOf(session.Decide(o, due))).To(Equal(c.want))

				o.Secret = session.Secret{}
				first := verdictOf(session.Decide(o, noon))
				g.Expect(first.Action).To(Equal(c.want.Action), "a first issue is like a rotation")
				g.Expect(first.Reason).To(Equal(c.want.Reason))
				g.Expect(first.RetryAt).To(BeZero())

				o = healthy(of(operation), c.issuer)
				g.Expect(session.Decide(o, noon).Action).To(Equal(session.Keep), "credentials that are fresh are kept")
			})
		}
	}
}

func TestDecideRoleChaining(t *testing.T) {
	asked := func(asked *int32) func(*session.Observed) {
		return func(o *session.Observed) {
			o.Session.Spec.DurationSeconds = asked
			ask(o)
			o.Secret.RequestHash = o.Request.ToSend().Hash()
			o.Secret.Expiration = noon.Add(o.Request.ToSend().Duration())
		}
	}
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  verdict
	}{
		"a role may assume another for an hour":                      {all(aRole, asked(seconds(3600))), issue(session.CauseExpired)},
		"a role may assume another for less":                         {all(aRole, asked(seconds(900))), issue(session.CauseExpired)},
		"a role may assume another for the default, an hour":         {all(aRole, asked(nil)), issue(session.CauseExpired)},
		"a role may not assume another for a second more":            {all(aRole, asked(seconds(3601))), hold(v1alpha1.ReasonRoleChainingLimit, never)},
		"a role may not assume another for twelve hours":             {all(aRole, asked(seconds(43200))), hold(v1alpha1.ReasonRoleChainingLimit, never)},
		"an IAM user may assume a role for twelve hours":             {all(aUser, asked(seconds(43200))), issue(session.CauseExpired)},
		"an issuer that is not ready takes precedence over its role": {all(aRole, issuerNotReady), hold(v1alpha1.ReasonIssuerNotReady, never)},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := healthy(of(sts.OperationAssumeRole), c.given)
			NewWithT(t).Expect(verdictOf(session.Decide(o, midnight))).To(Equal(c.want))
		})
	}
}

// A tenant that chooses both the audience and the receiver of a token could use the access of a ServiceAccount anywhere.
func TestDecideAudience(t *testing.T) {
	for sentence, c := range map[string]struct {
		audience    string
		ownEndpoint bool
		want        session.Action
	}{
		"AWS's audience, AWS's endpoint":           {"", false, session.Issue},
		"AWS's audience, an endpoint of its own":   {"", true, session.Issue},
		"another audience, AWS's endpoint":         {"vault", false, session.Issue},
		"another audience, an endpoint of its own": {"vault", true, session.Hold},
		"AWS's audience by name, and its own":      {"sts.amazonaws.com", true, session.Issue},
		"an audience that only begins like AWS's":  {"sts.amazonaws.com.example", true, session.Hold},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(of(sts.OperationAssumeRoleWithWebIdentity))
			o.Session.Spec.AssumeRoleWithWebIdentity.Audience = c.audience
			ask(&o)
			o.Secret, o.Issuer.OwnEndpoint = session.Secret{}, c.ownEndpoint

			d := session.Decide(o, noon)

			g.Expect(d.Action).To(Equal(c.want))
			if c.want == session.Hold {
				g.Expect(d.Problem.Reason).To(Equal(v1alpha1.ReasonAudienceNotAllowed))
			}
		})
	}
}

func TestDecideIssuerIdentityMessage(t *testing.T) {
	for sentence, c := range map[string]struct {
		operation string
		issuer    func(*session.Observed)
		want      []string
	}{
		"no identity, of a federation": {
			sts.OperationGetFederationToken, noIdentity,
			[]string{"ClusterSessionIssuer aws", "GetFederationToken", "spec.accessKey", "spec.ambient", "assumeRoleWithWebIdentity", "assumeRoleWithSAML"},
		},
		"no identity, of a role": {sts.OperationAssumeRole, noIdentity, []string{"ClusterSessionIssuer aws", "AssumeRole needs"}},
		"a role, of its own":     {sts.OperationGetSessionToken, aRole, []string{"ClusterSessionIssuer aws", "GetSessionToken", "spec.accessKey", "assumeRole"}},
		"a role, of another":     {sts.OperationAssumeRole, aRole, []string{"ClusterSessionIssuer aws", "3600 seconds", "spec.durationSeconds", "spec.accessKey"}},
		"a role, of federations": {sts.OperationGetFederationToken, aRole, []string{"call GetFederationToken"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			d := session.Decide(healthy(of(c.operation), c.issuer), due)
			g.Expect(d.Problem).NotTo(BeNil())
			g.Expect(d.Problem.Quiet).To(BeFalse())
			for _, want := range c.want {
				g.Expect(d.Problem.Message).To(ContainSubstring(want))
			}
		})
	}
}

func TestObservedIssuerIdentity(t *testing.T) {
	for operation := range choose {
		for who, issuer := range map[string]func(*session.Observed){
			"another user": otherIdentity, "who is not known": func(o *session.Observed) { o.Issuer.Identity = sts.Identity{} }, "no identity": noIdentity,
		} {
			t.Run(operation+" by "+who, func(t *testing.T) {
				g := NewWithT(t)
				o := healthy(of(operation), issuer)
				if !o.Request.ToSend().IsUnsigned() {
					g.Expect(o.IssuerIdentity()).To(Equal(o.Issuer.Identity.UserID))
					return
				}
				g.Expect(o.IssuerIdentity()).To(Equal("unsigned"))
				g.Expect(session.Decide(o, noon).Action).To(Equal(session.Keep))
				g.Expect(session.IsUsable(o, noon)).To(BeTrue())

				o.Secret.IssuerIdentity = identity
				expiringAssertion(midnight)(&o)
				g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(issue(session.CauseIssuerChanged)), "credentials of a signed call have another identity")
			})
		}
	}
}

// Guardrails may have added to the request. While they are unknown or refuse, the request of the spec is compared instead.
func TestIsUsableGuardrailsUnknown(t *testing.T) {
	asked := sts.Request{Operation: sts.OperationGetFederationToken, Name: "reporter"}
	for sentence, c := range map[string]struct {
		known    bool
		specHash string
		usable   bool
	}{
		"what was issued is another request's, and the guardrails say so":  {true, asked.Hash(), false},
		"the guardrails are unknown, and the spec asks for the same":       {false, asked.Hash(), true},
		"the guardrails are unknown, and the spec asks for something else": {false, "sha256:other", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := healthy()
			o.Request = session.AskedRequest(asked)
			if c.known {
				o.Request = session.AdmittedRequest(asked, asked)
			}
			o.Secret.RequestHash, o.Secret.SpecRequestHash = "sha256:with-tags", c.specHash

			NewWithT(t).Expect(session.IsUsable(o, noon)).To(Equal(c.usable))
		})
	}
}

func TestDecideRefusedByGuardrails(t *testing.T) {
	for _, reason := range []string{
		v1alpha1.ReasonNamespaceNotAllowed, v1alpha1.ReasonRuleViolated, v1alpha1.ReasonForcedTagConflict,
		v1alpha1.ReasonSourceIdentityConflict, v1alpha1.ReasonIssuerNotFound,
	} {
		for operation := range choose {
			t.Run(reason+" of "+operation, func(t *testing.T) {
				g := NewWithT(t)
				o := healthy(of(operation), refusedFor(reason, "because"))

				d := session.Decide(o, noon)

				g.Expect(verdictOf(d)).To(Equal(hold(reason, midnight)), "it is reported at once, and again when the credentials expire")
				g.Expect(d.Problem.Message).To(Equal("because"), "as the guardrails word it")
				g.Expect(session.IsUsable(o, noon)).To(BeTrue(), "what was issued works until it expires")
				g.Expect(verdictOf(session.Decide(o, due))).To(Equal(hold(reason, midnight)), "nothing is rotated")
				g.Expect(verdictOf(session.Decide(o, midnight))).To(Equal(hold(reason, never)), "nor issued")
				expiringAssertion(midnight)(&o)
				g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(hold(reason, midnight)), "nor is an assertion used")
				outOfSync(&o)
				g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(hold(reason, midnight)), "nor is any metadata synced")
			})
		}
	}
}
