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
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// Fields are the fields of an object of expressions.
func Fields(object string) []string { return slices.Sorted(maps.Keys(objects[object])) }

// LibraryFunctions are the functions that expressions have beside the standard ones.
func LibraryFunctions() ([]string, error) {
	library, err := cel.NewCustomEnv(ext.Strings(), ext.Sets())
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(library.Functions())), nil
}

// MetadataValue is what expressions see of metadata.
func MetadataValue(m Metadata) ref.Val { return metadataFacts(m) }

// Folded is what the spellings of a key have in common.
func Folded(key string) string { return folded(key) }

// Cost of the tags and rules for a session, of the 300,000 that an Apply has.
func (g *Guardrails) Cost(request sts.Request, namespace, object Metadata) uint64 {
	policy, err := parsePolicy(request.Policy)
	t := &trial{facts: map[string]any{
		"session": sessionFacts(request, policy, err), namespaceVariable: metadataFacts(namespace), "object": metadataFacts(object),
	}}
	g.addTags(request, t)
	g.judge(t, nil)
	return t.cost
}
