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
	"cmp"
	"context"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/broker"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// accessKeyIDPattern is what an access key id may look like (AWS: accessKeyIdType), awsKeyPattern what AWS's do look like.
var (
	accessKeyIDPattern = regexp.MustCompile(`^\w{16,128}$`)
	awsKeyPattern      = regexp.MustCompile(`^(AKIA|ASIA)[A-Z0-9]{12,}$`)
)

// readKey reads the issuer's key from the API server; an ambient issuer, and one without
// identity, has none. A problem says what is wrong with the
// Secret, without quoting any of its values: swapped keys would show the secret one.
func (r *IssuerReconciler) readKey(ctx context.Context, issuer v1alpha1.Issuer) (sts.Credentials, *sts.Problem, error) {
	access := issuer.IssuerSpec().AccessKey
	if access == nil {
		return sts.Credentials{}, nil, nil
	}
	name := client.ObjectKey{Namespace: r.secretNamespace(issuer), Name: access.SecretRef.Name}
	secret, err := getSecret(ctx, r.live, name)
	if apierrors.IsForbidden(err) {
		return sts.Credentials{}, sts.Problemf(v1alpha1.ReasonKeyInvalid, "the operator may not read Secret %s: grant its ServiceAccount the right to get it", name), nil
	}
	if err != nil {
		return sts.Credentials{}, nil, err
	}
	if secret == nil {
		return sts.Credentials{}, sts.Problemf(v1alpha1.ReasonKeyNotFound, "Secret %s does not exist: create it with the keys %s and %s", name, v1alpha1.AccessKeyIDKey, v1alpha1.SecretAccessKeyKey), nil
	}
	key, problem := parseKey(secret)
	return key, problem, nil
}

// secretNamespace is where the Secrets of an issuer are.
func (r *IssuerReconciler) secretNamespace(issuer v1alpha1.Issuer) string {
	return cmp.Or(issuer.GetNamespace(), r.operatorNamespace)
}

// readSeed reads the seed of the issuer's MFA device from the API server.
func (r *IssuerReconciler) readSeed(ctx context.Context, issuer v1alpha1.Issuer) (sts.Sensitive, *sts.Problem, error) {
	ref := issuer.IssuerSpec().MFA.TOTPSecretRef
	namespace := r.secretNamespace(issuer)
	serial := issuer.IssuerSpec().MFA.SerialNumber
	text, missing, err := readSecretKey(ctx, r.live, namespace, ref, "put the base32 seed of MFA device "+serial+" there")
	if err != nil {
		return sts.Sensitive{}, nil, err
	}
	if missing != "" {
		return sts.Sensitive{}, sts.Problemf(v1alpha1.ReasonMFASeedNotFound, "%s", missing), nil
	}
	seed := sts.NewSensitive(strings.ToUpper(strings.Join(strings.Fields(string(text)), "")))
	if !broker.IsSeed(seed) {
		return sts.Sensitive{}, sts.Problemf(v1alpha1.ReasonMFASeedInvalid, "Secret %s/%s, key %s, is no base32 text: put the seed there that AWS shows when it makes the MFA device", namespace, ref.Name, ref.Key), nil
	}
	return seed, nil, nil
}

// parseKey takes an access key from a Secret. White space around the values, which editors and shells leave, is dropped.
func parseKey(secret *corev1.Secret) (sts.Credentials, *sts.Problem) {
	invalid := func(format string, args ...any) (sts.Credentials, *sts.Problem) {
		args = append([]any{secret.Namespace + "/" + secret.Name}, args...)
		return sts.Credentials{}, sts.Problemf(v1alpha1.ReasonKeyInvalid, "Secret %s "+format, args...)
	}
	for _, key := range []string{v1alpha1.AccessKeyIDKey, v1alpha1.SecretAccessKeyKey} {
		value, present := secret.Data[key]
		switch {
		case !present:
			return invalid("lacks the key %s", key)
		case strings.TrimSpace(string(value)) == "":
			return invalid("has an empty %s", key)
		}
	}
	id := strings.TrimSpace(string(secret.Data[v1alpha1.AccessKeyIDKey]))
	secretKey := strings.TrimSpace(string(secret.Data[v1alpha1.SecretAccessKeyKey]))
	switch {
	case awsKeyPattern.MatchString(secretKey) && !awsKeyPattern.MatchString(id):
		return invalid("has its two values swapped: %s must hold the access key id, which starts with AKIA", v1alpha1.AccessKeyIDKey)
	case !accessKeyIDPattern.MatchString(id):
		return invalid("has no access key id in %s: it has 16 to 128 letters and digits and, at AWS, starts with AKIA", v1alpha1.AccessKeyIDKey)
	case strings.HasPrefix(id, "ASIA"):
		return invalid("holds a temporary key (ASIA...): put the long-term key of an IAM user there, which starts with AKIA")
	case strings.ContainsAny(secretKey, " \t\r\n"):
		return invalid("has white space inside %s", v1alpha1.SecretAccessKeyKey)
	}
	return sts.NewCredentials(id, secretKey, ""), nil
}
