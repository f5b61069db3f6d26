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
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/sts-operator/sts-operator/internal/session"
)

// federationInput puts a canonical request on the SDK's wire; what the request leaves out is not sent.
func federationInput(request session.Request) *sts.GetFederationTokenInput {
	in := &sts.GetFederationTokenInput{Name: aws.String(request.Name)}
	if request.Policy != "" {
		in.Policy = aws.String(request.Policy)
	}
	for _, arn := range request.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	for _, tag := range request.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
	}
	if request.DurationSeconds != 0 {
		in.DurationSeconds = aws.Int32(request.DurationSeconds)
	}
	return in
}
