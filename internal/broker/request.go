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

package broker

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/sts-operator/sts-operator/internal/sts"
)

// These put a canonical request on the SDK's wire; what the request leaves out is not sent.

func federationInput(r sts.Request) *awssts.GetFederationTokenInput {
	return &awssts.GetFederationTokenInput{
		Name: text(r.Name), Policy: text(r.Policy.Text()), PolicyArns: descriptors(r.PolicyARNs), Tags: tags(r.Tags),
		DurationSeconds: number(r.DurationSeconds), MinimumSessionTokenSize: number(r.MinimumSessionTokenSize),
	}
}

func assumeRoleInput(r sts.Request) *awssts.AssumeRoleInput {
	in := &awssts.AssumeRoleInput{
		RoleArn: text(r.RoleARN), RoleSessionName: text(r.Name), Policy: text(r.Policy.Text()), PolicyArns: descriptors(r.PolicyARNs), Tags: tags(r.Tags),
		ExternalId: text(r.ExternalID), SourceIdentity: text(r.SourceIdentity),
		DurationSeconds: number(r.DurationSeconds), MinimumSessionTokenSize: number(r.MinimumSessionTokenSize),
	}
	if len(r.TransitiveTagKeys) > 0 { // an empty list would be sent
		in.TransitiveTagKeys = r.TransitiveTagKeys
	}
	for _, context := range r.ProvidedContexts {
		in.ProvidedContexts = append(in.ProvidedContexts, types.ProvidedContext{ProviderArn: text(context.ProviderARN), ContextAssertion: text(context.Assertion)})
	}
	return in
}

func webIdentityInput(r sts.Request, proof sts.Proof) *awssts.AssumeRoleWithWebIdentityInput {
	return &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: text(r.RoleARN), RoleSessionName: text(r.Name), WebIdentityToken: text(proof.WebIdentityToken.Text()), ProviderId: text(r.ProviderID),
		Policy: text(r.Policy.Text()), PolicyArns: descriptors(r.PolicyARNs),
		DurationSeconds: number(r.DurationSeconds), MinimumSessionTokenSize: number(r.MinimumSessionTokenSize),
	}
}

func samlInput(r sts.Request, proof sts.Proof) *awssts.AssumeRoleWithSAMLInput {
	return &awssts.AssumeRoleWithSAMLInput{
		RoleArn: text(r.RoleARN), PrincipalArn: text(r.PrincipalARN), SAMLAssertion: text(proof.SAMLAssertion.Text()),
		Policy: text(r.Policy.Text()), PolicyArns: descriptors(r.PolicyARNs),
		DurationSeconds: number(r.DurationSeconds), MinimumSessionTokenSize: number(r.MinimumSessionTokenSize),
	}
}

func sessionTokenInput(r sts.Request) *awssts.GetSessionTokenInput {
	return &awssts.GetSessionTokenInput{DurationSeconds: number(r.DurationSeconds), MinimumSessionTokenSize: number(r.MinimumSessionTokenSize)}
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func number(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}

func descriptors(arns []string) []types.PolicyDescriptorType {
	var out []types.PolicyDescriptorType
	for _, arn := range arns {
		out = append(out, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return out
}

func tags(in []sts.Tag) []types.Tag {
	var out []types.Tag
	for _, tag := range in {
		out = append(out, types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	return out
}
