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

package admission_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// sampleNamespace is the namespace of all sessions among the samples.
func sampleNamespace(t *testing.T) guardrail.Metadata {
	t.Helper()
	for _, o := range documents(t, samples) {
		if o.GetKind() == "Namespace" {
			return guardrail.Metadata{Name: o.GetName(), Labels: o.GetLabels()}
		}
	}
	t.Fatal("there is no Namespace among the samples")
	return guardrail.Metadata{}
}

// sampleIssuers are the issuers among the samples, by kind and name.
func sampleIssuers(t *testing.T) map[string]v1alpha1.Issuer {
	t.Helper()
	issuers := map[string]v1alpha1.Issuer{}
	for _, o := range documents(t, samples) {
		switch o.GetKind() {
		case "SessionIssuer":
			issuers[o.GetKind()+" "+o.GetName()] = converted[v1alpha1.SessionIssuer](t, o)
		case "ClusterSessionIssuer":
			issuers[o.GetKind()+" "+o.GetName()] = converted[v1alpha1.ClusterSessionIssuer](t, o)
		}
	}
	return issuers
}

func TestSamplesShowEveryOperationThatTheirIssuersServe(t *testing.T) {
	g := NewWithT(t)
	issuers := sampleIssuers(t)
	operations := map[string]bool{}
	for _, o := range documents(t, samples) {
		if o.GetKind() != "FederatedSession" {
			continue
		}
		fs := converted[v1alpha1.FederatedSession](t, o)
		request, problem := sts.NewRequest(fs)
		g.Expect(problem).To(BeNil(), "%s", fs.Name)
		operations[request.Operation] = true

		issuer := issuers[string(fs.Spec.IssuerRef.Kind)+" "+fs.Spec.IssuerRef.Name]
		signs := issuer.IssuerSpec().AccessKey != nil || issuer.IssuerSpec().Ambient != nil
		g.Expect(signs || request.IsUnsigned()).To(BeTrue(), "%s can sign %s of %s", issuer.GetName(), request.Operation, fs.Name)

		guardrails, problem := guardrail.Compile(issuer)
		g.Expect(problem).To(BeNil(), "%s", issuer.GetName())
		_, problem = guardrails.Apply(request, sampleNamespace(t), guardrail.Metadata{Name: fs.Name, Labels: fs.Labels})
		g.Expect(problem).To(BeNil(), "%s lets %s pass", issuer.GetName(), fs.Name)
	}
	g.Expect(operations).To(HaveLen(5))
}

func TestSampleGuardrails(t *testing.T) {
	guardrails, problem := guardrail.Compile(sampleIssuers(t)["ClusterSessionIssuer guarded"])
	NewWithT(t).Expect(problem).To(BeNil())
	allowed := sampleNamespace(t)
	const teams, wantsRole = "arn:aws:iam::123456789012:role/teams/", `use assumeRole, with a role below /teams/sts-operator-samples/`
	least := sts.Request{
		Operation: sts.OperationAssumeRole,
		Name:      allowed.Name + ".a",
		RoleARN:   teams + allowed.Name + "/a",
	}
	for sentence, c := range map[string]struct {
		change  func(*sts.Request)
		refused string
	}{
		"the least is enough":         {func(*sts.Request) {}, ``},
		"another namespace's name":    {func(r *sts.Request) { r.Name = "team-b.a" }, `begin spec.name with sts-operator-samples.`},
		"another namespace's role":    {func(r *sts.Request) { r.RoleARN = teams + "team-b/a" }, wantsRole},
		"a federated user":            {func(r *sts.Request) { r.Operation, r.RoleARN = sts.OperationGetFederationToken, "" }, `does not serve GetFederationToken`},
		"no role":                     {func(r *sts.Request) { r.RoleARN = "" }, wantsRole},
		"more than an hour":           {func(r *sts.Request) { r.DurationSeconds = 3601 }, `leave spec.durationSeconds out, or set 3600 or less`},
		"another namespace's tag":     {func(r *sts.Request) { r.Tags = []sts.Tag{{Key: "Kubernetes-Namespace", Value: "team-b"}} }, `kubernetes-namespace`},
		"another source identity":     {func(r *sts.Request) { r.SourceIdentity = "team-b" }, `spec.assumeRole.sourceIdentity asks for "team-b"`},
		"an operation without tags":   {func(r *sts.Request) { *r = sts.Request{Operation: sts.OperationGetSessionToken} }, `does not serve GetSessionToken`},
		"a ServiceAccount's identity": {func(r *sts.Request) { r.Operation = sts.OperationAssumeRoleWithWebIdentity }, `does not serve AssumeRoleWithWebIdentity`},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			request := least
			c.change(&request)
			sent, problem := guardrails.Apply(request, allowed, guardrail.Metadata{Name: "a"})
			if c.refused != "" {
				g.Expect(problem).NotTo(BeNil())
				g.Expect(problem.Message).To(ContainSubstring(c.refused))
				return
			}
			g.Expect(problem).To(BeNil())
			g.Expect(sent.SourceIdentity).To(Equal(allowed.Name))
			g.Expect(sent.TransitiveTagKeys).To(ConsistOf("kubernetes-namespace"))
			g.Expect(sent.Tags).To(ConsistOf(sts.Tag{Key: "kubernetes-cluster", Value: "production"}, sts.Tag{Key: "kubernetes-namespace", Value: allowed.Name}))
		})
	}
}

// Each field of a session is in one of the samples, but those that few need, which the samples mention only.
func TestSamplesShowEveryFieldOfASession(t *testing.T) {
	g := NewWithT(t)
	shown := map[string]bool{}
	for _, o := range documents(t, samples) {
		if o.GetKind() == "FederatedSession" {
			addFields(shown, "", o.Object["spec"])
		}
	}
	versions, _, err := unstructured.NestedSlice(customResourceDefinition(t, "FederatedSession").Object, "spec", "versions")
	g.Expect(err).NotTo(HaveOccurred())
	spec, _, err := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema", "properties", "spec")
	g.Expect(err).NotTo(HaveOccurred())
	all := map[string]bool{}
	addProperties(all, "", spec)
	for field := range all {
		if strings.HasPrefix(field, ".assumeRole.providedContexts") || field == ".assumeRoleWithWebIdentity.providerID" {
			continue
		}
		g.Expect(shown).To(HaveKey(field))
	}
}

// addFields adds the path of each field in the value.
func addFields(fields map[string]bool, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			fields[path+"."+name] = true
			addFields(fields, path+"."+name, field)
		}
	case []any:
		for _, item := range value {
			addFields(fields, path, item)
		}
	}
}

// addProperties adds the path of each field that the schema knows.
func addProperties(fields map[string]bool, path string, schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		fields[path+"."+name] = true
		addProperties(fields, path+"."+name, property.(map[string]any))
	}
	if items, ok := schema["items"].(map[string]any); ok {
		addProperties(fields, path, items)
	}
}
