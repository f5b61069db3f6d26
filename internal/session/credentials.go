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
	"fmt"
	"log/slog"
	"time"
)

// Redacted is what credentials look like to everything that prints, logs or serialises.
const Redacted = "REDACTED"

// Credentials are AWS credentials: an access key id, which is an identifier, and a secret key and a session token, which
// never leave it but through the methods of their names. The secrets are behind pointers so that even a reflecting printer,
// which cannot call the methods of an unexported field, shows addresses and no secret. They point to strings, since fmt
// prints what a pointer to a struct points to where the verb does not fit it, as %s does not.
type Credentials struct {
	accessKeyID                   string
	secretAccessKey, sessionToken *string
}

// NewCredentials holds the three parts; a long-term key has no session token.
func NewCredentials(accessKeyID, secretAccessKey, sessionToken string) Credentials {
	return Credentials{accessKeyID: accessKeyID, secretAccessKey: &secretAccessKey, sessionToken: &sessionToken}
}

// AccessKeyID identifies the credentials; it is no secret.
func (c Credentials) AccessKeyID() string { return c.accessKeyID }

// SecretAccessKey is secret.
func (c Credentials) SecretAccessKey() string { return orEmpty(c.secretAccessKey) }

// SessionToken is secret; empty for a long-term key.
func (c Credentials) SessionToken() string { return orEmpty(c.sessionToken) }

// Equals says whether both are the same credentials, secrets included.
func (c Credentials) Equals(other Credentials) bool {
	return c.accessKeyID == other.accessKeyID &&
		c.SecretAccessKey() == other.SecretAccessKey() && c.SessionToken() == other.SessionToken()
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
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

// Issued is what STS gave, and when.
type Issued struct {
	Credentials Credentials
	// IssuedAt by the operator's clock, in whole seconds.
	IssuedAt time.Time
	// Expiration as STS tells it, in whole seconds.
	Expiration time.Time
	// PrincipalARN and PrincipalID are who the credentials act as.
	PrincipalARN, PrincipalID string
	// AccountID has 12 digits.
	AccountID string
	// SessionTokenUtilization and PackedPolicySize in percent; nil where STS did not tell.
	SessionTokenUtilization, PackedPolicySize *int32
}
