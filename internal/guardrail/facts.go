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
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"

	"github.com/sts-operator/sts-operator/internal/celpolicy"
	"github.com/sts-operator/sts-operator/internal/sts"
)

var (
	listType = cel.ListType(cel.StringType)
	mapType  = cel.MapType(cel.StringType, cel.StringType)

	stringField = celpolicy.Field{Type: cel.StringType, Default: celpolicy.String("")}
	intField    = celpolicy.Field{Type: cel.IntType, Default: celpolicy.Int(0)}
	listField   = celpolicy.Field{Type: listType, Default: celpolicy.StringList(nil)}
	mapField    = celpolicy.Field{Type: mapType, Default: celpolicy.StringMap(nil)}

	// A policy has no defaults: "no Action" and "an Action that allows nothing" differ, so reading what is absent is an error.
	requiredString = celpolicy.Field{Type: cel.StringType}
	requiredList   = celpolicy.Field{Type: listType}
)

// The objects that expressions see. What a request does not have reads as empty, as STS treats it.
var (
	sessionType = &celpolicy.ObjectType{Name: "Session", Fields: map[string]celpolicy.Field{
		"operation": stringField, "name": stringField, "policy": {Type: policyType.CELType()}, "policyARNs": listField,
		"tags": mapField, "durationSeconds": intField, "minimumSessionTokenSize": intField, "roleARN": stringField,
		"externalID": stringField, "sourceIdentity": stringField, "transitiveTagKeys": listField, "providedContexts": listField,
		"serviceAccountName": stringField, "audience": stringField, "providerID": stringField, "principalARN": stringField,
	}}
	metadataType = &celpolicy.ObjectType{Name: "Metadata", Fields: map[string]celpolicy.Field{
		"name": stringField, "labels": mapField, "annotations": mapField,
	}}
	policyType = &celpolicy.ObjectType{Name: "Policy", Fields: map[string]celpolicy.Field{
		"Version": requiredString, "Id": requiredString, "Statement": {Type: cel.ListType(statementType.CELType())},
	}}
	statementType = &celpolicy.ObjectType{Name: "Statement", Fields: map[string]celpolicy.Field{
		"Sid": requiredString, "Effect": requiredString, "Action": requiredList, "NotAction": requiredList,
		"Resource": requiredList, "NotResource": requiredList,
		"Condition": {Type: cel.MapType(cel.StringType, cel.MapType(cel.StringType, listType))},
	}}
)

// environment is the same for every issuer. It is created once, because that takes a while.
var environment = sync.OnceValue(func() *celpolicy.Environment {
	env, err := celpolicy.NewEnvironment(celpolicy.Declarations{
		Owner: "issuer",
		Types: []*celpolicy.ObjectType{sessionType, metadataType, policyType, statementType},
		Variables: map[string]*celpolicy.ObjectType{
			"session": sessionType, "namespace": metadataType, "object": metadataType,
		},
	})
	if err != nil {
		panic(fmt.Errorf("creating the CEL environment: %w", err)) // unreachable: it does not depend on any input
	}
	return env
})

// newEvaluation is what the expressions of one Apply see.
func newEvaluation(request sts.Request, policy celpolicy.Value, policyError error, namespace, object Metadata) *celpolicy.Evaluation {
	evaluation := environment().NewEvaluation()
	evaluation.Set("session", sessionObject(request, policy, policyError))
	evaluation.Set("namespace", metadataObject(namespace))
	evaluation.Set("object", metadataObject(object))
	return evaluation
}

// fields of an object. The setters leave out what is empty, so that has() is false for it.
type fields map[string]celpolicy.Value

func (f fields) setString(name, value string) {
	if value != "" {
		f[name] = celpolicy.String(value)
	}
}

func (f fields) setInt(name string, value int64) {
	if value != 0 {
		f[name] = celpolicy.Int(value)
	}
}

func (f fields) setList(name string, value []string) {
	if len(value) > 0 {
		f[name] = celpolicy.StringList(value)
	}
}

func (f fields) setMap(name string, value map[string]string) {
	if len(value) > 0 {
		f[name] = celpolicy.StringMap(value)
	}
}

// sessionObject is what expressions see of a request. policy is nil for none.
func sessionObject(r sts.Request, policy celpolicy.Value, policyError error) celpolicy.Object {
	f := fields{}
	for name, value := range map[string]string{
		"operation": r.Operation, "name": r.Name, "roleARN": r.RoleARN, "externalID": r.ExternalID,
		"sourceIdentity": r.SourceIdentity, "serviceAccountName": r.ServiceAccountName, "audience": r.Audience,
		"providerID": r.ProviderID, "principalARN": r.PrincipalARN,
	} {
		f.setString(name, value)
	}
	switch {
	case policyError != nil:
		f["policy"] = celpolicy.Unreadable(fmt.Errorf("the inline policy cannot be judged, because %w", policyError))
	case policy != nil:
		f["policy"] = policy
	}
	if tags := tagMap(r.Tags); len(tags) > 0 {
		f["tags"] = celpolicy.FoldedStringMap(tags) // like IAM, which ignores the case of tag keys
	}
	var contexts []string
	for _, context := range r.ProvidedContexts {
		contexts = append(contexts, context.ProviderARN)
	}
	f.setList("providedContexts", contexts)
	f.setList("policyARNs", r.PolicyARNs)
	f.setList("transitiveTagKeys", r.TransitiveTagKeys)
	f.setInt("durationSeconds", int64(r.Duration().Seconds()))
	f.setInt("minimumSessionTokenSize", int64(r.MinimumSessionTokenSize))
	return sessionType.New(f)
}

func tagMap(tags []sts.Tag) map[string]string {
	m := map[string]string{}
	for _, tag := range tags {
		m[tag.Key] = tag.Value
	}
	return m
}

// metadataObject is what expressions see of a namespace or an object.
func metadataObject(m Metadata) celpolicy.Object {
	f := fields{}
	f.setString("name", m.Name)
	f.setMap("labels", m.Labels)
	f.setMap("annotations", m.Annotations)
	return metadataType.New(f)
}
