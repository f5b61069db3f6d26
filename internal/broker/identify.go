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
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The operations that inform.
const (
	getCallerIdentity = "GetCallerIdentity"
	getAccessKeyInfo  = "GetAccessKeyInfo"
)

// Identify asks STS who an issuer of this configuration is (GetCallerIdentity, which needs a signature but no permission),
// and refuses the key of an account that is not the expected one. It waits while too many calls are under way.
func (b *Broker) Identify(ctx context.Context, id ID, config Config) (sts.Identity, *sts.Problem) {
	began := b.options.Clock.Now()
	turn, wait := b.options.Scheduler.Ask(began, scheduler.Claim{
		Waiter: scheduler.Waiter{Kind: string(id.Kind), Namespace: id.Namespace, Name: id.Name},
		Issuer: id, Limits: limitsOf(id, config), Call: scheduler.Verification,
	})
	if wait != nil {
		return sts.Identity{}, waiting(id, config, wait)
	}
	defer func() {
		now := b.options.Clock.Now()
		b.options.Scheduler.Done(now, turn, now.Sub(began), nil)
	}()
	i := &issuer{config: config, client: b.newClient(config)}
	identity, problem := b.callerIdentity(ctx, i)
	if problem != nil || config.AccountID == "" {
		return identity, problem
	}
	account := identity.AccountID
	if keyID := config.Key.AccessKeyID(); account == config.AccountID && keyID != "" { // an ambient identity has no key to ask about
		ofKey, problem := b.accountOfKey(ctx, i, keyID)
		if problem != nil {
			return sts.Identity{}, problem
		}
		account = cmp.Or(ofKey, account)
	}
	if account != config.AccountID {
		return sts.Identity{}, accountMismatch(identity.ARN, account, config.AccountID)
	}
	return identity, nil
}

// callerIdentity asks STS who the issuer is.
func (b *Broker) callerIdentity(ctx context.Context, i *issuer) (sts.Identity, *sts.Problem) {
	var out *awssts.GetCallerIdentityOutput
	err := b.call(ctx, getCallerIdentity, func(ctx context.Context) (err error) {
		out, err = i.client.GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
		return err
	})
	if err != nil {
		return sts.Identity{}, classify(err, i.config, sts.Request{Operation: getCallerIdentity})
	}
	identity := sts.Identity{AccountID: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	if !isPlain(identity.AccountID, longestAccount) || !isPlain(identity.ARN, longestARN) || !isPlain(identity.UserID, longestID) {
		return sts.Identity{}, incomplete(i.config, getCallerIdentity)
	}
	return identity, nil
}

// accountOfKey asks STS which account an access key belongs to (GetAccessKeyInfo). It is empty where the issuer may not
// ask, or the endpoint does not know the operation: GetCallerIdentity, which cannot be denied, has named the account then.
func (b *Broker) accountOfKey(ctx context.Context, i *issuer, keyID string) (string, *sts.Problem) {
	var out *awssts.GetAccessKeyInfoOutput
	err := b.call(ctx, getAccessKeyInfo, func(ctx context.Context) (err error) {
		out, err = i.client.GetAccessKeyInfo(ctx, &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String(keyID)})
		return err
	})
	if err != nil {
		problem := classify(err, i.config, sts.Request{Operation: getAccessKeyInfo})
		if problem.Reason == v1alpha1.ReasonAccessDenied || problem.Reason == v1alpha1.ReasonUnknownError {
			return "", nil
		}
		return "", problem
	}
	if !isPlain(aws.ToString(out.Account), longestAccount) {
		return "", incomplete(i.config, getAccessKeyInfo)
	}
	return *out.Account, nil
}

// verify asks STS who new credentials belong to, with them, and refuses any principal but the one that STS has named.
func (p *Permit) verify(ctx context.Context, issued sts.Issued) *sts.Problem {
	config := p.issuer.config
	config.Ambient, config.Key = false, issued.Credentials
	found, problem := p.broker.callerIdentity(ctx, &issuer{config: config, client: p.broker.newClient(config)})
	switch {
	case problem != nil && (problem.Reason == v1alpha1.ReasonUnavailable || problem.Reason == v1alpha1.ReasonThrottled):
		return problem
	case problem != nil:
		return unknownPrincipal(problem)
	case found != issued.Identity:
		return anotherPrincipal(issued.Identity, fmt.Sprintf("%s (id %s, account %s)", found.ARN, found.UserID, found.AccountID))
	case !p.issuer.config.HasIdentity():
		return nil
	}
	account, problem := p.broker.accountOfKey(ctx, p.issuer, issued.Credentials.AccessKeyID())
	if problem == nil && account != "" && account != issued.Identity.AccountID {
		return anotherPrincipal(issued.Identity, "account "+account)
	}
	return problem
}
