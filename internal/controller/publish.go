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
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	// publishTries: somebody may write the Secret between the read and the write; the credentials that were just issued
	// are not thrown away for that.
	publishTries = 3
	// publishTimeout bounds publishing after a shutdown has begun.
	publishTimeout = 10 * time.Second
)

// published is what came of publishing: the Secret as it is then, and, unless it holds the credentials, either the problem
// of writing it or the decision that it calls for instead.
type published struct {
	observed session.Observed
	problem  *sts.Problem
	instead  *session.Decision
}

// publish writes issued credentials to the Secret. A Secret that changed since it was read is read and decided about again.
// Once STS has answered, a shutdown no longer interrupts.
func (r *SessionReconciler) publish(ctx context.Context, secret *corev1.Secret, observed session.Observed, issued sts.Issued, identity string) published {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	var err error
	for range publishTries {
		var written *corev1.Secret
		if written, err = r.write(ctx, secret, observed, issued, identity); err == nil {
			observed.Secret = credsecret.Observe(written, observed.Session)
			return published{observed: observed, problem: writtenProblem(observed)}
		}
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) && !apierrors.IsNotFound(err) {
			break
		}
		if secret, observed, err = r.observeLive(ctx, observed); err != nil {
			break
		}
		// It may have become somebody else's, or another replica may have filled it: then that stays.
		if decision := session.Decide(observed, r.clock.Now()); decision.Action != session.Issue {
			return published{observed: observed, instead: &decision}
		}
	}
	logf.FromContext(ctx).Info("could not write the Secret", "secret", observed.Session.TargetSecretName(), "reason", apierrors.ReasonForError(err))
	return published{observed: observed, problem: writeProblem(observed.Session, err, issued.Credentials)}
}

// writtenProblem notices a mutating webhook that changes credentials as they are written: to issue anew would never end.
func writtenProblem(observed session.Observed) *sts.Problem {
	if observed.Secret.Intact {
		return nil
	}
	return sts.Problemf(v1alpha1.ReasonSecretWriteFailed, "something in the cluster, such as a mutating webhook, changes Secret %s as it is written: except Secrets of type %s from it",
		observed.Session.TargetSecretName(), credsecret.Type)
}

// write creates the Secret, or replaces what it holds if it is still as it was read.
func (r *SessionReconciler) write(ctx context.Context, secret *corev1.Secret, observed session.Observed, issued sts.Issued, identity string) (*corev1.Secret, error) {
	fs := observed.Session
	target := credsecret.New(fs)
	if secret != nil {
		target = secret.DeepCopy()
	}
	origin := credsecret.Origin{
		RequestHash: observed.Request.Hash(), AskedHash: observed.Asked.Hash(), Identity: identity, AssertionDigest: observed.Assertion.Digest,
	}
	if err := credsecret.Publish(target, fs, issued, origin); err != nil {
		return nil, err
	}
	if secret == nil {
		return target, r.client.Create(ctx, target)
	}
	return target, r.patchSecret(ctx, secret, target)
}

// patchSecret changes the Secret from what was read, and only if that is still what is there.
func (r *SessionReconciler) patchSecret(ctx context.Context, read, changed *corev1.Secret) error {
	return r.client.Patch(ctx, changed, client.MergeFromWithOptions(read, client.MergeFromWithOptimisticLock{}))
}

// writeProblem words an error of the Kubernetes API. Only what it refuses for a reason is quoted (the rest is different
// each time), and only if whoever refused did not quote the credentials.
func writeProblem(fs *v1alpha1.FederatedSession, err error, c sts.Credentials) *sts.Problem {
	name := fs.TargetSecretName()
	isQuotable := apierrors.IsForbidden(err) || apierrors.IsInvalid(err)
	for _, secret := range []string{c.SecretAccessKey(), c.SessionToken()} {
		isQuotable = isQuotable && !strings.Contains(err.Error(), secret) &&
			!strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return sts.Problemf(v1alpha1.ReasonNamespaceTerminating, "namespace %s is being deleted: nothing new is issued in it", fs.Namespace)
	case isQuotable:
		return sts.Problemf(v1alpha1.ReasonSecretWriteFailed, "the Kubernetes API refuses Secret %s: %s", name, err)
	}
	return sts.Problemf(v1alpha1.ReasonSecretWriteFailed, "Secret %s could not be written (%s)", name, apierrors.ReasonForError(err))
}

// removeFormer deletes the session's Secrets of other names, which it left behind when its target was renamed, once the
// target holds usable credentials: the new Secret first, then the old one goes.
func (r *SessionReconciler) removeFormer(ctx context.Context, observed session.Observed) error {
	if !session.IsUsable(observed, r.clock.Now()) {
		return nil
	}
	fs := observed.Session
	secrets := &corev1.SecretList{}
	err := r.client.List(ctx, secrets, client.InNamespace(fs.Namespace), client.MatchingFields{ownerIndex: string(fs.UID)})
	if err != nil {
		return fmt.Errorf("listing the Secrets of FederatedSession %s/%s: %w", fs.Namespace, fs.Name, err)
	}
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		if secret.Name == fs.TargetSecretName() || !credsecret.IsControlledBy(secret, fs) {
			continue
		}
		err := r.client.Delete(ctx, secret, client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			continue // the cache lags behind, or it has just changed: its event brings the next look
		}
		if err != nil {
			return fmt.Errorf("deleting Secret %s/%s, the former target of FederatedSession %s: %w", secret.Namespace, secret.Name, fs.Name, err)
		}
		logf.FromContext(ctx).Info("removed the former Secret", "secret", secret.Name)
	}
	return nil
}
