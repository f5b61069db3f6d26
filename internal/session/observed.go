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

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

// Observed is everything a decision depends on but the time.
type Observed struct {
	// Session is the object itself. Of its status, only lastFailure is read: when to try again
	// after a restart.
	Session *v1alpha1.FederatedSession
	// Request is what the session asks of STS.
	Request Request
	// NamespaceTerminating: nothing can be created in the session's namespace any more.
	NamespaceTerminating bool
	Issuer               Issuer
	Secret               Secret
	// LiveGeneration is the generation of the session past the cache. It is only asked for where the Secret was published for
	// a newer one than Session has, and 0 until then.
	LiveGeneration int64
	// History is what this process remembers of the session.
	History History
	// Assertion is what an AssumeRoleWithSAML session has to present.
	Assertion sts.Assertion
}

// Secret is what is known of the target Secret, without any credential.
type Secret struct {
	// Exists: there is a Secret of the target's name.
	Exists bool
	// Foreign says whose it is, if not this session's; empty if it is.
	Foreign string
	// Unwatched: it is of another type than the operator's. The cache does not hold it, so no watch reports when it goes.
	Unwatched bool
	// Restored: it was published for some session, and has lost its controller since, as in a backup. What it claims is not
	// told: it may be of another cluster.
	Restored bool
	// Immutable: its data cannot be changed any more.
	Immutable bool
	// Intact: every key is there and its content is what was published.
	Intact bool
	// InSync: labels and annotations are what the spec asks for.
	InSync bool
	// RequestHash is the hash of the request that was sent, SpecRequestHash of what the spec had asked for, before the issuer's
	// guardrails added to it.
	RequestHash, SpecRequestHash string
	// RotateRequestedAt is the request to rotate that was honored last. It only says why a request has changed.
	RotateRequestedAt string
	// IssuerIdentity is the stable id of who called STS.
	IssuerIdentity string
	// IssuedAt and Expiration of the credentials; Expiration is the true one.
	IssuedAt, Expiration time.Time
	// AccessKeyID identifies the credentials, Identity is who they act as.
	AccessKeyID string
	Identity    sts.Identity
	// Generation of the session that they were issued for; 0 where the Secret does not say.
	Generation int64
	// AssertionDigest identifies the SAML assertion they were issued for; empty for other operations.
	AssertionDigest string
}

// IssuerIdentity is the stable id of who calls STS for the session; empty while unknown.
func (o Observed) IssuerIdentity() string {
	if o.Request.ToSend().IsUnsigned() {
		return sts.Unsigned
	}
	return o.Issuer.Identity.Stable()
}

// RotateAt is when the published credentials are due for rotation.
func (o Observed) RotateAt() time.Time {
	var beforeExpiration time.Duration
	if seconds := o.Session.Spec.Rotation.BeforeExpirationSeconds; seconds != nil {
		beforeExpiration = time.Duration(*seconds) * time.Second
	}
	return RotateAt(o.Secret.IssuedAt, o.lifetime(), beforeExpiration, o.Session.UID)
}

func (o Observed) lifetime() time.Duration {
	return Lifetime(o.Secret.IssuedAt, o.Secret.Expiration, o.Request.ToSend().Duration())
}

// attemptHash identifies a try to issue: the request, and who is to make it. After a failure, another attempt is made at
// once.
func (o Observed) attemptHash() string {
	text := o.Request.ToSend().Hash() + "\n" + o.issuerRef() + "\n" + o.IssuerIdentity() + "\n" + o.Issuer.Version
	if o.Assertion.Digest != "" {
		text += "\n" + o.Assertion.Digest
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// issuerRef words the issuer reference.
func (o Observed) issuerRef() string {
	return string(o.Session.Spec.IssuerRef.Kind) + " " + o.Session.Spec.IssuerRef.Name
}
