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

import "testing"

// Fields that people try: those of the API before it was settled, and those of similar APIs. Strict validation, which kubectl
// asks for, refuses each by name. Without it they would be dropped, and a setting would have no effect.
func TestUnknownFieldsAreRefusedByName(t *testing.T) {
	t.Run("FederatedSession", func(t *testing.T) {
		ask(t, "FederatedSession", unknownFields(map[string]string{
			"sessionToken":                `sessionToken: {}`,
			"policyArns":                  `policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]`,
			"sessionTags":                 `sessionTags: [{key: a, value: b}]`,
			"duration":                    `duration: 1h`,
			"renewBefore":                 `renewBefore: 1h`,
			"rotation.renewBefore":        `rotation: {renewBefore: 1h}`,
			"rotation.renewBeforeSeconds": `rotation: {renewBeforeSeconds: 3600}`,
			"secretName":                  `secretName: keys`,
			"secretTemplate":              `secretTemplate: {labels: {a: b}}`,
			"secret.labels":               `secret: {labels: {a: b}}`,
			"secret.annotations":          `secret: {annotations: {a: b}}`,
			"secret.template.labels":      `secret: {template: {labels: {a: b}}}`,
			"secret.template.annotations": `secret: {template: {annotations: {a: b}}}`,
		}))
	})
	bothKinds(t, unknownFields(map[string]string{
		"operations":                      `operations: [AssumeRole]`,
		"rules":                           `rules: [{expression: "true"}]`,
		"tags":                            `tags: [{key: a, value: b}]`,
		"sessionTags":                     `sessionTags: [{key: a, value: b}]`,
		"sourceIdentityExpression":        `sourceIdentityExpression: namespace.name`,
		"guardrails.tags":                 `guardrails: {tags: [{key: a, value: b}]}`,
		"guardrails.sessionTags[0].name":  `guardrails: {sessionTags: [{key: a, value: b, name: c}]}`,
		"secretRef":                       `secretRef: {name: key}`,
		"accessKeyIDKey":                  `accessKeyIDKey: id`,
		"accessKey.accessKeyIdKey":        `accessKey: {secretRef: {name: key}, accessKeyIdKey: id}`,
		"accessKey.accessKeySecretRef":    `accessKey: {secretRef: {name: key}, accessKeySecretRef: {name: key, key: secret}}`,
		"guardrails.rules[0].description": `guardrails: {rules: [{expression: "true", description: a}]}`,
	}))
}

// unknownFields are the specs, by the field of each that the schema does not have.
func unknownFields(specs map[string]string) map[string]candidate {
	candidates := map[string]candidate{}
	for field, spec := range specs {
		candidates[field] = candidate{spec, `strict decoding error: unknown field "spec.` + field + `"`}
	}
	return candidates
}
