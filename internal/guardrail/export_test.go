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

package guardrail

import (
	"maps"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Fields are the fields of each type of object that expressions see, by the name of the type.
func Fields() map[string][]string {
	fields := map[string][]string{}
	for _, object := range []*celpolicy.ObjectType{sessionType, metadataType, policyType, statementType} {
		fields[object.Name] = slices.Sorted(maps.Keys(object.Fields))
	}
	return fields
}

// LibraryFunctions are the functions that expressions have beside the standard ones.
func LibraryFunctions() ([]string, error) {
	library, err := cel.NewCustomEnv(ext.Strings(), ext.Sets())
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(library.Functions())), nil
}

// Cost of the tags and rules for a session, of the 300,000 units that an Apply has.
func (g *Guardrails) Cost(request sts.Request, namespace, object Metadata) uint64 {
	policy, err := readPolicy(request.Policy.Document())
	evaluation := newEvaluation(request, policy, err, namespace, object)
	_, _ = g.addTags(request, evaluation)
	_ = g.checkRules(evaluation, nil)
	return evaluation.Cost()
}

// ConditionText is what expressions see of a value of a policy's condition.
func ConditionText(value any) (string, error) { return readConditionValue("value", value) }
