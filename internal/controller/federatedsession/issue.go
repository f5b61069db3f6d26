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

package federatedsession

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// outcome is what a reconcile came to; the report and the schedule follow from it.
type outcome struct {
	// observed is the state after acting.
	observed session.Observed
	// problem keeps the session from being issued; nil if it need not or could be.
	problem *sts.Problem
	// failed: the problem is a try that failed, not a wait.
	failed bool
	// issued was published now, because of cause; nil if nothing was.
	issued *sts.Issued
	cause  string
	// retryAt is when to look again; zero to wait for a change.
	retryAt time.Time
	// lookAgain: the cache is behind, so nothing is reported until it has caught up.
	lookAgain bool
}

// errDecidedOtherwise: the Secret is no longer what the decision to issue rested on.
var errDecidedOtherwise = errors.New("the Secret has changed, which calls for another decision")

// act does what was decided.
func (r *Reconciler) act(ctx context.Context, observed session.Observed, decision session.Decision) (outcome, error) {
	if decision.Action != session.Issue { // it may have waited for a turn
		r.scheduler.Leave(r.clock.Now(), broker.WaiterOf(client.ObjectKeyFromObject(observed.Session)))
	}
	switch decision.Action {
	case session.Issue:
		return r.issue(ctx, observed)
	case session.SyncMetadata:
		return r.syncMetadata(ctx, observed)
	case session.LookAgain:
		return outcome{lookAgain: true}, nil
	default: // Keep, Hold
		return settled(observed, decision), nil
	}
}

// settled is the outcome of a decision that leaves nothing to do.
func settled(observed session.Observed, decision session.Decision) outcome {
	return outcome{observed: observed, problem: decision.Problem, retryAt: decision.RetryAt}
}

// decideAgain about a live Secret that contradicts the decision which was about to be carried out. To issue after all waits
// until the cache shows the same.
func (r *Reconciler) decideAgain(ctx context.Context, secret *corev1.Secret, observed session.Observed) (outcome, error) {
	switch decision := session.Decide(observed, r.clock.Now()); decision.Action {
	case session.Issue, session.LookAgain, session.LeaveAlone:
		return outcome{lookAgain: true}, nil
	case session.SyncMetadata:
		return r.patchMetadata(ctx, secret, observed, decision.RetryAt)
	default: // Keep, Hold
		return settled(observed, decision), nil
	}
}

// issue calls STS, if a live look at the Secret confirms that it must, and publishes the result. It asks for the permit
// first, so that an STS outage costs waiting sessions no calls and no reads.
func (r *Reconciler) issue(ctx context.Context, observed session.Observed) (outcome, error) {
	now := r.clock.Now()
	fs := observed.Session
	permit, problem := r.broker.Permit(broker.IssueRequest{
		Issuer: issuerID(fs), Session: client.ObjectKeyFromObject(fs), Version: observed.Issuer.Version, Request: observed.Request.ToSend(),
		Expiration: session.Deadline(observed, now), HasFailed: observed.HasFailed(), Verify: fs.Spec.Verify != nil && *fs.Spec.Verify,
	})
	if problem != nil {
		r.metrics.Waited(issuerID(fs), problem)
		return outcome{observed: observed, problem: problem, retryAt: session.UntilExpiry(observed, now.Add(problem.RetryAfter), now)}, nil
	}
	defer permit.Cancel() // unless it is used; a panic must not keep it
	secret, observed, err := r.observeLive(ctx, observed)
	if err != nil {
		return outcome{}, err
	}
	if observed.Assertion, err = r.readAssertion(ctx, fs); err != nil {
		return outcome{}, err
	}
	decision := session.Decide(observed, now)
	if decision.Action != session.Issue {
		permit.Cancel()
		return r.decideAgain(ctx, secret, observed)
	}
	if observed.IsAfterFailedWrite() || permit.TriesWrites() {
		if err := r.tryWrite(ctx, secret, observed); err != nil {
			return r.failure(observed, secretNotWritten(fs, err, sts.Credentials{})), nil
		}
	}
	lead := observed.Secret.Expiration.Sub(now)
	issued, secret, observed, err := r.callAndPublish(ctx, permit, secret, observed)
	if errors.Is(err, errDecidedOtherwise) {
		return r.decideAgain(ctx, secret, observed)
	}
	if problem, err = sts.Split(err); err != nil {
		return outcome{}, err
	}
	if problem != nil {
		return r.failure(observed, problem), nil
	}
	r.metrics.Issued(decision.Cause, lead)
	logf.FromContext(ctx).Info("issued credentials", "cause", decision.Cause, "secret", fs.TargetSecretName(),
		"accessKeyID", issued.Credentials.AccessKeyID(), "expiration", issued.Expiration)
	return outcome{observed: observed, issued: &issued, cause: decision.Cause, retryAt: session.NextLook(observed, now)}, nil
}

// failure is the outcome of a try that failed.
func (r *Reconciler) failure(observed session.Observed, problem *sts.Problem) outcome {
	r.metrics.Failed(problem)
	retryAt := session.NextTry(observed, problem, r.clock.Now())
	return outcome{observed: observed, problem: problem, failed: true, retryAt: retryAt}
}

// callAndPublish calls STS under the permit and puts what it issues into the Secret, which is returned as it is then, with
// what is observed of it. A *sts.Problem is a try that failed.
func (r *Reconciler) callAndPublish(
	ctx context.Context, permit *broker.Permit, secret *corev1.Secret, observed session.Observed,
) (sts.Issued, *corev1.Secret, session.Observed, error) {
	proof, err := r.proofs.obtain(ctx, observed)
	if err != nil {
		return sts.Issued{}, secret, observed, err
	}
	// A shutdown does not interrupt the call: STS may have minted credentials already.
	issued, problem := permit.Issue(context.WithoutCancel(ctx), proof)
	if problem != nil {
		return sts.Issued{}, secret, observed, problem
	}
	secret, observed, err = r.publish(ctx, secret, observed, issued, permit.Identity())
	return issued, secret, observed, err
}

// syncMetadata brings labels and annotations of the Secret in line with the spec.
func (r *Reconciler) syncMetadata(ctx context.Context, observed session.Observed) (outcome, error) {
	secret, observed, err := r.observeLive(ctx, observed)
	if err != nil {
		return outcome{}, err
	}
	decision := session.Decide(observed, r.clock.Now())
	if decision.Action != session.SyncMetadata {
		return r.decideAgain(ctx, secret, observed)
	}
	return r.patchMetadata(ctx, secret, observed, decision.RetryAt)
}

// patchMetadata gives the Secret the labels and annotations that the spec asks for.
func (r *Reconciler) patchMetadata(
	ctx context.Context, secret *corev1.Secret, observed session.Observed, retryAt time.Time,
) (outcome, error) {
	synced := secret.DeepCopy()
	credsecret.SyncMetadata(synced, observed.Session)
	if err := r.patchSecret(ctx, secret, synced); err != nil {
		return outcome{}, err
	}
	observed.Secret = credsecret.Observe(synced, observed.Session)
	return outcome{observed: observed, retryAt: retryAt}, nil
}
