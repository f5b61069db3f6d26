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
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// field of an object in an expression.
type field struct {
	is *cel.Type
	// absent is what the field reads as where there is none; nil makes reading it an error.
	absent ref.Val
}

var (
	listType  = cel.ListType(cel.StringType)
	mapType   = cel.MapType(cel.StringType, cel.StringType)
	aString   = field{cel.StringType, types.String("")}
	aNumber   = field{cel.IntType, types.IntZero}
	aList     = field{listType, types.NewStringList(types.DefaultTypeAdapter, nil)}
	aMap      = field{mapType, textMap(nil)}
	needsText = field{is: cel.StringType}
	needsList = field{is: listType}
)

// objects are the types that expressions see, and their fields. What is absent of a request is empty, as in STS; what is
// absent of a policy is an error to read, since "no Action" and "an Action that allows nothing" are not the same.
var objects = map[string]map[string]field{
	"Session": {
		"operation": aString, "name": aString, "policy": {is: cel.ObjectType("Policy")}, "policyARNs": aList, "tags": aMap,
		"durationSeconds": aNumber, "minimumSessionTokenSize": aNumber,
		"roleARN": aString, "externalID": aString, "sourceIdentity": aString, "transitiveTagKeys": aList, "providedContexts": aList,
		"serviceAccountName": aString, "audience": aString, "providerID": aString, "principalARN": aString,
	},
	"Metadata": {"name": aString, "labels": aMap, "annotations": aMap},
	"Policy":   {"Version": needsText, "Id": needsText, "Statement": {is: cel.ListType(cel.ObjectType("Statement"))}},
	"Statement": {
		"Sid": needsText, "Effect": needsText, "Action": needsList, "NotAction": needsList, "Resource": needsList, "NotResource": needsList,
		"Condition": {is: cel.MapType(cel.StringType, cel.MapType(cel.StringType, listType))},
	},
}

// provider tells CEL of the objects.
type provider struct{ types.Provider }

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := objects[name]; ok {
		return types.NewTypeTypeWithParam(cel.ObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, key string) (*types.FieldType, bool) {
	if f, ok := objects[name][key]; ok {
		return &types.FieldType{Type: f.is}, true
	}
	return p.Provider.FindStructFieldType(name, key)
}

// object is a value of one of the objects: its fields that are not empty.
type object struct {
	is     string
	fields map[string]ref.Val
}

var (
	_ traits.Indexer     = object{}
	_ traits.FieldTester = object{}
)

// Get implements traits.Indexer.
func (o object) Get(index ref.Val) ref.Val {
	name := fmt.Sprint(index.Value())
	if value, ok := o.fields[name]; ok {
		return value
	}
	if absent := objects[o.is][name].absent; absent != nil {
		return absent
	}
	return types.NewErr("no such key: %s", name)
}

// IsSet implements traits.FieldTester. Nobody knows whether a field is there that cannot be read.
func (o object) IsSet(index ref.Val) ref.Val {
	value, ok := o.fields[fmt.Sprint(index.Value())]
	if types.IsError(value) {
		return value
	}
	return types.Bool(ok)
}

// ConvertToNative implements ref.Val.
func (o object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is not a native value", o.is)
}

// ConvertToType implements ref.Val.
func (o object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return cel.ObjectType(o.is)
	}
	return types.NewErr("%s is not a %s", o.is, t.TypeName())
}

// Equal implements ref.Val. Expressions do not compare objects: see vetFlat.
func (o object) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (o object) Type() ref.Type { return cel.ObjectType(o.is) }

// Value implements ref.Val.
func (o object) Value() any { return o.fields }

func (o object) setText(name, value string) {
	if value != "" {
		o.fields[name] = types.String(value)
	}
}

func (o object) setNumber(name string, value int64) {
	if value != 0 {
		o.fields[name] = types.Int(value)
	}
}

func (o object) setList(name string, value []string) {
	if len(value) > 0 {
		o.fields[name] = types.NewStringList(types.DefaultTypeAdapter, value)
	}
}

func (o object) setMap(name string, value map[string]string) {
	if len(value) > 0 {
		o.fields[name] = textMap(value)
	}
}

func textMap(value map[string]string) ref.Val {
	return newOrderedMap(types.NewStringStringMap(types.DefaultTypeAdapter, value))
}

// sessionFacts are what expressions see of a request.
func sessionFacts(r sts.Request, policy ref.Val, policyError error) object {
	o := object{"Session", map[string]ref.Val{}}
	for name, value := range map[string]string{
		"operation": r.Operation, "name": r.Name, "roleARN": r.RoleARN, "externalID": r.ExternalID, "sourceIdentity": r.SourceIdentity,
		"serviceAccountName": r.ServiceAccountName, "audience": r.Audience, "providerID": r.ProviderID, "principalARN": r.PrincipalARN,
	} {
		o.setText(name, value)
	}
	switch {
	case policyError != nil:
		o.fields["policy"] = types.NewErr("spec.policy cannot be judged, because %s", policyError)
	case policy != nil:
		o.fields["policy"] = policy
	}
	tags := map[string]string{}
	for _, tag := range r.Tags {
		tags[tag.Key] = tag.Value
	}
	if len(tags) > 0 {
		o.fields["tags"] = newTagMap(tags)
	}
	var contexts []string
	for _, context := range r.ProvidedContexts {
		contexts = append(contexts, context.ProviderARN)
	}
	o.setList("providedContexts", contexts)
	o.setList("policyARNs", r.PolicyARNs)
	o.setList("transitiveTagKeys", r.TransitiveTagKeys)
	o.setNumber("durationSeconds", int64(r.Duration().Seconds()))
	o.setNumber("minimumSessionTokenSize", int64(r.MinimumSessionTokenSize))
	return o
}

// metadataFacts are what expressions see of a namespace or an object.
func metadataFacts(m Metadata) object {
	o := object{"Metadata", map[string]ref.Val{}}
	o.setText("name", m.Name)
	o.setMap("labels", m.Labels)
	o.setMap("annotations", m.Annotations)
	return o
}
