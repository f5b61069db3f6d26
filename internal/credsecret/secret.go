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

// Package credsecret is the Secret that holds a session's credentials: what is written, how it is recognised again, and
// what of it may be kept in memory.
package credsecret

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Type of every Secret the operator writes. Kubernetes does not let a Secret change its type, so no other Secret can become one.
const Type corev1.SecretType = "sts-operator.dev/session"

// The label every published Secret carries.
const (
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedBy      = "sts-operator"
)

// Annotations of a published Secret. They say for what, as whom and until when its credentials were issued, so that spec,
// Secret and clock are all it takes to decide.
const (
	// RequestHashAnnotation is the hash of the STS request.
	RequestHashAnnotation = "sts-operator.dev/request-hash"
	// IssuerIdentityAnnotation is the stable id of the identity that called STS.
	IssuerIdentityAnnotation = "sts-operator.dev/issuer-identity"
	// IssuedAtAnnotation and ExpirationAnnotation are RFC 3339 times in UTC; the expiration is the true one.
	IssuedAtAnnotation   = "sts-operator.dev/issued-at"
	ExpirationAnnotation = "sts-operator.dev/expiration"
	// AccessKeyIDAnnotation identifies the credentials; ARNAnnotation and UserIDAnnotation are who they act as.
	AccessKeyIDAnnotation = "sts-operator.dev/access-key-id"
	ARNAnnotation         = "sts-operator.dev/identity-arn"
	UserIDAnnotation      = "sts-operator.dev/identity-user-id"
	// SpecRequestHashAnnotation is the hash of the request that the spec asks for, where the issuer's guardrails have added
	// to it.
	SpecRequestHashAnnotation = "sts-operator.dev/spec-request-hash"
	// AssertionDigestAnnotation identifies the SAML assertion that was presented; absent for other operations.
	AssertionDigestAnnotation = "sts-operator.dev/assertion-digest"
	// GenerationAnnotation is the generation of the session that the credentials were issued for: an older one never replaces a
	// newer. Secrets of earlier versions do not have it.
	GenerationAnnotation = "sts-operator.dev/generation"
	// DigestAnnotation is the digest of the data and of the annotations above.
	DigestAnnotation = "sts-operator.dev/data-digest"
)

// Keys of a published Secret.
const (
	AccessKeyIDKey     = "AWS_ACCESS_KEY_ID"
	SecretAccessKeyKey = "AWS_SECRET_ACCESS_KEY" // #nosec G101 -- the name of a key, not a credential
	SessionTokenKey    = "AWS_SESSION_TOKEN"     // #nosec G101 -- the name of a key, not a credential
	// CredentialsKey is a shared credentials file (ini).
	CredentialsKey = "credentials"
	// ProcessKey is the answer of a credential_process.
	ProcessKey = "credentials.json"
	// ConfigKey is an AWS config file whose credential_process reads ProcessKey at MountPath.
	ConfigKey = "config"
)

// MountPath is where pods mount the Secret for ConfigKey to work.
const MountPath = "/var/run/secrets/sts-operator.dev/session"

const configFile = "[default]\ncredential_process = cat " + MountPath + "/" + ProcessKey + "\n"

// New is the Secret of a session that has none yet, controlled by the session from its first moment. The owner reference
// does not block the session's deletion, which would need a further permission.
func New(fs *v1alpha1.FederatedSession) *corev1.Secret {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: fs.Namespace, Name: fs.TargetSecretName()}, Type: Type}
	TakeOver(secret, fs)
	return secret
}

// TakeOver makes the session the controller of a Secret that has none. Other owners stay.
func TakeOver(secret *corev1.Secret, fs *v1alpha1.FederatedSession) {
	if metav1.GetControllerOf(secret) != nil {
		return
	}
	isController := true
	isOurs := func(owner metav1.OwnerReference) bool { return owner.UID == fs.UID }
	secret.OwnerReferences = append(slices.DeleteFunc(slices.Clone(secret.OwnerReferences), isOurs), metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.FederatedSessionKind, Name: fs.Name, UID: fs.UID, Controller: &isController,
	})
}

// Origin is what credentials were issued for: the request, what the spec had asked for before guardrails added to it, the
// caller, for AssumeRoleWithSAML the assertion and, where there was one, the request to rotate.
type Origin struct {
	RequestHash, SpecRequestHash, IssuerIdentity, AssertionDigest, RotateRequestedAt string
}

// Publish puts issued credentials into the Secret and says what they were issued for. All data is replaced; of the
// metadata only what is the operator's. One that was restored is the session's from then on.
func Publish(secret *corev1.Secret, fs *v1alpha1.FederatedSession, issued sts.Issued, origin Origin) error {
	process, err := processDocument(issued)
	if err != nil {
		return err
	}
	c := issued.Credentials
	secret.Data = map[string][]byte{
		AccessKeyIDKey:     []byte(c.AccessKeyID()),
		SecretAccessKeyKey: []byte(c.SecretAccessKey()),
		SessionTokenKey:    []byte(c.SessionToken()),
		CredentialsKey:     []byte(sharedCredentialsFile(c)),
		ProcessKey:         process,
		ConfigKey:          []byte(configFile),
	}
	TakeOver(secret, fs)
	SyncMetadata(secret, fs)
	a := secret.Annotations
	a[RequestHashAnnotation] = origin.RequestHash
	a[IssuerIdentityAnnotation] = origin.IssuerIdentity
	setOrDelete(a, AssertionDigestAnnotation, origin.AssertionDigest)
	if origin.SpecRequestHash == origin.RequestHash {
		origin.SpecRequestHash = ""
	}
	setOrDelete(a, SpecRequestHashAnnotation, origin.SpecRequestHash)
	if len(origin.RotateRequestedAt) > longestRecord {
		origin.RotateRequestedAt = ""
	}
	setOrDelete(a, v1alpha1.RotateRequestedAtAnnotation, origin.RotateRequestedAt)
	a[GenerationAnnotation] = strconv.FormatInt(fs.Generation, 10)
	a[IssuedAtAnnotation] = issued.IssuedAt.UTC().Format(time.RFC3339)
	a[ExpirationAnnotation] = issued.Expiration.UTC().Format(time.RFC3339)
	a[AccessKeyIDAnnotation] = c.AccessKeyID()
	setOrDelete(a, ARNAnnotation, issued.Identity.ARN) // which other services than AWS may not tell
	setOrDelete(a, UserIDAnnotation, issued.Identity.UserID)
	a[DigestAnnotation] = digest(secret)
	return nil
}

func sharedCredentialsFile(c sts.Credentials) string {
	return fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n",
		c.AccessKeyID(), c.SecretAccessKey(), c.SessionToken())
}

// processDocument is the answer of a credential_process, version 1. Its Expiration is the advertised one.
func processDocument(issued sts.Issued) ([]byte, error) {
	document := struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string // #nosec G117 -- this document exists to hold it
		SessionToken    string
		Expiration      string
		AccountID       string `json:"AccountId,omitempty"`
	}{
		Version:         1,
		AccessKeyID:     issued.Credentials.AccessKeyID(),
		SecretAccessKey: issued.Credentials.SecretAccessKey(),
		SessionToken:    issued.Credentials.SessionToken(),
		Expiration:      session.AdvertisedExpiration(issued.IssuedAt, issued.Expiration).UTC().Format(time.RFC3339),
		AccountID:       issued.Identity.AccountID,
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", ProcessKey, err)
	}
	return text, nil
}
