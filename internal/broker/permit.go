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
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Permit is leave to issue once. It must be used by Issue or given back by Cancel.
type Permit struct {
	broker  *Broker
	issuer  *issuer
	request IssueRequest
	probe   bool      // whether the call finds out if STS serves the issuer again
	window  time.Time // of the MFA code that is this call's; zero without
	given   sync.Once
}

// IssueRequest is a call to be permitted.
type IssueRequest struct {
	// Issuer that makes the call, and the UID of the session it is for.
	Issuer ID
	UID    types.UID
	// Version of the issuer whose guardrails let the request pass.
	Version string
	// Request to be made.
	Request sts.Request
	// Urgent: the session has no usable credentials, and may use the part of the budget that rotations leave alone.
	Urgent bool
	// Verify asks STS who the new credentials belong to before they are given out.
	Verify bool
}

// Permit asks leave for one STS call, before anything else is spent on it. Without a permit the problem says when to ask
// again.
func (b *Broker) Permit(request IssueRequest) (*Permit, *sts.Problem) {
	id, uid := request.Issuer, request.UID
	issuer := b.issuers.get(id)
	if issuer == nil || issuer.config.Version != request.Version {
		return nil, loading(id, uid)
	}
	now := b.options.Clock.Now()
	breaker := issuer.breakerOf(request.Request)
	probe, problem, wait := breaker.ask(now)
	if problem != nil {
		return nil, &sts.Problem{Reason: problem.Reason, Message: problem.Message, RetryAfter: session.Stagger(wait, uid)}
	}
	permit := &Permit{broker: b, issuer: issuer, request: request, probe: probe}
	if !b.calls.begin(id.Namespace) {
		breaker.withdraw(probe)
		return nil, tooManyCalls(id, uid)
	}
	device := issuer.device
	if !request.Request.TakesMFA() {
		device = nil
	}
	// The code is looked at first and taken last: who waits for one spends no budget, and who waits for the budget no code.
	if device != nil {
		if wait := device.wait(now, request.Urgent); wait > 0 {
			permit.Cancel()
			return nil, waitingForCode(issuer.config, wait)
		}
	}
	if wait := issuer.budget.take(now, request.Urgent); wait > 0 {
		permit.Cancel()
		return nil, budgetSpent(id, wait)
	}
	if device != nil {
		var ok bool
		if permit.window, ok = device.take(now); !ok { // somebody was quicker
			permit.Cancel()
			return nil, waitingForCode(issuer.config, device.wait(now, request.Urgent))
		}
	}
	return permit, nil
}

// Identity is the stable id of who the call is made as.
func (p *Permit) Identity() string {
	if p.request.Request.IsUnsigned() {
		return sts.Unsigned
	}
	return p.issuer.identity.Stable()
}

// Cancel gives the permit back unused. What it took from the budget, and the code of an MFA device, stay taken.
func (p *Permit) Cancel() {
	p.given.Do(func() {
		p.issuer.breakerOf(p.request.Request).withdraw(p.probe)
		p.broker.calls.end(p.request.Issuer.Namespace)
	})
}

// Issue makes the STS call, presenting the proof where the request is not signed. Credentials come back complete, and
// verified if that was asked for, or not at all; the problem of a failed call says what to change, and a problem of the
// issuer's rather than of the request stops further calls for a while.
func (p *Permit) Issue(ctx context.Context, proof sts.Proof) (sts.Issued, *sts.Problem) {
	defer p.Cancel() // a probe that panicked must not keep the breaker shut; after the report it changes nothing
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
	p.issuer.breakerOf(p.request.Request).report(now, now.Sub(began), p.probe, trouble)
	p.probe = false // it is over: another one may be under way when the permit is given back
	if problem != nil {
		return sts.Issued{}, problem
	}
	return issued, nil
}
