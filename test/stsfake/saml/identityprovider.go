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

package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// IdentityProvider is an identity provider with a key of its own, for tests and demos.
type IdentityProvider struct {
	entityID    string
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

// NewIdentityProvider makes an identity provider, with a fresh RSA key and a certificate that is good from an hour before
// now for ten years.
func NewIdentityProvider(entityID string, now time.Time) (*IdentityProvider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("generating the key of %s: %w", entityID, err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: entityID},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("certifying the key of %s: %w", entityID, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of %s: %w", entityID, err)
	}
	return &IdentityProvider{entityID, key, certificate}, nil
}

// Provider is the identity provider as IAM would know it.
func (i *IdentityProvider) Provider() Provider {
	return Provider{i.entityID, []*x509.Certificate{i.certificate}}
}

// Metadata is what the identity provider would publish: an EntityDescriptor for ParseMetadata.
func (i *IdentityProvider) Metadata() []byte {
	root := newElement("md:EntityDescriptor", "xmlns:md", metadataNamespace, "entityID", i.entityID)
	descriptor := add(root, "md:IDPSSODescriptor", "protocolSupportEnumeration", protocolNamespace)
	key := add(descriptor, "md:KeyDescriptor", "use", "signing")
	data := add(add(key, "ds:KeyInfo", "xmlns:ds", signatureNamespace), "ds:X509Data")
	add(data, "ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(i.certificate.Raw))
	add(descriptor, "md:NameIDFormat").SetText(formatPrefix + "persistent")
	add(descriptor, "md:SingleSignOnService", "Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "Location", i.entityID)
	return serialize(root)
}

// Respond makes a response with a signed assertion, in base64. It is good from issuedAt until lifetime later, in
// milliseconds; no two have the same assertion ID.
func (i *IdentityProvider) Respond(claims Claims, issuedAt time.Time, lifetime time.Duration) (string, error) {
	assertion := i.assertion(claims, issuedAt, lifetime)
	if err := i.sign(assertion); err != nil {
		return "", err
	}
	return encode(i.response(assertion, issuedAt)), nil
}

// sign puts the signature where the schema has it, after the Issuer.
func (i *IdentityProvider) sign(element *etree.Element) error {
	context, err := dsig.NewSigningContext(i.key, [][]byte{i.certificate.Raw})
	if err != nil {
		return fmt.Errorf("signing for %s: %w", i.entityID, err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := context.ConstructSignature(element, true)
	if err != nil {
		return fmt.Errorf("signing for %s: %w", i.entityID, err)
	}
	element.InsertChildAt(1, signature)
	return nil
}
