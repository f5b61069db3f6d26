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
	"fmt"
	"slices"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// all is an issuer with every guardrail.
func all(change func(spec *v1alpha1.ClusterSessionIssuerSpec)) *v1alpha1.ClusterSessionIssuer {
	return issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.AllowedNamespaces.Names = []string{"team-a"}
		spec.Guardrails.Operations = slices.Clone(everyOperation)
		spec.Guardrails.SessionTags = []v1alpha1.ForcedTag{
			{Key: "kubernetes-namespace", ValueExpression: "namespace.name"}, {Key: "cluster", Value: new("test")},
		}
		spec.Guardrails.SourceIdentityExpression = "namespace.name"
		spec.Guardrails.Rules = []v1alpha1.Rule{{Expression: "session.name == 'reports'"}}
		change(spec)
	})
}

// Whatever the refusal, the request is the one that the session asked for.
func TestApplyFirstRefusal(t *testing.T) {
	unchanged := func(*v1alpha1.ClusterSessionIssuerSpec) {}
	nobody := func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.AllowedNamespaces = nil }
	federationOnly := func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.Guardrails.Operations = []v1alpha1.Operation{sts.OperationGetFederationToken}
	}
	wrong := with(role, func(r *sts.Request) {
		r.Name, r.SourceIdentity, r.Tags = "x", "me", tagged("Cluster", "other")
	})
	for sentence, c := range map[string]struct {
		issuer  *v1alpha1.ClusterSessionIssuer
		request sts.Request
		reason  string
	}{
		"none":                             {all(unchanged), role, ""},
		"the namespace":                    {all(nobody), role, v1alpha1.ReasonNamespaceNotAllowed},
		"the namespace, then the rest":     {all(nobody), wrong, v1alpha1.ReasonNamespaceNotAllowed},
		"the namespace, then an operation": {all(nobody), token, v1alpha1.ReasonNamespaceNotAllowed},
		"the operation, then the rest":     {all(federationOnly), wrong, v1alpha1.ReasonOperationNotAllowed},
		"a tag, then the rest":             {all(unchanged), wrong, v1alpha1.ReasonForcedTagConflict},
		"a tag": {
			all(unchanged), with(role, func(r *sts.Request) { r.Tags = tagged("Cluster", "other") }), v1alpha1.ReasonForcedTagConflict,
		},
		"the source identity, then a rule": {
			all(unchanged), with(wrong, func(r *sts.Request) { r.Tags = nil }), v1alpha1.ReasonSourceIdentityConflict,
		},
		"a rule":   {all(unchanged), with(role, func(r *sts.Request) { r.Name = "x" }), v1alpha1.ReasonRuleViolated},
		"a policy": {all(unchanged), withPolicy(role, `{"x":1}`), v1alpha1.ReasonRuleViolated},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			got, problem := apply(t, c.issuer, c.request)
			g.Expect(reason(problem)).To(Equal(c.reason))
			if c.reason != "" {
				g.Expect(got).To(Equal(c.request))
				return
			}
			g.Expect(got.Tags).To(Equal(tagged("cluster", "test", "kubernetes-namespace", "team-a")))
			g.Expect(got.SourceIdentity).To(Equal("team-a"))
		})
	}
}

func TestApplyWithoutGuardrails(t *testing.T) {
	for _, request := range []sts.Request{federation, role, web, saml, token, everything, withPolicy(federation, "{}")} {
		g := NewWithT(t)
		got, problem := apply(t, withRules(), request)
		g.Expect(problem).To(BeNil())
		g.Expect(got.Hash()).To(Equal(request.Hash()))
	}
}

func TestApplyAfterTheIssuerObjectChanged(t *testing.T) {
	g := NewWithT(t)
	issuer := all(func(*v1alpha1.ClusterSessionIssuerSpec) {})
	guardrails := compile(t, issuer)
	issuer.Name = "other"
	issuer.Spec.Guardrails.Operations[1] = sts.OperationGetSessionToken
	issuer.Spec.AllowedNamespaces.Names[0] = "team-b"
	issuer.Spec.Guardrails.Rules[0].Expression = "false"
	*issuer.Spec.Guardrails.SessionTags[1].Value = "other"
	_, problem := guardrails.Apply(role, namespace, object)
	g.Expect(problem).To(BeNil())
}

func TestApplyConcurrently(t *testing.T) {
	guardrails := compile(t, all(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.Guardrails.Rules = []v1alpha1.Rule{{
			Expression:        "session.name.matches('^reports-[0-9]*[02468]$') && session.tags.exists(k, session.tags[k] == 'team-a')",
			MessageExpression: "'not ' + session.name",
		}}
	}))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				name := fmt.Sprintf("reports-%d", i*50+j)
				got, problem := guardrails.Apply(with(role, func(r *sts.Request) { r.Name = name }), namespace, object)
				want, tags, identity := "", 2, "team-a"
				if j%2 == 1 {
					want, tags, identity = "ClusterSessionIssuer aws refuses the session: not "+name, 0, ""
				}
				if message(problem) != want || len(got.Tags) != tags || got.SourceIdentity != identity {
					t.Errorf("%s: %+v %s", name, got, message(problem))
				}
			}
			if _, problem := guardrail.Compile(withRules(fmt.Sprintf("session.name.matches('%d')", i))); problem != nil {
				t.Error(problem.Message)
			}
		})
	}
	group.Wait()
}

// BenchmarkApply checks a session with forced tags, a source identity, a policy and five rules.
func BenchmarkApply(b *testing.B) {
	guardrails := compile(b, all(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
		spec.Guardrails.Rules = nil
		for _, expression := range []string{
			"session.name.startsWith(namespace.name + '-')",
			"session.policyARNs.all(arn, arn in ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B'])",
			"!has(session.policy) || session.policy.Statement.all(s, s.Effect == 'Deny' || (has(s.Action) && " +
				"s.Action.all(a, a.matches('^[A-Za-z0-9-]+:'))))",
			"session.durationSeconds <= 3600",
			"session.roleARN.startsWith('arn:aws:iam::123456789012:role/' + namespace.name + '/')",
		} {
			spec.Guardrails.Rules = append(spec.Guardrails.Rules, v1alpha1.Rule{Expression: expression})
		}
	}))
	request := with(everything, func(r *sts.Request) { r.SourceIdentity = "" })
	if _, problem := guardrails.Apply(request, namespace, object); problem != nil {
		b.Fatal(problem.Message)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = guardrails.Apply(request, namespace, object)
	}
}

// BenchmarkCompile compiles one rule.
func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		compile(b, withRules("session.name.startsWith(namespace.name + '-')"))
	}
}
