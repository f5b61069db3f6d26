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

package credsecret

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/session"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// strippedKey is the one data key of a stripped Secret. Its slash keeps it out of any Secret the API server would take, so
// nobody can pass a Secret off as stripped.
const strippedKey = "sts-operator.dev/digest"

// Strip replaces a Secret's data by its digest and drops the labels and annotations of others. It is the transform of the
// cache: no credential stays in memory, and yet a changed one is seen. Other objects, such as the tombstones of a cache, pass
// unchanged.
func Strip(object any) (any, error) {
	secret, ok := object.(*corev1.Secret)
	if !ok {
		return object, nil
	}
	if _, done := secret.Data[strippedKey]; !done {
		secret.Data = map[string][]byte{strippedKey: []byte(digest(secret))}
	}
	secret.ManagedFields = nil
	trimMetadata(secret)
	return secret, nil
}

// Observe reads what a decision needs to know of a Secret, stripped or whole. A nil Secret does not exist.
func Observe(secret *corev1.Secret, fs *v1alpha1.FederatedSession) session.Secret {
	if secret == nil {
		return session.Secret{}
	}
	isImmutable := secret.Immutable != nil && *secret.Immutable
	if isRestored(secret) {
		return session.Secret{Exists: true, Restored: true, Immutable: isImmutable}
	}
	a := secret.Annotations
	observed := session.Secret{
		Exists:            true,
		Foreign:           foreign(secret, fs),
		Unwatched:         secret.Type != Type,
		Immutable:         isImmutable,
		Intact:            isIntact(secret),
		InSync:            isInSync(secret, fs),
		RequestHash:       a[RequestHashAnnotation],
		SpecRequestHash:   cmp.Or(a[SpecRequestHashAnnotation], a[RequestHashAnnotation]),
		RotateRequestedAt: a[v1alpha1.RotateRequestedAtAnnotation],
		IssuerIdentity:    a[IssuerIdentityAnnotation],
		AccessKeyID:       a[AccessKeyIDAnnotation],
		Identity:          sts.IdentityOf(a[ARNAnnotation], a[UserIDAnnotation]),
		AssertionDigest:   a[AssertionDigestAnnotation],
	}
	// An unreadable time breaks the digest too, and a zero time has expired: the Secret is issued anew.
	observed.IssuedAt, _ = time.Parse(time.RFC3339, a[IssuedAtAnnotation])
	observed.Expiration, _ = time.Parse(time.RFC3339, a[ExpirationAnnotation])
	observed.Generation, _ = strconv.ParseInt(a[GenerationAnnotation], 10, 64)
	return observed
}

// isRestored says whether the Secret is as the operator published it, but for its controller. Backup tools drop owner
// references, since a restored session has another UID.
func isRestored(secret *corev1.Secret) bool {
	return secret.Type == Type && metav1.GetControllerOf(secret) == nil && secret.Labels[ManagedByLabel] == ManagedBy && isIntact(secret)
}

// isIntact says whether the Secret holds what its digest was computed of.
func isIntact(secret *corev1.Secret) bool {
	recorded := secret.Annotations[DigestAnnotation]
	return recorded != "" && recorded == digest(secret)
}

// foreign words whose the Secret is, and is empty if it is the session's own.
func foreign(secret *corev1.Secret, fs *v1alpha1.FederatedSession) string {
	if secret.Type != Type {
		return fmt.Sprintf("of type %s, not %s,", secret.Type, Type)
	}
	owner := metav1.GetControllerOf(secret)
	switch {
	case owner == nil && secret.Labels[ManagedByLabel] != ManagedBy:
		return fmt.Sprintf("controlled by nothing, without the label %s: %s,", ManagedByLabel, ManagedBy)
	case owner == nil:
		return "controlled by nothing, and not as this operator published it (half restored, or edited),"
	case owner.UID == fs.UID:
		return ""
	case owner.Kind == v1alpha1.FederatedSessionKind && owner.Name == fs.Name:
		return "controlled by an earlier FederatedSession of this name, whose garbage collection is pending,"
	}
	return fmt.Sprintf("controlled by %s %s", owner.Kind, owner.Name)
}

// IsControlledBy says whether the Secret is one of the session's own, whatever its name.
func IsControlledBy(secret *corev1.Secret, fs *v1alpha1.FederatedSession) bool {
	return secret.Type == Type && metav1.IsControlledBy(secret, fs)
}

// recordAnnotations are on every published Secret, in the order of the digest; the last two unless STS does not say whose the
// credentials are, and one that is absent is to the digest like an empty one.
var recordAnnotations = []string{
	RequestHashAnnotation, IssuerIdentityAnnotation, IssuedAtAnnotation, ExpirationAnnotation,
	AccessKeyIDAnnotation, ARNAnnotation, UserIDAnnotation,
}

// optionalAnnotations are not on all Secrets, and a Secret without them must keep the digest that earlier versions gave it.
var optionalAnnotations = []string{SpecRequestHashAnnotation, AssertionDigestAnnotation, GenerationAnnotation}

// digest covers the data and the annotations that decisions rest on: whoever edits either is found out. It reveals
// nothing of credentials, which are random and long.
func digest(secret *corev1.Secret) string {
	if d, ok := secret.Data[strippedKey]; ok {
		return string(d)
	}
	h := sha256.New()
	for _, key := range recordAnnotations {
		write(h, []byte(secret.Annotations[key]))
	}
	for _, key := range optionalAnnotations {
		if value, ok := secret.Annotations[key]; ok {
			write(h, []byte(key))
			write(h, []byte(value))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
		write(h, []byte(key))
		write(h, secret.Data[key])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// write adds one part with its length, so that no two lists of parts look alike.
func write(h hash.Hash, part []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:])
	_, _ = h.Write(part)
}
