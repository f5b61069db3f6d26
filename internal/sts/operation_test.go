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

package sts_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	roleARN = "arn:aws:iam::123456789012:role/team-a/reports"
	samlARN = "arn:aws:iam::123456789012:saml-provider/corporate"
)

// choose makes a spec ask for each operation, with all that is the operation's own and without what it does not take.
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

// everythingOf is a session that uses every field that STS is sent with an operation.
func everythingOf(operation string, changes ...func(*v1alpha1.FederatedSession)) *v1alpha1.FederatedSession {
	fs := everything(func(fs *v1alpha1.FederatedSession) {
		fs.Spec.MinimumSessionTokenSize = seconds(2048)
		choose[operation](&fs.Spec)
	})
	for _, change := range changes {
		change(fs)
	}
	return fs
}

func TestNewRequestOfEachOperation(t *testing.T) {
	const policy = `{"Version":"2012-10-17","Statement":{"Sid":"ü<&>"}}`
	arns := []string{"arn:aws:iam::123456789012:policy/reports", "arn:aws:iam::aws:policy/ReadOnlyAccess"}
	tags := []sts.Tag{{Key: "Größe", Value: "XL"}, {Key: "empty"}, {Key: "team", Value: "a"}}
	for operation, want := range map[string]sts.Request{
		sts.OperationGetFederationToken: {Name: "reporter", Policy: parsed(policy), PolicyARNs: arns, Tags: tags},
		sts.OperationAssumeRole: {
			Name: "reporter", Policy: parsed(policy), PolicyARNs: arns, Tags: tags,
			RoleARN: roleARN, ExternalID: "contract-7", SourceIdentity: "alice", TransitiveTagKeys: []string{"Größe", "team"},
			ProvidedContexts: []sts.Context{{ProviderARN: "arn:aws:iam::aws:contextProvider/IdentityCenter", Assertion: "signed"}},
		},
		sts.OperationAssumeRoleWithWebIdentity: {
			Name: "reporter", Policy: parsed(policy), PolicyARNs: arns,
			RoleARN: roleARN, ServiceAccountName: "reporting", Audience: "aws.example.com", ProviderID: "www.example.com",
		},
		sts.OperationAssumeRoleWithSAML: {Policy: parsed(policy), PolicyARNs: arns, RoleARN: roleARN, PrincipalARN: samlARN},
		sts.OperationGetSessionToken:    {},
	} {
		t.Run(operation, func(t *testing.T) {
			g := NewWithT(t)
			want.Operation, want.DurationSeconds, want.MinimumSessionTokenSize, want.RotateRequestedAt = operation, 3600, 2048, "2026-11-02"
			fs := everythingOf(operation)
			before := fs.DeepCopy()

			g.Expect(requestOf(t, fs)).To(Equal(want))
			g.Expect(fs).To(Equal(before), "the object belongs to the cache and is left as it is")
		})
	}
}

func TestNewRequestRequiredFieldsOnly(t *testing.T) {
	for sentence, c := range map[string]struct {
		given v1alpha1.FederatedSessionSpec
		want  sts.Request
	}{
		"a role": {
			v1alpha1.FederatedSessionSpec{Name: "reporter", AssumeRole: &v1alpha1.AssumeRole{RoleARN: roleARN}},
			sts.Request{Operation: "AssumeRole", Name: "reporter", RoleARN: roleARN},
		},
		"a ServiceAccount, whose token is for STS": {
			v1alpha1.FederatedSessionSpec{
				Name:                      "reporter",
				AssumeRoleWithWebIdentity: &v1alpha1.AssumeRoleWithWebIdentity{RoleARN: roleARN, ServiceAccountName: "reporting"},
			},
			sts.Request{
				Operation: "AssumeRoleWithWebIdentity", Name: "reporter", RoleARN: roleARN,
				ServiceAccountName: "reporting", Audience: "sts.amazonaws.com",
			},
		},
		"an assertion, without its Secret": {
			v1alpha1.FederatedSessionSpec{AssumeRoleWithSAML: &v1alpha1.AssumeRoleWithSAML{RoleARN: roleARN, PrincipalARN: samlARN}},
			sts.Request{Operation: "AssumeRoleWithSAML", RoleARN: roleARN, PrincipalARN: samlARN},
		},
		"a session of the issuer's own": {
			v1alpha1.FederatedSessionSpec{GetSessionToken: &v1alpha1.GetSessionToken{}},
			sts.Request{Operation: "GetSessionToken"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(requestOf(t, &v1alpha1.FederatedSession{Spec: c.given})).To(Equal(c.want))
		})
	}
}

func TestRequestTraits(t *testing.T) {
	type traits struct {
		unsigned, ofRole, tags, sourceIdentity, mfa bool
		defaultDuration                             time.Duration
	}
	for operation, want := range map[string]traits{
		sts.OperationGetFederationToken:        {tags: true, defaultDuration: 12 * time.Hour},
		sts.OperationAssumeRole:                {ofRole: true, tags: true, sourceIdentity: true, mfa: true, defaultDuration: time.Hour},
		sts.OperationAssumeRoleWithWebIdentity: {unsigned: true, ofRole: true, defaultDuration: time.Hour},
		sts.OperationAssumeRoleWithSAML:        {unsigned: true, ofRole: true, defaultDuration: time.Hour},
		sts.OperationGetSessionToken:           {mfa: true, defaultDuration: 12 * time.Hour},
		"GetDelegatedAccessToken":              {}, // of which this version knows nothing
	} {
		t.Run(operation, func(t *testing.T) {
			r := sts.Request{Operation: operation}
			NewWithT(t).Expect(traits{
				r.IsUnsigned(), r.IsOfRole(), r.TakesTags(), r.TakesSourceIdentity(), r.TakesMFA(), r.Duration(),
			}).To(Equal(want))
		})
	}
}

func TestRequestDuration(t *testing.T) {
	for operation := range choose {
		for asked, want := range map[int32]time.Duration{900: 15 * time.Minute, 3600: time.Hour, 43200: 12 * time.Hour, 129600: 36 * time.Hour} {
			t.Run(fmt.Sprintf("%s for %d seconds", operation, asked), func(t *testing.T) {
				NewWithT(t).Expect(sts.Request{Operation: operation, DurationSeconds: asked}.Duration()).To(Equal(want))
			})
		}
	}
}
