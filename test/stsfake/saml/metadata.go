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
	"crypto/x509"
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"
)

// ParseMetadata reads the metadata that an identity provider publishes and IAM is given: an EntityDescriptor with an
// IDPSSODescriptor. The certificates for encryption are left out. Its errors are ErrInvalid.
func ParseMetadata(xml []byte) (Provider, error) {
	root, err := parse(xml)
	if err != nil {
		return Provider{}, err
	}
	provider := Provider{EntityID: attribute(root, "entityID")}
	if !is(root, metadataNamespace, "EntityDescriptor") || provider.EntityID == "" {
		return Provider{}, invalid("Could not parse metadata: it is no EntityDescriptor with an entityID")
	}
	descriptor := only(root, metadataNamespace, "IDPSSODescriptor")
	if descriptor == nil {
		return Provider{}, invalid("Could not parse metadata: it does not have exactly one IDPSSODescriptor")
	}
	for _, key := range children(descriptor, metadataNamespace, "KeyDescriptor") {
		if use := attribute(key, "use"); use != "" && use != "signing" {
			continue
		}
		certificates, err := readCertificates(key)
		if err != nil {
			return Provider{}, err
		}
		provider.Certificates = append(provider.Certificates, certificates...)
	}
	if len(provider.Certificates) == 0 {
		return Provider{}, invalid("Could not parse metadata: it has no certificate for signing")
	}
	return provider, nil
}

func readCertificates(key *etree.Element) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for _, data := range children(only(key, signatureNamespace, "KeyInfo"), signatureNamespace, "X509Data") {
		for _, element := range children(data, signatureNamespace, "X509Certificate") {
			der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text(element)), ""))
			if err != nil {
				return nil, invalid("Could not parse metadata: a certificate is not base64")
			}
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, invalid("Could not parse metadata: a certificate is not of X.509")
			}
			certificates = append(certificates, certificate)
		}
	}
	return certificates, nil
}
