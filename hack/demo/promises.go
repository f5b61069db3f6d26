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
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

const (
	// soon is how long the operator may take for what it does at once.
	soon = 5 * time.Second
	// patience is how long it may take where nothing but a hurry of this machine's could make it late.
	patience = 30 * time.Second
)

func becomesReady(s *stage) (string, error) {
	sessions := []client.ObjectKey{reports, invoices, archive}
	for _, key := range sessions {
		if _, err := s.serves(key); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s, %s and %s", sessions[0], sessions[1], sessions[2]), nil
}

// serves waits until a session is Ready, and checks that its credentials work.
func (s *stage) serves(key client.ObjectKey) (*v1alpha1.FederatedSession, error) {
	fs, err := s.awaitSession(key, "is Ready", patience, isIssued)
	if err != nil {
		return nil, err
	}
	_, err = s.works(fs)
	return fs, err
}

// works checks that the credentials of a session's Secret are the session's own and that STS takes them.
func (s *stage) works(fs *v1alpha1.FederatedSession) (*corev1.Secret, error) {
	secret, err := s.secretOf(fs)
	if err != nil {
		return nil, err
	}
	caller, err := s.callerOf(secret)
	if err != nil {
		return nil, err
	}
	if fs.Status.Principal == nil || fs.Status.Principal.ARN != caller {
		return nil, fmt.Errorf("expected STS to call the credentials those of status.principal %v; seen: %s", fs.Status.Principal, caller)
	}
	return secret, nil
}

func rotates(s *stage) (string, error) {
	before, err := s.awaitSession(reports, "is Ready", soon, isIssued)
	if err != nil {
		return "", err
	}
	old, err := s.works(before)
	if err != nil {
		return "", err
	}
	after, err := s.awaitSession(reports, "has another access key id than "+before.Status.AccessKeyID, lifetime, isIssuedAnew(before))
	if err != nil {
		return "", err
	}
	lead := before.Status.ExpirationTime.Sub(after.Status.IssuedTime.Time)
	if lead <= 0 {
		return "", fmt.Errorf("expected new credentials before %s; seen: issued %s", before.Status.ExpirationTime, after.Status.IssuedTime)
	}
	if _, err := s.works(after); err != nil {
		return "", fmt.Errorf("the new credentials: %w", err)
	}
	if _, err := s.callerOf(old); err != nil {
		return "", fmt.Errorf("the old credentials, %s before they expire: %w", lead, err)
	}
	return fmt.Sprintf("%s became %s with %.0f s left; both work", before.Status.AccessKeyID, after.Status.AccessKeyID, lead.Seconds()), nil
}

func followsSpec(s *stage) (string, error) {
	const costCenter = "4712"
	before, err := s.awaitSession(invoices, "is Ready", soon, isIssued)
	if err != nil {
		return "", err
	}
	edited := before.DeepCopy()
	for i := range edited.Spec.Tags {
		if edited.Spec.Tags[i].Key == "cost-center" {
			edited.Spec.Tags[i].Value = new(costCenter)
		}
	}
	if err := s.kube.Patch(s.ctx, edited, client.MergeFrom(before)); err != nil {
		return "", err
	}
	after, err := s.awaitSession(invoices, "is issued anew", soon, isIssuedAnew(before))
	if err != nil {
		return "", err
	}
	calls, err := s.issues(before.Spec.Name)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(calls, func(c call) bool { return c.tag("cost-center") == costCenter }) {
		return "", fmt.Errorf("expected STS to be asked for the tag cost-center=%s; seen: %v", costCenter, calls[len(calls)-1].Parameters)
	}
	return fmt.Sprintf("with the tag cost-center=%s, %s became %s", costCenter, before.Status.AccessKeyID, after.Status.AccessKeyID), nil
}

func rotatesOnRequest(s *stage) (string, error) {
	before, err := s.calm(archive)
	if err != nil {
		return "", err
	}
	callsBefore, err := s.issues(before.Spec.Name)
	if err != nil {
		return "", err
	}
	if err := s.annotate(archive, v1alpha1.RotateRequestedAtAnnotation, time.Now().Format(time.RFC3339)); err != nil {
		return "", err
	}
	after, err := s.awaitSession(archive, "is issued anew", soon, isIssuedAnew(before))
	if err != nil {
		return "", err
	}
	// Something else wakes the operator: the request has been honoured and is not honoured again.
	if err := s.annotate(archive, "example.com/note", "just looking"); err != nil {
		return "", err
	}
	time.Sleep(2 * time.Second)
	callsAfter, err := s.issues(before.Spec.Name)
	if err != nil {
		return "", err
	}
	if made := len(callsAfter) - len(callsBefore); made != 1 {
		return "", fmt.Errorf("expected one call of GetFederationToken; seen: %d", made)
	}
	return fmt.Sprintf("%s became %s by one call of STS", before.Status.AccessKeyID, after.Status.AccessKeyID), nil
}

func (s *stage) annotate(key client.ObjectKey, name, value string) error {
	fs, err := s.session(key)
	if err != nil {
		return err
	}
	annotated := fs.DeepCopy()
	if annotated.Annotations == nil {
		annotated.Annotations = map[string]string{}
	}
	annotated.Annotations[name] = value
	return s.kube.Patch(s.ctx, annotated, client.MergeFrom(fs))
}
