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
	"slices"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// badSignature is what AWS says, and all it says.
const badSignature = "Response signature invalid"

// signedAssertion gives the assertion out of the octets that a signature covers: its own, or that of the response around
// it. The document that came in is not looked at again. Where there are both signatures, both must be good.
func (p Provider) signedAssertion(response *etree.Element, now time.Time) (*etree.Element, error) {
	proven := false
	if hasSignature(response) {
		signed, err := p.validate(response, now)
		if err != nil {
			return nil, err
		}
		response, proven = signed, true
	}
	assertion := only(response, assertionNamespace, "Assertion")
	if assertion == nil {
		return nil, invalid(badSignature)
	}
	if hasSignature(assertion) {
		signed, err := p.validate(assertion, now)
		if err != nil {
			return nil, err
		}
		assertion, proven = signed, true
	}
	if !proven {
		return nil, invalid("The Response is not signed")
	}
	return assertion, nil
}

func hasSignature(element *etree.Element) bool {
	return len(children(element, signatureNamespace, "Signature")) > 0
}

// validate gives the element again, as read back from the octets that were signed.
func (p Provider) validate(element *etree.Element, now time.Time) (*etree.Element, error) {
	if !isPlainSignature(only(element, signatureNamespace, "Signature"), attribute(element, "ID")) {
		return nil, invalid("The Signature is not of the form that SAML allows")
	}
	surroundings, err := etreeutils.NSBuildParentContext(element)
	if err != nil {
		return nil, invalid(badSignature)
	}
	detached, err := etreeutils.NSDetatch(surroundings, element)
	if err != nil {
		return nil, invalid(badSignature)
	}
	// The metadata says which keys count; KeyInfo is a hint from whoever sent the response.
	signature := only(detached, signatureNamespace, "Signature")
	for _, hint := range children(signature, signatureNamespace, "KeyInfo") {
		signature.RemoveChild(hint)
	}
	for _, certificate := range p.Certificates {
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{certificate}})
		context.Clock = dsig.NewFakeClockAt(now)
		signed, err := context.Validate(detached)
		if err == nil && signed != nil && is(signed, element.NamespaceURI(), element.Tag) && attribute(signed, "ID") == attribute(element, "ID") {
			return signed, nil
		}
	}
	return nil, invalid(badSignature)
}

// isPlainSignature admits the one form of SAML core, section 5.4: a single reference, to the element that the signature
// stands in, of which nothing is left out but the signature itself. SHA-1 does not count as a digest.
func isPlainSignature(signature *etree.Element, id string) bool {
	if signature == nil || id == "" || !hasOnly(signature, "SignedInfo", "SignatureValue", "KeyInfo") {
		return false
	}
	signedInfo := only(signature, signatureNamespace, "SignedInfo")
	if !hasOnly(signedInfo, "CanonicalizationMethod", "SignatureMethod", "Reference") {
		return false
	}
	reference := only(signedInfo, signatureNamespace, "Reference")
	if !hasOnly(reference, "Transforms", "DigestMethod", "DigestValue") || attribute(reference, "URI") != "#"+id {
		return false
	}
	transforms := only(reference, signatureNamespace, "Transforms")
	if !hasOnly(transforms, "Transform") {
		return false
	}
	var steps []string
	for _, transform := range transforms.ChildElements() {
		steps = append(steps, attribute(transform, "Algorithm"))
	}
	exclusive := dsig.CanonicalXML10ExclusiveAlgorithmId.String()
	return slices.Equal(steps, []string{dsig.EnvelopedSignatureAltorithmId.String(), exclusive}) &&
		algorithm(signedInfo, "CanonicalizationMethod") == exclusive &&
		slices.Contains(signatureMethods(), algorithm(signedInfo, "SignatureMethod")) &&
		slices.Contains(digestMethods(), algorithm(reference, "DigestMethod"))
}

// hasOnly tells whether all children are of these names, all but Transform once at most.
func hasOnly(parent *etree.Element, names ...string) bool {
	if parent == nil {
		return false
	}
	seen := map[string]bool{}
	for _, child := range parent.ChildElements() {
		if child.NamespaceURI() != signatureNamespace || !slices.Contains(names, child.Tag) || seen[child.Tag] && child.Tag != "Transform" {
			return false
		}
		seen[child.Tag] = true
	}
	return true
}

func algorithm(parent *etree.Element, name string) string {
	return attribute(only(parent, signatureNamespace, name), "Algorithm")
}

// signatureMethods are RSA alone: goxmldsig 1.6 takes ECDSA signatures in ASN.1, where XML signatures have r and s.
func signatureMethods() []string {
	return []string{dsig.RSASHA256SignatureMethod, dsig.RSASHA384SignatureMethod, dsig.RSASHA512SignatureMethod}
}

func digestMethods() []string {
	return []string{
		"http://www.w3.org/2001/04/xmlenc#sha256",
		"http://www.w3.org/2001/04/xmldsig-more#sha384",
		"http://www.w3.org/2001/04/xmlenc#sha512",
	}
}
