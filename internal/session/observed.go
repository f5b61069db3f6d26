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
	// Session is the object itself. Of its status, only lastFailure is read: when to try again.
	Session *v1alpha1.FederatedSession
	// Asked is what the spec asks of STS, unless RequestProblem says why there is nothing.
	Asked          sts.Request
	RequestProblem *sts.Problem
	// Request is what the issuer's guardrails make of that, if they admit it (Admitted); otherwise it is Asked.
	Request  sts.Request
	Admitted bool
	// NamespaceTerminating: nothing can be created in the session's namespace any more.
	NamespaceTerminating bool
	Issuer               Issuer
	Secret               Secret
	// Assertion is what an AssumeRoleWithSAML session has to present.
	Assertion sts.Assertion
}

// Issuer is what is known of the issuer that the session names.
type Issuer struct {
	// Found: it exists.
	Found bool
	// Refusal is why its guardrails do not let it serve this session; nil if they do.
	Refusal *sts.Problem
	// Ready: its guardrails can be read, and STS has confirmed its identity, if it has one. NotReady says why it is not;
	// empty while STS is being asked.
	Ready    bool
	NotReady string
	// OwnEndpoint: its namespace has chosen the endpoint that it calls.
	OwnEndpoint bool
	// HasIdentity: it has somebody to call STS as.
	HasIdentity bool
	// CanFederate: the identity is long-term and so may call GetFederationToken and GetSessionToken.
	CanFederate bool
	// Identity is the stable id of who it calls STS as; empty while unknown.
	Identity string
	// Version differs whenever the object does: where STS is, or through whom, may be what failed.
	Version string
}

// Secret is what is known of the target Secret, without any credential.
type Secret struct {
	// Exists: there is a Secret of the target's name.
	Exists bool
	// Foreign says whose it is, if not this session's; empty if it is.
	Foreign string
	// Immutable: its data cannot be changed any more.
	Immutable bool
	// Intact: every key is there and its content is what was published.
	Intact bool
	// Dressed: labels and annotations are what the spec asks for.
	Dressed bool
	// RequestHash and Identity tell for which request and as whom the credentials were issued, AskedHash what the spec
	// had asked for, before the issuer's guardrails added to it.
	RequestHash, AskedHash, Identity string
	// IssuedAt and Expiration of the credentials; Expiration is the true one.
	IssuedAt, Expiration time.Time
	// AccessKeyID, PrincipalARN and PrincipalID identify the credentials.
	AccessKeyID, PrincipalARN, PrincipalID string
	// AssertionDigest identifies the SAML assertion they were issued for; empty for other operations.
	AssertionDigest string
}

// Identity is the stable id of who calls STS for the session; empty while unknown.
func (o Observed) Identity() string {
	if o.Request.IsUnsigned() {
		return sts.Unsigned
	}
	return o.Issuer.Identity
}

// RenewAt is when the published credentials are due for renewal.
func (o Observed) RenewAt() time.Time {
	var renewBefore time.Duration
	if seconds := o.Session.Spec.Rotation.RenewBeforeSeconds; seconds != nil {
		renewBefore = time.Duration(*seconds) * time.Second
	}
	return RenewAt(o.Secret.IssuedAt, o.lifetime(), renewBefore, o.Session.UID)
}

func (o Observed) lifetime() time.Duration {
	return Lifetime(o.Secret.IssuedAt, o.Secret.Expiration, o.Request.Duration())
}

// attempt identifies a try to issue: the request, and who is to make it. After a failure, another attempt is made at once.
func (o Observed) attempt() string {
	text := o.Request.Hash() + "\n" + o.ref() + "\n" + o.Identity() + "\n" + o.Issuer.Version
	if o.Assertion.Digest != "" {
		text += "\n" + o.Assertion.Digest
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// ref words the issuer reference.
func (o Observed) ref() string {
	return string(o.Session.Spec.IssuerRef.Kind) + " " + o.Session.Spec.IssuerRef.Name
}
