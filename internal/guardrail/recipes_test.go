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
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/guardrails.md")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// recipes are the expressions of docs/guardrails.md by their headings.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	_, section, _ := strings.Cut(page(t), "\n## Recipes\n")
	found := map[string]string{}
	for _, match := range regexp.MustCompile("(?s)\n### ([^\n]+)\n\n```cel\n(.*?)```").FindAllStringSubmatch(section, -1) {
		found[match[1]] = match[2]
	}
	NewWithT(t).Expect(found).To(HaveLen(strings.Count(section, "\n### ")), "every recipe has its expression")
	return found
}

// allowing is a federated user with a policy that allows some actions.
func allowing(actions string) sts.Request {
	return withPolicy(federation, `{"Statement":[{"Effect":"Allow","Action":`+actions+`,"Resource":"*"}]}`)
}

func TestRecipes(t *testing.T) {
	const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
	name := func(name string) sts.Request { return with(federation, func(r *sts.Request) { r.Name = name }) }
	arns := func(arns ...string) sts.Request {
		return with(federation, func(r *sts.Request) { r.PolicyARNs = arns })
	}
	lasting := func(r sts.Request, seconds int32) sts.Request {
		return with(r, func(r *sts.Request) { r.DurationSeconds = seconds })
	}
	of := func(arn string) sts.Request { return with(role, func(r *sts.Request) { r.RoleARN = arn }) }
	tags := func(keysAndValues ...string) sts.Request {
		return with(federation, func(r *sts.Request) { r.Tags = tagged(keysAndValues...) })
	}
	cases := map[string]struct{ accepted, refused []sts.Request }{
		"Names begin with the namespace": {
			[]sts.Request{name("team-a.x"), name("team-a."), with(role, func(r *sts.Request) { r.Name = "team-a.x" })},
			[]sts.Request{name("team-a"), name("team-a-x"), name("team-b.x"), name("x.team-a.x"), name("Team-a.x"), token, saml},
		},
		"Only these managed policies": {
			[]sts.Request{arns(readOnly), arns("arn:aws:iam::123456789012:policy/reports", readOnly)},
			[]sts.Request{federation, arns("arn:aws:iam::aws:policy/AdministratorAccess"), arns(readOnly, "arn:aws:iam::aws:policy/x")},
		},
		"No action in all services": {
			[]sts.Request{
				federation, allowing(`"s3:*"`), allowing(`["s3:GetObject","sqs:Send*"]`), allowing(`"execute-api:Invoke"`),
				withPolicy(federation, `{"Statement":{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}}`),
			},
			[]sts.Request{
				allowing(`"*"`), allowing(`["*"]`), allowing(`["s3:*","*"]`), allowing(`"**"`), allowing(`"*:*"`), allowing(`"?*"`), allowing(`"?*:*"`),
				allowing(`"s?:*"`), allowing(`"\u002a"`), allowing(`"s3*"`), allowing(`""`), allowing(`[]`), allowing(`" *"`),
				withPolicy(federation, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`),
				withPolicy(federation, `{"Statement":{"Effect":"Allow","action":"*","Resource":"*"}}`),
				withPolicy(federation, `{"Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`),
				withPolicy(federation, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},`+
					`{"Effect":"Allow","Action":["*"],"Resource":"*"}]}`),
			},
		},
		"At most an hour": {
			[]sts.Request{role, lasting(federation, 3600), lasting(role, 900)},
			[]sts.Request{federation, token, lasting(federation, 3601), lasting(role, 43200)},
		},
		"Only roles under the namespace's path": {
			[]sts.Request{role, web, saml, of("arn:aws:iam::123456789012:role/team-a/deep/er")},
			[]sts.Request{
				federation, token, of("arn:aws:iam::123456789012:role/team-a"), of("arn:aws:iam::123456789012:role/team-ab/x"),
				of("arn:aws:iam::210987654321:role/team-a/x"),
			},
		},
		"Tags are the namespace's labels": {
			[]sts.Request{federation, tags("team", "a"), tags("stage", "test", "team", "a")},
			[]sts.Request{tags("team", "b"), tags("Team", "a"), tags("other", "a"), tags("stage", "test", "team", "b")},
		},
		"No inline policy": {
			[]sts.Request{federation, role, arns("arn:aws:iam::aws:policy/x")},
			[]sts.Request{allowing(`"s3:GetObject"`), allowing(`"*"`)},
		},
		"Only these operations":                {[]sts.Request{federation, role}, []sts.Request{web, saml, token}},
		"The session is named like its object": {[]sts.Request{name("reports"), role}, []sts.Request{federation, name("Reports"), token}},
		"The namespace's annotation lists the roles": {
			[]sts.Request{role, of(roleARN + "-2")},
			[]sts.Request{of(roleARN + "-3"), of(roleARN + "," + roleARN + "-2"), federation, token},
		},
	}
	found := recipes(t)
	NewWithT(t).Expect(len(found)).To(BeNumerically(">=", 10))
	for heading, expression := range found {
		t.Run(heading, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(cases).To(HaveKey(heading))
			guardrails := compile(t, withRules(expression))
			for _, request := range cases[heading].accepted {
				_, problem := guardrails.Apply(request, namespace, object)
				g.Expect(message(problem)).To(BeEmpty(), "%+v", request)
			}
			for _, request := range cases[heading].refused {
				_, problem := guardrails.Apply(request, namespace, object)
				g.Expect(problem).NotTo(BeNil(), "%+v", request)
			}
		})
	}
}

// Honest rules use little of the budget of an Apply.
func TestRecipesCost(t *testing.T) {
	total := uint64(0)
	for _, expression := range recipes(t) {
		guardrails := compile(t, withRules(expression))
		dearest := uint64(0)
		for _, request := range []sts.Request{everything, allowing(`["s3:GetObject","sqs:Send*"]`), role} {
			dearest = max(dearest, guardrails.Cost(request, namespace, object))
		}
		total += dearest
	}
	t.Logf("%d units", total)
	NewWithT(t).Expect(total).To(And(BeNumerically(">", 50), BeNumerically("<", 1000)))
}

func TestRecipesRoleWithoutAnnotation(t *testing.T) {
	guardrails := compile(t, withRules(recipes(t)["The namespace's annotation lists the roles"]))
	for _, annotations := range []map[string]string{nil, {"example.com/role-arns": ""}, {"example.com/role-arns": ","}} {
		for _, request := range []sts.Request{role, federation, token} {
			_, problem := guardrails.Apply(request, guardrail.Metadata{Name: "team-a", Annotations: annotations}, object)
			NewWithT(t).Expect(problem).NotTo(BeNil())
		}
	}
}

// words are those in `code` on the page.
func words(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, match := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(page(t), -1) {
		found = append(found, match[1])
	}
	return found
}

func TestPageVariablesAndFunctions(t *testing.T) {
	g := NewWithT(t)
	documented := words(t)
	var fields []string
	for object, prefixes := range map[string][]string{
		"Session": {"session."}, "Metadata": {"namespace.", "object."}, "Policy": {""}, "Statement": {""},
	} {
		for _, prefix := range prefixes {
			for _, name := range guardrail.Fields()[object] {
				fields = append(fields, prefix+name)
			}
		}
	}
	functions, err := guardrail.LibraryFunctions()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(fields)).To(BeNumerically(">=", 30))
	g.Expect(len(functions)).To(BeNumerically(">=", 10))
	for _, word := range append(fields, functions...) {
		g.Expect(documented).To(ContainElement(word))
	}
	for _, word := range documented {
		if regexp.MustCompile(`^(session|namespace|object)\.[A-Za-z]+$`).MatchString(word) {
			g.Expect(slices.Contains(fields, word)).To(BeTrue(), "the page names %s", word)
		}
	}
}

func TestPageMessages(t *testing.T) {
	g := NewWithT(t)
	_, problem := guardrail.Compile(withRules("true", "session.nmae == ''"))
	g.Expect(page(t)).To(ContainSubstring("\n    " + problem.Message + "\n"))
	_, problem = apply(t, withRules("session.tags['team'] == ''"), federation)
	g.Expect(page(t)).To(ContainSubstring("\n    " + problem.Message + "\n"))
	_, problem = apply(t, issuer(func(spec *v1alpha1.ClusterSessionIssuerSpec) { spec.Guardrails.Operations = nil }), token)
	g.Expect(page(t)).To(ContainSubstring("\n    " + problem.Message + "\n"))
}

func TestPageExample(t *testing.T) {
	g := NewWithT(t)
	_, block, _ := strings.Cut(page(t), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	example := &v1alpha1.ClusterSessionIssuer{}
	g.Expect(yaml.UnmarshalStrict([]byte(block), example)).To(Succeed())
	guardrails := compile(t, example)
	allowed := guardrail.Metadata{Name: "team-a", Labels: map[string]string{"example.com/aws-sessions": "allowed"}}

	_, problem := guardrails.Apply(federation, namespace, object)
	g.Expect(reason(problem)).To(Equal(v1alpha1.ReasonNamespaceNotAllowed))
	_, problem = guardrails.Apply(federation, allowed, object)
	g.Expect(message(problem)).To(Equal("ClusterSessionIssuer aws refuses the session: begin the name with team-a."))
	long := with(federation, func(r *sts.Request) { r.Name = "team-a.reports" })
	_, problem = guardrails.Apply(long, allowed, object)
	g.Expect(message(problem)).To(Equal("ClusterSessionIssuer aws refuses the session: set durationSeconds to 3600 or less"))
	short := with(long, func(r *sts.Request) { r.DurationSeconds = 3600 })
	request, problem := guardrails.Apply(short, allowed, object)
	g.Expect(problem).To(BeNil())
	g.Expect(request.Tags).To(Equal(tagged("cluster", "production", "kubernetes-namespace", "team-a")))
}
