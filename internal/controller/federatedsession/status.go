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
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// setStatus makes the status say what came of a reconcile. It is pure, and the same outcome always gives the same status.
func setStatus(status *v1alpha1.FederatedSessionStatus, o outcome, now time.Time) {
	fs := o.observed.Session
	setPublished(status, o, now)
	switch {
	case o.failed:
		failure := session.NextFailure(o.observed, o.problem, now)
		status.LastFailure = &failure
	case o.problem == nil:
		status.LastFailure = nil
	}
	usable := session.IsUsable(o.observed, now)
	ready := readyCondition(o, usable, now)
	conditions := reconciler.Conditions{List: &status.Conditions, Generation: fs.Generation, Now: now}
	conditions.Set(ready)

	stalled := ready
	isStalled := o.problem != nil && o.problem.Outcome() == sts.Refuse
	// Nobody need wait for what was suspended on purpose: only an edit will bring credentials.
	if !usable && o.problem != nil && o.problem.Reason == v1alpha1.ReasonSuspended {
		isStalled, stalled.Reason, stalled.Message = true, o.problem.Reason, o.problem.Message
	}
	isReconciling := !usable && !isStalled && ready.Reason != v1alpha1.ReasonExpired
	conditions.SetWhile(isStalled, v1alpha1.StalledCondition, stalled)
	conditions.SetWhile(isReconciling, v1alpha1.ReconcilingCondition, ready)
	status.ObservedGeneration = fs.Generation
}

// setPublished says what the Secret holds, unless somebody else has written it. All of it can be read off the Secret but
// what STS answers once: sizes, and what it read in a token or assertion.
func setPublished(status *v1alpha1.FederatedSessionStatus, o outcome, now time.Time) {
	o.observed.Secret = believed(status, o.observed, now)
	secret := o.observed.Secret
	issued := o.issued
	if issued == nil && status.AccessKeyID != secret.AccessKeyID {
		issued = &sts.Issued{}
	}
	if issued != nil {
		status.SessionTokenUtilizationPercent, status.PackedPolicySizePercent = issued.SessionTokenUtilization, issued.PackedPolicySize
		status.SourceIdentity, status.WebIdentity, status.SAML = issued.SourceIdentity, issued.WebIdentity, issued.SAML
	}
	status.SecretName, status.Identity = "", nil
	if secret.AccessKeyID != "" {
		status.SecretName = o.observed.Session.TargetSecretName()
		if secret.Identity != (sts.Identity{}) { // which other services than AWS may not tell
			status.Identity = (*v1alpha1.Identity)(&secret.Identity)
		}
	}
	status.AccessKeyID = secret.AccessKeyID
	status.IssuedTime = reconciler.Timestamp(secret.IssuedAt)
	status.ExpirationTime = reconciler.Timestamp(secret.Expiration)
	status.RotationTime = nil
	isStopped := o.problem != nil && (o.problem.Reason == v1alpha1.ReasonSuspended || o.problem.Outcome() == sts.Refuse)
	if secret.AccessKeyID != "" && !isStopped {
		status.RotationTime = reconciler.Timestamp(o.observed.RotateAt())
	}
}

// believed is of the Secret what can be shown. What was published for an earlier spec can no longer be held against that; of its
// credentials, only what was reported of them then is believed.
func believed(reported *v1alpha1.FederatedSessionStatus, observed session.Observed, now time.Time) session.Secret {
	secret := observed.Secret
	switch {
	case !secret.Exists || secret.Foreign != "" || !session.IsIntact(observed, now):
		return session.Secret{}
	case !session.IsOfAnother(observed):
		return secret
	case reported.AccessKeyID != secret.AccessKeyID || reported.IssuedTime == nil || reported.ExpirationTime == nil:
		return session.Secret{}
	}
	secret.Identity = sts.Identity{}
	if reported.Identity != nil {
		secret.Identity = sts.Identity(*reported.Identity)
	}
	secret.IssuedAt, secret.Expiration = reported.IssuedTime.Time, reported.ExpirationTime.Time
	return secret
}

// readyCondition is the Ready condition of an outcome.
func readyCondition(o outcome, usable bool, now time.Time) metav1.Condition {
	secret := o.observed.Secret
	ready := metav1.Condition{Type: v1alpha1.ReadyCondition, Status: metav1.ConditionFalse}
	switch {
	case usable:
		ready.Status = metav1.ConditionTrue
		ready.Reason = v1alpha1.ReasonIssued
		whose := cmp.Or(secret.Identity.ARN, "access key "+secret.AccessKeyID)
		ready.Message = fmt.Sprintf("Secret %s holds credentials of %s", o.observed.Session.TargetSecretName(), whose)
		if o.problem == nil || o.problem.Quiet {
			return ready
		}
		ready.Reason = v1alpha1.ReasonRotationFailing
		if o.problem.Reason == v1alpha1.ReasonSuspended {
			ready.Reason = v1alpha1.ReasonSuspended
		}
		ready.Message = fmt.Sprintf("%s; the published credentials work until %s", o.problem.Message, secret.Expiration.UTC().Format(time.RFC3339))
	case o.problem == nil:
		// Only a Secret that somebody changed while this reconcile ran gets here; its event brings the next.
		ready.Reason, ready.Message = v1alpha1.ReasonSecretWriteFailed, "the Secret changed while it was written; it is looked at again"
	case session.HasExpired(o.observed, now) && o.problem.Outcome() != sts.Refuse:
		ready.Reason = v1alpha1.ReasonExpired
		ready.Message = fmt.Sprintf("the credentials have expired and cannot be replaced: %s: %s", o.problem.Reason, o.problem.Message)
	default:
		ready.Reason, ready.Message = o.problem.Reason, o.problem.Message
	}
	return ready
}
