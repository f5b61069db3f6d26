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
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// stsClient is the part of *awssts.Client that the broker uses.
type stsClient interface {
	GetFederationToken(context.Context, *awssts.GetFederationTokenInput, ...func(*awssts.Options)) (*awssts.GetFederationTokenOutput, error)
	AssumeRole(context.Context, *awssts.AssumeRoleInput, ...func(*awssts.Options)) (*awssts.AssumeRoleOutput, error)
	AssumeRoleWithWebIdentity(
		context.Context,
		*awssts.AssumeRoleWithWebIdentityInput,
		...func(*awssts.Options),
	) (*awssts.AssumeRoleWithWebIdentityOutput, error)
	AssumeRoleWithSAML(context.Context, *awssts.AssumeRoleWithSAMLInput, ...func(*awssts.Options)) (*awssts.AssumeRoleWithSAMLOutput, error)
	GetSessionToken(context.Context, *awssts.GetSessionTokenInput, ...func(*awssts.Options)) (*awssts.GetSessionTokenOutput, error)

	GetCallerIdentity(context.Context, *awssts.GetCallerIdentityInput, ...func(*awssts.Options)) (*awssts.GetCallerIdentityOutput, error)
	GetAccessKeyInfo(context.Context, *awssts.GetAccessKeyInfoInput, ...func(*awssts.Options)) (*awssts.GetAccessKeyInfoOutput, error)
	DecodeAuthorizationMessage(
		context.Context,
		*awssts.DecodeAuthorizationMessageInput,
		...func(*awssts.Options),
	) (*awssts.DecodeAuthorizationMessageOutput, error)
}

// newClient builds the SDK's client from the configuration alone: nothing of the environment reaches it. It does not
// retry, since the work queue does, in the order of urgency and within the budget.
func (b *Broker) newClient(config Config) stsClient {
	options := awssts.Options{
		Region:      config.Region,
		Credentials: b.provider(config),
		HTTPClient:  b.options.HTTPClient,
		Retryer:     aws.NopRetryer{},
	}
	if config.Endpoint != "" {
		options.BaseEndpoint = aws.String(config.Endpoint)
	}
	if config.Compatible {
		options.HTTPClient = s3Errors{b.options.HTTPClient}
	}
	if config.FIPS {
		options.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	return awssts.New(options)
}

func (b *Broker) provider(config Config) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if config.Ambient {
			return b.ambient.retrieve(ctx, config.Region)
		}
		return aws.Credentials{
			AccessKeyID:     config.Key.AccessKeyID(),
			SecretAccessKey: config.Key.SecretAccessKey(),
			SessionToken:    config.Key.SessionToken(),
		}, nil
	})
}

// call makes one STS call under the deadline and reports it to the observer.
func (b *Broker) call(ctx context.Context, operation string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, b.options.CallTimeout)
	defer cancel()
	began := b.options.Clock.Now()
	var used route
	err := used.explain(do(used.into(ctx)))
	if b.options.Observe != nil {
		b.options.Observe(operation, codeOf(err), b.options.Clock.Since(began))
	}
	return err
}

// codeOf an STS error as metrics show it: a bounded set, since whatever is behind an endpoint names the codes.
func codeOf(err error) string {
	if err == nil {
		return "OK"
	}
	apiError, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return "NoAnswer"
	}
	if _, known := meanings[apiError.ErrorCode()]; known {
		return apiError.ErrorCode()
	}
	return "Other"
}

// The most characters of what STS answers (AWS: arnType, federatedIdType, accessKeyIdType; tokens have 4096 bytes at most,
// and room is left).
const (
	longestARN, longestID, longestKeyID = 2048, 193, 128
	longestAccount, longestToken        = 12, 16384
	longestName, longestSubject         = 64, 255
)

// isPlain says whether a value is there and is one word of printable ASCII, as everything is that STS issues. A line break
// in a key would add a section to an ini file, and SDKs run the credential_process that they find in one.
func isPlain(value string, longest int) bool {
	if value == "" || len(value) > longest {
		return false
	}
	return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' })
}
