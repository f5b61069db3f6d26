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
	"crypto"
	"encoding/base64"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/onsi/gomega"
	dsig "github.com/russellhaering/goxmldsig"
)

func TestVerifyTakesASignatureOverEither(t *testing.T) {
	for name, build := range map[string]func(t *testing.T) *etree.Element{
		"the assertion": signedResponse,
		"the response": func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			gomega.NewWithT(t).Expect(must(trusted()).sign(response)).To(gomega.Succeed())
			return response
		},
		"both": func(t *testing.T) *etree.Element {
			response := signedResponse(t)
			gomega.NewWithT(t).Expect(must(trusted()).sign(response)).To(gomega.Succeed())
			return response
		},
		"the assertion, under the longer digests": func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			signWith(t, must(trusted()), assertionOf(response), func(c *dsig.SigningContext) { c.Hash = crypto.SHA512 })
			return response
		},
		"the assertion, with namespaces declared around it": func(t *testing.T) *etree.Element {
			response := signedResponse(t)
			assertionOf(response).RemoveAttr("xmlns:saml")
			return response
		},
		"the assertion, with an inclusive prefix": func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			assertionOf(response).CreateAttr("xmlns:xs", "http://www.w3.org/2001/XMLSchema")
			gomega.NewWithT(t).Expect(must(trusted()).sign(assertionOf(response))).To(gomega.Succeed())
			return response
		},
		"the assertion, without a hint of the key": func(t *testing.T) *etree.Element {
			response := signedResponse(t)
			remove(response, "//ds:KeyInfo")
			return response
		},
		"the assertion, with a hint of another key": func(t *testing.T) *etree.Element {
			response := signedResponse(t)
			hint(response, must(stranger()))
			return response
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			provider := Provider{entityID, certificates(must(stranger()), must(trusted()))}
			assertion, err := provider.Verify(encode(build(t)), aws, noon)
			g.Expect(err).NotTo(gomega.HaveOccurred())
			g.Expect(assertion.Subject).To(gomega.Equal("ada"))
		})
	}
}

func TestVerifyRefusesSignatures(t *testing.T) {
	for name, test := range map[string]struct {
		build   func(t *testing.T) *etree.Element
		message string
	}{
		"none": {func(*testing.T) *etree.Element { return unsignedResponse() }, "not signed"},
		"one by another key": {func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			gomega.NewWithT(t).Expect(must(stranger()).sign(assertionOf(response))).To(gomega.Succeed())
			return response
		}, badSignature},
		"one by another key that hints at ours": {func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			gomega.NewWithT(t).Expect(must(stranger()).sign(assertionOf(response))).To(gomega.Succeed())
			hint(response, must(trusted()))
			return response
		}, badSignature},
		"one by another key inside one by ours": {func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			gomega.NewWithT(t).Expect(must(stranger()).sign(assertionOf(response))).To(gomega.Succeed())
			gomega.NewWithT(t).Expect(must(trusted()).sign(response)).To(gomega.Succeed())
			return response
		}, badSignature},
		"one by ours inside one by another key": {func(t *testing.T) *etree.Element {
			response := signedResponse(t)
			gomega.NewWithT(t).Expect(must(stranger()).sign(response)).To(gomega.Succeed())
			return response
		}, badSignature},
		"SHA-1": {func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			signWith(t, must(trusted()), assertionOf(response), func(c *dsig.SigningContext) { c.Hash = crypto.SHA1 })
			return response
		}, "not of the form"},
		"inclusive canonicalisation": {func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			signWith(t, must(trusted()), assertionOf(response), func(c *dsig.SigningContext) { c.Canonicalizer = dsig.MakeC14N11Canonicalizer() })
			return response
		}, "not of the form"},
		"one over the whole document": {func(t *testing.T) *etree.Element {
			response := unsignedResponse()
			signWith(t, must(trusted()), assertionOf(response), func(c *dsig.SigningContext) { c.IdAttribute = "none" })
			return response
		}, "not of the form"},
		"one over nothing":       change(func(r *etree.Element) { remove(r, "//ds:Reference") }),
		"a reference to another": change(func(r *etree.Element) { set(r, "//ds:Reference", "URI", "#"+attribute(r, "ID")) }),
		"two references":         change(func(r *etree.Element) { double(r, "//ds:Reference") }),
		"two algorithms":         change(func(r *etree.Element) { double(r, "//ds:SignatureMethod") }),
		"two values":             change(func(r *etree.Element) { double(r, "//ds:SignatureValue") }),
		"two signatures":         change(func(r *etree.Element) { double(r, "//ds:Signature") }),
		"an object":              change(func(r *etree.Element) { add(r.FindElement("//ds:Signature"), "ds:Object") }),
		"no transform":           change(func(r *etree.Element) { remove(r, "//ds:Transforms") }),
		"one transform more":     change(func(r *etree.Element) { double(r, "//ds:Transform") }),
		"a transform that cuts": change(func(r *etree.Element) {
			set(r, "//ds:Transform", "Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
		}),
		"an HMAC": change(func(r *etree.Element) {
			set(r, "//ds:SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
		}),
		"ECDSA":                           change(func(r *etree.Element) { set(r, "//ds:SignatureMethod", "Algorithm", dsig.ECDSASHA256SignatureMethod) }),
		"an unknown digest":               change(func(r *etree.Element) { set(r, "//ds:DigestMethod", "Algorithm", "md5") }),
		"an unsigned SHA-512":             tamper(func(r *etree.Element) { set(r, "//ds:SignatureMethod", "Algorithm", dsig.RSASHA512SignatureMethod) }),
		"another digest":                  tamper(func(r *etree.Element) { r.FindElement("//ds:DigestValue").SetText("AAAA") }),
		"another value":                   tamper(func(r *etree.Element) { r.FindElement("//ds:SignatureValue").SetText("AAAA") }),
		"a value that is not base64":      tamper(func(r *etree.Element) { r.FindElement("//ds:SignatureValue").SetText("!") }),
		"another subject":                 tamper(func(r *etree.Element) { r.FindElement("//saml:NameID").SetText("eve") }),
		"another session name":            tamper(func(r *etree.Element) { r.FindElement("//saml:Attribute[2]/saml:AttributeValue").SetText("eve") }),
		"a role more":                     tamper(func(r *etree.Element) { double(r, "//saml:AttributeValue") }),
		"a tag more":                      tamper(func(r *etree.Element) { addAttributeTo(r, tagAttributePrefix+"admin", "true") }),
		"more time":                       tamper(func(r *etree.Element) { set(r, "//saml:Conditions", "NotOnOrAfter", format(noon.AddDate(1, 0, 0))) }),
		"another recipient":               tamper(func(r *etree.Element) { set(r, "//saml:SubjectConfirmationData", "Recipient", "evil") }),
		"another namespace for a subject": tamper(func(r *etree.Element) { set(r, "//saml:NameID", "xmlns:saml", "urn:other") }),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := must(trusted()).Provider().Verify(encode(test.build(t)), aws, noon)
			expectRefusal(gomega.NewWithT(t), err, ErrInvalid, test.message)
		})
	}
}

func TestVerifyRefusesACertificateOutsideItsTime(t *testing.T) {
	provider := must(trusted())
	for name, at := range map[string]time.Time{
		"before": provider.certificate.NotBefore.Add(-time.Second),
		"after":  provider.certificate.NotAfter.Add(time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			response, err := provider.Respond(goodClaims(), at, time.Minute)
			g.Expect(err).NotTo(gomega.HaveOccurred())
			_, err = provider.Provider().Verify(response, aws, at)
			expectRefusal(g, err, ErrInvalid, badSignature)
		})
	}
}

func TestVerifyNeedsACertificate(t *testing.T) {
	_, err := Provider{EntityID: entityID}.Verify(encode(signedResponse(t)), aws, noon)
	expectRefusal(gomega.NewWithT(t), err, ErrInvalid, badSignature)
}

// Canonicalisation drops comments, so that one can be put into what was signed.
func TestACommentDoesNotCutTheSubjectShort(t *testing.T) {
	g := gomega.NewWithT(t)
	provider := must(trusted())
	assertion := provider.assertion(goodClaims(), noon, time.Minute)
	name := assertion.FindElement("//saml:NameID")
	name.SetText("admin.example.evil")
	g.Expect(provider.sign(assertion)).To(gomega.Succeed())
	name.SetText("admin")
	name.CreateComment("")
	name.CreateText(".example.evil")

	response := provider.response(assertion, noon)
	read, err := provider.Provider().Verify(encode(response), aws, noon)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(read.Subject).To(gomega.Equal("admin.example.evil"))
	g.Expect(text(name)).To(gomega.Equal("admin.example.evil"))

	signed, err := provider.Provider().signedAssertion(response, noon)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(signed.FindElement("//saml:NameID").Child).To(gomega.HaveLen(1), "read from the octets that were signed")
}

type signatureCase = struct {
	build   func(t *testing.T) *etree.Element
	message string
}

// change is a good response but for the form of its signature.
func change(change func(*etree.Element)) signatureCase {
	return signatureCase{func(t *testing.T) *etree.Element {
		response := signedResponse(t)
		change(response)
		return response
	}, "not of the form"}
}

// tamper is a response changed after it was signed.
func tamper(tamper func(*etree.Element)) signatureCase {
	tampered := change(tamper)
	tampered.message = badSignature
	return tampered
}

func unsignedResponse() *etree.Element {
	provider := must(trusted())
	return provider.response(provider.assertion(goodClaims(), noon, 5*time.Minute), noon)
}

func assertionOf(response *etree.Element) *etree.Element {
	return response.FindElement("./saml:Assertion")
}

func double(root *etree.Element, path string) {
	element := root.FindElement(path)
	element.Parent().InsertChildAt(element.Index(), element.Copy())
}

func hint(response *etree.Element, provider *IdentityProvider) {
	response.FindElement("//ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(provider.certificate.Raw))
}

func signWith(t *testing.T, signer *IdentityProvider, element *etree.Element, change func(*dsig.SigningContext)) {
	t.Helper()
	g := gomega.NewWithT(t)
	context, err := dsig.NewSigningContext(signer.key, [][]byte{signer.certificate.Raw})
	g.Expect(err).NotTo(gomega.HaveOccurred())
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	change(context)
	signature, err := context.ConstructSignature(element, true)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	element.InsertChildAt(1, signature)
}
