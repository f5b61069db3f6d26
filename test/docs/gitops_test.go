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
	"testing"

	"github.com/google/cel-go/cel"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fluxExpressions are those of the example for Flux.
func fluxExpressions(t *testing.T) map[string]string {
	t.Helper()
	for _, all := range objects(t, "docs/spec/federatedsession.md:") {
		for _, o := range all {
			expressions, found, err := unstructured.NestedSlice(o.Object, "spec", "healthCheckExprs")
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			if found {
				of := map[string]string{}
				for key, value := range expressions[0].(map[string]any) {
					of[key] = value.(string)
				}
				return of
			}
		}
	}
	t.Fatal("the page has an example for Flux")
	return nil
}

// fluxHealth is what Flux makes of an object: it takes the fields at its top for variables, does not check types, and asks failed
// before current.
func fluxHealth(t *testing.T, expressions map[string]string, object map[string]any) string {
	t.Helper()
	g := NewWithT(t)
	environment, err := cel.NewEnv()
	g.Expect(err).NotTo(HaveOccurred())
	for _, health := range []string{"inProgress", "failed", "current"} {
		if expressions[health] == "" {
			continue
		}
		parsed, issues := environment.Parse(expressions[health])
		g.Expect(issues.Err()).NotTo(HaveOccurred())
		program, err := environment.Program(parsed)
		g.Expect(err).NotTo(HaveOccurred())
		result, _, err := program.Eval(object)
		g.Expect(err).NotTo(HaveOccurred(), health)
		if result.Value() == true {
			return health
		}
	}
	return "inProgress"
}

func TestTheExampleForFluxTakesWhatIsSuspendedForHealthy(t *testing.T) {
	condition := func(conditionType, status string) any { return map[string]any{"type": conditionType, "status": status} }
	expressions := fluxExpressions(t)
	for sentence, c := range map[string]struct {
		spec       map[string]any
		conditions []any
		want       string
	}{
		"a new one":                       {map[string]any{}, []any{condition("Ready", "Unknown")}, "inProgress"},
		"one that waits":                  {map[string]any{}, []any{condition("Ready", "False"), condition("Reconciling", "True")}, "inProgress"},
		"one that is ready":               {map[string]any{}, []any{condition("Ready", "True")}, "current"},
		"one that is refused":             {map[string]any{"suspend": false}, []any{condition("Ready", "False"), condition("Stalled", "True")}, "failed"},
		"one that is suspended":           {map[string]any{"suspend": true}, []any{condition("Ready", "False"), condition("Stalled", "True")}, "current"},
		"one that is suspended and works": {map[string]any{"suspend": true}, []any{condition("Ready", "True")}, "current"},
	} {
		t.Run(sentence, func(t *testing.T) {
			object := map[string]any{"spec": c.spec, "status": map[string]any{"conditions": c.conditions}}
			NewWithT(t).Expect(fluxHealth(t, expressions, object)).To(Equal(c.want))
		})
	}
}
