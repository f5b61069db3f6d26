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

package federatedsession

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

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

// publish writes issued credentials to the Secret and returns it, with what is observed of it then. A Secret that changed since it was read is read
// and decided about again: errDecidedOtherwise means that it no longer calls for credentials. A *sts.Problem says why they
// could not be written. Once STS has answered, a shutdown no longer interrupts.
func (r *Reconciler) publish(
	ctx context.Context, secret *corev1.Secret, observed session.Observed, issued sts.Issued, issuerIdentity string,
) (*corev1.Secret, session.Observed, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	var err error
	for range publishTries {
		var written *corev1.Secret
		written, err = r.write(ctx, secret, observed, issued, issuerIdentity)
		if err != nil && !isRefusal(err) {
			written, err = r.findWritten(ctx, observed, issued, err)
		}
		r.noteWrite(err)
		if err == nil {
			observed.Secret = credsecret.Observe(written, observed.Session)
			if !observed.Secret.Intact {
				// To issue anew would never end.
				return written, observed, secretChangedByWebhook(observed.Session)
			}
			return written, observed, nil
		}
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) && !apierrors.IsNotFound(err) {
			break
		}
		if secret, observed, err = r.observeLive(ctx, observed); err != nil {
			break
		}
		// It may have become somebody else's, or another replica may have filled it: then that stays.
		if session.Decide(observed, r.clock.Now()).Action != session.Issue {
			return secret, observed, errDecidedOtherwise
		}
	}
	logf.FromContext(ctx).Info("could not write the Secret", "secret", observed.Session.TargetSecretName(), "reason", apierrors.ReasonForError(err))
	return secret, observed, secretNotWritten(observed.Session, err, issued.Credentials)
}

// write creates the Secret, or replaces what it holds if it is still as it was read.
func (r *Reconciler) write(
	ctx context.Context,
	secret *corev1.Secret,
	observed session.Observed,
	issued sts.Issued,
	issuerIdentity string,
) (*corev1.Secret, error) {
	fs := observed.Session
	target := credsecret.New(fs)
	if secret != nil {
		target = secret.DeepCopy()
	}
	request := observed.Request.ToSend()
	origin := credsecret.Origin{
		RequestHash: request.Hash(), SpecRequestHash: observed.Request.Asked().Hash(), RotateRequestedAt: request.RotateRequestedAt,
		IssuerIdentity: issuerIdentity, AssertionDigest: observed.Assertion.Digest,
	}
	if err := credsecret.Publish(target, fs, issued, origin); err != nil {
		return nil, err
	}
	if secret == nil {
		return target, r.client.Create(ctx, target)
	}
	return target, r.patchSecret(ctx, secret, target)
}

// tryWrite has the Kubernetes API judge a write without making it: after one that was refused, credentials are only minted
// once another would be accepted.
func (r *Reconciler) tryWrite(ctx context.Context, secret *corev1.Secret, observed session.Observed) error {
	var err error
	if secret == nil {
		target := credsecret.New(observed.Session)
		credsecret.SyncMetadata(target, observed.Session)
		err = r.client.Create(ctx, target, client.DryRunAll)
	} else {
		target := secret.DeepCopy()
		credsecret.TakeOver(target, observed.Session)
		credsecret.SyncMetadata(target, observed.Session)
		err = r.client.Patch(ctx, target, client.MergeFrom(secret), client.DryRunAll)
	}
	if err != nil { // a write that was only judged does not show that etcd takes any
		r.noteWrite(err)
	}
	return err
}

// findWritten looks whether a write was made although its answer was an error, as that of a connection which broke. The
// credentials would be lost otherwise.
func (r *Reconciler) findWritten(ctx context.Context, observed session.Observed, issued sts.Issued, err error) (*corev1.Secret, error) {
	secret, observed, readErr := r.observeLive(ctx, observed)
	if readErr == nil && observed.Secret.Intact && observed.Secret.AccessKeyID == issued.Credentials.AccessKeyID() {
		return secret, nil
	}
	return nil, err
}

// noteWrite tells the scheduler what came of a write, if it concerns everybody's (the API server, etcd, a webhook): what is
// refused to somebody (a quota, a policy) must not stop others.
func (r *Reconciler) noteWrite(err error) {
	if !isRefusal(err) {
		r.scheduler.Written(r.clock.Now(), err == nil)
	}
}

// isRefusal says whether the API server has looked at a write and refused it, for a reason that concerns this object.
func isRefusal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) ||
		apierrors.IsNotFound(err)
}

// patchSecret changes the Secret from what was read, and only if that is still what is there.
func (r *Reconciler) patchSecret(ctx context.Context, read, changed *corev1.Secret) error {
	return r.client.Patch(ctx, changed, client.MergeFromWithOptions(read, client.MergeFromWithOptimisticLock{}))
}

// deleteRenamedSecrets deletes the session's Secrets of other names, which it left behind when its target was renamed, once the
// target holds usable credentials: the new Secret first, then the old one goes.
func (r *Reconciler) deleteRenamedSecrets(ctx context.Context, observed session.Observed) error {
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
		if credsecret.Observe(secret, fs).Generation > fs.Generation {
			continue // it is the new name, and the spec that was read is the old one
		}
		err := r.client.Delete(ctx, secret, client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			continue // the cache lags behind, or it has just changed: its event brings the next look
		}
		if err != nil {
			return fmt.Errorf("deleting Secret %s/%s, the former target of FederatedSession %s: %w", secret.Namespace, secret.Name, fs.Name, err)
		}
		logf.FromContext(ctx).Info("deleted the Secret of the former name", "secret", secret.Name)
	}
	return nil
}
