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
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// The sessions of hack/demo/objects and hack/demo/checks.
var (
	reports       = client.ObjectKey{Namespace: "reporting", Name: "reports"}
	invoices      = client.ObjectKey{Namespace: "billing", Name: "invoices"}
	archive       = client.ObjectKey{Namespace: "billing", Name: "archive"}
	visitor       = client.ObjectKey{Namespace: "guest", Name: "visitor"}
	invalidPolicy = client.ObjectKey{Namespace: "reporting", Name: "invalid-policy"}
	payroll       = client.ObjectKey{Namespace: "reporting", Name: "payroll"}
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
