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
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func refusesInvalidSpec(s *stage) (string, error) {
	const message = "name may hold only letters, digits and _+=,.@-"
	err := s.apply("checks/invalid-spec.yaml")
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), message) {
		return "", fmt.Errorf("expected a refusal that says %q; seen: %w", message, orNone(err))
	}
	return fmt.Sprintf("%s…", message), nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

func refusesInvalidPolicy(s *stage) (string, error) {
	if err := s.apply("checks/invalid-policy.yaml"); err != nil {
		return "", err
	}
	fs, err := s.awaitSession(invalidPolicy, "is not Ready because of InvalidPolicy", soon, hasReason(v1alpha1.ReasonInvalidPolicy))
	if err != nil {
		return "", err
	}
	stalled := meta.FindStatusCondition(fs.Status.Conditions, v1alpha1.StalledCondition)
	if stalled == nil || stalled.Message == "" {
		return "", fmt.Errorf("expected the condition Stalled with a message; seen: %v", fs.Status.Conditions)
	}
	if err := s.neverIssued(fs); err != nil {
		return "", err
	}
	return fmt.Sprintf("Stalled, '%s'; STS was not asked", stalled.Message), nil
}

// neverIssued checks that STS was not called for a session that has a name.
func (s *stage) neverIssued(fs *v1alpha1.FederatedSession) error {
	calls, err := s.issues(fs.Spec.Name)
	if err == nil && len(calls) > 0 {
		err = fmt.Errorf("expected no call of STS for FederatedSession %s; seen: %d", fs.Name, len(calls))
	}
	return err
}

func sparesForeignSecret(s *stage) (string, error) {
	if err := s.apply("checks/foreign-secret.yaml"); err != nil {
		return "", err
	}
	fs, err := s.awaitSession(payroll, "is not Ready because of SecretConflict", soon, hasReason(v1alpha1.ReasonSecretConflict))
	if err != nil {
		return "", err
	}
	secret, err := s.secretOf(fs)
	if err != nil {
		return "", err
	}
	// The API server notes who has written to an object.
	if writers := secret.ManagedFields; len(writers) != 1 || writers[0].Manager != "demo" {
		return "", fmt.Errorf("expected that nobody but the demo has written Secret %s; seen: %v", secret.Name, writers)
	}
	if err := s.neverIssued(fs); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, '%s'", v1alpha1.ReasonSecretConflict, ready(fs).Message), nil
}

func guardsNamespace(s *stage) (string, error) {
	refused, err := s.awaitSession(visitor, "is not Ready because of NamespaceNotAllowed", soon, hasReason(v1alpha1.ReasonNamespaceNotAllowed))
	if err != nil {
		return "", err
	}
	if _, err := s.secretOf(refused); !apierrors.IsNotFound(err) {
		return "", fmt.Errorf("expected no Secret %s; seen: %w", visitor, orNone(err))
	}
	namespace := &corev1.Namespace{}
	if err := s.kube.Get(s.ctx, client.ObjectKey{Name: visitor.Namespace}, namespace); err != nil {
		return "", err
	}
	allowed := namespace.DeepCopy()
	allowed.Labels["example.com/aws-sessions"] = "allowed" // each namespace has at least the label of its name
	if err := s.kube.Patch(s.ctx, allowed, client.MergeFrom(namespace)); err != nil {
		return "", err
	}
	fs, err := s.awaitSession(visitor, "is Ready once its namespace has the label", soon, isIssued)
	if err != nil {
		return "", err
	}
	if _, err := s.works(fs); err != nil {
		return "", err
	}
	return fmt.Sprintf("'%s'; with the label it is Ready", ready(refused).Message), nil
}
