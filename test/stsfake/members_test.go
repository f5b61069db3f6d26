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

package stsfake

import (
	"reflect"
	"testing"

	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/gomega"

	"github.com/sts-operator/sts-operator/test/stsfake/query"
)

// The SDK is generated from the API model: what it can send is what the fake must read, what it can read is what the fake
// must be able to answer.
func TestEveryOperationHasTheMembersOfTheModel(t *testing.T) {
	model := map[string]struct{ input, output, result any }{
		"AssumeRole":                 {awssts.AssumeRoleInput{}, awssts.AssumeRoleOutput{}, assumeResult{}},
		"AssumeRoleWithSAML":         {awssts.AssumeRoleWithSAMLInput{}, awssts.AssumeRoleWithSAMLOutput{}, samlResult{}},
		"AssumeRoleWithWebIdentity":  {awssts.AssumeRoleWithWebIdentityInput{}, awssts.AssumeRoleWithWebIdentityOutput{}, webIdentityResult{}},
		"DecodeAuthorizationMessage": {awssts.DecodeAuthorizationMessageInput{}, awssts.DecodeAuthorizationMessageOutput{}, decodeResult{}},
		"GetAccessKeyInfo":           {awssts.GetAccessKeyInfoInput{}, awssts.GetAccessKeyInfoOutput{}, accessKeyResult{}},
		"GetCallerIdentity":          {awssts.GetCallerIdentityInput{}, awssts.GetCallerIdentityOutput{}, callerResult{}},
		"GetFederationToken":         {awssts.GetFederationTokenInput{}, awssts.GetFederationTokenOutput{}, federationResult{}},
		"GetSessionToken":            {awssts.GetSessionTokenInput{}, awssts.GetSessionTokenOutput{}, sessionTokenResult{}},
	}
	NewWithT(t).Expect(operations()).To(HaveLen(len(model)))
	for name, shapes := range model {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			operation, exists := operations()[name]
			g.Expect(exists).To(BeTrue())
			g.Expect(memberNames(operation.members)).To(ConsistOf(fieldNames(reflect.TypeOf(shapes.input))))
			g.Expect(elementNames(reflect.TypeOf(shapes.result))).To(ConsistOf(fieldNames(reflect.TypeOf(shapes.output))))
		})
	}
}

func memberNames(members []query.Member) []string {
	names := []string{}
	for _, member := range members {
		names = append(names, member.Name)
	}
	return names
}

// fieldNames are the members of an input or output of the SDK.
func fieldNames(shape reflect.Type) []string {
	names := []string{}
	for i := range shape.NumField() {
		if field := shape.Field(i); field.IsExported() && field.Name != "ResultMetadata" {
			names = append(names, field.Name)
		}
	}
	return names
}

// elementNames are the XML elements of a result, those of embedded structs included.
func elementNames(result reflect.Type) []string {
	names := []string{}
	for _, field := range reflect.VisibleFields(result) {
		name := field.Tag.Get("xml")
		switch {
		case field.Anonymous:
		case name == "" || name == ",omitempty":
			names = append(names, field.Name)
		default:
			names = append(names, name)
		}
	}
	return names
}
