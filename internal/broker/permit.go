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

	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/scheduler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Permit is leave to issue once. It must be used by Issue or given back by Cancel.
type Permit struct {
	broker  *Broker
	issuer  *issuer
	request IssueRequest
	turn    *scheduler.Turn
	isUsed  bool
}

// IssueRequest is a call to be permitted.
type IssueRequest struct {
	// Issuer that makes the call, and the session it is for.
	Issuer  ID
	Session types.NamespacedName
	// Version of the issuer whose guardrails let the request pass.
	Version string
	// Request to be made.
	Request sts.Request
	// Expiration of the credentials that are to be replaced, as SDKs read it; zero if the session has none.
	Expiration time.Time
	// HasFailed: the session's latest try failed.
	HasFailed bool
	// Verify asks STS who the new credentials belong to before they are given out.
	Verify bool
}

// Permit asks leave for one STS call, before anything else is spent on it. Without a permit the problem says when to ask
// again, if the scheduler does not say before that the session's turn has come.
func (b *Broker) Permit(request IssueRequest) (*Permit, *sts.Problem) {
	issuer := b.issuers.get(request.Issuer)
	if issuer == nil || issuer.problem != nil || issuer.config.Version != request.Version {
		return nil, loading(request.Issuer)
	}
	turn, wait := b.options.Scheduler.Ask(b.options.Clock.Now(), scheduler.Claim{
		Waiter:     WaiterOf(request.Session),
		Issuer:     request.Issuer,
		Limits:     limitsOf(request.Issuer, issuer.config),
		Call:       callOf(request.Request, issuer.config),
		Expiration: request.Expiration,
		HasFailed:  request.HasFailed,
	})
	if wait != nil {
		return nil, waiting(request.Issuer, issuer.config, wait)
	}
	return &Permit{broker: b, issuer: issuer, request: request, turn: turn}, nil
}

// WaiterOf is a session as the scheduler knows it.
func WaiterOf(session types.NamespacedName) scheduler.Waiter {
	return scheduler.Waiter{Kind: v1alpha1.FederatedSessionKind, Namespace: session.Namespace, Name: session.Name}
}

func limitsOf(id ID, config Config) scheduler.Limits {
	return scheduler.Limits{
		RequestsPerSecond: config.RequestsPerSecond,
		OwnEndpoint:       config.Endpoint != "" && id.Namespace != "",
		MFASerialNumber:   config.MFASerialNumber,
	}
}

func callOf(request sts.Request, config Config) scheduler.Call {
	switch {
	case request.IsUnsigned():
		return scheduler.Unsigned
	case config.MFASerialNumber != "" && request.TakesMFA():
		return scheduler.SignedWithCode
	}
	return scheduler.Signed
}

// Identity is the stable id of who the call is made as.
func (p *Permit) Identity() string {
	if p.request.Request.IsUnsigned() {
		return sts.Unsigned
	}
	return p.issuer.identity.Stable()
}

// TriesWrites says that the Kubernetes API has refused Secrets, and this session finds out whether it takes any again. Have it judge
// a write before the call.
func (p *Permit) TriesWrites() bool { return p.turn.TriesWrites() }

// Cancel gives the permit back unused, with all that it took. After Issue it does nothing.
func (p *Permit) Cancel() {
	p.broker.options.Scheduler.Withdraw(p.broker.options.Clock.Now(), p.turn, p.isUsed)
}

// Issue makes the STS call, presenting the proof where the request is not signed. Credentials come back complete, and
// verified if that was asked for, or not at all; the problem of a failed call says what to change, and a problem of the
// issuer's rather than of the request stops further calls for a while.
func (p *Permit) Issue(ctx context.Context, proof sts.Proof) (sts.Issued, *sts.Problem) {
	p.isUsed = true
	defer p.Cancel() // a probe that panicked must not stop the others; after Done it changes nothing
	ctx, cancel := context.WithTimeout(ctx, p.broker.options.CallTimeout)
	defer cancel()
	began := p.broker.options.Clock.Now()
	issued, problem := p.issue(ctx, proof)
	if problem == nil && p.request.Verify {
		problem = p.verify(ctx, issued)
	}
	trouble := problem
	if problem != nil && !problem.ConcernsIssuer(p.request.Request) {
		trouble = nil
	}
	now := p.broker.options.Clock.Now()
	p.broker.options.Scheduler.Done(now, p.turn, now.Sub(began), trouble)
	if problem != nil {
		return sts.Issued{}, problem
	}
	return issued, nil
}
