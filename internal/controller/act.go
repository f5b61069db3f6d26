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

package controller

import (
	"context"
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
}

// act does what was decided.
func (r *SessionReconciler) act(ctx context.Context, observed session.Observed, decision session.Decision) (outcome, error) {
	switch decision.Action {
	case session.Issue:
		return r.issue(ctx, observed)
	case session.Dress:
		return r.dress(ctx, observed)
	default: // Keep, Hold
		return outcome{observed: observed, problem: decision.Problem, retryAt: decision.RetryAt}, nil
	}
}

// issue calls STS, if a live look at the Secret confirms that it must, and publishes the result. The permit comes first:
// while STS is down, waiting sessions cost neither a call nor a read.
func (r *SessionReconciler) issue(ctx context.Context, observed session.Observed) (outcome, error) {
	now := r.clock.Now()
	fs := observed.Session
	permit, problem := r.broker.Permit(broker.Order{
		Issuer: issuerID(fs), UID: fs.UID, Version: observed.Issuer.Version, Request: observed.Request,
		Urgent: !session.IsUsable(observed, now), Verify: fs.Spec.Verify != nil && *fs.Spec.Verify,
	})
	if problem != nil {
		r.metrics.waited(fs, problem)
		return outcome{observed: observed, problem: problem, retryAt: session.UntilExpiry(observed, now.Add(problem.RetryAfter), now)}, nil
	}
	defer permit.Cancel() // unless it is used; a panic must not keep it
	secret, observed, err := r.observeLive(ctx, observed)
	if err != nil {
		return outcome{}, err
	}
	decision := session.Decide(observed, now)
	if decision.Action != session.Issue {
		permit.Cancel()
		return r.act(ctx, observed, decision)
	}
	proof, problem := r.prover.prove(ctx, observed)
	if problem != nil {
		return r.failure(observed, problem), nil
	}
	// A shutdown does not interrupt the call: STS may have minted credentials already.
	issued, problem := permit.Issue(context.WithoutCancel(ctx), proof)
	if problem != nil {
		return r.failure(observed, problem), nil
	}
	lead := observed.Secret.Expiration.Sub(now)
	p := r.publish(ctx, secret, observed, issued, permit.Identity())
	switch {
	case p.problem != nil:
		return r.failure(p.observed, p.problem), nil
	case p.instead != nil:
		return r.act(ctx, p.observed, *p.instead)
	}
	r.metrics.issued(decision.Cause, lead)
	logf.FromContext(ctx).Info("issued credentials", "cause", decision.Cause, "secret", fs.TargetSecretName(),
		"accessKeyID", issued.Credentials.AccessKeyID(), "expiration", issued.Expiration)
	return outcome{observed: p.observed, issued: &issued, cause: decision.Cause, retryAt: session.NextLook(p.observed, now)}, nil
}

// failure is the outcome of a failed try, which the back-off follows.
func (r *SessionReconciler) failure(observed session.Observed, problem *sts.Problem) outcome {
	r.metrics.failed(problem)
	return outcome{observed: observed, problem: problem, failed: true, retryAt: session.NextTry(observed, problem, r.clock.Now())}
}

// dress brings labels and annotations of the Secret in line with the spec.
func (r *SessionReconciler) dress(ctx context.Context, observed session.Observed) (outcome, error) {
	secret, observed, err := r.observeLive(ctx, observed)
	if err != nil {
		return outcome{}, err
	}
	decision := session.Decide(observed, r.clock.Now())
	if decision.Action != session.Dress {
		return r.act(ctx, observed, decision)
	}
	dressed := secret.DeepCopy()
	credsecret.Dress(dressed, observed.Session)
	if err := r.patchSecret(ctx, secret, dressed); err != nil {
		return outcome{}, err
	}
	observed.Secret = credsecret.Observe(dressed, observed.Session)
	return outcome{observed: observed, retryAt: decision.RetryAt}, nil
}

// observeLive looks at the Secret past the cache.
func (r *SessionReconciler) observeLive(ctx context.Context, observed session.Observed) (*corev1.Secret, session.Observed, error) {
	fs := observed.Session
	secret, err := getSecret(ctx, r.live, client.ObjectKey{Namespace: fs.Namespace, Name: fs.TargetSecretName()})
	observed.Secret = credsecret.Observe(secret, fs)
	return secret, observed, err
}
