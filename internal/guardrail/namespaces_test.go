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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func TestApplyNamespaces(t *testing.T) {
	const (
		nobody   = "ClusterSessionIssuer aws admits no namespace: an administrator must set its spec.allowedNamespaces"
		notAdmit = "ClusterSessionIssuer aws does not admit namespace team-a: an administrator must add it to spec.allowedNamespaces"
		admitted = ""
	)
	var (
		blue       = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "blue"}}
		red        = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "red"}}
		noTeam     = selecting(metav1.LabelSelectorOpDoesNotExist)
		wrong      = selecting("Resembles")
		teamA      = guardrail.Metadata{Name: "team-a", Labels: map[string]string{"team": "blue", "stage": "test"}}
		unlabelled = guardrail.Metadata{Name: "team-a"}
	)
	for sentence, c := range map[string]struct {
		allowed   *v1alpha1.AllowedNamespaces
		namespace guardrail.Metadata
		want      string
	}{
		"nothing written down admits nobody":              {nil, teamA, nobody},
		"an empty rule admits everybody":                  {&v1alpha1.AllowedNamespaces{}, teamA, admitted},
		"an empty rule admits a namespace without labels": {&v1alpha1.AllowedNamespaces{}, unlabelled, admitted},
		"a name admits the namespace of that name": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-b", "team-a"}}, teamA,
			admitted,
		},
		"a name does not admit another namespace": {&v1alpha1.AllowedNamespaces{Names: []string{"team-b"}}, teamA, notAdmit},
		"a name is no prefix": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team", "team-"}}, teamA,
			notAdmit,
		},
		"a name is no pattern": {
			&v1alpha1.AllowedNamespaces{Names: []string{"*", "team-*"}}, teamA,
			notAdmit,
		},
		"a selector admits a namespace with its labels":           {&v1alpha1.AllowedNamespaces{Selector: blue}, teamA, admitted},
		"a selector does not admit a namespace with other labels": {&v1alpha1.AllowedNamespaces{Selector: red}, teamA, notAdmit},
		"a selector does not admit a namespace without labels":    {&v1alpha1.AllowedNamespaces{Selector: blue}, unlabelled, notAdmit},
		"a selector of what is absent admits a namespace without": {&v1alpha1.AllowedNamespaces{Selector: noTeam}, unlabelled, admitted},
		"an empty selector admits everybody": {
			&v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}}, unlabelled,
			admitted,
		},
		"an empty selector beside a name admits everybody": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-b"}, Selector: &metav1.LabelSelector{}}, teamA,
			admitted,
		},
		"of both, the name suffices": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-a"}, Selector: red}, teamA,
			admitted,
		},
		"of both, the selector suffices": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-b"}, Selector: blue}, teamA,
			admitted,
		},
		"of both, one must hold": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-b"}, Selector: red}, teamA,
			notAdmit,
		},
		"a selector that cannot be read admits nobody": {&v1alpha1.AllowedNamespaces{Selector: wrong}, teamA, notAdmit},
		"a selector that cannot be read leaves the names as they are": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-a"}, Selector: wrong}, teamA,
			admitted,
		},
		"a selector that cannot be read helps no other name": {
			&v1alpha1.AllowedNamespaces{Names: []string{"team-b"}, Selector: wrong}, teamA,
			notAdmit,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			issuer := &v1alpha1.ClusterSessionIssuer{ObjectMeta: metav1.ObjectMeta{Name: "aws"}}
			issuer.Spec.AllowedNamespaces = c.allowed

			request, problem := compile(t, issuer).Apply(federation, c.namespace, object)

			g.Expect(request).To(Equal(federation))
			if c.want == admitted {
				g.Expect(problem).To(BeNil())
				return
			}
			g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonNamespaceNotAllowed))
			g.Expect(problem.Message).To(Equal(c.want))
		})
	}
}

// Whoever is not admitted does not learn whether the rules compile.
func TestCheckNamespaceOfUnreadableGuardrails(t *testing.T) {
	g := NewWithT(t)
	issuer := withRules("session.nmae == 'a'")
	issuer.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{Names: []string{"team-b"}}

	guardrails, problem := guardrail.Compile(issuer)

	g.Expect(problem.Reason).To(Equal(v1alpha1.ReasonRuleInvalid))
	g.Expect(guardrails.CheckNamespace(guardrail.Metadata{Name: "team-a"}).Reason).To(Equal(v1alpha1.ReasonNamespaceNotAllowed))
	g.Expect(guardrails.CheckNamespace(guardrail.Metadata{Name: "team-b"})).To(BeNil())
}

// selecting is a selector of the label team.
func selecting(operator metav1.LabelSelectorOperator) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: operator}}}
}

func TestApplySessionIssuer(t *testing.T) {
	g := NewWithT(t)
	request, problem := compile(t, &v1alpha1.SessionIssuer{}).Apply(federation, namespace, object)
	g.Expect(problem).To(BeNil())
	g.Expect(request).To(Equal(federation))
}

func TestUnrestricted(t *testing.T) {
	of := func(change func(spec *v1alpha1.ClusterSessionIssuerSpec)) *v1alpha1.ClusterSessionIssuer {
		issuer := &v1alpha1.ClusterSessionIssuer{}
		issuer.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{}
		change(&issuer.Spec)
		return issuer
	}
	admitting := func(allowed *v1alpha1.AllowedNamespaces) *v1alpha1.ClusterSessionIssuer {
		return of(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.AllowedNamespaces = allowed })
	}
	empty := &metav1.LabelSelector{}
	for sentence, c := range map[string]struct {
		issuer v1alpha1.Issuer
		want   bool
	}{
		"every namespace":            {admitting(&v1alpha1.AllowedNamespaces{}), true},
		"an empty selector":          {admitting(&v1alpha1.AllowedNamespaces{Selector: empty}), true},
		"an empty selector, a name":  {admitting(&v1alpha1.AllowedNamespaces{Names: []string{"team-a"}, Selector: empty}), true},
		"no namespace":               {admitting(nil), false},
		"a name":                     {admitting(&v1alpha1.AllowedNamespaces{Names: []string{"team-a"}}), false},
		"a selector":                 {admitting(&v1alpha1.AllowedNamespaces{Selector: selecting(metav1.LabelSelectorOpExists)}), false},
		"a selector that is invalid": {admitting(&v1alpha1.AllowedNamespaces{Selector: selecting("Resembles")}), false},
		"a rule":                     {withRules("true"), false},
		"operations, tags and a source identity, but no rule": {of(func(spec *v1alpha1.ClusterSessionIssuerSpec) {
			spec.Guardrails.Operations = []v1alpha1.Operation{sts.OperationAssumeRole}
			spec.Guardrails.SessionTags = []v1alpha1.ForcedTag{{Key: "team", ValueExpression: "namespace.name"}}
			spec.Guardrails.SourceIdentityExpression = "namespace.name"
		}), true},
		"an issuer of one namespace": {&v1alpha1.SessionIssuer{}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			NewWithT(t).Expect(guardrail.Unrestricted(c.issuer)).To(Equal(c.want))
		})
	}
}
