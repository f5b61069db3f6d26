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

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func needsTokenRight(s *stage) (string, error) {
	if err := s.apply("checks/web-identity-elsewhere.yaml"); err != nil {
		return "", err
	}
	fs, err := s.refusedUnasked(guestLabels, v1alpha1.ReasonTokenRequestForbidden, "an administrator must allow create on serviceaccounts/token there")
	if err != nil {
		return "", err
	}
	if err := s.allowTokens(guestLabels.Namespace); err != nil {
		return "", err
	}
	// It would be tried again within minutes.
	if err := s.annotate(guestLabels, v1alpha1.RotateRequestedAtAnnotation, time.Now().Format(time.RFC3339)); err != nil {
		return "", err
	}
	if _, err := s.serves(guestLabels); err != nil {
		return "", fmt.Errorf("with the right: %w", err)
	}
	return fmt.Sprintf("'%s'; with the right it is Ready", ready(fs).Message), nil
}

func keepsOtherTokens(s *stage) (string, error) {
	if err := s.apply("checks/token-audiences.yaml"); err != nil {
		return "", err
	}
	kubernetes, err := s.refusedUnasked(kubernetesAudience, v1alpha1.ReasonAudienceNotAllowed, "the Kubernetes API itself accepts tokens for")
	if err != nil {
		return "", err
	}
	other, err := s.refusedUnasked(otherAudience, v1alpha1.ReasonAudienceNotAllowed, "is given tokens for sts.amazonaws.com only")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("'%s'; '%s'", ready(kubernetes).Message, ready(other).Message), nil
}
