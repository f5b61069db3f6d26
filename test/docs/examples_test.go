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

package docs_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// objects are the objects of the YAML examples whose block's name begins with a prefix.
func objects(t *testing.T, prefix string) map[string][]*unstructured.Unstructured {
	t.Helper()
	found := map[string][]*unstructured.Unstructured{}
	for name, block := range blocks(t, "yaml") {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(block), 4096)
		for {
			o := &unstructured.Unstructured{}
			err := decoder.Decode(o)
			if err == io.EOF { //nolint:errorlint // a decoder returns it bare
				break
			}
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), name)
			found[name] = append(found[name], o)
		}
	}
	return found
}

// rules are what the API server holds an object of a kind against: the schema and the CEL rules of its CRD.
type rules struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	cel        *cel.Validator
}

func rulesOf(t *testing.T, resource string) rules {
	t.Helper()
	g := NewWithT(t)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	g.Expect(yaml.UnmarshalStrict([]byte(page(t, "config/crd/bases/sts-operator.dev_"+resource+".yaml")), crd)).To(Succeed())
	internal := &apiextensions.JSONSchemaProps{}
	g.Expect(apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, internal, nil)).To(Succeed())
	structural, err := schema.NewStructural(internal)
	g.Expect(err).NotTo(HaveOccurred())
	openAPI, _, err := validation.NewSchemaValidator(internal)
	g.Expect(err).NotTo(HaveOccurred())
	return rules{structural, openAPI, cel.NewValidator(structural, true, 1_000_000)}
}

// check says what the API server would refuse of an object.
func (r rules) check(ctx context.Context, o *unstructured.Unstructured) error {
	problems := validation.ValidateCustomResource(nil, o.Object, r.schema)
	broken, _ := r.cel.Validate(ctx, field.NewPath(""), r.structural, o.Object, nil, math.MaxInt64)
	return append(problems, broken...).ToAggregate()
}

var resources = map[string]string{"FederatedSession": "federatedsessions", "SessionIssuer": "sessionissuers", "ClusterSessionIssuer": "clustersessionissuers"}

func TestExamplesPassTheValidationOfTheirCRDs(t *testing.T) {
	g := NewWithT(t)
	of := map[string]rules{}
	for kind, resource := range resources {
		of[kind] = rulesOf(t, resource)
	}
	checked := map[string]int{}
	for name, all := range objects(t, "") {
		for _, o := range all {
			if rules, ours := of[o.GetKind()]; ours {
				g.Expect(rules.check(t.Context(), o)).To(Succeed(), "%s: %s %s", name, o.GetKind(), o.GetName())
				checked[o.GetKind()]++
			}
		}
	}
	for kind := range resources {
		g.Expect(checked[kind]).To(BeNumerically(">=", 1), "an example of %s was found", kind)
	}

	wrong := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{ // the checker does check
		"issuerRef": map[string]any{"kind": "SessionIssuer", "name": "broker"}, "name": "reports", "getSessionToken": map[string]any{},
	}}}
	g.Expect(of["FederatedSession"].check(t.Context(), wrong)).To(MatchError(ContainSubstring("name must not be given with")))
}

// operationOf is the member of a session's spec that chooses the operation; empty for none.
func operationOf(spec v1alpha1.FederatedSessionSpec) string {
	switch {
	case spec.AssumeRole != nil:
		return "assumeRole"
	case spec.AssumeRoleWithWebIdentity != nil:
		return "assumeRoleWithWebIdentity"
	case spec.AssumeRoleWithSAML != nil:
		return "assumeRoleWithSAML"
	case spec.GetSessionToken != nil:
		return "getSessionToken"
	}
	return ""
}

// Each operation has an example, and all that it names in the cluster is on the page.
func TestEveryOperationHasACompleteExample(t *testing.T) {
	g := NewWithT(t)
	have := map[string]bool{}
	var sessions []v1alpha1.FederatedSession
	var needed []string
	need := func(kind, namespace, name string) {
		needed = append(needed, fmt.Sprintf("%s %s/%s", kind, namespace, name))
	}
	for _, all := range objects(t, "docs/sts-operations.md:") {
		for _, o := range all {
			have[fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())] = true
			switch o.GetKind() {
			case "FederatedSession":
				var fs v1alpha1.FederatedSession
				g.Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &fs)).To(Succeed())
				sessions = append(sessions, fs)
			case "SessionIssuer":
				var issuer v1alpha1.SessionIssuer
				g.Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &issuer)).To(Succeed())
				if issuer.Spec.AccessKey != nil {
					need("Secret", issuer.Namespace, issuer.Spec.AccessKey.SecretRef.Name)
				}
				if issuer.Spec.MFA != nil {
					need("Secret", issuer.Namespace, issuer.Spec.MFA.TOTPSecretRef.Name)
				}
			}
		}
	}
	var operations []string
	for _, fs := range sessions {
		operations = append(operations, operationOf(fs.Spec))
		need(string(fs.Spec.IssuerRef.Kind), fs.Namespace, fs.Spec.IssuerRef.Name)
		if role := fs.Spec.AssumeRoleWithWebIdentity; role != nil {
			need("ServiceAccount", fs.Namespace, role.ServiceAccountName)
		}
		if role := fs.Spec.AssumeRoleWithSAML; role != nil {
			need("Secret", fs.Namespace, role.AssertionSecretRef.Name)
		}
	}
	g.Expect(operations).To(ConsistOf("", "assumeRole", "assumeRoleWithWebIdentity", "assumeRoleWithSAML", "getSessionToken"))
	for _, object := range needed {
		g.Expect(have).To(HaveKey(object), "docs/sts-operations.md names it")
	}
}

// keysOf are the keys of a map of strings that a Go file declares.
func keysOf(t *testing.T, path, variable string) []string {
	t.Helper()
	g := NewWithT(t)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
	g.Expect(err).NotTo(HaveOccurred())
	var keys []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != variable || len(spec.Values) == 0 {
			return true
		}
		list, ok := spec.Values[0].(*ast.CompositeLit)
		g.Expect(ok).To(BeTrue(), "%s of %s is a literal", variable, path)
		for _, element := range list.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				if literal, ok := pair.Key.(*ast.BasicLit); ok {
					key, err := strconv.Unquote(literal.Value)
					g.Expect(err).NotTo(HaveOccurred())
					keys = append(keys, key)
				}
			}
		}
		return false
	})
	return keys
}

func TestTheTableOfErrorCodesIsThatOfTheBroker(t *testing.T) {
	_, section, _ := strings.Cut(page(t, "docs/conditions.md"), "## STS error codes")
	section, _, _ = strings.Cut(section, "\n## ")
	NewWithT(t).Expect(firstCells(section)).To(ConsistOf(keysOf(t, "internal/broker/meanings.go", "meanings")))
}

// The operations that the broker calls are the values of the label operation.
func TestEverySTSOperationIsAmongTheMetricsLabels(t *testing.T) {
	g := NewWithT(t)
	operations := map[string]string{}
	for _, source := range []struct{ path, names string }{
		{"internal/sts/operation.go", "^Operation"},
		{"internal/broker/identify.go", "^get[A-Z]"},
		{"internal/broker/denial.go", "^decode[A-Z]"},
	} {
		for name, value := range constants(t, source.path, source.names) {
			operations[name] = value
		}
	}
	g.Expect(operations).To(HaveLen(8), "the operations were found")
	_, section, _ := strings.Cut(page(t, "docs/metrics.md"), "### `sts_operator_sts_requests_total`\n")
	section, _, _ = strings.Cut(section, "\n##")
	for _, operation := range operations {
		g.Expect(section).To(ContainSubstring("`" + operation + "`"))
	}
}

func TestEveryAnnotationOfTheSecretIsDocumented(t *testing.T) {
	g := NewWithT(t)
	described := firstCells(page(t, "docs/spec/federatedsession.md"))
	annotations := constants(t, "internal/credsecret/secret.go", "Annotation$")
	g.Expect(len(annotations)).To(BeNumerically(">=", 10), "the annotations were found")
	for name, value := range annotations {
		g.Expect(described).To(ContainElement(value), "docs/spec/federatedsession.md lacks %s", name)
	}
}
