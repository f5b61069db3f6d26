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

package guardrail_test

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const roleARN = "arn:aws:iam::123456789012:role/team-a/reports"

// What most cases are about: team-a asks for a federated user.
var (
	namespace = guardrail.Metadata{
		Name:        "team-a",
		Labels:      map[string]string{"team": "a", "stage": "test"},
		Annotations: map[string]string{"example.com/role-arns": roleARN + "," + roleARN + "-2"},
	}
	object     = guardrail.Metadata{Name: "reports", Labels: map[string]string{"app": "reports"}}
	federation = sts.Request{Operation: sts.OperationGetFederationToken, Name: "team-a-reports"}
	role       = sts.Request{Operation: sts.OperationAssumeRole, Name: "reports", RoleARN: roleARN}
	web        = sts.Request{
		Operation: sts.OperationAssumeRoleWithWebIdentity, Name: "reports", RoleARN: roleARN,
		ServiceAccountName: "default", Audience: "sts.amazonaws.com", ProviderID: "www.example.com",
	}
	saml = sts.Request{
		Operation: sts.OperationAssumeRoleWithSAML, RoleARN: roleARN, PrincipalARN: "arn:aws:iam::123456789012:saml-provider/corporate",
	}
	token = sts.Request{Operation: sts.OperationGetSessionToken}
)

// with is a copy of the request that is changed.
func with(r sts.Request, change func(r *sts.Request)) sts.Request {
	change(&r)
	return r
}

// parsed is an inline policy that STS could be sent.
func parsed(policy string) sts.Policy {
	p, problem := sts.ParsePolicy("spec.policy", []byte(policy))
	if problem != nil {
		panic(problem)
	}
	return p
}

// withPolicy is the request with an inline policy.
func withPolicy(r sts.Request, policy string) sts.Request {
	return with(r, func(r *sts.Request) { r.Policy = parsed(policy) })
}

// tagged are tags of keys and values.
func tagged(keysAndValues ...string) []sts.Tag {
	var tags []sts.Tag
	for pair := range slices.Chunk(keysAndValues, 2) {
		tags = append(tags, sts.Tag{Key: pair[0], Value: pair[1]})
	}
	return tags
}

// thousand is a list of a thousand numbers. costs is a condition of about 70,000 units, and costly one beyond the limit.
var (
	thousand = "[" + strings.Repeat("1,", 999) + "1]"
	costs    = strings.ReplaceAll("L.all(a, L.all(b, a == b))", "L", thousand[:209]+"1]")
	costly   = strings.ReplaceAll("L.all(a, L.all(b, a == b))", "L", thousand[:999]+"1]")
)

// everyOperation of STS.
var everyOperation = []v1alpha1.Operation{
	sts.OperationGetFederationToken, sts.OperationAssumeRole, sts.OperationAssumeRoleWithWebIdentity,
	sts.OperationAssumeRoleWithSAML, sts.OperationGetSessionToken,
}

// issuer is a ClusterSessionIssuer named aws that admits every namespace and serves every operation.
func issuer(change func(spec *v1alpha1.ClusterSessionIssuerSpec)) *v1alpha1.ClusterSessionIssuer {
	issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: "aws"}}
	issuer.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{}
	issuer.Spec.Guardrails.Operations = everyOperation
	change(&issuer.Spec)
	return issuer
}

// withRules is an issuer with rules of these expressions.
func withRules(expressions ...string) *v1alpha1.ClusterSessionIssuer {
	return issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		for _, expression := range expressions {
			spec.Guardrails.Rules = append(spec.Guardrails.Rules, v1alpha1.Rule{Expression: expression})
		}
	})
}

// withTags is an issuer that forces these tags.
func withTags(tags ...v1alpha1.ForcedTag) *v1alpha1.ClusterSessionIssuer {
	return issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.Guardrails.SessionTags = tags })
}

// withSourceIdentity is an issuer that sets a source identity.
func withSourceIdentity(expression string) *v1alpha1.ClusterSessionIssuer {
	return issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.Guardrails.SourceIdentityExpression = expression })
}

func compile(t testing.TB, issuer v1alpha1.Issuer) *guardrail.Guardrails {
	t.Helper()
	guardrails, problem := guardrail.Compile(issuer)
	NewWithT(t).Expect(problem).To(BeNil())
	return guardrails
}

// apply checks a request of the usual namespace and object against an issuer.
func apply(t testing.TB, issuer v1alpha1.Issuer, request sts.Request) (sts.Request, *sts.Problem) {
	t.Helper()
	return compile(t, issuer).Apply(request, namespace, object)
}

// message of a problem; empty for none.
func message(problem *sts.Problem) string {
	if problem == nil {
		return ""
	}
	return problem.Message
}

// reason of a problem; empty for none.
func reason(problem *sts.Problem) string {
	if problem == nil {
		return ""
	}
	return problem.Reason
}
