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

package issuer

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// reportIdentity writes what STS says of the issuer.
func (r *Reconciler) reportIdentity(ctx context.Context, issuer v1alpha1.Issuer, identity sts.Identity, accessKeyID string) error {
	return r.writeStatus(ctx, issuer, func(s status) { s.setIdentity(identity, accessKeyID) })
}

// reportUnsigned writes that the issuer has nobody to call STS as, which is in order.
func (r *Reconciler) reportUnsigned(ctx context.Context, issuer v1alpha1.Issuer) error {
	return r.writeStatus(ctx, issuer, func(s status) { s.setUnsigned() })
}

// reportUnverified writes that the service is not asked who the issuer is, which is in order.
func (r *Reconciler) reportUnverified(ctx context.Context, issuer v1alpha1.Issuer, accessKeyID string) error {
	return r.writeStatus(ctx, issuer, func(s status) { s.setUnverified(accessKeyID) })
}

// reportProblem writes why the issuer is not ready.
func (r *Reconciler) reportProblem(ctx context.Context, issuer v1alpha1.Issuer, problem *sts.Problem) error {
	return r.writeStatus(ctx, issuer, func(s status) { s.setProblem(problem) })
}

// writes says whether this installation writes the status of an issuer that it finds ready, or not. Of several that have no
// controllerName to go by, the first one after an edit writes, until another finds ready what that one does not: two that find
// different things, because each reads its own Secrets, must not write in turns.
func (r *Reconciler) writes(issuer v1alpha1.Issuer, ready bool) bool {
	status := issuer.IssuerStatus()
	switch {
	case !reconciler.IsReportedByAnother(issuer, r.controllerName), reconciler.ControllerNameOf(issuer) == r.controllerName:
		return true
	case status.ObservedGeneration != issuer.GetGeneration():
		return true
	}
	return ready && (status.Verified == nil || status.Verified.Generation != issuer.GetGeneration())
}

// writeStatus patches the status if set changes it and it is this installation's to write, and records a change of readiness.
func (r *Reconciler) writeStatus(ctx context.Context, issuer v1alpha1.Issuer, set func(status)) error {
	reported, ok := issuer.DeepCopyObject().(v1alpha1.Issuer)
	if !ok {
		return fmt.Errorf("%T is no issuer", issuer)
	}
	set(statusOf(reported, r.controllerName, r.clock.Now()))
	ready := meta.IsStatusConditionTrue(reported.IssuerStatus().Conditions, v1alpha1.ReadyCondition)
	if !r.writes(issuer, ready) {
		return nil
	}
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
		r.recorder.Eventf(reported, nil, kind, is.Reason, "Verify", "%s", reconciler.EventNote(is.Message))
	}
	return nil
}
