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
	"testing"

	"github.com/beevik/etree"
	"github.com/onsi/gomega"
)

// Signature wrapping (Somorovsky et al., "On Breaking SAML", 2012): the signed element stays in the document, whole, while
// the reader is shown another. Each case gets a good response and a false assertion, about eve.
func TestVerifyRefusesWrappedSignatures(t *testing.T) {
	for name, test := range map[string]struct {
		signResponse bool
		wrap         func(response, evil *etree.Element) *etree.Element
	}{
		"XSW1: a false response, the genuine one in its signature": {true, func(response, evil *etree.Element) *etree.Element {
			genuine := response.Copy()
			signature := detach(response, "./ds:Signature")
			signature.AddChild(genuine)
			return falseResponse(response, evil, signature)
		}},
		"XSW2: a false response, the genuine one beside its signature": {true, func(response, evil *etree.Element) *etree.Element {
			signature := detach(response, "./ds:Signature")
			genuine := response.Copy()
			wrapped := falseResponse(response, evil, signature)
			wrapped.InsertChildAt(0, genuine)
			return wrapped
		}},
		"XSW3: a false assertion before the genuine one": {false, func(response, evil *etree.Element) *etree.Element {
			response.InsertChildAt(0, evil)
			return response
		}},
		"XSW3, after it": {false, func(response, evil *etree.Element) *etree.Element {
			response.AddChild(evil)
			return response
		}},
		"XSW4: the genuine assertion in a false one": {false, func(response, evil *etree.Element) *etree.Element {
			evil.AddChild(detach(response, "./saml:Assertion"))
			response.AddChild(evil)
			return response
		}},
		"XSW5: a false assertion with the genuine signature": {false, func(response, evil *etree.Element) *etree.Element {
			genuine := detach(response, "./saml:Assertion")
			evil.InsertChildAt(1, detach(genuine, "./ds:Signature"))
			response.AddChild(evil)
			response.AddChild(genuine)
			return response
		}},
		"XSW6: the same, the genuine assertion in the signature": {false, func(response, evil *etree.Element) *etree.Element {
			genuine := detach(response, "./saml:Assertion")
			signature := detach(genuine, "./ds:Signature")
			signature.AddChild(genuine)
			evil.InsertChildAt(1, signature)
			response.AddChild(evil)
			return response
		}},
		"XSW7: a false assertion in an extension": {false, func(response, evil *etree.Element) *etree.Element {
			extensions := newElement("samlp:Extensions")
			extensions.AddChild(evil)
			response.InsertChildAt(0, extensions)
			return response
		}},
		"XSW7, the genuine one in the extension": {false, func(response, evil *etree.Element) *etree.Element {
			extensions := newElement("samlp:Extensions")
			extensions.AddChild(detach(response, "./saml:Assertion"))
			response.AddChild(extensions)
			response.AddChild(evil)
			return response
		}},
		"XSW8: the genuine assertion in an object of the signature": {false, func(response, evil *etree.Element) *etree.Element {
			genuine := detach(response, "./saml:Assertion")
			signature := detach(genuine, "./ds:Signature")
			add(signature, "ds:Object").AddChild(genuine)
			evil.InsertChildAt(1, signature)
			response.AddChild(evil)
			return response
		}},
		"the genuine signature at the response": {false, func(response, evil *etree.Element) *etree.Element {
			genuine := detach(response, "./saml:Assertion")
			response.InsertChildAt(1, detach(genuine, "./ds:Signature"))
			response.AddChild(evil)
			add(response, "samlp:Extensions").AddChild(genuine)
			return response
		}},
		"the genuine assertion in an attribute value of a false one": {false, func(response, evil *etree.Element) *etree.Element {
			evil.FindElement("//saml:AttributeValue").AddChild(detach(response, "./saml:Assertion"))
			response.AddChild(evil)
			return response
		}},
		"an assertion of no namespace around the genuine one": {false, func(response, _ *etree.Element) *etree.Element {
			add(response, "Assertion").AddChild(detach(response, "./saml:Assertion"))
			return response
		}},
	} {
		for variant, rename := range map[string]func(*etree.Element){
			"under the same ID":  func(*etree.Element) {},
			"under another ID":   func(evil *etree.Element) { evil.CreateAttr("ID", "_evil") },
			"under no ID at all": func(evil *etree.Element) { evil.RemoveAttr("ID") },
		} {
			t.Run(name+", "+variant, func(t *testing.T) {
				g := gomega.NewWithT(t)
				provider := must(trusted()).Provider()
				response := signedResponse(t)
				if test.signResponse {
					response = unsignedResponse()
					g.Expect(must(trusted()).sign(response)).To(gomega.Succeed())
				}
				_, err := provider.Verify(encode(response), aws, noon)
				g.Expect(err).NotTo(gomega.HaveOccurred(), "before the attack")

				evil := assertionOf(response).Copy()
				if signature := evil.FindElement("./ds:Signature"); signature != nil {
					evil.RemoveChild(signature)
				}
				evil.FindElement("//saml:NameID").SetText("eve")
				rename(evil)
				wrapped := test.wrap(response, evil)

				_, err = provider.Verify(encode(wrapped), aws, noon)
				expectRefusal(g, err, ErrInvalid, "")

				// Were the first stage to let it pass, the second still shows what was signed or nothing.
				if signed, err := provider.signedAssertion(wrapped, noon); err == nil {
					g.Expect(text(signed.FindElement("//saml:NameID"))).To(gomega.Equal("ada"))
				}
			})
		}
	}
}

// falseResponse is the response with the false assertion in the genuine one's place, and the signature.
func falseResponse(response, evil, signature *etree.Element) *etree.Element {
	detach(response, "./saml:Assertion")
	response.AddChild(evil)
	response.InsertChildAt(1, signature)
	return response
}

func detach(parent *etree.Element, path string) *etree.Element {
	element := parent.FindElement(path)
	parent.RemoveChild(element)
	return element
}
