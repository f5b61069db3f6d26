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

// Package guardrail decides what a session may ask of an issuer. It is pure: an administrator's demands and a request in,
// the request to be sent or a refusal out.
//
// Whoever writes an issuer writes its expressions, and that may be a tenant; the operator that evaluates them serves all.
// So every expression is bounded before it runs (see vet.go) and while it runs (see cost.go), and so are all those of an
// issuer together.
package guardrail

import (
	"fmt"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Metadata is what the rules know of a namespace or an object.
type Metadata struct {
	Name                string
	Labels, Annotations map[string]string
}

// Guardrails are what an issuer demands of sessions, compiled. They are safe for concurrent use.
type Guardrails struct {
	// issuer as messages name it, such as "ClusterSessionIssuer aws".
	issuer string
	// namespaces is nil for the issuer of one namespace, which asks nothing of it.
	namespaces     *namespaces
	tags           []forcedTag
	sourceIdentity *expression
	rules          []rule
}

// Compile reads an issuer's guardrails. The problem (reason RuleInvalid) names the field, such as
// spec.rules[1].expression, with line and column, and says what is wrong with it.
func Compile(issuer v1alpha1.Issuer) (*Guardrails, *sts.Problem) {
	g := &Guardrails{issuer: fmt.Sprintf("%s %s", issuer.IssuerKind(), issuer.GetName())}
	if cluster, ok := issuer.(*v1alpha1.ClusterSessionIssuer); ok {
		g.namespaces = newNamespaces(cluster.Spec.AllowedNamespaces)
	}
	spec, compiler := issuer.IssuerSpec(), &compiler{patterns: patterns{}}
	var problem *sts.Problem
	if g.tags, problem = compiler.tags(spec.Tags); problem != nil {
		return nil, problem
	}
	if spec.SourceIdentityExpression != "" {
		g.sourceIdentity, problem = compiler.text("spec.sourceIdentityExpression", spec.SourceIdentityExpression)
		if problem != nil {
			return nil, problem
		}
	}
	if g.rules, problem = compiler.rules(spec.Rules); problem != nil {
		return nil, problem
	}
	return g, nil
}

// Apply holds a session's request against the guardrails: the request as it is to be sent, with the issuer's tags and
// source identity, or why it is refused, with the request as it was asked for.
func (g *Guardrails) Apply(asked sts.Request, namespace, object Metadata) (sts.Request, *sts.Problem) {
	if problem := g.refuseNamespace(namespace); problem != nil {
		return asked, problem
	}
	if len(g.tags) == 0 && g.sourceIdentity == nil && len(g.rules) == 0 {
		return asked, nil
	}
	policy, policyError := parsePolicy(asked.Policy)
	t := &trial{facts: map[string]any{
		"session":         sessionFacts(asked, policy, policyError),
		namespaceVariable: metadataFacts(namespace),
		"object":          metadataFacts(object),
	}}
	request, problem := g.addTags(asked, t)
	if problem == nil {
		request, problem = g.addSourceIdentity(request, t)
	}
	if problem == nil && len(g.rules) > 0 {
		t.facts["session"] = sessionFacts(request, policy, policyError)
		problem = g.judge(t, policyError)
	}
	if problem != nil {
		return asked, problem
	}
	return request, nil
}
