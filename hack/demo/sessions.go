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

package main

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// The sessions of hack/demo/objects and hack/demo/checks.
var (
	reports  = client.ObjectKey{Namespace: "reporting", Name: "reports"}
	invoices = client.ObjectKey{Namespace: "billing", Name: "invoices"}
	archive  = client.ObjectKey{Namespace: "billing", Name: "archive"}
	visitor  = client.ObjectKey{Namespace: "guest", Name: "visitor"}
	forecast = client.ObjectKey{Namespace: "reporting", Name: "forecast"}
	console  = client.ObjectKey{Namespace: "reporting", Name: "console"}
	labels   = client.ObjectKey{Namespace: "shipping", Name: "labels"}
	parcels  = client.ObjectKey{Namespace: "shipping", Name: "parcels"}

	invalidPolicy      = client.ObjectKey{Namespace: "reporting", Name: "invalid-policy"}
	payroll            = client.ObjectKey{Namespace: "reporting", Name: "payroll"}
	admin              = client.ObjectKey{Namespace: "reporting", Name: "admin"}
	onCall             = client.ObjectKey{Namespace: "reporting", Name: "on-call"}
	guestLabels        = client.ObjectKey{Namespace: "guest", Name: "labels"}
	kubernetesAudience = client.ObjectKey{Namespace: "shipping", Name: "kubernetes-audience"}
	otherAudience      = client.ObjectKey{Namespace: "shipping", Name: "other-audience"}
	replayedAssertion  = client.ObjectKey{Namespace: "shipping", Name: "replayed-assertion"}
	nightly            = client.ObjectKey{Namespace: "reporting", Name: "nightly"}
	brokenRule         = client.ObjectKey{Namespace: "reporting", Name: "reporting-broken"}
	tagged             = client.ObjectKey{Namespace: "reporting", Name: "tagged"}
	mistagged          = client.ObjectKey{Namespace: "reporting", Name: "mistagged"}
	traced             = client.ObjectKey{Namespace: "reporting", Name: "traced"}
	masked             = client.ObjectKey{Namespace: "reporting", Name: "masked"}
	misplaced          = client.ObjectKey{Namespace: "reporting", Name: "misplaced"}
	verified           = client.ObjectKey{Namespace: "reporting", Name: "verified"}
	denied             = client.ObjectKey{Namespace: "reporting", Name: "denied"}
)

func (s *stage) session(key client.ObjectKey) (*v1alpha1.FederatedSession, error) {
	fs := &v1alpha1.FederatedSession{}
	return fs, s.kube.Get(s.ctx, key, fs)
}

func (s *stage) secretOf(fs *v1alpha1.FederatedSession) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	return secret, s.kube.Get(s.ctx, client.ObjectKey{Namespace: fs.Namespace, Name: fs.TargetSecretName()}, secret)
}

// awaitSession waits until a session is as expected, and returns it.
func (s *stage) awaitSession(key client.ObjectKey, expected string, limit time.Duration, is func(*v1alpha1.FederatedSession) bool) (*v1alpha1.FederatedSession, error) {
	var fs *v1alpha1.FederatedSession
	err := s.until(s.ctx, fmt.Sprintf("%s %s", key, expected), limit, func() (string, bool) {
		var err error
		if fs, err = s.session(key); err != nil {
			return err.Error(), false
		}
		return word(fs), is(fs)
	})
	return fs, err
}

// word tells how a session stands.
func word(fs *v1alpha1.FederatedSession) string {
	c := ready(fs)
	text := fmt.Sprintf("Ready %s, %s", c.Status, c.Reason)
	if c.Reason != v1alpha1.ReasonIssued {
		return text + ": " + c.Message
	}
	return fmt.Sprintf("%s, key %s, renewal due %s", text, fs.Status.AccessKeyID, fs.Status.RenewalTime.UTC().Format(time.TimeOnly))
}

// ready is the Ready condition, if it speaks of the current spec.
func ready(fs *v1alpha1.FederatedSession) metav1.Condition {
	c := meta.FindStatusCondition(fs.Status.Conditions, v1alpha1.ReadyCondition)
	if c == nil || fs.Status.ObservedGeneration != fs.Generation {
		return metav1.Condition{Status: metav1.ConditionUnknown, Reason: "Unseen", Message: "the operator has not seen it yet"}
	}
	return *c
}

// isIssued: it is Ready, and nothing is wrong.
func isIssued(fs *v1alpha1.FederatedSession) bool {
	return ready(fs).Status == metav1.ConditionTrue && ready(fs).Reason == v1alpha1.ReasonIssued
}

// isIssuedAnew: it is Ready with another key than before.
func isIssuedAnew(before *v1alpha1.FederatedSession) func(*v1alpha1.FederatedSession) bool {
	return func(fs *v1alpha1.FederatedSession) bool {
		return isIssued(fs) && fs.Status.AccessKeyID != before.Status.AccessKeyID
	}
}

// hasReason: it is not Ready, for that reason.
func hasReason(reason string) func(*v1alpha1.FederatedSession) bool {
	return func(fs *v1alpha1.FederatedSession) bool {
		return ready(fs).Status == metav1.ConditionFalse && ready(fs).Reason == reason
	}
}

// calm waits until a session is Ready and its renewal is not near, so that what follows is not mistaken for a renewal.
func (s *stage) calm(key client.ObjectKey) (*v1alpha1.FederatedSession, error) {
	return s.awaitSession(key, "is Ready, its renewal not near", lifetime, func(fs *v1alpha1.FederatedSession) bool {
		return isIssued(fs) && time.Until(fs.Status.RenewalTime.Time) > 4*time.Second
	})
}

// refused waits until a session is not Ready for that reason with a message that says this much, and has no Secret.
func (s *stage) refused(key client.ObjectKey, reason, message string) (*v1alpha1.FederatedSession, error) {
	expected := fmt.Sprintf("is not Ready because of %s, %q", reason, message)
	fs, err := s.awaitSession(key, expected, patience, func(fs *v1alpha1.FederatedSession) bool {
		return hasReason(reason)(fs) && strings.Contains(ready(fs).Message, message)
	})
	if err != nil {
		return nil, err
	}
	if _, err := s.secretOf(fs); !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("expected no Secret %s/%s; seen: %w", fs.Namespace, fs.TargetSecretName(), orNone(err))
	}
	return fs, nil
}

// refusedUnasked is refused, and STS was not asked.
func (s *stage) refusedUnasked(key client.ObjectKey, reason, message string) (*v1alpha1.FederatedSession, error) {
	fs, err := s.refused(key, reason, message)
	if err != nil {
		return nil, err
	}
	return fs, s.neverIssued(fs)
}

// awaitIssuer waits until an issuer is not Ready for that reason, and returns the message.
func (s *stage) awaitIssuer(key client.ObjectKey, reason string) (message string, err error) {
	err = s.until(s.ctx, fmt.Sprintf("SessionIssuer %s is not Ready because of %s", key, reason), patience, func() (string, bool) {
		issuer := &v1alpha1.SessionIssuer{}
		if err := s.kube.Get(s.ctx, key, issuer); err != nil {
			return err.Error(), false
		}
		c := meta.FindStatusCondition(issuer.Status.Conditions, v1alpha1.ReadyCondition)
		if c == nil || issuer.Status.ObservedGeneration != issuer.Generation {
			return "the operator has not seen it yet", false
		}
		message = c.Message
		return fmt.Sprintf("Ready %s, %s: %s", c.Status, c.Reason, c.Message), c.Status == metav1.ConditionFalse && c.Reason == reason
	})
	return message, err
}
