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
	"context"
	"errors"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
	"github.com/sts-operator/sts-operator/test/stsfake"
)

// phase is how long all sessions took, and what that cost.
type phase struct {
	took time.Duration
	cost cost
}

// speeds are those of the first issue and of a rotation.
type speeds struct{ issue, rotation phase }

// floor is the least that publishing takes: a client without an operator around it writes the same Secrets and the same
// statuses, two writes for each session.
func (s *stage) floor(ctx context.Context, namespace string) (speeds, error) {
	if err := s.createNamespace(ctx, namespace); err != nil {
		return speeds{}, err
	}
	sessions, secrets := make([]*v1alpha1.FederatedSession, s.sessions), make([]*corev1.Secret, s.sessions)
	err := each(ctx, namespace+", creating FederatedSessions", s.sessions, func(i int) error {
		sessions[i] = s.session(namespace, i)
		return s.kube.Create(ctx, sessions[i])
	})
	if err != nil {
		return speeds{}, err
	}
	var out speeds
	out.issue, err = s.timed(ctx, namespace+", first issue", func(i int) error {
		secrets[i] = credsecret.New(sessions[i])
		issued, err := s.fill(secrets[i], sessions[i])
		if err != nil {
			return err
		}
		if err := s.kube.Create(ctx, secrets[i]); err != nil {
			return err
		}
		return s.patchStatus(ctx, sessions[i], issued)
	})
	if err != nil {
		return speeds{}, err
	}
	out.rotation, err = s.timed(ctx, namespace+", rotation", func(i int) error {
		read := secrets[i].DeepCopy()
		issued, err := s.fill(secrets[i], sessions[i])
		if err != nil {
			return err
		}
		if err := s.kube.Patch(ctx, secrets[i], client.MergeFromWithOptions(read, client.MergeFromWithOptimisticLock{})); err != nil {
			return err
		}
		return s.patchStatus(ctx, sessions[i], issued)
	})
	if err != nil {
		return speeds{}, err
	}
	return out, s.clear(ctx, namespace)
}

// timed does something for each session and measures all of it.
func (s *stage) timed(ctx context.Context, label string, do func(i int) error) (phase, error) {
	before, begun := s.written.cost(), time.Now()
	err := each(ctx, label, s.sessions, do)
	return phase{time.Since(begun), s.written.cost().minus(before)}, err
}

// fill puts credentials into the Secret as the operator does.
func (s *stage) fill(secret *corev1.Secret, fs *v1alpha1.FederatedSession) (sts.Issued, error) {
	now := s.clock.Now().Truncate(time.Second)
	c := s.sts.IssueFederatedUser(stsfake.DefaultAccountID, fs.Spec.Name, 12*time.Hour)
	issued := sts.Issued{
		Credentials: sts.NewCredentials(c.AccessKeyID, c.SecretAccessKey, c.SessionToken),
		IssuedAt:    now, Expiration: c.Expiration,
		Identity: sts.Identity{
			AccountID: stsfake.DefaultAccountID,
			ARN:       "arn:aws:sts::" + stsfake.DefaultAccountID + ":federated-user/" + fs.Spec.Name,
			UserID:    stsfake.DefaultAccountID + ":" + fs.Spec.Name,
		},
	}
	request, problem := sts.NewRequest(fs)
	if problem != nil {
		return issued, errors.New(problem.Message)
	}
	return issued, credsecret.Publish(secret, fs, issued, credsecret.Origin{RequestHash: request.Hash(), IssuerIdentity: "AIDACKCEVSQ6C2EXAMPLE"})
}

// patchStatus writes a status like the operator's.
func (s *stage) patchStatus(ctx context.Context, fs *v1alpha1.FederatedSession, issued sts.Issued) error {
	before := fs.DeepCopy()
	utilization := int32(3)
	issuedAt, expiration := metav1.NewTime(issued.IssuedAt), metav1.NewTime(issued.Expiration)
	rotation := metav1.NewTime(session.RotateAt(issued.IssuedAt, issued.Expiration.Sub(issued.IssuedAt), 0, fs.UID))
	fs.Status = v1alpha1.FederatedSessionStatus{
		Conditions: []metav1.Condition{{
			Type: v1alpha1.ReadyCondition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonIssued,
			Message:            "Secret " + fs.TargetSecretName() + " holds credentials of " + issued.Identity.ARN,
			ObservedGeneration: fs.Generation, LastTransitionTime: issuedAt,
		}},
		ObservedGeneration: fs.Generation,
		SecretName:         fs.TargetSecretName(),
		AccessKeyID:        issued.Credentials.AccessKeyID(),
		Identity:           (*v1alpha1.Identity)(&issued.Identity),
		IssuedTime:         &issuedAt, ExpirationTime: &expiration, RotationTime: &rotation,
		SessionTokenUtilizationPercent: &utilization, PackedPolicySizePercent: &utilization,
	}
	return s.kube.Status().Patch(ctx, fs, client.MergeFrom(before))
}

// clear deletes the floor's objects, which are none of the operator's business.
func (s *stage) clear(ctx context.Context, namespace string) error {
	return during(namespace+", deleting", 0, func(*atomic.Int64) error {
		for _, kind := range []client.Object{&v1alpha1.FederatedSession{}, &corev1.Secret{}} {
			if err := s.kube.DeleteAllOf(ctx, kind, client.InNamespace(namespace)); err != nil {
				return err
			}
		}
		return nil
	})
}
