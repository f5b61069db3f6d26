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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

func mendsSecret(s *stage) (string, error) {
	before, err := s.calm(archive)
	if err != nil {
		return "", err
	}
	secret, err := s.secretOf(before)
	if err != nil {
		return "", err
	}
	tampered := secret.DeepCopy()
	tampered.Data["credentials.json"] = []byte("{}")
	if err := s.kube.Patch(s.ctx, tampered, client.MergeFrom(secret)); err != nil {
		return "", err
	}
	after, err := s.awaitSession(archive, "is issued anew", soon, isIssuedAnew(before))
	if err != nil {
		return "", err
	}
	if _, err := s.works(after); err != nil {
		return "", err
	}
	return fmt.Sprintf("with credentials.json emptied, %s became %s", before.Status.AccessKeyID, after.Status.AccessKeyID), nil
}

// outage has STS answer as a broken load balancer does, but for the check that credentials work.
const outage = `{"kind":"html","status":503,"operation":"GetFederationToken"}`

func survivesOutage(s *stage) (seen string, err error) {
	if _, err := s.awaitSession(reports, "is Ready", soon, isIssued); err != nil {
		return "", err
	}
	if err := s.switchOn(outage); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.switchOff()) }()
	failing, err := s.awaitSession(reports, "is Ready with RenewalFailing", lifetime, func(fs *v1alpha1.FederatedSession) bool {
		return ready(fs).Status == metav1.ConditionTrue && ready(fs).Reason == v1alpha1.ReasonRenewalFailing
	})
	if err != nil {
		return "", err
	}
	if _, err := s.works(failing); err != nil {
		return "", fmt.Errorf("during the outage: %w", err)
	}
	left := time.Until(failing.Status.ExpirationTime.Time)
	if err := s.switchOff(); err != nil {
		return "", err
	}
	healed, err := s.awaitSession(reports, "is renewed after the outage", 10*time.Second, isIssuedAnew(failing))
	if err != nil {
		return "", err
	}
	if _, err := s.works(healed); err != nil {
		return "", fmt.Errorf("after the outage: %w", err)
	}
	if !healed.Status.IssuedTime.Before(failing.Status.ExpirationTime) {
		return "", fmt.Errorf("expected new credentials before %s; seen: issued %s", failing.Status.ExpirationTime, healed.Status.IssuedTime)
	}
	return fmt.Sprintf("RenewalFailing while %s worked for %.0f s more; then it became %s", failing.Status.AccessKeyID, left.Seconds(), healed.Status.AccessKeyID), nil
}
