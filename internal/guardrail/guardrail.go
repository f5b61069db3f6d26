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

// Package guardrail decides what a session may ask of an issuer. It is pure: an issuer's guardrails and a request go in, the
// request to be sent or a refusal comes out.
package guardrail

import (
	"fmt"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/celpolicy"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Metadata is what expressions know of a namespace or an object.
type Metadata struct {
	Name                string
	Labels, Annotations map[string]string
}

// Guardrails are those of one issuer, compiled. They are safe for concurrent use.
type Guardrails struct {
	// issuer as messages name it, such as "ClusterSessionIssuer aws".
	issuer string
	// namespaces is nil for a SessionIssuer, which only its own namespace can use.
	namespaces     *namespaces
	operations     operations
	tags           []forcedTag
	sourceIdentity *celpolicy.Expression // nil for none
	rules          []rule
	// unreadable is why nothing may be issued; nil if all of it could be compiled.
	unreadable *sts.Problem
}

// Compile compiles the guardrails of an issuer. A problem has the reason RuleInvalid, and names the field, such as
// spec.guardrails.rules[1].expression, with the line and the column of the mistake. What is returned with one still tells
// which namespaces the issuer admits, and refuses every request.
func Compile(issuer v1alpha1.Issuer) (*Guardrails, *sts.Problem) {
	spec, compiler := issuer.IssuerSpec().Guardrails, environment().NewCompiler()
	g := &Guardrails{
		issuer:     fmt.Sprintf("%s %s", issuer.IssuerKind(), issuer.GetName()),
		operations: newOperations(spec.Operations),
	}
	if cluster, ok := issuer.(*v1alpha1.ClusterSessionIssuer); ok {
		g.namespaces = newNamespaces(cluster.Spec.AllowedNamespaces)
	}
	if err := g.compile(compiler, spec); err != nil {
		g.unreadable = sts.Problemf(v1alpha1.ReasonRuleInvalid, "%s", err)
	}
	return g, g.unreadable
}

// compile the expressions, and what else can be unreadable.
func (g *Guardrails) compile(compiler *celpolicy.Compiler, spec v1alpha1.Guardrails) (err error) {
	if g.tags, err = compileTags(compiler, spec.SessionTags); err != nil {
		return err
	}
	if spec.SourceIdentityExpression != "" {
		if g.sourceIdentity, err = compiler.CompileString(sourceIdentityField, spec.SourceIdentityExpression); err != nil {
			return err
		}
	}
	g.rules, err = compileRules(compiler, spec.Rules)
	return err
}

// Apply checks a session's request. It returns the request to be sent, with the issuer's tags and source identity; or a problem,
// with the request as the session asked for it. The first check that fails decides: a namespace that the issuer does not admit
// learns nothing else about it.
func (g *Guardrails) Apply(asked sts.Request, namespace, object Metadata) (sts.Request, *sts.Problem) {
	if problem := g.CheckNamespace(namespace); problem != nil {
		return asked, problem
	}
	if g.unreadable != nil {
		return asked, g.unreadable
	}
	if problem := g.checkOperation(asked.Operation); problem != nil {
		return asked, problem
	}
	if len(g.tags) == 0 && g.sourceIdentity == nil && len(g.rules) == 0 {
		return asked, nil
	}
	policy, policyError := readPolicy(asked.Policy.Document())
	evaluation := newEvaluation(asked, policy, policyError, namespace, object)
	request, problem := g.addTags(asked, evaluation)
	if problem == nil {
		request, problem = g.addSourceIdentity(request, evaluation)
	}
	if problem == nil && len(g.rules) > 0 {
		evaluation.Set("session", sessionObject(request, policy, policyError))
		problem = g.checkRules(evaluation, policyError)
	}
	if problem != nil {
		return asked, problem
	}
	return request, nil
}

// Unrestricted says whether an issuer lends whatever its identity may lend to every tenant: a ClusterSessionIssuer that admits
// every namespace and has no rule.
func Unrestricted(issuer v1alpha1.Issuer) bool {
	cluster, ok := issuer.(*v1alpha1.ClusterSessionIssuer)
	return ok && newNamespaces(cluster.Spec.AllowedNamespaces).everybody && len(cluster.Spec.Guardrails.Rules) == 0
}
