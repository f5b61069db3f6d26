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

import "github.com/sts-operator/sts-operator/test/stsfake/query"

// The shapes of the API model that several operations share, under the model's names.

func arnType() query.Shape {
	return query.Shape{Min: 20, Max: 2048, Pattern: query.NewPattern(
		`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
		`[\x09\x0A\x0D\x20-\x7E\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+`)}
}

// userNameType has at most 32 characters, roleSessionNameType 64.
func sessionNameType(maximum int) query.Shape {
	return query.Shape{Min: 2, Max: maximum, Pattern: query.NewPattern(`[\w+=,.@-]*`, `[\w+=,.@-]*`)}
}

func sessionPolicyDocumentType() query.Shape {
	return query.Shape{Min: 1, Max: 2048, Pattern: query.NewPattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`, `[\x09\x0A\x0D\x20-\x{FF}]+`)}
}

// unrestrictedSessionPolicyDocumentType is AssumeRole's: only the size of the token bounds it.
func unrestrictedSessionPolicyDocumentType() query.Shape {
	shape := sessionPolicyDocumentType()
	shape.Max = 0
	return shape
}

// durationSecondsType differs in its maximum: 129600 for users, 43200 for roles.
func durationSecondsType(maximum int) query.Shape {
	return query.Shape{Kind: query.Integer, Min: 900, Max: maximum}
}

// policyDescriptorListType has its maximum from the documentation; the model leaves it open.
func policyDescriptorListType() query.Shape {
	descriptor := query.Shape{Kind: query.Structure, Members: []query.Member{{Name: "arn", Shape: arnType()}}}
	return query.Shape{Kind: query.List, Max: 10, Element: &descriptor}
}

func tagKeyType() query.Shape {
	return query.Shape{Min: 1, Max: 128, Pattern: query.NewPattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)}
}

func tagKeyListType() query.Shape {
	key := tagKeyType()
	return query.Shape{Kind: query.List, Max: 50, Element: &key}
}

func tagListType() query.Shape {
	value := query.NewPattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
	tag := query.Shape{Kind: query.Structure, Members: []query.Member{
		{Name: "Key", Required: true, Shape: tagKeyType()},
		{Name: "Value", Required: true, Shape: query.Shape{Max: 256, Pattern: value}},
	}}
	return query.Shape{Kind: query.List, Max: 50, Element: &tag}
}

func minimumSessionTokenSizeType() query.Shape {
	return query.Shape{Kind: query.Integer, Max: tokenLimit}
}

func externalIDType() query.Shape {
	return query.Shape{Min: 2, Max: 1224, Pattern: query.NewPattern(`[\w+=,.@:\/-]*`, `[\w+=,.@:\/-]*`)}
}

func serialNumberType() query.Shape {
	return query.Shape{Min: 9, Max: 256, Pattern: query.NewPattern(`[\w+=/:,.@-]*`, `[\w+=/:,.@-]*`)}
}

func tokenCodeType() query.Shape {
	return query.Shape{Min: 6, Max: 6, Pattern: query.NewPattern(`[\d]*`, `[\d]*`)}
}

func providedContextsListType() query.Shape {
	context := query.Shape{Kind: query.Structure, Members: []query.Member{
		{Name: "ProviderArn", Shape: arnType()},
		{Name: "ContextAssertion", Secret: true, Shape: query.Shape{Min: 4, Max: 2048}},
	}}
	return query.Shape{Kind: query.List, Min: 1, Max: 5, Element: &context}
}
