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

package issuer

import (
	"cmp"
	"context"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/controller/reconciler"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// accessKeyIDPattern is what an access key id may look like (AWS: accessKeyIdType), awsKeyPattern what AWS's do look like.
// Other services have shorter ones: MinIO's have 3 characters and more.
var (
	accessKeyIDPattern = regexp.MustCompile(`^\w{16,128}$`)
	awsKeyPattern      = regexp.MustCompile(`^(AKIA|ASIA)[A-Z0-9]{12,}$`)
	anyKeyPattern      = regexp.MustCompile(`^[!-~]{3,128}$`)
)

// readKey reads an access key from the API server. A problem says what is wrong with the Secret, without quoting any of its
// values: swapped keys would show the secret one.
func (r *Reconciler) readKey(
	ctx context.Context,
	namespace string,
	access *v1alpha1.AccessKeyIdentity,
	service v1alpha1.Service,
) (sts.Credentials, error) {
	name := client.ObjectKey{Namespace: namespace, Name: access.SecretRef.Name}
	idKey := cmp.Or(access.AccessKeyIDKey, v1alpha1.AccessKeyIDKey)
	secretKey := cmp.Or(access.SecretAccessKeyKey, v1alpha1.SecretAccessKeyKey)
	secret, err := reconciler.GetSecret(ctx, r.live, name)
	switch {
	case apierrors.IsForbidden(err):
		return sts.Credentials{}, sts.Problemf(v1alpha1.ReasonKeyInvalid, "the operator may not read Secret %s: grant its ServiceAccount the right to get it", name)
	case err != nil:
		return sts.Credentials{}, err
	case secret == nil:
		return sts.Credentials{}, sts.Problemf(v1alpha1.ReasonKeyNotFound, "Secret %s does not exist: create it with the keys %s and %s", name, idKey, secretKey)
	}
	return parseKey(secret, idKey, secretKey, service)
}

// readSeed reads the seed of an MFA device from the API server.
func (r *Reconciler) readSeed(ctx context.Context, namespace string, mfa *v1alpha1.MFADevice) (sts.Sensitive, error) {
	name := client.ObjectKey{Namespace: namespace, Name: mfa.TOTPSecretRef.Name}
	text, err := reconciler.GetSecretKey(ctx, r.live, name, mfa.TOTPSecretRef.Key, sts.Problem{
		Reason: v1alpha1.ReasonMFASeedNotFound, Message: "put the base32 seed of MFA device " + mfa.SerialNumber + " there",
	})
	if err != nil {
		return sts.Sensitive{}, err
	}
	seed := sts.NewSensitive(strings.ToUpper(strings.Join(strings.Fields(string(text)), "")))
	if !broker.IsSeed(seed) {
		return sts.Sensitive{}, sts.Problemf(v1alpha1.ReasonMFASeedInvalid,
			"Secret %s, key %s, is no base32 text: put the seed there that AWS shows when it makes the MFA device", name, mfa.TOTPSecretRef.Key)
	}
	return seed, nil
}

// parseKey takes the access key of a service from a Secret. White space around the values, which editors and shells leave,
// is dropped; anything else that comes with pasting is named, since AWS would only say that the key is wrong.
func parseKey(secret *corev1.Secret, idKey, secretKeyKey string, service v1alpha1.Service) (sts.Credentials, error) {
	invalid := func(format string, args ...any) (sts.Credentials, error) {
		args = append([]any{secret.Namespace + "/" + secret.Name}, args...)
		return sts.Credentials{}, sts.Problemf(v1alpha1.ReasonKeyInvalid, "Secret %s "+format, args...)
	}
	for _, key := range []string{idKey, secretKeyKey} {
		value, present := secret.Data[key]
		switch {
		case !present:
			return invalid("lacks the key %s", key)
		case strings.TrimSpace(string(value)) == "":
			return invalid("has an empty %s", key)
		}
		if stray := strayText(key, strings.TrimSpace(string(value)), service); stray != "" {
			return invalid("%s", stray)
		}
	}
	id := strings.TrimSpace(string(secret.Data[idKey]))
	secretKey := strings.TrimSpace(string(secret.Data[secretKeyKey]))
	switch {
	case service == v1alpha1.ServiceCompatible && !anyKeyPattern.MatchString(id):
		return invalid("has no access key id in %s: it has 3 to 128 characters", idKey)
	case service == v1alpha1.ServiceCompatible:
	case awsKeyPattern.MatchString(secretKey) && !awsKeyPattern.MatchString(id):
		return invalid("has its two values swapped: %s must hold the access key id, which starts with AKIA", idKey)
	case !accessKeyIDPattern.MatchString(id):
		return invalid("has no access key id in %s: it has 16 to 128 letters and digits and, at AWS, starts with AKIA; "+
			"of another service the issuer needs spec.service: Compatible", idKey)
	case strings.HasPrefix(id, "ASIA"):
		return invalid("holds a temporary key (ASIA...): put the long-term key of an IAM user there, which starts with AKIA")
	}
	return sts.NewCredentials(id, secretKey, ""), nil
}
