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
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
)

// longestAssertion is the most characters STS takes as a SAML assertion.
const longestAssertion = 100_000

// samlProtocol and samlAssertion are the XML namespaces of SAML 2.0.
const (
	samlProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	samlAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
)

// Assertion is what is known of the SAML assertion that a session is to present. Only STS can find out whether it is genuine.
type Assertion struct {
	// Response is the SAML response that holds it, in base64.
	Response Sensitive
	// Digest identifies it; empty if there is none.
	Digest string
	// NotOnOrAfter is when it stops being valid; zero where it does not say, or is encrypted.
	NotOnOrAfter time.Time
	// Problem says why there is none that could be presented.
	Problem *Problem
}

// ParseAssertion reads a SAML response in base64; where names its origin in the problem of one that is none. Nothing but a
// SAML response passes: whoever may name a Secret here must not have any other content of it sent away.
func ParseAssertion(text []byte, where string) Assertion {
	invalid := func(what string) Assertion {
		return Assertion{
			Problem: Problemf(v1alpha1.ReasonAssertionInvalid, "%s %s: put the base64-encoded SAML response of the identity provider there", where, what),
		}
	}
	encoded := strings.Join(strings.Fields(string(text)), "")
	if len(encoded) > longestAssertion {
		return invalid("is longer than the 100000 characters that STS takes")
	}
	document, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(document) == 0 {
		return invalid("is not base64")
	}
	notOnOrAfter, err := readResponse(document)
	if err != nil {
		return invalid(err.Error())
	}
	sum := sha256.Sum256([]byte(encoded))
	return Assertion{Response: NewSensitive(encoded), Digest: hex.EncodeToString(sum[:]), NotOnOrAfter: notOnOrAfter}
}

// readResponse checks that a document is a SAML response, in full, and returns the earliest end of what it asserts.
func readResponse(document []byte) (notOnOrAfter time.Time, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var r responseReader
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && !r.hasRoot:
			return time.Time{}, errNoResponse
		case errors.Is(err, io.EOF) && r.assertions != 1:
			return time.Time{}, errors.New("does not hold exactly one SAML assertion")
		case errors.Is(err, io.EOF):
			return r.notOnOrAfter, nil
		case err != nil:
			return time.Time{}, errors.New("is not complete XML")
		}
		if err := r.take(token); err != nil {
			return time.Time{}, err
		}
	}
}

var errNoResponse = errors.New("is not a SAML 2.0 response")

// responseReader follows the tokens of a SAML response.
type responseReader struct {
	hasRoot           bool
	depth, assertions int
	notOnOrAfter      time.Time
}

func (r *responseReader) take(token xml.Token) error {
	switch element := token.(type) {
	case xml.StartElement:
		if r.depth == 0 && (r.hasRoot || element.Name != (xml.Name{Space: samlProtocol, Local: "Response"})) {
			return errNoResponse
		}
		r.hasRoot, r.depth = true, r.depth+1
		if r.depth == 2 && isAssertion(element.Name) {
			r.assertions++
		}
		r.notOnOrAfter = earliest(r.notOnOrAfter, element)
		return nil
	case xml.EndElement:
		r.depth--
		return nil
	case xml.Directive:
		return errors.New("has a document type declaration")
	}
	switch {
	case r.depth > 0 || isBlank(token):
		return nil
	case r.hasRoot:
		return errors.New("holds more than a SAML 2.0 response")
	}
	return errNoResponse
}

func isAssertion(name xml.Name) bool {
	return name.Space == samlAssertion && (name.Local == "Assertion" || name.Local == "EncryptedAssertion")
}

// isBlank says whether what stands outside the root is none of the content: white space, or the XML declaration.
func isBlank(token xml.Token) bool {
	switch t := token.(type) {
	case xml.CharData:
		return len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\uFEFF")))) == 0
	case xml.ProcInst:
		return t.Target == "xml"
	}
	return false // a comment
}

// earliest of a time and the end of validity that an element states.
func earliest(end time.Time, element xml.StartElement) time.Time {
	if element.Name.Space != samlAssertion || element.Name.Local != "Conditions" && element.Name.Local != "SubjectConfirmationData" {
		return end
	}
	for _, attribute := range element.Attr {
		stated, err := time.Parse(time.RFC3339, attribute.Value)
		if attribute.Name.Local == "NotOnOrAfter" && err == nil && (end.IsZero() || stated.Before(end)) {
			end = stated
		}
	}
	return end
}
