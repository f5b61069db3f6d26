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
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestApplyOperations(t *testing.T) {
	const (
		lends  = ", which lends all that its user may"
		listIt = ": an administrator must list it in spec.guardrails.operations"
	)
	roles := []v1alpha1.Operation{sts.OperationAssumeRole, sts.OperationAssumeRoleWithWebIdentity}
	for sentence, c := range map[string]struct {
		operations []v1alpha1.Operation
		served     []sts.Request
		refused    map[string]sts.Request // by what follows "does not serve "
	}{
		"absent": {nil, []sts.Request{federation, role, web, saml}, map[string]sts.Request{"GetSessionToken" + lends: token}},
		"all":    {everyOperation, []sts.Request{federation, role, web, saml, token}, nil},
		"some": {roles, []sts.Request{role, web}, map[string]sts.Request{
			"GetFederationToken": federation, "AssumeRoleWithSAML": saml, "GetSessionToken" + lends: token,
		}},
		"GetSessionToken": {[]v1alpha1.Operation{sts.OperationGetSessionToken}, []sts.Request{token}, map[string]sts.Request{
			"GetFederationToken": federation, "AssumeRole": role, "AssumeRoleWithWebIdentity": web, "AssumeRoleWithSAML": saml,
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			guardrails := compile(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.Guardrails.Operations = c.operations }))
			for _, request := range c.served {
				got, problem := guardrails.Apply(request, namespace, object)
				g.Expect(message(problem)).To(BeEmpty())
				g.Expect(got).To(Equal(request))
			}
			for what, request := range c.refused {
				got, problem := guardrails.Apply(request, namespace, object)
				g.Expect(got).To(Equal(request))
				g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonOperationNotAllowed))
				g.Expect(problem.Message).To(Equal("ClusterSessionIssuer aws does not serve " + what + listIt))
			}
		})
	}
}

func TestApplyOperationsOfASessionIssuer(t *testing.T) {
	g := NewWithT(t)
	issuer := &v1alpha1.SessionIssuer{}
	issuer.Name = "mine"
	_, problem := compile(t, issuer).Apply(token, namespace, object)
	g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonOperationNotAllowed))
	g.Expect(problem.Message).To(HavePrefix("SessionIssuer mine does not serve GetSessionToken"))
}
