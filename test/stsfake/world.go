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

package stsfake

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sts-operator/sts-operator/test/stsfake/oidc"
)

// World is what the fake knows from the start. The names in JSON are those of a world file.
type World struct {
	Accounts []Account `json:"accounts"`
}

// Account is an AWS account with the identities that have long-term keys, its roles and its identity providers.
type Account struct {
	ID            string         `json:"id"` // 12 digits
	RootKeys      []AccessKey    `json:"rootKeys,omitempty"`
	Users         []User         `json:"users,omitempty"`
	Roles         []Role         `json:"roles,omitempty"`
	OIDCProviders []OIDCProvider `json:"oidcProviders,omitempty"`
	SAMLProviders []SAMLProvider `json:"samlProviders,omitempty"`
}

// User is an IAM user.
type User struct {
	Name       string      `json:"name"`
	Path       string      `json:"path,omitempty"` // "/" when empty
	ID         string      `json:"id,omitempty"`   // AIDA…; derived from account and name when empty
	Keys       []AccessKey `json:"keys,omitempty"`
	MFADevices []MFADevice `json:"mfaDevices,omitempty"`

	// Denied are the actions the user's permissions lack, for example "sts:GetFederationToken" or "sts:TagSession".
	Denied []string `json:"denied,omitempty"`
}

// Role is an IAM role.
type Role struct {
	Name string `json:"name"`
	Path string `json:"path,omitempty"` // "/" when empty
	ID   string `json:"id,omitempty"`   // AROA…; derived from account and name when empty

	// MaxSessionDuration is in seconds, 3600 to 43200; 3600 when 0.
	MaxSessionDuration int `json:"maxSessionDuration,omitempty"`

	// Trust is the role's trust policy: who may assume it, and how. Package trust tells what of IAM's grammar it may hold.
	Trust Document `json:"trust"`

	// Denied are the actions the role's permissions lack, for example "sts:AssumeRole".
	Denied []string `json:"denied,omitempty"`
}

// Document is JSON text. In a world file it is the object itself; what it says is read with the rest of the world, so that
// errors name the place.
type Document string

// MFADevice is a virtual MFA device: RFC 6238 with SHA-1, six digits and 30 seconds. It prints without its seed.
type MFADevice struct {
	SerialNumber string `json:"serialNumber"` // arn:aws:iam::123456789012:mfa/name
	Seed         string `json:"seed"`         // base32
}

// OIDCProvider is an OpenID Connect provider whose keys the fake is told rather than fetches.
type OIDCProvider struct {
	URL       string   `json:"url"` // the issuer of its tokens, https://…
	ClientIDs []string `json:"clientIDs"`
	JWKS      Document `json:"jwks"` // {"keys": […]}, as a Kubernetes API server serves it at /openid/v1/jwks
}

// SAMLProvider is a SAML 2.0 identity provider.
type SAMLProvider struct {
	Name      string `json:"name"`
	Metadata  string `json:"metadata"`            // its metadata document, XML, with issuer and signing certificates
	Recipient string `json:"recipient,omitempty"` // of its assertions; "https://signin.aws.amazon.com/saml" when empty
	Audience  string `json:"audience,omitempty"`  // of its assertions; "urn:amazon:webservices" when empty
}

// AccessKey is a long-term key pair. It prints without its secret.
type AccessKey struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// Credentials are temporary credentials. They print without their secrets.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

// The account, user and key pair of DefaultWorld; the pair is the one of AWS's documentation.
const (
	DefaultAccountID       = "123456789012"
	DefaultUserName        = "demo"
	DefaultAccessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	DefaultSecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// DefaultWorld has one account with one IAM user.
func DefaultWorld() World {
	return World{Accounts: []Account{{
		ID: DefaultAccountID,
		Users: []User{{
			Name: DefaultUserName,
			ID:   "AIDACKCEVSQ6C2EXAMPLE",
			Keys: []AccessKey{{ID: DefaultAccessKeyID, Secret: DefaultSecretAccessKey}},
		}},
	}}}
}

// OIDCProviderFor is the entry of a provider, such as that of an oidc.Signer.
func OIDCProviderFor(provider oidc.Provider) OIDCProvider {
	keys, err := json.Marshal(provider.Keys)
	if err != nil {
		panic(fmt.Sprintf("writing the keys of %s: %v", provider.Issuer, err)) // only for a type that is no key
	}
	return OIDCProvider{URL: provider.Issuer, ClientIDs: provider.ClientIDs, JWKS: Document(keys)}
}

// UnmarshalJSON keeps the text as it is.
func (d *Document) UnmarshalJSON(text []byte) error {
	*d = Document(text)
	return nil
}

// Format prints the identifier under every verb.
func (k AccessKey) Format(state fmt.State, _ rune) { printRedacted(state, k.ID) }

// MarshalJSON writes the identifier only.
func (k AccessKey) MarshalJSON() ([]byte, error) { return json.Marshal(redacted(k.ID)) }

// Format prints the serial number under every verb.
func (d MFADevice) Format(state fmt.State, _ rune) { printRedacted(state, d.SerialNumber) }

// MarshalJSON writes the serial number only.
func (d MFADevice) MarshalJSON() ([]byte, error) { return json.Marshal(redacted(d.SerialNumber)) }

// Format prints the identifier under every verb.
func (c Credentials) Format(state fmt.State, _ rune) { printRedacted(state, c.AccessKeyID) }

// MarshalJSON writes the identifier only.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(redacted(c.AccessKeyID)) }

func printRedacted(state fmt.State, id string) { _, _ = io.WriteString(state, redacted(id)) }

func redacted(id string) string { return id + " REDACTED" }

// derivedID makes a stable unique id of the form AIDAxxxxxxxxxxxxxxxxx for something that was given none.
func derivedID(prefix, accountID, name string) string {
	sum := sha256.Sum256([]byte(accountID + "/" + name))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
