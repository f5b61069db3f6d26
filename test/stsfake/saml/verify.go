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

// Package saml verifies SAML 2.0 responses as AssumeRoleWithSAML gets them, and mints them for tests and demos.
//
// A response goes through three stages, each a file: document.go refuses XML that two readers might read differently,
// signature.go gives back what a key of the provider signed and nothing else, and assertion.go reads only that.
package saml

import (
	"crypto/x509"
	"slices"
	"time"
)

// What AWS expects of a response (IAM user guide, "Configure SAML assertions for the authentication response").
const (
	AWSRecipient = "https://signin.aws.amazon.com/saml"
	AWSAudience  = "urn:amazon:webservices"
	// AWSMaxAge is AWS's "Token must be redeemed within 5 minutes of issuance".
	AWSMaxAge = 5 * time.Minute
)

// Provider is an identity provider as IAM knows it from its metadata. A response is good if one of the certificates made
// its signature.
type Provider struct {
	EntityID     string
	Certificates []*x509.Certificate
}

// Expectation is whom a response must be for.
type Expectation struct {
	Recipient string        // SubjectConfirmationData@Recipient
	Audience  string        // an Audience of the AudienceRestriction; like AWS, Verify takes the Recipient there too
	MaxAge    time.Duration // since the assertion's IssueInstant; 0 is no limit
}

// Assertion is what a verified response says. Every member was under the signature.
type Assertion struct {
	ID                  string
	Issuer              string
	Subject             string // the NameID
	SubjectFormat       string // its Format as STS reports it: "persistent", "transient", or a URI outside SAML 2.0
	Audience            string // the one of the expected audiences it names; what STS reports as Audience is the Recipient
	Recipient           string
	SessionName         string
	Roles               []RolePair
	SessionDuration     time.Duration // 0 when absent; it rules console sign-in, not AssumeRoleWithSAML
	SourceIdentity      string
	Tags                map[string]string
	TransitiveTagKeys   []string
	NotOnOrAfter        time.Time // the earliest that the assertion and its subject confirmation give
	SessionNotOnOrAfter time.Time // a bound for the session, zero when absent
}

// RolePair is a role and the provider that may give it.
type RolePair struct {
	RoleARN     string
	ProviderARN string
}

// Permits tells whether the assertion lets its subject assume the role through the provider.
func (a Assertion) Permits(roleARN, providerARN string) bool {
	return slices.Contains(a.Roles, RolePair{roleARN, providerARN})
}

// Verify proves a response, the base64 of a <samlp:Response>: its assertion was signed by the provider, is in force at
// now, is for whom is expected and carries the attributes that AWS requires. Its errors are ErrExpired, ErrRejected
// (recipient, audience, roles) or ErrInvalid, with the message for the caller.
func (p Provider) Verify(response string, expected Expectation, now time.Time) (Assertion, error) {
	root, err := decode(response)
	if err != nil {
		return Assertion{}, err
	}
	signed, err := p.signedAssertion(root, now)
	if err != nil {
		return Assertion{}, err
	}
	assertion, err := readAssertion(signed, expected, now)
	if err != nil {
		return Assertion{}, err
	}
	if assertion.Issuer != p.EntityID {
		return Assertion{}, invalid("Issuer not present in specified provider")
	}
	return assertion, nil
}
