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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// AWS grants at least 900 seconds and at most 36 hours. Less than the shortest could not be rotated in time by anybody, and
// more than the longest is an answer that is none: some times cannot even be written down.
const (
	shortestLifetime = 10 * time.Second
	longestLifetime  = 366 * 24 * time.Hour
)

// grant is what the results of the operations have in common.
type grant struct {
	credentials         *types.Credentials
	arn, id             *string // of the principal
	utilization, packed *int32
	sourceIdentity      *string
	webIdentity         *v1alpha1.WebIdentity
	saml                *v1alpha1.SAMLIdentity
}

// isComplete says whether all is there, and plain. Of other services than AWS, some do not say whose the credentials are.
func (g grant) isComplete(mayNameNobody bool) bool {
	c, arn, id := g.credentials, aws.ToString(g.arn), aws.ToString(g.id)
	switch {
	case c == nil || c.Expiration == nil,
		!isPlain(aws.ToString(c.AccessKeyId), longestKeyID), !isPlain(aws.ToString(c.SecretAccessKey), longestToken),
		!isPlain(aws.ToString(c.SessionToken), longestToken):
		return false
	case mayNameNobody:
		return (arn == "" || isPlain(arn, longestARN)) && (id == "" || isPlain(id, longestID))
	}
	return isPlain(arn, longestARN) && isPlain(id, longestID) && isPlain(sts.AccountOf(arn), longestAccount)
}

// issue makes the call that was permitted.
func (p *Permit) issue(ctx context.Context, proof sts.Proof) (sts.Issued, *sts.Problem) {
	request, config := p.request.Request, p.issuer.config
	var granted grant
	err := p.broker.call(ctx, request.Operation, func(ctx context.Context) (err error) {
		granted, err = operations[request.Operation](p, ctx, proof)
		return err
	})
	if err != nil {
		return sts.Issued{}, p.explain(ctx, err, classify(err, config, request, p.presented(proof)...))
	}
	if !granted.isComplete(config.Compatible) {
		return sts.Issued{}, incomplete(config, request.Operation)
	}
	c, identity := granted.credentials, sts.IdentityOf(aws.ToString(granted.arn), aws.ToString(granted.id))
	if account := identity.AccountID; config.AccountID != "" && !request.IsOfRole() && account != config.AccountID {
		return sts.Issued{}, credentialsOfAnotherAccount(account, config.AccountID)
	}
	issued := sts.Issued{
		Credentials:             sts.NewCredentials(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken),
		IssuedAt:                p.broker.options.Clock.Now().UTC().Truncate(time.Second),
		Expiration:              c.Expiration.UTC().Truncate(time.Second),
		Identity:                identity,
		SessionTokenUtilization: percent(granted.utilization),
		PackedPolicySize:        percent(granted.packed),
		SourceIdentity:          printable(granted.sourceIdentity, longestName),
		WebIdentity:             granted.webIdentity,
		SAML:                    granted.saml,
	}
	if problem := p.implausible(issued); problem != nil {
		return sts.Issued{}, problem
	}
	// What is recorded of longer ones would not be believed: see package session.
	if latest := request.LatestExpiration(issued.IssuedAt); issued.Expiration.After(latest) {
		issued.Expiration = latest
	}
	return issued, nil
}

// implausible is what is wrong with credentials that are complete, or nil.
func (p *Permit) implausible(issued sts.Issued) *sts.Problem {
	config := p.issuer.config
	switch lifetime := issued.Expiration.Sub(issued.IssuedAt); {
	case lifetime <= 0:
		return expiredOnArrival(config)
	case lifetime < shortestLifetime, lifetime > longestLifetime:
		return impossibleLifetime(config, lifetime)
	case config.Compatible: // it names keys and principals as it likes: package session believes them, too
		return nil
	case sts.IsLongTermKey(issued.Credentials.AccessKeyID()) && !p.issuer.identity.IsOfImitation():
		return longTermKey(config)
	case !sts.IsExpectedPrincipal(p.request.Request, p.issuer.identity.ARN, issued.Identity.ARN):
		return unexpectedPrincipal(issued.Identity)
	}
	return nil
}

// operations are the calls that issue credentials.
var operations = map[string]func(*Permit, context.Context, sts.Proof) (grant, error){
	sts.OperationGetFederationToken:        (*Permit).getFederationToken,
	sts.OperationAssumeRole:                (*Permit).assumeRole,
	sts.OperationAssumeRoleWithWebIdentity: (*Permit).assumeRoleWithWebIdentity,
	sts.OperationAssumeRoleWithSAML:        (*Permit).assumeRoleWithSAML,
	sts.OperationGetSessionToken:           (*Permit).getSessionToken,
}

//nolint:staticcheck // PackedPolicySize is deprecated by AWS, and reported as long as STS answers with it
func (p *Permit) getFederationToken(ctx context.Context, _ sts.Proof) (grant, error) {
	out, err := p.issuer.client.GetFederationToken(ctx, federationInput(p.request.Request))
	if err != nil {
		return grant{}, err
	}
	granted := grant{credentials: out.Credentials, utilization: out.SessionTokenUtilization, packed: out.PackedPolicySize}
	if user := out.FederatedUser; user != nil {
		granted.arn, granted.id = user.Arn, user.FederatedUserId
	}
	return granted, nil
}

//nolint:staticcheck // see getFederationToken
func (p *Permit) assumeRole(ctx context.Context, _ sts.Proof) (grant, error) {
	in := assumeRoleInput(p.request.Request)
	var err error
	if in.SerialNumber, in.TokenCode, err = p.mfa(); err != nil {
		return grant{}, err
	}
	out, err := p.issuer.client.AssumeRole(ctx, in)
	if err != nil {
		return grant{}, err
	}
	return grantOfRole(out.Credentials, out.AssumedRoleUser, out.SourceIdentity, out.SessionTokenUtilization, out.PackedPolicySize), nil
}

//nolint:staticcheck // see getFederationToken
func (p *Permit) assumeRoleWithWebIdentity(ctx context.Context, proof sts.Proof) (grant, error) {
	out, err := p.issuer.client.AssumeRoleWithWebIdentity(ctx, webIdentityInput(p.request.Request, proof))
	if err != nil {
		return grant{}, err
	}
	granted := grantOfRole(out.Credentials, out.AssumedRoleUser, out.SourceIdentity, out.SessionTokenUtilization, out.PackedPolicySize)
	granted.webIdentity = &v1alpha1.WebIdentity{
		Subject:  printable(out.SubjectFromWebIdentityToken, longestSubject),
		Audience: printable(out.Audience, longestARN),
		Provider: printable(out.Provider, longestARN),
	}
	return granted, nil
}

//nolint:staticcheck // see getFederationToken
func (p *Permit) assumeRoleWithSAML(ctx context.Context, proof sts.Proof) (grant, error) {
	out, err := p.issuer.client.AssumeRoleWithSAML(ctx, samlInput(p.request.Request, proof))
	if err != nil {
		return grant{}, err
	}
	granted := grantOfRole(out.Credentials, out.AssumedRoleUser, out.SourceIdentity, out.SessionTokenUtilization, out.PackedPolicySize)
	granted.saml = &v1alpha1.SAMLIdentity{
		Subject:       printable(out.Subject, longestARN),
		SubjectType:   printable(out.SubjectType, longestARN),
		Issuer:        printable(out.Issuer, longestARN),
		Audience:      printable(out.Audience, longestARN),
		NameQualifier: printable(out.NameQualifier, longestARN),
	}
	return granted, nil
}

func (p *Permit) getSessionToken(ctx context.Context, _ sts.Proof) (grant, error) {
	in := sessionTokenInput(p.request.Request)
	var err error
	if in.SerialNumber, in.TokenCode, err = p.mfa(); err != nil {
		return grant{}, err
	}
	out, err := p.issuer.client.GetSessionToken(ctx, in)
	if err != nil {
		return grant{}, err
	}
	granted := grant{credentials: out.Credentials, utilization: out.SessionTokenUtilization}
	if self := p.issuer.identity; !p.issuer.config.Compatible { // STS does not say whose the session is: it is the caller's own
		granted.arn, granted.id = &self.ARN, &self.UserID
	}
	return granted, nil
}

func grantOfRole(credentials *types.Credentials, user *types.AssumedRoleUser, sourceIdentity *string, utilization, packed *int32) grant {
	granted := grant{credentials: credentials, sourceIdentity: sourceIdentity, utilization: utilization, packed: packed}
	if user != nil {
		granted.arn, granted.id = user.Arn, user.AssumedRoleId
	}
	return granted
}

// mfa is the serial number of the issuer's device and the code that is this call's; nil without a device.
func (p *Permit) mfa() (serialNumber, tokenCode *string, err error) {
	if p.turn.Window().IsZero() {
		return nil, nil, nil
	}
	digits, err := code(p.issuer.config.MFASeed, p.turn.Window())
	return &p.issuer.config.MFASerialNumber, &digits, err
}

// presented are the secrets that the request carries.
func (p *Permit) presented(proof sts.Proof) []string {
	_, tokenCode, _ := p.mfa()
	return []string{proof.WebIdentityToken.Text(), proof.SAMLAssertion.Text(), aws.ToString(tokenCode)}
}

// percent drops what cannot be one.
func percent(value *int32) *int32 {
	if value == nil || *value < 0 {
		return nil
	}
	return value
}

// printable cuts what STS says for people to a length and to characters that can be read.
func printable(value *string, longest int) string {
	text := onlyPrintable(aws.ToString(value))
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest])
	}
	return text
}
