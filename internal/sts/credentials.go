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

package sts

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// Credentials are AWS credentials: an access key id, which is an identifier, and a secret key and a session token, which
// never leave it but through the methods of their names.
type Credentials struct {
	accessKeyID                   string
	secretAccessKey, sessionToken Sensitive
}

// NewCredentials holds the three parts; a long-term key has no session token.
func NewCredentials(accessKeyID, secretAccessKey, sessionToken string) Credentials {
	return Credentials{accessKeyID: accessKeyID, secretAccessKey: NewSensitive(secretAccessKey), sessionToken: NewSensitive(sessionToken)}
}

// AccessKeyID identifies the credentials; it is no secret.
func (c Credentials) AccessKeyID() string { return c.accessKeyID }

// SecretAccessKey is secret.
func (c Credentials) SecretAccessKey() string { return c.secretAccessKey.Text() }

// SessionToken is secret; empty for a long-term key.
func (c Credentials) SessionToken() string { return c.sessionToken.Text() }

// IsLongTermKey says whether an access key id is that of an IAM user's long-term key, by the prefix that AWS gives it. STS
// never issues one.
func IsLongTermKey(accessKeyID string) bool { return strings.HasPrefix(accessKeyID, "AKIA") }

// Equals says whether both are the same credentials, secrets included.
func (c Credentials) Equals(other Credentials) bool {
	return c.accessKeyID == other.accessKeyID &&
		c.SecretAccessKey() == other.SecretAccessKey() && c.SessionToken() == other.SessionToken()
}

// String implements fmt.Stringer.
func (Credentials) String() string { return Redacted }

// GoString implements fmt.GoStringer.
func (Credentials) GoString() string { return Redacted }

// Format implements fmt.Formatter, so that no verb prints the fields.
func (Credentials) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue implements slog.LogValuer.
func (Credentials) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON implements json.Marshaler.
func (Credentials) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalLog implements logr.Marshaler.
func (Credentials) MarshalLog() any { return Redacted }

// Proof is what an unsigned request presents instead of a signature. It is obtained for one call and kept nowhere.
type Proof struct {
	// WebIdentityToken is a ServiceAccount's token, for AssumeRoleWithWebIdentity.
	WebIdentityToken Sensitive
	// SAMLAssertion is a SAML response in base64, for AssumeRoleWithSAML.
	SAMLAssertion Sensitive
}

// Issued is what STS gave, and when.
type Issued struct {
	Credentials Credentials
	// IssuedAt by the operator's clock, in whole seconds.
	IssuedAt time.Time
	// Expiration as STS states it but no later than LatestExpiration, in whole seconds.
	Expiration time.Time
	// Identity is who the credentials act as.
	Identity Identity
	// SessionTokenUtilization and PackedPolicySize in percent; nil where STS did not say.
	SessionTokenUtilization, PackedPolicySize *int32
	// SourceIdentity of a role session; empty for none.
	SourceIdentity string
	// WebIdentity and SAML are what STS read in what was presented; nil for other operations.
	WebIdentity *v1alpha1.WebIdentity
	SAML        *v1alpha1.SAMLIdentity
}
