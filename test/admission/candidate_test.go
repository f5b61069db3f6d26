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
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// leastOf is the least that each kind accepts. The cases of the tables say what they change of it.
var leastOf = map[string]string{
	"FederatedSession":     `{issuerRef: {kind: SessionIssuer, name: main}, name: reports}`,
	"SessionIssuer":        `{region: eu-central-1, accessKey: {secretRef: {name: key}}}`,
	"ClusterSessionIssuer": `{region: eu-central-1, ambient: {}}`,
}

// candidate is a spec, as a change to the least that its kind accepts, and what becomes of it.
type candidate struct {
	// spec is YAML; each of its top-level fields replaces that of the least spec, and null removes it.
	spec string
	// refused is what the error says: the field, and the rule or the limit. Empty means that the spec is accepted.
	refused string
}

// ask sends every candidate as a dry run. What is accepted must come back exactly as it was sent: nothing dropped and
// nothing added, since a default in spec is a difference that GitOps tools report for ever.
func ask(t *testing.T, kind string, candidates map[string]candidate) {
	t.Helper()
	for sentence, c := range candidates {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			sent := object(t, kind, c.spec)
			answered := sent.DeepCopy()
			err := k8s.Create(t.Context(), answered, client.DryRunAll)
			if c.refused != "" {
				g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
				refusals.remember(kind, err)
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(answered.Object["spec"]).To(Equal(sent.Object["spec"]))
		})
	}
}

// object has the least spec with the changes, and a name of its own; namespaced kinds are in the namespace default.
func object(t *testing.T, kind string, changes ...string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{Object: map[string]any{"spec": specOf(t, kind, changes...)}}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	o.SetGenerateName("candidate-")
	if kind != "ClusterSessionIssuer" {
		o.SetNamespace("default")
	}
	return o
}

func specOf(t *testing.T, kind string, changes ...string) map[string]any {
	t.Helper()
	return merged(t, append([]string{leastOf[kind]}, changes...)...)
}

// merged has the top-level fields of all the texts of YAML; the later wins, and null removes.
func merged(t *testing.T, texts ...string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, text := range texts {
		asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		fields := map[string]any{}
		NewWithT(t).Expect(json.Unmarshal(asJSON, &fields)).To(Succeed()) // integers become int64, as in an answer
		maps.Copy(all, fields)
	}
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// create stores the object until the end of the test.
func create(t *testing.T, o client.Object) {
	t.Helper()
	NewWithT(t).Expect(k8s.Create(t.Context(), o)).To(Succeed())
	deleteAtTheEnd(t, o)
}

func deleteAtTheEnd(t *testing.T, o client.Object) {
	t.Helper()
	t.Cleanup(func() {
		// The test's own context has ended by now.
		NewWithT(t).Expect(k8s.Delete(context.WithoutCancel(t.Context()), o)).To(Succeed())
	})
}

// many is n items, with commas between; each %d in the format is the item's number, three digits long.
func many(n int, format string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = strings.ReplaceAll(format, "%d", fmt.Sprintf("%03d", i))
	}
	return strings.Join(items, ", ")
}

// text is n times the character.
func text(n int, character string) string { return strings.Repeat(character, n) }
