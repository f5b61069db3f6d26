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
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"github.com/beevik/etree"
)

const (
	protocolNamespace  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNamespace = "urn:oasis:names:tc:SAML:2.0:assertion"
	metadataNamespace  = "urn:oasis:names:tc:SAML:2.0:metadata"
	signatureNamespace = "http://www.w3.org/2000/09/xmldsig#"

	success = "urn:oasis:names:tc:SAML:2.0:status:Success"

	maxDepth = 64
)

// decode gives the <samlp:Response> with exactly one <saml:Assertion> in the one place for it.
func decode(response string) (*etree.Element, error) {
	text, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		return nil, invalid("Invalid base64 SAMLResponse")
	}
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	if !is(root, protocolNamespace, "Response") {
		return nil, invalid("The root of the SAML document is not a Response")
	}
	if err := checkPlaces(root, root); err != nil {
		return nil, err
	}
	if only(root, assertionNamespace, "Assertion") == nil {
		return nil, invalid("The Response does not have exactly one Assertion")
	}
	status := only(root, protocolNamespace, "Status")
	if code := only(status, protocolNamespace, "StatusCode"); attribute(code, "Value") != success {
		return nil, invalid("The Response does not report success")
	}
	return root, nil
}

// parse reads a document that every reader reads alike: one root; no DTD, so no entities; no processing instructions; no
// encoding but UTF-8; no attribute twice; no ID twice, nor under a prefix, where a reader that ignores prefixes finds it.
func parse(text []byte) (*etree.Element, error) {
	document := etree.NewDocument()
	document.ReadSettings = etree.ReadSettings{
		CharsetReader:          func(string, io.Reader) (io.Reader, error) { return nil, errors.ErrUnsupported },
		MaxDepth:               maxDepth,
		PreserveDuplicateAttrs: true,
		ValidateInput:          true,
	}
	// A line may end the document, though etree would take it for a second one.
	if err := document.ReadFromBytes(bytes.TrimRight(text, " \t\r\n")); err != nil {
		return nil, invalid("The SAML document is not well-formed XML")
	}
	if err := checkTokens(&document.Element, true, map[string]bool{}); err != nil {
		return nil, err
	}
	return document.Root(), nil
}

func checkTokens(element *etree.Element, prolog bool, ids map[string]bool) error {
	if err := checkAttributes(element, ids); err != nil {
		return err
	}
	for _, token := range element.Child {
		switch token := token.(type) {
		case *etree.Directive:
			return invalid("The SAML document has a document type declaration")
		case *etree.ProcInst:
			if !prolog || token.Target != "xml" {
				return invalid("The SAML document has a processing instruction")
			}
		case *etree.Element:
			if err := checkTokens(token, false, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkAttributes(element *etree.Element, ids map[string]bool) error {
	seen := map[string]bool{}
	for _, a := range element.Attr {
		if seen[a.FullKey()] {
			return invalid("The SAML document has an element with the attribute " + a.FullKey() + " twice")
		}
		seen[a.FullKey()] = true
		if a.Key != "ID" {
			continue
		}
		if a.Space != "" || a.Value == "" || ids[a.Value] {
			return invalid("The SAML document has an ID that is not unique")
		}
		ids[a.Value] = true
	}
	return nil
}

// checkPlaces refuses assertions and signatures where no reader should look for them. That is where signature wrapping
// hides the genuine assertion, or the false one. Names count whatever their namespace.
func checkPlaces(root, element *etree.Element) error {
	parent := element.Parent()
	switch element.Tag {
	case "EncryptedAssertion", "EncryptedID", "EncryptedAttribute":
		return invalid("The Response is encrypted")
	case "Assertion":
		if parent != root {
			return invalid("The Response has an Assertion out of place")
		}
	case "Signature":
		if parent != root && (parent.Parent() != root || !is(parent, assertionNamespace, "Assertion")) {
			return invalid("The Response has a Signature out of place")
		}
	}
	for _, child := range element.ChildElements() {
		if err := checkPlaces(root, child); err != nil {
			return err
		}
	}
	return nil
}

func is(element *etree.Element, namespace, name string) bool {
	return element.Tag == name && element.NamespaceURI() == namespace
}

// children are those of that name. The children of nothing are none.
func children(parent *etree.Element, namespace, name string) []*etree.Element {
	var found []*etree.Element
	if parent == nil {
		return nil
	}
	for _, child := range parent.ChildElements() {
		if is(child, namespace, name) {
			found = append(found, child)
		}
	}
	return found
}

// only is the one child of that name, or nil when there is none or another.
func only(parent *etree.Element, namespace, name string) *etree.Element {
	if found := children(parent, namespace, name); len(found) == 1 {
		return found[0]
	}
	return nil
}

// text is the text of an element, whatever comments stand in it.
func text(element *etree.Element) string {
	if element == nil {
		return ""
	}
	return strings.TrimSpace(element.Text())
}

// attribute is the value of an attribute without a prefix: etree's SelectAttr takes any prefix for none.
func attribute(element *etree.Element, name string) string {
	if element == nil {
		return ""
	}
	for _, a := range element.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value
		}
	}
	return ""
}
