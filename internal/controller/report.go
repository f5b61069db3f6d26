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
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// report writes what came of the reconcile into the status, if that changed, then tells events and metrics. After a conflict
// it is tried once more if credentials were issued, and only metadata has changed: what STS told would be lost.
func (r *SessionReconciler) report(ctx context.Context, o outcome) error {
	fs := o.observed.Session
	err := r.writeStatus(ctx, fs, o)
	if o.issued == nil || !apierrors.IsConflict(err) {
		return err
	}
	current := &v1alpha1.FederatedSession{}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(fs), current); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("reading FederatedSession %s/%s again: %w", fs.Namespace, fs.Name, err))
	}
	if current.UID != fs.UID || current.Generation != fs.Generation {
		return err
	}
	return r.writeStatus(ctx, current, o)
}

// writeStatus patches the status of the session as it was read, if that changes it.
func (r *SessionReconciler) writeStatus(ctx context.Context, fs *v1alpha1.FederatedSession, o outcome) error {
	now := r.clock.Now()
	reported := fs.DeepCopy()
	setSessionStatus(&reported.Status, o, now)
	r.metrics.session(reported)
	if equality.Semantic.DeepEqual(fs.Status, reported.Status) {
		return nil
	}
	// The lock keeps it from an object of the same name that has taken this one's place, and from a newer spec.
	written := reported.DeepCopy()
	if err := r.client.Status().Patch(ctx, written, client.MergeFromWithOptions(fs, client.MergeFromWithOptimisticLock{})); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("writing the status of FederatedSession %s/%s: %w", fs.Namespace, fs.Name, err))
	}
	if written.ResourceVersion != fs.ResourceVersion {
		r.replaced.Store(client.ObjectKeyFromObject(fs), fs.ResourceVersion)
	}
	r.announce(fs, reported, o)
	return nil
}

// setSessionStatus makes the status say what came of a reconcile. It is pure, and the same outcome always gives the same status.
func setSessionStatus(status *v1alpha1.FederatedSessionStatus, o outcome, now time.Time) {
	fs := o.observed.Session
	setPublished(status, o)
	switch {
	case o.failed:
		failure := session.NextFailure(o.observed, o.problem, now)
		status.LastFailure = &failure
	case o.problem == nil:
		status.LastFailure = nil
	}
	usable := session.IsUsable(o.observed, now)
	ready := readyCondition(o, usable, now)
	conditions := conditionSet{&status.Conditions, fs.Generation, now}
	conditions.set(ready)

	isStalled := o.problem != nil && o.problem.Outcome() == sts.Refuse
	isReconciling := !usable && !isStalled && ready.Reason != v1alpha1.ReasonExpired && ready.Reason != v1alpha1.ReasonSuspended
	conditions.setWhile(isStalled, v1alpha1.StalledCondition, ready)
	conditions.setWhile(isReconciling, v1alpha1.ReconcilingCondition, ready)
	status.ObservedGeneration = fs.Generation
}

// setPublished tells what the Secret holds, unless somebody else has written it. All of it can be read off the Secret but
// what STS told once: sizes, and what it read in a token or assertion.
func setPublished(status *v1alpha1.FederatedSessionStatus, o outcome) {
	secret := o.observed.Secret
	if !secret.Exists || secret.Foreign != "" || !secret.Intact {
		secret = session.Secret{}
	}
	told := o.issued
	if told == nil && status.AccessKeyID != secret.AccessKeyID {
		told = &sts.Issued{}
	}
	if told != nil {
		status.SessionTokenUtilizationPercent, status.PackedPolicySizePercent = told.SessionTokenUtilization, told.PackedPolicySize
		status.SourceIdentity, status.WebIdentity, status.SAML = told.SourceIdentity, told.WebIdentity, told.SAML
	}
	status.SecretName, status.Principal = "", nil
	if secret.AccessKeyID != "" {
		status.SecretName = o.observed.Session.TargetSecretName()
		status.Principal = &v1alpha1.Principal{ARN: secret.PrincipalARN, ID: secret.PrincipalID}
	}
	status.AccessKeyID = secret.AccessKeyID
	status.AccountID = sts.AccountOf(secret.PrincipalARN)
	status.IssuedTime = timeOrNil(secret.IssuedAt)
	status.ExpirationTime = timeOrNil(secret.Expiration)
	status.RenewalTime = nil
	isStopped := o.problem != nil && (o.problem.Reason == v1alpha1.ReasonSuspended || o.problem.Outcome() == sts.Refuse)
	if secret.AccessKeyID != "" && !isStopped {
		status.RenewalTime = timeOrNil(o.observed.RenewAt())
	}
}

// readyCondition is the Ready condition of an outcome.
func readyCondition(o outcome, usable bool, now time.Time) metav1.Condition {
	secret := o.observed.Secret
	ready := metav1.Condition{Type: v1alpha1.ReadyCondition, Status: metav1.ConditionFalse}
	switch {
	case usable:
		ready.Status = metav1.ConditionTrue
		ready.Reason = v1alpha1.ReasonIssued
		ready.Message = fmt.Sprintf("Secret %s holds credentials of %s", o.observed.Session.TargetSecretName(), secret.PrincipalARN)
		if o.problem == nil || o.problem.Quiet {
			return ready
		}
		ready.Reason = v1alpha1.ReasonRenewalFailing
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

func timeOrNil(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	out := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &out
}
