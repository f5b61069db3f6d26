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

// claiming makes the Secret say something else of its credentials.
func claiming(change func(*session.Secret)) func(*session.Observed) {
	return func(o *session.Observed) { change(&o.Secret) }
}

// being makes the Secret say that its credentials act as a principal.
func being(arn string) func(*session.Observed) {
	return claiming(func(s *session.Secret) { s.Identity.ARN = arn })
}

func imitated(o *session.Observed) { o.Issuer.Identity.ARN = "arn:aws:sts::123456789012:user/moto" }

func TestIsIntactClaims(t *testing.T) {
	const tolerance = 5 * time.Minute
	expiring := func(at time.Time) func(*session.Observed) {
		return claiming(func(s *session.Secret) { s.Expiration = at })
	}
	issued := func(at time.Time) func(*session.Observed) {
		return claiming(func(s *session.Secret) { s.IssuedAt, s.Expiration = at, at.Add(12*time.Hour) })
	}
	own, role, web, saml := of(sts.OperationGetSessionToken), of(sts.OperationAssumeRole), of(sts.OperationAssumeRoleWithWebIdentity),
		of(sts.OperationAssumeRoleWithSAML)
	for sentence, c := range map[string]struct {
		given  func(*session.Observed)
		intact bool
	}{
		"what STS grants is believed":                    {nil, true},
		"less than what was asked is believed":           {expiring(noon.Add(time.Minute)), true},
		"as much as clocks may differ is believed":       {expiring(midnight.Add(tolerance)), true},
		"a second more is not":                           {expiring(midnight.Add(tolerance + time.Second)), false},
		"credentials for ever are not":                   {expiring(time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)), false},
		"a quarter of an hour that lasts longer is not":  {asking(900, 20*time.Minute+time.Second), false},
		"a quarter of an hour and the tolerance is":      {asking(900, 20*time.Minute), true},
		"a clock that was set back by a day is believed": {issued(noon.Add(24 * time.Hour)), true},
		"by more it is not":                              {issued(noon.Add(24*time.Hour + time.Second)), false},
		"an issue in a thousand years is not":            {issued(noon.AddDate(1000, 0, 0)), false},

		"a long-term key is not believed": {claiming(func(s *session.Secret) { s.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" }), false},
		"of an issuer that only an imitation of AWS has, it is": {
			all(imitated, being("arn:aws:sts::123456789012:federated-user/reporter"),
				claiming(func(s *session.Secret) { s.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" })), true,
		},
		"while the issuer is being verified, it is not held against the Secret": {
			all(beingVerified, claiming(func(s *session.Secret) { s.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" })), true,
		},

		"the root user is not believed":                  {being("arn:aws:iam::123456789012:root"), false},
		"another federated user is not":                  {being("arn:aws:sts::123456789012:federated-user/admin"), false},
		"the federated user of another account is not":   {being("arn:aws:sts::210987654321:federated-user/reporter"), false},
		"the issuer itself is not":                       {being(userARN), false},
		"no principal at all is not":                     {being(""), false},
		"what is no ARN is not":                          {being("root"), false},
		"of an issuer that is not known, any account is": {all(noIdentity, being("arn:aws:sts::210987654321:federated-user/reporter")), true},
		"but no other user is":                           {all(noIdentity, being("arn:aws:sts::210987654321:federated-user/admin")), false},
		"the issuer itself is believed for its own":      {own, true},
		"the root user is not, for another's own":        {all(own, being("arn:aws:iam::123456789012:root")), false},
		"a session of the role is believed":              {role, true},
		"a session of another role is not":               {all(role, being("arn:aws:sts::123456789012:assumed-role/admin/reporter")), false},
		"a session of the role elsewhere is not":         {all(role, being("arn:aws:sts::210987654321:assumed-role/reports/reporter")), false},
		"a session of another name is not":               {all(role, being("arn:aws:sts::123456789012:assumed-role/reports/admin")), false},
		"a token's session of the role is believed":      {web, true},
		"a token's session of another role is not":       {all(web, being("arn:aws:sts::123456789012:assumed-role/admin/reporter")), false},
		"an assertion's session has any name":            {all(saml, being("arn:aws:sts::123456789012:assumed-role/reports/bob")), true},
		"an assertion's session of another role is not":  {all(saml, being("arn:aws:sts::123456789012:assumed-role/admin/bob")), false},

		"nothing is held against another request":  {all(edited, being("arn:aws:sts::123456789012:federated-user/former")), true},
		"nor against another issuer":               {all(otherIdentity, being("arn:aws:sts::210987654321:federated-user/reporter")), true},
		"a Secret whose digest is wrong is not it": {emptied, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			o := healthy(c.given)

			g.Expect(session.IsIntact(o, noon)).To(Equal(c.intact))

			if !c.intact {
				g.Expect(session.IsUsable(o, noon)).To(BeFalse())
				expiringAssertion(midnight)(&o)
				o.Issuer = healthy().Issuer
				g.Expect(verdictOf(session.Decide(o, noon))).To(Equal(issue(session.CauseTampered)))
				o.History = session.History{IsKnown: true, Reissues: 5, LastReissue: noon}
				g.Expect(session.Decide(o, noon).Problem.Reason).To(Equal(v1alpha1.ReasonSecretOverwritten), "it is paced like other tampering")
			}
		})
	}
}

func TestIsOfAnother(t *testing.T) {
	for sentence, c := range map[string]struct {
		given func(*session.Observed)
		want  bool
	}{
		"a Secret of this request is not":    {nil, false},
		"of another request it is":           {edited, true},
		"of another issuer it is":            {otherIdentity, true},
		"of a spec that is wrong it is":      {invalid, true},
		"of an issuer not known it is not":   {noIdentity, false},
		"of a spec that is suspended it not": {suspended, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(session.IsOfAnother(healthy(c.given))).To(Equal(c.want))
		})
	}
}
