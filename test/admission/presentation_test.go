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
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func TestDiscovery(t *testing.T) {
	g := NewWithT(t)
	resources, err := clientset.Discovery().ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	g.Expect(err).NotTo(HaveOccurred())
	type resource struct {
		kind, singular, shortName, category string
		namespaced                          bool
	}
	found := map[string]resource{}
	for _, r := range resources.APIResources {
		if strings.HasSuffix(r.Name, "/status") {
			continue
		}
		found[r.Name] = resource{r.Kind, r.SingularName, strings.Join(r.ShortNames, ","), strings.Join(r.Categories, ","), r.Namespaced}
	}
	g.Expect(found).To(Equal(map[string]resource{
		"federatedsessions":     {"FederatedSession", "federatedsession", "fsess", "aws", true},
		"sessionissuers":        {"SessionIssuer", "sessionissuer", "sissuer", "aws", true},
		"clustersessionissuers": {"ClusterSessionIssuer", "clustersessionissuer", "csissuer", "aws", false},
	}))
}

// What kubectl get shows: the columns, those of -o wide in brackets, and a row.
func TestColumns(t *testing.T) {
	const condition = `conditions: [{type: Ready, status: "True", reason: Issued, message: "", lastTransitionTime: "2026-01-01T00:00:00Z"}]`
	for kind, c := range map[string]struct {
		status  string
		columns []string
		row     []any
	}{
		"FederatedSession": {
			`{` + condition + `, secretName: keys, identity: {arn: "arn:aws:sts::123456789012:federated-user/reports"}, ` +
				`expirationTime: "2026-01-01T12:00:00Z", rotationTime: "2026-01-01T06:00:00Z"}`,
			[]string{"Name", "Ready", "Reason", "[Identity]", "Secret", "Expires", "Rotates", "Age"},
			[]any{"shown", "True", "Issued", "arn:aws:sts::123456789012:federated-user/reports",
				"keys", "2026-01-01T12:00:00Z", "2026-01-01T06:00:00Z"},
		},
		"SessionIssuer": {
			`{` + condition + `, identity: {accountID: "123456789012", arn: "arn:aws:iam::123456789012:user/broker"}}`,
			[]string{"Name", "Ready", "Reason", "Region", "Account", "[Identity]", "Age"},
			[]any{"shown", "True", "Issued", "eu-central-1", "123456789012", "arn:aws:iam::123456789012:user/broker"},
		},
		"ClusterSessionIssuer": {
			`{` + condition + `, identity: {accountID: "123456789012", arn: "arn:aws:iam::123456789012:user/broker"}}`,
			[]string{"Name", "Ready", "Reason", "Region", "Account", "[Identity]", "Age"},
			[]any{"shown", "True", "Issued", "eu-central-1", "123456789012", "arn:aws:iam::123456789012:user/broker"},
		},
	} {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			o := object(t, kind)
			o.SetName("shown")
			create(t, o)
			o.Object["status"] = merged(t, c.status)
			g.Expect(k8s.Status().Update(t.Context(), o)).To(Succeed())

			table := tableOf(t, o)
			columns := []string{}
			for _, column := range table.ColumnDefinitions {
				if column.Priority > 0 {
					column.Name = "[" + column.Name + "]"
				}
				columns = append(columns, column.Name)
			}
			g.Expect(columns).To(Equal(c.columns))
			cells := table.Rows[0].Cells
			age := len(cells) - 1
			g.Expect(cells[:age]).To(Equal(c.row))
			_, err := time.ParseDuration(cells[age].(string))
			g.Expect(err).NotTo(HaveOccurred(), "the age")
		})
	}
}

// tableOf is what the API server answers to kubectl get.
func tableOf(t *testing.T, o *unstructured.Unstructured) *metav1.Table {
	t.Helper()
	mapping, err := k8s.RESTMapper().RESTMapping(o.GroupVersionKind().GroupKind())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	path := []string{"/apis", v1alpha1.GroupVersion.String()}
	if o.GetNamespace() != "" {
		path = append(path, "namespaces", o.GetNamespace())
	}
	table := &metav1.Table{}
	answer := clientset.RESTClient().Get().AbsPath(append(path, mapping.Resource.Resource, o.GetName())...).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(t.Context())
	NewWithT(t).Expect(answer.Into(table)).To(Succeed())
	return table
}

func TestSessionsAreFoundByTheirIssuer(t *testing.T) {
	for name, issuer := range map[string]string{
		"one":   `{kind: SessionIssuer, name: first}`,
		"two":   `{kind: SessionIssuer, name: second}`,
		"three": `{kind: ClusterSessionIssuer, name: first}`,
	} {
		o := object(t, "FederatedSession", `issuerRef: `+issuer)
		o.SetName(name)
		create(t, o)
	}
	for sentence, c := range map[string]struct {
		selector client.MatchingFields
		found    []string
	}{
		"by name": {client.MatchingFields{"spec.issuerRef.name": "first"}, []string{"one", "three"}},
		"by kind": {client.MatchingFields{"spec.issuerRef.kind": "SessionIssuer"}, []string{"one", "two"}},
		"by both": {client.MatchingFields{"spec.issuerRef.name": "first", "spec.issuerRef.kind": "SessionIssuer"}, []string{"one"}},
		"by none": {client.MatchingFields{"spec.issuerRef.name": "third"}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			sessions := &unstructured.UnstructuredList{}
			sessions.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("FederatedSessionList"))
			g.Expect(k8s.List(t.Context(), sessions, c.selector)).To(Succeed())
			names := []string{}
			for _, session := range sessions.Items {
				names = append(names, session.GetName())
			}
			g.Expect(names).To(ConsistOf(c.found))
		})
	}
}

// kubectl explain shows one description a field. It begins with the name of the field, as Go's do with that of the function.
// Of a line of 80 characters the text has 76: kubectl breaks a longer one, and what is left of it becomes a line of its own.
func TestEveryFieldIsExplained(t *testing.T) {
	for kind := range leastOf {
		t.Run(kind, func(t *testing.T) {
			g := NewWithT(t)
			versions, _, err := unstructured.NestedSlice(customResourceDefinition(t, kind).Object, "spec", "versions")
			g.Expect(err).NotTo(HaveOccurred())
			root, _, err := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(root["description"]).To(HavePrefix(kind + " "))

			fields := root["properties"].(map[string]any)
			for _, kubernetesOwn := range []string{"apiVersion", "kind", "metadata"} {
				delete(fields, kubernetesOwn)
			}
			g.Expect(slices.Collect(maps.Keys(fields))).To(ConsistOf("spec", "status"))
			expectExplained(t, "", root)
		})
	}
}

// expectExplained looks at every field below the schema.
func expectExplained(t *testing.T, path string, schema map[string]any) {
	t.Helper()
	fields, _ := schema["properties"].(map[string]any)
	for name, field := range fields {
		field := field.(map[string]any)
		NewWithT(t).Expect(field["description"]).To(HavePrefix(name+" "), path+"."+name)
		expectNarrow(t, path+"."+name, field["description"].(string))
		expectExplained(t, path+"."+name, field)
	}
	for _, below := range []string{"items", "additionalProperties"} {
		if element, ok := schema[below].(map[string]any); ok {
			expectExplained(t, path+"[]", element)
		}
	}
}

func expectNarrow(t *testing.T, path, description string) {
	t.Helper()
	if strings.Contains(path, ".selector.") || strings.Contains(path, ".conditions[]") { // Kubernetes' own words
		return
	}
	for line := range strings.SplitSeq(description, "\n") {
		if strings.Contains(line, " ") {
			NewWithT(t).Expect(len(line)).To(BeNumerically("<=", 76), "%s: %s", path, line)
		}
	}
}
