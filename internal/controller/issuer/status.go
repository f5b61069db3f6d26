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
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/guardrail"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// status sets the status of an issuer. It is pure: the same finding always gives the same status.
type status struct {
	*v1alpha1.IssuerStatus
	generation     int64
	controllerName string
	unrestricted   bool
	now            time.Time
}

func statusOf(issuer v1alpha1.Issuer, controllerName string, now time.Time) status {
	return status{issuer.IssuerStatus(), issuer.GetGeneration(), controllerName, guardrail.Unrestricted(issuer), now}
}

// setIdentity: STS has confirmed the identity. The time of the verification moves only if what it found is new.
func (s status) setIdentity(identity sts.Identity, accessKeyID string) {
	known := s.DeepCopy()
	s.Identity = (*v1alpha1.Identity)(&identity)
	s.Verified = &v1alpha1.VerifiedIdentity{Generation: s.generation, AccessKeyID: accessKeyID, Identity: v1alpha1.Identity(identity)}
	conditions := s.set(metav1.Condition{
		Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonVerified, Message: "STS confirms the identity " + identity.ARN,
	}, false)
	conditions.Set(canFederate(identity))
	conditions.SetWhile(identity.IsRoot(), v1alpha1.RootIdentityCondition, metav1.Condition{
		Reason: v1alpha1.ReasonRootUser,
		Message: "the key is the account's root user's: it may do everything, its sessions last an hour at most, and AWS advises " +
			"against having it; use an IAM user's",
	})
	if !equality.Semantic.DeepEqual(known, s.IssuerStatus) {
		s.LastVerifiedTime = reconciler.Timestamp(s.now)
	}
}

// setUnsigned: the issuer has no identity, which needs no verification.
func (s status) setUnsigned() {
	s.setUnknown("", v1alpha1.ReasonNoIdentity,
		"the issuer has no identity: it serves assumeRoleWithWebIdentity and assumeRoleWithSAML, whose calls are not signed")
}

// setUnverified: the service is not AWS. All that is known of whom it serves is the key.
func (s status) setUnverified(accessKeyID string) {
	s.setUnknown(accessKeyID, v1alpha1.ReasonUnverified,
		"the service is not AWS (spec.service: Compatible) and is not asked who the identity is; a wrong key shows on the sessions")
}

// setUnknown: the issuer can be used, and STS is not asked who it is.
func (s status) setUnknown(accessKeyID, reason, message string) {
	s.Identity, s.LastVerifiedTime = nil, nil
	s.Verified = &v1alpha1.VerifiedIdentity{Generation: s.generation, AccessKeyID: accessKeyID}
	meta.RemoveStatusCondition(&s.Conditions, v1alpha1.CanFederateCondition)
	meta.RemoveStatusCondition(&s.Conditions, v1alpha1.RootIdentityCondition)
	s.set(metav1.Condition{Status: metav1.ConditionTrue, Reason: reason, Message: message}, false)
}

// setProblem: the issuer cannot be used. What STS once said of the identity stays: it says who is in trouble.
func (s status) setProblem(problem *sts.Problem) {
	s.Verified = nil
	ready := metav1.Condition{Status: metav1.ConditionFalse, Reason: problem.Reason, Message: problem.Message}
	s.set(ready, problem.StallsIssuer())
}

// set what every status has: the Ready condition, the generation, whose it is, and the hint at guardrails that guard nothing.
func (s status) set(ready metav1.Condition, isStalled bool) reconciler.Conditions {
	s.ObservedGeneration, s.ControllerName = s.generation, s.controllerName
	conditions := reconciler.Conditions{List: &s.Conditions, Generation: s.generation, Now: s.now}
	ready.Type = v1alpha1.ReadyCondition
	conditions.Set(ready)
	conditions.SetWhile(isStalled, v1alpha1.StalledCondition, ready)
	conditions.SetWhile(s.unrestricted, v1alpha1.UnrestrictedCondition, metav1.Condition{
		Reason: v1alpha1.ReasonNoRules,
		Message: "every namespace may ask for all that this issuer's identity may lend: narrow spec.allowedNamespaces, " +
			"or write down in spec.guardrails.rules what a session may be",
	})
	return conditions
}

// canFederate is whether AWS lets the identity call GetFederationToken and GetSessionToken.
func canFederate(identity sts.Identity) metav1.Condition {
	condition := metav1.Condition{
		Type: v1alpha1.CanFederateCondition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonIAMUser,
		Message: "an IAM user's long-term key may call GetFederationToken and GetSessionToken, as far as its policies allow",
	}
	switch {
	case identity.IsRoot():
		condition.Reason, condition.Message = v1alpha1.ReasonRootUser, "the root user may call GetFederationToken and GetSessionToken"
	case !identity.CanFederate():
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonTemporaryIdentity
		condition.Message = identity.ARN + " is a temporary identity, which AWS does not let call GetFederationToken and GetSessionToken: " +
			"for these give the issuer an IAM user's long-term key (spec.accessKey); assumeRole works"
	}
	return condition
}
