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

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// reportIdentity writes what STS says of the issuer.
func (r *IssuerReconciler) reportIdentity(ctx context.Context, issuer v1alpha1.Issuer, identity broker.Identity, accessKeyID string) error {
	return r.writeStatus(ctx, issuer, func(status *v1alpha1.IssuerStatus, now time.Time) {
		setIdentity(status, issuer.GetGeneration(), identity, accessKeyID, now)
	})
}

// reportNoIdentity writes that the issuer has nobody to call STS as, which is in order.
func (r *IssuerReconciler) reportNoIdentity(ctx context.Context, issuer v1alpha1.Issuer) error {
	return r.writeStatus(ctx, issuer, func(status *v1alpha1.IssuerStatus, now time.Time) {
		setNoIdentity(status, issuer.GetGeneration(), now)
	})
}

// reportProblem writes why the issuer is not ready. STS not answering for a while does not make a confirmed identity untrue.
func (r *IssuerReconciler) reportProblem(ctx context.Context, issuer v1alpha1.Issuer, config broker.Config, problem *sts.Problem) error {
	switch problem.Reason {
	case v1alpha1.ReasonBudgetExhausted:
		return nil
	case v1alpha1.ReasonUnavailable, v1alpha1.ReasonThrottled, v1alpha1.ReasonIncompleteResponse, v1alpha1.ReasonUnknownError:
		if isConfirmed(issuer, config) {
			return nil
		}
	}
	return r.writeStatus(ctx, issuer, func(status *v1alpha1.IssuerStatus, now time.Time) {
		setIssuerProblem(status, issuer.GetGeneration(), problem, now)
	})
}

// writeStatus patches the status if set changes it, and tells of a change of readiness.
func (r *IssuerReconciler) writeStatus(ctx context.Context, issuer v1alpha1.Issuer, set func(*v1alpha1.IssuerStatus, time.Time)) error {
	reported, ok := issuer.DeepCopyObject().(v1alpha1.Issuer)
	if !ok {
		return fmt.Errorf("%T is no issuer", issuer)
	}
	set(reported.IssuerStatus(), r.clock.Now())
	if equality.Semantic.DeepEqual(issuer.IssuerStatus(), reported.IssuerStatus()) {
		return nil
	}
	was := meta.FindStatusCondition(issuer.IssuerStatus().Conditions, v1alpha1.ReadyCondition).DeepCopy()
	if err := r.client.Status().Patch(ctx, reported, client.MergeFromWithOptions(issuer, client.MergeFromWithOptimisticLock{})); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("writing the status of %s %s: %w", r.kind, client.ObjectKeyFromObject(issuer), err))
	}
	is := meta.FindStatusCondition(reported.IssuerStatus().Conditions, v1alpha1.ReadyCondition)
	if was == nil || was.Status != is.Status || was.Reason != is.Reason {
		kind := corev1.EventTypeNormal
		if is.Status != metav1.ConditionTrue {
			kind = corev1.EventTypeWarning
		}
		r.recorder.Eventf(reported, nil, kind, is.Reason, "Verify", "%s", noteOf(is.Message))
	}
	return nil
}

// setIdentity is pure. The time of the verification moves only if what it found is new.
func setIdentity(status *v1alpha1.IssuerStatus, generation int64, identity broker.Identity, accessKeyID string, now time.Time) {
	known := status.DeepCopy()
	status.Account, status.ARN, status.UserID, status.AccessKeyID = identity.Account, identity.ARN, identity.UserID, accessKeyID
	status.ObservedGeneration = generation
	conditions := conditionSet{&status.Conditions, generation, now}
	conditions.set(metav1.Condition{
		Type: v1alpha1.ReadyCondition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonVerified,
		Message: "STS confirms the identity " + identity.ARN,
	})
	conditions.set(canFederate(identity))
	conditions.setWhile(sts.IsRoot(identity.ARN), v1alpha1.RootIdentityCondition, metav1.Condition{
		Reason: v1alpha1.ReasonRootUser,
		Message: "the key is the account's root user's: it may do everything, its sessions last an hour at most, and AWS advises " +
			"against having it; use an IAM user's",
	})
	if !equality.Semantic.DeepEqual(known, status) {
		verified := metav1.NewTime(now.UTC().Truncate(time.Second))
		status.LastVerifiedTime = &verified
	}
}

// canFederate is whether AWS lets the identity call GetFederationToken and GetSessionToken.
func canFederate(identity broker.Identity) metav1.Condition {
	condition := metav1.Condition{Type: v1alpha1.CanFederateCondition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonIAMUser,
		Message: "an IAM user's long-term key may call GetFederationToken and GetSessionToken, as far as its policies allow"}
	switch {
	case sts.IsRoot(identity.ARN):
		condition.Reason, condition.Message = v1alpha1.ReasonRootUser, "the root user may call GetFederationToken and GetSessionToken"
	case !sts.CanFederate(identity.ARN):
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonTemporaryIdentity
		condition.Message = identity.ARN + " is a temporary identity, which AWS does not let call GetFederationToken and GetSessionToken: " +
			"for these give the issuer an IAM user's long-term key (spec.accessKey); assumeRole works"
	}
	return condition
}

// setNoIdentity is pure.
func setNoIdentity(status *v1alpha1.IssuerStatus, generation int64, now time.Time) {
	status.Account, status.ARN, status.UserID, status.AccessKeyID, status.LastVerifiedTime = "", "", "", "", nil
	status.ObservedGeneration = generation
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.CanFederateCondition)
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.RootIdentityCondition)
	conditionSet{&status.Conditions, generation, now}.set(metav1.Condition{
		Type: v1alpha1.ReadyCondition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonNoIdentity,
		Message: "the issuer has no identity: it serves assumeRoleWithWebIdentity and assumeRoleWithSAML, whose calls are not signed",
	})
}

// setIssuerProblem is pure. What STS once said of the identity stays: it tells who is in trouble.
func setIssuerProblem(status *v1alpha1.IssuerStatus, generation int64, problem *sts.Problem, now time.Time) {
	status.ObservedGeneration = generation
	conditionSet{&status.Conditions, generation, now}.set(metav1.Condition{
		Type: v1alpha1.ReadyCondition, Status: metav1.ConditionFalse, Reason: problem.Reason, Message: problem.Message,
	})
}
