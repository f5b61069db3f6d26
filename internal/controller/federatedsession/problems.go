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
	"encoding/base64"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/credsecret"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// The messages of tries that failed at the Kubernetes API. Each says what to change.

func audienceOfKubernetes(audience, account string) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonAudienceNotAllowed,
		"the Kubernetes API itself accepts tokens for %q, so whoever received one could act as ServiceAccount %s: "+
			"set assumeRoleWithWebIdentity.audience to one that is for AWS alone, or leave it out", audience, account)
}

func serviceAccountNotFound(account client.ObjectKey) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonServiceAccountNotFound,
		"ServiceAccount %s does not exist in namespace %s: create it or correct assumeRoleWithWebIdentity.serviceAccountName", account.Name, account.Namespace)
}

func tokenRequestForbidden(account client.ObjectKey) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonTokenRequestForbidden,
		"the operator may not create tokens of ServiceAccount %s in namespace %s: check assumeRoleWithWebIdentity.serviceAccountName; "+
			"if it is right, an administrator must allow create on serviceaccounts/token there (see config/web-identity)", account.Name, account.Namespace)
}

func tokenRequestFailed(account client.ObjectKey, err error) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonTokenRequestFailed,
		"the Kubernetes API did not make a token of ServiceAccount %s (%s)", account.Name, apierrors.ReasonForError(err))
}

// secretChangedByWebhook: what was written is not what is there.
func secretChangedByWebhook(fs *v1alpha1.FederatedSession) *sts.Problem {
	return sts.Problemf(v1alpha1.ReasonSecretWriteFailed,
		"something in the cluster, such as a mutating webhook, changes Secret %s as it is written: except Secrets of type %s from it",
		fs.TargetSecretName(), credsecret.Type)
}

// secretNotWritten words an error of the Kubernetes API. Only what it refuses for a reason is quoted (the rest is different
// each time), and only if whoever refused did not quote the credentials.
func secretNotWritten(fs *v1alpha1.FederatedSession, err error, c sts.Credentials) *sts.Problem {
	name := fs.TargetSecretName()
	isQuotable := apierrors.IsForbidden(err) || apierrors.IsInvalid(err)
	for _, secret := range []string{c.SecretAccessKey(), c.SessionToken()} {
		isQuotable = isQuotable && (secret == "" || !strings.Contains(err.Error(), secret) &&
			!strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(secret))))
	}
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return session.NamespaceTerminating(fs.Namespace)
	case isQuotable:
		return sts.Problemf(v1alpha1.ReasonSecretWriteFailed, "the Kubernetes API refuses Secret %s: %s", name, err)
	}
	return sts.Problemf(v1alpha1.ReasonSecretWriteFailed, "Secret %s could not be written (%s)", name, apierrors.ReasonForError(err))
}
