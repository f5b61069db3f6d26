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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The session that the tests observe: its credentials were issued at noon, last twelve hours and are due in between.
const (
	uid            = types.UID("6f1c4f5e-0d0c-4a77-9a5e-3d2f6d1b7a10")
	identity       = "AIDAEXAMPLE"
	userARN        = "arn:aws:iam::123456789012:user/demo"
	assumedRoleARN = "arn:aws:sts::123456789012:assumed-role/broker/pod"
	roleARN        = "arn:aws:iam::123456789012:role/team-a/reports"
	samlARN        = "arn:aws:iam::123456789012:saml-provider/corporate"
)

var (
	noon     = time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)
	midnight = noon.Add(12 * time.Hour)
	due      = session.RotateAt(noon, 12*time.Hour, 0, uid)
)

// healthy is a session of which nothing is wrong but what the changes make so.
func healthy(changes ...func(*session.Observed)) session.Observed {
	fs := &v1alpha1.FederatedSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "reports", UID: uid},
		Spec: v1alpha1.FederatedSessionSpec{
			IssuerRef: v1alpha1.IssuerReference{Kind: v1alpha1.ClusterSessionIssuerKind, Name: "aws"},
			Name:      "reporter",
		},
	}
	request, _ := sts.NewRequest(fs)
	o := session.Observed{
		Session: fs,
		Request: session.AdmittedRequest(request, request),
		Issuer:  session.Issuer{State: session.IssuerReady, HasIdentity: true, Identity: sts.Identity{ARN: userARN, UserID: identity}},
		Secret: session.Secret{
			Exists: true, Intact: true, InSync: true,
			RequestHash: request.Hash(), IssuerIdentity: identity,
			IssuedAt: noon, Expiration: midnight, AccessKeyID: "ASIAEXAMPLE", Identity: sts.Identity{ARN: principals[sts.OperationGetFederationToken]},
		},
	}
	for _, change := range changes {
		if change != nil {
			change(&o)
		}
	}
	return o
}

// ask reads the spec again, which the guardrails admit as it is.
func ask(o *session.Observed) {
	request, problem := sts.NewRequest(o.Session)
	if problem != nil {
		panic(problem)
	}
	o.Request = session.AdmittedRequest(request, request)
}

// askFor makes the session ask for something else.
func askFor(o *session.Observed, change func(*sts.Request)) {
	request := o.Request.ToSend()
	change(&request)
	o.Request = session.AdmittedRequest(request, request)
}

// asking makes the session ask for the lifetime, and its Secret hold credentials that got the granted one.
func asking(seconds int32, granted time.Duration) func(*session.Observed) {
	return func(o *session.Observed) {
		o.Session.Spec.DurationSeconds = &seconds
		askFor(o, func(r *sts.Request) { r.DurationSeconds = seconds })
		o.Secret.RequestHash = o.Request.ToSend().Hash()
		o.Secret.Expiration = noon.Add(granted)
	}
}

func rotatingBefore(seconds int32) func(*session.Observed) {
	return func(o *session.Observed) { o.Session.Spec.Rotation.BeforeExpirationSeconds = &seconds }
}

func TestDecideKeepRetryAt(t *testing.T) {
	for sentence, c := range map[string]struct {
		given []func(*session.Observed)
		want  time.Time
	}{
		"by default, in the second half of the twelve hours": {
			nil, session.RotateAt(noon, 12*time.Hour, 0, uid),
		},
		"with beforeExpirationSeconds, that long before expiration": {
			[]func(*session.Observed){rotatingBefore(3600)}, session.RotateAt(noon, 12*time.Hour, time.Hour, uid),
		},
		"of a lifetime that was asked for and granted": {
			[]func(*session.Observed){asking(129600, 36*time.Hour)}, session.RotateAt(noon, 36*time.Hour, 0, uid),
		},
		"of the lifetime granted, where that is shorter than the one asked for": {
			[]func(*session.Observed){asking(129600, time.Hour)}, session.RotateAt(noon, time.Hour, 0, uid),
		},
		"of the lifetime asked for, where the local clock was five minutes behind at issue": {
			[]func(*session.Observed){asking(900, 20*time.Minute)}, session.RotateAt(noon, 15*time.Minute, 0, uid),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)

			d := session.Decide(healthy(c.given...), noon.Add(time.Minute))

			g.Expect(d).To(Equal(session.Decision{Action: session.Keep, RetryAt: c.want}))
		})
	}
}

// principals are who each operation makes credentials act as.
var principals = map[string]string{
	sts.OperationGetFederationToken:        "arn:aws:sts::123456789012:federated-user/reporter",
	sts.OperationAssumeRole:                "arn:aws:sts::123456789012:assumed-role/reports/reporter",
	sts.OperationAssumeRoleWithWebIdentity: "arn:aws:sts::123456789012:assumed-role/reports/reporter",
	sts.OperationAssumeRoleWithSAML:        "arn:aws:sts::123456789012:assumed-role/reports/alice",
	sts.OperationGetSessionToken:           userARN,
}

// choose makes a spec ask for each operation.
var choose = map[string]func(*v1alpha1.FederatedSessionSpec){
	sts.OperationGetFederationToken: func(*v1alpha1.FederatedSessionSpec) {},
	sts.OperationAssumeRole: func(spec *v1alpha1.FederatedSessionSpec) {
		spec.AssumeRole = &v1alpha1.AssumeRole{
			RoleARN: roleARN, ExternalID: "contract-7", SourceIdentity: "alice",
			TransitiveTagKeys: []v1alpha1.TagKey{"team", "Größe"},
			ProvidedContexts:  []v1alpha1.ProvidedContext{{ProviderARN: "arn:aws:iam::aws:contextProvider/IdentityCenter", ContextAssertion: "signed"}},
		}
	},
	sts.OperationAssumeRoleWithWebIdentity: func(spec *v1alpha1.FederatedSessionSpec) {
		spec.Tags = nil
		spec.AssumeRoleWithWebIdentity = &v1alpha1.AssumeRoleWithWebIdentity{
			RoleARN: roleARN, ServiceAccountName: "reporting", Audience: "aws.example.com", ProviderID: "www.example.com",
		}
	},
	sts.OperationAssumeRoleWithSAML: func(spec *v1alpha1.FederatedSessionSpec) {
		spec.Name, spec.Tags = "", nil
		spec.AssumeRoleWithSAML = &v1alpha1.AssumeRoleWithSAML{
			RoleARN: roleARN, PrincipalARN: samlARN, AssertionSecretRef: v1alpha1.SecretKeyReference{Name: "corporate", Key: "response"},
		}
	},
	sts.OperationGetSessionToken: func(spec *v1alpha1.FederatedSessionSpec) {
		spec.Name, spec.Policy, spec.PolicyARNs, spec.Tags = "", "", nil, nil
		spec.GetSessionToken = &v1alpha1.GetSessionToken{}
	},
}

func seconds(n int32) *int32 { return &n }
