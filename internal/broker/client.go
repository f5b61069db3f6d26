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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
)

// stsClient is the part of *sts.Client that the broker uses.
type stsClient interface {
	GetFederationToken(context.Context, *sts.GetFederationTokenInput, ...func(*sts.Options)) (*sts.GetFederationTokenOutput, error)
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

// newClient builds the SDK's client from the configuration alone: nothing of the environment reaches it. It does not
// retry, since the work queue does, in the order of urgency and within the budget.
func (b *Broker) newClient(config Config) stsClient {
	options := sts.Options{
		Region:      config.Region,
		Credentials: b.provider(config),
		HTTPClient:  b.options.HTTPClient,
		Retryer:     aws.NopRetryer{},
	}
	if config.Endpoint != "" {
		options.BaseEndpoint = aws.String(config.Endpoint)
	}
	if config.FIPS {
		options.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	return sts.New(options)
}

// errNoAmbient is returned by the provider of an ambient issuer where there is nothing ambient.
var errNoAmbient = errors.New("no ambient AWS credentials")

func (b *Broker) provider(config Config) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if !config.Ambient {
			return aws.Credentials{
				AccessKeyID:     config.Key.AccessKeyID(),
				SecretAccessKey: config.Key.SecretAccessKey(),
				SessionToken:    config.Key.SessionToken(),
			}, nil
		}
		if b.options.Ambient == nil {
			return aws.Credentials{}, errNoAmbient
		}
		credentials, err := b.options.Ambient.Retrieve(ctx)
		if err != nil {
			return aws.Credentials{}, errNoAmbient // the cause may name hosts, ports and request ids
		}
		return credentials, nil
	})
}

// call makes one STS call under the deadline, tells the observer and words the error.
func (b *Broker) call(ctx context.Context, i *issuer, operation string, do func(context.Context) error) *session.Problem {
	ctx, cancel := context.WithTimeout(ctx, b.options.CallTimeout)
	defer cancel()
	began := b.options.Clock.Now()
	err := do(ctx)
	if b.options.Observe != nil {
		b.options.Observe(operation, code(err), b.options.Clock.Since(began))
	}
	if err != nil {
		return classify(err, i.config)
	}
	return nil
}

// code of an STS error as metrics show it: a bounded set, since whatever is behind an endpoint names the codes.
func code(err error) string {
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

// Identity is who an issuer calls STS as.
type Identity struct {
	Account, ARN, UserID string
}

// Identify asks STS who an issuer of this configuration is (GetCallerIdentity, which needs a signature but no permission).
// It asks neither breaker nor budget: it is how an issuer finds out.
func (b *Broker) Identify(ctx context.Context, id ID, config Config) (Identity, *session.Problem) {
	if !b.begin(id.Namespace) {
		return Identity{}, crowded(id, "")
	}
	defer b.end(id.Namespace)
	i := &issuer{config: config, client: b.newClient(config)}
	var out *sts.GetCallerIdentityOutput
	problem := b.call(ctx, i, "GetCallerIdentity", func(ctx context.Context) (err error) {
		out, err = i.client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	})
	if problem != nil {
		return Identity{}, problem
	}
	identity := Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	if !isPlain(identity.Account, longestAccount) || !isPlain(identity.ARN, longestARN) || !isPlain(identity.UserID, longestID) {
		return Identity{}, incomplete(i.config, "GetCallerIdentity")
	}
	return identity, nil
}

func (b *Broker) getFederationToken(ctx context.Context, i *issuer, request session.Request) (session.Issued, *session.Problem) {
	var out *sts.GetFederationTokenOutput
	problem := b.call(ctx, i, session.OperationGetFederationToken, func(ctx context.Context) (err error) {
		out, err = i.client.GetFederationToken(ctx, federationInput(request))
		return err
	})
	if problem != nil {
		return session.Issued{}, problem
	}
	c, user := out.Credentials, out.FederatedUser
	if c == nil || user == nil || c.Expiration == nil ||
		!isPlain(aws.ToString(c.AccessKeyId), longestKeyID) || !isPlain(aws.ToString(c.SecretAccessKey), longestToken) ||
		!isPlain(aws.ToString(c.SessionToken), longestToken) ||
		!isPlain(aws.ToString(user.Arn), longestARN) || !isPlain(aws.ToString(user.FederatedUserId), longestID) ||
		!isPlain(session.AccountOf(aws.ToString(user.Arn)), longestAccount) {
		return session.Issued{}, incomplete(i.config, session.OperationGetFederationToken)
	}
	issued := session.Issued{
		Credentials:             session.NewCredentials(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken),
		IssuedAt:                b.options.Clock.Now().UTC().Truncate(time.Second),
		Expiration:              c.Expiration.UTC().Truncate(time.Second),
		PrincipalARN:            *user.Arn,
		PrincipalID:             *user.FederatedUserId,
		AccountID:               session.AccountOf(*user.Arn),
		SessionTokenUtilization: percent(out.SessionTokenUtilization),
		PackedPolicySize:        percent(out.PackedPolicySize), //nolint:staticcheck // deprecated by AWS, reported as long as STS tells it
	}
	if !issued.Expiration.After(issued.IssuedAt) {
		return session.Issued{}, session.Problemf(v1alpha1.ReasonIncompleteResponse,
			"%s granted credentials that have expired already by the operator's clock: set the clock of the operator's node", endpointName(i.config))
	}
	return issued, nil
}

// The most characters of what STS answers (AWS: arnType, federatedIdType, accessKeyIdType; tokens have 4096 bytes at most,
// and room is left).
const (
	longestARN, longestID, longestKeyID = 2048, 193, 128
	longestAccount, longestToken        = 12, 16384
)

// percent drops what cannot be one.
func percent(told *int32) *int32 {
	if told == nil || *told < 0 {
		return nil
	}
	return told
}

// isPlain says whether a value is there and is one word of printable ASCII, as everything is that STS issues. A line break
// in a key would add a section to an ini file, and SDKs run the credential_process that they find in one.
func isPlain(value string, longest int) bool {
	if value == "" || len(value) > longest {
		return false
	}
	return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' })
}
