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

package celpolicy_test

import (
	"testing"

	"github.com/google/cel-go/cel"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
)

var (
	listType  = cel.ListType(cel.StringType)
	aString   = celpolicy.Field{Type: cel.StringType, Default: celpolicy.String("")}
	aMap      = celpolicy.Field{Type: cel.MapType(cel.StringType, cel.StringType), Default: celpolicy.StringMap(nil)}
	statement = &celpolicy.ObjectType{Name: "Statement", Fields: map[string]celpolicy.Field{"Action": {Type: listType}}}
	policy    = &celpolicy.ObjectType{Name: "Policy", Fields: map[string]celpolicy.Field{
		"Statement": {Type: cel.ListType(statement.CELType())},
	}}
	metadata = &celpolicy.ObjectType{Name: "Metadata", Fields: map[string]celpolicy.Field{
		"name": aString, "labels": aMap, "annotations": aMap,
	}}
	session = &celpolicy.ObjectType{Name: "Session", Fields: map[string]celpolicy.Field{
		"name": aString, "tags": aMap, "policy": {Type: policy.CELType()},
		"policyARNs":      {Type: listType, Default: celpolicy.StringList(nil)},
		"conditions":      {Type: cel.MapType(cel.StringType, listType)},
		"durationSeconds": {Type: cel.IntType, Default: celpolicy.Int(0)},
	}}
)

// What most cases are about: a session without policy, in a namespace with some labels.
var (
	aSession   = session.New(map[string]celpolicy.Value{"name": celpolicy.String("reports")})
	aNamespace = metadata.New(map[string]celpolicy.Value{
		"name": celpolicy.String("team-a"), "labels": celpolicy.StringMap(map[string]string{"team": "a", "stage": "test"}),
	})
)

// newEnvironment declares the variables session, namespace and object.
func newEnvironment(t testing.TB) *celpolicy.Environment {
	t.Helper()
	environment, err := celpolicy.NewEnvironment(celpolicy.Declarations{
		Owner:     "author",
		Types:     []*celpolicy.ObjectType{session, metadata, policy, statement},
		Variables: map[string]*celpolicy.ObjectType{"session": session, "namespace": metadata, "object": metadata},
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return environment
}

// newEvaluation is an evaluation over a session and a namespace.
func newEvaluation(environment *celpolicy.Environment, session, namespace celpolicy.Object) *celpolicy.Evaluation {
	evaluation := environment.NewEvaluation()
	evaluation.Set("session", session)
	evaluation.Set("namespace", namespace)
	evaluation.Set("object", metadata.New(nil))
	return evaluation
}

// evaluate compiles a condition and evaluates it.
func evaluate(t testing.TB, text string, session, namespace celpolicy.Object) (bool, error) {
	t.Helper()
	environment := newEnvironment(t)
	expression, err := environment.NewCompiler().CompileBool("rule", text)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return newEvaluation(environment, session, namespace).Bool(expression)
}

// message of an error; empty for none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
